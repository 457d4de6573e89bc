/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef DAEMON_H
#define DAEMON_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* One run of the program under test. All zeroes but both descriptors -1 when
 * none is running. */
struct daemon {
	pid_t pid; /* 0: not started, or reaped */
	int status; /* as wait(2) gives it, once reaped */
	bool has_ended;
	bool is_ready; /* READY=1 was seen */
	int log_fd; /* the end of the pipe that is its stderr; -1: closed */
	int notify_fd;
	struct buf notified; /* all that it told its manager, a LF after each */
	struct buf log; /* all that it wrote */
	size_t log_parsed; /* whole lines of it were looked at */
	/* Where it listens, as the log says; 0 and NULL: not there (yet). */
	unsigned port_ipv4, port_ipv6;
	unsigned port_second; /* the second of IPv4, if has_second */
	bool has_second;
	char *unix_path;
};

void daemon_init(struct daemon *d);
/* Kills it if it is there, and releases all. */
void daemon_fini(struct daemon *d);

/* How it is started; all zeroes: with nothing special. */
struct daemon_setup {
	const char *notify_path; /* a socket is made there, as NOTIFY_SOCKET */
	unsigned long nofile; /* the hard limit on open files; 0: as it is */
	/* NAME=VALUE, NULL at the end; "$$" in VALUE is its process id. */
	char *const *environment;
	/* Descriptors that it is handed, from 3 on, and LISTEN_FDNAMES. They
	 * are above all that it has otherwise, and stay the caller's. */
	const int *fds;
	size_t fd_count;
	const char *fd_names;
};

/*
 * Runs argv (NULL-terminated) with stdout and stderr in d->log. The program
 * dies with its caller where the system can arrange that. Returns 0, or -1 with
 * errno.
 */
int daemon_start(struct daemon *d, char *const argv[],
    const struct daemon_setup *setup) MUST_CHECK;

/*
 * Read what is there, without blocking. At the end of the log the process is
 * about to be gone: log_fd is closed and -1.
 */
void daemon_read_log(struct daemon *d);
void daemon_read_notify(struct daemon *d);

/* From now on a daemon that detaches becomes a child of this process. */
void daemon_adopt_detached(void);

/* Waits for the end of the process, timeout_ms at most: 0, or -1. */
int daemon_reap(struct daemon *d, int64_t timeout_ms) MUST_CHECK;

/* How it ended, in words: "exit status 1", "signal 6 (Aborted)". */
void daemon_add_status(const struct daemon *d, struct buf *out);

/* The report of a checker (ASan, UBSan, valgrind) in the log, or NULL. */
const char *daemon_find_report(struct daemon *d);

/* Ends it by that signal, and reads the rest of its log. What is wrong, in words,
 * or NULL: it did not end within timeout_ms, or a checker reports something. */
const char *daemon_end(struct daemon *d, int signal, int64_t timeout_ms);

/* How often text is in the log. */
unsigned daemon_count_logged(struct daemon *d, const char *text);

#endif

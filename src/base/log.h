/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef LOG_H
#define LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"

/*
 * One line per event worth noting: a readable phrase, then key=value fields.
 * What a peer sent may be an argument anywhere: every byte outside printable
 * ASCII is written as \xHH, so nobody can forge a line (hostile input 75).
 * Chat text is never passed here.
 */
enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};
enum log_target {
	LOG_TARGET_STDERR, /* with a time of day, for people */
	LOG_TARGET_JOURNAL, /* stderr with <N> priorities, see sd-daemon(3) */
	LOG_TARGET_SYSLOG
};

/*
 * Nothing below level is written. Until it is called: stderr, INFO. Logging
 * never blocks: a line that its reader has no room for is dropped, and the next
 * that gets through tells how many were. errno stays as it was. A text over 2
 * KiB is cut.
 */
void log_init(enum log_target target, enum log_level level);
void log_set_level(enum log_level level);

/*
 * Where syslogd listens, for tests; path must stay. Until it is called:
 * /dev/log.
 */
void log_set_syslog_path(const char *path);

/* Lines that were dropped since the start. */
unsigned long log_lost(void);

/* JOURNAL when stderr is the journal's stream (JOURNAL_STREAM), else STDERR. */
enum log_target log_guess_target(void);

void log_error(const char *fmt, ...) PRINTFLIKE(1, 2);
void log_warning(const char *fmt, ...) PRINTFLIKE(1, 2);
void log_info(const char *fmt, ...) PRINTFLIKE(1, 2);
void log_debug(const char *fmt, ...) PRINTFLIKE(1, 2);

/*
 * For complaints that the outside can cause at will: at most one a minute for
 * each limit object, then with "(N more like it)" at its end for those left
 * out. A zeroed object is fresh.
 */
struct log_limit {
	int64_t next_ms;
	unsigned long suppressed;
};
void log_limited(struct log_limit *limit, int64_t mono_ms, enum log_level level,
    const char *fmt, ...) PRINTFLIKE(4, 5);

/* Send libevent's own messages here too. */
void log_libevent(void);

#endif

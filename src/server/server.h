/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"
#include "base/util.h"
#include "net/inherit.h"
#include "options/options.h"

struct fields_in;
struct server;
struct upgrade_program;

/* Where the settings come from, so that they can be read again. The caller's;
 * it outlives the server. */
struct server_source {
	const char *path; /* or NULL */
	char **assignments; /* NAME=VALUE */
	size_t assignment_count;
	char **listens;
	size_t listen_count;
	bool is_verbose; /* -v, which outweighs log-level */
};

/* Checks a reload's settings against those in force that only a restart
 * changes. Returns 0, or -1 with errors. */
int server_check_reload(const struct options *fresh,
    const struct options *in_force, struct option_errors *errors) MUST_CHECK;

/* The log level by these settings. */
enum log_level server_log_level(const struct server_source *source,
    const struct options *options);

/*
 * Loads and checks all settings, including what several modules must agree on
 * (addresses, protocols, the limit on open files). Returns 0, or -1 with
 * errors.
 */
int server_load_options(struct options *o, const struct server_source *source,
    struct option_errors *errors) MUST_CHECK;

/* Looks, without any effect, at the files that the settings name, for what could
 * not be used there. Returns 0, or -1 with errors. */
int server_check_places(const struct options *o,
    struct option_errors *errors) MUST_CHECK;

/* Logs warnings about valid settings that may be a mistake. */
void server_warn_options(const struct options *o);

/*
 * Makes the server: stored state, listeners, signal handlers. options are moved
 * into it. It listens on inherited sockets as well and, if the setting listen
 * is not given, on nothing else.
 *
 * carried, or NULL, is what an earlier program left. If it is only to be
 * verified, nothing else is done, and the process must end by _exit(2).
 *
 * Returns NULL on failure: after logging it or, with carried, with
 * carried->error set. The process must end then.
 */
struct server *server_new(const struct server_source *source,
    struct options *options, const struct inheritance *inherited,
    struct fields_in *carried) MUST_CHECK;

/* Tells the service manager that the server is ready. */
void server_ready(struct server *server);

/* Serves until told to stop. Returns 0, or -1 if the loop failed. */
int server_run(struct server *server) MUST_CHECK;

void server_free(struct server *server);

/* Sets what an upgrade executes; the strings are the caller's. Without it there
 * is no upgrade. */
void server_set_program(struct server *server,
    const struct upgrade_program *program);

/* Sets the descriptor of the pid file, which an upgrade hands over; -1: none.
 * It stays the caller's. */
void server_set_pid_fd(struct server *server, int fd);
int server_pid_fd(const struct server *server);

/* Was the state taken over from another program? If so, logs it. */
void server_upgraded_ready(const struct server *server);

/*
 * Replaces this program by the one now installed (upgrade.h), as SIGUSR2 does.
 * Returns false after logging it if an upgrade is under way or the server is
 * stopping. If it fails later, control_upgrade_failed() is called.
 */
bool server_upgrade(struct server *server);

#endif

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

struct handoff_in;
struct server;
struct upgrade_program;

/* Where the settings come from, so that they can be read again. The caller's;
 * outlives the server. */
struct server_source {
	const char *path; /* or NULL */
	char **assignments; /* NAME=VALUE */
	size_t assignment_count;
	char **listens;
	size_t listen_count;
	bool is_verbose; /* -v: outweighs log-level */
};

/*
 * What the settings of a reload must agree on with those in force that only a
 * restart changes. 0; or -1 with errors.
 */
int server_check_kept(const struct options *fresh, const struct options *queued,
    struct option_errors *errors) MUST_CHECK;

/* What is to be logged by these settings. */
enum log_level server_log_level(const struct server_source *source,
    const struct options *options);

/*
 * Loads and checks all settings, those that several modules must agree on as
 * well (addresses, protocols, the limit on open files). 0; or -1 with errors.
 */
int server_load_options(struct options *o, const struct server_source *source,
    struct option_errors *errors) MUST_CHECK;

/* Logs what is no error in settings that were loaded, but may be a mistake. */
void server_warn_options(const struct server_source *source,
    const struct options *o);

/*
 * Opens the chat: what was kept, listeners, signal handlers. options are moved
 * into the server. Listens on inherited as well, and if listen is nowhere set,
 * on nothing else. carried, or NULL: what a program before has left; then that
 * is gone on from, and if it is only to be verified, nothing else is done, and
 * the process has to end by _exit(2). NULL, after it was logged, if that is not
 * possible; or carried->error says why, and the process has to end.
 */
struct server *server_new(const struct server_source *source,
    struct options *options, const struct inheritance *inherited,
    struct handoff_in *carried) MUST_CHECK;

/* The service manager is told that all is ready. */
void server_ready(struct server *server);

/* Serves until told to stop. Returns 0, or -1 if the loop failed. */
int server_run(struct server *server) MUST_CHECK;

void server_free(struct server *server);

/* What to execute for an upgrade; the strings are the caller's. Until it is
 * called there is none. */
void server_set_program(struct server *server,
    const struct upgrade_program *program);

/* The descriptor of the pid file that goes along; -1: there is none. It is the
 * caller's, also when it comes from the program before. */
void server_set_pid_fd(struct server *server, int fd);
int server_pid_fd(const struct server *server);

/* Has the state been taken over from another program? Says so in the log. */
void server_upgraded_ready(const struct server *server);

/*
 * Puts the program that is there now in our place (upgrade.h), as SIGUSR2 does.
 * False, after it was logged: one is under way, or the server is stopping.
 * If it fails later, control_upgrade_failed() is told.
 */
bool server_upgrade(struct server *server);

#endif

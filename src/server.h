/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "inherit.h"
#include "log.h"
#include "options.h"
#include "util.h"

struct server;

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
int server_check_kept(const struct options *fresh, const struct options *kept,
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

/*
 * Opens the house: what was kept, listeners, signal handlers. options are moved
 * into the server. Listens on inherited as well, and if listen is nowhere set, on
 * nothing else. NULL, after it was logged, if that is not possible.
 */
struct server *server_new(const struct server_source *source,
    struct options *options, const struct inheritance *inherited) MUST_CHECK;

/* The service manager is told that all is ready. */
void server_ready(struct server *server);

/* Serves until told to stop. Returns 0, or -1 if the loop failed. */
int server_run(struct server *server) MUST_CHECK;

void server_free(struct server *server);

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdbool.h>

#include "base/util.h"
#include "net/conn.h"
#include "options/options.h"

/* The control socket: who runs the server talks to it through brbctl(8). */
struct control;
struct admin;
struct listeners;

#define CONTROL_CLIENTS_MAX 8
#define CONTROL_TIMEOUT_MS 5000
#define CONTROL_HOLD_MS 15000 /* an upgrade may take 12 s */

/* The pointers are the caller's and outlive it. Nothing is open yet. */
struct control *control_new(struct net *net, struct admin *admin);
void control_free(struct control *control);

/* Its sockets; NULL when it was closed. */
struct listeners *control_listeners(const struct control *control);

/* Are the settings about it possible? 0; or -1 with errors. Opens nothing. */
int control_check_options(const struct options *o,
    struct option_errors *errors) MUST_CHECK;

/*
 * Has it follow the settings: after a prepare that returned 0, either commit,
 * which cannot fail, or revert. -1 with *error, to be freed by the caller.
 */
int control_prepare(struct control *control, const struct options *o,
    char **error) MUST_CHECK;
void control_commit(struct control *control);
void control_revert(struct control *control);

/* Closes the socket for good; those who are served already still are. */
void control_close(struct control *control);

/* The upgrade that somebody here asked for, if so, came to nothing: why. */
void control_upgrade_failed(struct control *control, const char *why);

/* Does nobody wait for an answer? */
bool control_is_flushed(const struct control *control);

#endif

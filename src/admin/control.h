/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdbool.h>

#include "base/util.h"
#include "net/conn.h"
#include "options/options.h"

/* The control socket, through which brbctl(8) talks to the server. */
struct control;
struct admin;
struct listeners;

#define CONTROL_CLIENTS_MAX 8
#define CONTROL_TIMEOUT_MS 5000
#define CONTROL_HOLD_MS 15000 /* an upgrade may take 12 s */

/* Makes one that listens on nothing yet. The pointers are the caller's and
 * outlive it. */
struct control *control_new(struct net *net, struct admin *admin);
void control_free(struct control *control);

/* Its sockets, or NULL once it is closed. */
struct listeners *control_listeners(const struct control *control);

/* Checks the settings about it without opening anything. Returns 0, or -1 with
 * errors. */
int control_check_options(const struct options *o,
    struct option_errors *errors) MUST_CHECK;

/*
 * Follows the settings. After a prepare that returned 0 comes either commit,
 * which cannot fail, or revert. Returns -1 with *error, which the caller frees.
 */
int control_prepare(struct control *control, const struct options *o,
    char **error) MUST_CHECK;
void control_commit(struct control *control);
void control_revert(struct control *control);

/* Closes the socket for good; requests in hand are still answered. */
void control_close(struct control *control);

/* Tells whoever asked for an upgrade here, if anybody, why it failed. */
void control_upgrade_failed(struct control *control, const char *why);

/* Has every request been answered? */
bool control_is_flushed(const struct control *control);

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef MODERATE_H
#define MODERATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "room/bans.h"
#include "session/session.h"

/*
 * What an operator does with people who are here or coming. Texts are UTF-8 as
 * they came; they are scrubbed and cut here. On failure nothing has changed,
 * and -1 comes back with *error, a phrase for the operator without capital and
 * full stop, which the caller frees. Each action is logged.
 *
 * Not to be called from a walk over members or sessions, nor from a
 * connection's callback.
 */

/* Tells the member called nick and closes their connection; others see "-- bob
 * left (kicked: reason)". Their bookmark stays. reason may be NULL. */
int moderate_kick(struct sessions *all, const char *nick, const char *reason,
    char **error) MUST_CHECK;

/* The longest ban with an end: 10 years. */
#define MODERATE_BAN_MAX_MS INT64_C(315360000000)

/*
 * Bans whom (see ban_subject_parse()). With the nick of somebody who is here,
 * their credential is banned as well; with a guest's nick, which is never given
 * again, only that. for_ms 0: without end. Those here who fall under the ban
 * are told and closed, *closed of them, and others see "-- bob left (banned:
 * reason)". *ban (may be NULL) is valid until the next call.
 */
int moderate_ban(struct sessions *all, const char *whom, int64_t for_ms,
    const char *reason, const struct ban **ban, size_t *closed,
    char **error) MUST_CHECK;

int moderate_unban(struct sessions *all, const char *whom,
    char **error) MUST_CHECK;

/*
 * Lock and unlock: a locked server admits nobody, not even who just lost the
 * connection. Both return false if nothing changed. The lock ends with the
 * process.
 */
bool moderate_lock(struct sessions *all);
bool moderate_unlock(struct sessions *all);

#endif

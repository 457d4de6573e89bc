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
 * What an operator does with those who are here, and with those who come. Texts
 * are UTF-8 as it came; they are scrubbed and, if too long, cut here. What
 * fails returns -1 with *error, a sentence for the operator without a capital
 * or full stop, to be freed; then nothing was changed. Each is logged.
 *
 * Call them outside any walk over members or sessions, and not from within a
 * connection's own callback.
 */

/*
 * The member called nick is told, and their connection closed; the others see
 * "-- bob left (kicked: reason)". Their place is kept. reason may be NULL.
 */
int moderate_kick(struct sessions *all, const char *nick, const char *reason,
    char **error) MUST_CHECK;

/* The longest ban that has an end: 10 years. */
#define MODERATE_BAN_MAX_MS INT64_C(315360000000)

/*
 * whom as in ban_subject_parse(): of a nick whose holder is here the holder's
 * credential is banned as well; of a guest's nick, which is never given again,
 * only that. for_ms 0: without end. Those here who fall under it are told and
 * closed, and the others see "-- bob left (banned: reason)": *closed is how
 * many. *ban (may be NULL) is valid until the next call.
 */
int moderate_ban(struct sessions *all, const char *whom, int64_t for_ms,
    const char *reason, const struct ban **ban, size_t *closed,
    char **error) MUST_CHECK;

int moderate_unban(struct sessions *all, const char *whom,
    char **error) MUST_CHECK;

/*
 * Takes nobody new in (who lost the connection is new, too), and again. Each
 * returns false if that was so already. It ends with the process.
 */
bool moderate_lock(struct sessions *all);
bool moderate_unlock(struct sessions *all);

#endif

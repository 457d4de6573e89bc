/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CONVERSING_H
#define CONVERSING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "room/conversation.h"
#include "room/model.h"

/* Whose conversations are whose, among those who are here, have left, or own a
 * nick; and what they were told of them. */

/* False: m is a guest, who cannot be recognised. */
bool conversing_party(const struct member *m, struct conversation_party *party);
/*
 * The end of m in the conversation that they mean by nick: with whoever has it
 * now, or owns it; else with whoever was last called so. NULL: none.
 */
struct conversation_end *conversing_named(struct chat *chat,
    const struct member *m, const char *nick);
/* Who is meant by nick, and is not here: who owns it, or has left under it.
 * False: nobody. */
bool conversing_absent(struct chat *chat, const struct member *m,
    const char *nick, struct conversation_party *party) MUST_CHECK;

/* m has another nick; or is logged in, and what was said under nicks of the
 * account from the same address is theirs. */
void conversing_renamed(struct member *m, const char *old_folded);
void conversing_logged_in(struct member *m);
/* Tells the client, by an EVENT_UNREAD each, of its person's conversations with
 * something new. */
void conversing_tell(struct client *client);

/*
 * Whose end it is has what was just said, or it waits for them: nothing is left
 * to tell them of, unless there was before. They have read it by
 * conversing_settle(), which is for when all else of the turn is written down: a
 * crash before that makes it new, and loses nothing.
 */
void conversing_hand(struct conversations *all, struct conversation_end *end);
void conversing_settle(struct conversations *all);

/*
 * The client has just been handed all of from..to, which counts as read once it
 * has arrived, if nothing before from is new to them. conversing_confirm()
 * looks whether it has; conversing_lose() is for a client whose connection is
 * over, and of which the last unsent bytes are lost.
 */
void conversing_show(struct conversations *all, const struct client *client,
    struct conversation_end *end, uint64_t from, uint64_t to);
void conversing_confirm(struct conversations *all);
/* As conversation_new_count(), without what the client was shown, or has by
 * conversing_hand(). */
uint64_t conversing_untold(const struct conversations *all,
    const struct client *client, const struct conversation_end *end);
void conversing_lose(struct conversations *all, const struct client *client,
    size_t unsent);

#endif

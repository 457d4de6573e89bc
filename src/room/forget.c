/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What was said is known by the nick alone, so all that was said under a nick of
 * the account loses it, even if it is from before there was the account: those
 * who read it cannot tell the two apart either. Not reached is what they said
 * under nicks that are not theirs any more, and private messages that wait for
 * others, as those are the others' already.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "history/history.h"
#include "room/account.h"
#include "room/chat-rooms.h"
#include "room/departed.h"
#include "room/forget.h"
#include "room/modes.h"
#include "room/watch.h"

/* Messages between two looks at the clock. */
#define FORGET_MESSAGES 64

struct forgotten {
	TAILQ_ENTRY(forgotten) entry;
	uint64_t account;
	size_t nick_count;
	char nicks[ACCOUNT_NICKS_MAX][NICK_SIZE]; /* folded */
	bool unnames;
	bool is_in_room; /* at is where, in the room after done */
	char done[ROOM_NAME_SIZE];
	struct history_cursor at;
	uint64_t messages;
};

static bool
forgotten_is(const struct forgotten *g, const char *nick)
{
	char folded[NICK_SIZE];
	size_t i;

	if (strlen(nick) > NICK_MAX)
		return false;
	nick_fold(folded, nick);
	for (i = 0; i < g->nick_count; i++)
		if (strcmp(g->nicks[i], folded) == 0)
			return true;
	return false;
}

static bool
forgotten_unname(const struct forgotten *g, char *nick)
{
	if (!forgotten_is(g, nick))
		return false;
	memset(nick, '-', strlen(nick));
	return true;
}

/* The names beside what was said: who set the topic, or a mask. */
static void
forgotten_sign_off(struct forgotten *g, struct room *room)
{
	struct mode_mask *mask;
	bool is_changed = false;
	int i;

	if (forgotten_unname(g, room->topic_by))
		watch_topic_changed(room);
	for (i = 0; i < MODES_LISTS; i++)
		TAILQ_FOREACH(mask, &room->modes.lists[i], entry)
			is_changed |= forgotten_unname(g, mask->by);
	if (is_changed)
		watch_modes_changed(room);
}

/* Some messages of a room. True: there are more. */
static bool
forgotten_read(struct forgotten *g, struct history *h)
{
	struct history_cursor at;
	struct event event;
	int i;

	(void)history_clamp(h, &g->at);
	for (i = 0; i < FORGET_MESSAGES; i++) {
		at = g->at;
		if (!history_read(h, &g->at, &event))
			return false;
		if (event.kind == EVENT_GAP || !forgotten_is(g, event.nick))
			continue;
		history_unname(h, &at);
		g->messages++;
	}
	return true;
}

static void
forgotten_enter(struct forgotten *g, struct room *room)
{
	modes_forget_account(room, g->account);
	if (g->unnames)
		forgotten_sign_off(g, room);
	g->at = history_oldest(&room->history);
	g->is_in_room = true;
}

/* True: there is more of it. */
static bool
forgotten_step(struct forgotten *g, struct chat *chat,
    struct walk_budget *budget)
{
	struct credential identity = credential_from_account(g->account);
	struct departed *left;
	struct room *room;

	while ((room = chat_room_after(chat, g->done)) != NULL) {
		if (!walk_may_take(budget))
			return true;
		if (!g->is_in_room)
			forgotten_enter(g, room);
		if (g->unnames) {
			walk_took_long(budget);
			if (forgotten_read(g, &room->history))
				continue;
		}
		memcpy(g->done, room->name, sizeof(g->done));
		g->is_in_room = false;
	}
	while ((left = departed_return(&chat->departed, g->nicks[0],
		    &identity)) != NULL) {
		departed_free(chat, left);
		if (!walk_may_take(budget))
			return true;
	}
	return !conversations_forget(&chat->conversations, g->account, budget);
}

static bool
forget_step(struct walk_budget *budget, void *arg)
{
	struct forget *f = arg;
	struct forgotten *g = TAILQ_FIRST(&f->queue);
	struct account *a;

	if (g == NULL)
		return false;
	if (forgotten_step(g, f->chat, budget))
		return true;
	a = accounts_find_id(&f->chat->accounts, g->account);
	if (a != NULL) {
		log_info("account forgotten: name=%s unnamed=%llu",
		    account_name(a), (unsigned long long)g->messages);
		accounts_forget(&f->chat->accounts, a);
	}
	TAILQ_REMOVE(&f->queue, g, entry);
	free(g);
	return !TAILQ_EMPTY(&f->queue);
}

void
forget_init(struct forget *f, struct chat *chat)
{
	f->chat = chat;
	TAILQ_INIT(&f->queue);
	walk_init(&f->walk, "accounts that are forgotten", forget_step, f);
}

void
forget_fini(struct forget *f)
{
	struct forgotten *g;

	walk_stop(&f->chat->deadlines->walks, &f->walk);
	while ((g = TAILQ_FIRST(&f->queue)) != NULL) {
		TAILQ_REMOVE(&f->queue, g, entry);
		free(g);
	}
}

bool
forget_is_busy(const struct forget *f, uint64_t account)
{
	const struct forgotten *g;

	TAILQ_FOREACH(g, &f->queue, entry)
		if (g->account == account)
			return true;
	return false;
}

void
forget_begin(struct forget *f, struct account *a, bool unnames)
{
	const struct account_nick *n;
	struct forgotten *g;

	if (forget_is_busy(f, a->id))
		return;
	g = xcalloc(1, sizeof(*g));
	g->account = a->id;
	g->unnames = unnames;
	TAILQ_FOREACH(n, &a->nicks, in_account)
		memcpy(g->nicks[g->nick_count++], n->folded, NICK_SIZE);
	account_remove_proofs(&f->chat->accounts, a);
	TAILQ_INSERT_TAIL(&f->queue, g, entry);
	walk_start(&f->chat->deadlines->walks, &f->walk);
}

/* Is somebody logged in to it, or has a place there? */
static bool
forget_is_in_use(struct chat *chat, const struct account *a)
{
	const struct credential identity = credential_from_account(a->id);
	const struct origin *o = origins_get(&chat->origins, &identity);

	return o->held[ORIGIN_PEOPLE] > 0 || o->held[ORIGIN_PASSERS] > 0 ||
	    o->held[ORIGIN_PLACES] > 0;
}

static bool
forget_is_due(struct chat *chat, const struct account *a)
{
	const struct options *o = chat->options;
	int64_t limit_ms = o->account_retention;

	if (account_is_untried(a) && o->account_unused != 0 &&
	    (limit_ms == 0 || o->account_unused < limit_ms))
		limit_ms = o->account_unused;
	return limit_ms != 0 &&
	    clock_is_old(chat->clock, a->used_age_ms, limit_ms) &&
	    !forget_is_in_use(chat, a);
}

bool
forget_unused(struct forget *f, uint64_t *last, struct walk_budget *budget)
{
	struct chat *chat = f->chat;
	struct account *a;

	while ((a = accounts_after(&chat->accounts, *last)) != NULL) {
		if (!walk_may_take(budget))
			return false;
		*last = a->id;
		account_date(&chat->accounts, a, clock_age_ms(chat->clock));
		if (forget_is_due(chat, a))
			forget_begin(f, a, false);
	}
	*last = 0;
	return true;
}

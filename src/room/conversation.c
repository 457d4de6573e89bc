/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Conversations: who has which, what is said in them, and how long they stay.
 * Each is in the tree twice, under either of its people, so that those of one
 * person lie side by side.
 *
 * What is in the journal is told before it is in the ring: a crash in between
 * can announce a message that is not there, and never hide one. The ring knows
 * better once it is open (conversation_history()).
 *
 * Decided against: a struct room each (two kilobytes, and each walk over rooms
 * would have to leave them out), and messages in the journal (it is rewritten
 * from memory, where they are not).
 */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/origins.h"
#include "base/walk.h"
#include "history/event.h"
#include "options/options.h"
#include "room/conversation-impl.h"

static int
conversation_party_cmp(const struct conversation_party *a,
    const struct conversation_party *b)
{
	int cmp = credential_cmp(&a->credential, &b->credential);

	return cmp != 0 ? cmp : strcmp(a->folded, b->folded);
}

static int
conversation_end_cmp(const struct conversation_end *a,
    const struct conversation_end *b)
{
	int cmp = conversation_party_cmp(&a->party, &b->party);

	return cmp != 0 ? cmp :
			  conversation_party_cmp(&conversation_other(a)->party,
			      &conversation_other(b)->party);
}

RB_GENERATE_INTERNAL(conversation_tree, conversation_end, by_party,
    conversation_end_cmp, UNUSED static)

static bool
conversation_is_party(const struct conversation_party *a,
    const struct conversation_party *b)
{
	return conversation_party_cmp(a, b) == 0;
}

/* Notes to oneself. */
static bool
conversation_is_own(const struct conversation *c)
{
	return conversation_is_party(&c->ends[0].party, &c->ends[1].party);
}

/* Finding */

struct conversation_end *
conversation_find(const struct conversations *all,
    const struct conversation_party *one,
    const struct conversation_party *other)
{
	struct conversation key = { .ends[0].party = *one,
		.ends[1].party = *other };
	/* RB_FIND() does not change the tree. */
	struct conversation_tree tree = all->by_party;

	return RB_FIND(conversation_tree, &tree, &key.ends[0]);
}

struct conversation_end *
conversation_next(const struct conversations *all,
    const struct conversation_party *one, const struct conversation_end *after)
{
	struct conversation key = { .ends[0].party = *one };
	struct conversation_tree tree = all->by_party;
	struct conversation_end *end;

	if (after != NULL)
		key.ends[1].party = conversation_other(after)->party;
	end = RB_NFIND(conversation_tree, &tree, &key.ends[0]);
	if (end != NULL && after != NULL &&
	    conversation_end_cmp(end, after) == 0)
		end = RB_NEXT(conversation_tree, &tree, end);
	return end != NULL && conversation_is_party(&end->party, one) ? end :
									NULL;
}

struct conversation *
conversation_after(const struct conversations *all,
    const struct conversation_party *one,
    const struct conversation_party *other)
{
	struct conversation key = { .ends[0].party = *one,
		.ends[1].party = *other };
	struct conversation_tree tree = all->by_party;
	struct conversation_end *end;

	end = RB_NFIND(conversation_tree, &tree, &key.ends[0]);
	if (end != NULL && conversation_end_cmp(end, &key.ends[0]) == 0)
		end = RB_NEXT(conversation_tree, &tree, end);
	while (end != NULL && end->is_second)
		end = RB_NEXT(conversation_tree, &tree, end);
	return end == NULL ? NULL : conversation_of_end(end);
}

/* Rings */

static void
conversation_close(struct conversations *all, struct conversation *c)
{
	struct conversation_ring *ring = c->ring;

	if (ring == NULL)
		return;
	TAILQ_REMOVE(&all->open, ring, entry);
	all->open_count--;
	c->ring = NULL;
	/* The kernel has it all, and begins to write it. */
	(void)!history_writeback(&ring->history);
	history_fini(&ring->history);
	free(ring);
}

static void
conversation_close_oldest(struct conversations *all)
{
	if (all->files != NULL && all->open_count >= CONVERSATIONS_OPEN_MAX)
		conversation_close(all, TAILQ_FIRST(&all->open)->conversation);
}

static void
conversation_expire(const struct conversations *all, struct history *h)
{
	if (clock_lets_expire(all->clock))
		while (history_expire(h,
		    clock_age_ms(all->clock) - all->options->retention))
			continue;
}

/* A text is a quarter of a ring at most. */
static size_t
conversation_size(const struct conversations *all)
{
	size_t need = 4 * 3 * (size_t)all->options->max_line;

	return need > CONVERSATION_SIZE ? HISTORY_TEXT_MAX * 4 :
					  CONVERSATION_SIZE;
}

/* What cannot have been read, by a record that is damaged, was not. */
static void
conversation_limit_read(struct conversation *c, uint64_t first)
{
	int i;

	for (i = 0; i < 2; i++)
		if (c->ends[i].read > c->next_number)
			c->ends[i].read = first;
}

static struct conversation_ring *
conversation_open(struct conversations *all, struct conversation *c)
{
	const struct conversation_files *files = all->files;
	struct conversation_ring *ring = xcalloc(1, sizeof(*ring));
	size_t size = conversation_size(all);

	conversation_close_oldest(all);
	if (files == NULL)
		history_init_private(&ring->history, size);
	else if (files->open(&ring->history, c->id, size, files->arg) == -1) {
		free(ring);
		return NULL;
	}
	ring->conversation = c;
	c->ring = ring;
	c->is_unclosed = files != NULL;
	TAILQ_INSERT_TAIL(&all->open, ring, entry);
	all->open_count++;
	/* What is known of it may be older, or a power cut has lost some. */
	if (c->next_number > ring->history.next_number)
		history_raise(&ring->history, c->next_number - 1);
	if (c->next_number != ring->history.next_number) {
		c->next_number = ring->history.next_number;
		conversation_limit_read(c, ring->history.first_number);
		conversation_changed(all, c);
	}
	conversation_expire(all, &ring->history);
	return ring;
}

struct history *
conversation_history(struct conversations *all, struct conversation *c)
{
	struct conversation_ring *ring = c->ring;

	if (ring == NULL)
		ring = conversation_open(all, c);
	if (ring == NULL)
		return NULL;
	ring->used_ms = all->clock->mono_ms;
	TAILQ_REMOVE(&all->open, ring, entry);
	TAILQ_INSERT_TAIL(&all->open, ring, entry);
	return &ring->history;
}

/* The whole */

void
conversations_init(struct conversations *all, const struct clock *clock,
    const struct options *options, struct origins *origins)
{
	memset(all, 0, sizeof(*all));
	RB_INIT(&all->by_party);
	TAILQ_INIT(&all->all);
	TAILQ_INIT(&all->open);
	TAILQ_INIT(&all->shown);
	all->clock = clock;
	all->options = options;
	all->origins = origins;
}

void
conversation_changed(const struct conversations *all,
    const struct conversation *c)
{
	if (all->watch != NULL)
		all->watch->changed(c, all->watch->arg);
}

static bool
conversation_insert(struct conversations *all, struct conversation *c)
{
	if (RB_INSERT(conversation_tree, &all->by_party, &c->ends[0]) != NULL)
		return false;
	if (!conversation_is_own(c))
		(void)RB_INSERT(conversation_tree, &all->by_party, &c->ends[1]);
	return true;
}

static void
conversation_take_out(struct conversations *all, struct conversation *c)
{
	if (!conversation_is_own(c))
		(void)RB_REMOVE(conversation_tree, &all->by_party, &c->ends[1]);
	(void)RB_REMOVE(conversation_tree, &all->by_party, &c->ends[0]);
}

void
conversation_drop_shown(struct conversations *all,
    struct conversation_shown *shown)
{
	TAILQ_REMOVE(&all->shown, shown, entry);
	free(shown);
}

static void
conversation_forget_shown(struct conversations *all,
    const struct conversation *c)
{
	struct conversation_shown *shown, *next;

	TAILQ_FOREACH_SAFE(shown, &all->shown, entry, next)
		if (conversation_of_end(shown->end) == c)
			conversation_drop_shown(all, shown);
}

static void
conversation_free(struct conversations *all, struct conversation *c)
{
	conversation_close(all, c);
	conversation_forget_shown(all, c);
	conversation_take_out(all, c);
	if (all->tidied == c)
		all->tidied = TAILQ_NEXT(c, entry);
	if (all->saved == c)
		all->saved = TAILQ_NEXT(c, entry);
	TAILQ_REMOVE(&all->all, c, entry);
	all->count--;
	origin_release(c->origin, ORIGIN_CONVERSATIONS, 1);
	free(c);
}

/* Removes it, with all that was said. */
static void
conversation_remove(struct conversations *all, struct conversation *c)
{
	if (all->files != NULL)
		all->files->remove(c->id, all->files->arg);
	if (all->watch != NULL)
		all->watch->forgotten(c, all->watch->arg);
	conversation_free(all, c);
}

/* Marks the file as closed, when all of it is on the disk. */
static void
conversation_end_file(struct conversations *all, struct conversation *c)
{
	struct conversation_ring *ring;

	if (all->files == NULL || !c->is_unclosed ||
	    conversation_history(all, c) == NULL)
		return;
	ring = c->ring;
	TAILQ_REMOVE(&all->open, ring, entry);
	all->open_count--;
	c->ring = NULL;
	/* Without it the next start tells of what may be lost. */
	(void)!history_close(&ring->history);
	free(ring);
}

void
conversations_fini(struct conversations *all)
{
	struct conversation *c;

	while ((c = TAILQ_FIRST(&all->all)) != NULL) {
		conversation_end_file(all, c);
		conversation_free(all, c);
	}
}

static void
conversation_add(struct conversations *all, struct conversation *c,
    struct origin *origin)
{
	c->origin = origin;
	origin_hold(origin, ORIGIN_CONVERSATIONS, 1);
	TAILQ_INSERT_TAIL(&all->all, c, entry);
	all->count++;
}

bool
conversation_restore(struct conversations *all, const struct conversation *got,
    struct origin *origin, const struct history *history)
{
	struct conversation *c = xmalloc(sizeof(*c));

	*c = *got;
	c->ring = NULL;
	c->ends[0].is_second = false;
	c->ends[1].is_second = true;
	if (!conversation_insert(all, c)) {
		free(c);
		return false;
	}
	conversation_add(all, c, origin);
	if (history != NULL) {
		c->ring = xcalloc(1, sizeof(*c->ring));
		c->ring->history = *history;
		if (c->next_number > history->next_number)
			history_raise(&c->ring->history, c->next_number - 1);
		c->next_number = c->ring->history.next_number;
		conversation_limit_read(c, c->ring->history.first_number);
		c->ring->conversation = c;
		TAILQ_INSERT_TAIL(&all->open, c->ring, entry);
		all->open_count++;
	}
	return true;
}

static enum conversation_say
conversation_begin(struct conversations *all,
    const struct conversation_party *from, const struct conversation_party *to,
    struct origin *origin, struct conversation_end **end)
{
	struct conversation *c;

	if (all->count >= all->options->max_conversations)
		return CONVERSATIONS_FULL;
	if (origin_holds(origin, ORIGIN_CONVERSATIONS) >=
	    CONVERSATIONS_BEGUN_MAX)
		return CONVERSATIONS_BEGUN;
	c = xcalloc(1, sizeof(*c));
	c->ends[0].party = *from;
	c->ends[1].party = *to;
	c->ends[1].is_second = true;
	c->ends[0].read = c->ends[1].read = c->next_number = 1;
	arc4random_buf(&c->id, sizeof(c->id));
	(void)conversation_insert(all, c);
	conversation_add(all, c, origin);
	*end = &c->ends[0];
	return CONVERSATION_SAID;
}

/* Saying and reading */

enum conversation_say
conversation_say(struct conversations *all,
    const struct conversation_party *from, const struct conversation_party *to,
    struct origin *origin, struct event *event, struct conversation_end **end)
{
	struct conversation_end *own = conversation_find(all, from, to);
	enum conversation_say result;
	struct conversation *c;
	struct history *h;

	if (own == NULL) {
		result = conversation_begin(all, from, to, origin, &own);
		if (result != CONVERSATION_SAID)
			return result;
	}
	c = conversation_of_end(own);
	h = conversation_history(all, c);
	if (h == NULL || history_grow(h, event->text_len) == -1) {
		if (c->next_number == 1)
			conversation_remove(all, c);
		return CONVERSATION_NOT_KEPT;
	}
	event->wall_ms = all->clock->wall_ms;
	event->time_ms = history_next_time(h, event->wall_ms);
	event->age_ms = clock_age_ms(all->clock);
	c->next_number = h->next_number + 1;
	c->time_ms = event->time_ms;
	c->used_ms = event->age_ms;
	own->party = *from;
	own->read = c->next_number;
	*end = conversation_other(own);
	memcpy((*end)->party.nick, to->nick, sizeof(to->nick));
	conversation_changed(all, c);
	conversation_append(h, own, event);
	return CONVERSATION_SAID;
}

void
conversation_read(struct conversations *all, struct conversation_end *end,
    uint64_t number)
{
	const struct conversation *c = conversation_of_end(end);

	if (number > c->next_number)
		number = c->next_number;
	if (number <= end->read)
		return;
	end->read = number;
	conversation_changed(all, c);
}

bool
conversation_event(const struct conversation_end *end, struct event *event)
{
	const struct conversation_party *other =
	    &conversation_other(end)->party;
	bool is_own = conversation_is_from(event, end);

	if (event->kind == EVENT_GAP || event->id_key == 0)
		return false;
	event->msgid = conversation_msgid(event);
	event->is_notice = event->kind == EVENT_NOTICE;
	event->is_action = event->kind == EVENT_ME;
	event->kind = is_own ? EVENT_PRIVATE_SENT : EVENT_PRIVATE;
	event->other = is_own ? other->nick : end->party.nick;
	event->room = NULL;
	event->id = NULL;
	event->id_len = 0;
	event->id_key = 0;
	return true;
}

/* Keeping */

void
conversations_rename(struct conversations *all,
    const struct conversation_party *from, const struct conversation_party *to)
{
	struct conversation_end *end, *next;
	struct conversation_party other;
	struct conversation *c;

	if (conversation_is_party(from, to))
		return;
	for (end = conversation_next(all, from, NULL); end != NULL;
	     end = next) {
		next = conversation_next(all, from, end);
		c = conversation_of_end(end);
		other = conversation_is_own(c) ? *to :
						 conversation_other(end)->party;
		if (conversation_find(all, to, &other) != NULL)
			continue;
		conversation_take_out(all, c);
		if (conversation_is_own(c))
			conversation_other(end)->party = *to;
		end->party = *to;
		(void)conversation_insert(all, c);
		conversation_changed(all, c);
	}
}

bool
conversations_forget(struct conversations *all, uint64_t account,
    struct walk_budget *budget)
{
	struct conversation_party party = {
		.credential = credential_from_account(account),
	};
	struct conversation_end *end;

	while ((end = conversation_next(all, &party, NULL)) != NULL) {
		if (!walk_may_take(budget))
			return false;
		walk_took_long(budget);
		conversation_remove(all, conversation_of_end(end));
	}
	return true;
}

static void
conversation_tidy(struct conversations *all, struct conversation *c)
{
	if (clock_is_old(all->clock, c->used_ms, all->options->retention))
		conversation_remove(all, c);
	else if (c->ring != NULL) {
		conversation_expire(all, &c->ring->history);
		if (all->files != NULL &&
		    all->clock->mono_ms - c->ring->used_ms >=
			CONVERSATION_IDLE_MS)
			conversation_close(all, c);
	}
}

bool
conversations_tidy(struct conversations *all, struct walk_budget *budget)
{
	struct conversation *c;

	if (all->tidied == NULL)
		all->tidied = TAILQ_FIRST(&all->all);
	while ((c = all->tidied) != NULL) {
		if (!walk_may_take(budget))
			return false;
		all->tidied = TAILQ_NEXT(c, entry);
		conversation_tidy(all, c);
	}
	return true;
}

int
conversations_writeback(struct conversations *all)
{
	struct conversation_ring *ring;
	int result = 0;

	TAILQ_FOREACH(ring, &all->open, entry)
		if (all->files != NULL &&
		    history_writeback(&ring->history) == -1)
			result = -1;
	return result;
}

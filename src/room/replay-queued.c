/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Private messages that were queued for somebody. They belong to no room, but
 * are shown in a room's catch-up; all of the person's clients are handed them.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "room/client.h"
#include "room/handed.h"
#include "room/past.h"
#include "room/person.h"
#include "room/replay-impl.h"
#include "room/watch.h"

/* Drops those of whom they ignore, and what programs may have seen already. */
static void
replay_drop_unwanted(struct member *m)
{
	struct queued_message *k, *next;
	bool has_repeats = past_is_for(m);

	for (k = TAILQ_FIRST(&m->person.queued); k != NULL; k = next) {
		next = TAILQ_NEXT(k, entry);
		if ((k->is_repeat && !has_repeats) ||
		    member_ignores_author(m, k->author, k->nick)) {
			person_take_queued(m->chat, &m->person, k);
			queued_message_free(k);
		}
	}
}

/* Has those that are about to be handed over written as repeats: a crash before
 * the turn is written shows them again. */
static void
replay_write_queued(struct member *m)
{
	bool was_repeat[QUEUED_MAX + 1] = { false };
	struct queued_message *k;
	size_t i = 0;

	TAILQ_FOREACH(k, &m->person.queued, entry) {
		assert(i < NITEMS(was_repeat));
		was_repeat[i++] = k->is_repeat;
		k->is_repeat = true;
	}
	watch_member_write(m);
	i = 0;
	TAILQ_FOREACH(k, &m->person.queued, entry)
		k->is_repeat = was_repeat[i++];
}

/* Renders the line before k, if one is due: the first ones may be repeats; and
 * in a catch-up, how many were queued. */
static void
replay_queued_head(const struct client *client, const struct replay *rp,
    const struct queued_message *k, struct buf *out)
{
	const struct member *m = client->member;
	struct event event = {
		.kind = EVENT_QUEUED,
		.server = m->chat->options->server_name,
		.other = m->nick,
		.is_repeat = k->is_repeat,
		.total = m->person.queued_lost,
	};

	if (event.total == 0 &&
	    (k->is_repeat ? client->was_told_repeats :
			    rp == NULL || rp->is_queue_told))
		return;
	for (; k != NULL && k->is_repeat == event.is_repeat;
	     k = TAILQ_NEXT(k, entry))
		event.count++;
	dialect_render(client->dialect, out, &event);
}

static void
replay_queued_event(const struct member *m, const struct queued_message *k,
    struct event *event)
{
	memset(event, 0, sizeof(*event));
	event->kind = EVENT_PRIVATE;
	event->nick = k->nick;
	event->other = m->nick;
	event->text = k->text;
	event->text_len = k->len;
	event->time_ms = k->time_ms;
	event->msgid = k->msgid;
	event->is_notice = k->is_notice;
	event->is_action = k->is_action;
	if (m->chat->clock->wall_ms - k->time_ms >= REPLAY_OLD_MS)
		event->age = replay_age(m->chat, k->time_ms);
}

/* The other clients are handed k as well; one that does not take it now has a
 * sibling that does. */
static void
replay_queued_others(const struct client *client, const struct replay *rp,
    const struct queued_message *k, const struct event *event)
{
	struct buf *out = &client->member->chat->scratch;
	struct client *other;

	SLIST_FOREACH(other, &client->member->clients, in_member) {
		if (other == client || other->ops == NULL || other->is_paused)
			continue;
		buf_reset(out);
		replay_queued_head(other, rp, k, out);
		dialect_render(other->dialect, out, event);
		if (client_deliver(other, out) == 0 && k->is_repeat)
			other->was_told_repeats = true;
	}
}

int
replay_queued(struct client *client, struct replay *rp)
{
	struct member *m = client->member;
	struct buf *out = &m->chat->scratch;
	struct queued_message *k;
	struct event event;

	replay_drop_unwanted(m);
	if (!TAILQ_EMPTY(&m->person.queued))
		replay_write_queued(m);
	while ((k = TAILQ_FIRST(&m->person.queued)) != NULL) {
		buf_reset(out);
		replay_queued_head(client, rp, k, out);
		replay_queued_event(m, k, &event);
		dialect_render(client->dialect, out, &event);
		if (client_deliver(client, out) == -1)
			return -1;
		replay_queued_others(client, rp, k, &event);
		m->person.queued_lost = 0;
		if (k->is_repeat)
			client->was_told_repeats = true;
		else if (rp != NULL)
			rp->is_queue_told = true;
		if (rp != NULL)
			rp->done.has_shown = true;
		person_take_queued(m->chat, &m->person, k);
		watch_member_changed(m);
		handed_add(client, k);
	}
	return 0;
}

void
replay_show_queued(struct member *m)
{
	if (SLIST_EMPTY(&m->memberships) && member_reader(m) != NULL)
		(void)replay_queued(member_reader(m), NULL);
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The rooms' end of a shared log. An entry has who said it by the member's id on
 * their server, and by their nick; so this server's own come back to the client
 * that said them, as they do without a log. Members of others get ids that
 * stand for (node, id), beyond all that are given here: whoever is ignored stays
 * so as long as their server lives.
 *
 * A record is in the ring as the log has it, so all servers show the same number
 * and time. What can be read of an entry is checked as if a stranger had written
 * it: others have, and of other versions.
 */
#include "config.h"

#include <bsd/sys/queue.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/log.h"
#include "room/clients.h"
#include "room/deliver.h"
#include "room/directory.h"
#include "room/publish.h"
#include "room/shared-line.h"
#include "room/shared.h"
#include "sharedlog/sharedlog.h"

struct shared_room {
	struct room_log log; /* the room's */
	LIST_ENTRY(shared_room) entry;
	struct shared *shared;
	struct room *room;
	struct sharedlog_log *tail;
	bool is_joined; /* the ring has what the log has */
};

struct shared {
	struct chat *chat;
	struct sharedlog *log;
	struct buf line; /* of the append that is being made */
	LIST_HEAD(, shared_room) rooms;
	struct shared_counts counts;
};

/* The membership of who said it here, by their id; NULL: they have gone. */
static struct membership *
shared_actor(const struct shared_room *sr, const struct event *event)
{
	struct member *m;
	struct membership *ms;

	m = directory_find(&sr->shared->chat->directory, event->nick);
	if (m != NULL && m->id == event->author)
		return member_in(m, sr->room);
	/* They have another nick by now. */
	TAILQ_FOREACH(ms, &sr->room->people, in_room)
		if (ms->member->id == event->author)
			return ms;
	return NULL;
}

static uint64_t
shared_author_elsewhere(uint64_t node, uint64_t author)
{
	return EVENT_AUTHOR_ELSEWHERE |
	    (XXH3_64bits_withSeed(&author, sizeof(author), node) &
		(EVENT_AUTHOR_ELSEWHERE - 1));
}

/* Those who are live miss what the log does not have any more. */
static void
shared_tell_gap(struct room *room, uint64_t number)
{
	struct event gap = {
		.kind = EVENT_GAP,
		.nick = "",
		.text = "",
		.room = room->name,
		.server = room->chat->options->server_name,
		.count = history_distance(room->history.next_number, number),
	};

	if (history_count(&room->history) == 0 || gap.count == 0)
		return;
	deliver_begin(room, NULL);
	deliver_render(room, &gap);
}

static void
shared_take(struct shared_room *sr, struct event *event)
{
	struct room *room = sr->room;
	struct membership *actor = NULL;

	event->time_ms = history_time_at(&room->history, event->wall_ms);
	if (event->node == sharedlog_node(sr->shared->log)) {
		actor = shared_actor(sr, event);
		event->from = actor == NULL ? NULL : actor->member;
	} else if (event->author != 0) {
		event->author = shared_author_elsewhere(event->node,
		    event->author);
		event->via = 0;
	}
	shared_tell_gap(room, event->number);
	room_said(room, event, actor);
	if (actor != NULL)
		membership_spoke(actor);
}

static void
shared_entry(struct sharedlog_log *log, const struct sharedlog_entry *entry,
    void *arg)
{
	struct shared_room *sr = sharedlog_owner(log);
	struct shared *shared = arg;
	char nick[NICK_SIZE];
	struct event event;

	/* Its number is missing, so it is part of the next gap. */
	if (entry->key != NULL || entry->node == 0 || entry->counter == 0 ||
	    entry->number < sr->room->history.next_number ||
	    entry->number >= HISTORY_NUMBER_MAX ||
	    entry->msgid >= HISTORY_NUMBER_MAX ||
	    !shared_line_get(entry->data, entry->len, &event, nick)) {
		shared->counts.senseless++;
		return;
	}
	event.number = entry->number;
	event.msgid = entry->msgid == entry->number ? 0 : entry->msgid;
	event.node = entry->node;
	event.counter = entry->counter;
	shared_take(sr, &event);
}

static void
shared_state(enum sharedlog_fault fault, void *arg)
{
	/* It is asked for (shared_is_open()), and has been logged. */
	(void)fault;
	(void)arg;
}

/* The room can be read, and nothing is said in it. */
static void
shared_diverged(struct sharedlog_log *log, uint64_t bound, void *arg)
{
	struct shared_room *sr = sharedlog_owner(log);

	(void)arg;
	sr->is_joined = false;
	log_error("shared log lacks what was said: room=%s after=%llu",
	    sr->room->name, (unsigned long long)bound);
}

static void
shared_joined(struct sharedlog_log *log, void *arg)
{
	struct shared_room *sr = sharedlog_owner(log);

	(void)arg;
	sr->is_joined = true;
}

static void
shared_name_lost(const char *name, void *arg)
{
	/* None is claimed. */
	(void)name;
	(void)arg;
}

static void
shared_nodes(const uint64_t *nodes, size_t count, void *arg)
{
	(void)nodes;
	(void)count;
	(void)arg;
}

static const struct sharedlog_user shared_user = {
	.state = shared_state,
	.entry = shared_entry,
	.diverged = shared_diverged,
	.joined = shared_joined,
	.name_lost = shared_name_lost,
	.nodes = shared_nodes,
};

static void
shared_done(enum sharedlog_end end, uint64_t number, void *arg)
{
	struct shared *shared = arg;

	(void)number;
	switch (end) {
	case SHAREDLOG_SAID:
		break;
	case SHAREDLOG_NAME_LOST:
	case SHAREDLOG_CONFLICT:
		shared->counts.unsaid++;
		break;
	case SHAREDLOG_UNKNOWN:
		shared->counts.unknown++;
		break;
	}
}

static int
shared_append(struct room_log *log, const struct event *event)
{
	struct shared_room *sr = (struct shared_room *)log;
	struct shared *shared = sr->shared;

	if (!sr->is_joined)
		return -1;
	buf_reset(&shared->line);
	shared_line_put(&shared->line, event);
	return sharedlog_append(sr->tail, NULL, shared->line.data,
	    shared->line.len, shared_done, shared);
}

static void
shared_room_free(struct shared_room *sr)
{
	sharedlog_unfollow(sr->tail);
	sr->room->log = NULL;
	LIST_REMOVE(sr, entry);
	free(sr);
}

static void
shared_closed(struct room_log *log)
{
	shared_room_free((struct shared_room *)log);
}

/* What the ring has of the log last; false: the ring is not the log's. */
static bool
shared_last(const struct history *h, struct sharedlog_entry *last)
{
	struct history_cursor c = history_head(h), at;
	struct event event = { .node = 0 };

	while (history_step_back(h, &c)) {
		at = c;
		(void)history_read(h, &at, &event);
		if (event.kind != EVENT_GAP)
			break;
	}
	memset(last, 0, sizeof(*last));
	last->number = event.number;
	last->node = event.node;
	last->counter = event.counter;
	return event.node != 0;
}

/* After a power cut the ring has a hole at its end, and goes on in an epoch of
 * its own: the log knows better. */
static void
shared_drop_hole(struct room *room)
{
	struct history *h = &room->history;
	struct history_cursor c = history_head(h), at;
	struct event event;

	if (!history_step_back(h, &c))
		return;
	at = c;
	(void)history_read(h, &at, &event);
	if (event.kind != EVENT_GAP)
		return;
	assert(room->people_count == 0);
	history_cut(h, &c);
	room->turn_start = history_head(h);
}

int
shared_add_room(struct shared *shared, struct room *room)
{
	bool is_empty = history_count(&room->history) == 0;
	struct sharedlog_entry last;
	struct shared_room *sr;

	if (!shared_last(&room->history, &last) && !is_empty)
		return -1;
	shared_drop_hole(room);
	sr = xcalloc(1, sizeof(*sr));
	sr->log.append = shared_append;
	sr->log.closed = shared_closed;
	sr->shared = shared;
	sr->room = room;
	sr->tail = sharedlog_follow(shared->log, room->name,
	    is_empty ? NULL : &last, sr);
	room->log = &sr->log;
	LIST_INSERT_HEAD(&shared->rooms, sr, entry);
	return 0;
}

bool
shared_is_open(const struct room *room)
{
	const struct shared_room *sr = (const struct shared_room *)room->log;

	return sr != NULL && sr->is_joined &&
	    sharedlog_state(sr->shared->log) == SHAREDLOG_FINE;
}

struct shared *
shared_new(struct chat *chat, struct engine *engine, const struct clock *clock,
    struct deadlines *deadlines)
{
	struct shared *shared = xcalloc(1, sizeof(*shared));

	shared->chat = chat;
	LIST_INIT(&shared->rooms);
	shared->log = sharedlog_new(engine, clock, deadlines, &shared_user,
	    shared, 0, 0, 0);
	return shared;
}

void
shared_free(struct shared *shared)
{
	struct shared_room *sr;

	while ((sr = LIST_FIRST(&shared->rooms)) != NULL)
		shared_room_free(sr);
	sharedlog_free(shared->log);
	buf_fini(&shared->line);
	free(shared);
}

const struct shared_counts *
shared_count(const struct shared *shared)
{
	return &shared->counts;
}

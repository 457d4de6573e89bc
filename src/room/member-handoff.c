/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Members on their way from one program to the next. Whoever was live is so
 * again, at the room's head: before a save all that was said has been handed
 * out. For others the cursor is a number, which is looked for in the ring.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "base/handoff.h"
#include "room/accepted.h"
#include "room/acked.h"
#include "room/chat-rooms.h"
#include "room/client.h"
#include "room/cursor.h"
#include "room/deliver.h"
#include "room/devices.h"
#include "room/directory.h"
#include "room/handed.h"
#include "room/member.h"
#include "room/person.h"
#include "room/replay.h"
#include "room/room.h"
#include "room/roommates.h"
#include "room/typed-secret.h"

/* Memberships */

static void
cursor_put_replay(struct fields_out *out, const struct field *f,
    const void *base)
{
	const struct cursor *c = base;

	if (c->replay != NULL)
		replay_save(c, out, f->tag);
}

static const struct field cursor_list[] = {
	{ FIELD_UINT(1, struct cursor, at.number) },
	{ FIELD_UINT(2, struct cursor, own_from) },
	{ FIELD_UINT(3, struct cursor, repeat_until) },
	{ FIELD_STRUCT(4, struct cursor, shown, &shown_fields) },
	/* At most one of these; none: they are on break, or lost. */
	{ FIELD_BOOL(5, struct cursor, delivery.is_resuming) },
	{ FIELD_BOOL(6, struct cursor, delivery.is_pumped) },
	{ FIELD_BOOL(7, struct cursor, delivery.is_blocked) },
	{ FIELD_UINT(8, struct cursor, acked.number) },
	{ FIELD_UINT(9, struct cursor, acked.mark) },
	{ FIELD_UINT(10, struct cursor, acked.persisted) },
	{ FIELD_BOOL(12, struct cursor, needs_names) },
	{ FIELD_UINT(13, struct cursor, tracking.arrival),
	    .max = UINT64_MAX - 1 },
	{ FIELD_POINTER(14, struct cursor, replay, &replay_fields),
	    .put = cursor_put_replay },
	{ FIELD_UINT(15, struct cursor, number), .max = EVENT_VIA_MAX },
	{ FIELD_UINT(16, struct cursor, read) },
	{ FIELD_BOOL(17, struct cursor, is_following) },
};
static const struct fields cursor_fields = { FIELDS("a cursor", struct cursor,
    cursor_list) };

/* c as it is written down. */
static struct cursor
cursor_now(const struct cursor *c)
{
	struct cursor now = *c;

	now.at = cursor_where(c);
	now.delivery.is_resuming = cursor_is_live(c);
	now.number = c->client->number;
	return now;
}

/* All but the first. */
static void
membership_put_cursors(struct fields_out *out, const struct field *f,
    const void *base)
{
	const struct membership *ms = base;
	const struct cursor *c = SLIST_FIRST(&ms->cursors);
	struct cursor now;

	while ((c = SLIST_NEXT(c, in_membership)) != NULL) {
		now = cursor_now(c);
		fields_put_item(out, f->tag, &cursor_fields, &now);
	}
}

static bool
membership_add_cursor(struct fields_in *in, const struct field *f, void *base,
    void *element)
{
	struct membership *ms = base;
	struct cursor *c = element;

	(void)in;
	(void)f;
	SLIST_INSERT_HEAD(&ms->cursors, c, in_membership);
	return true;
}

static const struct field membership_list[] = {
	{ FIELD_ROOM(1, struct membership, room), .is_needed = true },
	{ FIELD_STRUCT(2, struct membership, cursor, &cursor_fields) },
	{ FIELD_BOOL(3, struct membership, is_joined) },
	{ FIELD_BOOL(4, struct membership, is_announced) },
	{ FIELD_BOOL(5, struct membership, is_op) },
	{ FIELD_BOOL(6, struct membership, is_voiced) },
	{ FIELD_BOOL(7, struct membership, takes_place) },
	{ FIELD_UINT(9, struct membership, read) },
	{ FIELD_LIST(8, struct membership, cursors, &cursor_fields,
	      struct cursor, in_membership, membership_add_cursor),
	    .put = membership_put_cursors },
};
static const struct fields membership_fields = { FIELDS("a membership",
    struct membership, membership_list) };

static void
member_put_memberships(struct fields_out *out, const struct field *f,
    const void *base)
{
	const struct member *m = base;
	const struct membership *ms;
	struct membership now;

	SLIST_FOREACH(ms, &m->memberships, in_member) {
		now = *ms;
		now.cursor = cursor_now(SLIST_FIRST(&ms->cursors));
		fields_put_item(out, f->tag, &membership_fields, &now);
	}
}

static bool
member_add_membership(struct fields_in *in, const struct field *f, void *base,
    void *element)
{
	struct member *m = base;
	struct membership *ms = element, *last = in->last;
	struct cursor *c;

	(void)f;
	if (member_in(m, ms->room) != NULL)
		return false;
	ms->member = m;
	/* The one that is embedded comes first; without a client they are not
	 * yet added to it. */
	SLIST_INSERT_HEAD(&ms->cursors, &ms->cursor, in_membership);
	SLIST_FOREACH(c, &ms->cursors, in_membership)
		c->ms = ms;
	if (last == NULL)
		SLIST_INSERT_HEAD(&m->memberships, ms, in_member);
	else
		SLIST_INSERT_AFTER(last, ms, in_member);
	return true;
}

/* Else it would be nobody's turn, or would never go on. */
static bool
cursor_is_consistent(const struct cursor *c)
{
	const struct member *m = c->ms->member;
	const struct delivery *d = &c->delivery;
	uint64_t next = c->ms->room->history.next_number;

	if (c->at.number > next || c->own_from > next ||
	    c->acked.number > next || c->acked.mark > next ||
	    (c->acked.persisted > next && c->acked.persisted != ACKED_LIVE) ||
	    d->is_resuming + d->is_pumped + d->is_blocked > 1)
		return false;
	if (m->is_lost)
		return c->replay == NULL && !d->is_resuming && !d->is_pumped &&
		    !d->is_blocked;
	if (d->is_resuming)
		return c->replay == NULL && !c->client->is_paused;
	return d->is_pumped || d->is_blocked ||
	    (c->replay == NULL && c->client->is_paused);
}

/* Into its room. */
static void
membership_enter(struct membership *ms)
{
	struct cursor *c;

	room_add_person(ms);
	SLIST_FOREACH(c, &ms->cursors, in_membership) {
		roommates_track(c,
		    !ms->member->is_lost && c->client->dialect->tracks_members);
		cursor_move(c, history_find(&ms->room->history, c->at.number));
		if (c->delivery.is_pumped) {
			c->delivery.is_pumped = false;
			deliver_pump_later(c);
		}
	}
}

/* Members */

#define MEMBER_DIALECT_SIZE 64

static bool
client_add_handed(struct fields_in *in, const struct field *f, void *base,
    void *element)
{
	struct client *client = base;
	struct queued_message *k = element;

	(void)in;
	(void)f;
	if (client->handed_count == QUEUED_MAX)
		return false;
	if (client->handed.tqh_last == NULL)
		TAILQ_INIT(&client->handed);
	queued_message_hold(k);
	TAILQ_INSERT_TAIL(&client->handed, k, entry);
	client->handed_count++;
	return true;
}

static const struct field client_list[] = {
	{ FIELD_UINT(1, struct client, checkpoint_handed) },
	{ FIELD_BOOL(2, struct client, has_queued_handed) },
	{ FIELD_BOOL(3, struct client, was_told_repeats) },
	{ FIELD_LIST(4, struct client, handed, &queued_fields,
	    struct queued_message, entry, client_add_handed) },
	{ FIELD_BOOL(5, struct client, has_unread_left) },
	{ FIELD_UINT(6, struct client, handed_dropped) },
	{ FIELD_UINT(7, struct client, id_secret) },
	{ FIELD_UINT(8, struct client, number), .max = EVENT_VIA_MAX },
	{ FIELD_BYTES(9, struct client, address) },
	/* 10 was of clients that were lost. */
	{ FIELD_INT(11, struct client, since_ms) },
	{ FIELD_BOOL(12, struct client, is_paused) },
	{ FIELD_UINT(13, struct client, device) },
};
static const struct fields client_fields = { FIELDS("a client", struct client,
    client_list) };

/* Another client of a member than the first. */
struct client_record {
	SLIST_ENTRY(client_record) entry;
	struct client client;
	char dialect[MEMBER_DIALECT_SIZE];
};
SLIST_HEAD(client_record_list, client_record);

static const struct field client_record_list[] = {
	{ FIELD_STRING(1, struct client_record, dialect), .is_needed = true },
	{ FIELD_STRUCT(2, struct client_record, client, &client_fields) },
};
static const struct fields client_record_fields = { FIELDS("another client",
    struct client_record, client_record_list) };

/* What of a member is found by a name. */
struct member_names {
	const struct member *m; /* that is written */
	struct client_record_list clients; /* that were read, the last first */
	char nick[NICK_SIZE];
	char dialect[MEMBER_DIALECT_SIZE];
};

static void
names_put_clients(struct fields_out *out, const struct field *f,
    const void *base)
{
	const struct member_names *names = base;
	const struct client *client = SLIST_FIRST(&names->m->clients);
	struct client_record r;

	while ((client = SLIST_NEXT(client, in_member)) != NULL) {
		memset(&r, 0, sizeof(r));
		r.client = *client;
		(void)strlcpy(r.dialect, client->dialect->name,
		    sizeof(r.dialect));
		fields_put_item(out, f->tag, &client_record_fields, &r);
	}
}

static bool
names_add_client(struct fields_in *in, const struct field *f, void *base,
    void *element)
{
	struct member_names *names = base;
	struct client_record *r = element;

	(void)in;
	(void)f;
	SLIST_INSERT_HEAD(&names->clients, r, entry);
	return true;
}

static const struct field names_list[] = {
	{ FIELD_STRING(1, struct member_names, nick), .is_needed = true,
	    .check = nick_is_wellformed },
	{ FIELD_STRING(2, struct member_names, dialect), .is_needed = true },
	{ FIELD_LIST(30, struct member_names, clients, &client_record_fields,
	      struct client_record, entry, names_add_client),
	    .put = names_put_clients },
};
static const struct fields names_fields = { FIELDS("a member",
    struct member_names, names_list) };

static void
member_put_client(struct fields_out *out, const struct field *f,
    const void *base)
{
	const struct member *m = base;

	fields_put_item(out, f->tag, &client_fields, SLIST_FIRST(&m->clients));
}

static const struct field member_more_list[] = {
	{ FIELD_INT(1, struct member_more, announce[ANNOUNCE_PERSON].level) },
	{ FIELD_INT(2, struct member_more, announce[ANNOUNCE_PERSON].at_ms) },
	{ FIELD_INT(3, struct member_more, announce[ANNOUNCE_TOPIC].level) },
	{ FIELD_INT(4, struct member_more, announce[ANNOUNCE_TOPIC].at_ms) },
	{ FIELD_UINT(5, struct member_more, said.amount), .max = UINT32_MAX },
	{ FIELD_INT(6, struct member_more, said.at_ms) },
	{ FIELD_LIST(7, struct member_more, accepted, &accepted_fields,
	      struct accepted, entry, member_add_accepted),
	    .put = member_put_accepted },
	{ FIELD_POINTER(8, struct member_more, typed, &typed_secret_fields) },
};
static void
member_more_clear(void *base)
{
	struct member_more *more = base;

	accepted_clear(&more->accepted);
}

static const struct fields member_more_fields = {
	FIELDS("more of a member", struct member_more, member_more_list),
	.clear = member_more_clear,
};

static const struct field member_list[] = {
	/* 1, 2 and 30 are names. */
	{ FIELD_UINT(3, struct member, id) },
	{ FIELD_CREDENTIAL(4, struct member, credential), .is_needed = true },
	{ FIELD_BOOL(5, struct member, is_guest) },
	{ FIELD_BOOL(6, struct member, is_on_break) },
	{ FIELD_BOOL(7, struct member, is_away) },
	{ FIELD_BOOL(8, struct member, is_break_told) },
	{ FIELD_BOOL(9, struct member, is_lost) },
	{ FIELD_UINT(10, struct member, flags), .max = MEMBER_FLAGS },
	{ FIELD_BOOL(11, struct member, is_known) },
	{ FIELD_INT(12, struct member, break_since_ms) },
	{ FIELD_INT(13, struct member, lost_since_ms) },
	{ FIELD_INT(14, struct member, active_ms) },
	{ FIELD_TEXT(17, struct member, break_text, HISTORY_TEXT_MAX) },
	{ FIELD_TEXT(18, struct member, user, MEMBER_USER_MAX) },
	{ FIELD_TEXT(19, struct member, realname, MEMBER_REALNAME_MAX) },
	{ FIELD_STRUCT(20, struct member, person, &person_fields) },
	{ FIELD_STRUCT(21, struct member, client, &client_fields),
	    .put = member_put_client },
	{ FIELD_LIST(22, struct member, memberships, &membership_fields,
	      struct membership, in_member, member_add_membership),
	    .put = member_put_memberships },
	{ FIELD_BOOL(23, struct member, was_ignorer) },
	{ FIELD_ORIGIN(26, struct member, address) },
	{ FIELD_POINTER(50, struct member, more, &member_more_fields) },
};
static const struct fields member_fields = { FIELDS("a member", struct member,
    member_list) };

void
member_save(const struct member *m, struct fields_out *out)
{
	size_t mark = tlv_open(&out->data, HANDOFF_MEMBER);
	struct member_names names = { .m = m };

	memcpy(names.nick, m->nick, sizeof(names.nick));
	(void)strlcpy(names.dialect, SLIST_FIRST(&m->clients)->dialect->name,
	    sizeof(names.dialect));
	fields_put(out, &names_fields, &names);
	fields_put(out, &member_fields, m);
	tlv_close(&out->data, mark);
}

static void
names_clear(struct member_names *names)
{
	struct client_record *r;

	while ((r = SLIST_FIRST(&names->clients)) != NULL) {
		SLIST_REMOVE_HEAD(&names->clients, entry);
		if (r->client.handed.tqh_last != NULL)
			handed_forget(&r->client, UINT64_MAX);
		free(r);
	}
}

static void
membership_unmake(struct membership *ms)
{
	struct cursor *c;

	while ((c = SLIST_FIRST(&ms->cursors)) != NULL) {
		SLIST_REMOVE_HEAD(&ms->cursors, in_membership);
		if (c == &ms->cursor)
			continue;
		fields_clear(&cursor_fields, c);
		free(c);
	}
	fields_clear(&membership_fields, ms);
	free(ms);
}

/* It is in no tree and no room yet. */
static void
member_unmake(struct member *m)
{
	struct membership *ms;
	struct client *client;

	while ((ms = SLIST_FIRST(&m->memberships)) != NULL) {
		SLIST_REMOVE_HEAD(&m->memberships, in_member);
		membership_unmake(ms);
	}
	while ((client = SLIST_FIRST(&m->clients)) != NULL)
		client_remove(client);
	person_clear(m->chat, &m->person);
	fields_clear(&member_fields, m);
	free(m);
}

/* Makes the clients that were read m's, and those of its cursors. False: two are
 * the same, or a cursor is nobody's. */
static bool
member_take_clients(struct member *m, struct member_names *names,
    const struct dialect *(*find_dialect)(const char *name))
{
	struct client_record *r;
	struct client *client, *after = &m->client;
	struct membership *ms;
	struct cursor *c, *other;
	size_t count = 1;

	m->client.dialect = find_dialect(names->dialect);
	SLIST_FOREACH(r, &names->clients, entry) {
		if (member_client_numbered(m, r->client.number) != NULL ||
		    ++count > EVENT_VIA_MAX)
			return false;
		client = client_add(m);
		SLIST_REMOVE_HEAD(&m->clients, in_member);
		client->number = r->client.number;
		client->address = r->client.address;
		client->id_secret = r->client.id_secret;
		client->device = r->client.device;
		client->since_ms = r->client.since_ms;
		client->is_paused = r->client.is_paused;
		client->checkpoint_handed = r->client.checkpoint_handed;
		client->has_queued_handed = r->client.has_queued_handed;
		client->was_told_repeats = r->client.was_told_repeats;
		client->has_unread_left = r->client.has_unread_left;
		client->handed_dropped = r->client.handed_dropped;
		client->handed_count = r->client.handed_count;
		if (r->client.handed.tqh_last != NULL)
			TAILQ_CONCAT(&client->handed, &r->client.handed, entry);
		r->client.handed_count = 0;
		client->dialect = find_dialect(r->dialect);
		SLIST_INSERT_AFTER(after, client, in_member);
	}
	SLIST_FOREACH(ms, &m->memberships, in_member)
		SLIST_FOREACH(c, &ms->cursors, in_membership) {
			c->client = member_client_numbered(m, c->number);
			if (c->client == NULL)
				return false;
			SLIST_FOREACH(other, &ms->cursors, in_membership)
				if (other != c && other->number == c->number)
					return false;
		}
	return true;
}

/* Of a person on break all clients are, whether or not that was written; of
 * another, one at least is not. */
static bool
member_take_break(struct member *m)
{
	struct client *client;
	bool reads = false;

	SLIST_FOREACH(client, &m->clients, in_member) {
		if (m->is_on_break && !client->is_paused) {
			client->is_paused = true;
			client->since_ms = m->break_since_ms;
		}
		reads |= !client->is_paused;
	}
	return m->is_on_break || reads;
}

static bool
member_is_consistent(struct member *m)
{
	struct membership *ms;
	struct cursor *c;
	const struct client *client;

	SLIST_FOREACH(client, &m->clients, in_member)
		if (client->dialect == NULL)
			return false;
	if (m->id == 0 || m->id > m->chat->directory.last_id ||
	    !credential_is_origin((const char *)&m->address) ||
	    (m->is_away && (m->is_on_break || m->is_lost)) ||
	    !member_take_break(m))
		return false;
	MEMBER_FOREACH_CURSOR(c, ms, m)
		if (!cursor_is_consistent(c) ||
		    (c->replay != NULL && !replay_restore(c)))
			return false;
	return true;
}

bool
member_load(struct chat *chat, struct fields_in *in, const struct tlv *item,
    const struct dialect *(*find_dialect)(const char *name))
{
	static const struct credential none;
	struct member *m = member_alloc(chat);
	struct member_names names;
	struct membership *ms;
	bool is_good;

	memset(&names, 0, sizeof(names));
	in->arg = chat;
	is_good = fields_get(in, &names_fields, item, &names) &&
	    fields_get(in, &member_fields, item, m) &&
	    member_take_clients(m, &names, find_dialect);
	if (m->more != NULL)
		m->more->member = m;
	/* Older programs have no identity apart from the origin. */
	if (credential_cmp(&m->address, &none) == 0)
		m->address = m->credential;
	if (credential_cmp(&m->client.address, &none) == 0)
		m->client.address = m->address;
	if (m->client.device == 0)
		m->client.device = device_of(NULL, &m->client.address);
	names_clear(&names);
	if (in->error != NULL || !is_good || !member_is_consistent(m) ||
	    !directory_restore(&chat->directory, m, names.nick)) {
		member_unmake(m);
		return fields_fail(in, "a member is not consistent");
	}
	if (m->is_lost) {
		TAILQ_INSERT_TAIL(&chat->lost, m, in_lost);
		chat->lost_count++;
	}
	member_update_ignorer(m);
	typed_secret_resume(m);
	SLIST_FOREACH(ms, &m->memberships, in_member)
		membership_enter(ms);
	return true;
}

/* The client of that number that waits for its session; or NULL. */
static struct client *
member_awaited(const struct member *m, uint8_t number)
{
	struct client *client = member_client_numbered(m, number);

	return client != NULL && client->ops == NULL && !m->is_lost ? client :
								      NULL;
}

bool
member_awaits(const struct member *m, uint8_t number)
{
	return member_awaited(m, number) != NULL;
}

void
member_attach(struct member *m, uint8_t number, const struct client_ops *ops,
    void *session, void *sink)
{
	struct client *client = member_awaited(m, number);

	assert(client != NULL);
	client->ops = ops;
	client->session = session;
	client->sink = sink;
}

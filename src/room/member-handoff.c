/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Members on their way from one program to the next. Whoever was live is so
 * again, at the room's head: before a save all that was said has been handed
 * out. For others the cursor is a number, which is looked for in the ring.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/handoff.h"
#include "base/tlv.h"
#include "room/chat-rooms.h"
#include "room/cursor.h"
#include "room/deliver.h"
#include "room/directory.h"
#include "room/member.h"
#include "room/person.h"
#include "room/replay.h"
#include "room/room.h"

/* These numbers are in blobs: never change or reuse one. */
enum {
	MEMBER_TAG_ID = 1,
	MEMBER_TAG_NICK = 2,
	MEMBER_TAG_CREDENTIAL = 3,
	MEMBER_TAG_DIALECT = 4,
	MEMBER_TAG_IS_GUEST = 5,
	MEMBER_TAG_IS_ON_BREAK = 6,
	MEMBER_TAG_IS_LOST = 7,
	MEMBER_TAG_IS_KNOWN = 8,
	MEMBER_TAG_BREAK_TEXT = 9,
	MEMBER_TAG_BREAK_SINCE = 10,
	MEMBER_TAG_LOST_SINCE = 11,
	MEMBER_TAG_ACTIVE = 12,
	MEMBER_TAG_ANNOUNCE_LEVEL = 13,
	MEMBER_TAG_ANNOUNCE_AT = 14,
	MEMBER_TAG_PERSON = 15,
	MEMBER_TAG_HANDED = 16,
	MEMBER_TAG_MEMBERSHIP = 17,
	MEMBER_TAG_WAS_TOLD_REPEATS = 18,
	MEMBER_TAG_MARK_HANDED = 19,
	MEMBER_TAG_HAS_KEPT_HANDED = 20,
	MEMBER_TAG_USER = 21,
	MEMBER_TAG_REALNAME = 22,
	MEMBER_TAG_FLAGS = 23,
	MEMBER_TAG_IS_AWAY = 24,
	MEMBER_TAG_IS_BREAK_TOLD = 25
};
enum {
	MEMBERSHIP_TAG_ROOM = 1,
	MEMBERSHIP_TAG_STATE = 2,
	MEMBERSHIP_TAG_NUMBER = 3,
	MEMBERSHIP_TAG_OWN_FROM = 4,
	MEMBERSHIP_TAG_REPEAT_UNTIL = 5,
	MEMBERSHIP_TAG_TOLD_FROM = 6,
	MEMBERSHIP_TAG_GUEST_FROM = 7,
	MEMBERSHIP_TAG_GUEST_UNTIL = 8,
	MEMBERSHIP_TAG_IS_ANNOUNCED = 9,
	MEMBERSHIP_TAG_TAKES_PLACE = 10,
	MEMBERSHIP_TAG_REPLAY = 11,
	MEMBERSHIP_TAG_GAP_FROM = 12,
	MEMBERSHIP_TAG_GAP_UNTIL = 13,
	MEMBERSHIP_TAG_SURE = 14,
	MEMBERSHIP_TAG_MARK = 15,
	MEMBERSHIP_TAG_KEPT_SURE = 16,
	MEMBERSHIP_TAG_IS_KEPT_LIVE = 17,
	MEMBERSHIP_TAG_IS_OP = 18,
	MEMBERSHIP_TAG_IS_VOICED = 19,
	MEMBERSHIP_TAG_IS_JOINED = 20,
	MEMBERSHIP_TAG_NEEDS_NAMES = 21,
	MEMBERSHIP_TAG_ARRIVAL = 22
};
enum membership_state {
	MEMBERSHIP_PAUSED,
	MEMBERSHIP_IN_STEP,
	MEMBERSHIP_PUMPED,
	MEMBERSHIP_BLOCKED,
	MEMBERSHIP_STATES
};

#define MEMBER_DIALECT_SIZE 64

static const struct handoff_field member_fields[] = {
	HANDOFF_UINT(MEMBER_TAG_ID, struct member, id, UINT64_MAX),
	HANDOFF_BOOL(MEMBER_TAG_IS_GUEST, struct member, is_guest),
	HANDOFF_BOOL(MEMBER_TAG_IS_ON_BREAK, struct member, is_on_break),
	HANDOFF_BOOL(MEMBER_TAG_IS_AWAY, struct member, is_away),
	HANDOFF_BOOL(MEMBER_TAG_IS_BREAK_TOLD, struct member, is_break_told),
	HANDOFF_BOOL(MEMBER_TAG_IS_LOST, struct member, is_lost),
	HANDOFF_UINT(MEMBER_TAG_FLAGS, struct member, flags, MEMBER_FLAGS),
	HANDOFF_BOOL(MEMBER_TAG_IS_KNOWN, struct member, is_known),
	HANDOFF_BOOL(MEMBER_TAG_WAS_TOLD_REPEATS, struct member,
	    client.was_told_repeats),
	HANDOFF_UINT(MEMBER_TAG_MARK_HANDED, struct member,
	    client.checkpoint_handed, UINT64_MAX),
	HANDOFF_BOOL(MEMBER_TAG_HAS_KEPT_HANDED, struct member,
	    client.has_queued_handed),
	HANDOFF_INT(MEMBER_TAG_BREAK_SINCE, struct member, break_since_ms),
	HANDOFF_INT(MEMBER_TAG_LOST_SINCE, struct member, lost_since_ms),
	HANDOFF_INT(MEMBER_TAG_ACTIVE, struct member, active_ms),
	HANDOFF_INT(MEMBER_TAG_ANNOUNCE_LEVEL, struct member, announce.level),
	HANDOFF_INT(MEMBER_TAG_ANNOUNCE_AT, struct member, announce.at_ms),
};

static const struct handoff_field membership_fields[] = {
	HANDOFF_UINT(MEMBERSHIP_TAG_NUMBER, struct membership, cursor.at.number,
	    UINT64_MAX),
	HANDOFF_UINT(MEMBERSHIP_TAG_OWN_FROM, struct membership,
	    cursor.own_from, UINT64_MAX),
	HANDOFF_UINT(MEMBERSHIP_TAG_REPEAT_UNTIL, struct membership,
	    cursor.repeat_until, UINT64_MAX),
	HANDOFF_UINT(MEMBERSHIP_TAG_TOLD_FROM, struct membership,
	    cursor.shown.from, UINT64_MAX),
	HANDOFF_UINT(MEMBERSHIP_TAG_GUEST_FROM, struct membership,
	    cursor.shown.guest_from, UINT64_MAX),
	HANDOFF_UINT(MEMBERSHIP_TAG_GUEST_UNTIL, struct membership,
	    cursor.shown.guest_until, UINT64_MAX),
	HANDOFF_UINT(MEMBERSHIP_TAG_GAP_FROM, struct membership,
	    cursor.shown.gap_from, UINT64_MAX),
	HANDOFF_UINT(MEMBERSHIP_TAG_GAP_UNTIL, struct membership,
	    cursor.shown.gap_until, UINT64_MAX),
	HANDOFF_UINT(MEMBERSHIP_TAG_SURE, struct membership,
	    cursor.acked.number, UINT64_MAX),
	HANDOFF_UINT(MEMBERSHIP_TAG_MARK, struct membership, cursor.acked.mark,
	    UINT64_MAX),
	HANDOFF_UINT(MEMBERSHIP_TAG_KEPT_SURE, struct membership,
	    cursor.acked.persisted, UINT64_MAX),
	HANDOFF_BOOL(MEMBERSHIP_TAG_IS_KEPT_LIVE, struct membership,
	    cursor.acked.is_persisted_live),
	HANDOFF_BOOL(MEMBERSHIP_TAG_IS_ANNOUNCED, struct membership,
	    is_announced),
	HANDOFF_BOOL(MEMBERSHIP_TAG_IS_OP, struct membership, is_op),
	HANDOFF_BOOL(MEMBERSHIP_TAG_IS_VOICED, struct membership, is_voiced),
	HANDOFF_BOOL(MEMBERSHIP_TAG_TAKES_PLACE, struct membership,
	    takes_place),
	HANDOFF_BOOL(MEMBERSHIP_TAG_IS_JOINED, struct membership, is_joined),
	HANDOFF_BOOL(MEMBERSHIP_TAG_NEEDS_NAMES, struct membership,
	    cursor.tracking.needs_names),
	HANDOFF_UINT(MEMBERSHIP_TAG_ARRIVAL, struct membership,
	    cursor.tracking.arrival, UINT64_MAX - 1),
};

/* Writing */

static enum membership_state
membership_state(const struct membership *ms)
{
	const struct cursor *c = &ms->cursor;

	if (cursor_is_live(c))
		return MEMBERSHIP_IN_STEP;
	if (c->delivery.is_pumped)
		return MEMBERSHIP_PUMPED;
	return c->delivery.is_blocked ? MEMBERSHIP_BLOCKED : MEMBERSHIP_PAUSED;
}

static void
membership_save(const struct membership *ms, struct fields_out *out)
{
	struct buf *data = &out->data;
	struct membership now = *ms;
	size_t mark = tlv_open(data, MEMBER_TAG_MEMBERSHIP), replay;

	now.cursor.at = cursor_where(&ms->cursor);
	tlv_put_str(data, MEMBERSHIP_TAG_ROOM, ms->room->name);
	tlv_put_u64(data, MEMBERSHIP_TAG_STATE, membership_state(ms));
	handoff_put(data, membership_fields, NITEMS(membership_fields), &now);
	if (ms->cursor.replay != NULL) {
		replay = tlv_open(data, MEMBERSHIP_TAG_REPLAY);
		replay_save(&ms->cursor, out);
		tlv_close(data, replay);
	}
	tlv_close(data, mark);
}

void
member_save(const struct member *m, struct fields_out *out)
{
	struct buf *data = &out->data;
	const struct membership *ms;
	const struct queued_message *k;
	size_t mark = tlv_open(data, HANDOFF_MEMBER), person;

	tlv_put_str(data, MEMBER_TAG_NICK, m->nick);
	handoff_put_credential(data, MEMBER_TAG_CREDENTIAL, &m->credential);
	tlv_put_str(data, MEMBER_TAG_DIALECT, m->client.dialect->name);
	handoff_put(data, member_fields, NITEMS(member_fields), m);
	if (m->break_text != NULL)
		tlv_put_str(data, MEMBER_TAG_BREAK_TEXT, m->break_text);
	if (m->user != NULL)
		tlv_put_str(data, MEMBER_TAG_USER, m->user);
	if (m->realname != NULL)
		tlv_put_str(data, MEMBER_TAG_REALNAME, m->realname);
	if (!person_is_empty(&m->person)) {
		person = tlv_open(data, MEMBER_TAG_PERSON);
		person_save(&m->person, out);
		tlv_close(data, person);
	}
	TAILQ_FOREACH(k, &m->client.handed, entry)
		queued_message_save(k, out, MEMBER_TAG_HANDED);
	LIST_FOREACH(ms, &m->memberships, in_member)
		membership_save(ms, out);
	tlv_close(data, mark);
}

/* Reading */

static bool
membership_get(struct membership *ms, enum membership_state *state,
    struct tlv *replay, struct chat *chat, const struct tlv *outer)
{
	struct tlv_reader r;
	struct tlv item;
	char name[ROOM_NAME_SIZE];
	uint64_t u;

	tlv_enter(outer, &r);
	while (tlv_next(&r, &item))
		switch (item.tag) {
		case MEMBERSHIP_TAG_ROOM:
			if (!tlv_get_str(&item, name, sizeof(name)))
				return false;
			ms->room = chat_find_room(chat, name);
			break;
		case MEMBERSHIP_TAG_STATE:
			if (!tlv_get_u64(&item, MEMBERSHIP_STATES - 1, &u))
				return false;
			*state = (enum membership_state)u;
			break;
		case MEMBERSHIP_TAG_REPLAY:
			*replay = item;
			break;
		default:
			if (!handoff_get(&item, membership_fields,
				NITEMS(membership_fields), ms))
				return false;
			break;
		}
	return !r.is_bad && ms->room != NULL;
}

/* What would be nobody's turn, or would never go on. */
static bool
membership_is_consistent(const struct membership *ms, const struct member *m,
    enum membership_state state, bool has_replay)
{
	const struct history *h = &ms->room->history;

	if (member_in(m, ms->room) != NULL ||
	    ms->cursor.at.number > h->next_number ||
	    ms->cursor.own_from > h->next_number ||
	    ms->cursor.acked.number > h->next_number ||
	    ms->cursor.acked.mark > h->next_number ||
	    ms->cursor.acked.persisted > h->next_number)
		return false;
	switch (state) {
	case MEMBERSHIP_PAUSED:
		return !has_replay && (m->is_on_break || m->is_lost);
	case MEMBERSHIP_IN_STEP:
		return !has_replay && !m->is_on_break && !m->is_lost &&
		    TAILQ_EMPTY(&m->person.queued);
	case MEMBERSHIP_PUMPED:
	case MEMBERSHIP_BLOCKED:
		return !m->is_lost;
	case MEMBERSHIP_STATES:
		break;
	}
	return false;
}

/* *last: behind which it is put, so that they stay in their order. */
static bool
membership_load(struct member *m, struct membership **last,
    struct fields_in *in, const struct tlv *outer)
{
	struct membership got, *ms;
	struct cursor *c;
	enum membership_state state = MEMBERSHIP_PAUSED;
	struct tlv replay = { .data = NULL };

	memset(&got, 0, sizeof(got));
	if (!membership_get(&got, &state, &replay, m->chat, outer) ||
	    !membership_is_consistent(&got, m, state, replay.data != NULL))
		return fields_fail(in,
		    "somebody's place in a room is not "
		    "consistent");
	ms = xcalloc(1, sizeof(*ms));
	*ms = got;
	ms->member = m;
	/* A program that knew no dialects that track members did not say so. */
	ms->is_joined |= ms->is_announced;
	if (*last == NULL)
		LIST_INSERT_HEAD(&m->memberships, ms, in_member);
	else
		LIST_INSERT_AFTER(*last, ms, in_member);
	*last = ms;
	room_add_person(ms);
	c = membership_cursor(ms);
	cursor_move(c, history_find(&ms->room->history, got.cursor.at.number));
	if (replay.data != NULL && !replay_load(c, in, &replay))
		return false;
	if (state == MEMBERSHIP_BLOCKED)
		c->delivery.is_blocked = true;
	else if (state == MEMBERSHIP_PUMPED)
		deliver_pump_later(c);
	else if (state == MEMBERSHIP_IN_STEP)
		c->delivery.is_resuming = true;
	return true;
}

static bool
member_load_handed(struct member *m, const struct tlv *item)
{
	struct queued_message *k = queued_message_load(item);

	if (k == NULL)
		return false;
	TAILQ_INSERT_TAIL(&m->client.handed, k, entry);
	m->client.handed_count++;
	return true;
}

static bool
member_get_text(const struct tlv *item, size_t max, char **text)
{
	if (item->len > max || memchr(item->data, '\0', item->len) != NULL)
		return false;
	free(*text);
	*text = xstrndup((const char *)item->data, item->len);
	return true;
}

/* All but the nick and the memberships, which come after it. */
static bool
member_get(struct member *m, char nick[NICK_SIZE], struct fields_in *in,
    const struct tlv *item,
    const struct dialect *(*find_dialect)(const char *name))
{
	char dialect[MEMBER_DIALECT_SIZE];

	switch (item->tag) {
	case MEMBER_TAG_NICK:
		return person_get_nick(item, nick);
	case MEMBER_TAG_CREDENTIAL:
		return handoff_get_credential(item, &m->credential);
	case MEMBER_TAG_DIALECT:
		if (!tlv_get_str(item, dialect, sizeof(dialect)))
			return false;
		m->client.dialect = find_dialect(dialect);
		return m->client.dialect != NULL;
	case MEMBER_TAG_BREAK_TEXT:
		return member_get_text(item, HISTORY_TEXT_MAX, &m->break_text);
	case MEMBER_TAG_USER:
		return member_get_text(item, MEMBER_USER_MAX, &m->user);
	case MEMBER_TAG_REALNAME:
		return member_get_text(item, MEMBER_REALNAME_MAX, &m->realname);
	case MEMBER_TAG_PERSON:
		return person_is_empty(&m->person) &&
		    person_load(m->chat, &m->person, in, item);
	case MEMBER_TAG_HANDED:
		return m->client.handed_count < QUEUED_MAX &&
		    member_load_handed(m, item);
	default:
		return handoff_get(item, member_fields, NITEMS(member_fields),
		    m);
	}
}

static bool
member_load_memberships(struct member *m, struct fields_in *in,
    const struct tlv *outer)
{
	struct membership *last = NULL;
	struct tlv_reader r;
	struct tlv item;

	tlv_enter(outer, &r);
	while (tlv_next(&r, &item))
		if (item.tag == MEMBER_TAG_MEMBERSHIP &&
		    !membership_load(m, &last, in, &item))
			return false;
	return true;
}

static struct member *
member_make(struct chat *chat)
{
	struct member *m = xcalloc(1, sizeof(*m));

	m->chat = chat;
	member_init_client(m);
	LIST_INIT(&m->memberships);
	person_init(&m->person);
	m->person.owner = PERSON_OF_MEMBER;
	return m;
}

/* It is in no tree and no room yet. */
static void
member_unmake(struct member *m)
{
	struct queued_message *k;

	while ((k = TAILQ_FIRST(&m->client.handed)) != NULL) {
		TAILQ_REMOVE(&m->client.handed, k, entry);
		free(k);
	}
	person_clear(m->chat, &m->person);
	free(m->break_text);
	free(m->user);
	free(m->realname);
	free(m);
}

bool
member_load(struct chat *chat, struct fields_in *in, const struct tlv *outer,
    const struct dialect *(*find_dialect)(const char *name))
{
	struct member *m = member_make(chat);
	struct tlv_reader r;
	struct tlv item;
	char nick[NICK_SIZE] = "";
	bool is_good = true;

	tlv_enter(outer, &r);
	while (is_good && tlv_next(&r, &item))
		is_good = member_get(m, nick, in, &item, find_dialect);
	if (!is_good || r.is_bad || m->client.dialect == NULL ||
	    nick[0] == '\0' || m->id == 0 || m->id > chat->directory.last_id ||
	    (m->is_away && (m->is_on_break || m->is_lost)) ||
	    !directory_restore(&chat->directory, m, nick)) {
		member_unmake(m);
		return fields_fail(in, "a member is not consistent");
	}
	if (m->is_lost) {
		TAILQ_INSERT_TAIL(&chat->lost, m, in_lost);
		chat->lost_count++;
	}
	member_update_ignorer(m);
	return member_load_memberships(m, in, outer);
}

void
member_attach(struct member *m, const struct client_ops *ops, void *session,
    void *sink)
{
	m->client.ops = ops;
	m->client.session = session;
	m->client.sink = sink;
}

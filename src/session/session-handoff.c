/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Sessions on their way from one program to the next: a connection each, and by
 * its nick the member that it speaks for, if they have not left.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/handoff.h"
#include "base/tlv.h"
#include "session/protocol.h"
#include "session/session-impl.h"

/* These numbers are in blobs: never change or reuse one. */
enum {
	SESSION_TAG_PROTOCOL = 1,
	SESSION_TAG_MEMBER = 2,
	SESSION_TAG_CREDENTIAL = 3,
	SESSION_TAG_CONN = 4,
	SESSION_TAG_LEVEL = 5,
	SESSION_TAG_LEVEL_AT = 6,
	SESSION_TAG_THROTTLE = 7,
	SESSION_TAG_IS_EOF = 10,
	SESSION_TAG_STATE = 11,
	SESSION_TAG_HAS_LEFT = 12,
	SESSION_TAG_SINCE = 13
};
enum {
	SESSIONS_TAG_IS_LOCKED = 1,
	SESSIONS_TAG_THROTTLED = 2,
	SESSIONS_TAG_STARTED = 3,
	SESSIONS_TAG_REFUSED = 16 /* and the following, for each reason */
};

#define SESSION_PROTOCOL_SIZE 64

static const struct handoff_field session_fields[] = {
	HANDOFF_INT(SESSION_TAG_LEVEL, struct session, lines.level),
	HANDOFF_INT(SESSION_TAG_LEVEL_AT, struct session, lines.at_ms),
	HANDOFF_BOOL(SESSION_TAG_IS_EOF, struct session, is_eof),
	HANDOFF_BOOL(SESSION_TAG_HAS_LEFT, struct session, has_left),
	HANDOFF_INT(SESSION_TAG_SINCE, struct session, since_ms),
};

static const struct handoff_field sessions_fields[] = {
	HANDOFF_BOOL(SESSIONS_TAG_IS_LOCKED, struct sessions, is_locked),
	HANDOFF_UINT(SESSIONS_TAG_THROTTLED, struct sessions, throttled,
	    UINT64_MAX),
	HANDOFF_INT(SESSIONS_TAG_STARTED, struct sessions, started_ms),
};

/* Writing */

static void
session_save(const struct session *s, struct fields_out *out)
{
	struct buf *data = &out->data;
	size_t mark = tlv_open(data, HANDOFF_SESSION), conn, state;

	tlv_put_str(data, SESSION_TAG_PROTOCOL, s->protocol->name);
	if (s->member != NULL)
		tlv_put_str(data, SESSION_TAG_MEMBER, s->member->nick);
	handoff_put_credential(data, SESSION_TAG_CREDENTIAL,
	    &s->origin->credential);
	handoff_put(data, session_fields, NITEMS(session_fields), s);
	if (s->throttle != NULL)
		tlv_put_i64(data, SESSION_TAG_THROTTLE, s->throttle->at_ms);
	conn = tlv_open(data, SESSION_TAG_CONN);
	conn_save(s->conn, out);
	tlv_close(data, conn);
	if (s->protocol->save != NULL && s->state != NULL) {
		state = tlv_open(data, SESSION_TAG_STATE);
		s->protocol->save(s, data);
		tlv_close(data, state);
	}
	tlv_close(data, mark);
}

void
sessions_save(const struct sessions *all, struct fields_out *out)
{
	const struct session *s;
	size_t mark = tlv_open(&out->data, HANDOFF_SESSIONS);
	uint16_t i;

	handoff_put(&out->data, sessions_fields, NITEMS(sessions_fields), all);
	for (i = 0; i < SESSION_REFUSALS; i++)
		if (all->refused[i] > 0)
			tlv_put_u64(&out->data, SESSIONS_TAG_REFUSED + i,
			    all->refused[i]);
	tlv_close(&out->data, mark);
	bans_save(&all->bans, out);
	TAILQ_FOREACH(s, &all->list, entry)
		session_save(s, out);
}

/* Reading */

struct session_parts {
	struct session s; /* only what session_fields has */
	const struct protocol *protocol;
	struct member *member;
	struct credential credential;
	struct tlv conn, state;
	int64_t throttle_ms;
	bool has_credential, has_throttle;
};

static bool
session_get(struct session_parts *p, struct sessions *all,
    const struct tlv *item)
{
	char name[SESSION_PROTOCOL_SIZE];

	switch (item->tag) {
	case SESSION_TAG_PROTOCOL:
		if (!tlv_get_str(item, name, sizeof(name)))
			return false;
		p->protocol = protocol_find(name);
		return p->protocol != NULL;
	case SESSION_TAG_MEMBER:
		if (!tlv_get_str(item, name, sizeof(name)))
			return false;
		p->member = directory_find(&all->chat->directory, name);
		/* Each has one connection. */
		return p->member != NULL && p->member->ops == NULL &&
		    !p->member->is_lost;
	case SESSION_TAG_CREDENTIAL:
		p->has_credential = true;
		return handoff_get_credential(item, &p->credential);
	case SESSION_TAG_CONN:
		p->conn = *item;
		return true;
	case SESSION_TAG_STATE:
		p->state = *item;
		return true;
	case SESSION_TAG_THROTTLE:
		p->has_throttle = true;
		return tlv_get_i64(item, &p->throttle_ms);
	default:
		return handoff_get(item, session_fields, NITEMS(session_fields),
		    &p->s);
	}
}

static bool
session_make(struct sessions *all, struct fields_in *in,
    const struct session_parts *p)
{
	struct session *s = xcalloc(1, sizeof(*s));

	s->all = all;
	s->protocol = p->protocol;
	s->lines = p->s.lines;
	s->is_eof = p->s.is_eof;
	s->conn = conn_load(all->net, in, &p->conn, &session_conn_handler, s);
	if (s->conn == NULL) {
		free(s);
		return false;
	}
	if (p->has_throttle)
		session_throttle_until(s, p->throttle_ms);
	s->origin = session_origin_get(all, &p->credential);
	s->origin->count++;
	TAILQ_INSERT_TAIL(&all->list, s, entry);
	all->count++;
	s->member = p->member;
	s->has_left = p->s.has_left;
	s->has_entered = s->member != NULL || s->has_left;
	if (!s->has_entered)
		all->unentered_count++;
	s->since_ms = p->s.since_ms;
	if (s->member != NULL)
		member_attach(s->member, &session_member_ops, s, s->conn);
	if (s->protocol->load == NULL || s->protocol->load(s, &p->state))
		return true;
	return fields_fail(in,
	    "what a session's protocol knows is not "
	    "consistent");
}

static bool
session_load(struct sessions *all, struct fields_in *in,
    const struct tlv *outer)
{
	struct session_parts p;
	struct tlv_reader r;
	struct tlv item;
	bool is_good = true;

	memset(&p, 0, sizeof(p));
	tlv_enter(outer, &r);
	while (is_good && tlv_next(&r, &item))
		is_good = session_get(&p, all, &item);
	if (!is_good || r.is_bad || p.protocol == NULL || !p.has_credential ||
	    p.conn.data == NULL)
		return fields_fail(in, "a session is not consistent");
	return session_make(all, in, &p);
}

static bool
sessions_load_all(struct sessions *all, struct fields_in *in,
    const struct tlv *outer)
{
	struct tlv_reader r;
	struct tlv item;
	bool is_good = true;

	tlv_enter(outer, &r);
	while (is_good && tlv_next(&r, &item))
		if (item.tag >= SESSIONS_TAG_REFUSED &&
		    item.tag < SESSIONS_TAG_REFUSED + SESSION_REFUSALS)
			is_good = tlv_get_u64(&item, UINT64_MAX,
			    &all->refused[item.tag - SESSIONS_TAG_REFUSED]);
		else
			is_good = handoff_get(&item, sessions_fields,
			    NITEMS(sessions_fields), all);
	if (is_good && !r.is_bad)
		return true;
	return fields_fail(in, "the counters are malformed");
}

bool
sessions_load(struct sessions *all, struct fields_in *in,
    const struct tlv *item)
{
	switch (item->tag) {
	case HANDOFF_SESSIONS:
		return sessions_load_all(all, in, item);
	case HANDOFF_BAN:
		return bans_load(&all->bans, in, item) != NULL;
	case HANDOFF_SESSION:
		return session_load(all, in, item);
	default:
		return true;
	}
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Sessions on their way from one program to the next: each is a connection and,
 * by nick, the member that it speaks for, unless they have left.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "base/handoff.h"
#include "room/directory.h"
#include "room/member.h"
#include "session/protocol.h"
#include "session/session-impl.h"

/* A session as it is written down; conn and state are read only. */
struct session_record {
	const struct session *session; /* that is written */
	char protocol[64];
	char member[NICK_SIZE]; /* "": none */
	char probe[NICK_SIZE]; /* "": none */
	struct credential credential;
	struct bucket lines;
	int64_t since_ms;
	int64_t throttle_ms;
	int64_t turn_ms;
	bool is_throttled, is_eof, has_left, has_spoken, is_sniffed, knows_utf8;
	bool awaits_tls; /* before the protocol */
	bool was_told_wait, began_too_long, is_behind_tls;
	bool is_shared; /* counted as the account's: admit_share() */
	uint8_t client; /* its number */
	struct tlv conn, state, login;
	uint64_t account;
	uint64_t device; /* before they have come in */
};

static void
session_put_conn(struct fields_out *out, const struct field *f,
    const void *base)
{
	const struct session_record *r = base;
	size_t mark = tlv_open(&out->data, f->tag);

	conn_save(r->session->conn, out);
	tlv_close(&out->data, mark);
}

static void
session_put_state(struct fields_out *out, const struct field *f,
    const void *base)
{
	const struct session *s =
	    ((const struct session_record *)base)->session;
	size_t mark;

	if (s->protocol->save == NULL || s->state == NULL)
		return;
	mark = tlv_open(&out->data, f->tag);
	s->protocol->save(s, out);
	tlv_close(&out->data, mark);
}

static void
session_put_login(struct fields_out *out, const struct field *f,
    const void *base)
{
	const struct session_record *r = base;

	session_login_save(r->session, out, f->tag);
}

static const struct field session_list[] = {
	{ FIELD_STRING(1, struct session_record, protocol), .is_needed = true },
	{ FIELD_STRING(2, struct session_record, member) },
	{ FIELD_ORIGIN(3, struct session_record, credential),
	    .is_needed = true },
	{ FIELD_INT(4, struct session_record, lines.level) },
	{ FIELD_INT(5, struct session_record, lines.at_ms) },
	{ FIELD_INT(6, struct session_record, since_ms) },
	{ FIELD_INT(7, struct session_record, throttle_ms) },
	{ FIELD_BOOL(8, struct session_record, is_throttled) },
	{ FIELD_BOOL(9, struct session_record, is_eof) },
	{ FIELD_BOOL(10, struct session_record, has_left) },
	{ FIELD_ITEM(11, struct session_record, conn, session_put_conn),
	    .is_needed = true },
	{ FIELD_ITEM(12, struct session_record, state, session_put_state) },
	{ FIELD_BOOL(13, struct session_record, has_spoken) },
	{ FIELD_BOOL(14, struct session_record, is_sniffed) },
	{ FIELD_BOOL(15, struct session_record, knows_utf8) },
	{ FIELD_ITEM(16, struct session_record, login, session_put_login) },
	{ FIELD_UINT(17, struct session_record, account) },
	{ FIELD_STRING(18, struct session_record, probe) },
	{ FIELD_BOOL(19, struct session_record, awaits_tls) },
	{ FIELD_INT(20, struct session_record, turn_ms) },
	{ FIELD_BOOL(21, struct session_record, was_told_wait) },
	{ FIELD_BOOL(22, struct session_record, is_shared) },
	{ FIELD_BOOL(23, struct session_record, began_too_long) },
	{ FIELD_BOOL(24, struct session_record, is_behind_tls) },
	{ FIELD_UINT(25, struct session_record, client) },
	{ FIELD_UINT(26, struct session_record, device) },
};
static const struct fields session_fields = { FIELDS("a session",
    struct session_record, session_list) };

static const struct field sessions_list[] = {
	{ FIELD_BOOL(1, struct sessions, admission.is_locked) },
	{ FIELD_UINT(2, struct sessions, throttled) },
	{ FIELD_INT(3, struct sessions, started_ms) },
	{ FIELD_NUMBERS(4, struct sessions, admission.refused) },
	{ FIELD_UINT(5, struct sessions, origin_throttled) },
	{ FIELD_UINT(6, struct sessions, room_throttled) },
	{ FIELD_UINT(7, struct sessions, banned_ended) },
};
static const struct fields sessions_fields = { FIELDS("the sessions",
    struct sessions, sessions_list) };

/* Writing */

static void
session_save(const struct session *s, struct fields_out *out)
{
	struct session_record r = {
		.session = s,
		.credential = s->address,
		.lines = s->lines,
		.since_ms = s->since_ms,
		.throttle_ms = s->throttle == NULL ? 0 : s->throttle->at_ms,
		.is_throttled = s->throttle != NULL,
		.is_eof = s->is_eof,
		.has_left = s->has_left,
		.account = s->account,
		.device = s->has_entered ? 0 : s->device,
		.turn_ms = s->turn_ms,
		.was_told_wait = s->was_told_wait,
		.has_spoken = s->has_spoken,
		.began_too_long = s->began_too_long,
		.is_behind_tls = s->is_behind_tls,
		.is_sniffed = s->is_sniffed,
		.knows_utf8 = s->knows_utf8,
		.awaits_tls = s->protocol == &protocol_tls,
		.is_shared = s->origin->credential.kind == CREDENTIAL_ACCOUNT,
	};

	(void)strlcpy(r.probe, session_probe_nick(s), sizeof(r.probe));
	(void)strlcpy(r.protocol, session_protocol(s)->name,
	    sizeof(r.protocol));
	if (s->member != NULL) {
		memcpy(r.member, s->member->nick, sizeof(r.member));
		r.client = session_client(s)->number;
	}
	fields_put_item(out, HANDOFF_SESSION, &session_fields, &r);
}

void
sessions_save(const struct sessions *all, struct fields_out *out)
{
	const struct session *s;

	fields_put_item(out, HANDOFF_SESSIONS, &sessions_fields, all);
	bans_save(&all->chat->bans, out);
	/* Others in the midst of a handshake have to come again. */
	TAILQ_FOREACH(s, &all->list, entry)
		if (conn_can_be_saved(s->conn))
			session_save(s, out);
}

/* Reading */

/* What is read refers to others by their names. */
static bool
session_resolve(struct sessions *all, const struct session_record *r,
    struct session *s)
{
	s->protocol = protocol_find(r->protocol);
	if (r->member[0] == '\0')
		return s->protocol != NULL;
	s->member = directory_find(&all->chat->directory, r->member);
	/* Each client has one connection. */
	return s->protocol != NULL && s->member != NULL &&
	    member_awaits(s->member, r->client);
}

static bool
session_load(struct sessions *all, struct fields_in *in, const struct tlv *item)
{
	struct session_record r;
	struct session *s;

	memset(&r, 0, sizeof(r));
	if (!fields_get(in, &session_fields, item, &r))
		return false;
	s = xcalloc(1, sizeof(*s));
	if (!session_resolve(all, &r, s)) {
		free(s);
		return fields_fail(in,
		    "a session's member or protocol is not there");
	}
	s->conn = conn_load(all->net, in, &r.conn, &session_conn_handler, s);
	if (s->conn != NULL && conn_is_shaking_hands(s->conn) &&
	    !r.awaits_tls) {
		conn_free(s->conn);
		s->conn = NULL;
		(void)fields_fail(in, "a session does not await its TLS");
	}
	if (s->conn == NULL) {
		free(s);
		return false;
	}
	s->all = all;
	s->lines = r.lines;
	s->is_eof = r.is_eof;
	s->since_ms = r.since_ms;
	s->has_left = r.has_left;
	s->has_spoken = r.has_spoken;
	s->began_too_long = r.began_too_long;
	s->is_behind_tls = r.is_behind_tls;
	s->is_sniffed = r.is_sniffed;
	s->knows_utf8 = r.knows_utf8;
	s->turn_ms = r.turn_ms;
	s->was_told_wait = r.was_told_wait;
	s->has_entered = s->member != NULL || s->has_left;
	if (!s->has_entered) {
		all->unentered_count++;
		s->device = r.device;
	}
	if (r.is_throttled)
		session_throttle_until(s, r.throttle_ms);
	s->address = r.credential;
	s->account = r.account;
	s->origin = admit_add(&all->admission, &s->address);
	if (r.is_shared && r.account != 0)
		s->origin = admit_share(&all->admission, s->origin, r.account,
		    true);
	TAILQ_INSERT_TAIL(&all->list, s, entry);
	if (s->member != NULL)
		member_attach(s->member, r.client, &session_client_ops, s,
		    s->conn);
	if (r.login.data != NULL && !session_login_load(s, in, &r.login))
		return false;
	if (r.awaits_tls) {
		session_await_tls(s, s->protocol);
		return s->member == NULL;
	}
	if (r.probe[0] != '\0' && s->protocol->take_nick != NULL)
		session_probe_resume(s, r.probe);
	return s->protocol->load == NULL || s->protocol->load(s, in, &r.state);
}

bool
sessions_load(struct sessions *all, struct fields_in *in,
    const struct tlv *item)
{
	switch (item->tag) {
	case HANDOFF_SESSIONS:
		return fields_get(in, &sessions_fields, item, all);
	case HANDOFF_BAN:
		return bans_load(&all->chat->bans, in, item) != NULL;
	case HANDOFF_SESSION:
		return session_load(all, in, item);
	default:
		return true;
	}
}

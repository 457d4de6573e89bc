/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The verb who. The list is made in pieces, by nick; somebody who comes, goes
 * or is renamed in between may be missed or listed twice.
 */
#include "config.h"

#include <string.h>

#include "admin/admin.h"
#include "admin/member-stats.h"
#include "admin/verb.h"
#include "base/clock.h"
#include "base/nick.h"
#include "net/conn.h"
#include "room/client.h"
#include "room/directory.h"
#include "session/protocol.h"

#define WHO_PIECE 8192 /* bytes of out */

struct who {
	char room[ROOM_NAME_SIZE]; /* "": all */
	char last[NICK_SIZE]; /* folded: the last one listed */
};

static bool
who_is_in(const struct member *m, const char *room)
{
	const struct membership *ms;

	if (room[0] == '\0')
		return true;
	SLIST_FOREACH(ms, &m->memberships, in_member)
		if (strcmp(ms->room->name, room) == 0)
			return true;
	return false;
}

/* Their session; NULL if the connection is lost. */
static const struct session *
who_session(const struct member *m)
{
	return m->is_lost ? NULL : member_session(m);
}

/* If there are several. */
static void
who_add_sessions(struct json *j, const struct member *m)
{
	const struct client *client;
	const struct session *s;
	char from[CREDENTIAL_STR_SIZE];

	if (clients_count(m) < 2)
		return;
	json_array_open(j, "sessions");
	SLIST_FOREACH(client, &m->clients, in_member) {
		s = client->session;
		if (s == NULL)
			continue;
		credential_str(&s->address, from);
		json_object_open(j, NULL);
		json_text(j, "protocol", s->protocol->name);
		json_text(j, "from", from);
		json_bool(j, "paused", client->is_paused);
		json_seconds(j, "connected_seconds",
		    m->chat->clock->mono_ms - s->since_ms);
		json_number(j, "unsent_bytes", conn_waiting(s->conn));
		json_object_close(j);
	}
	json_array_close(j);
}

static void
who_add_json(struct verb_call *call, const struct member *m)
{
	const struct session *s = who_session(m);
	int64_t now_ms = m->chat->clock->mono_ms;
	struct json *j = &call->json;
	const struct membership *ms;
	char from[CREDENTIAL_STR_SIZE];

	credential_str(&m->address, from);
	json_object_open(j, NULL);
	json_text(j, "nick", m->nick);
	json_bool(j, "guest", m->is_guest);
	json_text(j, "state", member_activity_str(member_activity(m)));
	json_text(j, "break_message", member_is_away(m) ? m->break_text : NULL);
	json_array_open(j, "rooms");
	SLIST_FOREACH(ms, &m->memberships, in_member)
		json_text(j, NULL, ms->room->name);
	json_array_close(j);
	if (s != NULL)
		json_seconds(j, "connected_seconds", now_ms - s->since_ms);
	else
		json_none(j, "connected_seconds");
	json_seconds(j, "idle_seconds", now_ms - m->active_ms);
	json_number(j, "lag_messages", member_lag(m));
	json_number(j, "unsent_bytes", s == NULL ? 0 : conn_waiting(s->conn));
	json_text(j, "protocol", s == NULL ? NULL : s->protocol->name);
	json_text(j, "from", from);
	who_add_sessions(j, m);
	json_text(j, "account",
	    member_account(m) == NULL ? NULL : account_name(member_account(m)));
	json_object_close(j);
}

/* Their sessions but s. */
static void
who_add_others(struct buf *out, const struct member *m, const struct session *s)
{
	const struct client *client;
	const struct session *other;
	char from[CREDENTIAL_STR_SIZE], since[CLOCK_DURATION_SIZE];

	SLIST_FOREACH(client, &m->clients, in_member) {
		other = client->session;
		if (other == NULL || other == s)
			continue;
		credential_str(&other->address, from);
		clock_duration(m->chat->clock->mono_ms - other->since_ms,
		    since);
		buf_addf(out, "%-20s %-11s %-16s %7s %7s %6s %8zu %-8s %s\n",
		    "  another session", client->is_paused ? "on break" : "",
		    "", since, "", "", conn_waiting(other->conn),
		    other->protocol->name, from);
	}
}

static void
who_add_line(struct buf *out, const struct member *m)
{
	static const char *const states[] = { "live", "on break", "slow",
		"catching up", "lost" };
	const struct session *s = who_session(m);
	const struct membership *ms = SLIST_FIRST(&m->memberships);
	int64_t now_ms = m->chat->clock->mono_ms;
	char from[CREDENTIAL_STR_SIZE], since[CLOCK_DURATION_SIZE] = "-",
					idle[CLOCK_DURATION_SIZE],
					room[ROOM_NAME_SIZE + 1] = "-";

	credential_str(&m->address, from);
	if (s != NULL)
		clock_duration(now_ms - s->since_ms, since);
	clock_duration(now_ms - m->active_ms, idle);
	if (ms != NULL) {
		memcpy(room, ms->room->name, ROOM_NAME_SIZE);
		if (SLIST_NEXT(ms, in_member) != NULL)
			memcpy(room + strlen(room), "+", 2);
	}
	buf_addf(out, "%-20s %-11s %-16s %7s %7s %6llu %8zu %-8s %s\n", m->nick,
	    states[member_activity(m)], room, since, idle,
	    (unsigned long long)member_lag(m),
	    s == NULL ? (size_t)0 : conn_waiting(s->conn),
	    s == NULL ? "-" : s->protocol->name, from);
	who_add_others(out, m, s);
}

static enum verb_result
who_begin(struct verb_call *call)
{
	struct chat *chat = call->admin->sessions->chat;
	const struct room *room;
	struct who *who;

	room = call->argc == 0 ?
	    NULL :
	    chat_find_room(chat, room_name_meant(call->argv[0]));
	if (call->argc > 0 && room == NULL)
		return verb_fail(call, "there is no room \"%s\"",
		    call->argv[0]);
	call->state = who = xcalloc(1, sizeof(*who));
	if (room != NULL)
		memcpy(who->room, room->name, sizeof(who->room));
	if (call->is_json) {
		json_object_open(&call->json, NULL);
		json_array_open(&call->json, "members");
	} else {
		buf_addf(&call->out,
		    "%-20s %-11s %-16s %7s %7s %6s %8s %-8s %s\n", "NICK",
		    "STATE", "ROOM", "SINCE", "IDLE", "LAG", "UNSENT",
		    "PROTOCOL", "FROM");
	}
	return VERB_MORE;
}

enum verb_result
verb_run_who(struct verb_call *call)
{
	struct directory *directory = &call->admin->sessions->chat->directory;
	struct who *who = call->state;
	struct member *m;

	if (who == NULL)
		return who_begin(call);
	m = directory_after(directory, who->last);
	while (m != NULL && call->out.len < WHO_PIECE &&
	    walk_may_take(call->budget)) {
		memcpy(who->last, m->folded, sizeof(who->last));
		if (who_is_in(m, who->room)) {
			if (call->is_json)
				who_add_json(call, m);
			else
				who_add_line(&call->out, m);
		}
		m = directory_next(directory, m);
	}
	if (m != NULL)
		return VERB_MORE;
	return verb_end_list(call);
}

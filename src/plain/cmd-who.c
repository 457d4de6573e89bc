/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /who. It never tells how much somebody has missed, and never an address. It
 * stops after a hundred, so that the answer stays far below what a client may
 * leave unread.
 */
#include "config.h"

#include "base/buf.h"
#include "base/clock.h"
#include "plain/plain.h"
#include "room/room.h"
#include "session/session.h"

#define CMD_WHO_MAX 100

static void
cmd_who_line(struct session *s, const struct room *room, const struct member *m)
{
	const struct membership *ms = member_in(m, room);
	int64_t now_ms = s->all->chat->clock->mono_ms;
	struct buf text = BUF_INITIALIZER;
	char duration[CLOCK_DURATION_SIZE];

	buf_addstr(&text, m->nick);
	if (m == s->member)
		buf_addstr(&text, " (you)");
	if (ms->is_op)
		buf_addstr(&text, " (operator)");
	else if (ms->is_voiced)
		buf_addstr(&text, " (voice)");
	if (m->is_lost) {
		clock_duration(now_ms - m->lost_since_ms, duration);
		buf_addf(&text, ": connection lost %s ago", duration);
	} else if (member_is_away(m)) {
		clock_duration(now_ms - m->break_since_ms, duration);
		buf_addf(&text, ": on break for %s", duration);
		if (m->break_text != NULL)
			buf_addf(&text, " (%s)", m->break_text);
	} else {
		clock_duration(now_ms - m->active_ms, duration);
		buf_addf(&text, ": idle %s", duration);
	}
	session_notice(s, "%s", buf_cstr(&text));
	buf_fini(&text);
}

void
cmd_who_run(struct session *s, int argc, char *argv[])
{
	const struct member *people[CMD_WHO_MAX];
	const struct room *room = plain_here(s)->room;
	size_t count, i;

	(void)argc;
	(void)argv;
	count = room_names(room, people, CMD_WHO_MAX);
	session_notice(s, "%s: %zu here", room->name, room->people_count);
	for (i = 0; i < count; i++)
		cmd_who_line(s, room, people[i]);
	if (room->people_count > count)
		session_notice(s, "and %zu more", room->people_count - count);
}

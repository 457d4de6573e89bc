/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /search, in the room in which one is. What was found comes as it is looked for,
 * the newest first, and with its date where that is not of today.
 */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "net/conn.h"
#include "plain/plain.h"
#include "room/client.h"
#include "room/search.h"
#include "session/session.h"

#define CMD_SEARCH_MAX 20

void
cmd_search_run(struct session *s, int argc, char *argv[])
{
	struct search_query query = {
		.text = argv[0],
		.room = plain_here(s)->room,
		.limit = CMD_SEARCH_MAX,
		.has_topics = true,
	};

	(void)argc;
	if (strlen(argv[0]) > SEARCH_TEXT_MAX)
		session_error(s,
		    "that is too long to search for (limit %d "
		    "bytes)",
		    SEARCH_TEXT_MAX);
	else
		session_search(s, &query);
}

static void
search_add(struct session *s, struct buf *out, struct event *event,
    int64_t *day)
{
	struct event date = { .kind = EVENT_DATE,
		.time_ms = event_wall_ms(event) };

	if (clock_day(date.time_ms) != *day)
		dialect_render(session_client(s)->dialect, out, &date);
	*day = clock_day(date.time_ms);
	dialect_render(session_client(s)->dialect, out, event);
}

void
plain_found(struct session *s, const struct search *search)
{
	int64_t day = clock_day(s->all->chat->clock->wall_ms);
	size_t i, count = search_count(search);
	struct buf *out = &s->all->out;
	struct event event;

	if (count == 0) {
		session_notice(s, "%s",
		    search_has_more(search) ?
			"nothing was found in the newest messages" :
			"nothing was found");
		return;
	}
	session_notice(s, "%s%zu found, the newest first:",
	    search_has_more(search) ? "the last " : "", count);
	buf_reset(out);
	for (i = 0; i < count; i++)
		if (search_hit(search, s->member, i, &event))
			search_add(s, out, &event, &day);
	conn_reply(s->conn, out->data, out->len);
	session_notice(s, "end of what was found");
}

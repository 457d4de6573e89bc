/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /history and /skip: replays that a person starts and stops. A conversation is
 * short, and shown at once.
 */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/util.h"
#include "net/conn.h"
#include "plain/plain.h"
#include "room/client.h"
#include "room/conversation.h"
#include "room/conversing.h"
#include "room/cursor.h"
#include "room/person.h"
#include "room/replay.h"
#include "session/session.h"

#define CMD_HISTORY_DEFAULT 20
#define CMD_HISTORY_MAX 1000000

static void
history_add(struct session *s, struct buf *out, struct event *event,
    int64_t *day)
{
	struct event date = { .kind = EVENT_DATE,
		.time_ms = event_wall_ms(event) };

	if (clock_day(date.time_ms) != *day)
		dialect_render(member_dialect(s->member), out, &date);
	*day = clock_day(date.time_ms);
	dialect_render(member_dialect(s->member), out, event);
}

/* Those from at on, which are the last of a conversation. */
static void
history_show_private(struct session *s, struct conversation_end *end,
    const struct history *h, struct history_cursor at)
{
	struct conversations *all = &s->all->chat->conversations;
	struct buf *out = &s->all->out;
	int64_t day = clock_day(s->all->chat->clock->wall_ms);
	struct event event;
	uint64_t from = at.number == h->first_number ? 0 : at.number;

	buf_reset(out);
	if (end->read < h->first_number) {
		event = (struct event){ .kind = EVENT_GAP };
		event.count = history_distance(end->read, h->first_number);
		event.is_uncertain = !history_is_certain(end->read,
		    h->first_number);
		dialect_render(member_dialect(s->member), out, &event);
	}
	while (history_read(h, &at, &event))
		if (event.kind == EVENT_GAP ||
		    (!member_ignores_author(s->member, event.author,
			 event.nick) &&
			conversation_event(end, &event)))
			history_add(s, out, &event, &day);
	conn_reply(s->conn, out->data, out->len);
	session_notice(s, "end of history");
	conversing_show(all, session_client(s), end, from, at.number);
}

static void
history_private(struct session *s, const char *nick, uint64_t n)
{
	struct conversation_end *end = strcasecmp(nick, "me") == 0 ?
	    conversing_named(s->all->chat, s->member, s->member->nick) :
	    conversing_named(s->all->chat, s->member, nick);
	struct history *h;
	struct history_cursor at;

	if (end == NULL) {
		session_error(s, "there is no conversation with \"%.*s\"",
		    (int)text_cut(nick, strlen(nick), NICK_MAX), nick);
		return;
	}
	h = conversation_history(&s->all->chat->conversations,
	    conversation_of_end(end));
	if (h == NULL) {
		session_error(s, "it cannot be read now; try again later");
		return;
	}
	/* All that is new, at least. */
	if (n == 0)
		n = conversation_new_count(end) > CMD_HISTORY_DEFAULT ?
		    conversation_new_count(end) :
		    CMD_HISTORY_DEFAULT;
	at = history_back(h, n);
	session_notice(s, "the last %llu of %llu with %s:",
	    (unsigned long long)history_distance(at.number, h->next_number),
	    (unsigned long long)history_count(h),
	    conversation_other(end)->party.nick);
	history_show_private(s, end, h, at);
}

void
cmd_history_run(struct session *s, int argc, char *argv[])
{
	const char *nick = argc > 0 && *argv[0] == '@' ? argv[0] + 1 : NULL;
	uint64_t n = 0;

	if (nick != NULL) {
		argc--;
		argv++;
	}
	if (argc > 1 || (nick != NULL && *nick == '\0'))
		session_error(s, "usage: /history [@NICK] [N]");
	else if (argc == 1 &&
	    (parse_number(argv[0], CMD_HISTORY_MAX, &n) == -1 || n == 0))
		session_error(s, "how many messages? a number from 1 to %d",
		    CMD_HISTORY_MAX);
	else if (nick != NULL)
		history_private(s, nick, n);
	else
		replay_start_history(plain_cursor(s),
		    n == 0 ? CMD_HISTORY_DEFAULT : n);
}

void
cmd_skip_run(struct session *s, int argc, char *argv[])
{
	uint64_t skipped;

	(void)argc;
	(void)argv;
	if (!replay_skip(plain_cursor(s), &skipped)) {
		session_error(s, "there is nothing to skip");
		return;
	}
	session_notice(s, "skipped %llu message%s%s",
	    (unsigned long long)skipped, skipped == 1 ? "" : "s",
	    session_is_on_break(s) ? "" : "; you are live");
}

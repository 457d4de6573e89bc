/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /read and /unread: how far one has read, for other devices.
 */
#include "config.h"

#include "base/text.h"
#include "base/util.h"
#include "plain/plain.h"
#include "room/conversation.h"
#include "room/conversing.h"

static void
read_private(struct session *s, const char *nick)
{
	struct conversation_end *end = conversing_named(s->all->chat, s->member,
	    nick);

	if (end == NULL) {
		session_error(s, "there is no conversation with \"%.*s\"",
		    (int)text_cut(nick, strlen(nick), NICK_MAX), nick);
		return;
	}
	(void)action_read_private(session_client(s), end, UINT64_MAX);
	session_notice(s, "all from %s is read",
	    conversation_other(end)->party.nick);
}

void
cmd_read_run(struct session *s, int argc, char *argv[])
{
	struct membership *ms = plain_here(s);

	if (argc > 0 && (*argv[0] != '@' || argv[0][1] == '\0')) {
		session_error(s, "usage: /read [@NICK]");
		return;
	}
	if (argc > 0) {
		read_private(s, argv[0] + 1);
		return;
	}
	(void)action_read(session_client(s), ms, UINT64_MAX);
	session_notice(s, "all in %s is read", ms->room->name);
}

void
cmd_unread_run(struct session *s, int argc, char *argv[])
{
	struct membership *ms = plain_here(s);
	const struct history *h = &ms->room->history;
	uint64_t n, number;

	(void)argc;
	if (parse_number(argv[0], UINT64_MAX, &n) == -1 || n == 0) {
		session_error(s, "how many messages? a number from 1 on");
		return;
	}
	number = action_read(session_client(s), ms, history_back(h, n).number);
	n = history_distance(number, h->next_number);
	session_notice(s,
	    "the last %llu of %s are unread: a device that is new to you begins "
	    "there",
	    (unsigned long long)n, ms->room->name);
}

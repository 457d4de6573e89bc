/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /me and /msg: what is said in other ways than by a plain line.
 */
#include "config.h"

#include <string.h>

#include "base/text.h"
#include "plain/plain.h"
#include "room/chat.h"
#include "room/directory.h"
#include "room/member.h"
#include "room/person.h"
#include "session/protocol.h"
#include "session/session.h"

void
cmd_me_run(struct session *s, int argc, char *argv[])
{
	(void)argc;
	plain_say(s, EVENT_ME, argv[0], strlen(argv[0]));
}

static void
cmd_msg_send(struct session *s, struct member *to, const char *text)
{
	struct event event = {
		.kind = EVENT_PRIVATE,
		.text = text,
		.text_len = strlen(text),
	};
	enum msg result = action_msg(s->member, to, &event, true);

	event.kind = EVENT_PRIVATE_SENT;
	switch (result) {
	case MSG_QUEUED:
	case MSG_SENT:
		s->protocol->event(s, &event);
		if (result == MSG_QUEUED)
			session_notice(s,
			    "%s is %s; it is kept until they are back",
			    to->nick,
			    to->is_on_break ? "on break" : "not connected");
		break;
	case MSG_QUEUE_FULL:
		session_error(s,
		    "too many messages are waiting for %s; it was "
		    "not sent",
		    to->nick);
		break;
	case MSG_ON_BREAK: /* the table says so */
	case MSG_TOO_LONG: /* only in other protocols */
		break;
	}
}

void
cmd_msg_run(struct session *s, int argc, char *argv[])
{
	struct member *to;

	(void)argc;
	to = directory_find(&s->all->chat->directory, argv[0]);
	if (to == NULL)
		session_error(s, "no one here is called \"%.*s\"",
		    (int)text_cut(argv[0], strlen(argv[0]), NICK_MAX), argv[0]);
	else if (to == s->member)
		session_error(s, "that is you");
	else
		cmd_msg_send(s, to, argv[1]);
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /me and /msg.
 */
#include "config.h"

#include <string.h>

#include "plain/plain.h"
#include "session/protocol.h"
#include "session/session.h"

void
cmd_me_run(struct session *s, int argc, char *argv[])
{
	(void)argc;
	plain_say(s, EVENT_ME, argv[0], strlen(argv[0]));
}

void
cmd_msg_run(struct session *s, int argc, char *argv[])
{
	struct member *to = plain_find_other(s, argv[0]);
	struct event event = {
		.kind = EVENT_PRIVATE,
		.text = argv[1],
		.text_len = strlen(argv[1]),
	};
	enum msg result;

	(void)argc;
	if (to == NULL)
		return;
	result = action_msg(s->member, to, &event, true);
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
		    "too many messages are waiting for %s; it was not sent",
		    to->nick);
		break;
	case MSG_ACCOUNTS_ONLY:
		session_error(s,
		    "%s " MSG_ACCOUNTS_ONLY_TEXT "; /register or /login",
		    to->nick);
		break;
	case MSG_SECRET:
		session_error(s, SAY_SECRET_TEXT);
		break;
	case MSG_ON_BREAK:
		plain_on_break(s);
		break;
	case MSG_TOO_LONG: /* only in other protocols */
		break;
	}
}

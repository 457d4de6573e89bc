/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /me and /msg.
 */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "plain/plain.h"
#include "room/conversation.h"
#include "session/protocol.h"
#include "session/session.h"

void
cmd_me_run(struct session *s, int argc, char *argv[])
{
	(void)argc;
	plain_say(s, EVENT_ME, argv[0], strlen(argv[0]));
}

/* To somebody who is not here. */
static void
msg_absent(struct session *s, const char *nick, struct event *event)
{
	struct conversation_party to;
	enum msg result = action_msg_absent(s->member, nick, event, true, &to);

	switch (result) {
	case MSG_KEPT:
		event->kind = EVENT_PRIVATE_SENT;
		s->protocol->event(s, event);
		session_notice(s, "%s is away; it is kept", to.nick);
		break;
	case MSG_ON_BREAK:
		plain_on_break(s);
		break;
	case MSG_NOBODY:
		(void)plain_find_other(s, nick); /* which tells */
		break;
	case MSG_SECRET:
		session_error(s, SAY_SECRET_TEXT);
		break;
	case MSG_GUEST:
	case MSG_CONVERSATIONS_FULL:
	case MSG_BEGUN_TOO_MANY:
	case MSG_NOT_KEPT:
		session_error(s, "%s is %s", to.nick, msg_str(result));
		break;
	case MSG_TOO_LONG: /* only in other protocols */
	case MSG_SAID_BEFORE:
	case MSG_SENT: /* to who is here */
	case MSG_QUEUED:
	case MSG_QUEUE_FULL:
	case MSG_ACCOUNTS_ONLY:
		break;
	}
}

static void
msg_to(struct session *s, struct member *to, struct event *event)
{
	enum msg result = action_msg(s->member, to, event, true);

	if (to != s->member) /* they were just told */
		event->kind = EVENT_PRIVATE_SENT;
	switch (result) {
	case MSG_QUEUED:
	case MSG_SENT:
		if (to != s->member)
			s->protocol->event(s, event);
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
	case MSG_SAID_BEFORE:
	case MSG_KEPT: /* to who is not here */
	case MSG_NOBODY:
	case MSG_GUEST:
	case MSG_CONVERSATIONS_FULL:
	case MSG_BEGUN_TOO_MANY:
	case MSG_NOT_KEPT:
		break;
	}
}

void
cmd_msg_run(struct session *s, int argc, char *argv[])
{
	struct member *to = action_addressee(s->all->chat, argv[0]);
	struct event event = {
		.kind = EVENT_PRIVATE,
		.text = argv[1],
		.text_len = strlen(argv[1]),
	};

	(void)argc;
	if (to == NULL && strcasecmp(argv[0], "me") == 0)
		to = s->member;
	if (to == NULL)
		msg_absent(s, argv[0], &event);
	else
		msg_to(s, to, &event);
}

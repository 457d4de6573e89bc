/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /nick: changes the nick, and returns to what was left under it.
 */
#include "config.h"

#include <stdlib.h>
#include <strings.h>

#include "base/clock.h"
#include "base/nick.h"
#include "plain/plain.h"
#include "room/bans.h"
#include "session/session-devices.h"
#include "session/session.h"

void
plain_explain_nick(struct session *s, enum nick why, const char *nick,
    const struct nick_answer *answer)
{
	char *text;

	switch (why) {
	case NICK_CHANGED:
		break;
	case NICK_SAME:
		session_notice(s, "you are %s already", s->member->nick);
		break;
	case NICK_BANNED:
		text = ban_sentence(answer->ban, s->all->net->clock);
		session_error(s, "\"%s\" is %s; choose another nick", nick,
		    text);
		free(text);
		break;
	case NICK_FORBIDDEN:
		session_error(s,
		    "you are banned in %s, and cannot change your nick while "
		    "you are there",
		    answer->room->name);
		break;
	case NICK_INVALID:
		session_error(s, "%s", nick_check_str(nick_check(nick)));
		break;
	case NICK_TAKEN:
		session_error(s, "\"%s\" is taken; choose another nick",
		    answer->clash->nick);
		break;
	case NICK_LOOKALIKE:
		session_error(s,
		    "\"%s\" looks like %s, who is here; choose "
		    "another nick",
		    nick, answer->clash->nick);
		break;
	case NICK_OWNED:
		if (strcasecmp(nick, answer->owner->nick) != 0)
			session_error(s,
			    "\"%s\" looks like %s, which belongs to an "
			    "account; choose another nick",
			    nick, answer->owner->nick);
		else
			session_error(s,
			    "%s belongs to an account; if it is yours, /login "
			    "%s",
			    answer->owner->nick, answer->owner->nick);
		break;
	case NICK_TOO_MANY:
		session_error(s, SESSION_TOO_MANY_TEXT, answer->clash->nick,
		    (unsigned long long)s->all->options->max_sessions, "/",
		    answer->clash->nick, "/", answer->clash->nick);
		break;
	case NICK_TOO_OFTEN:
		plain_too_often(s, ANNOUNCE_PERSON);
		break;
	}
}

void
plain_take_nick(struct session *s, const char *nick)
{
	struct nick_answer answer;
	bool was_op = plain_here(s)->is_op;
	enum nick result;

	result = action_nick(s->member, nick, &answer);
	/* Who comes by a Unix socket may own it. */
	if (result == NICK_OWNED && session_login_by_connection(s, nick))
		return;
	if (result == NICK_TAKEN && session_probe(s, answer.clash, nick))
		return;
	if (result != NICK_CHANGED)
		plain_explain_nick(s, result, nick, &answer);
	else if (!was_op && plain_here(s)->is_op)
		session_notice(s, "you are operator of %s",
		    plain_here(s)->room->name);
}

void
cmd_nick_run(struct session *s, int argc, char *argv[])
{
	(void)argc;
	plain_take_nick(s, argv[0]);
}

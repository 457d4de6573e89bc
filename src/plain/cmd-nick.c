/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /nick: changes the nick, and returns to what was left under it.
 */
#include "config.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/nick.h"
#include "plain/plain.h"
#include "room/bans.h"
#include "session/session.h"

void
cmd_nick_run(struct session *s, int argc, char *argv[])
{
	struct nick_answer answer;
	bool was_op = plain_here(s)->is_op;
	char *text;

	(void)argc;
	switch (action_nick(s->member, argv[0], &answer)) {
	case NICK_CHANGED:
		if (!was_op && plain_here(s)->is_op)
			session_notice(s, "you are operator of %s",
			    plain_here(s)->room->name);
		break;
	case NICK_SAME:
		session_notice(s, "you are %s already", s->member->nick);
		break;
	case NICK_BANNED:
		text = ban_sentence(answer.ban, s->all->net->clock);
		session_error(s, "\"%s\" is %s; choose another nick", argv[0],
		    text);
		free(text);
		break;
	case NICK_FORBIDDEN:
		session_error(s,
		    "you are banned in %s, and cannot change your nick while "
		    "you are there",
		    answer.room->name);
		break;
	case NICK_INVALID:
		session_error(s, "%s", nick_check_str(nick_check(argv[0])));
		break;
	case NICK_TAKEN:
		session_error(s, "\"%s\" is taken; choose another nick",
		    answer.clash->nick);
		break;
	case NICK_LOOKALIKE:
		session_error(s,
		    "\"%s\" looks like %s, who is here; choose "
		    "another nick",
		    argv[0], answer.clash->nick);
		break;
	case NICK_TOO_OFTEN:
		plain_too_often(s, ANNOUNCE_PERSON);
		break;
	}
}

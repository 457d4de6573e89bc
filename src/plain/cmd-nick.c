/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /nick: who somebody is, and whose place they take.
 */
#include "config.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/nick.h"
#include "plain/command.h"
#include "plain/plain.h"
#include "room/bans.h"
#include "room/directory.h"
#include "room/member.h"
#include "room/modes.h"
#include "room/rank.h"
#include "room/rename.h"
#include "room/room.h"
#include "session/session.h"

static bool
cmd_nick_is_banned(struct session *s, const char *nick)
{
	int64_t now_ms = s->all->net->clock->wall_ms;
	const struct ban *ban;
	char *sentence;

	ban = bans_match_nick(&s->all->bans, nick, now_ms);
	if (ban == NULL)
		return false;
	sentence = ban_sentence(ban, now_ms);
	session_error(s, "\"%s\" is %s; choose another nick", nick, sentence);
	free(sentence);
	return true;
}

static void
cmd_nick_run(struct session *s, int argc, char *argv[])
{
	struct member *m = s->member;
	const struct member *clash = NULL;
	const struct room *forbids = modes_forbids_nick(m);
	bool was_op = plain_here(s)->is_op;
	char wait[CLOCK_DURATION_SIZE];

	(void)argc;
	if (cmd_nick_is_banned(s, argv[0]))
		return;
	if (forbids != NULL) {
		session_error(s,
		    "you are banned in %s, and cannot change your nick while "
		    "you are there",
		    forbids->name);
		return;
	}
	switch (directory_rename(m, argv[0], &clash)) {
	case DIRECTORY_RENAMED:
	case DIRECTORY_RETURNED:
		session_notice(s, "you are now %s", m->nick);
		(void)rank_renamed(m);
		if (!was_op && plain_here(s)->is_op)
			session_notice(s, "you are operator of %s",
			    plain_here(s)->room->name);
		break;
	case DIRECTORY_SAME:
		session_notice(s, "you are %s already", m->nick);
		break;
	case DIRECTORY_REFUSED:
		session_error(s, "%s", nick_check_str(nick_check(argv[0])));
		break;
	case DIRECTORY_TAKEN:
		session_error(s, "\"%s\" is taken; choose another nick",
		    clash->nick);
		break;
	case DIRECTORY_LOOKALIKE:
		session_error(s,
		    "\"%s\" looks like %s, who is here; choose "
		    "another nick",
		    argv[0], clash->nick);
		break;
	case DIRECTORY_TOO_OFTEN:
		clock_duration(member_announce_wait_ms(m) + 999, wait);
		session_error(s, "too many changes; try again in %s", wait);
		break;
	}
}

const struct command cmd_nick = {
	.name = "nick",
	.min_args = 1,
	.max_args = 1,
	.cost = 2,
	.who = COMMAND_ANYONE,
	.flags = COMMAND_ON_BREAK,
	.usage = "NAME",
	.help = "be somebody; your place is kept under that name",
	.manual =
	    "Take the nick\n"
	    ".Ar NAME :\n"
	    "1 to 20 of A-Z a-z 0-9 _ - and of []\\e\\(ga\\(ha{|}, not "
	    "starting with a\ndigit or a hyphen.\n"
	    "If your place is kept under that nick, you are shown what you "
	    "missed.",
	.run = cmd_nick_run,
};

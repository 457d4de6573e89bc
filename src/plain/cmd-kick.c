/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /kick and /invite: who is in a room.
 */
#include "config.h"

#include <string.h>

#include "base/text.h"
#include "plain/plain.h"
#include "session/session.h"

void
cmd_kick_run(struct session *s, int argc, char *argv[])
{
	struct membership *here = plain_here(s);
	struct member *m = plain_find_other(s, argv[0]);

	if (m == NULL)
		return;
	if (argc > 1)
		argv[1][text_cut(argv[1], strlen(argv[1]), KICK_TEXT_MAX)] =
		    '\0';
	switch (action_kick(here, m, argc > 1 ? argv[1] : NULL)) {
	case KICK_DONE:
	case KICK_NOT_OPERATOR: /* the table says who may */
		break;
	case KICK_ON_BREAK:
		plain_on_break(s);
		break;
	case KICK_NOT_THERE:
		session_error(s, "%s is not in %s", m->nick, here->room->name);
		break;
	}
}

void
cmd_invite_run(struct session *s, int argc, char *argv[])
{
	struct membership *here = plain_here(s);
	struct member *m = plain_find_other(s, argv[0]);

	(void)argc;
	if (m == NULL)
		return;
	switch (action_invite(here, m)) {
	case INVITED:
		session_notice(s, "%s is invited to %s", m->nick,
		    here->room->name);
		break;
	case INVITED_AWAY:
	case INVITED_SLOW:
		session_notice(s,
		    "%s is away and was not told; try again when they are back",
		    m->nick);
		break;
	case INVITE_ON_BREAK:
		plain_on_break(s);
		break;
	case INVITE_NOT_OPERATOR:
		session_error(s,
		    "only operators invite to %s (mode i); /who shows who they "
		    "are",
		    here->room->name);
		break;
	case INVITE_IS_THERE:
		session_error(s, "%s is in %s already", m->nick,
		    here->room->name);
		break;
	}
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /brb, /back and /quit: the cursor stops, and runs on.
 */
#include "config.h"

#include <string.h>

#include "base/text.h"
#include "net/conn.h"
#include "plain/plain.h"
#include "room/client.h"
#include "room/member.h"
#include "session/session.h"

static void
cmd_brb_answer(struct session *s, enum brb result)
{
	size_t count;

	switch (result) {
	case BRB_DONE:
		session_notice(s, "see you; everything is kept for you");
		break;
	case BRB_PAUSED:
		count = clients_reading(s->member);
		session_notice(s,
		    "this session pauses; you are still here in %zu other%s; "
		    "/brb all",
		    count, count == 1 ? "" : "s");
		break;
	case BRB_CHANGED:
		session_notice(s,
		    "your message is changed; everything is still kept for "
		    "you");
		break;
	case BRB_SECRET:
		session_error(s, SAY_SECRET_TEXT);
		break;
	case BRB_TOO_LONG:
		session_error(s,
		    "message too long (limit %d bytes); nothing was done",
		    BREAK_TEXT_MAX);
		break;
	case BRB_NOT_AWAY:
		session_error(s, "you are not on break");
		break;
	case BRB_ON_BREAK:
		break; /* of action_away() */
	}
}

static enum brb
cmd_brb_ask(struct session *s,
    enum brb (*action)(struct client *client, enum brb_of of, const char *text),
    int argc, char *argv[])
{
	const char *text = argc > 0 ? argv[0] : NULL;

	if (action_brb_is_all(text))
		return action(session_client(s), BRB_OF_ALL, NULL);
	return action(session_client(s), BRB_OF_ONE, text);
}

void
cmd_brb_run(struct session *s, int argc, char *argv[])
{
	cmd_brb_answer(s, cmd_brb_ask(s, action_brb, argc, argv));
}

void
cmd_back_run(struct session *s, int argc, char *argv[])
{
	enum brb result = cmd_brb_ask(s, action_back, argc, argv);

	if (result != BRB_DONE)
		cmd_brb_answer(s, result);
}

void
cmd_quit_run(struct session *s, int argc, char *argv[])
{
	const char *text = argc > 0 ? argv[0] : NULL;

	/* A message too long must not keep anybody from leaving. */
	if (argc > 0)
		argv[0][text_cut(argv[0], strlen(argv[0]), BREAK_TEXT_MAX)] =
		    '\0';
	session_vouch(s);
	session_notice(s, "bye, %s%s", s->member->nick,
	    s->member->is_guest ? "" : "; your place is kept");
	session_quit(s, text == NULL ? "bye" : text, text);
}

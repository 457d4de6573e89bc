/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /quit
 */
#include "config.h"

#include <string.h>

#include "base/text.h"
#include "net/conn.h"
#include "plain/plain.h"
#include "room/member.h"
#include "session/session.h"

void
cmd_quit_run(struct session *s, int argc, char *argv[])
{
	const char *text = argc > 0 ? argv[0] : NULL;

	/* Who wants to go is not kept for a message that is too long. */
	if (argc > 0)
		argv[0][text_cut(argv[0], strlen(argv[0]), BREAK_TEXT_MAX)] =
		    '\0';
	session_notice(s, "bye, %s%s", s->member->nick,
	    s->member->is_guest ? "" : "; your place is kept");
	conn_vouch_all(s->conn);
	session_quit(s, text == NULL ? "bye" : text, text);
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What of others one person wants to see: /ignore, /unignore, and /accept for
 * private messages.
 */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/nick.h"
#include "base/text.h"
#include "plain/plain.h"
#include "room/member.h"
#include "room/person.h"
#include "session/session.h"

static void
cmd_ignore_list(struct session *s)
{
	const struct ignore *ig;
	struct buf text = BUF_INITIALIZER;

	TAILQ_FOREACH(ig, &s->member->person.ignores, entry)
		buf_addf(&text, "%s%s", text.len == 0 ? "" : ", ", ig->nick);
	if (text.len == 0)
		session_notice(s, "you ignore nobody");
	else
		session_notice(s, "you ignore %s", buf_cstr(&text));
	buf_fini(&text);
}

void
cmd_ignore_run(struct session *s, int argc, char *argv[])
{
	enum nick_check check;

	if (argc == 0) {
		cmd_ignore_list(s);
		return;
	}
	check = nick_check(argv[0]);
	if (check != NICK_OK && check != NICK_RESERVED && check != NICK_GUEST)
		session_error(s, "%s", nick_check_str(check));
	else if (strcasecmp(argv[0], s->member->nick) == 0)
		session_error(s, "that is you");
	else if (member_ignore(s->member, argv[0]) == -1)
		session_error(s, "you ignore %d already; /unignore one first",
		    IGNORES_MAX);
	else
		session_notice(s, "you ignore %s; /unignore %s ends it",
		    argv[0], argv[0]);
}

void
cmd_unignore_run(struct session *s, int argc, char *argv[])
{
	(void)argc;
	if (member_unignore(s->member, argv[0]) == -1)
		session_error(s, "you do not ignore \"%.*s\"",
		    (int)text_cut(argv[0], strlen(argv[0]), NICK_MAX), argv[0]);
	else
		session_notice(s, "you do not ignore %s any more", argv[0]);
}

void
cmd_accept_run(struct session *s, int argc, char *argv[])
{
	struct member *m = s->member;
	unsigned flags = m->flags;

	if (argc > 0 && strcasecmp(argv[0], "accounts") == 0)
		flags |= MEMBER_ACCOUNTS_ONLY;
	else if (argc > 0 && strcasecmp(argv[0], "anyone") == 0)
		flags &= ~(unsigned)MEMBER_ACCOUNTS_ONLY;
	else if (argc > 0) {
		session_error(s, "usage: /accept [accounts|anyone]");
		return;
	}
	member_set_flags(m, flags);
	if ((flags & MEMBER_ACCOUNTS_ONLY) != 0)
		session_notice(s,
		    "only who is logged in may /msg you, and whom you write "
		    "to; /accept anyone ends it");
	else
		session_notice(s,
		    "anyone may /msg you; /accept accounts: only who is logged "
		    "in");
}

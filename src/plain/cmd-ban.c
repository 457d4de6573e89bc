/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /ban and /unban, of a room. A nick stands for the account of its holder; or
 * for their address, as long as nobody else here comes from there, too. What of
 * the person it does not reach is told.
 */
#include "config.h"

#include <string.h>

#include "plain/plain.h"
#include "room/directory.h"
#include "session/session.h"

void
cmd_ban_run(struct session *s, int argc, char *argv[])
{
	const struct member *m;
	char mask[MODES_MASK_MAX + 1] = "";

	if (argc == 0) {
		plain_mode_list(s, MODES_BANS);
		return;
	}
	m = directory_find(&s->all->chat->directory, argv[0]);
	if (m == s->member) {
		session_error(s, "that is you");
		return;
	}
	if (m != NULL)
		modes_ban_mask(plain_here(s)->room, m, mask);
	if (!plain_mode_apply(s, true, 'b', m == NULL ? argv[0] : mask))
		return;
	if (m == NULL && modes_mask_is_of_nobody(plain_here(s)->room, argv[0]))
		session_notice(s,
		    "there is no account of that name; if somebody makes it, "
		    "they are banned");
	if (m == NULL || mask[0] == '*')
		return;
	if (mask[0] == '$')
		session_notice(s,
		    "that is their account, wherever it comes from and whatever "
		    "it is called; to keep out who comes from the same address "
		    "without it, too: /ban *!*@%s",
		    m->host);
	else
		session_notice(s,
		    "others here come from the same address, so %s can come "
		    "back under another nick; /ban *!*@%s keeps out all from "
		    "there",
		    m->nick, m->host);
}

/* Lifts all bans that match m, or tries to; false: there is none. */
static bool
cmd_unban_all(struct session *s, const struct member *m)
{
	const struct room *room = plain_here(s)->room;
	const struct mode_mask *mask;
	char text[MODES_MASK_MAX + 1];
	bool is_lifted = true, has_any = false;

	while (is_lifted && (mask = modes_find_ban(room, m)) != NULL) {
		mode_mask_str(room, mask, text);
		is_lifted = plain_mode_apply(s, false, 'b', text);
		has_any = true;
	}
	return has_any;
}

void
cmd_unban_run(struct session *s, int argc, char *argv[])
{
	const struct room *room = plain_here(s)->room;
	const struct member *m;

	(void)argc;
	m = directory_find(&s->all->chat->directory, argv[0]);
	if (m != NULL && cmd_unban_all(s, m))
		return;
	if (modes_has_mask(room, MODES_BANS, argv[0]))
		(void)plain_mode_apply(s, false, 'b', argv[0]);
	else
		session_error(s, "there is no such ban; /ban lists them");
}

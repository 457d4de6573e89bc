/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /register, /login, /logout and /account. A password is never an argument, as
 * it would stand on the screen and in what the terminal remembers; it is asked
 * for on a line of its own. A token may be one: programs have it.
 */
#include "config.h"

#include <string.h>

#include "base/text.h"
#include "plain/plain.h"
#include "session/session-account.h"
#include "session/session-devices.h"
#include "session/session.h"

void
cmd_register_run(struct session *s, int argc, char *argv[])
{
	(void)argc;
	(void)argv;
	session_ask_password(s, LOGIN_REGISTER, s->member->nick);
}

void
cmd_login_run(struct session *s, int argc, char *argv[])
{
	const char *name = argv[0];
	unsigned char bytes[PROOF_BYTES];

	if (session_account(s) != NULL)
		session_error(s, "you are logged in already");
	else if (argc > 1 && proof_of_token(bytes, argv[1]))
		session_login(s, name, argv[1]);
	else if (argc > 1)
		session_error(s,
		    "only a token can stand there; the password is asked for: "
		    "/login %.*s",
		    (int)text_cut(name, strlen(name), NICK_MAX), name);
	else if (session_login_by_connection(s, name))
		return;
	else
		session_ask_password(s, LOGIN_TO, name);
	if (argc > 1)
		explicit_bzero(argv[1], strlen(argv[1]));
}

void
cmd_devices_run(struct session *s, int argc, char *argv[])
{
	session_devices_run(s, argc, argv);
}

void
cmd_logout_run(struct session *s, int argc, char *argv[])
{
	(void)argc;
	(void)argv;
	if (session_account(s) == NULL) {
		session_error(s, "you are not logged in");
		return;
	}
	session_notice(s, "bye, %s; your place is kept for your next login",
	    s->member->nick);
	session_vouch(s);
	session_quit(s, "logged out", NULL);
}

void
cmd_account_run(struct session *s, int argc, char *argv[])
{
	session_account_run(s, argc, argv);
}

void
plain_logged_in(struct session *s, enum login_purpose purpose,
    enum login result, const struct login_answer *answer)
{
	struct buf text = BUF_INITIALIZER;

	session_login_text(s, purpose, result, answer, &text);
	if (result == LOGIN_DONE)
		session_notice(s, "%s", buf_cstr(&text));
	else
		session_error(s, "%s", buf_cstr(&text));
	buf_fini(&text);
	if (result == LOGIN_DONE && answer->nick != NICK_SAME &&
	    answer->nick != NICK_CHANGED)
		plain_explain_nick(s, answer->nick,
		    account_name(answer->account), &answer->nick_answer);
}

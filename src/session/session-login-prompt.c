/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Passwords that are typed on a line of their own, when they were asked for: in
 * the line protocol. What comes then is never said to anybody.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "session/session-login-impl.h"

#define LOGIN_PROMPT_MS 60000
#define LOGIN_AHEAD_MS 1000

void
session_ask_password(struct session *s, enum login_purpose purpose,
    const char *name)
{
	struct login_answer answer = { .nick = NICK_SAME };
	enum login result = login_may(s, purpose, name);
	struct session_login *l;

	if (result == LOGIN_UNCONFIRMED &&
	    account_password(session_account(s)) != NULL) {
		purpose = LOGIN_CONFIRM;
		result = LOGIN_DONE;
	}
	if (result != LOGIN_DONE) {
		login_end(s, purpose, result, &answer);
		/* Programs do not wait for a prompt. */
		login_shun(s, purpose, LOGIN_AHEAD_MS);
		return;
	}
	l = login_new(s, purpose, LOGIN_STEP_PROMPT, name);
	deadline_set(s->all->net->deadlines, &l->due,
	    s->all->net->clock->mono_ms + LOGIN_PROMPT_MS);
	conn_hide_typing(s->conn, true);
	session_notice(s, "%s:",
	    purpose == LOGIN_CONFIRM      ? "your present password" :
		purpose == LOGIN_PASSWORD ? "new password" :
					    "password");
}

void
session_shun_password(struct session *s)
{
	login_shun(s, LOGIN_PASSWORD, LOGIN_AHEAD_MS);
}

enum login_prompt
session_prompt(const struct session *s)
{
	const struct session_login *l = s->login;

	if (l == NULL || l->step != LOGIN_STEP_PROMPT)
		return LOGIN_PROMPT_NONE;
	return l->purpose == LOGIN_TO || l->purpose == LOGIN_CONFIRM ?
	    LOGIN_PROMPT_PRESENT :
	    LOGIN_PROMPT_NEW;
}

void
session_end_prompt(struct session *s)
{
	if (session_prompt(s) == LOGIN_PROMPT_NONE)
		return;
	login_free(s->login);
	conn_hide_typing(s->conn, false);
}

bool
session_take_password(struct session *s, const char *text, size_t len)
{
	struct session_login *l = s->login;
	struct login_answer answer = { .nick = NICK_SAME };
	enum login_purpose purpose;
	char name[NICK_SIZE], *secret;
	bool is_late;

	if (l == NULL)
		return false;
	purpose = l->purpose;
	is_late = l->step == LOGIN_STEP_LATE;
	if (is_late && len > 0 && text[0] == '/') {
		login_free(l);
		return false;
	}
	memcpy(name, l->name, sizeof(name));
	login_free(l);
	conn_hide_typing(s->conn, false);
	secret = xstrndup(text, len);
	if (is_late)
		session_error(s,
		    "that was not said to anybody, as it may be a password; say "
		    "it again if it is none");
	else if (len == 0)
		login_end(s, purpose, LOGIN_NO_PASSWORD, &answer);
	else if (purpose == LOGIN_TO || purpose == LOGIN_CONFIRM) {
		login_note(s, secret);
		login_begin(login_new(s, purpose, LOGIN_STEP_HASH, name),
		    secret);
	} else
		session_set_password(s, purpose, secret);
	explicit_bzero(secret, strlen(secret));
	free(secret);
	if (len == 0 || is_late)
		return true;
	if (s->login != NULL)
		s->login->is_typed = true;
	else if (purpose != LOGIN_TO || session_account(s) == NULL)
		login_shun(s, purpose, 0);
	return true;
}

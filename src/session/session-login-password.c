/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Making an account, and changing its password, for which the present one is
 * asked unless it was given a moment ago.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "session/session-login-impl.h"

struct registrant
login_registrant(const struct session *s, const char *nick)
{
	return (struct registrant){
		.m = s->member,
		.address = &s->address,
		.nick = nick,
	};
}

void
login_confirmed(struct session_login *l)
{
	struct session *s = l->session;
	char *next = l->next;

	l->next = NULL;
	login_is_proved(s);
	if (next != NULL)
		session_set_password(s, LOGIN_PASSWORD, next);
	else
		session_ask_password(s, LOGIN_PASSWORD, l->name);
	login_forget(next);
}

/* Does s need no present password to set another? Somebody may have left a
 * terminal behind; a token is for programs, and lies in their files. */
static bool
login_is_fresh(const struct session *s)
{
	return session_proves_account(s, NULL) ||
	    s->all->net->clock->mono_ms < s->proved_until_ms;
}

void
session_change_password(struct session *s, const char *present,
    const char *password)
{
	struct session_login *l;

	if (session_account(s) == NULL || login_is_fresh(s)) {
		session_set_password(s, LOGIN_PASSWORD, password);
		return;
	}
	l = login_new(s, LOGIN_CONFIRM, LOGIN_STEP_HASH,
	    account_name(session_account(s)));
	l->next = xstrdup(password);
	login_begin(l, present);
}

enum login
login_may(const struct session *s, enum login_purpose purpose, const char *nick)
{
	const struct registrant who = login_registrant(s, nick);
	bool is_in = session_account(s) != NULL;

	if (is_in != (purpose == LOGIN_PASSWORD || purpose == LOGIN_CONFIRM))
		return is_in ? LOGIN_ALREADY : LOGIN_WRONG;
	if (!session_is_private(s))
		return LOGIN_INSECURE;
	if (purpose == LOGIN_PASSWORD && !login_is_fresh(s))
		return LOGIN_UNCONFIRMED;
	return purpose != LOGIN_REGISTER ?
	    LOGIN_DONE :
	    action_register_check(s->all->chat, &who);
}

/* Has a hash made of the password, and then the account of nick; or the
 * password changed of that which s has. */
static void
login_set_password(struct session *s, enum login_purpose purpose,
    const char *nick, const char *password)
{
	struct login_answer answer = { .nick = NICK_SAME };
	enum login result = login_may(s, purpose, nick);

	login_note(s, password);
	if (result == LOGIN_DONE && password_check(password) != NULL)
		result = LOGIN_BAD_PASSWORD;
	if (result == LOGIN_DONE && purpose == LOGIN_REGISTER) {
		answer.wait_ms = action_register_wait_ms(s->all->chat,
		    &s->address);
		if (answer.wait_ms > 0)
			result = LOGIN_TOO_OFTEN;
	}
	if (result == LOGIN_DONE && purpose == LOGIN_PASSWORD) {
		answer.wait_ms = action_change_wait_ms(s->all->chat,
		    session_account(s));
		if (answer.wait_ms > 0)
			result = LOGIN_TOO_OFTEN;
	}
	if (result != LOGIN_DONE)
		login_end(s, purpose, result, &answer);
	else
		login_compute(login_new(s, purpose, LOGIN_STEP_HASH, nick),
		    password);
}

void
session_set_password(struct session *s, enum login_purpose purpose,
    const char *password)
{
	login_set_password(s, purpose, s->member->nick, password);
}

void
session_register_early(struct session *s, const char *nick,
    const char *password)
{
	struct login_answer answer = { .nick = NICK_SAME };
	const struct ban *ban;

	assert(s->member == NULL);
	if (admit_entry(&s->all->admission, &s->address, NULL, &ban) ==
	    ADMITTED)
		login_set_password(s, LOGIN_REGISTER, nick, password);
	else
		login_end(s, LOGIN_REGISTER, LOGIN_NOT_ALLOWED, &answer);
}

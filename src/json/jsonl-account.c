/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Accounts: logging in, making one, and what belongs to it.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "actions/actions.h"
#include "json/jsonl.h"
#include "session/session-account.h"

static const char *
login_code(enum login result)
{
	switch (result) {
	case LOGIN_WRONG:
		return "wrong-password";
	case LOGIN_TOO_OFTEN:
	case LOGIN_AGAIN:
		return "too-often";
	case LOGIN_INSECURE:
		return "insecure";
	case LOGIN_NO_PASSWORD:
	case LOGIN_BAD_PASSWORD:
	case LOGIN_UNCONFIRMED:
		return "bad-password";
	case LOGIN_NO_NICK:
		return "bad-nick";
	case LOGIN_TAKEN:
		return "nick-owned";
	case LOGIN_DONE:
	case LOGIN_VERIFY:
	case LOGIN_ALREADY:
	case LOGIN_NOT_ALLOWED:
	case LOGIN_BANNED:
	case LOGIN_NAMED:
	case LOGIN_FULL:
		break;
	}
	return "forbidden";
}

/* A program that wants to come back has a token for that instead of the
 * password. */
static void
login_add_token(struct session *s, struct json *j, struct account *a)
{
	const struct account_proof *p;
	char token[TOKEN_SIZE], name[PROOF_STR_SIZE];

	if ((p = session_make_token(s, a, token)) != NULL) {
		json_text(j, "token", token);
		proof_str(p, name);
		json_text(j, "name", name);
		session_comes_with(s, p);
	}
	explicit_bzero(token, sizeof(token));
}

void
jsonl_logged_in(struct session *s, enum login_purpose purpose,
    enum login result, const struct login_answer *answer)
{
	struct buf text = BUF_INITIALIZER;
	struct jsonl_pending p;
	struct jsonl_request rq;
	struct json *j;

	/* By the connection, when a nick was asked for. */
	if (s->state == NULL)
		return;
	jsonl_pending_end(s, &p, &rq);
	if (result == LOGIN_DONE && purpose == LOGIN_PASSWORD) {
		j = jsonl_begin_done(s, &rq);
		json_text(j, "account", account_name(session_account(s)));
		jsonl_end(s);
		return;
	}
	if (result == LOGIN_DONE) {
		j = jsonl_begin_done(s, &rq);
		json_text(j, "account", account_name(answer->account));
		json_text(j, "nick", s->member->nick);
		json_number(j, "failures", answer->failures);
		if (p.wants_token)
			login_add_token(s, j, session_account(s));
		jsonl_end(s);
		return;
	}
	session_login_text(s, purpose, result, answer, &text);
	jsonl_failed(s, &rq, login_code(result), "%s", buf_cstr(&text));
	buf_fini(&text);
}

/* By the Unix user, or the key of a certificate. */
static void
login_by_connection(struct session *s, const struct jsonl_request *rq,
    const char *name)
{
	jsonl_pending_begin(s, rq);
	if (session_login_by_connection(s, name))
		return;
	jsonl_pending_free(s);
	jsonl_failed(s, rq, "bad-password",
	    "it needs a \"password\", or a token there");
}

/* Whoever is not believed goes on as who they are; the client knows whether it
 * wants to. */
void
jsonl_ssh_run(struct session *s, const struct jsonl_request *rq)
{
	char *text = jsonl_value(s, rq);
	const struct account *a;
	struct credential key;
	struct json *j;
	bool is_key;

	if (text == NULL)
		return;
	is_key = credential_from_ssh(&key, text);
	free(text);
	if (!is_key) {
		jsonl_failed(s, rq, "bad-key",
		    "it is no fingerprint such as ssh-keygen -l prints: "
		    "SHA256:...");
		return;
	}
	switch (session_take_key(s, &key, &jsonl_dialect)) {
	case SESSION_KEY_TAKEN:
		a = session_shown_account(s);
		j = jsonl_begin_done(s, rq);
		json_text(j, "nick", s->member->nick);
		json_text(j, "account", a == NULL ? NULL : account_name(a));
		jsonl_end(s);
		break;
	case SESSION_KEY_NOT_TRUSTED:
		jsonl_failed(s, rq, "not-trusted",
		    "the server takes no keys of ssh from your Unix user; "
		    "trusted-ssh in its settings names those it does");
		break;
	case SESSION_KEY_LATE:
		jsonl_failed(s, rq, "forbidden",
		    "it is told once, and before nick, login and join");
		break;
	case SESSION_KEY_REFUSED:
		break;
	}
}

/* A password is taken as it is. */
void
jsonl_login_run(struct session *s, const struct jsonl_request *rq)
{
	const json_t *password = json_object_get(rq->object, "password");
	char *name = jsonl_value(s, rq);

	if (name == NULL)
		return;
	if (session_account(s) != NULL)
		jsonl_failed(s, rq, "forbidden", "you are logged in already");
	else if (json_is_string(password)) {
		jsonl_pending_begin(s, rq);
		session_login(s, name, json_string_value(password));
	} else
		login_by_connection(s, rq, name);
	free(name);
}

void
jsonl_register_run(struct session *s, const struct jsonl_request *rq)
{
	if (!json_is_string(rq->value)) {
		jsonl_failed(s, rq, "no-text", "it needs a password");
		return;
	}
	jsonl_pending_begin(s, rq);
	session_set_password(s, LOGIN_REGISTER, json_string_value(rq->value));
}

static void
account_show(struct session *s, const struct jsonl_request *rq)
{
	const struct account *a = session_account(s);
	const struct account_nick *n;
	const struct account_proof *p;
	char name[PROOF_STR_SIZE];
	struct json *j = jsonl_begin_done(s, rq);

	json_text(j, "account", a == NULL ? NULL : account_name(a));
	if (a == NULL) {
		jsonl_end(s);
		return;
	}
	jsonl_add_time(j, "made", a->made_ms);
	json_array_open(j, "nicks");
	TAILQ_FOREACH(n, &a->nicks, in_account)
		json_text(j, NULL, n->nick);
	json_array_close(j);
	json_array_open(j, "credentials");
	TAILQ_FOREACH(p, &a->proofs, in_account) {
		proof_str(p, name);
		json_object_open(j, NULL);
		json_text(j, "kind", proof_kind_str(p->kind));
		json_text(j, "name", p->kind == PROOF_PASSWORD ? NULL : name);
		jsonl_add_time(j, "made", p->made_ms);
		if (p->used_ms != 0)
			jsonl_add_time(j, "used", p->used_ms);
		json_object_close(j);
	}
	json_array_close(j);
	jsonl_end(s);
}

static void
account_token(struct session *s, const struct jsonl_request *rq)
{
	struct account *a = session_account(s);
	const struct account_proof *p;
	char token[TOKEN_SIZE], name[PROOF_STR_SIZE];
	struct json *j;

	if (!session_is_private(s))
		jsonl_failed(s, rq, "insecure", "%s", SESSION_INSECURE_TEXT);
	else if ((p = session_make_token(s, a, token)) == NULL)
		jsonl_failed(s, rq, "too-many", "%s", SESSION_PROOFS_FULL_TEXT);
	else {
		j = jsonl_begin_done(s, rq);
		json_text(j, "token", token);
		proof_str(p, name);
		json_text(j, "name", name);
		jsonl_end(s);
	}
	explicit_bzero(token, sizeof(token));
}

/* A new password; the present one shows that it is they who ask, unless their
 * connection does. */
static void
account_new_password(struct session *s, const struct jsonl_request *rq)
{
	const json_t *password = json_object_get(rq->object, "password");
	const json_t *present = json_object_get(rq->object, "present");

	if (!json_is_string(password)) {
		jsonl_failed(s, rq, "bad-password",
		    "it needs the new \"password\", and the \"present\" one");
		return;
	}
	jsonl_pending_begin(s, rq);
	if (json_is_string(present))
		session_change_password(s, json_string_value(present),
		    json_string_value(password));
	else
		session_set_password(s, LOGIN_PASSWORD,
		    json_string_value(password));
}

static void
account_change(struct session *s, const struct jsonl_request *rq, char *what,
    char *name)
{
	struct buf text = BUF_INITIALIZER;
	char *argv[] = { what, name, NULL };

	if (session_account(s) != NULL && strcmp(what, "token") == 0)
		account_token(s, rq);
	else if (session_account_change(s, name == NULL ? 1 : 2, argv, &text))
		jsonl_done(s, rq);
	else
		jsonl_failed(s, rq, "forbidden", "%s", buf_cstr(&text));
	buf_wipe(&text);
	buf_fini(&text);
}

void
jsonl_account_run(struct session *s, const struct jsonl_request *rq)
{
	char *what, *name;

	if (!jsonl_optional(s, rq, &what))
		return;
	if (what == NULL) {
		account_show(s, rq);
		return;
	}
	if (session_account(s) != NULL && strcasecmp(what, "password") == 0)
		account_new_password(s, rq);
	else if (jsonl_member(s, rq, "name", &name)) {
		account_change(s, rq, what, name);
		free(name);
	}
	free(what);
}

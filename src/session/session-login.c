/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Logging in, making an account and changing a password, for all protocols: each
 * may take a prompt and the computing of a hash, and ends with the protocol's
 * logged_in(). Meanwhile the client's input waits, as answers come in order.
 *
 *   session_ask_password() -> a line -> session_login() -> hash -> logged_in()
 *
 * Whatever is typed after a prompt is a secret, also when nobody waits for it
 * any more: a password that came too late must not be said.
 *
 * An upgrade ends the computing: the next program asks the client to try again.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "base/fields.h"
#include "base/log.h"
#include "net/verify.h"
#include "room/member.h"
#include "session/protocol.h"
#include "session/session-impl.h"

#define LOGIN_PROMPT_MS 60000
#define LOGIN_AHEAD_MS 1000

enum login_step {
	LOGIN_STEP_PROMPT, /* a password is awaited */
	LOGIN_STEP_LATE, /* nobody waits for it any more */
	LOGIN_STEP_HASH /* it is compared, or a hash of it is made */
};

struct session_login {
	struct session *session;
	uint8_t step; /* enum login_step */
	bool is_typed; /* the password, at a prompt */
	uint8_t purpose; /* enum login_purpose */
	char name[NICK_SIZE]; /* of the account that is meant */
	struct deadline due;
	struct verify *verify; /* NULL: it was the previous program's */
	struct login_try try;
	int64_t wait_ms; /* see struct login_answer */
};

bool
session_is_private(const struct session *s)
{
	return conn_is_secure(s->conn) || credential_is_local(&s->address);
}

/* What the connection itself proves, whatever the client says: the key of its
 * certificate, or its Unix user. */
static struct account_proof *
login_proof(const struct session *s)
{
	const uint8_t *key = conn_tls_key(s->conn);
	unsigned char bytes[PROOF_BYTES];

	if (key != NULL)
		return accounts_find_proof(&s->all->chat->accounts, PROOF_KEY,
		    key);
	if (s->address.kind != CREDENTIAL_UID)
		return NULL;
	proof_of_uid(bytes, &s->address);
	return accounts_find_proof(&s->all->chat->accounts, PROOF_UID, bytes);
}

struct account *
session_account(const struct session *s)
{
	if (s->member != NULL)
		return member_account(s->member);
	return s->account == 0 ?
	    NULL :
	    accounts_find_id(&s->all->chat->accounts, s->account);
}

struct credential
session_identity(const struct session *s)
{
	const struct account *a = session_account(s);

	if (s->member != NULL)
		return s->member->credential;
	return a == NULL ? s->address : credential_from_account(a->id);
}

static void
login_free(struct session_login *l)
{
	if (l == NULL)
		return;
	deadline_clear(l->session->all->net->deadlines, &l->due);
	verify_cancel(l->verify);
	l->session->login = NULL;
	explicit_bzero(l, sizeof(*l));
	free(l);
}

/* The session waits for it no more, and may begin another; l is freed by
 * login_wipe(). */
static void
login_detach(struct session_login *l)
{
	l->session->login = NULL;
	deadline_clear(l->session->all->net->deadlines, &l->due);
}

static void
login_wipe(struct session_login *l)
{
	explicit_bzero(l, sizeof(*l));
	free(l);
}

void
session_login_cancel(struct session *s)
{
	login_free(s->login);
}

static struct session_login *login_new(struct session *s,
    enum login_purpose purpose, enum login_step step, const char *name);

/* Whoever types may do so for a prompt that is not there, or once more: the next
 * line is no line of chat. for_ms 0: whenever it comes. */
static void
login_shun(struct session *s, enum login_purpose purpose, int64_t for_ms)
{
	struct session_login *l;

	if (s->has_left || s->login != NULL)
		return;
	l = login_new(s, purpose, LOGIN_STEP_LATE, "");
	if (for_ms > 0)
		deadline_set(s->all->net->deadlines, &l->due,
		    s->all->net->clock->mono_ms + for_ms);
	else
		session_notice(s,
		    "your next line is not said to anybody, as it may be the "
		    "password; commands are commands");
}

/* The end of it: tells the client. */
static void
login_end(struct session *s, enum login_purpose purpose, enum login result,
    struct login_answer *answer)
{
	if (s->protocol->logged_in != NULL && !s->has_left)
		s->protocol->logged_in(s, purpose, result, answer);
}

/* s is the owner of a, as p (NULL: the password) has shown. */
static void
login_done(struct session *s, struct account *a, struct account_proof *p,
    const char *nick)
{
	struct login_answer answer = { .nick = NICK_SAME };
	char from[CREDENTIAL_STR_SIZE];

	credential_str(&s->address, from);
	log_info("logged in: account=%s by=%s from=\"%s\"", account_name(a),
	    proof_kind_str(p == NULL ? PROOF_PASSWORD : p->kind), from);
	action_logged_in(s->all->chat, a, p, &answer);
	s->account = a->id;
	if (s->member != NULL)
		action_login(s->member, a,
		    s->protocol->takes_nick ? nick : NULL, &answer);
	login_end(s, LOGIN_TO, LOGIN_DONE, &answer);
}

static void
login_refused(struct session *s, const struct session_login *l,
    enum login result)
{
	struct login_answer answer = { .wait_ms = l->wait_ms };

	/* What is no account's name may be a password in the wrong place. */
	if (result == LOGIN_WRONG) {
		char from[CREDENTIAL_STR_SIZE];

		credential_str(&s->address, from);
		log_limited(&s->all->login_log, s->all->net->clock->mono_ms,
		    LOG_LEVEL_WARNING, "wrong password: account=%s from=\"%s\"",
		    l->try.id == 0 ? "-" : l->name, from);
	}
	login_end(s, l->purpose, result, &answer);
	if (l->is_typed)
		login_shun(s, l->purpose, 0);
}

/* What the hash tells. l is freed. */
static void
login_found(struct session_login *l, enum verify_result found)
{
	struct session *s = l->session;
	struct chat *chat = s->all->chat;
	struct login_answer answer = { .nick = NICK_SAME };
	struct account *a;
	enum login result = LOGIN_AGAIN;
	const char *hash = found == VERIFY_YES ? verify_hash(s->all->verify) :
						 "";

	if (found == VERIFY_FAILED)
		login_refused(s, l, LOGIN_AGAIN);
	else if (l->purpose == LOGIN_TO) {
		a = action_login_verified(chat, &s->address, &l->try,
		    found == VERIFY_YES);
		if (a != NULL)
			login_done(s, a, NULL, l->name);
		else
			login_refused(s, l, LOGIN_WRONG);
	} else if (s->member != NULL && found == VERIFY_YES) {
		a = session_account(s);
		if (l->purpose == LOGIN_REGISTER) {
			result = action_register(s->member, l->name, hash,
			    &answer);
			if (result == LOGIN_DONE)
				s->account = answer.account->id;
		} else if (a != NULL) {
			account_set_password(&chat->accounts, a, hash,
			    chat->clock->wall_ms);
			answer.account = a;
			result = LOGIN_DONE;
		}
		login_end(s, l->purpose, result, &answer);
	} else
		login_refused(s, l, LOGIN_BAD_PASSWORD);
}

static void
login_verified_cb(enum verify_result found, void *arg)
{
	struct session_login *l = arg;
	struct session *s = l->session;

	l->verify = NULL;
	s->login = NULL;
	session_release(s);
	if (!s->has_left)
		login_found(l, found);
	/* Another may have begun meanwhile. */
	deadline_clear(s->all->net->deadlines, &l->due);
	explicit_bzero(l, sizeof(*l));
	free(l);
}

/* Nobody has typed the password; or an upgrade has ended the computing. */
static void
login_due_cb(void *arg)
{
	struct session_login *l = arg;
	struct session *s = l->session;

	if (l->step == LOGIN_STEP_HASH) {
		login_verified_cb(VERIFY_FAILED, l);
		return;
	}
	if (l->step == LOGIN_STEP_LATE) {
		login_free(l);
		return;
	}
	l->step = LOGIN_STEP_LATE;
	session_error(s,
	    "no password came, and nothing has changed; your next line is not "
	    "said to anybody");
}

static struct session_login *
login_new(struct session *s, enum login_purpose purpose, enum login_step step,
    const char *name)
{
	struct session_login *l = xcalloc(1, sizeof(*l));

	login_free(s->login);
	l->session = s;
	l->purpose = (uint8_t)purpose;
	l->step = (uint8_t)step;
	(void)strlcpy(l->name, name, sizeof(l->name));
	deadline_init(&l->due, login_due_cb, l);
	s->login = l;
	return l;
}

/* Has the hash computed, which takes a moment. */
static void
login_compute(struct session_login *l, const char *secret)
{
	struct session *s = l->session;
	struct verify_queue *q = s->all->verify;

	l->step = LOGIN_STEP_HASH;
	if (q != NULL)
		l->verify = l->purpose == LOGIN_TO ?
		    verify_start(q, l->try.hash, secret, login_verified_cb, l) :
		    verify_start_new(q, secret, login_verified_cb, l);
	if (l->verify != NULL) {
		session_hold(s);
		return;
	}
	login_detach(l);
	login_refused(s, l, LOGIN_AGAIN);
	login_wipe(l);
}

void
session_login(struct session *s, const char *name, const char *secret)
{
	struct session_login *l = login_new(s, LOGIN_TO, LOGIN_STEP_HASH, name);
	struct chat *chat = s->all->chat;
	struct account_proof *p;
	enum login result = LOGIN_VERIFY;

	if (session_account(s) != NULL)
		result = LOGIN_ALREADY;
	else if (!session_is_private(s))
		result = LOGIN_INSECURE;
	else
		result = action_login_check(chat, &s->address, name, secret,
		    &l->try);
	l->wait_ms = l->try.wait_ms;
	if (result == LOGIN_VERIFY) {
		login_compute(l, secret);
		return;
	}
	/* The answer may try something else, as if this were over. */
	login_detach(l);
	if (result == LOGIN_DONE) {
		p = accounts_find_proof(&chat->accounts, PROOF_TOKEN,
		    l->try.token);
		login_done(s, p->account, p, l->name);
	} else
		login_refused(s, l, result);
	login_wipe(l);
}

/* What of the connection lets s into the account of name. */
static struct account_proof *
login_proof_of(const struct session *s, const char *name)
{
	struct account_proof *p = login_proof(s);

	return p == NULL || (name != NULL && !account_owns(p->account, name)) ?
	    NULL :
	    p;
}

bool
session_may_log_in(const struct session *s, const char *name)
{
	return session_account(s) == NULL && login_proof_of(s, name) != NULL;
}

bool
session_proves_account(const struct session *s, const char *name)
{
	const struct account_proof *p = login_proof_of(s, name);

	return p != NULL && p->account == session_account(s);
}

bool
session_login_by_connection(struct session *s, const char *name)
{
	struct account_proof *p = login_proof_of(s, name);

	if (p == NULL || session_account(s) != NULL)
		return false;
	login_done(s, p->account, p,
	    name == NULL ? account_name(p->account) : name);
	return true;
}

/* Whether s may do that at all. */
static enum login
login_may(const struct session *s, enum login_purpose purpose)
{
	bool is_in = session_account(s) != NULL;

	if (is_in != (purpose == LOGIN_PASSWORD))
		return is_in ? LOGIN_ALREADY : LOGIN_WRONG;
	if (!session_is_private(s))
		return LOGIN_INSECURE;
	return purpose != LOGIN_REGISTER ? LOGIN_DONE :
					   action_register_check(s->member);
}

void
session_set_password(struct session *s, enum login_purpose purpose,
    const char *password)
{
	struct login_answer answer = { .nick = NICK_SAME };
	enum login result = login_may(s, purpose);

	if (result == LOGIN_DONE && password_check(password) != NULL)
		result = LOGIN_BAD_PASSWORD;
	if (result == LOGIN_DONE && purpose == LOGIN_REGISTER) {
		answer.wait_ms = action_register_wait_ms(s->member);
		if (answer.wait_ms > 0)
			result = LOGIN_TOO_OFTEN;
	}
	if (result != LOGIN_DONE)
		login_end(s, purpose, result, &answer);
	else
		login_compute(login_new(s, purpose, LOGIN_STEP_HASH,
				  s->member->nick),
		    password);
}

void
session_ask_password(struct session *s, enum login_purpose purpose,
    const char *name)
{
	struct login_answer answer = { .nick = NICK_SAME };
	enum login result = login_may(s, purpose);
	struct session_login *l;

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
	session_notice(s, "password:");
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
	else if (purpose == LOGIN_TO)
		session_login(s, name, secret);
	else
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

/* To the next program */

static const struct field login_list[] = {
	{ FIELD_UINT(1, struct session_login, step), .max = LOGIN_STEP_HASH },
	{ FIELD_UINT(2, struct session_login, purpose), .max = LOGIN_PASSWORD },
	{ FIELD_STRING(3, struct session_login, name) },
	{ FIELD_INT(4, struct session_login, due.at_ms) },
	{ FIELD_BOOL(5, struct session_login, is_typed) },
};
static const struct fields login_fields = { FIELDS("a login",
    struct session_login, login_list) };

void
session_login_save(const struct session *s, struct fields_out *out,
    uint16_t tag)
{
	if (s->login != NULL)
		fields_put_item(out, tag, &login_fields, s->login);
}

bool
session_login_load(struct session *s, struct fields_in *in,
    const struct tlv *item)
{
	struct session_login got, *l;

	memset(&got, 0, sizeof(got));
	if (!fields_get(in, &login_fields, item, &got))
		return false;
	l = login_new(s, got.purpose, got.step, got.name);
	if (got.step == LOGIN_STEP_HASH) {
		session_hold(s);
		got.due.at_ms = s->all->net->clock->mono_ms;
	}
	if (got.step != LOGIN_STEP_LATE)
		deadline_set(s->all->net->deadlines, &l->due, got.due.at_ms);
	return true;
}

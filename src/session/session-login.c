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
 * Who has to wait for others to be computed, because too many are or because
 * attempts are only free once they were right, stands in a queue of all
 * sessions, and tries again whenever one is done.
 *
 * An upgrade ends the computing: the next program asks the client to try again.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "base/fields.h"
#include "base/log.h"
#include "net/verify.h"
#include "room/conversing.h"
#include "room/typed-secret.h"
#include "session/protocol.h"
#include "session/session-impl.h"
#include "session/session-login-impl.h"

/* For so long after a login nobody is asked who they are once more. */
#define LOGIN_FRESH_MS 600000
/* How many logins wait for others that are computed, and how long. */
#define LOGIN_WAITING_MAX 256
#define LOGIN_WAIT_MS 30000

void
login_note(struct session *s, const char *secret)
{
	if (s->member != NULL)
		typed_secret_note(s->member, secret);
}

void
login_forget(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

/* The secret of l, which waits no more; the caller's to forget. */
static char *
login_stop_waiting(struct session_login *l)
{
	struct sessions *all = l->session->all;
	char *secret = l->secret;

	if (secret == NULL)
		return NULL;
	TAILQ_REMOVE(&all->logins_waiting, l, waiting);
	all->logins_waiting_count--;
	l->secret = NULL;
	return secret;
}

void
login_wipe(struct session_login *l)
{
	struct session *s = l->session;

	login_forget(login_stop_waiting(l));
	login_forget(l->next);
	/* Who does not wait for the answer has guessed. */
	action_login_end(s->all->chat, &s->address, &l->try, ATTEMPT_WRONG);
	explicit_bzero(l, sizeof(*l));
	free(l);
}

void
login_free(struct session_login *l)
{
	if (l == NULL)
		return;
	deadline_clear(l->session->all->net->deadlines, &l->due);
	verify_cancel(l->verify);
	l->session->login = NULL;
	login_wipe(l);
}

void
login_detach(struct session_login *l)
{
	l->session->login = NULL;
	deadline_clear(l->session->all->net->deadlines, &l->due);
}

void
session_login_cancel(struct session *s)
{
	login_free(s->login);
}

static void login_wake(struct sessions *all);

/* What asks for a password, for that. */
static const char *
login_command(enum login_purpose purpose)
{
	switch (purpose) {
	case LOGIN_TO:
		return "/login NAME";
	case LOGIN_REGISTER:
		return "/register";
	case LOGIN_PASSWORD:
	case LOGIN_CONFIRM:
		return "/account password";
	}
	return "/login NAME";
}

void
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
		    "%s asks once more; your next line is not said to anybody, "
		    "as it may be the password",
		    login_command(purpose));
}

void
login_end(struct session *s, enum login_purpose purpose, enum login result,
    struct login_answer *answer)
{
	if (s->protocol->logged_in != NULL && !s->has_left)
		s->protocol->logged_in(s, purpose, result, answer);
}

/* s is logged in from now on: what it uses is the account's. */
static void
session_set_account(struct session *s, uint64_t account)
{
	s->account = account;
	s->origin = admit_share(&s->all->admission, s->origin, account, false);
}

void
login_is_proved(struct session *s)
{
	s->proved_until_ms = s->all->net->clock->mono_ms + LOGIN_FRESH_MS;
}

void
login_done(struct session *s, struct account *a, struct account_proof *p,
    const char *nick)
{
	struct login_answer answer = { .nick = NICK_SAME };
	char from[CREDENTIAL_STR_SIZE];

	answer.ban = action_account_ban(s->all->chat, a);
	if (answer.ban != NULL) {
		login_end(s, LOGIN_TO, LOGIN_BANNED, &answer);
		return;
	}
	credential_str(&s->address, from);
	log_info("logged in: account=%s by=%s from=\"%s\"", account_name(a),
	    proof_kind_str(p == NULL ? PROOF_PASSWORD : p->kind), from);
	action_logged_in(s->all->chat, &s->address, a, p, &answer);
	s->all->logins[p == NULL ? PROOF_PASSWORD : p->kind]++;
	session_set_account(s, a->id);
	session_comes_with(s, p);
	if (p == NULL || p->kind != PROOF_TOKEN)
		login_is_proved(s);
	session_acts(s);
	if (s->member != NULL)
		action_login(s->member, a,
		    s->protocol->takes_nick ? nick : NULL, &answer);
	login_end(s, LOGIN_TO, LOGIN_DONE, &answer);
	if (s->member != NULL)
		conversing_tell(session_client(s));
}

void
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
	struct registrant who;
	struct account *a;
	enum login result = LOGIN_AGAIN;
	const char *hash = found == VERIFY_YES ? verify_hash(s->all->verify) :
						 "";

	if (found == VERIFY_FAILED) {
		action_login_end(chat, &s->address, &l->try, ATTEMPT_UNKNOWN);
		login_refused(s, l, LOGIN_AGAIN);
	} else if (l->purpose == LOGIN_CONFIRM) {
		a = action_login_verified(chat, &s->address, &l->try,
		    found == VERIFY_YES);
		if (a != NULL)
			action_scram_keep(chat, a,
			    verify_scram(s->all->verify));
		if (a != NULL && a == session_account(s))
			login_confirmed(l);
		else
			login_refused(s, l, LOGIN_WRONG);
	} else if (l->purpose == LOGIN_TO) {
		a = action_login_verified(chat, &s->address, &l->try,
		    found == VERIFY_YES);
		if (a != NULL) {
			action_scram_keep(chat, a,
			    verify_scram(s->all->verify));
			login_done(s, a, NULL, l->name);
		} else
			login_refused(s, l, LOGIN_WRONG);
	} else if (found == VERIFY_YES) {
		a = session_account(s);
		if (l->purpose == LOGIN_REGISTER) {
			who = login_registrant(s, l->name);
			result = action_register(chat, &who, hash, &answer);
			if (result == LOGIN_DONE) {
				session_set_account(s, answer.account->id);
				login_is_proved(s);
			}
		} else if (a != NULL) {
			account_set_password(&chat->accounts, a, hash,
			    chat->clock->wall_ms);
			answer.account = a;
			result = LOGIN_DONE;
		}
		if (result == LOGIN_DONE && (a = session_account(s)) != NULL)
			action_scram_keep(chat, a,
			    verify_scram(s->all->verify));
		login_end(s, l->purpose, result, &answer);
	} else
		login_refused(s, l, LOGIN_BAD_PASSWORD);
}

static void
login_verified_cb(enum verify_result found, void *arg)
{
	struct session_login *l = arg;
	struct session *s = l->session;
	struct sessions *all = s->all;

	l->verify = NULL;
	s->login = NULL;
	session_release(s);
	if (!s->has_left)
		login_found(l, found);
	/* Another may have begun meanwhile. */
	deadline_clear(all->net->deadlines, &l->due);
	login_wipe(l);
	login_wake(all);
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

struct session_login *
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

/* Has l wait for others to be done. False: too many do. */
static bool
login_wait(struct session_login *l, const char *secret)
{
	struct session *s = l->session;
	struct sessions *all = s->all;

	if (all->logins_waiting_count >= LOGIN_WAITING_MAX)
		return false;
	l->secret = xstrdup(secret);
	TAILQ_INSERT_TAIL(&all->logins_waiting, l, waiting);
	all->logins_waiting_count++;
	l->step = LOGIN_STEP_HASH;
	if (!l->due.is_set)
		deadline_set(all->net->deadlines, &l->due,
		    all->net->clock->mono_ms + LOGIN_WAIT_MS);
	session_hold(s);
	return true;
}

void
login_compute(struct session_login *l, const char *secret)
{
	struct session *s = l->session;
	struct verify_queue *q = s->all->verify;
	bool is_new = l->purpose == LOGIN_REGISTER ||
	    l->purpose == LOGIN_PASSWORD;

	l->step = LOGIN_STEP_HASH;
	if (q != NULL)
		l->verify = is_new ?
		    verify_start_new(q, secret, login_verified_cb, l) :
		    verify_start(q, l->try.hash, secret, login_verified_cb, l);
	if (l->verify != NULL) {
		deadline_clear(s->all->net->deadlines, &l->due);
		session_hold(s);
		return;
	}
	action_login_end(s->all->chat, &s->address, &l->try, ATTEMPT_UNKNOWN);
	if (q != NULL && login_wait(l, secret))
		return;
	login_detach(l);
	login_refused(s, l, LOGIN_AGAIN);
	login_wipe(l);
}

void
login_begin(struct session_login *l, const char *secret)
{
	struct session *s = l->session;
	struct chat *chat = s->all->chat;
	struct account_proof *p;
	enum login result = LOGIN_VERIFY;

	if ((session_account(s) != NULL) != (l->purpose == LOGIN_CONFIRM))
		result = session_account(s) != NULL ? LOGIN_ALREADY :
						      LOGIN_WRONG;
	else if (!session_is_private(s))
		result = LOGIN_INSECURE;
	else
		result = action_login_check(chat, &s->address, l->name, secret,
		    &l->try);
	l->wait_ms = l->try.wait_ms;
	if (result == LOGIN_VERIFY) {
		login_compute(l, secret);
		return;
	}
	if (result == LOGIN_TOO_OFTEN && l->try.may_wait &&
	    login_wait(l, secret))
		return;
	/* A token is not what was asked for. */
	if (result == LOGIN_DONE && l->purpose == LOGIN_CONFIRM)
		result = LOGIN_WRONG;
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

void
session_login(struct session *s, const char *name, const char *secret)
{
	login_note(s, secret);
	login_begin(login_new(s, LOGIN_TO, LOGIN_STEP_HASH, name), secret);
}

/* One is done: those who wait try again, the first first. */
static void
login_wake(struct sessions *all)
{
	struct session_login *l;
	size_t count = all->logins_waiting_count;
	char *secret;

	while (count-- > 0 && (l = TAILQ_FIRST(&all->logins_waiting)) != NULL) {
		secret = login_stop_waiting(l);
		session_release(l->session);
		if (l->purpose == LOGIN_REGISTER ||
		    l->purpose == LOGIN_PASSWORD)
			login_compute(l, secret);
		else
			login_begin(l, secret);
		login_forget(secret);
	}
}

/* To the next program */

static const struct field login_list[] = {
	{ FIELD_UINT(1, struct session_login, step), .max = LOGIN_STEP_HASH },
	{ FIELD_UINT(2, struct session_login, purpose), .max = LOGIN_CONFIRM },
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

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /account: what belongs to somebody's account, shown and changed by
 * themselves. Each protocol has the command; the words are the same.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "session/protocol.h"
#include "session/session-account.h"
#include "session/session.h"

/* How a command is called: as people type it, or as their client sends it. */
static const char *
account_command(const struct session *s, const char *typed, const char *sent)
{
	return s->protocol->has_slash ? typed : sent;
}

/* The account of a caller, its words, and what came of it. */
struct account_call {
	struct session *s;
	struct accounts *all;
	struct account *a;
	int argc;
	char **argv;
	struct buf *text;
};

static void
account_age(const struct session *s, int64_t wall_ms,
    char out[CLOCK_DURATION_SIZE])
{
	int64_t ago_ms = s->all->net->clock->wall_ms - wall_ms;

	clock_duration(ago_ms > 0 ? ago_ms : 0, out);
}

static void
account_show(struct session *s, const struct account *a)
{
	const struct account_nick *n;
	const struct account_proof *p;
	struct buf text = BUF_INITIALIZER;
	char made[CLOCK_DURATION_SIZE], used[CLOCK_DURATION_SIZE],
	    name[PROOF_STR_SIZE];

	account_age(s, a->made_ms, made);
	TAILQ_FOREACH(n, &a->nicks, in_account)
		if (n != TAILQ_FIRST(&a->nicks))
			buf_addf(&text, "%s%s",
			    text.len == 0 ? ", also " : ", ", n->nick);
	session_notice(s, "account %s%s, made %s ago", account_name(a),
	    buf_cstr(&text), made);
	buf_fini(&text);
	TAILQ_FOREACH(p, &a->proofs, in_account) {
		proof_str(p, name);
		account_age(s, p->made_ms, made);
		account_age(s, p->used_ms, used);
		session_notice(s, "%s%s%s, made %s ago, %s%s%s",
		    proof_kind_str(p->kind),
		    p->kind == PROOF_PASSWORD ? "" : " ",
		    p->kind == PROOF_PASSWORD ? "" : name, made,
		    p->used_ms == 0 ? "never used" : "used ",
		    p->used_ms == 0 ? "" : used, p->used_ms == 0 ? "" : " ago");
	}
}

const struct account_proof *
session_make_token(struct session *s, struct account *a, char token[TOKEN_SIZE])
{
	unsigned char bytes[PROOF_BYTES];

	token_make(token);
	return proof_of_token(bytes, token) ?
	    account_add_proof(&s->all->chat->accounts, a, PROOF_TOKEN, bytes,
		s->all->net->clock->wall_ms) :
	    NULL;
}

/* Each returns whether it was done, and adds a sentence about that. */

static bool
account_token_run(const struct account_call *call)
{
	char token[TOKEN_SIZE], name[PROOF_STR_SIZE];
	const struct account_proof *p;

	if (!session_is_private(call->s)) {
		buf_addstr(call->text, SESSION_INSECURE_TEXT);
		return false;
	}
	p = session_make_token(call->s, call->a, token);
	if (p != NULL) {
		proof_str(p, name);
		buf_addf(call->text,
		    "token %s: a program logs in with it as with the "
		    "password; it is shown this once; %s remove %s ends it",
		    token, account_command(call->s, "/account", "ACCOUNT"),
		    name);
	} else
		buf_addstr(call->text, SESSION_PROOFS_FULL_TEXT);
	explicit_bzero(token, sizeof(token));
	return p != NULL;
}

static bool
account_remove_run(const struct account_call *call)
{
	enum proof_kind kind;
	struct account_proof *p = NULL;

	for (kind = PROOF_KEY; kind < PROOF_KINDS && p == NULL; kind++)
		p = account_find_proof(call->a, kind, call->argv[1]);
	if (p == NULL && strcmp(call->argv[1], "password") == 0)
		TAILQ_FOREACH(p, &call->a->proofs, in_account)
			if (p->kind == PROOF_PASSWORD)
				break;
	if (p == NULL) {
		buf_addf(call->text,
		    "there is none of that name; %s lists them",
		    account_command(call->s, "/account", "ACCOUNT"));
		return false;
	}
	account_remove_proof(call->all, p);
	buf_addstr(call->text, "it lets nobody in any more");
	return true;
}

static bool
account_uid_run(const struct account_call *call)
{
	unsigned char bytes[PROOF_BYTES];
	struct session *s = call->s;

	if (s->address.kind != CREDENTIAL_UID) {
		buf_addstr(call->text, "you do not come as a Unix user");
		return false;
	}
	proof_of_origin(bytes, &s->address);
	if (account_add_proof(call->all, call->a, PROOF_UID, bytes,
		s->all->net->clock->wall_ms) == NULL) {
		buf_addstr(call->text,
		    "you have another account, or too many credentials");
		return false;
	}
	buf_addstr(call->text,
	    "from now on you need no password by a Unix socket");
	return true;
}

/* The key that the client shows now: of its certificate, or of ssh. */
static bool
account_key_run(const struct account_call *call)
{
	struct session *s = call->s;
	const uint8_t *key = conn_tls_key(s->conn);
	unsigned char ssh[PROOF_BYTES];
	struct account_proof *p;
	char name[PROOF_STR_SIZE];

	if (key == NULL && s->address.kind == CREDENTIAL_SSH) {
		proof_of_origin(ssh, &s->address);
		key = ssh;
	}
	if (key == NULL) {
		buf_addstr(call->text,
		    "your connection shows no certificate, and no key of ssh");
		return false;
	}
	p = account_add_proof(call->all, call->a,
	    key == ssh ? PROOF_SSH : PROOF_KEY, key,
	    s->all->net->clock->wall_ms);
	if (p == NULL) {
		buf_addstr(call->text,
		    "that key lets in somebody else, or you have too many "
		    "credentials");
		return false;
	}
	proof_str(p, name);
	buf_addf(call->text, "from now on you need no password with that %s %s",
	    key == ssh ? "key of ssh," : "certificate, key", name);
	return true;
}

static bool
account_alias_add(const struct account_call *call)
{
	struct session *s = call->s;
	const char *nick = call->argv[1];

	switch (action_account_check(s->all->chat, call->a, nick, s->member,
	    &s->address)) {
	case ACCOUNT_ADDED:
	case ACCOUNTS_FULL:
		break;
	case ACCOUNT_BAD_NICK:
		buf_addstr(call->text, "nobody can have that nick");
		return false;
	case ACCOUNT_OWNED:
		buf_addstr(call->text,
		    "that nick, or one that looks like it, "
		    "belongs to an account");
		return false;
	case ACCOUNT_HELD:
		buf_addf(call->text, "somebody here is called %s", nick);
		return false;
	case ACCOUNT_NAMED:
		buf_addf(call->text,
		    "the settings make operator of a room who is called %s; "
		    "only whoever runs this server gives that nick away",
		    nick);
		return false;
	}
	if (!account_add_nick(call->all, call->a, nick,
		s->all->net->clock->wall_ms)) {
		buf_addf(call->text, "an account has at most %d nicks",
		    ACCOUNT_NICKS_MAX);
		return false;
	}
	buf_addf(call->text, "%s is yours, too", nick);
	return true;
}

static bool
account_alias_remove(const struct account_call *call)
{
	const struct member *m = call->s->member;

	if (strcasecmp(m->nick, call->argv[1]) == 0) {
		buf_addstr(call->text,
		    "you are called so; change your nick "
		    "first");
		return false;
	}
	if (!account_remove_nick(call->all, call->a, call->argv[1])) {
		buf_addstr(call->text, "that is none of your aliases");
		return false;
	}
	buf_addstr(call->text, "it is yours no more");
	return true;
}

static bool
account_main_run(const struct account_call *call)
{
	if (!account_set_name(call->all, call->a, call->argv[1])) {
		buf_addstr(call->text, "that is none of your nicks");
		return false;
	}
	buf_addf(call->text, "your account is called %s now",
	    account_name(call->a));
	return true;
}

static const struct {
	const char *word;
	int args;
	bool (*run)(const struct account_call *call);
} account_words[] = {
	{ "token", 0, account_token_run },
	{ "uid", 0, account_uid_run },
	{ "key", 0, account_key_run },
	{ "remove", 1, account_remove_run },
	{ "alias", 1, account_alias_add },
	{ "unalias", 1, account_alias_remove },
	{ "main", 1, account_main_run },
};

bool
session_account_change(struct session *s, int argc, char *argv[],
    struct buf *text)
{
	const struct account_call call = {
		.s = s,
		.all = &s->all->chat->accounts,
		.a = session_account(s),
		.argc = argc,
		.argv = argv,
		.text = text,
	};
	size_t i;

	if (call.a == NULL) {
		buf_addf(text, "you have no account: %s makes one%s; or %s",
		    account_command(s,
			s->member->is_guest ? "/nick NAME, then /register" :
					      "/register",
			"REGISTER"),
		    s->member->is_guest ? "" : " of your nick",
		    account_command(s, "/login NAME", "log in"));
		return false;
	}
	for (i = 0; argc > 0 && i < NITEMS(account_words); i++)
		if (strcasecmp(argv[0], account_words[i].word) == 0 &&
		    argc == 1 + account_words[i].args)
			return account_words[i].run(&call);
	buf_addf(text, "usage: %s " SESSION_ACCOUNT_USAGE,
	    account_command(s, "/account", "ACCOUNT"));
	return false;
}

void
session_account_run(struct session *s, int argc, char *argv[])
{
	const struct account *a = session_account(s);
	struct buf text = BUF_INITIALIZER;

	if (a != NULL && argc == 0)
		account_show(s, a);
	else if (a != NULL && argc == 1 && strcasecmp(argv[0], "password") == 0)
		session_ask_password(s, LOGIN_PASSWORD, account_name(a));
	else if (session_account_change(s, argc, argv, &text) || a == NULL)
		session_notice(s, "%s", buf_cstr(&text));
	else
		session_error(s, "%s", buf_cstr(&text));
	buf_wipe(&text);
	buf_fini(&text);
	if (a == NULL && argc == 1 && strcasecmp(argv[0], "password") == 0)
		session_shun_password(s);
}

/* In words */

static void
login_done_text(const struct session *s, enum login_purpose purpose,
    const struct login_answer *answer, struct buf *out)
{
	char ago[CLOCK_DURATION_SIZE];

	switch (purpose) {
	case LOGIN_TO:
		break;
	case LOGIN_REGISTER:
		buf_addf(out,
		    "%s is yours: nobody else can have it; %s%s from "
		    "wherever you are",
		    account_name(answer->account),
		    account_command(s, "/login ", "log in"),
		    account_command(s, account_name(answer->account), ""));
		/* It may be a server's, and several people's. */
		if (s->address.kind == CREDENTIAL_UID)
			buf_addf(out,
			    "; if nobody else is your Unix user, %s lets it in "
			    "without the password",
			    account_command(s, "/account uid", "ACCOUNT UID"));
		return;
	case LOGIN_PASSWORD:
	case LOGIN_CONFIRM:
		buf_addstr(out, "your password is changed");
		return;
	}
	buf_addf(out, "you are logged in as %s", account_name(answer->account));
	if (answer->last_ms != 0) {
		account_age(s, answer->last_ms, ago);
		buf_addf(out, "; the last time was %s ago", ago);
	}
	if (answer->failures > 0)
		buf_addf(out, "; wrong passwords since then: %lu",
		    (unsigned long)answer->failures);
}

void
session_login_text(struct session *s, enum login_purpose purpose,
    enum login result, const struct login_answer *answer, struct buf *out)
{
	char ago[CLOCK_DURATION_SIZE], *sentence;

	switch (result) {
	case LOGIN_DONE:
		login_done_text(s, purpose, answer, out);
		break;
	case LOGIN_VERIFY:
		break;
	case LOGIN_WRONG:
		if (purpose == LOGIN_CONFIRM) {
			buf_addstr(out,
			    "that is not your password; nothing has changed");
			break;
		}
		buf_addstr(out,
		    "there is no such account, or it has another "
		    "password");
		break;
	case LOGIN_TOO_OFTEN:
		clock_duration(answer->wait_ms + 999, ago);
		buf_addf(out, "%s; try again in %s",
		    purpose == LOGIN_REGISTER ?
			"too many accounts were made from where you come "
			"lately" :
			"too many attempts",
		    ago);
		break;
	case LOGIN_AGAIN:
		buf_addstr(out, "that cannot be checked now; please try again");
		break;
	case LOGIN_ALREADY:
		buf_addstr(out, "you are logged in already");
		break;
	case LOGIN_BANNED:
		sentence = ban_sentence(answer->ban, s->all->net->clock);
		buf_addf(out, "that account is %s", sentence);
		free(sentence);
		break;
	case LOGIN_INSECURE:
		buf_addstr(out, SESSION_INSECURE_TEXT);
		break;
	case LOGIN_UNCONFIRMED:
		buf_addstr(out,
		    "it takes the present password before the new one; or come "
		    "by a key or a Unix user that lets you in");
		break;
	case LOGIN_NO_PASSWORD:
		buf_addstr(out, "nothing has changed");
		break;
	case LOGIN_BAD_PASSWORD:
		buf_addf(out,
		    "a password has at least %d characters, at most "
		    "%d, and no control characters",
		    PASSWORD_MIN, PASSWORD_MAX);
		break;
	case LOGIN_NOT_ALLOWED:
		buf_addstr(out,
		    "whoever runs this server makes the accounts; "
		    "ask them");
		break;
	case LOGIN_NO_NICK:
		buf_addf(out, "a guest has no nick to keep; %s first",
		    account_command(s, "/nick NAME", "NICK NAME"));
		break;
	case LOGIN_TAKEN:
		buf_addstr(out,
		    "that nick, or one that looks like it, is somebody "
		    "else's");
		break;
	case LOGIN_NAMED:
		buf_addstr(out,
		    "the settings make operator of a room who has your nick; "
		    "ask whoever runs this server for its account");
		break;
	case LOGIN_FULL:
		buf_addstr(out,
		    "there are as many accounts as there may be "
		    "(max-accounts); ask whoever runs this server");
		break;
	}
}

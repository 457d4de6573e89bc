/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * account: who owns which nick, and what lets them in. A password never comes
 * here: brbctl(8) is given its hash.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "actions/actions.h"
#include "admin/admin.h"
#include "admin/verb-impl.h"
#include "admin/verb.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/verify.h"
#include "room/forget.h"
#include "room/member.h"

#define ACCOUNT_PIECE 8192
#define ACCOUNT_USAGE \
	"usage: brbctl account list, or add, show, export or forget NICK, or " \
	"password NICK HASH, or password NICK --remove, or key NICK KEY, or " \
	"key NICK del ID"

static struct chat *
account_chat(const struct verb_call *call)
{
	return call->admin->sessions->chat;
}

static void
account_json(struct json *j, const struct account *a)
{
	const struct account_nick *n;
	const struct account_proof *p;
	char name[PROOF_STR_SIZE];

	json_object_open(j, NULL);
	json_text(j, "name", account_name(a));
	json_array_open(j, "nicks");
	TAILQ_FOREACH(n, &a->nicks, in_account)
		json_text(j, NULL, n->nick);
	json_array_close(j);
	json_seconds(j, "made_unix", a->made_ms);
	if (a->login_ms == 0)
		json_none(j, "login_unix");
	else
		json_seconds(j, "login_unix", a->login_ms);
	json_number(j, "failures", a->failures);
	json_array_open(j, "credentials");
	TAILQ_FOREACH(p, &a->proofs, in_account) {
		proof_str(p, name);
		json_object_open(j, NULL);
		json_text(j, "kind", proof_kind_str(p->kind));
		if (p->kind != PROOF_PASSWORD)
			json_text(j, "id", name);
		json_seconds(j, "made_unix", p->made_ms);
		if (p->used_ms == 0)
			json_none(j, "used_unix");
		else
			json_seconds(j, "used_unix", p->used_ms);
		json_object_close(j);
	}
	json_array_close(j);
	json_object_close(j);
}

static void
account_line(struct buf *out, const struct account *a, int64_t now_ms)
{
	const struct account_nick *n;
	char age[CLOCK_DURATION_SIZE];

	clock_duration(now_ms > a->made_ms ? now_ms - a->made_ms : 0, age);
	buf_addf(out, "%s: made %s ago", account_name(a), age);
	if (a->login_ms != 0) {
		clock_duration(now_ms > a->login_ms ? now_ms - a->login_ms : 0,
		    age);
		buf_addf(out, ", last login %s ago", age);
	}
	TAILQ_FOREACH(n, &a->nicks, in_account)
		if (n != TAILQ_FIRST(&a->nicks))
			buf_addf(out, ", alias %s", n->nick);
	if (a->failures > 0)
		buf_addf(out, ", wrong passwords since then: %lu",
		    (unsigned long)a->failures);
	buf_addch(out, '\n');
}

/* Ids are random, so the order is none that people would know. */
static enum verb_result
account_list(struct verb_call *call)
{
	struct chat *chat = account_chat(call);
	uint64_t *last = call->state;
	const struct account *a;

	if (last == NULL) {
		call->state = last = xcalloc(1, sizeof(*last));
		if (call->is_json) {
			json_object_open(&call->json, NULL);
			json_array_open(&call->json, "accounts");
		} else if (chat->accounts.count == 0)
			return verb_say(call, "there are no accounts");
	}
	while ((a = accounts_after(&chat->accounts, *last)) != NULL) {
		if (call->out.len >= ACCOUNT_PIECE)
			return VERB_MORE;
		*last = a->id;
		if (call->is_json)
			account_json(&call->json, a);
		else
			account_line(&call->out, a, chat->clock->wall_ms);
	}
	return verb_end_list(call);
}

static enum verb_result
account_show(struct verb_call *call, struct account *a)
{
	int64_t now_ms = account_chat(call)->clock->wall_ms;
	char name[PROOF_STR_SIZE], made[CLOCK_DURATION_SIZE],
	    used[CLOCK_DURATION_SIZE];
	const struct account_proof *p;

	if (call->is_json) {
		account_json(&call->json, a);
		buf_addch(&call->out, '\n');
		return VERB_DONE;
	}
	account_line(&call->out, a, now_ms);
	TAILQ_FOREACH(p, &a->proofs, in_account) {
		proof_str(p, name);
		clock_duration(now_ms > p->made_ms ? now_ms - p->made_ms : 0,
		    made);
		clock_duration(now_ms > p->used_ms ? now_ms - p->used_ms : 0,
		    used);
		buf_addf(&call->out, "%s%s%s, made %s ago, %s%s%s\n",
		    proof_kind_str(p->kind),
		    p->kind == PROOF_PASSWORD ? "" : " ",
		    p->kind == PROOF_PASSWORD ? "" : name, made,
		    p->used_ms == 0 ? "never used" : "used ",
		    p->used_ms == 0 ? "" : used, p->used_ms == 0 ? "" : " ago");
	}
	return VERB_DONE;
}

static enum verb_result
account_add(struct verb_call *call, const char *nick)
{
	struct chat *chat = account_chat(call);
	const char *why = NULL;

	switch (action_account_check(chat, NULL, nick, NULL, NULL)) {
	case ACCOUNT_ADDED:
	case ACCOUNT_NAMED:
	case ACCOUNTS_FULL: /* these are for people */
		break;
	case ACCOUNT_BAD_NICK:
		why = "nobody can have that nick";
		break;
	case ACCOUNT_OWNED:
		why = "it, or what it looks like, belongs to an account";
		break;
	case ACCOUNT_HELD:
		why = "somebody who is here is called so";
		break;
	}
	if (why != NULL ||
	    accounts_add(&chat->accounts, nick, chat->clock->wall_ms) == NULL)
		return verb_fail(call, "cannot make an account of '%s': %s",
		    nick, why == NULL ? "it is taken" : why);
	log_info("account made: name=%s by=admin", nick);
	return verb_say(call, "%s has an account; it needs a password or a key",
	    nick);
}

static enum verb_result
account_give_password(struct verb_call *call, struct account *a,
    const char *hash)
{
	struct chat *chat = account_chat(call);
	bool is_removed = strcmp(hash, "--remove") == 0;
	const char *why = is_removed ? NULL : verify_check_hash(hash);

	if (why != NULL)
		return verb_fail(call, "%s", why);
	if (is_removed && account_password(a) == NULL)
		return verb_fail(call, "%s has no password", account_name(a));
	if (is_removed) {
		account_set_password(&chat->accounts, a, NULL, 0);
		return verb_say(call, "%s has no password any more%s",
		    account_name(a),
		    a->proof_count > 0 ?
			"" :
			", nor anything else that lets them in");
	}
	account_set_password(&chat->accounts, a, hash, chat->clock->wall_ms);
	return verb_say(call, "%s has a new password", account_name(a));
}

/* A key as 64 hexadecimal digits, perhaps with colons, uid:N, or a fingerprint of
 * ssh. */
static bool
account_parse_key(const char *text, enum proof_kind *kind,
    unsigned char bytes[PROOF_BYTES])
{
	struct ban_subject subject;
	struct credential ssh;
	size_t n = 0;
	int digit;

	if (strncmp(text, "uid:", 4) == 0) {
		*kind = PROOF_UID;
		if (ban_subject_parse(&subject, text) != NULL)
			return false;
		proof_of_origin(bytes, &subject.origin);
		return true;
	}
	if (credential_from_ssh(&ssh, text)) {
		*kind = PROOF_SSH;
		proof_of_origin(bytes, &ssh);
		return true;
	}
	*kind = PROOF_KEY;
	memset(bytes, 0, PROOF_BYTES);
	for (; *text != '\0'; text++) {
		if (*text == ':' && n % 2 == 0)
			continue;
		if (n == 2 * PROOF_BYTES)
			return false;
		if (*text >= '0' && *text <= '9')
			digit = *text - '0';
		else if ((*text | 0x20) >= 'a' && (*text | 0x20) <= 'f')
			digit = (*text | 0x20) - 'a' + 10;
		else
			return false;
		bytes[n / 2] = (unsigned char)(bytes[n / 2] << 4 | digit);
		n++;
	}
	return n == 2 * PROOF_BYTES;
}

static enum verb_result
account_key(struct verb_call *call, struct account *a, const char *text)
{
	struct chat *chat = account_chat(call);
	unsigned char bytes[PROOF_BYTES];
	enum proof_kind kind;

	if (!account_parse_key(text, &kind, bytes))
		return verb_fail(call,
		    "a key is the SHA-256 of a certificate's public key, 64 "
		    "hexadecimal digits; or uid:N; or a key of ssh, as "
		    "ssh-keygen -l shows it: SHA256:...");
	if (account_add_proof(&chat->accounts, a, kind, bytes,
		chat->clock->wall_ms) == NULL)
		return verb_fail(call,
		    "it is another account's, or there are too many");
	return verb_say(call, "%s comes in by that from now on",
	    account_name(a));
}

/* The key, uid or token that is meant: as it was given, or as it is listed. */
static struct account_proof *
account_meant(const struct accounts *all, const struct account *a,
    const char *text)
{
	struct account_proof *p = NULL;
	unsigned char bytes[PROOF_BYTES];
	enum proof_kind kind;

	if (account_parse_key(text, &kind, bytes))
		p = accounts_find_proof(all, kind, bytes);
	if (p != NULL)
		return p->account == a ? p : NULL;
	for (kind = PROOF_KEY; kind < PROOF_KINDS && p == NULL; kind++)
		p = account_find_proof(a, kind, text);
	return p;
}

static enum verb_result
account_key_remove(struct verb_call *call, struct account *a, const char *text)
{
	struct accounts *all = &account_chat(call)->accounts;
	struct account_proof *p = account_meant(all, a, text);
	enum proof_kind kind;

	if (p == NULL)
		return verb_fail(call,
		    "%s has no key, uid or token \"%s\"; brbctl account show "
		    "lists them",
		    account_name(a), text);
	kind = (enum proof_kind)p->kind;
	account_remove_proof(all, p);
	return verb_say(call, "%s comes in by that %s no more", account_name(a),
	    proof_kind_str(kind));
}

struct forgetting {
	uint64_t account;
	bool unnames;
	char name[NICK_SIZE];
};

static enum verb_result
account_forget(struct verb_call *call, struct account *a)
{
	struct forgetting *state = xcalloc(1, sizeof(*state));
	struct chat *chat = account_chat(call);

	state->account = a->id;
	state->unnames = chat->options->forget_messages == FORGET_ANONYMISE;
	memcpy(state->name, account_name(a), sizeof(state->name));
	call->state = state;
	action_forget(chat, a, state->unnames);
	return VERB_MORE;
}

static enum verb_result
account_forget_go_on(struct verb_call *call)
{
	const struct forgetting *state = call->state;

	if (forget_is_busy(&account_chat(call)->forget, state->account))
		return VERB_MORE;
	return verb_say(call, "%s is forgotten; what they said in rooms %s",
	    state->name,
	    state->unnames ? "stays, without their name" :
			     "stays under their name (forget-messages)");
}

/* Does that take a nick? */
static bool
account_is_of_nick(const char *what)
{
	static const char *const verbs[] = { "add", "show", "export",
		"password", "key", "forget" };
	size_t i;

	for (i = 0; i < NITEMS(verbs); i++)
		if (strcmp(what, verbs[i]) == 0)
			return true;
	return false;
}

enum verb_result
verb_run_account(struct verb_call *call)
{
	const char *what = call->argv[0];
	struct account *a;

	if (strcmp(what, "list") == 0 && call->argc == 1)
		return account_list(call);
	if (strcmp(what, "export") == 0 && call->state != NULL)
		return export_go_on(call);
	if (strcmp(what, "forget") == 0 && call->state != NULL)
		return account_forget_go_on(call);
	if (call->argc < 2 || !account_is_of_nick(what))
		return verb_fail(call, ACCOUNT_USAGE);
	if (strcmp(what, "add") == 0 && call->argc == 2)
		return account_add(call, call->argv[1]);
	a = accounts_find(&account_chat(call)->accounts, call->argv[1]);
	if (a == NULL)
		return verb_fail(call, "there is no account \"%s\"",
		    call->argv[1]);
	if (strcmp(what, "show") == 0 && call->argc == 2)
		return account_show(call, a);
	if (strcmp(what, "export") == 0 && call->argc == 2)
		return export_begin_person(call, account_name(a), false);
	if (strcmp(what, "export") == 0 && call->argc == 3 &&
	    strcmp(call->argv[2], "hashes") == 0)
		return export_begin_person(call, account_name(a), true);
	if (strcmp(what, "password") == 0 && call->argc == 3)
		return account_give_password(call, a, call->argv[2]);
	if (strcmp(what, "key") == 0 && call->argc == 3)
		return account_key(call, a, call->argv[2]);
	if (strcmp(what, "key") == 0 && call->argc == 4 &&
	    strcmp(call->argv[2], "del") == 0)
		return account_key_remove(call, a, call->argv[3]);
	if (strcmp(what, "forget") == 0 && call->argc == 2)
		return account_forget(call, a);
	return verb_fail(call, ACCOUNT_USAGE);
}

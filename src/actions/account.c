/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Accounts: who may log in, who may make one, and what becomes of a member who
 * does. Whether a password is right is found out elsewhere (net/verify.h): here
 * is what has to be asked, and what follows from the answer.
 *
 * For a name without an account, or an account without a password, the password
 * is compared with somebody else's hash, which takes as long and is never
 * right.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include <bsd/string.h>

#include "actions/actions.h"
#include "base/log.h"
#include "base/text.h"
#include "room/client.h"
#include "room/conversing.h"
#include "room/directory.h"
#include "room/forget.h"
#include "room/member.h"
#include "room/roommates.h"

/* Of no password; as slow as what crypt_gensalt(3) makes. */
#define LOGIN_NO_HASH \
	"$y$j9T$saltsaltsaltsaltsalt..$" \
	"0000000000000000000000000000000000000000000"

/* So many accounts may be made from one origin in a day, or if that is more,
 * such a part of max-accounts. */
#define REGISTER_PER_DAY 10
#define REGISTER_SHARE 400

const char *
password_check(const char *password)
{
	const unsigned char *p = (const unsigned char *)password;
	size_t len = strlen(password);

	if (len < PASSWORD_MIN)
		return "a password has at least 8 characters";
	if (len > PASSWORD_MAX)
		return "a password has at most 500 bytes";
	if (!text_is_utf8(password, len))
		return "a password is UTF-8";
	for (; *p != '\0'; p++)
		if (*p < ' ' || *p == 0x7f)
			return "a password has no control characters";
	return NULL;
}

/* The hash that takes the time for a name that has none; the same for the same
 * name. */
static const char *
login_other_hash(const struct accounts *all, const char *name)
{
	const struct account *a = NULL;
	uint64_t id = 0;
	size_t i;

	for (; *name != '\0'; name++)
		id = (id ^ (unsigned char)*name) * UINT64_C(1099511628211);
	for (i = 0; i < 64; i++) {
		a = accounts_after(all, i == 0 ? id : a == NULL ? 0 : a->id);
		if (a != NULL && account_password(a) != NULL)
			return account_password(a)->hash;
	}
	return LOGIN_NO_HASH;
}

static struct attempt_subject
login_subject(const struct accounts *all, const struct credential *address,
    const struct login_try *try)
{
	const struct account *a = accounts_find_id(all, try->id);

	return (struct attempt_subject){
		.account = try->id,
		.name = try->name,
		.origin = address,
		.is_known = a != NULL && account_knows(a, address),
	};
}

enum login
action_login_check(struct chat *chat, const struct credential *address,
    const char *name, const char *secret, struct login_try *try)
{
	struct accounts *all = &chat->accounts;
	struct account *a = accounts_find(all, name);
	const struct account_proof *p;
	struct attempt_subject subject;
	unsigned char bytes[PROOF_BYTES];
	const char *hash;

	memset(try, 0, sizeof(*try));
	(void)strlcpy(try->name, name, sizeof(try->name));
	if (proof_of_token(bytes, secret)) {
		p = accounts_find_proof(all, PROOF_TOKEN, bytes);
		if (p != NULL && p->account == a) {
			try->id = a->id;
			memcpy(try->token, bytes, sizeof(try->token));
			return LOGIN_DONE;
		}
	}
	if (a != NULL)
		try->id = a->id;
	subject = login_subject(all, address, try);
	try->wait_ms = attempts_begin(&all->attempts, &subject,
	    chat->clock->mono_ms, &try->may_wait);
	if (try->wait_ms > 0)
		return LOGIN_TOO_OFTEN;
	try->is_counted = true;
	try->is_known = subject.is_known;
	p = a == NULL ? NULL : account_password(a);
	try->is_real = p != NULL;
	hash = p != NULL ? p->hash : login_other_hash(all, try->name);
	(void)strlcpy(try->hash, hash, sizeof(try->hash));
	return LOGIN_VERIFY;
}

struct account *
action_login_verified(struct chat *chat, const struct credential *address,
    struct login_try *try, bool is_right)
{
	struct accounts *all = &chat->accounts;
	struct account *a = accounts_find_id(all, try->id);
	const struct account_proof *p = a == NULL ? NULL : account_password(a);

	/* The password may have been changed meanwhile. */
	if (is_right && try->is_real && p != NULL &&
	    strcmp(p->hash, try->hash) == 0) {
		action_login_end(chat, address, try, ATTEMPT_RIGHT);
		return a;
	}
	action_login_end(chat, address, try, ATTEMPT_WRONG);
	if (a != NULL)
		account_failed(all, a);
	return NULL;
}

void
action_login_end(struct chat *chat, const struct credential *address,
    struct login_try *try, enum attempt_end how)
{
	struct attempt_subject subject;

	if (!try->is_counted)
		return;
	try->is_counted = false;
	subject = login_subject(&chat->accounts, address, try);
	subject.is_known = try->is_known;
	attempts_end(&chat->accounts.attempts, &subject, how);
}

void
action_logged_in(struct chat *chat, const struct credential *address,
    struct account *a, struct account_proof *p, struct login_answer *answer)
{
	a->used_age_ms = clock_age_ms(chat->clock);
	answer->account = a;
	answer->last_ms = a->login_ms;
	answer->failures = a->failures;
	account_logged_in(&chat->accounts, a, p, address, chat->clock->wall_ms);
}

/* Tells those who want to know that m is somebody now. */
static void
login_tell(struct member *m, const struct account *a)
{
	struct event event = { .kind = EVENT_SYNC_ACCOUNT };

	event.text = account_name(a);
	event.text_len = strlen(event.text);
	roommates_tell(m, &event);
}

void
action_login(struct member *m, const struct account *a, const char *nick,
    struct login_answer *answer)
{
	const struct credential identity = credential_from_account(a->id);

	assert(member_account(m) == NULL);
	member_set_identity(m, &identity);
	conversing_logged_in(m);
	login_tell(m, a);
	m->is_logging_in = true;
	answer->nick = NICK_SAME;
	if (nick != NULL && !account_owns(a, m->nick)) {
		answer->nick = action_nick(m, nick, &answer->nick_answer);
		m = answer->nick_answer.member;
	}
	if (answer->nick != NICK_CHANGED)
		rename_return(m);
	m->is_logging_in = false;
}

/* Has the nick been owned since it was given to its holder? Then that is who
 * owns it. */
enum account_add
action_account_check(struct chat *chat, const struct account *a,
    const char *nick, const struct member *holder,
    const struct credential *address)
{
	const struct account_nick *owner;
	const struct member *m;

	if (nick_check(nick) != NICK_OK)
		return ACCOUNT_BAD_NICK;
	owner = accounts_owner(&chat->accounts, nick);
	if (owner != NULL &&
	    (a == NULL || owner->account != a || account_owns(a, nick)))
		return ACCOUNT_OWNED;
	if (bans_match_nick(&chat->bans, nick, clock_age_ms(chat->clock)) !=
	    NULL)
		return ACCOUNT_BAD_NICK;
	/* Whoever has it first, or after it was freed, would be operator for
	 * good. */
	if (address != NULL && modes_names_nick(chat, nick, address))
		return ACCOUNT_NAMED;
	/* Somebody else is called so at the moment. */
	m = directory_find(&chat->directory, nick);
	if (m == NULL || m == holder)
		m = directory_find_lookalike(&chat->directory, nick);
	if (m != NULL && m != holder)
		return ACCOUNT_HELD;
	if (a == NULL && chat->accounts.count >= chat->options->max_accounts)
		return ACCOUNTS_FULL;
	return ACCOUNT_ADDED;
}

enum login
action_register_check(struct chat *chat, const struct registrant *who)
{
	enum option_register allowed = (enum option_register)
					   chat->options->register_who;

	if (allowed == REGISTER_ADMINS ||
	    (allowed == REGISTER_LOCAL && !credential_is_local(who->address)))
		return LOGIN_NOT_ALLOWED;
	if (who->m != NULL && who->m->is_guest)
		return LOGIN_NO_NICK;
	switch (action_account_check(chat, NULL, who->nick, who->m,
	    who->address)) {
	case ACCOUNT_ADDED:
		break;
	case ACCOUNT_BAD_NICK:
	case ACCOUNT_OWNED:
	case ACCOUNT_HELD:
		return LOGIN_TAKEN;
	case ACCOUNT_NAMED:
		return LOGIN_NAMED;
	case ACCOUNTS_FULL:
		return LOGIN_FULL;
	}
	return LOGIN_DONE;
}

int64_t
action_register_wait_ms(struct chat *chat, const struct credential *address)
{
	uint64_t share = chat->options->max_accounts / REGISTER_SHARE;

	return attempts_register(&chat->accounts.attempts, address,
	    share > REGISTER_PER_DAY ? (uint32_t)share : REGISTER_PER_DAY,
	    chat->clock->mono_ms);
}

int64_t
action_change_wait_ms(struct chat *chat, const struct account *a)
{
	return attempts_change(&chat->accounts.attempts, a->id,
	    chat->clock->mono_ms);
}

enum login
action_register(struct chat *chat, const struct registrant *who,
    const char *hash, struct login_answer *answer)
{
	struct member *m = who->m;
	struct accounts *all = &chat->accounts;
	int64_t now_ms = chat->clock->wall_ms;
	struct account *a;

	/* Much may have changed while the hash was computed. */
	if ((m != NULL && (m->is_guest || strcmp(m->nick, who->nick) != 0)) ||
	    action_account_check(chat, NULL, who->nick, m, who->address) !=
		ACCOUNT_ADDED ||
	    (a = accounts_add(all, who->nick, now_ms)) == NULL)
		return LOGIN_TAKEN;
	account_set_password(all, a, hash, now_ms);
	log_info("account made: name=%s", account_name(a));
	action_logged_in(chat, who->address, a, NULL, answer);
	if (m != NULL)
		action_login(m, a, NULL, answer);
	return LOGIN_DONE;
}

void
action_forget(struct chat *chat, struct account *a, bool unnames)
{
	struct member *m, *next;

	for (m = directory_next(&chat->directory, NULL); m != NULL; m = next) {
		next = directory_next(&chat->directory, m);
		if (member_account(m) == a)
			action_put_out(m, "your account is forgotten", NULL);
	}
	forget_begin(&chat->forget, a, unnames);
}

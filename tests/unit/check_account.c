/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Accounts: who owns which nick, what lets in, how often one may try, and that
 * nothing that is read makes anything somebody else's (hostile 81, 84, 85).
 */
#include "config.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actions/actions.h"
#include "base/fields.h"
#include "base/log.h"
#include "base/tlv.h"
#include "chat-fixture.h"
#include "room/account.h"
#include "room/departed.h"
#include "room/forget.h"
#include "room/modes-change.h"
#include "room/person.h"
#include "room/rename.h"
#include "room/room.h"
#include "state/accounts-journal.h"
#include "unit.h"

#define HASH \
	"$6$rounds=1000$saltsalt$LAV5VE5Y7w1d73x1mFNspYWUpazfmwv2SoepNXNKJ/" \
	"otop/Zok96Hr8Q13LEv0DRY/x8v0/crpIjl8NJSAqXV/"

static struct accounts accounts;

static void
setup(void)
{
	log_init(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	accounts_init(&accounts);
}

static void
teardown(void)
{
	accounts_fini(&accounts);
}

static struct account *
add(const char *nick)
{
	return accounts_add(&accounts, nick, 1);
}

START_TEST(test_nicks)
{
	struct account *rob = add("Bob"), *ann = add("ana");

	ck_assert_ptr_nonnull(rob);
	ck_assert_ptr_nonnull(ann);
	ck_assert(rob->id != 0 && rob->id != ann->id);
	ck_assert_str_eq(account_name(rob), "Bob");
	ck_assert_ptr_eq(accounts_find(&accounts, "bOB"), rob);
	ck_assert_ptr_eq(accounts_find_id(&accounts, ann->id), ann);
	ck_assert_ptr_null(accounts_find(&accounts, "bobby"));
	ck_assert_ptr_null(accounts_find(&accounts,
	    "a-nick-that-nobody-can-ever-have"));
	/* Nor what looks like it. */
	ck_assert_ptr_null(add("bob"));
	ck_assert_ptr_null(add("B0B"));
	ck_assert_ptr_eq(accounts_owner(&accounts, "b0b")->account, rob);
	ck_assert_ptr_null(accounts_owner(&accounts, "bobby"));

	/* Aliases, one's own look-alikes among them. */
	ck_assert(account_add_nick(&accounts, rob, "robert", 2));
	ck_assert(account_add_nick(&accounts, rob, "b0b", 2));
	ck_assert(!account_add_nick(&accounts, rob, "BOB", 2));
	ck_assert(!account_add_nick(&accounts, ann, "Robert", 2));
	ck_assert(!account_add_nick(&accounts, ann, "ana", 2));
	ck_assert(!account_remove_nick(&accounts, rob, "bob"));
	ck_assert(!account_remove_nick(&accounts, rob, "ana"));
	ck_assert(!account_set_name(&accounts, rob, "ana"));
	ck_assert(account_set_name(&accounts, rob, "ROBERT"));
	ck_assert_str_eq(account_name(rob), "robert");
	ck_assert(account_remove_nick(&accounts, rob, "bob"));
	ck_assert_ptr_eq(accounts_owner(&accounts, "bob")->account, rob);
	ck_assert(account_remove_nick(&accounts, rob, "b0b"));
	ck_assert_ptr_null(accounts_owner(&accounts, "bob"));
	ck_assert(account_add_nick(&accounts, ann, "bob", 3));

	/* A forgotten one's are free, and its id is nobody's. */
	accounts_forget(&accounts, rob);
	ck_assert_uint_eq(accounts.count, 1);
	ck_assert_ptr_nonnull(add("robert"));
}
END_TEST

START_TEST(test_nick_limit)
{
	struct account *rob = add("bob");
	char nick[NICK_SIZE];
	int i;

	for (i = 1; i < ACCOUNT_NICKS_MAX; i++) {
		(void)snprintf(nick, sizeof(nick), "bob%c", 'a' + i);
		ck_assert(account_add_nick(&accounts, rob, nick, 1));
	}
	ck_assert(!account_add_nick(&accounts, rob, "robert", 1));
}
END_TEST

START_TEST(test_proofs)
{
	struct account *rob = add("bob"), *ann = add("ana");
	unsigned char key[PROOF_BYTES] = { 0x1f, 0x2e, 0x3d, 0x4c, 9 };
	unsigned char uid[PROOF_BYTES], token[PROOF_BYTES];
	struct credential root = credential_from_uid(0),
			  user = credential_from_uid(1000);
	struct credential origin, ssh;
	unsigned char other[PROOF_BYTES];
	struct account_proof *p;
	char text[TOKEN_SIZE], name[PROOF_STR_SIZE];
	int i;

	ck_assert_ptr_null(account_password(rob));
	account_set_password(&accounts, rob, HASH, 5);
	account_set_password(&accounts, rob, HASH, 6);
	ck_assert_str_eq(account_password(rob)->hash, HASH);
	ck_assert_uint_eq(rob->proof_count, 1);

	p = account_add_proof(&accounts, rob, PROOF_KEY, key, 7);
	ck_assert_ptr_nonnull(p);
	proof_str(p, name);
	ck_assert_str_eq(name, "1f2e3d4c");
	ck_assert_ptr_eq(account_find_proof(rob, PROOF_KEY, name), p);
	ck_assert_ptr_null(account_find_proof(rob, PROOF_TOKEN, name));
	ck_assert_ptr_eq(account_add_proof(&accounts, rob, PROOF_KEY, key, 8),
	    p);
	/* The same key for two: no (hostile 85). The same bytes as another
	 * kind are something else. */
	ck_assert_ptr_null(account_add_proof(&accounts, ann, PROOF_KEY, key,
	    8));
	ck_assert_ptr_null(accounts_find_proof(&accounts, PROOF_TOKEN, key));

	proof_of_origin(uid, &root);
	ck_assert_ptr_nonnull(account_add_proof(&accounts, ann, PROOF_UID, uid,
	    8));
	proof_of_origin(uid, &user);
	p = account_add_proof(&accounts, ann, PROOF_UID, uid, 8);
	proof_str(p, name);
	ck_assert_str_eq(name, "1000");
	ck_assert_ptr_eq(accounts_find_proof(&accounts, PROOF_UID, uid), p);
	account_remove_proof(&accounts, p);
	ck_assert_ptr_null(accounts_find_proof(&accounts, PROOF_UID, uid));

	ck_assert(credential_from_ssh(&ssh, "SHA256:uNiVztksCsDhcc0u9e8B"));
	proof_of_origin(other, &ssh);
	p = account_add_proof(&accounts, ann, PROOF_SSH, other, 8);
	ck_assert_ptr_nonnull(p);
	proof_str(p, name);
	ck_assert_str_eq(name, "SHA256:uNiVztks");
	ck_assert_ptr_eq(account_find_proof(ann, PROOF_SSH, name), p);
	origin = proof_ssh(p);
	ck_assert_int_eq(credential_cmp(&origin, &ssh), 0);

	token_make(text);
	ck_assert(proof_of_token(token, text));
	ck_assert_ptr_nonnull(account_add_proof(&accounts, rob, PROOF_TOKEN,
	    token, 9));
	ck_assert_ptr_nonnull(accounts_find_proof(&accounts, PROOF_TOKEN,
	    token));
	text[0] = text[0] == 'a' ? 'b' : 'a';
	ck_assert(proof_of_token(token, text));
	ck_assert_ptr_null(accounts_find_proof(&accounts, PROOF_TOKEN, token));
	text[0] = 'G';
	ck_assert(!proof_of_token(token, text));
	ck_assert(!proof_of_token(token, ""));
	ck_assert(!proof_of_token(token, "0123456789abcdef"));

	/* The token that was not used for longest makes way for a new one,
	 * whatever the clock shows; a key does not. */
	for (i = 0; i < 2 * ACCOUNT_PROOFS_MAX; i++) {
		memset(token, i + 1, sizeof(token));
		p = account_add_proof(&accounts, rob, PROOF_TOKEN, token,
		    10 + i);
		ck_assert_ptr_nonnull(p);
	}
	ck_assert_uint_eq(rob->proof_count, ACCOUNT_PROOFS_MAX);
	memset(token, 2 * ACCOUNT_PROOFS_MAX - 3, sizeof(token));
	p = accounts_find_proof(&accounts, PROOF_TOKEN, token);
	ck_assert_ptr_nonnull(p);
	origin = credential_from_uid(1);
	account_logged_in(&accounts, rob, p, &origin, 1);
	for (i = 0; i < ACCOUNT_PROOFS_MAX - 4; i++) {
		memset(other, 100 + i, sizeof(other));
		ck_assert_ptr_nonnull(account_add_proof(&accounts, rob,
		    PROOF_TOKEN, other, 5));
	}
	ck_assert_ptr_eq(accounts_find_proof(&accounts, PROOF_TOKEN, token), p);
	ck_assert_ptr_nonnull(account_password(rob));
	ck_assert_ptr_nonnull(accounts_find_proof(&accounts, PROOF_KEY, key));
	key[0]++;
	ck_assert_ptr_null(account_add_proof(&accounts, rob, PROOF_KEY, key,
	    99));
}
END_TEST

/* The last origins from which they have logged in, and nobody else's. */
START_TEST(test_known)
{
	struct account *rob = add("bob"), *ann = add("ana");
	struct credential c;
	int i;

	for (i = 0; i < ACCOUNT_KNOWN_MAX; i++) {
		c = credential_from_uid((uid_t)i);
		ck_assert(!account_knows(rob, &c));
		account_logged_in(&accounts, rob, NULL, &c, 1);
		ck_assert(account_knows(rob, &c));
		ck_assert(!account_knows(ann, &c));
	}
	/* The one used for longest goes. */
	c = credential_from_uid(0);
	account_logged_in(&accounts, rob, NULL, &c, 1);
	ck_assert_uint_eq(rob->known_count, ACCOUNT_KNOWN_MAX);
	c = credential_from_uid(1000);
	account_logged_in(&accounts, rob, NULL, &c, 1);
	ck_assert(account_knows(rob, &c));
	c = credential_from_uid(1);
	ck_assert(!account_knows(rob, &c));
	c = credential_from_uid(0);
	ck_assert(account_knows(rob, &c));
	ck_assert_uint_eq(rob->known_count, ACCOUNT_KNOWN_MAX);
}
END_TEST

/* Writing and reading */

static const struct account *
load(const struct fields_out *out, enum fields_use use)
{
	struct fields_in in = { .use = use };
	const struct tlv item = { .data = (const unsigned char *)out->data.data,
		.len = out->data.len };
	const struct account *a = accounts_load(&accounts, &in, &item);

	ck_assert((a == NULL) == (in.error != NULL));
	fields_in_fini(&in);
	return a;
}

START_TEST(test_kept)
{
	unsigned char key[PROOF_BYTES] = { 1 };
	struct account *rob = add("Bob");
	struct fields_out out = { .use = FIELDS_DISK };
	const struct account *a;
	const struct credential origin = credential_from_uid(3);
	uint64_t id = rob->id;

	ck_assert(account_add_nick(&accounts, rob, "robert", 2));
	account_set_password(&accounts, rob, HASH, 3);
	ck_assert_ptr_nonnull(account_add_proof(&accounts, rob, PROOF_KEY, key,
	    4));
	account_logged_in(&accounts, rob, NULL, &origin, 5);
	account_failed(&accounts, rob);
	account_save(rob, &out);
	/* Twice the same. */
	ck_assert_ptr_null(load(&out, FIELDS_DISK));
	accounts_forget(&accounts, rob);
	a = load(&out, FIELDS_DISK);
	ck_assert_ptr_nonnull(a);
	ck_assert(a->id == id && a->login_ms == 5 && a->failures == 1);
	ck_assert_str_eq(account_name(a), "Bob");
	ck_assert(account_owns(a, "robert"));
	ck_assert(account_knows(a, &origin));
	ck_assert_str_eq(account_password(a)->hash, HASH);
	ck_assert_int_eq(account_password(a)->used_ms, 5);
	ck_assert_ptr_eq(accounts_find_proof(&accounts, PROOF_KEY, key)
			     ->account,
	    a);
	/* A nick or a key of it is somebody else's by now. */
	accounts_forget(&accounts, accounts_find(&accounts, "bob"));
	ck_assert_ptr_nonnull(add("robert"));
	ck_assert_ptr_null(load(&out, FIELDS_DISK));
	accounts_forget(&accounts, accounts_find(&accounts, "robert"));
	rob = add("ana");
	ck_assert_ptr_nonnull(account_add_proof(&accounts, rob, PROOF_KEY, key,
	    4));
	ck_assert_ptr_null(load(&out, FIELDS_DISK));
	ck_assert_uint_eq(accounts.count, 1);
	fields_out_fini(&out);
}
END_TEST

/* Any bit of it flipped: read as something sound, or refused; and no two ever
 * share a nick or a key. */
START_TEST(test_garbled)
{
	struct account *rob = add("bob");
	struct fields_out out = { .use = FIELDS_DISK };
	unsigned char key[PROOF_BYTES] = { 1 };
	const struct account *a;
	size_t i;

	account_set_password(&accounts, rob, HASH, 3);
	ck_assert_ptr_nonnull(account_add_proof(&accounts, rob, PROOF_KEY, key,
	    4));
	account_save(rob, &out);
	for (i = 0; i < out.data.len * 8; i++) {
		out.data.data[i / 8] ^= (char)(1 << i % 8);
		a = load(&out, FIELDS_DISK);
		if (a != NULL) {
			QUICK_ASSERT(!account_owns(a, "bob"));
			QUICK_ASSERT(accounts_find_proof(&accounts, PROOF_KEY,
					 key)
					 ->account == rob);
			accounts_forget(&accounts,
			    accounts_find_id(&accounts, a->id));
		}
		out.data.data[i / 8] ^= (char)(1 << i % 8);
	}
	for (i = 0; i < out.data.len; i++) {
		struct fields_in in = { .use = FIELDS_DISK };
		const struct tlv item = {
			.data = (const unsigned char *)out.data.data, .len = i
		};

		QUICK_ASSERT(accounts_load(&accounts, &in, &item) == NULL);
		fields_in_fini(&in);
	}
	/* Under another's key. */
	accounts_forget(&accounts, rob);
	accounts_loaded("12345678", 8, out.data.data, out.data.len, &accounts);
	ck_assert_uint_eq(accounts.count, 0);
	fields_out_fini(&out);
}
END_TEST

/* A model of ownership: what each account has, in a plain list. */
#define MODEL_ACCOUNTS 6
#define MODEL_NICKS 24

struct model {
	struct account *a[MODEL_ACCOUNTS];
	int owner[MODEL_NICKS]; /* -1: nobody's */
};

static const char *
model_nick(int i)
{
	static char nick[NICK_SIZE];

	(void)snprintf(nick, sizeof(nick), "k%c%c", 'a' + i / 5, 'n' + i % 5);
	return nick;
}

static void
model_check(const struct model *m)
{
	const struct account_nick *n;
	int i;

	for (i = 0; i < MODEL_NICKS; i++) {
		n = accounts_owner(&accounts, model_nick(i));
		if (m->owner[i] == -1)
			QUICK_ASSERT(n == NULL);
		else
			QUICK_ASSERT(n->account == m->a[m->owner[i]]);
	}
}

static int
model_count(const struct model *m, int who)
{
	int i, count = 0;

	for (i = 0; i < MODEL_NICKS; i++)
		count += m->owner[i] == who;
	return count;
}

static void
model_step(struct model *m)
{
	int who = rand() % MODEL_ACCOUNTS, nick = rand() % MODEL_NICKS, i;
	const char *name = model_nick(nick);
	bool may;

	switch (rand() % 5) {
	case 0:
		if (m->a[who] != NULL)
			return;
		m->a[who] = add(name);
		QUICK_ASSERT((m->a[who] != NULL) == (m->owner[nick] == -1));
		if (m->a[who] != NULL)
			m->owner[nick] = who;
		return;
	case 1:
		if (m->a[who] == NULL || rand() % 4 != 0)
			return;
		accounts_forget(&accounts, m->a[who]);
		m->a[who] = NULL;
		for (i = 0; i < MODEL_NICKS; i++)
			if (m->owner[i] == who)
				m->owner[i] = -1;
		return;
	case 2:
		if (m->a[who] == NULL)
			return;
		may = m->owner[nick] == -1 &&
		    model_count(m, who) < ACCOUNT_NICKS_MAX;
		QUICK_ASSERT(account_add_nick(&accounts, m->a[who], name, 1) ==
		    may);
		if (may)
			m->owner[nick] = who;
		return;
	case 3:
		if (m->a[who] == NULL)
			return;
		may = m->owner[nick] == who &&
		    strcmp(account_name(m->a[who]), name) != 0;
		QUICK_ASSERT(account_remove_nick(&accounts, m->a[who], name) ==
		    may);
		if (may)
			m->owner[nick] = -1;
		return;
	default:
		if (m->a[who] == NULL)
			return;
		may = m->owner[nick] == who;
		QUICK_ASSERT(account_set_name(&accounts, m->a[who], name) ==
		    may);
	}
}

START_TEST(test_model)
{
	struct model m = { .a = { NULL } };
	int i;

	srand(17);
	memset(m.owner, 0xff, sizeof(m.owner));
	for (i = 0; i < 20000; i++) {
		model_step(&m);
		model_check(&m);
	}
}
END_TEST

/* An account's place is theirs under each of their nicks; and nobody else's,
 * whatever they are called. */
START_TEST(test_place)
{
	struct credential account = credential_from_account(77);
	struct credential other = credential_from_account(78);
	struct person p;

	person_init(&p);
	person_set_bookmark(&p, fx.chat.lobby, (struct history_cursor){ 1, 0 },
	    5);
	departed_put(&fx.chat.departed, "bob", &account, &p, 17);
	ck_assert_ptr_null(departed_return(&fx.chat.departed, "bob", &other));
	ck_assert_ptr_null(departed_return(&fx.chat.departed, "bob",
	    &bob.m->address));
	departed_free(&fx.chat,
	    departed_return(&fx.chat.departed, "robert", &account));
	ck_assert_uint_eq(fx.chat.departed.count, 0);
}
END_TEST

static struct room *
room(const char *name)
{
	struct room *found;

	(void)!chat_open_room(&fx.chat, name, &found);
	return found;
}

/* How many messages in r are by that nick. */
static size_t
names_in(struct room *r, const char *nick)
{
	struct history_cursor c = history_oldest(&r->history);
	struct event e;
	size_t count = 0;

	while (history_read(&r->history, &c, &e))
		count += strcmp(e.nick, nick) == 0;
	return count;
}

static void
leave_place(const char *nick, const struct credential *credential,
    const char *where, uint64_t number, int64_t left_ms)
{
	struct person p;

	person_init(&p);
	person_set_bookmark(&p, room(where),
	    (struct history_cursor){ number, 0 }, left_ms);
	departed_put(&fx.chat.departed, nick, credential, &p, left_ms);
}

static uint64_t
bookmarked(const struct person *p, const char *where)
{
	const struct bookmark *b = person_bookmark(p, room(where));

	return b == NULL ? 0 : b->cursor.number;
}

/* What waits under a nick does not replace what an account has: the newest of
 * its own stays, and another's stays where it is (hostile 84). */
START_TEST(test_place_merged)
{
	struct accounts *all = &fx.chat.accounts;
	struct account *a = accounts_add(all, "bob", 1);
	struct credential identity = credential_from_account(a->id);
	struct departed *left;

	ck_assert(account_add_nick(all, a, "robert", 1));
	ck_assert(account_add_nick(all, a, "bobby", 1));
	member_set_identity(bob.m, &identity);
	(void)person_set_bookmark(&bob.m->person, room("den"),
	    (struct history_cursor){ 7, 0 }, 70);
	(void)person_set_bookmark(&bob.m->person, room("kitchen"),
	    (struct history_cursor){ 7, 0 }, 70);

	/* Of their address, from before the nick was theirs. */
	leave_place("robert", &bob.m->address, "den", 3, 90);
	leave_place("robert", &identity, "attic", 4, 90);
	ck_assert_int_eq(fake_nick(&bob, "robert"), RENAME_RETURNED);
	ck_assert_uint_eq(bookmarked(&bob.m->person, "attic"), 4);
	ck_assert_uint_eq(bookmarked(&bob.m->person, "den"), 7);
	fixture_pass(&fx, 60000);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_DONE);
	fixture_pass(&fx, 60000);
	ck_assert_int_eq(fake_nick(&bob, "robert"), RENAME_DONE);
	ck_assert_uint_eq(bookmarked(&bob.m->person, "den"), 7);
	left = departed_find(&fx.chat.departed, "robert", &bob.m->address);
	ck_assert_ptr_nonnull(left);
	ck_assert_uint_eq(bookmarked(&left->person, "den"), 3);

	/* Of their own: the one that was left last. */
	leave_place("bobby", &identity, "den", 5, 69);
	person_bookmark(&departed_find(&fx.chat.departed, "bobby", &identity)
			     ->person,
	    room("den"))
	    ->is_op = true;
	fixture_pass(&fx, 60000);
	ck_assert_int_eq(fake_nick(&bob, "bobby"), RENAME_DONE);
	ck_assert_uint_eq(bookmarked(&bob.m->person, "den"), 7);
	ck_assert(person_bookmark(&bob.m->person, room("den"))->is_op);
	leave_place("bob", &identity, "kitchen", 9, 71);
	fixture_pass(&fx, 60000);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	ck_assert_uint_eq(bookmarked(&bob.m->person, "kitchen"), 9);
}
END_TEST

/* But what a guest has seen a moment before the login gives way to the place
 * of the account: else what they missed would be lost. */
START_TEST(test_place_at_login)
{
	struct account *a = accounts_add(&fx.chat.accounts, "robert", 1);
	struct credential identity = credential_from_account(a->id);

	leave_place("robert", &identity, "den", 3, 50);
	(void)person_set_bookmark(&bob.m->person, room("den"),
	    (struct history_cursor){ 7, 0 }, 70);
	member_set_identity(bob.m, &identity);
	bob.m->is_logging_in = true;
	ck_assert_int_eq(fake_nick(&bob, "robert"), RENAME_RETURNED);
	ck_assert_uint_eq(bookmarked(&bob.m->person, "den"), 3);
}
END_TEST

/* All of it goes: masks, places, the name on what was said in every room; and
 * who reads is not disturbed. */
START_TEST(test_forget)
{
	struct accounts *all = &fx.chat.accounts;
	struct account *a = accounts_add(all, "bob", 1);
	struct credential identity = credential_from_account(a->id);
	const struct mode_change change = { true, 'b', "$a:bob" };
	struct membership *ms;
	uint64_t id = a->id;
	int i;

	ck_assert(account_add_nick(all, a, "robert", 1));
	account_set_password(all, a, HASH, 1);
	leave_place("robert", &identity, "attic", 1, 5);
	leave_place("bob", &identity, "attic", 1, 5);
	for (i = 0; i < 200; i++) {
		fake_say(&bob, "from bob");
		fake_say(&ana, "from ana");
	}
	(void)fake_saw(&fx, &ana);
	ms = fake_join(&fx, &bob, "den");
	fake_say_in(ms, "in the den");
	modes_apply(ms->room, NULL, &change, 1, NULL);
	ck_assert_uint_eq(ms->room->modes.counts[MODES_BANS], 1);
	room_set_topic(ms, "mine", NULL);
	fake_quit(&bob, NULL);

	forget_begin(&fx.chat.forget, a, true);
	ck_assert(forget_is_busy(&fx.chat.forget, id));
	/* Nothing lets in meanwhile. */
	ck_assert_ptr_null(account_password(a));
	fixture_settle(&fx);
	walks_finish(&fx.deadlines.walks);
	ck_assert(!forget_is_busy(&fx.chat.forget, id));
	ck_assert_ptr_null(accounts_find_id(all, id));
	ck_assert_ptr_null(departed_find(&fx.chat.departed, "bob", &identity));
	ck_assert_ptr_null(departed_find(&fx.chat.departed, "robert",
	    &identity));
	ck_assert_uint_eq(room("den")->modes.counts[MODES_BANS], 0);
	ck_assert_str_eq(room("den")->topic_by, "---");
	ck_assert_uint_eq(names_in(fx.chat.lobby, "bob"), 0);
	ck_assert_uint_ge(names_in(fx.chat.lobby, "---"), 1);
	ck_assert_uint_eq(names_in(fx.chat.lobby, "---"),
	    names_in(fx.chat.lobby, "ana"));
	ck_assert_uint_eq(names_in(room("den"), "bob"), 0);
}
END_TEST

/* But not if it is to be kept; the account goes all the same. */
START_TEST(test_forget_keep)
{
	struct account *a = accounts_add(&fx.chat.accounts, "bob", 1);

	fake_say(&bob, "from bob");
	fake_quit(&bob, NULL);
	forget_begin(&fx.chat.forget, a, false);
	walks_finish(&fx.deadlines.walks);
	ck_assert_uint_eq(names_in(fx.chat.lobby, "bob"), 1);
	ck_assert_ptr_null(accounts_find(&fx.chat.accounts, "bob"));
}
END_TEST

/* Tidies once, DAYS later. */
static void
tidy_after(int days)
{
	struct walk_budget all = walk_few(1000);
	uint64_t last = 0;

	fx.clock.mono_ms += (int64_t)days * 86400000;
	ck_assert(forget_unused(&fx.chat.forget, &last, &all));
	ck_assert_uint_eq(last, 0);
	walks_finish(&fx.deadlines.walks);
}

/* Who has registered and never come again; an admin's stay, those who are here,
 * and places. */
START_TEST(test_unused)
{
	struct accounts *all = &fx.chat.accounts;
	const int64_t made_ms = 5;
	struct account *a, *made, *tried, *here, *left;
	struct credential from = credential_from_uid(1), identity;

	made = accounts_add(all, "made", made_ms);
	tried = accounts_add(all, "tried", made_ms);
	account_logged_in(all, tried, NULL, &from, 7);
	here = accounts_add(all, "here", made_ms);
	account_logged_in(all, here, NULL, &from, made_ms);
	identity = credential_from_account(here->id);
	member_set_identity(bob.m, &identity);
	left = accounts_add(all, "left", made_ms);
	account_logged_in(all, left, NULL, &from, made_ms);
	identity = credential_from_account(left->id);
	leave_place("left", &identity, "attic", 1, 5);
	a = accounts_add(all, "alone", made_ms);
	account_logged_in(all, a, NULL, &from, made_ms);
	ck_assert(account_is_untried(a) && account_is_untried(here));
	ck_assert(!account_is_untried(tried) && !account_is_untried(made));

	tidy_after(0);
	ck_assert_int_gt(a->used_age_ms, 0);
	tidy_after(29);
	ck_assert_uint_eq(all->count, 5);
	tidy_after(2);
	ck_assert_uint_eq(all->count, 4);
	ck_assert_ptr_null(accounts_find(all, "alone"));
	/* All of them, if that is set; but for those that are in use. */
	fx.options.account_retention = INT64_C(60) * 86400000;
	tidy_after(1);
	ck_assert_uint_eq(all->count, 4);
	tidy_after(30);
	ck_assert_uint_eq(all->count, 2);
	ck_assert_ptr_nonnull(accounts_find(all, "here"));
	ck_assert_ptr_nonnull(accounts_find(all, "left"));
}
END_TEST

/* After a restart all come at once, with their tokens: none of them needs a hash
 * to be computed, whatever else is tried from there. */
START_TEST(test_storm)
{
	enum { PEOPLE = 5000 };
	struct accounts *all = &fx.chat.accounts;
	char(*tokens)[TOKEN_SIZE] = calloc(PEOPLE, TOKEN_SIZE);
	unsigned char bytes[PROOF_BYTES];
	struct login_answer answer;
	struct account_proof *p;
	struct login_try try;
	struct account *a;
	char nick[NICK_SIZE];
	int i;

	ck_assert_ptr_nonnull(tokens);
	for (i = 0; i < PEOPLE; i++) {
		(void)snprintf(nick, sizeof(nick), "p%dq", i);
		a = accounts_add(all, nick, 1);
		ck_assert_ptr_nonnull(a);
		account_set_password(all, a, HASH, 1);
		token_make(tokens[i]);
		ck_assert(proof_of_token(bytes, tokens[i]));
		ck_assert_ptr_nonnull(account_add_proof(all, a, PROOF_TOKEN,
		    bytes, 1));
	}
	for (i = 0; i < PEOPLE; i++) {
		(void)snprintf(nick, sizeof(nick), "p%dq", i);
		ck_assert_int_eq(action_login_check(&fx.chat, &bob.m->address,
				     nick, tokens[i], &try),
		    LOGIN_DONE);
		p = accounts_find_proof(all, PROOF_TOKEN, try.token);
		ck_assert_ptr_nonnull(p);
		ck_assert_str_eq(account_name(p->account), nick);
		memset(&answer, 0, sizeof(answer));
		action_logged_in(&fx.chat, &bob.m->address, p->account, p,
		    &answer);
		ck_assert_uint_eq(answer.failures, 0);
	}
	ck_assert_uint_eq(all->attempts.count, 0);
	free(tokens);
}
END_TEST

/* Whoever asks for a name that nobody has waits for a hash as well, of the kind
 * that others have, and gets nothing by it. */
START_TEST(test_unknown_takes_as_long)
{
	struct accounts *all = &fx.chat.accounts;
	struct login_try try;
	char hash[sizeof(try.hash)];
	struct account *a;

	/* Before there is any account: one of the usual kind. */
	ck_assert_int_eq(action_login_check(&fx.chat, &bob.m->address, "ghost",
			     "guess", &try),
	    LOGIN_VERIFY);
	ck_assert_int_eq(strncmp(try.hash, "$y$j9T$", 7), 0);
	ck_assert_ptr_null(action_login_verified(&fx.chat, &bob.m->address,
	    &try, true));
	a = accounts_add(all, "owner", 1);
	ck_assert_ptr_nonnull(a);
	account_set_password(all, a, HASH, 1);
	ck_assert_int_eq(action_login_check(&fx.chat, &bob.m->address, "owner",
			     "guess", &try),
	    LOGIN_VERIFY);
	memcpy(hash, try.hash, sizeof(hash));
	ck_assert_str_eq(hash, HASH);
	ck_assert_ptr_null(action_login_verified(&fx.chat, &bob.m->address,
	    &try, false));
	/* Even if that is the right password, by chance. */
	ck_assert_int_eq(action_login_check(&fx.chat, &bob.m->address, "ghost",
			     "guess", &try),
	    LOGIN_VERIFY);
	ck_assert_str_eq(try.hash, hash);
	ck_assert_ptr_null(action_login_verified(&fx.chat, &bob.m->address,
	    &try, true));
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "all", setup, teardown);

	tcase_add_test(tc, test_nicks);
	tcase_add_test(tc, test_nick_limit);
	tcase_add_test(tc, test_proofs);
	tcase_add_test(tc, test_known);
	tcase_add_test(tc, test_kept);
	tcase_add_test(tc, test_garbled);
	tcase_add_test(tc, test_model);
	tc = unit_case(s, "place", fixture_setup, fixture_teardown);
	tcase_add_test(tc, test_place);
	tcase_add_test(tc, test_place_merged);
	tcase_add_test(tc, test_place_at_login);
	tcase_add_test(tc, test_forget);
	tcase_add_test(tc, test_forget_keep);
	tcase_add_test(tc, test_unused);
	tcase_add_test(tc, test_unknown_takes_as_long);
	tcase_add_test(tc, test_storm);
}

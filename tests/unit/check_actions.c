/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Actions: what each refuses and in which order, what it does, and what the
 * actor is told.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "actions/actions.h"
#include "chat-fixture.h"
#include "room/accepted.h"
#include "room/member.h"
#include "room/modes-change.h"
#include "room/person.h"
#include "room/directory.h"
#include "unit.h"

static struct client_ops ops;
static struct buf told; /* what sessions were asked to tell */
static struct room *kitchen;
static bool is_slow;

/* Compares what was told since the last call. */
#define TOLD(text) \
	do { \
		ck_assert_str_eq(buf_cstr(&told), text); \
		buf_reset(&told); \
	} while (0)

static void
tell(struct client *client, const struct event *e)
{
	const struct member *m = client->member;

	switch (e->kind) {
	case EVENT_SYNC_RENAME:
		buf_addf(&told, "%s: was %s;", m->nick, e->other);
		break;
	case EVENT_SYNC_PART:
		buf_addf(&told, "%s: parts %s;", m->nick, e->room);
		break;
	case EVENT_TOPIC:
		buf_addf(&told, "%s: topic %.*s;", m->nick, (int)e->text_len,
		    e->text);
		break;
	case EVENT_BACK:
		buf_addf(&told, "%s: back;", m->nick);
		break;
	case EVENT_KICK:
		buf_addf(&told, "%s: %s kicks %s from %s;", m->nick, e->nick,
		    e->other, e->room);
		break;
	case EVENT_INVITE:
		buf_addf(&told, "%s: %s invites to %s;", m->nick, e->nick,
		    e->room);
		break;
	default:
		ck_abort_msg("an event of kind %d", (int)e->kind);
	}
}

static bool
tell_invited(struct client *client, const struct event *e)
{
	if (is_slow)
		return false;
	tell(client, e);
	return true;
}

static void
tell_ended(struct client *client, const char *line)
{
	struct fake *f = client->session;

	buf_addf(&told, "%s: ends, %s;", client->member->nick, line);
	f->m = NULL;
}

static void
listen_to(struct fake *f)
{
	ops = *f->m->client.ops;
	ops.event = tell;
	ops.invited = tell_invited;
	ops.kicked = tell;
	ops.ended = tell_ended;
	f->m->client.ops = &ops;
}

/* ana has made the kitchen and is in it alone; bob and cy are in the lobby. */
static void
setup(void)
{
	enum modes_admit why;

	fixture_setup();
	fake_enter(&fx, &cy, 3, "cy");
	listen_to(&ana);
	listen_to(&bob);
	listen_to(&cy);
	is_slow = false;
	ck_assert_int_eq(action_join_check(ana.m, "kitchen", NULL, &kitchen,
			     &why),
	    JOIN_MAY);
	ck_assert(action_join(ana.m, kitchen, ROOM_JOIN_QUIET, fake_here(&ana))
		      ->is_op);
}

static void
teardown(void)
{
	fixture_teardown();
	buf_fini(&told);
}

static void
set_mode(const char *letters)
{
	char *argv[] = { strdup(letters), NULL };
	const struct mode_report nothing = { .arg = NULL };

	modes_change(kitchen, NULL, 1, argv, &nothing);
	free(argv[0]);
}

static void
ban_bob(bool is_banned)
{
	char mask[MODES_MASK_MAX + 1];
	const struct mode_change change = { is_banned, 'b', mask };
	const struct mode_report nothing = { .arg = NULL };

	modes_ban_mask(kitchen, bob.m, mask);
	modes_apply(kitchen, NULL, &change, 1, &nothing);
}

static struct membership *
bob_joins(void)
{
	return action_join(bob.m, kitchen, ROOM_JOIN_QUIET, fake_here(&bob));
}

static enum say
say(struct fake *f, enum event_kind kind, bool fits)
{
	struct event event = { .kind = kind, .text = "hi", .text_len = 2 };
	enum modes_speak why;

	event.is_ctcp = kind == EVENT_CTCP;
	return action_say(f->m, kitchen, &event, fits, &why);
}

START_TEST(test_say)
{
	set_mode("-n");
	ck_assert_int_eq(say(&bob, EVENT_SAY, false), SAY_TOO_LONG);
	ck_assert_int_eq(say(&bob, EVENT_SAY, true), SAID); /* from outside */
	set_mode("+n");
	ck_assert_int_eq(say(&bob, EVENT_SAY, false), SAY_FORBIDDEN);
	set_mode("+s");
	ck_assert_int_eq(say(&bob, EVENT_SAY, true), SAY_HIDDEN);
	bob_joins();
	ck_assert_int_eq(say(&bob, EVENT_SAY, true), SAID);
	set_mode("+C");
	ck_assert_int_eq(say(&bob, EVENT_CTCP, true), SAY_NO_CTCP);
	set_mode("-C+m");
	ck_assert_int_eq(say(&bob, EVENT_SAY, true), SAY_FORBIDDEN);
	ck_assert_int_eq(say(&ana, EVENT_SAY, true), SAID);
	ck_assert_int_eq(action_brb(bob.client, BRB_OF_ONE, NULL), BRB_DONE);
	ck_assert_int_eq(say(&bob, EVENT_SAY, true), SAY_ON_BREAK);
	ck_assert_uint_eq(history_count(&kitchen->history), 3);
}
END_TEST

/* "@#kitchen" reaches operators, "+#kitchen" also who has voice. */
START_TEST(test_say_to_status)
{
	struct event event = { .kind = EVENT_PRIVATE,
		.text = "psst",
		.text_len = 4,
		.status = '@' };
	enum modes_speak why;

	bob_joins();
	action_join(cy.m, kitchen, ROOM_JOIN_QUIET, fake_here(&cy));
	(void)fake_saw(&fx, &ana);
	(void)fake_saw(&fx, &cy);
	fake_in(&fx, &cy, "kitchen")->is_voiced = true;
	ck_assert_int_eq(action_say(bob.m, kitchen, &event, true, &why), SAID);
	ck_assert_str_eq(fake_saw(&fx, &ana), "private bob: psst\n");
	ck_assert_str_eq(fake_saw(&fx, &cy), "");
	ck_assert_str_eq(event.nick, "bob");
	event.status = '+';
	ck_assert_int_eq(action_say(bob.m, kitchen, &event, true, &why), SAID);
	ck_assert_str_eq(fake_saw(&fx, &cy), "private bob: psst\n");
	ck_assert_uint_eq(history_count(&kitchen->history), 0);
}
END_TEST

static enum msg
msg(struct fake *from, struct fake *to, bool fits)
{
	struct event event = {
		.kind = EVENT_PRIVATE, .text = "hi", .text_len = 2
	};
	enum msg result = action_msg(from->m, to->m, &event, fits);

	if (result == MSG_SENT || result == MSG_QUEUED)
		ck_assert_str_eq(event.other, to->m->nick);
	return result;
}

START_TEST(test_msg)
{
	unsigned i;

	(void)fake_saw(&fx, &bob);
	ck_assert_int_eq(msg(&ana, &bob, false), MSG_TOO_LONG);
	ck_assert_int_eq(msg(&ana, &bob, true), MSG_SENT);
	ck_assert_str_eq(fake_saw(&fx, &bob), "private ana: hi\n");
	ck_assert_int_eq(member_ignore(bob.m, "ana"), 0);
	ck_assert_int_eq(msg(&ana, &bob, true), MSG_SENT);
	ck_assert_str_eq(fake_saw(&fx, &bob), "");
	ck_assert_int_eq(action_brb(bob.client, BRB_OF_ONE, NULL), BRB_DONE);
	ck_assert_int_eq(msg(&bob, &ana, false), MSG_ON_BREAK);
	fx.options.max_conversations = 0;
	for (i = 0; i < QUEUED_MAX / 2; i++)
		ck_assert_int_eq(msg(&cy, &bob, true), MSG_QUEUED);
	ck_assert_int_eq(msg(&cy, &bob, true), MSG_QUEUE_FULL);
	/* A conversation keeps the rest. */
	fx.options.max_conversations = 1000;
	ck_assert_int_eq(msg(&cy, &bob, true), MSG_QUEUED);
}
END_TEST

/* Only the logged in may write to ana, and whom she accepts or writes to: so
 * many, and as long as they are called so. */
START_TEST(test_msg_accounts_only)
{
	struct fake many[ACCEPTED_MAX];
	char name[NICK_SIZE];
	unsigned i;

	member_set_flags(ana.m, MEMBER_ACCOUNTS_ONLY);
	ck_assert_int_eq(msg(&bob, &ana, true), MSG_ACCOUNTS_ONLY);
	ck_assert_int_eq(msg(&ana, &ana, true), MSG_SENT);
	ck_assert_int_eq(msg(&ana, &bob, true), MSG_SENT);
	ck_assert_int_eq(msg(&ana, &bob, true), MSG_SENT);
	ck_assert_int_eq(msg(&bob, &ana, true), MSG_SENT);
	ck_assert_int_eq(fake_nick(&bob, "rob"), RENAME_DONE);
	ck_assert_int_eq(msg(&bob, &ana, true), MSG_ACCOUNTS_ONLY);
	ck_assert(member_unaccept(ana.m, "BOB"));
	ck_assert(!member_unaccept(ana.m, "bob"));
	member_accept(ana.m, bob.m);
	ck_assert_int_eq(msg(&bob, &ana, true), MSG_SENT);
	for (i = 0; i < ACCEPTED_MAX; i++) {
		(void)snprintf(name, sizeof(name), "many%c%u",
		    'a' + (char)(i / 10), i % 10);
		fake_enter(&fx, &many[i], 100 + (int)i, name);
		ck_assert_int_eq(msg(&bob, &ana, true), MSG_SENT);
		member_accept(ana.m, many[i].m);
		member_accept(ana.m, many[i].m);
	}
	ck_assert_int_eq(msg(&bob, &ana, true), MSG_ACCOUNTS_ONLY);
	for (i = 0; i < ACCEPTED_MAX; i++) {
		ck_assert_int_eq(msg(&many[i], &ana, true), MSG_SENT);
		fake_fini(&many[i]);
	}
	member_set_flags(ana.m, 0);
	ck_assert_int_eq(msg(&bob, &ana, true), MSG_SENT);
}
END_TEST

static enum nick
nick(const char *name, struct nick_answer *answer)
{
	return action_nick(bob.m, name, answer);
}

START_TEST(test_nick)
{
	struct nick_answer answer;
	const struct ban *ban;
	const char *why;

	ck_assert_int_eq(nick("1", &answer), NICK_INVALID);
	ck_assert_int_eq(nick("bob", &answer), NICK_SAME);
	ck_assert_int_eq(nick("ANA", &answer), NICK_TAKEN);
	ck_assert_ptr_eq(answer.clash, ana.m);
	ck_assert_int_eq(nick("rob", &answer), NICK_CHANGED);
	TOLD("rob: was bob;");
	ck_assert_int_eq(nick("bill", &answer), NICK_CHANGED);
	TOLD("bill: was rob;");
	ck_assert_int_eq(action_nick_check(&fx.chat, &cy.credential, "bi11",
			     &answer),
	    NICK_LOOKALIKE);
	ck_assert_ptr_eq(answer.clash, bob.m);
	ck_assert_int_eq(action_ban(&fx.chat, "zed", 0, "", &ban, &why),
	    BAN_DONE);
	ck_assert_int_eq(nick("zed", &answer), NICK_BANNED);
	ck_assert_ptr_eq(answer.ban, ban);
	ck_assert_int_eq(action_nick_check(&fx.chat, &cy.credential, "ZED",
			     &answer),
	    NICK_BANNED);
	bob_joins();
	ban_bob(true);
	ck_assert_int_eq(nick("rob", &answer), NICK_FORBIDDEN);
	ck_assert_ptr_eq(answer.room, kitchen);
	ban_bob(false);
	fx.options.announce_rate.count = 1;
	fx.options.announce_rate.per_ms = 10000;
	fx.options.announce_burst = 1;
	(void)member_may_announce(bob.m, ANNOUNCE_PERSON);
	(void)member_may_announce(bob.m, ANNOUNCE_PERSON);
	ck_assert_int_eq(nick("rob", &answer), NICK_TOO_OFTEN);
	TOLD("");
}
END_TEST

static enum join
join_check(struct fake *f, const char *name, const char *key)
{
	enum modes_admit why;
	struct room *room;

	return action_join_check(f->m, name, key, &room, &why);
}

START_TEST(test_join)
{
	struct membership *ms;

	ck_assert_int_eq(join_check(&bob, "not a room", NULL), JOIN_BAD_NAME);
	ck_assert_int_eq(join_check(&ana, "kitchen", NULL), JOIN_IS_THERE);
	set_mode("+i");
	ck_assert_int_eq(join_check(&bob, "kitchen", NULL), JOIN_FORBIDDEN);
	set_mode("-i");
	ck_assert_int_eq(join_check(&bob, "kitchen", NULL), JOIN_MAY);
	fx.options.max_rooms = 2;
	kitchen->is_permanent = true;
	ck_assert_int_eq(join_check(&bob, "cellar", NULL), JOIN_ROOMS_FULL);
	fx.options.room_create = ROOM_CREATE_NOBODY;
	ck_assert_int_eq(join_check(&bob, "cellar", NULL), JOIN_NO_NEW_ROOMS);
	(void)fake_saw(&fx, &cy);
	ms = bob_joins();
	ck_assert(!ms->is_op);
	ck_assert_str_eq(fake_saw(&fx, &cy), "went bob kitchen\n");
	action_leave(ms, "bye");
	TOLD("bob: parts kitchen;");
	ck_assert(SLIST_EMPTY(&bob.m->memberships));
}
END_TEST

/* Whoever makes a room is in it, whatever new rooms are like; and nobody is
 * told of a secret one. */
START_TEST(test_join_made)
{
	enum modes_admit why;
	struct room *room;

	free(fx.options.room_modes);
	fx.options.room_modes = strdup("is");
	ck_assert_int_eq(action_join_check(bob.m, "den", NULL, &room, &why),
	    JOIN_MAY);
	(void)fake_saw(&fx, &cy);
	ck_assert(action_join(bob.m, room, ROOM_JOIN_QUIET, fake_here(&bob))
		      ->is_op);
	ck_assert_str_eq(fake_saw(&fx, &cy), "left bob\n");
	ck_assert_int_eq(join_check(&cy, "den", NULL), JOIN_FORBIDDEN);
}
END_TEST

START_TEST(test_topic)
{
	struct membership *ms = bob_joins();
	char text[TOPIC_MAX + 2];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(action_topic(ms, NULL), TOPIC_NONE);
	ck_assert_int_eq(action_topic(ms, text), TOPIC_TOO_LONG);
	ck_assert_int_eq(action_topic(ms, "tea"), TOPIC_SET);
	TOLD("bob: topic tea;");
	ck_assert_int_eq(action_topic(ms, NULL), TOPIC_SET);
	TOLD("bob: topic ;");
	ck_assert_ptr_null(kitchen->topic);
	ck_assert_int_eq(action_brb(bob.client, BRB_OF_ONE, NULL), BRB_DONE);
	ck_assert_int_eq(action_topic(ms, "tea"), TOPIC_ON_BREAK);
	set_mode("+t");
	ck_assert_int_eq(action_topic(ms, "tea"), TOPIC_NOT_OPERATOR);
	set_mode("-t");
	ck_assert_int_eq(action_back(bob.client, BRB_OF_ONE, NULL), BRB_DONE);
	fx.options.announce_rate.count = 1;
	fx.options.announce_rate.per_ms = 10000;
	fx.options.announce_burst = 1;
	(void)member_may_announce(bob.m, ANNOUNCE_TOPIC);
	(void)member_may_announce(bob.m, ANNOUNCE_TOPIC);
	ck_assert_int_eq(action_topic(ms, "tea"), TOPIC_TOO_OFTEN);
	ck_assert_ptr_null(kitchen->topic);
	/* Neither does the nick use it up, nor is the operator limited. */
	ck_assert(member_may_announce(bob.m, ANNOUNCE_PERSON));
	ms = fake_in(&fx, &ana, "kitchen");
	ck_assert_int_eq(action_topic(ms, "one"), TOPIC_SET);
	ck_assert_int_eq(action_topic(ms, "two"), TOPIC_SET);
}
END_TEST

START_TEST(test_brb)
{
	char text[BREAK_TEXT_MAX + 2];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(action_back(bob.client, BRB_OF_ONE, text),
	    BRB_NOT_AWAY);
	ck_assert_int_eq(action_brb(bob.client, BRB_OF_ONE, text),
	    BRB_TOO_LONG);
	ck_assert(!bob.m->is_on_break);
	ck_assert_int_eq(action_away(bob.m, "tea"), BRB_DONE);
	ck_assert(bob.m->is_away);
	ck_assert_int_eq(action_brb(bob.client, BRB_OF_ONE, NULL), BRB_DONE);
	ck_assert_int_eq(action_brb(bob.client, BRB_OF_ONE, "tea"),
	    BRB_CHANGED);
	ck_assert_int_eq(action_away(bob.m, NULL), BRB_ON_BREAK);
	ck_assert_int_eq(action_back(bob.client, BRB_OF_ONE, text),
	    BRB_TOO_LONG);
	ck_assert(bob.m->is_on_break);
	TOLD("");
	ck_assert_int_eq(action_back(bob.client, BRB_OF_ONE, NULL), BRB_DONE);
	ck_assert(!bob.m->is_on_break);
	TOLD("bob: back;");
}
END_TEST

START_TEST(test_kick)
{
	struct membership *op = fake_in(&fx, &ana, "kitchen"), *ms;
	struct member *m;

	ck_assert_int_eq(action_kick(op, bob.m, NULL), KICK_NOT_THERE);
	ms = bob_joins();
	ck_assert_int_eq(action_kick(ms, ana.m, NULL), KICK_NOT_OPERATOR);
	member_break(ana.m, NULL);
	ck_assert_int_eq(action_kick(op, bob.m, NULL), KICK_ON_BREAK);
	member_back(ana.m, NULL);
	ck_assert_int_eq(action_kick(op, bob.m, "spam"), KICK_DONE);
	TOLD("ana: ana kicks bob from kitchen;bob: ana kicks bob from "
	     "kitchen;");
	ck_assert(SLIST_EMPTY(&bob.m->memberships));
	/* Who has lost the connection is told nothing, and is nowhere else. */
	action_join(cy.m, kitchen, ROOM_JOIN_QUIET, fake_here(&cy));
	m = cy.m;
	fake_lose(&cy);
	ck_assert_int_eq(action_kick(op, m, NULL), KICK_DONE);
	TOLD("ana: ana kicks cy from kitchen;");
	ck_assert_ptr_null(directory_find(&fx.chat.directory, "cy"));
}
END_TEST

START_TEST(test_invite)
{
	struct membership *op = fake_in(&fx, &ana, "kitchen"), *ms;

	set_mode("+i");
	is_slow = true;
	ck_assert_int_eq(action_invite(op, bob.m), INVITED_SLOW);
	is_slow = false;
	ck_assert_int_eq(action_invite(op, bob.m), INVITED);
	TOLD("bob: ana invites to kitchen;");
	ck_assert_int_eq(join_check(&bob, "kitchen", NULL), JOIN_MAY);
	ms = bob_joins();
	ck_assert_int_eq(action_invite(op, bob.m), INVITE_IS_THERE);
	ck_assert_int_eq(action_invite(ms, cy.m), INVITE_NOT_OPERATOR);
	ck_assert_int_eq(action_brb(cy.client, BRB_OF_ONE, NULL), BRB_DONE);
	ck_assert_int_eq(action_invite(op, cy.m), INVITED_AWAY);
	ck_assert_int_eq(action_brb(ana.client, BRB_OF_ONE, NULL), BRB_DONE);
	ck_assert_int_eq(action_invite(op, cy.m), INVITE_ON_BREAK);
	/* Ignored people are not told that they are. */
	ck_assert_int_eq(action_back(ana.client, BRB_OF_ONE, NULL), BRB_DONE);
	ck_assert_int_eq(action_back(cy.client, BRB_OF_ONE, NULL), BRB_DONE);
	buf_reset(&told);
	ck_assert_int_eq(member_ignore(cy.m, "ana"), 0);
	ck_assert_int_eq(action_invite(op, cy.m), INVITED);
	TOLD("");
}
END_TEST

START_TEST(test_end)
{
	struct member *m;

	(void)fake_saw(&fx, &cy);
	action_put_out(bob.m, "go", "spam");
	TOLD("bob: ends, go;");
	ck_assert_str_eq(fake_saw(&fx, &cy), "left bob (spam)\n");
	fake_fini(&bob);
	fake_enter(&fx, &bob, 2, "bob");
	m = bob.m;
	fake_lose(&bob);
	ck_assert_ptr_eq(directory_find(&fx.chat.directory, "bob"), m);
	action_put_out(m, "go", NULL);
	TOLD("");
	ck_assert_ptr_null(directory_find(&fx.chat.directory, "bob"));
	/* A guest who closes has left, and has no place. */
	fake_fini(&bob);
	fake_init(&fx, &bob, 2);
	m = bob.m;
	bob.m = NULL;
	action_lost(&m->client, true, 0);
	ck_assert_uint_eq(fx.chat.lost_count, 0);
	ck_assert_uint_eq(fx.chat.departed.count, 1);
	m = ana.m;
	ana.m = NULL;
	action_lost(&m->client, true, 0);
	ck_assert_uint_eq(fx.chat.lost_count, 1);
	(void)fake_saw(&fx, &cy);
	m = cy.m;
	cy.m = NULL;
	action_stop(&m->client, 0);
	ck_assert_uint_eq(fx.chat.departed.count, 2);
}
END_TEST

START_TEST(test_admit)
{
	struct admission a = { .chat = &fx.chat };
	struct origin *first, *second;
	const struct credential here = ana.credential, there = bob.credential;
	const struct ban *ban, *made;
	const char *why;

	fx.options.max_members = 3;
	fx.options.max_per_address = 2;
	ck_assert_int_eq(admit_connection(&a, &here, &ban), ADMITTED);
	first = admit_add(&a, &here);
	second = admit_add(&a, &here);
	ck_assert_ptr_eq(first, second);
	ck_assert_int_eq(admit_connection(&a, &here, &ban), ADMIT_ADDRESS);
	ck_assert_int_eq(admit_connection(&a, &there, &ban), ADMITTED);
	second = admit_add(&a, &there);
	ck_assert_int_eq(admit_connection(&a, &there, &ban), ADMIT_FULL);
	/* Who is connected may still come in. */
	ck_assert_int_eq(admit_entry(&a, &here, NULL, &ban), ADMITTED);
	a.is_locked = true;
	ck_assert_int_eq(admit_entry(&a, &here, NULL, &ban), ADMIT_LOCKED);
	ck_assert_int_eq(action_ban(&fx.chat, "192.0.2.1", 0, "", &made, &why),
	    BAN_DONE);
	ck_assert_int_eq(admit_entry(&a, &here, NULL, &ban), ADMIT_BANNED);
	ck_assert_ptr_eq(ban, made);
	ck_assert_int_eq(admit_entry(&a, &there, NULL, &ban), ADMIT_LOCKED);
	ck_assert_uint_eq(a.refused[ADMIT_FULL], 1);
	ck_assert_uint_eq(a.refused[ADMIT_ADDRESS], 1);
	ck_assert_uint_eq(a.refused[ADMIT_BANNED], 1);
	ck_assert_uint_eq(a.refused[ADMIT_LOCKED], 2);
	ck_assert_str_eq(admit_str(ADMIT_ADDRESS), "address");
	admit_remove(&a, first);
	admit_remove(&a, first);
	admit_remove(&a, second);
	ck_assert_uint_eq(a.count, 0);
	ck_assert_uint_eq(origin_holds(first, ORIGIN_CONNECTIONS), 0);
}
END_TEST

START_TEST(test_ban)
{
	struct ban_subject subject;
	struct nick_answer answer;
	const struct ban *ban;
	const char *why;

	setenv("TZ", "UTC", 1);
	ck_assert_int_eq(action_ban(&fx.chat, "1.2.3", 0, "", &ban, &why),
	    BAN_BAD_SUBJECT);
	ck_assert_ptr_nonnull(why);
	ck_assert_int_eq(action_ban(&fx.chat, "guest99", 0, "", &ban, &why),
	    BAN_NOBODY);
	ck_assert_int_eq(action_ban(&fx.chat, "bob", 1000, "spam", &ban, &why),
	    BAN_DONE);
	ck_assert(ban->subject.has_origin);
	ck_assert_int_eq(ban->ends_ms, fx.clock.mono_ms + 1000);
	ck_assert_int_eq(ban_until_ms(ban, &fx.clock), fx.clock.wall_ms + 1000);
	/* By his address, whatever he is called; and nobody else. */
	ck_assert(!action_end_banned(ana.m));
	/* Who has not been put out yet cannot hide behind another nick. */
	ck_assert_int_eq(action_nick(bob.m, "bib", &answer), NICK_BANNED);
	ck_assert(action_end_banned(bob.m));
	TOLD("bob: ends, you are banned until 2 Jun 12:00 (spam);");
	ck_assert_ptr_null(bob.m);
	ck_assert_int_eq(action_unban(&fx.chat, "ana", &subject, &why),
	    BAN_NONE);
	ck_assert_int_eq(action_unban(&fx.chat, "1.2.3", &subject, &why),
	    BAN_BAD_SUBJECT);
	ck_assert_int_eq(action_unban(&fx.chat, "bob", &subject, &why),
	    BAN_DONE);
	ck_assert_uint_eq(fx.chat.bans.count, 0);
}
END_TEST

/* Of who is logged in the account is banned, and of an account whose owner is not
 * here. */
START_TEST(test_ban_account)
{
	struct accounts *all = &fx.chat.accounts;
	struct account *a = accounts_add(all, "cyan", 1);
	struct admission admission = { .chat = &fx.chat };
	const struct credential there = credential_from_uid(77);
	struct login_answer login;
	struct nick_answer answer;
	const struct ban *ban;
	const char *why;

	ck_assert_ptr_nonnull(a);
	ck_assert_ptr_null(action_account_ban(&fx.chat, a));
	ck_assert_ptr_null(action_account_ban(&fx.chat, NULL));
	action_login(bob.m, a, NULL, &login);
	ck_assert_int_eq(action_ban(&fx.chat, "bob", 0, "", &ban, &why),
	    BAN_DONE);
	ck_assert_uint_eq(ban->subject.account, a->id);
	ck_assert(ban->subject.has_origin);
	ck_assert_int_eq(action_nick(bob.m, "cyan", &answer), NICK_BANNED);
	ck_assert_ptr_eq(action_account_ban(&fx.chat, a), ban);
	ck_assert_int_eq(admit_entry(&admission, &there, NULL, &ban), ADMITTED);
	ck_assert_int_eq(admit_entry(&admission, &there, a, &ban),
	    ADMIT_BANNED);
	ck_assert(action_end_banned(bob.m));
	ck_assert_ptr_null(bob.m);

	ck_assert_int_eq(action_ban(&fx.chat, "cyan", 0, "", &ban, &why),
	    BAN_DONE);
	ck_assert_uint_eq(ban->subject.account, a->id);
	ck_assert(!ban->subject.has_origin);
	ck_assert_int_eq(action_ban(&fx.chat, "account:ana", 0, "", &ban, &why),
	    BAN_BAD_SUBJECT);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "actions", setup, teardown);

	tcase_add_test(tc, test_say);
	tcase_add_test(tc, test_say_to_status);
	tcase_add_test(tc, test_msg);
	tcase_add_test(tc, test_msg_accounts_only);
	tcase_add_test(tc, test_nick);
	tcase_add_test(tc, test_join);
	tcase_add_test(tc, test_join_made);
	tcase_add_test(tc, test_topic);
	tcase_add_test(tc, test_brb);
	tcase_add_test(tc, test_kick);
	tcase_add_test(tc, test_invite);
	tcase_add_test(tc, test_end);
	tcase_add_test(tc, test_admit);
	tcase_add_test(tc, test_ban);
	tcase_add_test(tc, test_ban_account);
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Saying something once, by ids: whose they are, and against a model in which
 * programs lose their connections and say again what they are not sure of.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actions/actions.h"
#include "chat-fixture.h"
#include "ring.h"
#include "room/client.h"
#include "room/ids.h"
#include "unit.h"

#define SECRET "0123456789abcdef"

/* The number that is the answer; *said is what kind of answer. */
static uint64_t
say(struct fake *f, const char *id, const char *text, enum say *said)
{
	struct event event = { .kind = EVENT_SAY,
		.text = text,
		.text_len = strlen(text),
		.id = id,
		.id_len = strlen(id) };
	enum modes_speak why;

	*said = action_say(f->m, fx.chat.lobby, &event, true, &why);
	return event.number;
}

static void
assert_new(struct fake *f, const char *id, const char *text)
{
	enum say said;

	ck_assert_uint_eq(say(f, id, text, &said),
	    fx.chat.lobby->history.next_number - 1);
	ck_assert_int_eq(said, SAID);
}

static void
assert_again(struct fake *f, const char *id, const char *text, uint64_t number)
{
	enum say said;

	ck_assert_uint_eq(say(f, id, text, &said), number);
	ck_assert_int_eq(said, SAID_BEFORE);
}

static void
set_secret(struct fake *f, const char *secret)
{
	ck_assert_int_eq(client_set_secret(member_client(f->m), secret), 0);
}

START_TEST(test_secret)
{
	static const char *const bad[] = { "", "0123456789abcde",
		"0123456789abcde ", "0123456789abcde\n",
		"0123456789abcd\303\244" };
	struct client *client = member_client(ana.m);
	char text[CLIENT_SECRET_MAX + 2];
	size_t i;

	for (i = 0; i < NITEMS(bad); i++)
		ck_assert_int_eq(client_set_secret(client, bad[i]), -1);
	memset(text, 'x', sizeof(text));
	text[CLIENT_SECRET_MAX + 1] = '\0';
	ck_assert_int_eq(client_set_secret(client, text), -1);
	ck_assert_uint_eq(client->id_secret, 0);
	text[CLIENT_SECRET_MAX] = '\0';
	ck_assert_int_eq(client_set_secret(client, text), 0);
	ck_assert_uint_ne(client->id_secret, 0);
	set_secret(&ana, SECRET);
}
END_TEST

START_TEST(test_owner)
{
	static const struct credential account = { .kind = CREDENTIAL_ACCOUNT,
		.bytes = { 1 } };
	static const struct credential other = { .kind = CREDENTIAL_ACCOUNT,
		.bytes = { 2 } };
	struct fake uid;

	set_secret(&ana, SECRET);
	set_secret(&bob, "fedcba9876543210");
	assert_new(&ana, "1", "hi");
	assert_again(&ana, "1", "hi", 1);
	/* Another secret. */
	assert_new(&bob, "1", "hi");
	assert_again(&ana, "1", "hi", 1);
	/* The same, from another address: it is the same program. */
	set_secret(&bob, SECRET);
	assert_again(&bob, "1", "hi", 1);
	/* Whoever is logged in is somebody else. */
	bob.m->credential = account;
	assert_new(&bob, "1", "hi");
	assert_again(&ana, "1", "hi", 1);
	ana.m->credential = account;
	assert_again(&ana, "1", "hi", 3);
	ana.m->credential = other;
	assert_new(&ana, "1", "hi");
	assert_again(&bob, "1", "hi", 3);
	ana.m->credential = ana.m->address;
	bob.m->credential = bob.m->address;
	/* And so is who has a uid. */
	fake_init(&fx, &uid, -7);
	set_secret(&uid, SECRET);
	assert_new(&uid, "1", "hi");
	fake_fini(&uid);
}
END_TEST

START_TEST(test_same)
{
	struct event event = { .kind = EVENT_ME,
		.text = "hi",
		.text_len = 2,
		.id = "1",
		.id_len = 1 };
	enum modes_speak why;

	set_secret(&ana, SECRET);
	assert_new(&ana, "1", "hi");
	/* Something else is something new, and is then what has the id. */
	ck_assert_int_eq(action_say(ana.m, fx.chat.lobby, &event, true, &why),
	    SAID);
	ck_assert_uint_eq(event.number, 2);
	assert_new(&ana, "1", "h");
	assert_again(&ana, "1", "h", 3);
	assert_new(&ana, "1", "hi");
	assert_again(&ana, "1", "hi", 4);
	/* Whatever has changed since. */
	ana.m->is_on_break = true;
	assert_again(&ana, "1", "hi", 4);
	ana.m->is_on_break = false;
}
END_TEST

/* An id is told to whom it belongs to alone. */
START_TEST(test_shown)
{
	struct history_cursor c;
	struct event event;

	set_secret(&ana, SECRET);
	set_secret(&bob, "fedcba9876543210");
	assert_new(&ana, "1", "hi");
	fake_say(&ana, "without");
	c = history_oldest(&fx.chat.lobby->history);
	ck_assert(history_read(&fx.chat.lobby->history, &c, &event));
	ck_assert(client_has_id(member_client(ana.m), &event));
	ck_assert(!client_has_id(member_client(bob.m), &event));
	ck_assert(!event.is_id_shown);
	ck_assert(history_read(&fx.chat.lobby->history, &c, &event));
	ck_assert(!client_has_id(member_client(ana.m), &event));
	member_client(ana.m)->id_secret = 0;
	ck_assert(!client_has_id(member_client(ana.m), &event));
}
END_TEST

/*
 * Three programs, each with up to 64 messages of which it does not know that
 * they were said. An answer gets lost, or the program does before it sends; then
 * it says all of them again.
 */
#define MODEL_PROGRAMS 3
#define MODEL_OPEN 64
#define MODEL_STEPS 20000

struct model {
	struct fake *fake;
	const char *secret;
	unsigned next; /* id of the next new message */
	unsigned first; /* the first without an answer */
	uint64_t number[MODEL_STEPS + MODEL_OPEN]; /* 0: not said yet */
};

static void
model_say(struct model *p, unsigned id, bool is_answered)
{
	char name[16], text[32];
	uint64_t number;
	enum say said;

	(void)snprintf(name, sizeof(name), "%u", id);
	(void)snprintf(text, sizeof(text), "%u of many", id / 3);
	number = say(p->fake, name, text, &said);
	QUICK_ASSERT(said == (p->number[id] == 0 ? SAID : SAID_BEFORE));
	if (p->number[id] == 0)
		p->number[id] = number;
	QUICK_ASSERT(p->number[id] == number);
	if (is_answered && id == p->first)
		p->first++;
}

static void
model_reconnect(struct model *p)
{
	unsigned id;

	member_client(p->fake->m)->id_secret = 0;
	set_secret(p->fake, p->secret);
	for (id = p->first; id < p->next; id++)
		model_say(p, id, ring_random(8) > 0);
}

START_TEST(test_model)
{
	static struct model programs[MODEL_PROGRAMS];
	struct model *p;
	int i;

	memset(programs, 0, sizeof(programs));
	programs[0] = (struct model){ .fake = &ana, .secret = SECRET };
	programs[1] = (struct model){ .fake = &bob,
		.secret = "fedcba9876543210" };
	/* The same secret, but a uid. */
	fake_init(&fx, &cy, -7);
	programs[2] = (struct model){ .fake = &cy, .secret = SECRET };
	for (i = 0; i < MODEL_PROGRAMS; i++)
		set_secret(programs[i].fake, programs[i].secret);
	for (i = 0; i < MODEL_STEPS; i++) {
		p = &programs[ring_random(MODEL_PROGRAMS)];
		if (p->next - p->first < MODEL_OPEN && ring_random(10) > 0)
			model_say(p, p->next++, ring_random(4) > 0);
		else
			model_reconnect(p);
		if (i % 100 == 0)
			fixture_settle(&fx);
	}
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "ids", fixture_setup, fixture_teardown);

	tcase_add_test(tc, test_secret);
	tcase_add_test(tc, test_owner);
	tcase_add_test(tc, test_same);
	tcase_add_test(tc, test_shown);
	tcase_add_test(tc, test_model);
}

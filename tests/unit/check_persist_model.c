/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What survives the process, for people who do anything: whoever comes back
 * after a crash has every line that is theirs.
 */
#include "config.h"

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "persist-fixture.h"
#include "room/rename.h"
#include "room/room.h"
#include "unit.h"

#define PEOPLE 3
#define NUMBERS 4096

/*
 * The model: somebody of whom it is known what was handed over, and how much of
 * it has arrived; the rest is lost with the process.
 */
struct soul {
	struct fake f;
	uint64_t arrived; /* bytes */
	bool has[NUMBERS]; /* messages that have arrived, or are their own */
	uint64_t pending[NUMBERS]; /* their ends in what was handed over */
	uint64_t from; /* the first that they are to have */
	bool was_tracker; /* on break, all before it arrived */
	uint64_t break_at;
	uint64_t first_again; /* after a crash: the first that was shown */
	bool is_back;
	unsigned nick; /* which of the two */
};

static struct soul souls[PEOPLE];

static void
soul_delivered(struct fake *f, const char *data, size_t len)
{
	struct soul *s = f->arg;
	char *text = xstrndup(data, len), *line, *next;
	unsigned long long number;
	char nick[32];
	uint64_t at = f->handed - len;

	f->unsent += len;
	for (line = text; *line != '\0'; line = next) {
		next = strchr(line, '\n') + 1;
		at += (uint64_t)(next - line);
		if (sscanf(line, "%llu %31[^:]: ", &number, nick) != 2)
			continue;
		ck_assert_uint_lt(number, NUMBERS);
		if (s->is_back && s->first_again == 0)
			s->first_again = number;
		if (s->pending[number] == 0)
			s->pending[number] = at;
	}
	free(text);
}

/* So much more has arrived. */
static void
soul_read(struct soul *s, uint64_t bytes)
{
	uint64_t n;

	if (bytes > s->f.unsent)
		bytes = s->f.unsent;
	s->f.unsent -= bytes;
	s->arrived += bytes;
	for (n = 0; n < NUMBERS; n++)
		if (s->pending[n] != 0 && s->pending[n] <= s->arrived)
			s->has[n] = true;
}

/* The second is at another end of the directory. */
static const char *
soul_nick(const struct soul *s)
{
	static const char *const nicks[PEOPLE][2] = { { "ana", "zana" },
		{ "bob", "abob" }, { "cy", "dcy" } };

	return nicks[s - souls][s->nick];
}

static void
soul_enter(struct soul *s, int host)
{
	memset(s->pending, 0, sizeof(s->pending));
	s->arrived = 0;
	s->first_again = 0;
	s->is_back = false;
	fake_init(&fx, &s->f, host);
	s->f.arg = s;
	fixture_settle(&fx);
	buf_reset(&s->f.seen);
	s->f.handed = 0;
	s->f.on_deliver = soul_delivered;
	s->is_back = true;
	ck_assert_int_ne(fake_nick(&s->f, soul_nick(s)), DIRECTORY_REFUSED);
	ck_assert_str_eq(s->f.m->nick, soul_nick(s));
	fixture_settle(&fx);
}

static void
soul_say(struct soul *s)
{
	uint64_t number = fx.chat.lobby->history.next_number;

	if (s->f.m->is_on_break)
		return;
	fake_say(&s->f, "x");
	s->has[number] = true;
}

static void
soul_toggle_break(struct soul *s)
{
	if (s->f.m->is_on_break) {
		member_back(s->f.m, NULL);
		s->was_tracker = false;
		return;
	}
	fixture_settle(&fx);
	member_break(s->f.m, NULL);
	s->break_at = fake_here(&s->f)->cursor.at.number;
	s->was_tracker = s->f.unsent == 0;
}

static void
soul_step(struct soul *s)
{
	if (pf.is_sliced && rand() % 2 == 0) {
		(void)walks_run(&fx.deadlines.walks);
		return;
	}
	if (pf.is_sliced && rand() % 12 == 0) {
		s->nick = !s->nick;
		ck_assert_int_eq(fake_nick(&s->f, soul_nick(s)),
		    DIRECTORY_RENAMED);
		persist_fixture_settle();
		return;
	}
	switch (rand() % 12) {
	case 0:
		soul_toggle_break(s);
		break;
	case 1:
		s->f.is_full = !s->f.is_full;
		if (!s->f.is_full)
			fake_drain(&s->f);
		break;
	case 2:
	case 3:
		soul_read(s, (uint64_t)rand() % 50);
		break;
	case 4:
	case 5:
		soul_read(s, UINT64_MAX);
		break;
	case 6:
		fixture_pass(&fx, rand() % 2000);
		break;
	case 7:
		fixture_settle(&fx);
		break;
	default:
		soul_say(s);
		break;
	}
}

/* Everybody comes back and reads all: nothing is missing. */
static void
souls_return(int round)
{
	uint64_t n, last = fx.chat.lobby->history.next_number;
	struct soul *s;
	bool was_tracker;
	int i;

	for (i = 0; i < PEOPLE; i++) {
		s = &souls[i];
		was_tracker = s->was_tracker;
		soul_enter(s, i + 1);
		soul_read(s, UINT64_MAX);
		for (n = s->from; n < last; n++)
			ck_assert_msg(s->has[n],
			    "round %d: %s lacks %llu of %llu", round,
			    s->f.m->nick, (unsigned long long)n,
			    (unsigned long long)last);
		/* On break with all read: the gap, and not a line more. */
		if (was_tracker && s->break_at < last)
			ck_assert_uint_eq(s->first_again, s->break_at);
		s->was_tracker = false;
	}
}

START_TEST(test_model)
{
	int round, step, i;

	srand((unsigned)_i);
	/* In every other run the look at all is interrupted by what happens. */
	pf.is_sliced = _i % 2 == 1;
	persist_fixture_cut();
	chat_fini(&fx.chat);
	persist_fixture_start();
	for (i = 0; i < PEOPLE; i++) {
		memset(&souls[i], 0, sizeof(souls[i]));
		soul_enter(&souls[i], i + 1);
		souls[i].from = 1;
	}
	for (round = 0; round < 20; round++) {
		for (step = 0; step < 150; step++)
			soul_step(&souls[rand() % PEOPLE]);
		persist_fixture_settle();
		persist_fixture_cut();
		for (i = 0; i < PEOPLE; i++) {
			/* What was handed over at the end did not arrive. */
			souls[i].f.on_deliver = NULL;
			fake_fini(&souls[i].f);
		}
		chat_fini(&fx.chat);
		persist_fixture_start();
		souls_return(round);
	}
	persist_fixture_cut();
	for (i = 0; i < PEOPLE; i++)
		fake_fini(&souls[i].f);
	pf.is_sliced = false;
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "persist_model", persist_fixture_setup,
	    persist_fixture_teardown);

	tcase_add_loop_test(tc, test_model, 0, 20);
}

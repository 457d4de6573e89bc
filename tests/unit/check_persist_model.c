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

/* The lobby, and a room that is made anew between two crashes. */
enum { LOBBY, DEN, ROOMS };

static char den[ROOM_NAME_SIZE];

/*
 * The model: somebody of whom it is known what was handed over, and how much of
 * it has arrived; the rest is lost with the process.
 */
struct place {
	bool has[NUMBERS]; /* messages that have arrived, or are their own */
	uint64_t pending[NUMBERS]; /* their ends in what was handed over */
	uint64_t from; /* the first that they are to have; 0: none */
	uint64_t first_again; /* after a crash: the first that was shown */
};

struct soul {
	struct fake f;
	uint64_t arrived; /* bytes */
	struct place places[ROOMS];
	unsigned room; /* where they are */
	bool was_tracker; /* on break, all before it arrived */
	uint64_t break_at;
	bool is_back;
	unsigned nick; /* which of the two */
};

static struct soul souls[PEOPLE];

static struct room *
room_of(unsigned r)
{
	return r == LOBBY ? fx.chat.lobby : chat_find_room(&fx.chat, den);
}

/* What is said tells in which room that was. */
static void
soul_delivered(struct fake *f, const char *data, size_t len)
{
	struct soul *s = f->arg;
	char *text = xstrndup(data, len), *line, *next;
	unsigned long long number;
	unsigned r;
	struct place *place;
	uint64_t at = f->handed - len;

	f->unsent += len;
	for (line = text; *line != '\0'; line = next) {
		next = strchr(line, '\n') + 1;
		at += (uint64_t)(next - line);
		if (sscanf(line, "%llu %*[^:]: %u", &number, &r) != 2)
			continue;
		ck_assert_uint_lt(number, NUMBERS);
		ck_assert_uint_lt(r, ROOMS);
		place = &s->places[r];
		if (s->is_back && place->first_again == 0)
			place->first_again = number;
		if (place->pending[number] == 0)
			place->pending[number] = at;
	}
	free(text);
}

/* So much more has arrived. */
static void
soul_read(struct soul *s, uint64_t bytes)
{
	struct place *place;
	uint64_t n;

	if (bytes > s->f.unsent)
		bytes = s->f.unsent;
	s->f.unsent -= bytes;
	s->arrived += bytes;
	for (place = s->places; place < s->places + ROOMS; place++)
		for (n = 0; n < NUMBERS; n++)
			if (place->pending[n] != 0 &&
			    place->pending[n] <= s->arrived)
				place->has[n] = true;
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
	unsigned r;

	for (r = 0; r < ROOMS; r++) {
		memset(s->places[r].pending, 0, sizeof(s->places[r].pending));
		s->places[r].first_again = 0;
	}
	s->arrived = 0;
	s->room = LOBBY;
	s->is_back = false;
	fake_init(&fx, &s->f, host);
	s->f.arg = s;
	fixture_settle(&fx);
	buf_reset(&s->f.seen);
	s->f.handed = 0;
	s->f.on_deliver = soul_delivered;
	s->is_back = true;
	ck_assert_int_ne(fake_nick(&s->f, soul_nick(s)), RENAME_REFUSED);
	ck_assert_str_eq(s->f.m->nick, soul_nick(s));
	fixture_settle(&fx);
}

/* To the other room, which may be new. */
static void
soul_go(struct soul *s)
{
	struct room *room;

	s->room = !s->room;
	s->was_tracker = false;
	ck_assert_int_ne(chat_open_room(&fx.chat,
			     s->room == LOBBY ? fx.chat.lobby->name : den,
			     &room),
	    CHAT_ROOMS_FULL);
	if (s->places[s->room].from == 0)
		s->places[s->room].from = room->history.next_number;
	room_leave(fake_here(&s->f), ROOM_LEAVE_WENT, room->name);
	(void)room_join(room, s->f.m, ROOM_JOIN_CATCHUP);
}

static void
soul_say(struct soul *s)
{
	uint64_t number = room_of(s->room)->history.next_number;
	char text[8];

	if (s->f.m->is_on_break)
		return;
	(void)snprintf(text, sizeof(text), "%u", s->room);
	fake_say(&s->f, text);
	s->places[s->room].has[number] = true;
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
	if (rand() % 4 == 0) {
		persist_fixture_tick();
		return;
	}
	if (pf.is_sliced && rand() % 2 == 0) {
		(void)walks_run(&fx.deadlines.walks);
		return;
	}
	if (pf.is_sliced && rand() % 12 == 0) {
		s->nick = !s->nick;
		ck_assert_int_eq(fake_nick(&s->f, soul_nick(s)), RENAME_DONE);
		persist_fixture_settle();
		return;
	}
	switch (rand() % 13) {
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
	case 8:
		soul_go(s);
		break;
	default:
		soul_say(s);
		break;
	}
}

/* They have read all of the room that they are in: nothing is missing. */
static void
soul_has_all(const struct soul *s, int round)
{
	const struct place *place = &s->places[s->room];
	uint64_t n, last = room_of(s->room)->history.next_number;

	for (n = place->from; n != 0 && n < last; n++)
		ck_assert_msg(place->has[n],
		    "round %d: %s lacks %llu of %llu in room %u", round,
		    s->f.m->nick, (unsigned long long)n,
		    (unsigned long long)last, s->room);
}

/* Everybody comes back and reads all. */
static void
souls_return(int round)
{
	uint64_t last = fx.chat.lobby->history.next_number;
	struct soul *s;
	unsigned was_in;
	bool was_tracker;
	int i;

	for (i = 0; i < PEOPLE; i++) {
		s = &souls[i];
		was_tracker = s->was_tracker;
		was_in = s->room;
		soul_enter(s, i + 1);
		soul_read(s, UINT64_MAX);
		soul_has_all(s, round);
		if (s->places[DEN].from != 0) {
			soul_go(s);
			fixture_settle(&fx);
			soul_read(s, UINT64_MAX);
			soul_has_all(s, round);
			soul_go(s);
		}
		/* On break with all read: the gap, and not a line more. */
		if (was_tracker && was_in == LOBBY && s->break_at < last)
			ck_assert_uint_eq(s->places[LOBBY].first_again,
			    s->break_at);
		s->was_tracker = false;
	}
}

/* What they had in the last den counts no more. */
static void
souls_begin(int round)
{
	int i;

	(void)snprintf(den, sizeof(den), "den%d", round);
	for (i = 0; i < PEOPLE; i++) {
		memset(&souls[i].places[DEN], 0, sizeof(souls[i].places[DEN]));
		if (souls[i].f.m->is_on_break)
			soul_toggle_break(&souls[i]);
	}
}

START_TEST(test_model)
{
	int round, step, i;

	srand((unsigned)_i);
	/* In every other run the look at all is interrupted by what happens. */
	pf.is_sliced = _i % 2 == 1;
	fx.options.max_rooms = 1000;
	persist_fixture_cut();
	chat_fini(&fx.chat);
	persist_fixture_start();
	for (i = 0; i < PEOPLE; i++) {
		memset(&souls[i], 0, sizeof(souls[i]));
		soul_enter(&souls[i], i + 1);
		souls[i].places[LOBBY].from = 1;
	}
	for (round = 0; round < 20; round++) {
		souls_begin(round);
		for (step = 0; step < 200; step++)
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

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The model test of the one idea: whatever people do, in whatever order, each
 * message reaches each of them exactly once, in order, or lies inside a gap
 * that is announced with its exact size. When a connection is lost, its last
 * bytes have not arrived; what was in them comes again, and is said to be a
 * repeat if it had been handed over, and only then.
 *
 * The reference is a number for each person: that of the message that they
 * should see next; and for those who lost the connection, of the first that
 * they are owed, and up to where they may have seen all. A failure names its
 * seed: BRBD_MODEL_SEED runs that one alone. BRBD_MODEL_RUNS sets how many runs
 * there are.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat-fixture.h"
#include "room/client.h"
#include "room/publish.h"
#include "room/rename.h"
#include "room/replay.h"
#include "unit.h"

#define PEOPLE 6
#define STEPS 120
#define NUMBERS 4096

struct reader {
	struct fake f;
	const char *nick;
	uint64_t next; /* of the message that they should see next */
	uint64_t last; /* the last that they saw */
	/* By number: shown to this connection before it had their nick; not
	 * shown to it again. */
	bool was_shown[NUMBERS];
	uint64_t shown_until; /* or 0 */
	bool is_guest;
	uint64_t own_from; /* own messages from here are not shown */
	/* First message that did not arrive, until told; else 0. */
	uint64_t owed;
	uint64_t seen_until; /* lost connections were handed those below */
	/* By number: and these, although not all before them. */
	bool was_before[NUMBERS];
	/* And perhaps those below this: only their own lie between. */
	uint64_t seen_perhaps;
	/* Earlier connections have received all before. */
	uint64_t session_from;
	struct handed_line {
		uint64_t end; /* in all bytes handed over */
		uint64_t next; /* what they should see next before it */
	} log[NUMBERS];
	size_t log_count;
	bool in_catchup, in_repeats;
	bool in_history; /* between the lines of /history */
	bool is_known; /* has a bookmark from before */
	bool was_new; /* this session began as a newcomer's */
};

static struct reader readers[PEOPLE];
static struct reader *authors[NUMBERS]; /* by number */
static unsigned seed_now, seed_state;

static unsigned
model_random(unsigned below)
{
	/* xorshift: the same everywhere, unlike rand(). */
	seed_state ^= seed_state << 13;
	seed_state ^= seed_state >> 17;
	seed_state ^= seed_state << 5;
	return seed_state % below;
}

static struct room *
model_room(void)
{
	return fx.chat.lobby;
}

/* Said in this session? Then it is not shown. */
static bool
model_is_own(const struct reader *r, uint64_t number)
{
	return number >= r->own_from && authors[number] == r;
}

/* r is at number now. Messages left out must be their own: of this session, or
 * their last words before they left. */
static void
model_advance(struct reader *r, uint64_t number, const char *what)
{
	if (r->owed != 0 && r->in_catchup) {
		/* Told again: from where it did not arrive, or before. */
		r->next = number < r->owed ? number : r->owed;
		r->owed = 0;
	}
	for (; r->next < number; r->next++)
		ck_assert_msg(authors[r->next] == r || r->was_shown[r->next],
		    "BRBD_MODEL_SEED=%u: %s: %s %llu, but %llu was not seen",
		    seed_now, r->nick, what, (unsigned long long)number,
		    (unsigned long long)r->next);
	ck_assert_msg(r->next == number,
	    "BRBD_MODEL_SEED=%u: %s: %s %llu is a repeat, next is %llu",
	    seed_now, r->nick, what, (unsigned long long)number,
	    (unsigned long long)r->next);
}

static void
model_check_repeat(const struct reader *r, uint64_t number)
{
	/* Whether they saw their own ones makes no difference. */
	if (!r->in_catchup || authors[number] == r ||
	    (number >= r->seen_until && number < r->seen_perhaps))
		return;
	ck_assert_msg(r->in_repeats ==
		(number < r->seen_until || r->was_before[number]),
	    "BRBD_MODEL_SEED=%u: %s saw %llu as a repeat: %d, but it is new "
	    "from %llu on",
	    seed_now, r->nick, (unsigned long long)number, (int)r->in_repeats,
	    (unsigned long long)r->seen_until);
}

/* The lines around a catch-up. */
static void
model_read_frame(struct reader *r, const char *line)
{
	if (strncmp(line, "welcome", 7) == 0)
		r->in_catchup = true;
	else if (strncmp(line, "repeats", 7) == 0)
		r->in_repeats = true;
	else if (strncmp(line, "new", 3) == 0) {
		ck_assert(r->in_repeats);
		r->in_repeats = false;
	}
}

/* What they were shown as a guest is not awaited. */
static void
model_pass_shown(struct reader *r)
{
	while (!r->is_guest && r->was_shown[r->next])
		r->next++;
}

static void
model_read_live(struct reader *r)
{
	if (r->in_catchup && r->owed != 0) {
		r->next = r->owed;
		r->owed = 0;
	}
	if (r->in_catchup && r->next < r->shown_until)
		model_advance(r, r->shown_until, "live after");
	r->in_catchup = r->in_repeats = false;
}

/* count messages before number are gone, without those that were shown. */
static uint64_t
model_gap_from(const struct reader *r, uint64_t number, uint64_t count)
{
	while (count > 0)
		if (!r->was_shown[--number])
			count--;
	return number;
}

static void
model_read_line(struct reader *r, const char *line)
{
	uint64_t number, from;

	if (*line == '~')
		line++;
	model_read_frame(r, line);
	if (strncmp(line, "past ", 5) == 0 && r->in_history)
		return;
	if (strncmp(line, "end", 3) == 0) {
		r->in_history = false;
		return;
	}
	if (strncmp(line, "gap ", 4) == 0) {
		if (r->in_history)
			return;
		number = model_room()->history.first_number;
		from = model_gap_from(r, number, strtoull(line + 4, NULL, 10));
		/* How many of those that are gone they are owed can only be
		 * guessed: their own took no bytes. */
		if (r->owed != 0 && r->in_catchup && from <= r->next)
			r->owed = from;
		model_advance(r, from, "gap to");
		r->next = number;
		return;
	}
	if (strncmp(line, "live", 4) == 0) {
		model_read_live(r);
		return;
	}
	if (*line < '0' || *line > '9' || r->in_history)
		return;
	number = strtoull(line, NULL, 10);
	model_advance(r, number, "saw");
	model_check_repeat(r, number);
	ck_assert_msg(!model_is_own(r, number),
	    "BRBD_MODEL_SEED=%u: %s saw their own %llu", seed_now, r->nick,
	    (unsigned long long)number);
	ck_assert_msg(!r->was_shown[number],
	    "BRBD_MODEL_SEED=%u: %s saw %llu twice", seed_now, r->nick,
	    (unsigned long long)number);
	r->was_shown[number] = r->is_guest;
	if (r->is_guest)
		r->shown_until = number + 1;
	r->last = number;
	r->next = number + 1;
	model_pass_shown(r);
}

static void
model_deliver(struct fake *f, const char *data, size_t len)
{
	struct reader *r = f->arg;
	const char *end = data + len;

	while (data < end) {
		const char *line = data;

		data = (const char *)memchr(data, '\n', (size_t)(end - data)) +
		    1;
		ck_assert_uint_lt(r->log_count, NUMBERS);
		r->log[r->log_count].end = f->handed - (uint64_t)(end - data);
		r->log[r->log_count].next = r->next;
		model_read_line(r, line);
		/* What lies before it may have been shown to a guest. */
		if (r->last >= r->log[r->log_count].next)
			r->log[r->log_count].next = r->last;
		r->log_count++;
	}
}

/* As a guest for a while, from next on, with a reference of their own. They may
 * be shown no more than a first line, and skip the rest. */
static uint64_t
model_be_guest(struct reader *r, uint64_t next)
{
	uint64_t saved = r->next, skipped;

	r->next = next;
	r->is_guest = true;
	r->f.is_full = model_random(3) == 0;
	(void)publish_turn(&fx.chat);
	if (r->f.is_full && model_random(2) == 0 &&
	    replay_skip(&fake_here(&r->f)->cursor, &skipped))
		r->next = model_room()->turn_start.number;
	if (r->f.is_full && model_random(2) == 0)
		fake_drain(&r->f);
	if (!r->f.is_full)
		fixture_settle(&fx);
	next = r->next;
	r->next = saved;
	r->is_guest = false;
	return next;
}

static void
model_enter(struct reader *r)
{
	struct membership *ms;
	uint64_t live_next;

	fake_init(&fx, &r->f, 1 + (int)(r - readers));
	r->f.on_deliver = model_deliver;
	r->f.arg = r;
	ms = fake_here(&r->f);
	r->own_from = ms->cursor.own_from;
	live_next = ms->cursor.at.number;
	r->in_history = r->in_catchup = r->in_repeats = false;
	memset(r->was_shown, 0, sizeof(r->was_shown));
	r->shown_until = 0;
	r->log_count = 0;
	r->session_from = r->is_known ? r->next : live_next;

	if (model_random(2) == 0)
		live_next = model_be_guest(r, live_next);
	if (!r->is_known)
		r->next = live_next;
	ck_assert_int_eq(fake_nick(&r->f, r->nick),
	    r->is_known ? RENAME_RETURNED : RENAME_DONE);
	r->is_known = true;
}

static void
model_paused(struct reader *r)
{
	r->in_catchup = r->in_repeats = false;
}

/* All that was handed over without a hole, to the guest as well. */
static void
model_note_seen(struct reader *r)
{
	uint64_t until;

	if (r->seen_until < r->next)
		r->seen_until = r->next;
	while (r->seen_until < NUMBERS && r->was_shown[r->seen_until])
		r->seen_until++;
	for (until = r->seen_until;
	     until < NUMBERS && (r->was_shown[until] || authors[until] == r);
	     until++)
		if (r->was_shown[until])
			r->seen_perhaps = until + 1;
	for (; until < NUMBERS; until++)
		r->was_before[until] |= r->was_shown[until];
}

/* The last bytes have not arrived, and the daemon counts some more as
 * doubtful. */
static void
model_lose(struct reader *r)
{
	uint64_t unsent = model_random(3) == 0 ? 0 : model_random(200);
	const struct handed_line *line;
	size_t i;

	model_paused(r);
	model_note_seen(r);
	if (unsent > r->f.handed)
		unsent = r->f.handed;
	r->f.unsent = unsent + (model_random(2) == 0 ? model_random(50) : 0);
	if (r->f.unsent > 0 && r->owed == 0)
		r->owed = r->next;
	for (i = 0; i < r->log_count; i++) {
		line = &r->log[i];
		if (line->end > r->f.handed - unsent &&
		    line->next >= r->session_from && line->next < r->owed)
			r->owed = line->next;
	}
	fake_lose(&r->f);
	r->f.is_full = false;
}

static void
model_say(struct reader *r)
{
	char text[64];
	uint64_t number = model_room()->history.next_number;

	if (number >= NUMBERS || r->f.m->is_on_break)
		return;
	(void)snprintf(text, sizeof(text), "%.*s", 1 + (int)model_random(40),
	    "lorem ipsum dolor sit amet consectetur adipiscing");
	authors[number] = r;
	fake_say(&r->f, text);
}

static void
model_step(void)
{
	struct reader *r = &readers[model_random(PEOPLE)];
	uint64_t skipped;

	if (r->f.m == NULL) {
		model_enter(r);
		return;
	}
	switch (model_random(16)) {
	case 0:
		model_paused(r);
		model_note_seen(r);
		fake_quit(&r->f, NULL);
		r->f.is_full = false;
		break;
	case 1:
		model_lose(r);
		break;
	case 2:
		if (!r->f.m->is_on_break) {
			model_paused(r);
			r->in_history = false;
			member_break(r->f.m, NULL);
		}
		break;
	case 3:
		if (r->f.m->is_on_break) {
			r->in_history = false;
			member_back(r->f.m, NULL);
		}
		break;
	case 4:
		r->f.is_full = true;
		break;
	case 5:
		fake_drain(&r->f);
		break;
	case 6:
		if (fake_here(&r->f)->cursor.replay == NULL) {
			r->in_history = true;
			replay_start_history(&fake_here(&r->f)->cursor,
			    1 + model_random(10));
		}
		break;
	case 7:
		if (replay_skip(&fake_here(&r->f)->cursor, &skipped)) {
			if (!r->in_history)
				r->next = model_room()->turn_start.number;
			/* They do not want what they are owed. */
			if (!r->in_history) {
				r->owed = 0;
				r->log_count = 0;
				r->in_catchup = r->in_repeats = false;
			}
			r->in_history = false;
		}
		break;
	case 8:
		member_set_dialect(&r->f.m->client,
		    model_random(2) ? &fake_dialect : &fake_dialect_other);
		break;
	case 9:
	case 10:
		(void)publish_turn(&fx.chat);
		break;
	case 11:
		fixture_pass(&fx, model_random(2) ? 1000 : 70000);
		break;
	default:
		model_say(r);
		break;
	}
}

static void
model_run(unsigned seed)
{
	static const char *const nicks[PEOPLE] = { "ana", "bob", "cy", "dee",
		"eve", "fay" };
	size_t i;
	int step;

	seed_now = seed;
	seed_state = seed * 2654435761u + 1;
	fixture_init_options(&fx);
	fx.options.history_size = 256 + model_random(1024);
	fx.options.greeting_history = model_random(8);
	fixture_init(&fx);
	memset(readers, 0, sizeof(readers));
	for (i = 0; i < PEOPLE; i++)
		readers[i].nick = nicks[i];
	for (step = 0; step < STEPS; step++)
		model_step();

	/* Everybody comes, is back, and reads to the end. */
	for (i = 0; i < PEOPLE; i++) {
		if (readers[i].f.m == NULL)
			model_enter(&readers[i]);
		fake_drain(&readers[i].f);
		if (readers[i].f.m->is_on_break) {
			readers[i].in_history = false;
			member_back(readers[i].f.m, NULL);
		}
	}
	fixture_settle(&fx);
	for (i = 0; i < PEOPLE; i++) {
		model_advance(&readers[i], model_room()->history.next_number,
		    "the end");
		ck_assert(readers[i].owed == 0);
		ck_assert_ptr_nonnull(fake_here(&readers[i].f)
					  ->cursor.delivery.audience);
	}
	for (i = 0; i < PEOPLE; i++)
		fake_fini(&readers[i].f);
	fixture_fini(&fx);
}

START_TEST(test_model)
{
	const char *only = getenv("BRBD_MODEL_SEED");
	const char *runs = getenv("BRBD_MODEL_RUNS");
	unsigned seed, count = runs == NULL ? 4000 : (unsigned)atoi(runs);

	if (only != NULL) {
		model_run((unsigned)strtoul(only, NULL, 10));
		return;
	}
	for (seed = 1; seed <= count; seed++) {
		if (seed % 100 == 1)
			(void)fprintf(stderr, "seeds from %u\n", seed);
		model_run(seed);
	}
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "model", NULL, NULL);

	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, test_model);
}

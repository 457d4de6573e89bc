/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The model: whatever the clients of one person do, each of them sees all from
 * where it began, once and in order, but what was said with it; and where it
 * begins, nothing is left out that has arrived at none of them. A failure names
 * its seed: BRBD_MODEL_SEED runs that one alone.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "chat-fixture.h"
#include "room/client.h"
#include "room/clients.h"
#include "room/cursor.h"
#include "room/publish.h"
#include "room/rename.h"
#include "room/room.h"
#include "unit.h"

#define UID (-1000) /* of ana, for all of her clients */

#define SESSIONS 4 /* of ana's clients; the one after them is bob's */
#define NUMBERS 1024
#define MODEL_STEPS 150
#define MODEL_RUNS 1500

struct session {
	struct fake f;
	unsigned connection; /* 0: none */
	uint64_t next; /* that it should see */
	uint64_t sure; /* of the bytes handed over: surely read */
	struct {
		uint64_t end, number;
	} log[NUMBERS];
	size_t log_count;
};

static struct session sessions[SESSIONS + 1];
static unsigned authors[NUMBERS]; /* connections */
static bool has_arrived[NUMBERS]; /* at one that is gone */
static unsigned seed_now, seed_state, connections;
static uint64_t owed_from; /* where ana came first; or 0 */

static unsigned
model_random(unsigned below)
{
	seed_state ^= seed_state << 13;
	seed_state ^= seed_state >> 17;
	seed_state ^= seed_state << 5;
	return seed_state % below;
}

static void
model_pass_own(struct session *s)
{
	while (s->next < NUMBERS && authors[s->next] == s->connection)
		s->next++;
}

static void
model_see(struct session *s, const char *line, uint64_t end)
{
	uint64_t number;

	if (strncmp(line, "gap ", 4) == 0) {
		ck_assert_uint_lt(s->next, fx.chat.lobby->history.first_number);
		s->next = fx.chat.lobby->history.first_number;
		return;
	}
	if (*line < '0' || *line > '9')
		return;
	number = strtoull(line, NULL, 10);
	model_pass_own(s);
	ck_assert_msg(number == s->next,
	    "BRBD_MODEL_SEED=%u: session %d saw %llu, next is %llu", seed_now,
	    (int)(s - sessions), (unsigned long long)number,
	    (unsigned long long)s->next);
	s->next++;
	s->log[s->log_count].end = end;
	s->log[s->log_count++].number = number;
}

static void
model_deliver(struct fake *f, const char *data, size_t len)
{
	const char *end = data + len, *line;

	while ((line = data) < end) {
		data = (const char *)memchr(data, '\n', (size_t)(end - data)) +
		    1;
		model_see(f->arg, line, f->handed - (uint64_t)(end - data));
	}
}

/* Has it arrived, as far as is known? */
static bool
model_has(uint64_t number)
{
	const struct session *s;
	size_t i;

	if (has_arrived[number] ||
	    authors[number] != sessions[SESSIONS].connection)
		return true;
	for (s = sessions; s < sessions + SESSIONS; s++)
		for (i = 0; s->f.m != NULL && i < s->log_count; i++)
			if (s->log[i].number == number)
				return true;
	return false;
}

static void
model_come(struct session *s)
{
	struct room *lobby = fx.chat.lobby;
	bool is_bob = s == &sessions[SESSIONS];
	struct membership *ms;
	uint64_t number;

	buf_fini(&s->f.seen);
	fake_init_with(&fx, &s->f, is_bob ? 2 : UID, &fake_dialect);
	s->f.on_deliver = model_deliver;
	s->f.arg = s;
	s->connection = ++connections;
	s->log_count = 0;
	s->sure = 0;
	s->next = UINT64_MAX;
	if (fake_nick(&s->f, is_bob ? "bob" : "ana") == RENAME_TOO_MANY) {
		fake_fini(&s->f);
		return;
	}
	ms = member_in(s->f.m, lobby);
	if (ms != NULL)
		room_attend(ms, s->f.client, ROOM_JOIN_CATCHUP);
	else
		(void)room_join(lobby, s->f.m, ROOM_JOIN_CATCHUP);
	s->next = cursor_where(client_in(s->f.client, lobby)).number;
	if (!is_bob && owed_from == 0)
		owed_from = s->next;
	number = lobby->history.first_number;
	if (number < owed_from)
		number = owed_from;
	for (; !is_bob && number < s->next; number++)
		ck_assert_msg(model_has(number),
		    "BRBD_MODEL_SEED=%u: session %d begins at %llu, but %llu has "
		    "arrived nowhere",
		    seed_now, (int)(s - sessions), (unsigned long long)s->next,
		    (unsigned long long)number);
}

/* The last bytes do not arrive, and some more are in doubt. */
static void
model_lose(struct session *s)
{
	uint64_t in_doubt = s->f.handed - s->sure, unsent;
	size_t i;

	unsent = model_random((unsigned)in_doubt + 1);
	s->f.unsent = unsent + model_random((unsigned)(in_doubt - unsent) + 1);
	for (i = 0; i < s->log_count; i++)
		if (s->log[i].end <= s->f.handed - unsent)
			has_arrived[s->log[i].number] = true;
	fake_lose(&s->f);
	s->f.unsent = 0;
}

static void
model_quit(struct session *s)
{
	size_t i;

	for (i = 0; i < s->log_count; i++)
		has_arrived[s->log[i].number] = true;
	fake_quit(&s->f, NULL);
}

static void
model_say(struct session *s)
{
	uint64_t number = fx.chat.lobby->history.next_number;

	if (number >= NUMBERS || s->f.client->is_paused)
		return;
	authors[number] = s->connection;
	/* Who has vouched for all has read all. */
	if (s->sure == s->f.handed)
		member_has_read_all(s->f.client);
	fake_say(&s->f, "lorem ipsum");
	membership_spoke(member_in(s->f.m, fx.chat.lobby));
}

static void
model_step(void)
{
	struct session *s = &sessions[model_random(SESSIONS + 1)];

	if (s->f.m == NULL) {
		model_come(s);
		return;
	}
	switch (model_random(12)) {
	case 0:
		if (s != &sessions[SESSIONS])
			model_lose(s);
		break;
	case 1:
		if (s != &sessions[SESSIONS] && model_random(2) == 0)
			model_quit(s);
		break;
	case 2:
		if (model_random(4) == 0)
			member_break(s->f.m, NULL);
		else
			client_break(s->f.client, NULL);
		break;
	case 3:
		if (s->f.client->is_paused)
			client_back(s->f.client, NULL);
		else if (model_random(4) == 0)
			member_back(s->f.m, NULL);
		break;
	case 4:
		s->f.is_full = true;
		break;
	case 5:
		fake_drain(&s->f);
		break;
	case 6:
		fixture_pass(&fx, model_random(2) ? 1000 : 70000);
		break;
	case 7:
		s->sure = s->f.handed;
		break;
	case 8:
		(void)publish_turn(&fx.chat);
		break;
	default:
		model_say(s);
		break;
	}
}

/* A person is on break while all of their clients are. */
static void
model_check_break(const struct session *s)
{
	if (s->f.m != NULL)
		ck_assert_msg(s->f.m->is_on_break ==
			(clients_reading(s->f.m) == 0),
		    "BRBD_MODEL_SEED=%u: session %d", seed_now,
		    (int)(s - sessions));
}

static void
model_run(unsigned seed)
{
	struct session *s;
	int step;

	seed_now = seed;
	seed_state = seed * 2654435761u + 1;
	connections = 0;
	owed_from = 0;
	memset(sessions, 0, sizeof(sessions));
	memset(authors, 0, sizeof(authors));
	memset(has_arrived, 0, sizeof(has_arrived));
	fixture_init_options(&fx);
	fx.options.max_sessions = 2 + model_random(3);
	fx.options.history_size = 1024 + model_random(4096);
	fx.options.greeting_history = 0;
	fixture_init(&fx);
	model_come(&sessions[SESSIONS]);
	for (step = 0; step < MODEL_STEPS; step++) {
		model_step();
		for (s = sessions; s <= sessions + SESSIONS; s++)
			model_check_break(s);
	}
	for (s = sessions; s <= sessions + SESSIONS; s++) {
		if (s->f.m == NULL)
			continue;
		fake_drain(&s->f);
		if (s->f.client->is_paused)
			client_back(s->f.client, NULL);
	}
	fixture_settle(&fx);
	for (s = sessions; s <= sessions + SESSIONS; s++) {
		if (s->f.m == NULL)
			continue;
		model_pass_own(s);
		ck_assert_msg(s->next == fx.chat.lobby->history.next_number,
		    "BRBD_MODEL_SEED=%u: session %d has not seen %llu",
		    seed_now, (int)(s - sessions), (unsigned long long)s->next);
	}
	for (s = sessions; s <= sessions + SESSIONS; s++)
		fake_fini(&s->f);
	fixture_fini(&fx);
}

START_TEST(test_model)
{
	const char *only = getenv("BRBD_MODEL_SEED");
	const char *runs = getenv("BRBD_MODEL_RUNS");
	unsigned seed, count = runs == NULL ? MODEL_RUNS : (unsigned)atoi(runs);

	if (only != NULL) {
		model_run((unsigned)strtoul(only, NULL, 10));
		return;
	}
	for (seed = 1; seed <= count; seed++)
		model_run(seed);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "clients model", NULL, NULL);

	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, test_model);
}

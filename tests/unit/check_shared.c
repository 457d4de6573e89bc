/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A room of two servers over one log, whose engine is in memory: ana and bob are
 * on the one, cy is on the other.
 */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat-fixture.h"
#include "fake-engine.h"
#include "history/history.h"
#include "room/person.h"
#include "room/publish.h"
#include "room/rename.h"
#include "room/shared-line.h"
#include "room/shared.h"
#include "sharedlog/sharedlog.h"
#include "unit.h"

/* Long enough for a reconnect, and an epoch's settling. */
#define A_WHILE_MS 20000

static struct fake_world world;
static struct chat_fixture there;
static struct fake dee; /* with cy */
static struct shared *shared[2];
static struct fake_link *links[2];

static void
shared_start(struct chat *chat, size_t i)
{
	links[i] = fake_link_new(&world);
	shared[i] = shared_new(chat, &links[i]->engine, &world.clock,
	    &world.deadlines);
	ck_assert_int_eq(shared_add_room(shared[i], chat->lobby), 0);
}

static void
setup(void)
{
	fixture_setup();
	fixture_init_options(&there);
	fixture_init(&there);
	fake_enter(&there, &cy, 3, "cy");
	fake_enter(&there, &dee, 4, "dee");
	(void)fake_saw(&there, &cy);
	(void)fake_saw(&fx, &bob);
	fake_world_init(&world, 1);
	shared_start(&fx.chat, 0);
	shared_start(&there.chat, 1);
	fake_world_run(&world, A_WHILE_MS);
	ck_assert(shared_is_open(fx.chat.lobby));
	ck_assert(shared_is_open(there.chat.lobby));
}

static void
teardown(void)
{
	shared_free(shared[0]);
	shared_free(shared[1]);
	fake_world_fini(&world);
	fake_fini(&cy);
	fake_fini(&dee);
	fixture_fini(&there);
	fixture_teardown();
}

static enum publish
say(struct fake *f, const char *text)
{
	struct event event = {
		.kind = EVENT_SAY, .text = text, .text_len = strlen(text)
	};

	return room_publish(fake_here(f)->room, &event, fake_here(f));
}

/* As fake_saw(), with the low parts of numbers. */
static const char *
saw(struct chat_fixture *fixture, struct fake *f)
{
	static char text[65536];
	const char *from = fake_saw(fixture, f);
	char *end;
	size_t len = 0;
	unsigned long long n;

	while (*from != '\0' && len < sizeof(text) - 32) {
		n = isdigit((unsigned char)*from) ? strtoull(from, &end, 10) :
						    0;
		if (n < HISTORY_EPOCH) {
			text[len++] = *from++;
			continue;
		}
		len += (size_t)snprintf(text + len, 32, "%llu",
		    n % HISTORY_EPOCH);
		from = end;
	}
	text[len] = '\0';
	return text;
}

/* Both have the same, and that many. */
static void
assert_same(uint64_t count)
{
	const struct history *a = &fx.chat.lobby->history;
	const struct history *b = &there.chat.lobby->history;
	struct history_cursor at = history_oldest(a), bt = history_oldest(b);
	struct event e, f;

	while (history_read(a, &at, &e)) {
		ck_assert(history_read(b, &bt, &f));
		ck_assert_int_eq(e.kind, f.kind);
		ck_assert_uint_eq(e.number, f.number);
		ck_assert_uint_eq(e.node, f.node);
		ck_assert_uint_eq(e.counter, f.counter);
		ck_assert_int_eq(e.time_ms, f.time_ms);
		ck_assert_str_eq(e.nick, f.nick);
		ck_assert_uint_eq(e.text_len, f.text_len);
		ck_assert_mem_eq(e.text, f.text, e.text_len);
	}
	ck_assert(!history_read(b, &bt, &f));
	ck_assert_uint_eq(history_count(a), count);
}

START_TEST(test_said_when_it_is_back)
{
	ck_assert_int_eq(say(&ana, "hi"), PUBLISH_ASKED);
	ck_assert_str_eq(saw(&fx, &bob), "");
	ck_assert_uint_eq(history_count(&fx.chat.lobby->history), 0);
	fake_world_run(&world, 100);
	ck_assert_str_eq(saw(&fx, &bob), "1 ana: hi\n");
	ck_assert_str_eq(saw(&there, &cy), "1 ana: hi\n");
	/* One's own is not shown, there or here. */
	ck_assert_str_eq(saw(&fx, &ana), "");
	ck_assert_int_eq(say(&cy, "hi ana"), PUBLISH_ASKED);
	fake_world_run(&world, 100);
	ck_assert_str_eq(saw(&fx, &ana), "2 cy: hi ana\n");
	ck_assert_str_eq(saw(&there, &cy), "");
	ck_assert_str_eq(saw(&there, &dee), "1 ana: hi\n2 cy: hi ana\n");
	assert_same(2);
}
END_TEST

/* Whoever says it: all see one order, and one time that grows. */
START_TEST(test_one_order)
{
	char in_a[4096];
	int i;

	links[0]->delay_ms = 30;
	links[1]->delay_ms = 20;
	links[1]->tail_delay_ms = 50;
	there.clock.wall_ms -= 3600000;
	for (i = 0; i < 50; i++) {
		ck_assert_int_eq(say(&ana, "from here"), PUBLISH_ASKED);
		ck_assert_int_eq(say(&cy, "from there"), PUBLISH_ASKED);
		fake_world_run(&world, 10);
	}
	fake_world_run(&world, A_WHILE_MS);
	(void)snprintf(in_a, sizeof(in_a), "%s", saw(&fx, &bob));
	ck_assert_str_eq(saw(&there, &dee), in_a);
	assert_same(100);
}
END_TEST

/* What others ignore, and who has left or is called otherwise by now. */
START_TEST(test_authors)
{
	ck_assert_int_eq(member_ignore(dee.m, "bob"), 0);
	ck_assert_int_eq(say(&bob, "hidden from dee"), PUBLISH_ASKED);
	ck_assert_int_eq(say(&ana, "hi"), PUBLISH_ASKED);
	ck_assert_int_eq(fake_nick(&ana, "anna"), RENAME_DONE);
	ck_assert_int_eq(say(&bob, "bye"), PUBLISH_ASKED);
	(void)fake_saw(&fx, &ana);
	fake_quit(&bob, NULL);
	fake_world_run(&world, 100);
	ck_assert_str_eq(saw(&there, &dee), "2 ana: hi\n");
	ck_assert_str_eq(saw(&there, &cy),
	    "1 bob: hidden from dee\n2 ana: hi\n3 bob: bye\n");
	ck_assert_ptr_nonnull(strstr(saw(&fx, &ana), "3 bob: bye"));
	/* Ids of others' members are beyond one's own. */
	ck_assert_uint_eq(there.chat.lobby->history.max_author, 0);
	assert_same(3);
}
END_TEST

/* While the log is away nothing is said; what was asked for is said once. */
START_TEST(test_away)
{
	links[0]->delay_ms = 10000;
	ck_assert_int_eq(say(&ana, "sent"), PUBLISH_ASKED);
	fake_world_run(&world, 3);
	world.is_down = true;
	fake_link_cut(links[0]);
	fake_link_cut(links[1]);
	links[0]->delay_ms = 0;
	fake_world_run(&world, 1000);
	ck_assert(!shared_is_open(fx.chat.lobby));
	ck_assert_int_eq(say(&ana, "not sent"), PUBLISH_REFUSED);
	ck_assert_int_eq(say(&cy, "nor this"), PUBLISH_REFUSED);
	ck_assert_str_eq(saw(&fx, &bob), "");
	world.is_down = false;
	fake_world_run(&world, A_WHILE_MS);
	ck_assert_str_eq(saw(&fx, &bob), "1 ana: sent\n");
	ck_assert_str_eq(saw(&there, &dee), "1 ana: sent\n");
	ck_assert_int_eq(say(&cy, "again"), PUBLISH_ASKED);
	fake_world_run(&world, 1000);
	assert_same(2);
	ck_assert_uint_eq(shared_count(shared[0])->unsaid, 0);
	ck_assert_uint_eq(shared_count(shared[0])->unknown, 0);
}
END_TEST

/* A server that was away goes on from its ring: each line once. */
START_TEST(test_comes_back)
{
	ck_assert_int_eq(say(&cy, "one"), PUBLISH_ASKED);
	fake_world_run(&world, 100);
	(void)fake_saw(&there, &dee);
	shared_free(shared[1]);
	/* It is of a log, and nobody gives numbers but that. */
	ck_assert_int_eq(say(&ana, "two"), PUBLISH_ASKED);
	ck_assert_int_eq(say(&ana, "three"), PUBLISH_ASKED);
	fake_world_run(&world, 100);
	shared_start(&there.chat, 1);
	ck_assert_int_eq(say(&dee, "not yet"), PUBLISH_REFUSED);
	fake_world_run(&world, A_WHILE_MS);
	ck_assert_str_eq(saw(&there, &dee), "2 ana: two\n3 ana: three\n");
	assert_same(3);
}
END_TEST

/* One of the connections fails, or both do, at any moment. */
static void
trouble(uint64_t what)
{
	if (what < 2)
		fake_link_cut(links[what]);
	else if (what == 2)
		world.is_down = !world.is_down;
	else if (what == 3)
		world.is_stopped = !world.is_stopped;
	else
		links[what % 2]->delay_ms = (int64_t)fake_random(&world, 50);
}

/* Was it said, and how often? */
static unsigned
count_said(const char *text)
{
	const struct history *h = &fx.chat.lobby->history;
	struct history_cursor c = history_oldest(h);
	struct event e;
	unsigned count = 0;

	while (history_read(h, &c, &e))
		count += e.text_len == strlen(text) &&
		    memcmp(e.text, text, e.text_len) == 0;
	return count;
}

/*
 * Model: whatever becomes of the connections, what was asked for is said once,
 * what was refused is not, and all see the same in one order. The first lines
 * are said without trouble, the last ones without an engine, so that there are
 * some of both.
 */
START_TEST(test_model)
{
	enum { LINES = 300, TROUBLE = 60, AWAY = 280 };
	static enum publish answers[LINES];
	static char in_a[65536];
	unsigned asked = 0, refused = 0;
	char text[16];
	int i;

	world.random = (uint64_t)_i * 1000003 + 1;
	in_a[0] = '\0';
	for (i = 0; i < LINES; i++) {
		(void)snprintf(text, sizeof(text), "line %d.", i);
		answers[i] = say(fake_random(&world, 2) == 0 ? &ana : &cy,
		    text);
		asked += answers[i] == PUBLISH_ASKED;
		refused += answers[i] == PUBLISH_REFUSED;
		if (i >= TROUBLE && i < AWAY && fake_random(&world, 10) == 0)
			trouble(fake_random(&world, 6));
		if (i == AWAY) {
			world.is_down = true;
			fake_link_cut(links[0]);
			fake_link_cut(links[1]);
		}
		fake_world_run(&world, (int64_t)fake_random(&world, 200));
	}
	world.is_down = world.is_stopped = false;
	fake_world_run(&world, 4 * A_WHILE_MS);
	for (i = 0; i < LINES; i++) {
		(void)snprintf(text, sizeof(text), "line %d.", i);
		ck_assert_uint_eq(count_said(text),
		    answers[i] == PUBLISH_ASKED);
	}
	assert_same(asked);
	ck_assert_uint_ge(asked, TROUBLE);
	ck_assert_uint_gt(refused, 0);
	ck_assert_uint_eq(asked + refused, LINES);
	(void)snprintf(in_a, sizeof(in_a), "%s", saw(&fx, &bob));
	ck_assert_str_eq(saw(&there, &dee), in_a);
	ck_assert_uint_eq(shared_count(shared[0])->unknown, 0);
	ck_assert_uint_eq(shared_count(shared[1])->unknown, 0);
}
END_TEST

/* Another server, which appends what is no message. */

static void
mad_state(enum sharedlog_fault fault, void *arg)
{
	(void)fault;
	(void)arg;
}

static void
mad_entry(struct sharedlog_log *log, const struct sharedlog_entry *entry,
    void *arg)
{
	(void)log;
	(void)entry;
	(void)arg;
}

static void
mad_diverged(struct sharedlog_log *log, uint64_t bound, void *arg)
{
	(void)log;
	(void)bound;
	(void)arg;
}

static void
mad_joined(struct sharedlog_log *log, void *arg)
{
	(void)log;
	(void)arg;
}

static void
mad_name_lost(const char *name, void *arg)
{
	(void)name;
	(void)arg;
}

static void
mad_nodes(const uint64_t *nodes, size_t count, void *arg)
{
	(void)nodes;
	(void)count;
	(void)arg;
}

static void
mad_done(enum sharedlog_end end, uint64_t number, void *arg)
{
	(void)number;
	(void)arg;
	ck_assert_int_eq(end, SHAREDLOG_SAID);
}

static const struct sharedlog_user mad_user = {
	.state = mad_state,
	.entry = mad_entry,
	.diverged = mad_diverged,
	.joined = mad_joined,
	.name_lost = mad_name_lost,
	.nodes = mad_nodes,
};

/* A record that makes no sense is a message that is missing. */
START_TEST(test_senseless)
{
	struct sharedlog *mad;
	struct sharedlog_log *log;

	mad = sharedlog_new(&fake_link_new(&world)->engine, &world.clock,
	    &world.deadlines, &mad_user, NULL, 0, 0, 0);
	log = sharedlog_follow(mad, fx.chat.lobby->name, NULL, NULL);
	fake_world_run(&world, A_WHILE_MS);
	ck_assert_int_eq(say(&ana, "one"), PUBLISH_ASKED);
	fake_world_run(&world, 100);
	ck_assert_int_eq(sharedlog_append(log, NULL, "mad", 3, mad_done, NULL),
	    0);
	fake_world_run(&world, 100);
	ck_assert_int_eq(say(&ana, "three"), PUBLISH_ASKED);
	fake_world_run(&world, 100);
	ck_assert_str_eq(saw(&there, &dee),
	    "1 ana: one\ngap 1\n3 ana: three\n");
	ck_assert_str_eq(saw(&fx, &bob), "1 ana: one\ngap 1\n3 ana: three\n");
	ck_assert_uint_eq(shared_count(shared[1])->senseless, 1);
	assert_same(3);
	sharedlog_free(mad);
}
END_TEST

/* A room that has talked alone is not the log's. */
START_TEST(test_other_history)
{
	struct room *kitchen = chat_get_room(&fx.chat, "kitchen");
	struct membership *ms = fake_join(&fx, &ana, "kitchen");

	fake_say_in(ms, "alone");
	ck_assert_int_eq(shared_add_room(shared[0], kitchen), -1);
	ck_assert(!shared_is_open(kitchen));
	fake_say_in(ms, "still alone");
	ck_assert_uint_eq(history_count(&kitchen->history), 2);
}
END_TEST

/* What is numbered by the log alone goes there: the rest is told at once. */
START_TEST(test_not_numbered)
{
	struct event event = {
		.kind = EVENT_OPERATOR, .text = "hear me", .text_len = 7
	};

	world.is_down = true;
	fake_link_cut(links[0]);
	fake_world_run(&world, 1000);
	ck_assert_int_eq(room_publish(fx.chat.lobby, &event, NULL),
	    PUBLISH_SAID);
	ck_assert_ptr_nonnull(strstr(saw(&fx, &bob), "hear me"));
}
END_TEST

/* ------------------------------------------------------------- the bytes */

static const struct event whole = { .kind = EVENT_ME,
	.time_ms = 1780401600123,
	.author = EVENT_AUTHOR_MAX,
	.via = EVENT_VIA_MAX,
	.nick = "ana",
	.text = "waves",
	.text_len = 5,
	.id_key = UINT64_MAX,
	.id = "an-id",
	.id_len = 5 };

static bool
line_reads(const struct event *event)
{
	struct buf out = BUF_INITIALIZER;
	char nick[NICK_SIZE];
	struct event read;
	bool result;

	shared_line_put(&out, event);
	result = shared_line_get(out.data, out.len, &read, nick);
	if (result) {
		ck_assert_int_eq(read.kind, event->kind);
		ck_assert_int_eq(event_wall_ms(&read), event_wall_ms(event));
		ck_assert_uint_eq(read.author, event->author);
		ck_assert_uint_eq(read.via, event->via);
		ck_assert_str_eq(read.nick, event->nick);
		ck_assert_uint_eq(read.text_len, event->text_len);
		ck_assert_mem_eq(read.text, event->text, event->text_len);
		ck_assert_uint_eq(read.id_key, event->id_key);
		ck_assert_uint_eq(read.id_len, event->id_len);
	}
	buf_fini(&out);
	return result;
}

START_TEST(test_line)
{
	static const enum event_kind kinds[] = { EVENT_SAY, EVENT_ME,
		EVENT_NOTICE, EVENT_TOPIC };
	struct event e = whole;
	size_t i;

	for (i = 0; i < NITEMS(kinds); i++) {
		e.kind = kinds[i];
		ck_assert(line_reads(&e));
	}
	e.kind = EVENT_SAY;
	e.text = "two\nlines";
	e.text_len = 9;
	ck_assert(line_reads(&e));
	e.author = e.id_key = 0;
	e.id_len = e.text_len = 0;
	e.via = 0;
	ck_assert(line_reads(&e));
}
END_TEST

/* What nobody could have said here (hostile 63). */
START_TEST(test_line_forged)
{
	struct event e;

	e = whole;
	e.kind = EVENT_PRESENCE;
	ck_assert(!line_reads(&e));
	e = whole;
	e.time_ms = -1;
	ck_assert(!line_reads(&e));
	e.time_ms = INT64_MAX;
	ck_assert(!line_reads(&e));
	e = whole;
	e.author = EVENT_AUTHOR_MAX + 1;
	ck_assert(!line_reads(&e));
	e = whole;
	e.via = EVENT_VIA_MAX + 1;
	ck_assert(!line_reads(&e));
	e = whole;
	e.nick = "a na";
	ck_assert(!line_reads(&e));
	e.nick = "";
	ck_assert(!line_reads(&e));
	e.nick = "a-name-that-is-much-too-long-for-anybody";
	ck_assert(!line_reads(&e));
	e = whole;
	e.text = "\033[2J";
	e.text_len = 4;
	ck_assert(!line_reads(&e));
	e.text = "\n\nx";
	e.text_len = 3;
	ck_assert(!line_reads(&e));
	e.kind = EVENT_TOPIC;
	e.text = "a\nb";
	ck_assert(!line_reads(&e));
	e.text = "\xff";
	e.text_len = 1;
	ck_assert(!line_reads(&e));
	e = whole;
	e.id = "an id";
	ck_assert(!line_reads(&e));
	e.id_len = 0;
	ck_assert(!line_reads(&e));
}
END_TEST

/* Cut off anywhere, or with any byte changed: it is refused, or it is a line
 * that can be kept. */
START_TEST(test_line_garbled)
{
	struct buf out = BUF_INITIALIZER;
	char nick[NICK_SIZE];
	struct history h;
	struct event e;
	size_t i;
	unsigned value;

	shared_line_put(&out, &whole);
	for (i = 0; i < out.len; i++) {
		char *copy = xmalloc(i + 1);

		memcpy(copy, out.data, i);
		(void)!shared_line_get(copy, i, &e, nick);
		free(copy);
		for (value = 1; value < 256; value++) {
			out.data[i] = (char)((unsigned char)out.data[i] ^
			    value);
			if (shared_line_get(out.data, out.len, &e, nick)) {
				history_init_private(&h, HISTORY_SIZE_MIN);
				e.number = e.node = e.counter = 1;
				history_append_at(&h, &e);
				history_fini(&h);
			}
			out.data[i] = (char)((unsigned char)out.data[i] ^
			    value);
		}
	}
	buf_fini(&out);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "shared", setup, teardown);

	tcase_add_test(tc, test_said_when_it_is_back);
	tcase_add_test(tc, test_one_order);
	tcase_add_test(tc, test_authors);
	tcase_add_test(tc, test_away);
	tcase_add_test(tc, test_comes_back);
	tcase_add_loop_test(tc, test_model, 0, 8);
	tcase_add_test(tc, test_senseless);
	tcase_add_test(tc, test_other_history);
	tcase_add_test(tc, test_not_numbered);
	tc = unit_case(s, "shared_line", NULL, NULL);
	tcase_add_test(tc, test_line);
	tcase_add_test(tc, test_line_forged);
	tcase_add_test(tc, test_line_garbled);
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What survives the process. A crash is the end of all writing at some moment;
 * whoever comes back after it must miss nothing that had not arrived.
 */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "chat-fixture.h"
#include "faults.h"
#include "history/history-file.h"
#include "room/person.h"
#include "room/rename.h"
#include "room/room.h"
#include "state/journal.h"
#include "state/persist.h"
#include "unit.h"

#define CROWD 4000
#define PEOPLE 3
#define NUMBERS 4096

static struct journal *journal;
static struct persist persist;
static char *dir;
static int dir_fd;
static const char *unopened; /* the one room whose file cannot be opened */

static int
open_room(struct history *history, const char *room, size_t size, void *arg)
{
	char name[64], error[HISTORY_FILE_ERROR_SIZE];

	(void)arg;
	if (unopened != NULL && strcmp(room, unopened) == 0)
		return -1;
	(void)snprintf(name, sizeof(name), "%s.ring", room);
	ck_assert_msg(history_file_open(history, dir_fd, name, size, NULL,
			  error, sizeof(error)) == 0,
	    "%s", error);
	return 0;
}

static void
remove_room(const struct history *history, const char *room, void *arg)
{
	char name[64];

	(void)arg;
	(void)snprintf(name, sizeof(name), "%s.ring", room);
	ck_assert_int_eq(history_file_remove(history, dir_fd, name), 0);
}

static const struct room_files files = { open_room, remove_room, NULL };

/* Walks are the test's to run, one item at a time. */
static bool is_sliced;

static int64_t
slow_now_us(void)
{
	static int64_t now_us;

	return now_us += WALK_SLICE_US;
}

static void
no_wake(void *arg)
{
	(void)arg;
}

static void
start(void)
{
	int64_t mono_ms = fx.clock.mono_ms, wall_ms = fx.clock.wall_ms;
	char *error = NULL;

	fixture_init(&fx);
	if (mono_ms != 0) {
		fx.clock.mono_ms = mono_ms;
		fx.clock.wall_ms = wall_ms;
	}
	if (is_sliced) {
		walks_init(&fx.deadlines.walks, slow_now_us, no_wake, NULL);
		fx.deadlines.walks.items = 1;
	}
	ck_assert_int_eq(chat_set_files(&fx.chat, &files), 0);
	chat_restore_room(&fx.chat, "kitchen");
	persist_init(&persist, &fx.chat);
	journal = journal_open(dir_fd, "people", persist_loaded,
	    persist_snapshot, &persist, &error);
	ck_assert_msg(journal != NULL, "%s", error);
	persist_start(&persist, journal);
}

/* Nothing is written after it; the people are the caller's to release. */
static void
cut(void)
{
	persist_fini(&persist);
	journal_close(journal);
	journal = NULL;
}

static void
setup(void)
{
	fault_clear();
	dir = unit_dir_new();
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ne(dir_fd, -1);
	fixture_init_options(&fx);
	fx.options.history_size = 65536;
	start();
}

static void
teardown(void)
{
	persist_stop(&persist);
	journal_close(journal);
	persist_fini(&persist);
	fixture_fini(&fx);
	(void)close(dir_fd);
	unit_dir_free(dir);
}

/* All quit after the crash, which nobody hears of. */
static void
restart(struct fake *people, size_t count)
{
	size_t i;

	fixture_settle(&fx);
	cut();
	for (i = 0; i < count; i++)
		fake_fini(&people[i]);
	chat_fini(&fx.chat);
	start();
}

START_TEST(test_what_a_person_has)
{
	struct fake p[2];
	struct room *kitchen;
	int64_t topic_ms;

	fake_enter(&fx, &p[0], 1, "ana");
	fake_enter(&fx, &p[1], 2, "bob");
	ck_assert_int_eq(chat_open_room(&fx.chat, "kitchen", &kitchen),
	    CHAT_ROOM_MADE);
	room_leave(fake_here(&p[1]), ROOM_LEAVE_WENT, "kitchen");
	(void)room_join(kitchen, p[1].m, ROOM_JOIN_CATCHUP);
	fake_say(&p[1], "cake");
	room_leave(fake_here(&p[1]), ROOM_LEAVE_WENT, "lobby");
	(void)room_join(fx.chat.lobby, p[1].m, ROOM_JOIN_CATCHUP);
	ck_assert_int_eq(member_ignore(p[1].m, "eve"), 0);
	ck_assert(person_set_marker(&p[1].m->person, "#kitchen", 1234,
	    INT64_MAX));
	ck_assert(person_set_marker(&p[1].m->person, "ana", 5678, INT64_MAX));
	fixture_settle(&fx);
	member_break(p[1].m, NULL);
	fake_say(&p[0], "one");
	room_set_topic(fake_here(&p[0]), "lunch", NULL);
	topic_ms = fx.chat.lobby->topic_ms;
	ck_assert(topic_ms == fx.clock.wall_ms);
	ck_assert_int_eq(fake_tell(&p[1], &p[0], "psst"), MEMBER_QUEUED);
	restart(p, 2);

	ck_assert_str_eq(fx.chat.lobby->topic, "lunch");
	ck_assert_str_eq(fx.chat.lobby->topic_by, "ana");
	ck_assert(fx.chat.lobby->topic_ms == topic_ms);
	ck_assert_ptr_nonnull(chat_find_room(&fx.chat, "kitchen"));
	fake_init(&fx, &p[0], 7);
	room_leave(fake_here(&p[0]), ROOM_LEAVE_WENT, "kitchen");
	(void)room_join(chat_find_room(&fx.chat, "kitchen"), p[0].m,
	    ROOM_JOIN_CATCHUP);
	fake_say(&p[0], "more cake");
	fake_init(&fx, &p[1], 2);
	(void)fake_saw(&fx, &p[1]);
	fx.clock.mono_ms += 5000;
	ck_assert_int_eq(fake_nick(&p[1], "bob"), DIRECTORY_RETURNED);
	ck_assert_str_eq(fake_saw(&fx, &p[1]),
	    "welcome bob 5000 2 ana=2\n"
	    "waiting kitchen 1\n"
	    "kept 1\n"
	    "private ana: psst\n"
	    "1 ana: one\n"
	    "2 topic by ana (lunch)\n"
	    "live after catchup\n");
	ck_assert(person_ignores(&p[1].m->person, 0, "eve"));
	ck_assert_int_eq(person_marker(&p[1].m->person, "#kitchen"), 1234);
	ck_assert_int_eq(person_marker(&p[1].m->person, "ana"), 5678);
	/* What was told is not told again. */
	restart(p, 2);
	fake_init(&fx, &p[1], 2);
	(void)fake_saw(&fx, &p[1]);
	ck_assert_int_eq(fake_nick(&p[1], "bob"), DIRECTORY_RETURNED);
	ck_assert_ptr_null(strstr(fake_saw(&fx, &p[1]), "psst"));
	restart(&p[1], 1);
}
END_TEST

/* What may not have arrived is stored, even if it is more than may wait. */
START_TEST(test_much_handed)
{
	struct fake p[2];
	char text[1800];
	const char *seen;
	int i, count = 0;

	memset(text, 'x', sizeof(text));
	fake_enter(&fx, &p[0], 1, "ana");
	fake_enter(&fx, &p[1], 2, "bob");
	fixture_settle(&fx);
	p[1].unsent = (size_t)1 << 20;
	for (i = 0; i < 30; i++)
		ck_assert_int_eq(fake_tell_bytes(p[1].m, &p[0], text,
				     sizeof(text)),
		    MEMBER_TOLD);
	fixture_settle(&fx);
	if (_i == 1)
		fake_lose(&p[1]);
	restart(p, 2);
	fake_init(&fx, &p[1], 2);
	(void)fake_saw(&fx, &p[1]);
	ck_assert_int_eq(fake_nick(&p[1], "bob"), DIRECTORY_RETURNED);
	seen = fake_saw(&fx, &p[1]);
	while ((seen = strstr(seen, "private ana: ")) != NULL) {
		seen++;
		count++;
	}
	ck_assert_int_eq(count, 30);
	restart(&p[1], 1);
}
END_TEST

/* Nobody else gets the bookmark, and there is only one. */
START_TEST(test_keys)
{
	struct fake p[1];

	fake_enter(&fx, &p[0], 1, "ana");
	fake_quit(&p[0], NULL);
	restart(p, 1);
	ck_assert_uint_eq(fx.chat.departed.count, 1);
	fake_init(&fx, &p[0], 2);
	ck_assert_int_eq(fake_nick(&p[0], "ana"), DIRECTORY_RENAMED);
	fake_quit(&p[0], NULL);
	restart(p, 1);
	ck_assert_uint_eq(fx.chat.departed.count, 2);
	fake_init(&fx, &p[0], 1);
	ck_assert_int_eq(fake_nick(&p[0], "ana"), DIRECTORY_RETURNED);
	ck_assert_int_eq(fake_nick(&p[0], "anna"), DIRECTORY_RENAMED);
	restart(p, 1);
	/* Under the new nick, and not under the old one. */
	ck_assert_uint_eq(fx.chat.departed.count, 2);
	fake_init(&fx, &p[0], 1);
	ck_assert_int_eq(fake_nick(&p[0], "ana"), DIRECTORY_RENAMED);
	fake_fini(&p[0]);
	restart(p, 0);
}
END_TEST

/* Bans of a host hold after a restart. */
START_TEST(test_hosts)
{
	struct fake p[1];
	char host[MEMBER_HOST_SIZE], again[MEMBER_HOST_SIZE];
	struct event event = {
		.kind = EVENT_PRIVATE,
		.text = "psst",
		.text_len = 4,
		.is_notice = true,
		.is_action = true,
	};
	struct fake q[2];
	uint64_t msgid;

	fake_enter(&fx, &p[0], 1, "ana");
	memcpy(host, p[0].m->host, sizeof(host));
	restart(p, 1);
	fake_enter(&fx, &q[0], 1, "ana");
	memcpy(again, q[0].m->host, sizeof(again));
	ck_assert_str_eq(host, again);
	/* What IRC adds to a private message holds, too. */
	fake_enter(&fx, &q[1], 2, "bob");
	member_break(q[1].m, NULL);
	ck_assert_int_eq(member_tell(q[1].m, q[0].m, &event), MEMBER_QUEUED);
	msgid = event.msgid;
	fx.clock.wall_ms++;
	restart(q, 2);
	fake_enter(&fx, &q[0], 1, "ana");
	fake_init(&fx, &q[1], 2);
	ck_assert_int_eq(member_tell(q[0].m, q[1].m, &event), MEMBER_TOLD);
	ck_assert_uint_gt(event.msgid, msgid);
	member_break(q[1].m, NULL);
	ck_assert_int_eq(fake_nick(&q[1], "bob"), DIRECTORY_RETURNED);
	ck_assert_uint_eq(TAILQ_FIRST(&q[1].m->person.queued)->msgid, msgid);
	ck_assert(TAILQ_FIRST(&q[1].m->person.queued)->is_notice);
	ck_assert(TAILQ_FIRST(&q[1].m->person.queued)->is_action);
	restart(q, 2);
}
END_TEST

START_TEST(test_ids_go_on)
{
	struct fake p[1];
	uint64_t last_id = 0, id;
	unsigned last_guest = 0, guest;
	int i;

	for (i = 0; i < 5; i++) {
		fake_init(&fx, &p[0], 1);
		id = p[0].m->id;
		ck_assert_uint_gt(id, last_id);
		last_id = id;
		ck_assert_int_eq(sscanf(p[0].m->nick, "guest%u", &guest), 1);
		ck_assert_uint_gt(guest, last_guest);
		ck_assert_uint_lt(guest, last_guest + 20);
		last_guest = guest;
		restart(p, 1);
	}
}
END_TEST

/* A count that is sound by its checksum and made up. */
START_TEST(test_ids_made_up)
{
	struct fake p[1];
	unsigned char value[16];
	unsigned guest;

	memset(value, 0xff, sizeof(value));
	journal_put(journal, "i", 1, value, sizeof(value));
	restart(p, 0);
	fake_init(&fx, &p[0], 1);
	ck_assert_uint_ne(p[0].m->id, 0);
	ck_assert_int_eq(sscanf(p[0].m->nick, "guest%u", &guest), 1);
	restart(p, 1);
}
END_TEST

/* hostile 72: the clock is turned back by a year, and forward. */
START_TEST(test_clock_jumps)
{
	const int64_t day_ms = 86400000;
	struct fake p[1];

	fake_enter(&fx, &p[0], 1, "ana");
	fake_quit(&p[0], NULL);
	fixture_settle(&fx);
	fx.clock.wall_ms -= 365 * day_ms;
	fx.clock.mono_ms = 1000; /* and the machine was started anew */
	restart(p, 1);
	ck_assert_uint_eq(fx.chat.departed.count, 1);
	ck_assert_int_eq(TAILQ_FIRST(&fx.chat.departed.by_age)->made_ms, 1000);
	fx.clock.wall_ms += 366 * day_ms;
	restart(p, 0);
	ck_assert_int_eq(TAILQ_FIRST(&fx.chat.departed.by_age)->made_ms,
	    1000 - day_ms);
	fx.clock.wall_ms += fx.options.retention;
	restart(p, 0);
	ck_assert_uint_eq(fx.chat.departed.count, 0);
	restart(p, 0);
	ck_assert_uint_eq(fx.chat.departed.count, 0);
}
END_TEST

/* A room whose file cannot be opened, now, is not one that is to be removed. */
START_TEST(test_file_unopened)
{
	struct fake p[1];
	struct room *kitchen;

	fake_init(&fx, &p[0], 1);
	ck_assert_int_eq(chat_open_room(&fx.chat, "kitchen", &kitchen),
	    CHAT_ROOM_MADE);
	room_leave(fake_here(&p[0]), ROOM_LEAVE_WENT, "kitchen");
	(void)room_join(kitchen, p[0].m, ROOM_JOIN_CATCHUP);
	fake_say(&p[0], "cake");

	unopened = "kitchen";
	restart(p, 1);
	ck_assert_ptr_null(chat_find_room(&fx.chat, "kitchen"));
	ck_assert_int_eq(faccessat(dir_fd, "kitchen.ring", F_OK, 0), 0);

	/* Who goes there talks in memory, which goes away with them. */
	ck_assert_int_eq(chat_open_room(&fx.chat, "kitchen", &kitchen),
	    CHAT_ROOM_MADE);
	ck_assert_uint_eq(history_count(&kitchen->history), 0);
	fixture_pass(&fx, 61000);
	ck_assert_ptr_null(chat_find_room(&fx.chat, "kitchen"));
	ck_assert_int_eq(faccessat(dir_fd, "kitchen.ring", F_OK, 0), 0);

	unopened = NULL;
	restart(p, 0);
	kitchen = chat_find_room(&fx.chat, "kitchen");
	ck_assert_ptr_nonnull(kitchen);
	ck_assert_uint_eq(history_count(&kitchen->history), 1);

	/* Its own file goes along with it. */
	fx.clock.wall_ms += fx.options.retention + 1;
	fixture_pass(&fx, 61000);
	ck_assert_ptr_null(chat_find_room(&fx.chat, "kitchen"));
	ck_assert_int_eq(faccessat(dir_fd, "kitchen.ring", F_OK, 0), -1);
	restart(p, 0);
}
END_TEST

/* Once everybody has read it, a message costs nothing. */
START_TEST(test_talk_is_no_write)
{
	struct fake p[PEOPLE];
	unsigned i;

	fake_enter(&fx, &p[0], 1, "ana");
	fake_enter(&fx, &p[1], 2, "bob");
	fake_enter(&fx, &p[2], 3, "cy");
	fake_say(&p[0], "hi");
	fixture_pass(&fx, 10 * PERSIST_LOOK_MS);
	/* It comes to rest. */
	ck_assert(!persist.look_due.is_set);
	fault_clear();
	for (i = 0; i < 1000; i++) {
		fake_say(&p[i % 3], "talk");
		fixture_settle(&fx);
	}
	ck_assert_uint_eq(fault_count(FAULT_PWRITE), 0);
	fixture_pass(&fx, 10 * PERSIST_LOOK_MS);
	ck_assert_uint_le(fault_count(FAULT_PWRITE), 2);
	ck_assert(!persist.look_due.is_set);
	restart(p, PEOPLE);
	/* All have their bookmarks, at the end of the talk. */
	fake_init(&fx, &p[1], 2);
	(void)fake_saw(&fx, &p[1]);
	ck_assert_int_eq(fake_nick(&p[1], "bob"), DIRECTORY_RETURNED);
	ck_assert_ptr_nonnull(strstr(fake_saw(&fx, &p[1]), " 0\nlive\n"));
	restart(&p[1], 1);
}
END_TEST

/* What has changed is in the journal; a look may be under way. */
static void
settle_and_write(void)
{
	fixture_settle(&fx);
	while (persist.write.is_running)
		(void)walks_run(&fx.deadlines.walks);
}

static void
finish_walks(void)
{
	while (walks_run(&fx.deadlines.walks) != NULL)
		continue;
}

/* The look passes by somebody who has another nick since it began. What they
 * have not surely read is kept for them all the same. */
START_TEST(test_renamed_in_look)
{
	struct fake p[PEOPLE];
	int i;

	is_sliced = true;
	restart(p, 0);
	fake_enter(&fx, &p[0], 1, "bob");
	fake_enter(&fx, &p[1], 2, "cy");
	fake_enter(&fx, &p[2], 3, "zed");
	fake_say(&p[0], "old");
	for (i = 0; i < 5; i++) {
		fixture_pass(&fx, PERSIST_LOOK_MS);
		finish_walks();
	}
	fake_say(&p[0], "lost");
	fixture_settle(&fx);
	p[2].unsent = 1;
	fixture_pass(&fx, PERSIST_LOOK_MS);
	finish_walks();
	ck_assert_uint_gt(fx.chat.lobby->looked, fx.chat.lobby->low_water);

	fixture_pass(&fx, PERSIST_LOOK_MS);
	ck_assert_str_eq(walks_run(&fx.deadlines.walks), "persist_look");
	ck_assert_str_eq(persist.look.nick, "bob");
	ck_assert_int_eq(fake_nick(&p[2], "aaa"), DIRECTORY_RENAMED);
	fixture_settle(&fx);
	finish_walks();
	ck_assert_uint_eq(fx.chat.lobby->low_water,
	    fx.chat.lobby->turn_start.number);

	restart(p, PEOPLE);
	fake_init(&fx, &p[2], 3);
	ck_assert_int_eq(fake_nick(&p[2], "aaa"), DIRECTORY_RETURNED);
	ck_assert_ptr_nonnull(strstr(fake_saw(&fx, &p[2]), " bob: lost\n"));
	is_sliced = false;
	restart(&p[2], 1);
}
END_TEST

/* Of the processor, so that a busy machine does not count. */
static int64_t
cpu_us(void)
{
	struct timespec ts;

	ck_assert_int_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts), 0);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/*
 * A room goes that a crowd had been in, in slices by the real clock. Those who
 * were there are written anew, so that nobody finds a place in a new room of
 * that name. How long the loop was held is printed, as no test may depend on
 * it.
 */
START_TEST(test_room_goes)
{
	static struct fake crowd[CROWD];
	struct membership *ms;
	int64_t from_us, longest_us = 0;
	char nick[NICK_SIZE];
	size_t i;
	int slices = 0;

	is_sliced = true;
	restart(crowd, 0);
	walks_init(&fx.deadlines.walks, clock_now_us, no_wake, NULL);
	fx.options.max_bookmarks = CROWD;
	for (i = 0; i < CROWD; i++) {
		(void)snprintf(nick, sizeof(nick), "m%zu", i);
		fake_init_with(&fx, &crowd[i], -1 - (int)i, &fake_dialect);
		ms = fake_join(&fx, &crowd[i], "kitchen");
		ck_assert_int_eq(fake_nick(&crowd[i], nick), DIRECTORY_RENAMED);
		if (i == 0)
			fake_say_in(ms, "hi");
		/* Half of them are elsewhere, half have gone. */
		if (i % 2 == 0)
			(void)fake_join(&fx, &crowd[i], "lobby");
		room_leave(ms, ROOM_LEAVE_PART, NULL);
		if (i % 2 == 1)
			fake_quit(&crowd[i], NULL);
		settle_and_write();
	}
	fx.clock.wall_ms += fx.options.retention;
	fx.clock.mono_ms += fx.options.retention;
	fixture_pass(&fx, 61000);
	for (;;) {
		from_us = cpu_us();
		if (walks_run(&fx.deadlines.walks) == NULL)
			break;
		slices++;
		if (cpu_us() - from_us > longest_us)
			longest_us = cpu_us() - from_us;
		fixture_settle(&fx);
	}
	printf("the longest of %d slices: %lld us\n", slices,
	    (long long)longest_us);
	ck_assert_ptr_null(chat_find_room(&fx.chat, "kitchen"));
	ck_assert(RB_EMPTY(&persist.dirty));

	is_sliced = false;
	restart(crowd, CROWD);
	(void)chat_get_room(&fx.chat, "kitchen");
	ck_assert_uint_gt(fx.chat.departed.count, 0);
	ck_assert(LIST_EMPTY(&chat_find_room(&fx.chat, "kitchen")->bookmarks));
}
END_TEST

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
	if (is_sliced && rand() % 2 == 0) {
		(void)walks_run(&fx.deadlines.walks);
		return;
	}
	if (is_sliced && rand() % 12 == 0) {
		s->nick = !s->nick;
		ck_assert_int_eq(fake_nick(&s->f, soul_nick(s)),
		    DIRECTORY_RENAMED);
		settle_and_write();
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
	is_sliced = _i % 2 == 1;
	cut();
	chat_fini(&fx.chat);
	start();
	for (i = 0; i < PEOPLE; i++) {
		memset(&souls[i], 0, sizeof(souls[i]));
		soul_enter(&souls[i], i + 1);
		souls[i].from = 1;
	}
	for (round = 0; round < 20; round++) {
		for (step = 0; step < 150; step++)
			soul_step(&souls[rand() % PEOPLE]);
		settle_and_write();
		cut();
		for (i = 0; i < PEOPLE; i++) {
			/* What was handed over at the end did not arrive. */
			souls[i].f.on_deliver = NULL;
			fake_fini(&souls[i].f);
		}
		chat_fini(&fx.chat);
		start();
		souls_return(round);
	}
	cut();
	for (i = 0; i < PEOPLE; i++)
		fake_fini(&souls[i].f);
	is_sliced = false;
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "persist", setup, teardown);

	tcase_add_test(tc, test_what_a_person_has);
	tcase_add_test(tc, test_keys);
	tcase_add_test(tc, test_hosts);
	tcase_add_test(tc, test_ids_go_on);
	tcase_add_test(tc, test_ids_made_up);
	tcase_add_test(tc, test_clock_jumps);
	tcase_add_test(tc, test_file_unopened);
	tcase_add_test(tc, test_talk_is_no_write);
	tcase_add_test(tc, test_renamed_in_look);
	tcase_add_test(tc, test_room_goes);
	tcase_add_loop_test(tc, test_much_handed, 0, 2);
	tcase_add_loop_test(tc, test_model, 0, 20);
}

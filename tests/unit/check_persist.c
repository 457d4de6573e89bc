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
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "chat-fixture.h"
#include "faults.h"
#include "persist-fixture.h"
#include "room/deliver.h"
#include "room/person.h"
#include "room/publish.h"
#include "room/pump.h"
#include "room/rename.h"
#include "room/room.h"
#include "room/watch.h"
#include "state/journal.h"
#include "state/persist.h"
#include "unit.h"

#define CROWD 4000
#define PEOPLE 3

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
	persist_fixture_restart(p, 2);

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
	ck_assert_int_eq(fake_nick(&p[1], "bob"), RENAME_RETURNED);
	/* Since the break, on the clock that went on. */
	ck_assert_int_lt(p[1].m->person.known_ms, fx.clock.mono_ms);
	ck_assert_int_ne(p[1].m->person.known_ms, 0);
	ck_assert_int_eq(p[0].m->person.known_ms, 0);
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
	persist_fixture_restart(p, 2);
	fake_init(&fx, &p[1], 2);
	(void)fake_saw(&fx, &p[1]);
	ck_assert_int_eq(fake_nick(&p[1], "bob"), RENAME_RETURNED);
	ck_assert_ptr_null(strstr(fake_saw(&fx, &p[1]), "psst"));
	persist_fixture_restart(&p[1], 1);
}
END_TEST

/* A client that marks each line as read costs no write for each; and a clean
 * stop loses none. */
START_TEST(test_markers_later)
{
	struct fake p[1];
	int i;

	fake_enter(&fx, &p[0], 1, "ana");
	fixture_pass(&fx, 10 * PERSIST_LOOK_MS);
	fault_clear();
	for (i = 1; i <= 150; i++) {
		ck_assert(person_set_marker(&p[0].m->person, "#lobby", i,
		    INT64_MAX));
		watch_member_changed_a_bit(p[0].m);
		fixture_pass(&fx, PERSIST_LATER_MS / 100);
	}
	ck_assert_uint_ge(fault_count(FAULT_PWRITE), 1);
	ck_assert_uint_le(fault_count(FAULT_PWRITE), 4);
	ck_assert(person_set_marker(&p[0].m->person, "#lobby", 1000,
	    INT64_MAX));
	watch_member_changed_a_bit(p[0].m);
	persist_stop(&pf.persist);
	persist_fixture_restart(p, 1);
	fake_init(&fx, &p[0], 1);
	ck_assert_int_eq(fake_nick(&p[0], "ana"), RENAME_RETURNED);
	ck_assert_int_eq(person_marker(&p[0].m->person, "#lobby"), 1000);
	persist_fixture_restart(p, 1);
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
	persist_fixture_restart(p, 2);
	fake_init(&fx, &p[1], 2);
	(void)fake_saw(&fx, &p[1]);
	ck_assert_int_eq(fake_nick(&p[1], "bob"), RENAME_RETURNED);
	seen = fake_saw(&fx, &p[1]);
	while ((seen = strstr(seen, "private ana: ")) != NULL) {
		seen++;
		count++;
	}
	ck_assert_int_eq(count, 30);
	persist_fixture_restart(&p[1], 1);
}
END_TEST

/* What waited is handed over, and the crash comes before the turn is written. */
START_TEST(test_cut_while_handed)
{
	struct fake p[2];
	int turns = 10;

	fake_enter(&fx, &p[0], 1, "ana");
	fake_enter(&fx, &p[1], 2, "bob");
	member_break(p[1].m, NULL);
	ck_assert_int_eq(fake_tell_bytes(p[1].m, &p[0], "psst", 4),
	    MEMBER_QUEUED);
	fixture_settle(&fx);
	(void)fake_saw(&fx, &p[1]);
	member_back(p[1].m, NULL);
	while (!TAILQ_EMPTY(&p[1].m->person.queued)) {
		ck_assert_int_gt(turns--, 0);
		deliver_all(&fx.chat);
		pump_turn(&fx.chat);
	}
	persist_fixture_cut();
	fake_fini(&p[0]);
	fake_fini(&p[1]);
	chat_fini(&fx.chat);
	persist_fixture_start();
	fake_init(&fx, &p[1], 2);
	(void)fake_saw(&fx, &p[1]);
	ck_assert_int_eq(fake_nick(&p[1], "bob"), RENAME_RETURNED);
	ck_assert_ptr_nonnull(strstr(fake_saw(&fx, &p[1]),
	    "kept 1 repeated\n"));
	persist_fixture_restart(&p[1], 1);
}
END_TEST

/* What the greeting has shown is a repeat, if the catch-up breaks off before it;
 * also when the server is killed then. */
START_TEST(test_broken_off)
{
	struct fake p[2];
	int i;

	fake_enter(&fx, &p[0], 1, "ana");
	fake_enter(&fx, &p[1], 2, "bob");
	fake_quit(&p[1], NULL);
	fake_fini(&p[1]);
	for (i = 0; i < 3; i++)
		fake_say(&p[0], "psst");
	fixture_settle(&fx);
	fx.options.greeting_history = 1;
	fake_init(&fx, &p[1], 2);
	(void)fake_saw(&fx, &p[1]);
	fx.options.greeting_history = 0;
	p[1].is_full = true;
	ck_assert_int_eq(fake_nick(&p[1], "bob"), RENAME_RETURNED);
	(void)publish_turn(&fx.chat);
	fake_lose(&p[1]);
	if (_i == 1)
		fixture_pass(&fx, 70000); /* the nick is not held any more */
	persist_fixture_restart(p, 2);
	fake_init(&fx, &p[1], 2);
	(void)fake_saw(&fx, &p[1]);
	ck_assert_int_eq(fake_nick(&p[1], "bob"), RENAME_RETURNED);
	ck_assert_ptr_nonnull(strstr(fake_saw(&fx, &p[1]),
	    "1 ana: psst\n2 ana: psst\nrepeats 0\n3 ana: psst\n"));
	persist_fixture_restart(&p[1], 1);
}
END_TEST

/* Nobody else gets the bookmark, and there is only one. */
START_TEST(test_keys)
{
	struct fake p[1];

	fake_enter(&fx, &p[0], 1, "ana");
	fake_quit(&p[0], NULL);
	persist_fixture_restart(p, 1);
	ck_assert_uint_eq(fx.chat.departed.count, 1);
	fake_init(&fx, &p[0], 2);
	ck_assert_int_eq(fake_nick(&p[0], "ana"), RENAME_DONE);
	fake_quit(&p[0], NULL);
	persist_fixture_restart(p, 1);
	ck_assert_uint_eq(fx.chat.departed.count, 2);
	fake_init(&fx, &p[0], 1);
	ck_assert_int_eq(fake_nick(&p[0], "ana"), RENAME_RETURNED);
	ck_assert_int_eq(fake_nick(&p[0], "anna"), RENAME_DONE);
	persist_fixture_restart(p, 1);
	/* Under the new nick, and not under the old one. */
	ck_assert_uint_eq(fx.chat.departed.count, 2);
	fake_init(&fx, &p[0], 1);
	ck_assert_int_eq(fake_nick(&p[0], "ana"), RENAME_DONE);
	fake_fini(&p[0]);
	persist_fixture_restart(p, 0);
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
	persist_fixture_restart(p, 1);
	fake_enter(&fx, &q[0], 1, "ana");
	memcpy(again, q[0].m->host, sizeof(again));
	ck_assert_str_eq(host, again);
	/* What IRC adds to a private message holds, too. */
	fake_enter(&fx, &q[1], 2, "bob");
	member_break(q[1].m, NULL);
	ck_assert_int_eq(member_tell(q[1].m, q[0].m, &event), MEMBER_QUEUED);
	msgid = event.msgid;
	fx.clock.wall_ms++;
	persist_fixture_restart(q, 2);
	fake_enter(&fx, &q[0], 1, "ana");
	fake_init(&fx, &q[1], 2);
	event.msgid = 0; /* another message */
	ck_assert_int_eq(member_tell(q[0].m, q[1].m, &event), MEMBER_TOLD);
	ck_assert_uint_gt(event.msgid, msgid);
	member_break(q[1].m, NULL);
	ck_assert_int_eq(fake_nick(&q[1], "bob"), RENAME_RETURNED);
	ck_assert_uint_eq(TAILQ_FIRST(&q[1].m->person.queued)->msgid, msgid);
	ck_assert(TAILQ_FIRST(&q[1].m->person.queued)->is_notice);
	ck_assert(TAILQ_FIRST(&q[1].m->person.queued)->is_action);
	persist_fixture_restart(q, 2);
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
		persist_fixture_restart(p, 1);
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
	journal_put(pf.journal, "i", 1, value, sizeof(value));
	persist_fixture_restart(p, 0);
	fake_init(&fx, &p[0], 1);
	ck_assert_uint_ne(p[0].m->id, 0);
	ck_assert_int_eq(sscanf(p[0].m->nick, "guest%u", &guest), 1);
	persist_fixture_restart(p, 1);
}
END_TEST

/* hostile 72: the clock is turned back by a year, and forward. check_age.c has
 * more of it. */
START_TEST(test_clock_jumps)
{
	const int64_t day_ms = 86400000;
	struct fake p[1];
	struct departed *b;
	int64_t made_ms;

	fake_enter(&fx, &p[0], 1, "ana");
	fake_quit(&p[0], NULL);
	fixture_settle(&fx);
	made_ms = clock_age_ms(&fx.clock);
	fx.clock.wall_ms -= 365 * day_ms;
	persist_fixture_restart(p, 1);
	ck_assert_uint_eq(fx.chat.departed.count, 1);
	b = TAILQ_FIRST(&fx.chat.departed.by_age);
	ck_assert_int_eq(b->made_ms, made_ms);
	/* What is shown cannot be in the future. */
	ck_assert_int_eq(b->left_ms, fx.clock.mono_ms);
	fx.clock.wall_ms += 366 * day_ms;
	persist_fixture_restart(p, 0);
	b = TAILQ_FIRST(&fx.chat.departed.by_age);
	ck_assert_int_eq(b->made_ms, made_ms);
	ck_assert_int_eq(b->left_ms, fx.clock.mono_ms - day_ms);
	fx.clock.mono_ms += fx.options.retention + 1;
	persist_fixture_restart(p, 0);
	ck_assert_uint_eq(fx.chat.departed.count, 0);
	persist_fixture_restart(p, 0);
	ck_assert_uint_eq(fx.chat.departed.count, 0);
}
END_TEST

/* Who was here to the end has a place from then on, however long ago that was
 * written. */
START_TEST(test_here_for_long)
{
	struct fake p[1];

	fake_enter(&fx, &p[0], 1, "ana");
	fixture_settle(&fx);
	fx.clock.mono_ms += 2 * fx.options.retention;
	fx.clock.wall_ms += 2 * fx.options.retention;
	persist_fixture_restart(p, 1);
	ck_assert_uint_eq(fx.chat.departed.count, 1);
	persist_fixture_restart(p, 0);
	ck_assert_uint_eq(fx.chat.departed.count, 1);
	fx.clock.mono_ms += fx.options.retention + 1;
	persist_fixture_restart(p, 0);
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

	pf.unopened = "kitchen";
	persist_fixture_restart(p, 1);
	ck_assert_ptr_null(chat_find_room(&fx.chat, "kitchen"));
	ck_assert_int_eq(faccessat(pf.dir_fd, "kitchen.ring", F_OK, 0), 0);

	/* Who goes there talks in memory, which goes away with them. */
	ck_assert_int_eq(chat_open_room(&fx.chat, "kitchen", &kitchen),
	    CHAT_ROOM_MADE);
	ck_assert_uint_eq(history_count(&kitchen->history), 0);
	ck_assert(kitchen->is_unkept);
	room_keep(kitchen);
	ck_assert(!kitchen->is_kept_out);
	/* Nor does it take the place of what there was, once that can be
	 * opened. */
	pf.unopened = NULL;
	room_keep(kitchen);
	ck_assert(kitchen->is_unkept && kitchen->is_kept_out);
	pf.unopened = "kitchen";
	fixture_pass(&fx, 61000);
	ck_assert_ptr_null(chat_find_room(&fx.chat, "kitchen"));
	ck_assert_int_eq(faccessat(pf.dir_fd, "kitchen.ring", F_OK, 0), 0);

	pf.unopened = NULL;
	persist_fixture_restart(p, 0);
	kitchen = chat_find_room(&fx.chat, "kitchen");
	ck_assert_ptr_nonnull(kitchen);
	ck_assert_uint_eq(history_count(&kitchen->history), 1);

	/* Its own file goes along with it. */
	fx.clock.mono_ms += fx.options.retention + 1;
	fixture_pass(&fx, 61000);
	ck_assert_ptr_null(chat_find_room(&fx.chat, "kitchen"));
	ck_assert_int_eq(faccessat(pf.dir_fd, "kitchen.ring", F_OK, 0), -1);
	persist_fixture_restart(p, 0);
}
END_TEST

/* A room that could not be kept, as the disk was full, is kept by the next
 * program. */
START_TEST(test_unkept_handed_over)
{
	struct chat_fixture next;
	struct room *kitchen;
	struct fake p[2];

	pf.unopened = "kitchen";
	fake_init(&fx, &p[0], 1);
	fake_say_in(fake_join(&fx, &p[0], "kitchen"), "cake");
	ck_assert(chat_find_room(&fx.chat, "kitchen")->is_unkept);
	p[1] = p[0];
	ck_assert(fixture_hand_over(&fx, &next, &p[1], 1));
	chat_resume_files(&next.chat, &persist_fixture_files);
	ck_assert(!next.chat.lobby->is_unkept);
	kitchen = chat_find_room(&next.chat, "kitchen");
	ck_assert(kitchen->is_unkept);
	pf.unopened = NULL;
	room_keep(kitchen);
	ck_assert(!kitchen->is_unkept);
	fake_fini(&p[1]);
	fixture_fini(&next);
	persist_fixture_restart(p, 1);
	kitchen = chat_find_room(&fx.chat, "kitchen");
	ck_assert_ptr_nonnull(kitchen);
	ck_assert_uint_eq(history_count(&kitchen->history), 1);
}
END_TEST

/* Who takes their old nick while on a break has read no more than they had
 * then. */
START_TEST(test_nick_on_break)
{
	struct fake p[PEOPLE];

	fake_enter(&fx, &p[0], 1, "ana");
	fake_enter(&fx, &p[1], 2, "bob");
	fake_quit(&p[1], NULL);
	fake_say(&p[0], "missed");
	fake_enter(&fx, &p[2], 2, "rob");
	fake_say(&p[0], "seen");
	fixture_pass(&fx, 3 * PERSIST_LOOK_MS);
	fixture_settle(&fx);
	member_break(p[2].m, NULL);
	fixture_settle(&fx);
	p[2].unsent = SIZE_MAX;
	ck_assert_int_eq(fake_nick(&p[2], "bob"), RENAME_RETURNED);
	persist_fixture_restart(p, PEOPLE);
	fake_init(&fx, &p[1], 2);
	(void)fake_saw(&fx, &p[1]);
	ck_assert_int_eq(fake_nick(&p[1], "bob"), RENAME_RETURNED);
	ck_assert_ptr_nonnull(strstr(fake_saw(&fx, &p[1]), " ana: missed\n"));
	persist_fixture_restart(&p[1], 1);
}
END_TEST

/* Who is live, and takes an old nick, is shown what was missed then; of which
 * nothing counts as read before it has arrived. */
START_TEST(test_nick_while_live)
{
	struct fake p[PEOPLE];

	fake_enter(&fx, &p[0], 1, "ana");
	fake_enter(&fx, &p[1], 2, "bob");
	fake_say(&p[0], "old");
	fake_quit(&p[1], NULL);
	fake_say(&p[0], "missed");
	fake_enter(&fx, &p[2], 2, "rob");
	fixture_pass(&fx, 3 * PERSIST_LOOK_MS);
	fake_say(&p[0], "seen");
	fixture_pass(&fx, 3 * PERSIST_LOOK_MS);
	p[2].unsent = SIZE_MAX;
	ck_assert_int_eq(fake_nick(&p[2], "bob"), RENAME_RETURNED);
	persist_fixture_restart(p, PEOPLE);
	fake_init(&fx, &p[1], 2);
	(void)fake_saw(&fx, &p[1]);
	ck_assert_int_eq(fake_nick(&p[1], "bob"), RENAME_RETURNED);
	ck_assert_ptr_nonnull(strstr(fake_saw(&fx, &p[1]), " ana: missed\n"));
	persist_fixture_restart(&p[1], 1);
}
END_TEST

/* The file of a room is gone, and the numbers in it are those of no other
 * messages. */
START_TEST(test_ring_lost)
{
	struct fake p[2];
	const char *seen;

	fake_enter(&fx, &p[0], 1, "ana");
	fake_enter(&fx, &p[1], 2, "bob");
	fake_say(&p[0], "old");
	fixture_settle(&fx);
	fixture_pass(&fx, 3 * PERSIST_LOOK_MS);
	ck_assert_uint_eq(fx.chat.lobby->low_water, 2);
	fake_say(&p[0], "lost");
	fixture_settle(&fx);
	if (_i == 1)
		fake_quit(&p[1], NULL);
	fixture_settle(&fx);
	persist_fixture_cut();
	fake_fini(&p[0]);
	fake_fini(&p[1]);
	chat_fini(&fx.chat);
	ck_assert_int_eq(unlinkat(pf.dir_fd, "lobby.ring", 0), 0);
	persist_fixture_start();
	fake_init(&fx, &p[1], 2);
	(void)fake_saw(&fx, &p[1]);
	fake_say(&p[1], "new");
	ck_assert_int_eq(fake_nick(&p[1], "bob"), RENAME_RETURNED);
	seen = fake_saw(&fx, &p[1]);
	ck_assert_msg(strstr(seen, "gap") != NULL, "%s", seen);
	ck_assert_uint_gt(fx.chat.lobby->history.first_number, 3);
	persist_fixture_restart(&p[1], 1);
}
END_TEST

/* A bit of the journal is flipped: whoever has a place lacks nothing. */
START_TEST(test_journal_damaged)
{
	static char data[8192];
	struct fake p[2];
	ssize_t len, i;
	int fd, returned = 0;

	fake_enter(&fx, &p[0], 1, "ana");
	fake_enter(&fx, &p[1], 2, "bob");
	fake_say(&p[0], "old");
	fixture_settle(&fx);
	fixture_pass(&fx, 3 * PERSIST_LOOK_MS);
	fake_say(&p[0], "lost");
	p[1].unsent = SIZE_MAX;
	fixture_settle(&fx);
	fixture_pass(&fx, 3 * PERSIST_LOOK_MS);
	ck_assert_uint_eq(fx.chat.lobby->low_water, 3);
	persist_fixture_restart(p, 2);
	persist_fixture_cut();
	chat_fini(&fx.chat);
	fd = openat(pf.dir_fd, "people.0", O_RDONLY);
	len = read(fd, data, sizeof(data));
	(void)close(fd);
	ck_assert(len > 500 && len < (ssize_t)sizeof(data));
	for (i = 0; i < len; i += 2) {
		data[i] ^= 4;
		fd = openat(pf.dir_fd, "people.0", O_WRONLY | O_TRUNC);
		ck_assert_int_eq(write(fd, data, (size_t)len), len);
		(void)close(fd);
		(void)unlinkat(pf.dir_fd, "people.1", 0);
		data[i] ^= 4;
		persist_fixture_start();
		fake_init(&fx, &p[1], 2);
		(void)fake_saw(&fx, &p[1]);
		if (fake_nick(&p[1], "bob") == RENAME_RETURNED) {
			ck_assert_ptr_nonnull(strstr(fake_saw(&fx, &p[1]),
			    " ana: lost\n"));
			returned++;
		}
		persist_fixture_cut();
		fake_fini(&p[1]);
		chat_fini(&fx.chat);
		unit_dir_clear(pf.dir, ".corrupt-");
	}
	ck_assert_int_gt(returned, (int)len / 4);
	persist_fixture_start();
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
	ck_assert(!pf.persist.look_due.is_set);
	fault_clear();
	for (i = 0; i < 1000; i++) {
		fake_say(&p[i % 3], "talk");
		fixture_settle(&fx);
	}
	ck_assert_uint_eq(fault_count(FAULT_PWRITE), 0);
	fixture_pass(&fx, 10 * PERSIST_LOOK_MS);
	ck_assert_uint_le(fault_count(FAULT_PWRITE), 2);
	ck_assert(!pf.persist.look_due.is_set);
	persist_fixture_restart(p, PEOPLE);
	/* All have their bookmarks, at the end of the talk. */
	fake_init(&fx, &p[1], 2);
	(void)fake_saw(&fx, &p[1]);
	ck_assert_int_eq(fake_nick(&p[1], "bob"), RENAME_RETURNED);
	ck_assert_ptr_nonnull(strstr(fake_saw(&fx, &p[1]), " 0\nlive\n"));
	persist_fixture_restart(&p[1], 1);
}
END_TEST

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

	pf.is_sliced = true;
	persist_fixture_restart(p, 0);
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
	ck_assert_str_eq(pf.persist.look.nick, "bob");
	ck_assert_int_eq(fake_nick(&p[2], "aaa"), RENAME_DONE);
	fixture_settle(&fx);
	finish_walks();
	ck_assert_uint_eq(fx.chat.lobby->low_water,
	    fx.chat.lobby->turn_start.number);

	persist_fixture_restart(p, PEOPLE);
	fake_init(&fx, &p[2], 3);
	ck_assert_int_eq(fake_nick(&p[2], "aaa"), RENAME_RETURNED);
	ck_assert_ptr_nonnull(strstr(fake_saw(&fx, &p[2]), " bob: lost\n"));
	pf.is_sliced = false;
	persist_fixture_restart(&p[2], 1);
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

	pf.is_sliced = true;
	persist_fixture_restart(crowd, 0);
	walks_init(&fx.deadlines.walks, clock_now_us, persist_fixture_no_wake,
	    NULL);
	fx.options.max_bookmarks = CROWD;
	for (i = 0; i < CROWD; i++) {
		(void)snprintf(nick, sizeof(nick), "m%zu", i);
		fake_init_with(&fx, &crowd[i], -1 - (int)i, &fake_dialect);
		ms = fake_join(&fx, &crowd[i], "kitchen");
		ck_assert_int_eq(fake_nick(&crowd[i], nick), RENAME_DONE);
		if (i == 0)
			fake_say_in(ms, "hi");
		/* Half of them are elsewhere, half have gone. */
		if (i % 2 == 0)
			(void)fake_join(&fx, &crowd[i], "lobby");
		room_leave(ms, ROOM_LEAVE_PART, NULL);
		if (i % 2 == 1)
			fake_quit(&crowd[i], NULL);
		persist_fixture_settle();
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
	ck_assert(RB_EMPTY(&pf.persist.dirty));

	pf.is_sliced = false;
	persist_fixture_restart(crowd, CROWD);
	(void)chat_get_room(&fx.chat, "kitchen");
	ck_assert_uint_gt(fx.chat.departed.count, 0);
	ck_assert(LIST_EMPTY(&chat_find_room(&fx.chat, "kitchen")->bookmarks));
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "persist", persist_fixture_setup,
	    persist_fixture_teardown);

	tcase_add_test(tc, test_what_a_person_has);
	tcase_add_test(tc, test_markers_later);
	tcase_add_test(tc, test_keys);
	tcase_add_test(tc, test_hosts);
	tcase_add_test(tc, test_ids_go_on);
	tcase_add_test(tc, test_ids_made_up);
	tcase_add_test(tc, test_clock_jumps);
	tcase_add_test(tc, test_here_for_long);
	tcase_add_test(tc, test_file_unopened);
	tcase_add_test(tc, test_unkept_handed_over);
	tcase_add_test(tc, test_cut_while_handed);
	tcase_add_loop_test(tc, test_broken_off, 0, 2);
	tcase_add_test(tc, test_nick_on_break);
	tcase_add_test(tc, test_nick_while_live);
	tcase_add_loop_test(tc, test_ring_lost, 0, 2);
	tcase_add_test(tc, test_journal_damaged);
	tcase_add_test(tc, test_talk_is_no_write);
	tcase_add_test(tc, test_renamed_in_look);
	tcase_add_test(tc, test_room_goes);
	tcase_add_loop_test(tc, test_much_handed, 0, 2);
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A person with several clients: others see one, and each of the clients is
 * handed all that it should, once.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actions/actions.h"
#include "chat-fixture.h"
#include "room/client.h"
#include "room/clients.h"
#include "room/cursor.h"
#include "room/deliver.h"
#include "room/devices.h"
#include "room/directory.h"
#include "room/publish.h"
#include "room/rename.h"
#include "room/replay.h"
#include "room/room.h"
#include "unit.h"

#define UID (-1000) /* of ana, for all of her clients */

static struct fake phone, screen; /* of ana's */

static void
setup(void)
{
	fixture_setup_empty();
	memset(&phone, 0, sizeof(phone));
	memset(&screen, 0, sizeof(screen));
	fx.options.max_sessions = 3;
	fake_enter(&fx, &ana, UID, "ana");
	fake_enter(&fx, &bob, 2, "bob");
	(void)fake_saw(&fx, &ana);
}

static void
teardown(void)
{
	fake_fini(&phone);
	fake_fini(&screen);
	fixture_teardown();
}

/* Another client of ana's, in the lobby. */
static void
come(struct fake *f)
{
	fake_init(&fx, f, UID);
	ck_assert_int_eq(fake_nick(f, "ana"), RENAME_JOINS);
	ck_assert_ptr_eq(f->m, ana.m);
}

static void
come_quietly(struct fake *f)
{
	come(f);
	(void)fake_saw(&fx, f);
	(void)fake_saw(&fx, &ana);
	(void)fake_saw(&fx, &bob);
}

/* There is one ana, and nobody hears of the guest. */
START_TEST(test_one_person)
{
	const struct member *names[5];

	come(&phone);
	fixture_pass(&fx, 10000);
	ck_assert_str_eq(fake_saw(&fx, &bob), "");
	ck_assert_uint_eq(room_names(fx.chat.lobby, names, 5), 2);
	ck_assert_uint_eq(fx.chat.lobby->people_count, 2);
	ck_assert_uint_eq(fx.chat.directory.count, 2);
	ck_assert_uint_eq(clients_count(ana.m), 2);
	ck_assert_ptr_null(directory_find(&fx.chat.directory, "guest3"));
}
END_TEST

/* What one says, the others of hers are shown, and she is not told again. */
START_TEST(test_say)
{
	come_quietly(&phone);
	fake_say(&phone, "from the phone");
	ck_assert_str_eq(fake_saw(&fx, &phone), "");
	ck_assert_str_eq(fake_saw(&fx, &ana), "1 you: from the phone\n");
	ck_assert_str_eq(fake_saw(&fx, &bob), "1 ana: from the phone\n");
	fake_say(&ana, "at home");
	fake_say(&bob, "hi");
	fake_say(&phone, "away");
	ck_assert_str_eq(fake_saw(&fx, &ana), "3 bob: hi\n4 you: away\n");
	ck_assert_str_eq(fake_saw(&fx, &phone), "2 you: at home\n3 bob: hi\n");
	ck_assert_str_eq(fake_saw(&fx, &bob), "2 ana: at home\n4 ana: away\n");
}
END_TEST

/* Somebody slow is shown in order what the others of theirs say, and not what
 * they said themselves. */
START_TEST(test_slow)
{
	come_quietly(&phone);
	phone.is_full = true;
	fake_say(&ana, "one");
	fixture_settle(&fx);
	fake_say(&phone, "two");
	fake_say(&bob, "three");
	ck_assert_str_eq(fake_saw(&fx, &ana), "2 you: two\n3 bob: three\n");
	ck_assert_str_eq(fake_saw(&fx, &phone), "");
	fake_drain(&phone);
	ck_assert_str_eq(fake_saw(&fx, &phone), "1 you: one\n3 bob: three\n");
}
END_TEST

/* A new client begins behind what the person has read: when they last spoke. */
START_TEST(test_read)
{
	fake_say(&bob, "one");
	fixture_settle(&fx);
	member_has_read_all(ana.client);
	fake_say(&ana, "two");
	membership_spoke(fake_here(&ana));
	fake_say(&bob, "three");
	fixture_settle(&fx);
	fixture_pass(&fx, 1000);
	fake_init_with(&fx, &phone, UID, &fake_dialect);
	ck_assert_int_eq(fake_nick(&phone, "ana"), RENAME_JOINS);
	room_attend(member_in(ana.m, fx.chat.lobby), phone.client,
	    ROOM_JOIN_CATCHUP);
	ck_assert_str_eq(fake_saw(&fx, &phone),
	    "rename guest3 ana\n"
	    "welcome ana 5000 0 repeats=2\nrepeats 2\n"
	    "2 you: two\n3 bob: three\nlive after catchup\n");
	/* And the end of a catch-up is read. */
	member_has_read_all(phone.client);
	ck_assert_uint_eq(membership_read(fake_here(&phone), NULL), 4);
}
END_TEST

/* One that is lost leaves the person where they are; the next that comes from
 * there begins where it stopped. */
START_TEST(test_lost)
{
	come_quietly(&phone);
	fake_say(&bob, "one");
	(void)fake_saw(&fx, &phone);
	phone.unsent = strlen("1 bob: one\n");
	fake_lose(&phone);
	fake_say(&bob, "two");
	member_has_read_all(ana.client);
	fake_say(&ana, "three");
	membership_spoke(fake_here(&ana));
	fixture_pass(&fx, 100000);
	ck_assert_str_eq(fake_saw(&fx, &bob), "3 ana: three\n");
	ck_assert_str_eq(fake_saw(&fx, &ana), "1 bob: one\n2 bob: two\n");
	buf_fini(&phone.seen);
	fake_init_with(&fx, &phone, UID, &fake_dialect);
	ck_assert_int_eq(fake_nick(&phone, "ana"), RENAME_JOINS);
	room_attend(member_in(ana.m, fx.chat.lobby), phone.client,
	    ROOM_JOIN_CATCHUP);
	ck_assert_str_eq(fake_saw(&fx, &phone),
	    "rename guest4 ana\n"
	    "welcome ana 104000 0 repeats=3\nrepeats 3\n"
	    "1 bob: one\n2 bob: two\n3 you: three\nlive after catchup\n");
}
END_TEST

/* In the lobby again, with that device; nobody is there under the nick, or
 * another client is. */
static void
return_with(struct fake *f, uint64_t device)
{
	int result;

	buf_fini(&f->seen);
	fake_init_with(&fx, f, UID, &fake_dialect);
	f->client->device = device;
	result = fake_nick(f, "ana");
	if (result == RENAME_JOINS)
		room_attend(member_in(ana.m, fx.chat.lobby), f->client,
		    ROOM_JOIN_CATCHUP);
	else
		(void)room_join(fx.chat.lobby, f->m, ROOM_JOIN_CATCHUP);
}

/* Says so many lines of a length that several pieces of the ring are filled. */
static void
talk(struct fake *one, struct fake *other, int lines)
{
	char text[100];
	int i;

	for (i = 0; i < lines; i++) {
		(void)snprintf(text, sizeof(text), "%d %*s", i, 90, "long");
		fake_say(i % 2 == 0 ? one : other, text);
		fixture_settle(&fx);
	}
}

static size_t
count_of(const char *text, const char *what)
{
	size_t count = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		count++;
	return count;
}

/* What the others of hers said, is shown as hers when it was missed, as it is
 * live; also where several read the same past at once. */
START_TEST(test_say_missed)
{
	const char *saw;
	struct fake dee;

	fake_enter(&fx, &dee, 4, "dee");
	come_quietly(&phone);
	come_quietly(&screen);
	screen.client->device = 7;
	client_break(phone.client, NULL);
	fake_quit(&screen, NULL);
	member_break(dee.m, NULL);
	talk(&ana, &bob, 400);
	(void)fake_saw(&fx, &dee);
	client_back(phone.client, NULL);
	member_back(dee.m, NULL);
	return_with(&screen, 7);
	saw = fake_saw(&fx, &screen);
	ck_assert_uint_eq(count_of(saw, " you: "), 200);
	ck_assert_uint_eq(count_of(saw, " ana: "), 0);
	saw = fake_saw(&fx, &phone);
	ck_assert_uint_eq(count_of(saw, " you: "), 200);
	ck_assert_uint_eq(count_of(saw, " bob: "), 200);
	ck_assert_uint_eq(count_of(saw, " ana: "), 0);
	ck_assert_uint_eq(count_of(fake_saw(&fx, &dee), " ana: "), 200);
	/* The record of the room has everybody's nick. */
	replay_start_history(&fake_here(&ana)->cursor, 2);
	saw = fake_saw(&fx, &ana);
	ck_assert_uint_eq(count_of(saw, " you: "), 0);
	ck_assert_uint_eq(count_of(saw, " ana: "), 1);
	fake_fini(&dee);
}
END_TEST

static void
speak(struct fake *f, const char *text)
{
	fixture_settle(&fx);
	member_has_read_all(f->client);
	fake_say(f, text);
	membership_spoke(fake_here(f));
}

/* Each device goes on where it stopped, whatever others have read since, and
 * however long ago everybody left; a new one does where they have read. */
START_TEST(test_devices)
{
	come_quietly(&phone);
	phone.client->device = 7;
	fake_say(&bob, "one");
	(void)fake_saw(&fx, &phone);
	fake_quit(&phone, NULL);
	fake_say(&bob, "two");
	speak(&ana, "three");
	fake_say(&bob, "four");
	ck_assert_str_eq(fake_saw(&fx, &ana),
	    "1 bob: one\n2 bob: two\n4 bob: four\n");
	fake_quit(&ana, NULL);
	fake_say(&bob, "five");
	fixture_pass(&fx, 1000000);
	return_with(&phone, 7);
	ck_assert_str_eq(fake_saw(&fx, &phone),
	    "welcome ana 1000000 1 bob=1 repeats=3\nrepeats 3\n"
	    "2 bob: two\n3 ana: three\n4 bob: four\nnew\n5 bob: five\n"
	    "live after catchup\n");
	/* The first has stopped before the fifth. */
	fake_fini(&ana);
	ana = phone;
	memset(&phone, 0, sizeof(phone));
	return_with(&phone, device_of(NULL, &ana.credential));
	ck_assert_str_eq(fake_saw(&fx, &phone),
	    "rename guest5 ana\n"
	    "welcome ana 0 0 repeats=1\nrepeats 1\n"
	    "5 bob: five\nlive after catchup\n");
	/* All are gone, and a new one comes: what was shown to others at the
	 * catch-ups has been read, and what has come since not. */
	member_has_read_all(ana.client);
	fake_say(&bob, "six");
	fixture_settle(&fx);
	fake_quit(&ana, NULL);
	fake_quit(&phone, NULL);
	return_with(&screen, 9);
	ck_assert_str_eq(fake_saw(&fx, &screen),
	    "welcome ana 0 0 repeats=1\nrepeats 1\n"
	    "6 bob: six\nlive after catchup\n");
}
END_TEST

/* So it does where it leaves a room in which others of hers stay. */
START_TEST(test_devices_rooms)
{
	come_quietly(&phone);
	phone.client->device = 7;
	fake_say(&bob, "one");
	(void)fake_saw(&fx, &phone);
	client_leave_room(client_in(phone.client, fx.chat.lobby),
	    ROOM_LEAVE_PART, NULL);
	fake_say(&bob, "two");
	speak(&ana, "three");
	fixture_settle(&fx);
	client_acts(phone.client);
	room_attend(fake_here(&ana), phone.client, ROOM_JOIN_CATCHUP);
	ck_assert_str_eq(fake_saw(&fx, &phone),
	    "welcome ana 4000 0 repeats=2\nrepeats 2\n"
	    "2 bob: two\n3 you: three\nlive after catchup\n");
	/* Nothing is left of it, so the next time it is a newcomer. */
	ck_assert(LIST_EMPTY(&ana.m->person.more->places));
	ck_assert(LIST_EMPTY(&fx.chat.lobby->places));
}
END_TEST

/* As many are known as somebody may have sessions: those used last. */
START_TEST(test_devices_limit)
{
	uint64_t number, until, device;
	struct person *p = &ana.m->person;

	for (device = 1; device <= 5; device++)
		devices_note(p, fx.chat.lobby, device, 1, 0, NULL);
	for (device = 1; device <= 2; device++)
		ck_assert(!devices_take(p, fx.chat.lobby, device, &number,
		    &until, NULL));
	for (device = 3; device <= 5; device++)
		ck_assert(devices_take(p, fx.chat.lobby, device, &number,
		    &until, NULL));
	/* Of one that stops twice it is the earlier, and the rest repeats. */
	devices_note(p, fx.chat.lobby, 7, 12, 0, NULL);
	devices_note(p, fx.chat.lobby, 7, 10, 11, NULL);
	ck_assert_uint_eq(devices_handed(p, fx.chat.lobby), 12);
	ck_assert(devices_take(p, fx.chat.lobby, 7, &number, &until, NULL));
	ck_assert_uint_eq(number, 10);
	ck_assert_uint_eq(until, 12);
}
END_TEST

/* All of them are lost: the person comes back where the one was that was handed
 * least. */
START_TEST(test_all_lost)
{
	come_quietly(&phone);
	phone.is_full = true;
	fake_say(&bob, "one");
	fake_say(&bob, "two");
	ck_assert_str_eq(fake_saw(&fx, &ana), "1 bob: one\n2 bob: two\n");
	fake_lose(&phone);
	fake_lose(&ana);
	fake_say(&bob, "three");
	fixture_pass(&fx, 100000);
	ck_assert_str_eq(fake_saw(&fx, &bob), "left ana (connection lost)\n");
	buf_fini(&phone.seen);
	fake_init_with(&fx, &phone, UID, &fake_dialect);
	ck_assert_int_eq(fake_nick(&phone, "ana"), RENAME_RETURNED);
	(void)room_join(fx.chat.lobby, phone.m, ROOM_JOIN_CATCHUP);
	ck_assert_str_eq(fake_saw(&fx, &phone),
	    "welcome ana 100000 1 bob=1 repeats=2\nrepeats 2\n"
	    "1 bob: one\n2 bob: two\nnew\n3 bob: three\nlive after catchup\n");
}
END_TEST

/* ana is handed a line of bob's and lost, and is back, in no room yet. */
static void
lose_and_return(void)
{
	fake_say(&bob, "one");
	(void)fake_saw(&fx, &ana);
	ana.unsent = strlen("1 bob: one\n");
	fake_lose(&ana);
	fixture_pass(&fx, 1000);
	fake_fini(&ana);
	fake_init_with(&fx, &ana, UID, &fake_dialect);
	ck_assert_int_eq(fake_nick(&ana, "ana"), RENAME_RETURNED);
}

/* What was handed over by a connection before is a repeat to the next client,
 * too, whether or not the first got it again. */
START_TEST(test_repeats)
{
	lose_and_return();
	ana.is_full = true;
	(void)room_join(fx.chat.lobby, ana.m, ROOM_JOIN_CATCHUP);
	fixture_settle(&fx);
	fake_init_with(&fx, &phone, UID, &fake_dialect);
	ck_assert_int_eq(fake_nick(&phone, "ana"), RENAME_JOINS);
	room_attend(member_in(ana.m, fx.chat.lobby), phone.client,
	    ROOM_JOIN_CATCHUP);
	ck_assert_str_eq(fake_saw(&fx, &phone),
	    "rename guest4 ana\n"
	    "welcome ana 0 0 repeats=1\nrepeats 1\n"
	    "1 bob: one\nlive after catchup\n");
}
END_TEST

/* So it is to one that came while they were on break, and was shown nothing
 * yet. */
START_TEST(test_repeats_after_break)
{
	lose_and_return();
	member_break(ana.m, NULL);
	(void)room_join(fx.chat.lobby, ana.m, ROOM_JOIN_CATCHUP);
	come(&phone);
	(void)fake_saw(&fx, &phone);
	member_back(ana.m, NULL);
	ck_assert_str_eq(fake_saw(&fx, &phone),
	    "welcome ana 0 0 repeats=1\nrepeats 1\n"
	    "1 bob: one\nlive after catchup\n");
}
END_TEST

/* Two end in one turn: both go on where they stopped. */
START_TEST(test_ends_at_once)
{
	come_quietly(&phone);
	phone.client->device = 7;
	come_quietly(&screen);
	screen.client->device = 8;
	fake_say(&bob, "one");
	(void)fake_saw(&fx, &phone);
	phone.unsent = strlen("1 bob: one\n");
	fake_say(&bob, "two");
	fake_say(&screen, "three");
	fake_lose(&phone);
	fake_lose(&screen);
	fake_say(&bob, "four");
	ck_assert_str_eq(fake_saw(&fx, &ana),
	    "1 bob: one\n2 bob: two\n3 you: three\n4 bob: four\n");
	ck_assert_str_eq(fake_saw(&fx, &bob), "3 ana: three\n");
	return_with(&screen, 8);
	ck_assert_str_eq(fake_saw(&fx, &screen),
	    "rename guest5 ana\n"
	    "welcome ana 4000 0 repeats=3\nrepeats 3\n"
	    "2 bob: two\n3 you: three\n4 bob: four\nlive after catchup\n");
	return_with(&phone, 7);
	ck_assert_str_eq(fake_saw(&fx, &phone),
	    "rename guest6 ana\n"
	    "welcome ana 4000 0 repeats=4\nrepeats 4\n"
	    "1 bob: one\n2 bob: two\n3 you: three\n4 bob: four\n"
	    "live after catchup\n");
}
END_TEST

/* A client may have the number of one that has gone: what that said, is not its
 * own. */
START_TEST(test_number_again)
{
	come_quietly(&phone);
	fake_init(&fx, &screen, UID);
	(void)fake_saw(&fx, &screen);
	screen.is_full = true;
	fake_say(&phone, "from the phone");
	fixture_settle(&fx);
	fake_quit(&phone, NULL);
	ck_assert_int_eq(fake_nick(&screen, "ana"), RENAME_JOINS);
	fake_drain(&screen);
	ck_assert_str_eq(fake_saw(&fx, &screen),
	    "rename guest4 ana\n1 you: from the phone\n");
	/* And what it says itself, is. */
	fake_say(&screen, "from the screen");
	ck_assert_str_eq(fake_saw(&fx, &screen), "");
	ck_assert_str_eq(fake_saw(&fx, &ana),
	    "1 you: from the phone\n2 you: from the screen\n");
}
END_TEST

/* A hundred come within a second: as many as may stay do, and what each was
 * shown is known of as many. */
START_TEST(test_hundred)
{
	struct fake more[100];
	const struct device_place *place;
	unsigned joined = 0, refused = 0, places = 0;
	char said[32];
	size_t i;

	for (i = 0; i < NITEMS(more); i++) {
		fake_init(&fx, &more[i], UID);
		more[i].client->device = 100 + i;
		switch (fake_nick(&more[i], "ana")) {
		case RENAME_JOINS:
			joined++;
			break;
		case RENAME_TOO_MANY:
			refused++;
			break;
		default:
			ck_abort();
		}
		ck_assert_uint_le(clients_count(ana.m), 3);
		(void)snprintf(said, sizeof(said), "%zu", i);
		fake_say(&bob, said);
		fixture_settle(&fx);
		/* Three of four end, by twos. */
		if (i % 4 == 3) {
			fake_lose(&more[i - 1]);
			fake_lose(&more[i]);
		} else if (i % 4 == 2)
			fake_quit(&more[i - 2], NULL);
	}
	ck_assert_uint_eq(joined + refused, NITEMS(more));
	LIST_FOREACH(place, &ana.m->person.more->places, in_person)
		places++;
	ck_assert_uint_le(places, 3);
	(void)fake_saw(&fx, &ana);
	for (i = 0; i < NITEMS(more); i++)
		fake_fini(&more[i]);
}
END_TEST

/* The person quits with the last. */
START_TEST(test_quit)
{
	come_quietly(&phone);
	fake_quit(&ana, "bye");
	ck_assert_str_eq(fake_saw(&fx, &bob), "");
	fake_say(&phone, "still here");
	ck_assert_str_eq(fake_saw(&fx, &bob), "1 ana: still here\n");
	fake_quit(&phone, "bye");
	ck_assert_str_eq(fake_saw(&fx, &bob), "left ana (bye)\n");
	ck_assert_ptr_null(directory_find(&fx.chat.directory, "ana"));
}
END_TEST

/* Rooms are all those in which one of them is, and one that follows is told. */
START_TEST(test_rooms)
{
	struct room *den = chat_get_room(&fx.chat, "den");
	struct cursor *c;

	fake_init_with(&fx, &screen, UID, &fake_dialect_follower);
	ck_assert_int_eq(fake_nick(&screen, "ana"), RENAME_JOINS);
	client_follow(screen.client);
	ck_assert_str_eq(fake_saw(&fx, &screen),
	    "rename guest3 ana\njoined lobby\n");
	come_quietly(&phone);
	/* The phone goes to another room. */
	client_acts(phone.client);
	(void)room_join(den, phone.m, ROOM_JOIN_CATCHUP);
	clients_follow(member_in(ana.m, den));
	ck_assert_str_eq(fake_saw(&fx, &screen), "joined den\n");
	c = client_in(phone.client, fx.chat.lobby);
	ck_assert(!client_is_last_in(c));
	client_leave_room(c, ROOM_LEAVE_WENT, "den");
	ck_assert_str_eq(fake_saw(&fx, &bob), "");
	ck_assert_uint_eq(fx.chat.lobby->people_count, 2);
	/* And is the only one there by itself. */
	c = client_in(phone.client, den);
	ck_assert(client_is_last_in(c));
	client_leave_room(c, ROOM_LEAVE_PART, "bye");
	ck_assert_str_eq(fake_saw(&fx, &screen), "part ana (bye)\n");
	ck_assert_uint_eq(den->people_count, 0);
	ck_assert_ptr_null(member_in(ana.m, den));
}
END_TEST

/* There are so many and no more; one that was lost counts for none. */
START_TEST(test_limit)
{
	struct fake more;

	come_quietly(&phone);
	come_quietly(&screen);
	fake_init(&fx, &more, UID);
	ck_assert_int_eq(fake_nick(&more, "ana"), RENAME_TOO_MANY);
	ck_assert_str_eq(more.m->nick, "guest5");
	fake_lose(&screen);
	ck_assert_int_eq(fake_nick(&more, "ana"), RENAME_JOINS);
	ck_assert_uint_eq(clients_count(ana.m), 3);
	fake_fini(&more);
	buf_fini(&screen.seen);
}
END_TEST

/* A mode that one sets, or somebody that it puts out, the others are shown; and
 * all can go on break at once. */
START_TEST(test_deeds)
{
	struct event event = {
		.kind = EVENT_MODE, .text = "+m", .text_len = 2
	};

	come_quietly(&phone);
	client_acts(phone.client);
	room_publish(fx.chat.lobby, &event, fake_here(&phone));
	ck_assert_str_eq(fake_saw(&fx, &phone), "");
	ck_assert_str_eq(fake_saw(&fx, &ana), "mode ana +m\n");
	ck_assert_str_eq(fake_saw(&fx, &bob), "mode ana +m\n");
	member_break(ana.m, NULL);
	fake_say(&bob, "one");
	ck_assert_str_eq(fake_saw(&fx, &phone), "");
	ck_assert_str_eq(fake_saw(&fx, &ana), "");
	member_back(ana.m, NULL);
	ck_assert_str_eq(fake_saw(&fx, &phone),
	    "welcome ana 0 1 bob=1\n1 bob: one\nlive after catchup\n");
	ck_assert_str_eq(fake_saw(&fx, &ana),
	    "welcome ana 0 1 bob=1\n1 bob: one\nlive after catchup\n");
	ck_assert_str_eq(fake_saw(&fx, &bob), "break ana\nback ana 0\n");
}
END_TEST

/* A break is of one; others see it once nobody of hers reads, and its end when
 * one does again. */
START_TEST(test_break)
{
	come_quietly(&phone);
	client_break(phone.client, "lunch");
	ck_assert(!ana.m->is_on_break);
	fake_say(&bob, "one");
	ck_assert_str_eq(fake_saw(&fx, &phone), "");
	ck_assert_str_eq(fake_saw(&fx, &ana), "1 bob: one\n");
	fixture_pass(&fx, 1000);
	client_break(ana.client, NULL);
	ck_assert(ana.m->is_on_break);
	ck_assert_str_eq(fake_saw(&fx, &bob), "break ana (lunch)\n");
	fake_say(&bob, "two");
	fixture_pass(&fx, 2000);
	client_back(phone.client, "hi");
	ck_assert_str_eq(fake_saw(&fx, &phone),
	    "welcome ana 3000 2 bob=2\n"
	    "1 bob: one\n2 bob: two\nlive after catchup\n");
	ck_assert_str_eq(fake_saw(&fx, &bob), "back ana 2000 (hi)\n");
	ck_assert_str_eq(fake_saw(&fx, &ana), "");
	client_back(ana.client, NULL);
	ck_assert_str_eq(fake_saw(&fx, &ana),
	    "welcome ana 2000 1 bob=1\n2 bob: two\nlive after catchup\n");
	ck_assert_str_eq(fake_saw(&fx, &bob), "");
}
END_TEST

/* The one that reads goes, or is lost: only those on break are left. */
START_TEST(test_break_of_rest)
{
	come_quietly(&phone);
	come_quietly(&screen);
	client_break(phone.client, NULL);
	fake_lose(&ana);
	ck_assert_str_eq(fake_saw(&fx, &bob), "");
	fake_quit(&screen, NULL);
	ck_assert(phone.m->is_on_break);
	ck_assert_str_eq(fake_saw(&fx, &bob), "break ana\n");
	/* One that comes now is in the break. */
	buf_fini(&ana.seen);
	fake_init(&fx, &ana, UID);
	ck_assert_int_eq(fake_nick(&ana, "ana"), RENAME_JOINS);
	(void)fake_saw(&fx, &ana);
	fake_say(&bob, "one");
	ck_assert_str_eq(fake_saw(&fx, &ana), "");
	client_back(ana.client, NULL);
	ck_assert_str_eq(fake_saw(&fx, &ana),
	    "welcome ana 0 1 bob=1\n1 bob: one\nlive after catchup\n");
	ck_assert_str_eq(fake_saw(&fx, &bob), "back ana 0\n");
	ck_assert_str_eq(fake_saw(&fx, &phone), "");
}
END_TEST

/* One on break is lost, and comes again: it goes on where its break began. */
START_TEST(test_break_lost)
{
	come_quietly(&phone);
	fake_say(&bob, "one");
	ck_assert_str_eq(fake_saw(&fx, &phone), "1 bob: one\n");
	member_has_read_all(phone.client);
	client_break(phone.client, NULL);
	fake_say(&bob, "two");
	fake_lose(&phone);
	fake_say(&bob, "three");
	fixture_settle(&fx);
	member_has_read_all(ana.client);
	fake_say(&ana, "four");
	membership_spoke(fake_here(&ana));
	fixture_pass(&fx, 100000);
	buf_fini(&phone.seen);
	fake_init_with(&fx, &phone, UID, &fake_dialect);
	ck_assert_int_eq(fake_nick(&phone, "ana"), RENAME_JOINS);
	room_attend(member_in(ana.m, fx.chat.lobby), phone.client,
	    ROOM_JOIN_CATCHUP);
	ck_assert_str_eq(fake_saw(&fx, &phone),
	    "rename guest4 ana\n"
	    "welcome ana 104000 0 repeats=3\nrepeats 3\n"
	    "2 bob: two\n3 bob: three\n4 you: four\nlive after catchup\n");
}
END_TEST

/* Who is on break in one of their sessions says nothing with it, and with the
 * other all that they like. */
START_TEST(test_break_acts)
{
	struct event event = { .kind = EVENT_SAY, .text = "x", .text_len = 1 };
	enum modes_speak why;

	come_quietly(&phone);
	ck_assert_int_eq(action_brb(phone.client, BRB_OF_ONE, NULL),
	    BRB_PAUSED);
	client_acts(phone.client);
	ck_assert_int_eq(action_say(ana.m, fx.chat.lobby, &event, true, &why),
	    SAY_ON_BREAK);
	client_acts(ana.client);
	ck_assert_int_eq(action_back(ana.client, BRB_OF_ONE, NULL),
	    BRB_NOT_AWAY);
	ck_assert_int_eq(action_say(ana.m, fx.chat.lobby, &event, true, &why),
	    SAID);
	ck_assert_int_eq(action_back(ana.client, BRB_OF_ALL, NULL), BRB_DONE);
	ck_assert_uint_eq(clients_reading(ana.m), 2);
	ck_assert_int_eq(action_brb(ana.client, BRB_OF_ALL, NULL), BRB_DONE);
	ck_assert_uint_eq(clients_reading(ana.m), 0);
	ck_assert_int_eq(action_brb(ana.client, BRB_OF_ONE, "tea"),
	    BRB_CHANGED);
}
END_TEST

/* All of them get a private message; one that is not read of it is enough. */
START_TEST(test_private)
{
	come_quietly(&phone);
	phone.is_full = true;
	client_acts(phone.client);
	ck_assert_int_eq(fake_tell(&ana, &bob, "psst"), MEMBER_TOLD);
	ck_assert_str_eq(fake_saw(&fx, &ana), "private bob: psst\n");
	ck_assert(TAILQ_EMPTY(&ana.m->person.queued));
	fake_drain(&phone);
	ck_assert_int_eq(fake_tell(&ana, &bob, "psst"), MEMBER_TOLD);
	ck_assert_str_eq(fake_saw(&fx, &ana), "private bob: psst\n");
	ck_assert_str_eq(fake_saw(&fx, &phone), "private bob: psst\n");
}
END_TEST

/* In the next program all are who they were. */
START_TEST(test_hand_over)
{
	struct chat_fixture next;
	struct fake people[4];
	size_t i;

	come_quietly(&phone);
	come_quietly(&screen);
	phone.is_full = true;
	fake_say(&bob, "one");
	fake_say(&ana, "two");
	ck_assert_str_eq(fake_saw(&fx, &screen), "1 bob: one\n2 you: two\n");
	people[0] = ana;
	people[1] = bob;
	people[2] = phone;
	people[3] = screen;
	ck_assert(fixture_hand_over(&fx, &next, people, NITEMS(people)));
	ck_assert_ptr_eq(people[2].m, people[0].m);
	ck_assert_uint_eq(clients_count(people[0].m), 3);
	fake_drain(&people[2]);
	fake_say(&people[3], "three");
	ck_assert_str_eq(fake_saw(&next, &people[0]), "3 you: three\n");
	ck_assert_str_eq(fake_saw(&next, &people[1]), "3 ana: three\n");
	ck_assert_str_eq(fake_saw(&next, &people[2]),
	    "1 bob: one\n2 you: two\n3 you: three\n");
	ck_assert_str_eq(fake_saw(&next, &people[3]), "");
	for (i = 0; i < NITEMS(people); i++)
		fake_fini(&people[i]);
	fixture_fini(&next);
}
END_TEST

/* Two of one person that take another nick at once, one of them one that is
 * theirs as well. */
START_TEST(test_renames)
{
	struct fake zoe;

	come_quietly(&phone);
	fake_enter(&fx, &zoe, UID, "zoe");
	(void)fake_saw(&fx, &ana);
	(void)fake_saw(&fx, &bob);
	ck_assert_int_eq(fake_nick(&ana, "anna"), RENAME_DONE);
	ck_assert_int_eq(fake_nick(&phone, "zoe"), RENAME_JOINS);
	ck_assert_str_eq(fake_saw(&fx, &zoe), "nick ana anna\n");
	ck_assert_str_eq(fake_saw(&fx, &bob), "nick ana anna\n");
	ck_assert_ptr_eq(phone.m, zoe.m);
	ck_assert_uint_eq(clients_count(ana.m), 1);
	fake_say(&phone, "as zoe");
	ck_assert_str_eq(fake_saw(&fx, &ana), "1 zoe: as zoe\n");
	ck_assert_str_eq(fake_saw(&fx, &zoe), "1 you: as zoe\n");
	fake_fini(&zoe);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "clients", setup, teardown);

	tcase_add_test(tc, test_one_person);
	tcase_add_test(tc, test_say);
	tcase_add_test(tc, test_slow);
	tcase_add_test(tc, test_say_missed);
	tcase_add_test(tc, test_read);
	tcase_add_test(tc, test_lost);
	tcase_add_test(tc, test_devices);
	tcase_add_test(tc, test_devices_rooms);
	tcase_add_test(tc, test_devices_limit);
	tcase_add_test(tc, test_all_lost);
	tcase_add_test(tc, test_repeats);
	tcase_add_test(tc, test_repeats_after_break);
	tcase_add_test(tc, test_break);
	tcase_add_test(tc, test_break_of_rest);
	tcase_add_test(tc, test_break_lost);
	tcase_add_test(tc, test_break_acts);
	tcase_add_test(tc, test_ends_at_once);
	tcase_add_test(tc, test_number_again);
	tcase_add_test(tc, test_hundred);
	tcase_add_test(tc, test_quit);
	tcase_add_test(tc, test_rooms);
	tcase_add_test(tc, test_limit);
	tcase_add_test(tc, test_deeds);
	tcase_add_test(tc, test_private);
	tcase_add_test(tc, test_hand_over);
	tcase_add_test(tc, test_renames);
}

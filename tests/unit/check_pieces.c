/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Many who catch up at once are told exactly what each would be told alone. What
 * is told to one alone is read message by message, and so the measure.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat-fixture.h"
#include "room/member.h"
#include "room/person.h"
#include "room/pieces.h"
#include "room/publish.h"
#include "room/replay.h"
#include "unit.h"

enum { READERS = 12, SAYERS = 4 };

static const char *const reader_names[READERS] = { "ree", "ola", "kim", "pat",
	"sam", "[tim]", "u|v", "zed", "eve", "max", "ned", "gus" };
static const char *const sayer_names[SAYERS] = { "sia", "sib", "sic", "sid" };

static struct fake readers[READERS], sayers[SAYERS];
static char *alone[READERS];

static void
forget_all(struct fake *f)
{
	fixture_settle(&fx);
	buf_reset(&f->seen);
}

/* A random text, which may name a reader. */
static void
say_something(struct fake *f)
{
	static const char *const between[] = { " ", ", ", " (", "-", "",
		"\u00e9", ": ", "\u6765" };
	char text[3000];
	size_t len = 0;
	int i;

	for (i = (int)(random() % 12); i >= 0; i--)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
		    random() % 4 == 0 ? reader_names[random() % READERS] :
					"word",
		    between[random() % 8]);
	if (random() % 50 == 0)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%*s",
		    2000, "long");
	fake_say(f, text);
}

static void
talk(int messages)
{
	struct event event = { .kind = EVENT_TOPIC };
	int i;

	for (i = 0; i < messages; i++) {
		say_something(&sayers[random() % SAYERS]);
		fixture_settle(&fx);
		switch (random() % 400) {
		case 0:
			event.text = "a topic";
			event.text_len = strlen(event.text);
			fake_speak(fake_here(&sayers[0]), &event);
			break;
		case 1:
			history_append_hole(&fx.chat.lobby->history,
			    fx.chat.lobby->history.next_number + 3);
			fx.chat.lobby->turn_start =
			    history_head(&fx.chat.lobby->history);
			break;
		case 2:
			fx.clock.wall_ms += 24 * 3600 * 1000;
			break;
		}
		fx.clock.wall_ms += 100;
		fixture_settle(&fx);
	}
}

/* Some ignore somebody; what some say themselves is among the rest, and some may
 * have seen a part of it already. */
static void
readers_go(int messages)
{
	int i;

	for (i = 0; i < READERS; i++) {
		if (i % 4 == 1)
			ck_assert_int_eq(person_ignore(&readers[i].m->person,
					     sayers[i % SAYERS].m->id,
					     sayer_names[i % SAYERS]),
			    0);
		member_break(readers[i].m, NULL);
		fixture_settle(&fx);
		talk(messages / READERS);
		if (i % 3 == 0)
			fake_say(&readers[i], "my own");
		if (i % 4 == 2)
			fake_here(&readers[i])->cursor.repeat_until =
			    fx.chat.lobby->history.next_number;
	}
}

/* All that happens before they come back, from one seed. */
static void
begin(unsigned seed, int messages)
{
	int i;

	fixture_init_options(&fx);
	fx.options.history_size = 256 * 1024;
	fixture_init(&fx);
	srandom(seed);
	for (i = 0; i < SAYERS; i++)
		fake_enter(&fx, &sayers[i], 100 + i, sayer_names[i]);
	for (i = 0; i < READERS; i++)
		fake_enter(&fx, &readers[i], 1 + i, reader_names[i]);
	readers_go(messages);
	talk(messages / 4);
	for (i = 0; i < READERS; i++)
		forget_all(&readers[i]);
}

static void
end(void)
{
	int i;

	for (i = 0; i < READERS; i++)
		fake_fini(&readers[i]);
	for (i = 0; i < SAYERS; i++)
		fake_fini(&sayers[i]);
	ck_assert_ptr_null(fx.chat.lobby->pieces);
	ck_assert_uint_eq(fx.chat.piece_bytes, 0);
	fixture_fini(&fx);
}

/* What f saw up to the end of a catch-up, or of a history; to be freed. */
static char *
saw(struct fake *f, const char *last)
{
	char *text = strdup(buf_cstr(&f->seen)), *at;

	ck_assert_ptr_nonnull(text);
	at = strstr(text, last);
	ck_assert_msg(at != NULL, "no %s in %.200s", last, text);
	at[strlen(last)] = '\0';
	return text;
}

/* They come back one after the other, then all at once, or with the sockets of
 * some full at times. */
static void
compare(unsigned seed, int messages, const char *last,
    void (*come)(struct fake *f), bool is_slow)
{
	char *together;
	int i;

	begin(seed, messages);
	for (i = 0; i < READERS; i++) {
		come(&readers[i]);
		fixture_settle(&fx);
		alone[i] = saw(&readers[i], last);
	}
	end();

	begin(seed, messages);
	for (i = 0; i < READERS; i++)
		come(&readers[i]);
	for (i = 0; is_slow && i < 30; i++) {
		readers[i % READERS].is_full = true;
		(void)publish_turn(&fx.chat);
		fake_drain(&readers[i % READERS]);
	}
	fixture_settle(&fx);
	for (i = 0; i < READERS; i++) {
		together = saw(&readers[i], last);
		ck_assert_str_eq(together, alone[i]);
		free(together);
		free(alone[i]);
	}
	end();
}

static void
come_back(struct fake *f)
{
	member_back(f->m, NULL);
}

static void
ask_for_history(struct fake *f)
{
	replay_start_history(&fake_here(f)->cursor, 100000);
}

START_TEST(test_catchup)
{
	compare((unsigned)_i, 1500, "live after catchup\n", come_back, false);
}
END_TEST

START_TEST(test_catchup_of_slow_readers)
{
	compare(100 + (unsigned)_i, 1500, "live after catchup\n", come_back,
	    true);
}
END_TEST

/* The ring has lapped the first of them. */
START_TEST(test_catchup_of_lapped_readers)
{
	compare(200 + (unsigned)_i, 4000, "live after catchup\n", come_back,
	    false);
}
END_TEST

START_TEST(test_history)
{
	compare(300 + (unsigned)_i, 1500, "end\n", ask_for_history, false);
}
END_TEST

/* A name that is taken off a message while others read it is not shown. */
START_TEST(test_unname)
{
	struct history_cursor at;
	struct event event;
	struct history *h;

	begin(400, 1500);
	h = &fx.chat.lobby->history;
	come_back(&readers[0]);
	come_back(&readers[1]);
	readers[1].is_full = true;
	fixture_settle(&fx);
	at = history_head(h);
	while (history_step_back(h, &at)) {
		struct history_cursor next = at;

		(void)history_read(h, &next, &event);
		if (event.kind != EVENT_GAP && strcmp(event.nick, "sia") == 0)
			history_unname(h, &at);
	}
	fake_drain(&readers[1]);
	come_back(&readers[2]);
	fixture_settle(&fx);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&readers[0].seen), " sia: "));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&readers[1].seen), " ---: "));
	ck_assert_ptr_null(strstr(buf_cstr(&readers[2].seen), " sia: "));
	end();
}
END_TEST

/* Who reads more than the memory holds reads it all the same. */
START_TEST(test_bound)
{
	struct chat *chat = &fx.chat;
	size_t most = 0;
	int i;

	fixture_init_options(&fx);
	fx.options.history_size = 16 * 1024 * 1024;
	fixture_init(&fx);
	srandom(500);
	for (i = 0; i < SAYERS; i++)
		fake_enter(&fx, &sayers[i], 100 + i, sayer_names[i]);
	for (i = 0; i < 2; i++) {
		fake_enter(&fx, &readers[i], 1 + i, reader_names[i]);
		member_break(readers[i].m, NULL);
	}
	for (i = 0; i < 90000; i++) {
		fake_say(&sayers[i % SAYERS],
		    "something that is said again and again, and read once");
		if (i % 100 == 0)
			fixture_settle(&fx);
	}
	fixture_settle(&fx);
	for (i = 0; i < 2; i++)
		come_back(&readers[i]);
	while (publish_turn(chat))
		if (chat->piece_bytes > most)
			most = chat->piece_bytes;
	ck_assert_uint_gt(most, PIECES_BYTES_MAX / 2);
	ck_assert_uint_le(most, PIECES_BYTES_MAX);
	for (i = 0; i < 2; i++)
		ck_assert_ptr_nonnull(strstr(buf_cstr(&readers[i].seen),
		    "live after catchup\n"));
	for (i = 0; i < 2; i++)
		fake_fini(&readers[i]);
	for (i = 0; i < SAYERS; i++)
		fake_fini(&sayers[i]);
	fixture_fini(&fx);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "pieces", NULL, NULL);

	tcase_add_loop_test(tc, test_catchup, 0, 4);
	tcase_add_loop_test(tc, test_catchup_of_slow_readers, 0, 4);
	tcase_add_loop_test(tc, test_catchup_of_lapped_readers, 0, 2);
	tcase_add_loop_test(tc, test_history, 0, 2);
	tcase_add_test(tc, test_unname);
	tcase_add_test(tc, test_bound);
}

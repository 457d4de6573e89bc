/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * How messages are named, and what CHATHISTORY gives of a ring in which all is
 * that there may be: laps, holes, topics, those of whom one ignores, long
 * texts.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "history/history.h"
#include "irc/irc.h"
#include "mini-server.h"
#include "room/directory.h"
#include "room/person.h"
#include "room/publish.h"
#include "session/protocol.h"
#include "unit.h"

static const struct {
	const char *text;
	int64_t ms; /* -1: none */
} times[] = {
	{ "1970-01-01T00:00:00.000Z", 0 },
	{ "2026-06-02T14:02:11.123Z", 1780408931123 },
	{ "2026-06-02T14:02:11Z", 1780408931000 },
	{ "2016-12-31T23:59:60.000Z", 1483228800000 },
	{ "9999-12-31T23:59:59.999Z", 253402300799999 },
	{ "2024-02-29T00:00:00.000Z", 1709164800000 },
	{ "", -1 },
	{ "*", -1 },
	{ "2026-06-02", -1 },
	{ "2026-06-02T14:02:11.123", -1 },
	{ "2026-06-02T14:02:11.12Z", -1 },
	{ "2026-06-02T14:02:11.1234Z", -1 },
	{ "2026-06-02T14:02:11.Z", -1 },
	{ "2026-06-02T14:02:11.123Z ", -1 },
	{ "2026-06-02T14:02:11.123z", -1 },
	{ "2026-06-02 14:02:11.123Z", -1 },
	{ "2026-13-02T14:02:11.123Z", -1 },
	{ "2026-00-02T14:02:11.123Z", -1 },
	{ "2026-06-00T14:02:11.123Z", -1 },
	{ "2026-06-32T14:02:11.123Z", -1 },
	{ "2026-06-02T24:02:11.123Z", -1 },
	{ "2026-06-02T14:60:11.123Z", -1 },
	{ "2026-06-02T14:02:61.123Z", -1 },
	{ "-026-06-02T14:02:11.123Z", -1 },
	{ "+2026-06-02T14:02:11.123Z", -1 },
	{ "20260-06-02T14:02:11.123Z", -1 },
	{ "2026-6-2T14:02:11.123Z", -1 },
};

START_TEST(test_times)
{
	size_t i;
	int64_t ms;

	for (i = 0; i < NITEMS(times); i++) {
		ms = -2;
		ck_assert_msg(irc_parse_time(times[i].text, &ms) ==
			(times[i].ms != -1),
		    "%s", times[i].text);
		ck_assert_int_eq(ms, times[i].ms == -1 ? -2 : times[i].ms);
	}
}
END_TEST

static const struct {
	const char *text;
	enum irc_reference_result result;
	uint64_t number;
} references[] = {
	{ "timestamp=1970-01-01T00:00:01.000Z", IRC_REFERENCE_OK, 0 },
	{ "timestamp=", IRC_REFERENCE_BAD, 0 },
	{ "timestamp=812", IRC_REFERENCE_BAD, 0 },
	{ "timestamp", IRC_REFERENCE_BAD, 0 },
	{ "*", IRC_REFERENCE_BAD, 0 },
	{ "", IRC_REFERENCE_BAD, 0 },
	{ "msgid", IRC_REFERENCE_BAD, 0 },
	{ "812", IRC_REFERENCE_BAD, 0 },
	{ "msgid=", IRC_REFERENCE_TYPE, 0 },
	{ "number=812", IRC_REFERENCE_TYPE, 0 },
	{ "=", IRC_REFERENCE_TYPE, 0 },
	{ "msgid=a-room-812", IRC_REFERENCE_OK, 812 },
	{ "msgid=a-room-812.1", IRC_REFERENCE_OK, 812 },
	{ "msgid=a-room-18446744073709551615", IRC_REFERENCE_OK, UINT64_MAX },
	{ "msgid=a-room-18446744073709551616", IRC_REFERENCE_ELSEWHERE, 0 },
	{ "msgid=a-room-0", IRC_REFERENCE_ELSEWHERE, 0 },
	{ "msgid=a-room-", IRC_REFERENCE_ELSEWHERE, 0 },
	{ "msgid=a-room-812.", IRC_REFERENCE_ELSEWHERE, 0 },
	{ "msgid=a-room-812.x", IRC_REFERENCE_ELSEWHERE, 0 },
	{ "msgid=a-room-.1", IRC_REFERENCE_ELSEWHERE, 0 },
	{ "msgid=a-room--1", IRC_REFERENCE_ELSEWHERE, 0 },
	{ "msgid=a-room812", IRC_REFERENCE_ELSEWHERE, 0 },
	{ "msgid=a-room-00000000000000000000000000812", IRC_REFERENCE_ELSEWHERE,
	    0 },
	{ "msgid=A-ROOM-812", IRC_REFERENCE_ELSEWHERE, 0 },
	{ "msgid=a-812", IRC_REFERENCE_ELSEWHERE, 0 },
	{ "msgid=1f3a", IRC_REFERENCE_ELSEWHERE, 0 },
};

START_TEST(test_references)
{
	struct irc_reference ref;
	size_t i;

	for (i = 0; i < NITEMS(references); i++) {
		ck_assert_msg(irc_reference_parse(&ref, references[i].text,
				  "a-room") == references[i].result,
		    "%s", references[i].text);
		if (references[i].result == IRC_REFERENCE_OK)
			ck_assert_uint_eq(ref.number, references[i].number);
	}
	ck_assert_int_eq(irc_reference_parse(&ref, references[0].text, ""),
	    IRC_REFERENCE_OK);
	ck_assert_int_eq(ref.time_ms, 1000);
}
END_TEST

/* Pages */

static struct mini_server mini;
static int fd;
static struct buf seen = BUF_INITIALIZER;

static struct history *
ring(void)
{
	return &mini.chat.lobby->history;
}

/* An IRC client in the lobby, who has read all. */
static void
setup(void)
{
	mini_init(&mini);
	fd = mini_connect(&mini, 1);
	mini_type(fd,
	    "CAP REQ :draft/chathistory message-tags batch\r\n"
	    "NICK bob\r\nUSER bob 0 * :Bob\r\nCAP END\r\nJOIN #lobby\r\n");
	mini_run(&mini);
	mini_read(fd, &seen);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&seen), " 366 bob #lobby "));
	buf_reset(&seen);
}

static void
teardown(void)
{
	(void)close(fd);
	mini_fini(&mini);
	buf_fini(&seen);
}

/* As if it had been said then, by nobody who is here. */
static void
append(enum event_kind kind, const char *nick, int64_t ms, size_t len)
{
	static char text[5000];
	struct event e = { .kind = kind,
		.nick = nick,
		.text = text,
		.text_len = len,
		.time_ms = ms,
		.author = 1000 };

	memset(text, 'x', sizeof(text));
	(void)history_append(ring(), &e);
	mini.chat.lobby->turn_start = history_head(ring());
}

/*
 * The numbers of the messages that the answer has, "3 4 5", in a static buffer;
 * that it is one batch of nothing else is checked.
 */
static const char *
ask(const char *request)
{
	static char numbers[4096];
	char *line, *rest, *text;
	unsigned long long number, last = 0;
	unsigned batches = 0;

	text = xasprintf("CHATHISTORY %s\r\n", request);
	mini_type(fd, text);
	free(text);
	numbers[0] = '\0';
	buf_reset(&seen);
	/* It may be more than a socket takes at once. */
	do {
		mini_run(&mini);
		mini_read(fd, &seen);
	} while (strstr(buf_cstr(&seen), " BATCH -") == NULL &&
	    strstr(buf_cstr(&seen), " FAIL ") == NULL);
	rest = xstrdup(buf_cstr(&seen));
	text = rest;
	while ((line = strsep(&rest, "\r")) != NULL) {
		line += *line == '\n';
		if (strstr(line, " FAIL ") != NULL)
			(void)snprintf(numbers, sizeof(numbers), "fail");
		if (strstr(line, " BATCH ") != NULL)
			batches++;
		if (strncmp(line, "@batch=", 7) != 0)
			continue;
		ck_assert_uint_eq(batches, 1);
		line = strstr(line, "msgid=lobby-");
		ck_assert_ptr_nonnull(line);
		ck_assert_int_eq(sscanf(line, "msgid=lobby-%llu", &number), 1);
		ck_assert_uint_ge(number, last);
		if (number == last)
			continue; /* a part */
		last = number;
		(void)snprintf(numbers + strlen(numbers),
		    sizeof(numbers) - strlen(numbers), "%s%llu",
		    *numbers == '\0' ? "" : " ", number);
	}
	ck_assert(batches == 2 || strcmp(numbers, "fail") == 0);
	free(text);
	return numbers;
}

START_TEST(test_pages)
{
	int i;

	ck_assert_str_eq(ask("LATEST #lobby * 10"), "");
	ck_assert_str_eq(ask("BEFORE #lobby timestamp=2026-06-02T14:02:11Z 1"),
	    "");
	for (i = 1; i <= 6; i++) /* two at a time */
		append(EVENT_SAY, "ana", i / 2 * 1000, 5);
	ck_assert_str_eq(ask("LATEST #lobby * 10"), "1 2 3 4 5 6");
	/* Who goes on by time would miss the rest of the same time. */
	ck_assert_str_eq(ask("LATEST #lobby * 1"), "6");
	ck_assert_str_eq(ask("LATEST #lobby * 2"), "4 5 6");
	ck_assert_str_eq(ask("BEFORE #lobby timestamp=1970-01-01T00:00:02Z 1"),
	    "2 3");
	ck_assert_str_eq(ask("AFTER #lobby timestamp=1970-01-01T00:00:01Z 1"),
	    "4 5");
	ck_assert_str_eq(ask("LATEST #lobby msgid=lobby-4 10"), "5 6");
	ck_assert_str_eq(ask("LATEST #lobby msgid=lobby-1 2"), "5 6");
	ck_assert_str_eq(ask("LATEST #lobby msgid=lobby-6 2"), "");
	ck_assert_str_eq(ask("latest #LOBBY timestamp=1970-01-01T00:00:01Z 9"),
	    "4 5 6");
	ck_assert_str_eq(ask("BEFORE #lobby msgid=lobby-4 2"), "2 3");
	ck_assert_str_eq(ask("BEFORE #lobby msgid=lobby-1 2"), "");
	ck_assert_str_eq(ask("BEFORE #lobby timestamp=1970-01-01T00:00:01Z 9"),
	    "1");
	ck_assert_str_eq(ask("AFTER #lobby msgid=lobby-4 1"), "5");
	ck_assert_str_eq(ask("AFTER #lobby msgid=lobby-6 1"), "");
	ck_assert_str_eq(ask("AFTER #lobby timestamp=1970-01-01T00:00:01Z 9"),
	    "4 5 6");
	ck_assert_str_eq(ask("AFTER #lobby timestamp=1970-01-01T00:00:00Z 2"),
	    "2 3");
	ck_assert_str_eq(ask("AROUND #lobby msgid=lobby-3 1"), "3");
	ck_assert_str_eq(ask("AROUND #lobby msgid=lobby-3 4"), "1 2 3 4");
	ck_assert_str_eq(ask("AROUND #lobby msgid=lobby-6 3"), "5 6");
	ck_assert_str_eq(ask("AROUND #lobby timestamp=1970-01-01T00:00:02Z 3"),
	    "2 3 4 5");
	ck_assert_str_eq(ask("BETWEEN #lobby msgid=lobby-2 msgid=lobby-5 9"),
	    "3 4");
	ck_assert_str_eq(ask("BETWEEN #lobby msgid=lobby-5 msgid=lobby-2 1"),
	    "4");
	ck_assert_str_eq(ask("BETWEEN #lobby msgid=lobby-2 msgid=lobby-2 9"),
	    "");
	ck_assert_str_eq(ask("BETWEEN #lobby msgid=lobby-6 "
			     "timestamp=1970-01-01T00:00:00Z 2"),
	    "4 5");
	ck_assert_str_eq(ask("BETWEEN #lobby timestamp=1970-01-01T00:00:03Z "
			     "timestamp=1970-01-01T00:00:00Z 9"),
	    "2 3 4 5");
	ck_assert_str_eq(ask("BEFORE #lobby msgid=lobby-7 9"), "fail");
}
END_TEST

/* What is not shown is not counted either. */
START_TEST(test_passed_over)
{
	struct membership *ms = member_in(directory_find(&mini.chat.directory,
					      "bob"),
	    mini.chat.lobby);

	append(EVENT_SAY, "ana", 1000, 5);
	append(EVENT_TOPIC, "ana", 2000, 5);
	append(EVENT_ME, "ana", 3000, 5);
	append(EVENT_SAY, "eve", 4000, 5);
	history_append_hole(ring(), 10);
	append(EVENT_NOTICE, "ana", 5000, 5);
	append(EVENT_SAY, "cy", 6000, 5);
	ck_assert_int_eq(person_ignore(&ms->member->person, 0, "eve"), 0);
	ck_assert_str_eq(ask("LATEST #lobby * 9"), "1 3 10 11");
	ck_assert_str_eq(ask("LATEST #lobby * 3"), "3 10 11");
	ck_assert_str_eq(ask("AFTER #lobby msgid=lobby-1 2"), "3 10");
	ck_assert_str_eq(ask("BEFORE #lobby msgid=lobby-7 1"), "3");
	ck_assert_str_eq(ask("AFTER #lobby msgid=lobby-7 1"), "10");
	ck_assert_str_eq(ask("AROUND #lobby msgid=lobby-7 2"), "3 10");
	mini_type(fd, "CAP REQ draft/event-playback\r\n");
	ck_assert_str_eq(ask("LATEST #lobby * 9"), "1 2 3 10 11");
}
END_TEST

/* The oldest were lapped: what is asked about them is answered from the
 * rest. */
START_TEST(test_lapped)
{
	char request[128], want[64];
	unsigned long long first;

	while (ring()->first_number < 1000)
		append(EVENT_SAY, "ana", (int64_t)ring()->next_number * 1000,
		    20);
	first = ring()->first_number;
	(void)snprintf(want, sizeof(want), "%llu %llu", first, first + 1);
	ck_assert_str_eq(ask("AFTER #lobby msgid=lobby-3 2"), want);
	ck_assert_str_eq(ask("AFTER #lobby timestamp=1970-01-01T00:00:09Z 2"),
	    want);
	ck_assert_str_eq(ask("BEFORE #lobby msgid=lobby-3 2"), "");
	ck_assert_str_eq(ask("BEFORE #lobby timestamp=1970-01-01T00:00:09Z 2"),
	    "");
	(void)snprintf(request, sizeof(request),
	    "BEFORE #lobby msgid=lobby-%llu 100", first + 1);
	(void)snprintf(want, sizeof(want), "%llu", first);
	ck_assert_str_eq(ask(request), want);
}
END_TEST

/* An answer has an end: in messages, in bytes, in what is looked at. */
START_TEST(test_bounds)
{
	const char *numbers;
	int i;

	for (i = 0; i < 150; i++)
		append(EVENT_SAY, "ana", i, 5);
	numbers = ask("LATEST #lobby * 1000000");
	ck_assert_int_eq(strncmp(numbers, "51 52 ", 6), 0);
	numbers = ask("AFTER #lobby timestamp=1970-01-01T00:00:00.009Z 100000");
	ck_assert_int_eq(strncmp(numbers, "11 12 ", 6), 0);
	ck_assert_str_eq(numbers + strlen(numbers) - 4, " 110");
	for (i = 0; i < 60; i++)
		append(EVENT_SAY, "ana", 1000 + i, 4000);
	(void)ask("LATEST #lobby * 100");
	ck_assert_uint_gt(seen.len, 120 * 1024);
	ck_assert_uint_lt(seen.len, 192 * 1024);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&seen), "msgid=lobby-210."));
	/* The middle is always among them. */
	numbers = ask("AROUND #lobby msgid=lobby-180 100");
	ck_assert_ptr_nonnull(strstr(numbers, " 179 180 181 "));
	/* Nothing but topics, for a long way: they are told how to go on. */
	append(EVENT_SAY, "ana", 5000, 0);
	for (i = 0; i < 8100; i++)
		append(EVENT_TOPIC, "ana", 5000, 0);
	append(EVENT_SAY, "ana", 5000, 0);
	ck_assert_str_eq(ask("BEFORE #lobby msgid=lobby-8312 100"), "fail");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&seen),
	    "FAIL CHATHISTORY MESSAGE_ERROR BEFORE #lobby :Of 8000 "
	    "messages there is none for you; go on BEFORE "
	    "msgid=lobby-312\r\n"));
	ck_assert_str_eq(ask("BEFORE #lobby msgid=lobby-312 1"), "211");
	ck_assert_str_eq(ask("AFTER #lobby msgid=lobby-211 100"), "fail");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&seen),
	    "; go on AFTER msgid=lobby-8211\r\n"));
	ck_assert_str_eq(ask("AFTER #lobby msgid=lobby-8211 100"), "8312");
	ck_assert_str_eq(ask("LATEST #lobby * 1"), "8312");
}
END_TEST

/* Exactly as many as may be looked at: the next one is not known to be shown,
 * and an empty answer would mean that there is none. */
START_TEST(test_bound_is_met)
{
	int i;

	append(EVENT_SAY, "ana", 1000, 5);
	for (i = 0; i < 8000; i++)
		append(EVENT_TOPIC, "ana", 2000, 0);
	append(EVENT_SAY, "ana", 3000, 5);
	ck_assert_str_eq(ask("AFTER #lobby msgid=lobby-1 9"), "fail");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&seen),
	    "; go on AFTER msgid=lobby-8001\r\n"));
	ck_assert_str_eq(ask("AFTER #lobby msgid=lobby-8001 9"), "8002");
	/* All was looked at, and there is none. */
	ck_assert_str_eq(ask("BETWEEN #lobby msgid=lobby-1 msgid=lobby-8002 9"),
	    "");
	ck_assert_str_eq(ask("AFTER #lobby msgid=lobby-2 9"), "8002");
}
END_TEST

/* The time at which the lobby is a target between these, or "". */
static const char *
ask_targets(const char *from, const char *to)
{
	static char time[64];
	char *text;
	const char *found;

	text = xasprintf("CHATHISTORY TARGETS timestamp=1970-01-01T00:%sZ "
			 "timestamp=1970-01-01T00:%sZ 9\r\n",
	    from, to);
	mini_type(fd, text);
	free(text);
	buf_reset(&seen);
	mini_run(&mini);
	mini_read(fd, &seen);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&seen), " BATCH -"));
	time[0] = '\0';
	found = strstr(buf_cstr(&seen), " CHATHISTORY TARGETS #lobby ");
	if (found != NULL)
		ck_assert_int_eq(sscanf(found,
				     " CHATHISTORY TARGETS #lobby "
				     "1970-01-01T00:%63[0-9:.]",
				     time),
		    1);
	return time;
}

START_TEST(test_targets)
{
	int i;

	ck_assert_str_eq(ask_targets("00:00", "59:00"), "");
	append(EVENT_SAY, "ana", 10000, 5);
	ck_assert_str_eq(ask_targets("00:00", "59:00"), "00:10.000");
	ck_assert_str_eq(ask_targets("00:10", "59:00"), "");
	ck_assert_str_eq(ask_targets("00:00", "00:10"), "");
	/* A hole has no time. */
	history_append_hole(ring(), 10);
	ck_assert_str_eq(ask_targets("00:00", "59:00"), "00:10.000");
	/* What is before the first time is not looked at. */
	for (i = 0; i < 9000; i++)
		append(EVENT_TOPIC, "ana", 20000, 0);
	ck_assert_str_eq(ask_targets("00:20", "59:00"), "");
	/* Too many to know: rather a target too many than one too few. */
	ck_assert_str_eq(ask_targets("00:05", "59:00"), "00:20.000");
	ck_assert_str_eq(ask_targets("00:05", "00:15"), "00:14.999");
	append(EVENT_SAY, "ana", 30000, 5);
	ck_assert_str_eq(ask_targets("00:05", "59:00"), "00:30.000");
}
END_TEST

/* What was said in this turn is delivered before it is in an answer. */
START_TEST(test_of_this_turn)
{
	struct event e = {
		.kind = EVENT_SAY,
		.nick = "ana",
		.author = 1000,
		.text = "hello",
		.text_len = 5,
	};
	const char *text;

	room_publish(mini.chat.lobby, &e, NULL);
	mini_type(fd, "CHATHISTORY LATEST #lobby * 9\r\n");
	mini_run(&mini);
	mini_read(fd, &seen);
	text = strstr(buf_cstr(&seen), "@msgid=lobby-1 :ana!*@* PRIVMSG ");
	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(strstr(text, " BATCH +"));
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "references", NULL, NULL);

	tcase_add_test(tc, test_times);
	tcase_add_test(tc, test_references);
	tc = unit_case(s, "pages", setup, teardown);
	tcase_add_test(tc, test_pages);
	tcase_add_test(tc, test_passed_over);
	tcase_add_test(tc, test_lapped);
	tcase_add_test(tc, test_bounds);
	tcase_add_test(tc, test_bound_is_met);
	tcase_add_test(tc, test_targets);
	tcase_add_test(tc, test_of_this_turn);
}

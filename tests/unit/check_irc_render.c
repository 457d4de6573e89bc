/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What IRC clients are sent for each event, with each of the capabilities that
 * make a difference, and how long texts are split; and that a line is written
 * down once for all who have the same set of them.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/util.h"
#include "chat-fixture.h"
#include "irc/irc-message.h"
#include "irc/irc.h"
#include "unit.h"

#define TEXT(s) .text = (s), .text_len = sizeof(s) - 1
#define TIME_MS 1780408931123
#define TIME "2026-06-02T14:02:11.123Z"

#define ALL IRC_CAPS_RENDERED
#define NONE 0

static struct buf out = BUF_INITIALIZER;

/* ana is the author, at HOST. */
static void
setup(void)
{
	fixture_setup_empty();
	fake_init_tracker(&fx, &ana, 1, "ana");
	member_set_user(ana.m, "ann");
	member_set_realname(ana.m, "Ana A.");
}

static void
teardown(void)
{
	fixture_teardown();
	buf_fini(&out);
}

/* What event becomes for who has caps. Valid until the next call. */
static const char *
render(uint32_t caps, const struct event *event)
{
	buf_reset(&out);
	dialect_render(irc_dialect(caps), &out, event);
	return buf_cstr(&out);
}

/* Each HOST in it stands for where ana is. The caller frees it. */
static char *
expand(const char *shown)
{
	struct buf text = BUF_INITIALIZER;
	char host[MEMBER_HOST_SIZE], *copy;
	const char *at;

	memcpy(host, ana.m->host, sizeof(host));
	while ((at = strstr(shown, "HOST")) != NULL) {
		buf_add(&text, shown, (size_t)(at - shown));
		buf_addstr(&text, host);
		shown = at + 4;
	}
	buf_addstr(&text, shown);
	copy = xstrdup(buf_cstr(&text));
	buf_fini(&text);
	return copy;
}

#define BY_ANA .nick = "ana", .author = 1, .room = "kitchen", .time_ms = TIME_MS

/* An event by ana, who is here unless is_past; as it is with caps, and, if
 * without is not NULL, with all others. */
static const struct {
	struct event event;
	uint32_t caps;
	const char *shown;
	const char *without;
	bool is_past;
} cases[] = {
	/* What is said */
	{ { .kind = EVENT_SAY, BY_ANA, TEXT("hi there") }, NONE,
	    ":ana!ann@HOST PRIVMSG #kitchen :hi there\r\n", NULL, false },
	{ { .kind = EVENT_SAY, BY_ANA, .number = 7, TEXT("hi") },
	    IRC_CAP_SERVER_TIME,
	    "@time=" TIME " :ana!ann@HOST PRIVMSG #kitchen :hi\r\n", NULL,
	    false },
	{ { .kind = EVENT_SAY,
	      BY_ANA,
	      .number = 7,
	      .tags = "+a=b;+c",
	      TEXT("hi") },
	    IRC_CAP_MESSAGE_TAGS,
	    "@msgid=kitchen-7;+a=b;+c :ana!ann@HOST PRIVMSG #kitchen :hi\r\n",
	    NULL, false },
	{ { .kind = EVENT_SAY, BY_ANA, .number = 7, TEXT("hi") }, ALL,
	    "@time=" TIME ";msgid=kitchen-7 "
	    ":ana!ann@HOST PRIVMSG #kitchen :hi\r\n",
	    NULL, false },
	/* From the history it is no longer than it was. */
	{ { .kind = EVENT_SAY, BY_ANA, .number = 7, TEXT("hi") }, NONE,
	    ":ana!*@* PRIVMSG #kitchen :hi\r\n", NULL, true },
	{ { .kind = EVENT_ME, BY_ANA, TEXT("waves") }, NONE,
	    ":ana!ann@HOST PRIVMSG #kitchen :\1ACTION waves\1\r\n", NULL,
	    false },
	{ { .kind = EVENT_NOTICE, BY_ANA, TEXT("hi") }, NONE,
	    ":ana!ann@HOST NOTICE #kitchen :hi\r\n", NULL, false },
	{ { .kind = EVENT_CTCP, BY_ANA, TEXT("PING 1") }, NONE,
	    ":ana!ann@HOST PRIVMSG #kitchen :\1PING 1\1\r\n", NULL, false },
	{ { .kind = EVENT_CTCP, BY_ANA, TEXT("PING 1"), .is_notice = true },
	    NONE, ":ana!ann@HOST NOTICE #kitchen :\1PING 1\1\r\n", NULL,
	    false },
	{ { .kind = EVENT_TAGS, BY_ANA, .msgid = 0x1f, .tags = "+typing" },
	    IRC_CAP_MESSAGE_TAGS,
	    "@msgid=1f;+typing :ana!ann@HOST TAGMSG #kitchen\r\n", "", false },

	/* In private */
	{ { .kind = EVENT_PRIVATE, BY_ANA, .other = "bob", TEXT("psst") }, NONE,
	    ":ana!ann@HOST PRIVMSG bob :psst\r\n", NULL, false },
	{ { .kind = EVENT_PRIVATE,
	      BY_ANA,
	      .other = "bob",
	      .msgid = 0x1f,
	      TEXT("psst"),
	      .is_notice = true },
	    IRC_CAP_MESSAGE_TAGS,
	    "@msgid=1f :ana!ann@HOST NOTICE bob :psst\r\n", NULL, false },
	{ { .kind = EVENT_PRIVATE,
	      BY_ANA,
	      .other = "bob",
	      TEXT("VERSION"),
	      .is_ctcp = true },
	    NONE, ":ana!ann@HOST PRIVMSG bob :\1VERSION\1\r\n", NULL, false },
	{ { .kind = EVENT_PRIVATE,
	      BY_ANA,
	      .other = "bob",
	      TEXT("nods"),
	      .is_action = true },
	    NONE, ":ana!ann@HOST PRIVMSG bob :\1ACTION nods\1\r\n", NULL,
	    false },
	{ { .kind = EVENT_PRIVATE,
	      BY_ANA,
	      .other = "bob",
	      .status = '@',
	      TEXT("ops") },
	    NONE, ":ana!ann@HOST PRIVMSG @#kitchen :ops\r\n", NULL, false },

	/* Who is there */
	{ { .kind = EVENT_SYNC_JOIN, BY_ANA }, IRC_CAP_EXTENDED_JOIN,
	    ":ana!ann@HOST JOIN #kitchen * :Ana A.\r\n",
	    ":ana!ann@HOST JOIN #kitchen\r\n", false },
	{ { .kind = EVENT_SYNC_PART, BY_ANA }, NONE,
	    ":ana!ann@HOST PART #kitchen\r\n", NULL, false },
	{ { .kind = EVENT_SYNC_PART, BY_ANA, TEXT("tired") }, NONE,
	    ":ana!ann@HOST PART #kitchen :tired\r\n", NULL, false },
	{ { .kind = EVENT_SYNC_QUIT, BY_ANA, TEXT("tired") }, NONE,
	    ":ana!ann@HOST QUIT :tired\r\n", NULL, false },
	{ { .kind = EVENT_KICK, BY_ANA, .other = "bob", TEXT("loud") }, NONE,
	    ":ana!ann@HOST KICK #kitchen bob :loud\r\n", NULL, false },
	{ { .kind = EVENT_KICK, BY_ANA, .other = "bob" }, NONE,
	    ":ana!ann@HOST KICK #kitchen bob :ana\r\n", NULL, false },
	{ { .kind = EVENT_SYNC_RENAME, BY_ANA, .other = "anna" }, NONE,
	    ":anna!ann@HOST NICK ana\r\n", NULL, false },
	{ { .kind = EVENT_INVITE, BY_ANA, .other = "bob" },
	    IRC_CAP_INVITE_NOTIFY, ":ana!ann@HOST INVITE bob #kitchen\r\n", "",
	    false },
	{ { .kind = EVENT_SYNC_SETNAME, BY_ANA, TEXT("Ana B.") },
	    IRC_CAP_SETNAME, ":ana!ann@HOST SETNAME :Ana B.\r\n", "", false },
	{ { .kind = EVENT_SYNC_AWAY, BY_ANA, TEXT("lunch") },
	    IRC_CAP_AWAY_NOTIFY, ":ana!ann@HOST AWAY :lunch\r\n", "", false },
	{ { .kind = EVENT_SYNC_AWAY, BY_ANA, TEXT("") }, IRC_CAP_AWAY_NOTIFY,
	    ":ana!ann@HOST AWAY :be right back\r\n", "", false },
	{ { .kind = EVENT_SYNC_AWAY, BY_ANA }, IRC_CAP_AWAY_NOTIFY,
	    ":ana!ann@HOST AWAY\r\n", "", false },

	/* The room */
	{ { .kind = EVENT_TOPIC, BY_ANA, .number = 8, TEXT("cake") },
	    IRC_CAP_MESSAGE_TAGS,
	    "@msgid=kitchen-8 :ana!ann@HOST TOPIC #kitchen :cake\r\n", NULL,
	    false },
	{ { .kind = EVENT_TOPIC, BY_ANA, TEXT("") }, NONE,
	    ":ana!ann@HOST TOPIC #kitchen :\r\n", NULL, false },
	{ { .kind = EVENT_MODE, BY_ANA, TEXT("+o bob") }, NONE,
	    ":ana!ann@HOST MODE #kitchen +o bob\r\n", NULL, false },

	/* What IRC is told in other words, or not at all */
	{ { .kind = EVENT_LEFT, BY_ANA, TEXT("tired") }, ALL, "", "", false },
	{ { .kind = EVENT_WENT, BY_ANA, .other = "lobby" }, ALL, "", "",
	    false },
	{ { .kind = EVENT_NICK, BY_ANA, .other = "anna" }, ALL, "", "", false },
	{ { .kind = EVENT_BREAK, BY_ANA, TEXT("lunch") }, ALL, "", "", false },
	{ { .kind = EVENT_BACK, BY_ANA, .duration_ms = 1000 }, ALL, "", "",
	    false },
	{ { .kind = EVENT_WAITING, BY_ANA, .other = "lobby", .count = 3 }, ALL,
	    "", "", false },
	{ { .kind = EVENT_PRESENCE, BY_ANA }, ALL, "", "", false },
	{ { .kind = EVENT_LIVE, BY_ANA, .live = EVENT_LIVE_NOW }, ALL, "", "",
	    false },
};

START_TEST(test_events)
{
	struct event event = cases[_i].event;
	char *shown = expand(cases[_i].shown);

	event.from = cases[_i].is_past ? NULL : ana.m;
	event.server = "irc.example";
	ck_assert_str_eq(render(cases[_i].caps, &event), shown);
	free(shown);
	if (cases[_i].without == NULL)
		return;
	/* All others but those that make the tags. */
	shown = expand(cases[_i].without);
	ck_assert_str_eq(render(ALL &
				 ~(uint32_t)(cases[_i].caps |
				     IRC_CAP_SERVER_TIME |
				     IRC_CAP_MESSAGE_TAGS),
			     &event),
	    shown);
	free(shown);
}
END_TEST

/* Who is a bot is marked so, and who joins while away is so from the start. */
START_TEST(test_author)
{
	struct event event = { .kind = EVENT_SYNC_JOIN, BY_ANA, .from = ana.m };
	char *shown;

	member_set_flags(ana.m, MEMBER_BOT);
	shown = expand("@bot :ana!ann@HOST JOIN #kitchen\r\n");
	ck_assert_str_eq(render(IRC_CAP_MESSAGE_TAGS, &event), shown);
	free(shown);

	member_set_flags(ana.m, 0);
	member_away(ana.m, "lunch");
	shown = expand(":ana!ann@HOST JOIN #kitchen\r\n"
		       ":ana!ann@HOST AWAY :lunch\r\n");
	ck_assert_str_eq(render(IRC_CAP_AWAY_NOTIFY, &event), shown);
	free(shown);
	shown = expand(":ana!ann@HOST JOIN #kitchen\r\n");
	ck_assert_str_eq(render(NONE, &event), shown);
	free(shown);
}
END_TEST

/* By nobody: the server. */
START_TEST(test_server)
{
	struct event event = { .kind = EVENT_MODE,
		.server = "irc.example",
		.room = "kitchen",
		TEXT("+nt") };
	const struct event_tally tally = {
		.nick = { "bob" }, .count = { 1 }, .names = 1
	};

	ck_assert_str_eq(render(ALL, &event),
	    ":irc.example MODE #kitchen +nt\r\n");
	event.kind = EVENT_KICK;
	event.other = "bob";
	event.text_len = 0;
	ck_assert_str_eq(render(ALL, &event),
	    ":irc.example KICK #kitchen bob :irc.example\r\n");
	event.kind = EVENT_LIVE;
	event.live = EVENT_LIVE_AFTER_PAST;
	ck_assert_str_eq(render(ALL, &event),
	    ":irc.example NOTICE #kitchen :that was the past; you are live\r\n");
	/* A topic of the past is not the one that there is. */
	event.kind = EVENT_TOPIC;
	event.nick = "ana";
	event.is_past = true;
	event.text_len = 2;
	ck_assert_str_eq(render(NONE, &event),
	    ":irc.example NOTICE #kitchen :ana set the topic: +n\r\n");
	/* What was missed is told if anything was. */
	event.kind = EVENT_WELCOME;
	event.tally = &tally;
	ck_assert_str_eq(render(ALL, &event), "");
	event.count = 1;
	ck_assert_str_eq(render(NONE, &event),
	    ":irc.example NOTICE #kitchen :welcome back. 0s, 1 message: bob 1\r\n");
	/* Each line has its day. */
	event.kind = EVENT_DATE;
	event.time_ms = TIME_MS;
	ck_assert_str_eq(render(IRC_CAP_SERVER_TIME, &event), "");
	ck_assert_str_eq(render(NONE, &event), "");
}
END_TEST

/* Who is not told the time of what is old finds it in the text. */
START_TEST(test_age)
{
	struct event event = {
		.kind = EVENT_SAY, BY_ANA, .text = "hi", .text_len = 2
	};
	char hhmm[CLOCK_HHMM_SIZE], date[CLOCK_DATE_SIZE], want[128];

	event.time_ms = TIME_MS;
	clock_hhmm(TIME_MS, hhmm);
	clock_date(TIME_MS, date);
	ck_assert_ptr_nonnull(strstr(render(NONE, &event), " :hi\r\n"));
	event.age = EVENT_AGE_TODAY;
	(void)snprintf(want, sizeof(want), " :[%s] hi\r\n", hhmm);
	ck_assert_ptr_nonnull(strstr(render(NONE, &event), want));
	ck_assert_ptr_nonnull(strstr(render(IRC_CAP_SERVER_TIME, &event),
	    " :hi\r\n"));
	event.age = EVENT_AGE_EARLIER;
	event.kind = EVENT_ME;
	(void)snprintf(want, sizeof(want), " :\1ACTION [%s %s] hi\1\r\n", date,
	    hhmm);
	ck_assert_ptr_nonnull(strstr(render(NONE, &event), want));
	/* It would make another word of what programs read. */
	event.kind = EVENT_CTCP;
	ck_assert_ptr_nonnull(strstr(render(NONE, &event), " :\1hi\1\r\n"));
	event.kind = EVENT_TOPIC;
	event.is_past = true;
	(void)snprintf(want, sizeof(want),
	    " :[%s %s] ana set the topic: hi\r\n", date, hhmm);
	ck_assert_ptr_nonnull(strstr(render(NONE, &event), want));
}
END_TEST

/*
 * A text of any length comes whole, in lines that are none too long: each has
 * the frame, and a msgid of its own. Returns how many they are.
 */
static unsigned
check_parts(const struct event *event, const char *open, const char *close)
{
	const char *at = render(IRC_CAP_MESSAGE_TAGS, event), *line, *end;
	struct buf joined = BUF_INITIALIZER;
	char id[32];
	unsigned part = 0;
	size_t len;

	for (; *at != '\0'; at = end + 2, part++) {
		end = strstr(at, "\r\n");
		ck_assert_ptr_nonnull(end);
		(void)snprintf(id, sizeof(id), "@msgid=kitchen-7%s%.0u ",
		    part == 0 ? "" : ".", part);
		ck_assert_mem_eq(at, id, strlen(id));
		line = at + strlen(id);
		ck_assert_uint_le((size_t)(end - line), IRC_LINE_MAX);
		line = strstr(line, " :") + 2;
		len = (size_t)(end - line);
		ck_assert_uint_gt(len, strlen(open) + strlen(close));
		ck_assert_mem_eq(line, open, strlen(open));
		ck_assert_mem_eq(end - strlen(close), close, strlen(close));
		line += strlen(open);
		len -= strlen(open) + strlen(close);
		ck_assert(text_is_utf8(line, len));
		/* The blank where it was broken is not sent. */
		if (joined.len > 0 && joined.len < event->text_len &&
		    event->text[joined.len] == ' ')
			buf_addch(&joined, ' ');
		buf_add(&joined, line, len);
	}
	ck_assert_uint_eq(joined.len, event->text_len);
	ck_assert_mem_eq(joined.data, event->text, joined.len);
	buf_fini(&joined);
	return part;
}

START_TEST(test_split)
{
	static const char *const pieces[] = { "x", "\xc3\xa4",
		"\xf0\x9f\x8d\xb0", "some words " };
	struct event event = {
		.kind = EVENT_SAY, BY_ANA, .number = 7, .from = ana.m
	};
	struct buf text = BUF_INITIALIZER;
	unsigned parts;

	while (text.len < 2000)
		buf_addstr(&text, pieces[_i]);
	if (text.data[text.len - 1] == ' ')
		text.len--;
	event.text = text.data;
	event.text_len = text.len;
	parts = check_parts(&event, "", "");
	ck_assert_uint_ge(parts, 2000 / IRC_LINE_MAX + 1);
	ck_assert_uint_le(parts, 8);
	event.kind = EVENT_ME;
	ck_assert_uint_ge(check_parts(&event, "\1ACTION ", "\1"), parts);
	event.text = "x";
	event.text_len = 1;
	ck_assert_uint_eq(check_parts(&event, "\1ACTION ", "\1"), 1);
	buf_fini(&text);
}
END_TEST

/* Sets that make no difference to what all are sent are one dialect. */
START_TEST(test_dialects)
{
	uint32_t caps;
	char name[16];

	ck_assert_ptr_eq(irc_dialect(UINT32_MAX),
	    irc_dialect(ALL | IRC_CAP_BATCH));
	ck_assert_ptr_eq(irc_dialect(IRC_CAP_SETNAME | IRC_CAP_ECHO_MESSAGE |
			     IRC_CAP_BATCH | IRC_CAP_CHATHISTORY),
	    irc_dialect(IRC_CAP_SETNAME));
	for (caps = 0; caps < IRC_DIALECTS; caps++) {
		ck_assert(irc_dialect(caps | IRC_CAP_BATCH)->tracks_members);
		(void)snprintf(name, sizeof(name), "irc-%02x", (unsigned)caps);
		ck_assert_str_eq(irc_dialect(caps | IRC_CAP_BATCH)->name, name);
		ck_assert_ptr_eq(irc_find_dialect(name),
		    irc_dialect(caps | IRC_CAP_BATCH));
	}
	ck_assert_ptr_null(irc_find_dialect("irc-200"));
	ck_assert_ptr_null(irc_find_dialect("line"));
}
END_TEST

/* One that counts how often it is asked. */
struct counting {
	struct dialect base;
	uint32_t caps;
	unsigned calls;
};

static void
counting_render(const struct dialect *dialect, struct buf *buf,
    const struct event *event)
{
	struct counting *c = (struct counting *)(void *)(uintptr_t)dialect;

	if (event->kind == EVENT_SAY)
		c->calls++;
	dialect_render(irc_dialect(c->caps), buf, event);
}

#define SETS 3
#define PEOPLE 30

static const char *shared[PEOPLE];

static void
remember_bytes(struct fake *f, const char *data, size_t len)
{
	const char **where = f->arg;

	(void)len;
	*where = data;
}

/* Once for each set in use, whoever has it: they are handed the same bytes. */
START_TEST(test_once_per_set)
{
	static struct counting sets[SETS] = {
		{ { .name = "a", .render = counting_render }, NONE, 0 },
		{ { .name = "b", .render = counting_render },
		    IRC_CAP_SERVER_TIME, 0 },
		{ { .name = "c", .render = counting_render }, ALL, 0 },
	};
	struct fake people[PEOPLE];
	char nick[8];
	int i;

	(void)fake_join(&fx, &ana, "lobby");
	for (i = 0; i < PEOPLE; i++) {
		fake_init_with(&fx, &people[i], i + 2, &sets[i % SETS].base);
		(void)snprintf(nick, sizeof(nick), "p%c%c", 'a' + i / 8,
		    'a' + i % 8);
		(void)fake_nick(&people[i], nick);
		(void)fake_join(&fx, &people[i], "lobby");
	}
	fixture_settle(&fx);
	for (i = 0; i < PEOPLE; i++) {
		people[i].arg = &shared[i];
		people[i].on_deliver = remember_bytes;
		people[i].deliveries = 0;
	}
	fake_say_in(fake_in(&fx, &ana, "lobby"), "one");
	fake_say_in(fake_in(&fx, &ana, "lobby"), "two");
	fixture_settle(&fx);
	for (i = 0; i < SETS; i++)
		ck_assert_uint_eq(sets[i].calls, 2); /* a line each */
	for (i = 0; i < PEOPLE; i++) {
		ck_assert_uint_eq(people[i].deliveries, 1);
		ck_assert_ptr_nonnull(shared[i]);
		ck_assert_ptr_eq(shared[i], shared[i % SETS]);
	}
	ck_assert_ptr_ne(shared[0], shared[1]);
	ck_assert_ptr_ne(shared[1], shared[2]);
	for (i = 0; i < PEOPLE; i++)
		fake_fini(&people[i]);
}
END_TEST

/* Times one after the other, of the same minute and of others. */
START_TEST(test_times)
{
	static const int64_t steps[] = { 0, 1, 9, 90, 899, 1000, 9001, 50000,
		59999, 60000, 1, 3600000, 86399999, 86400000 * INT64_C(366) };
	struct buf b = BUF_INITIALIZER;
	int64_t ms = 1767225540000; /* a minute before 2026 */
	char want[64];
	struct tm tm;
	time_t s;
	size_t i;

	for (i = 0; i < 20 * NITEMS(steps); i++) {
		ms += steps[i % NITEMS(steps)];
		s = (time_t)(ms / 1000);
		ck_assert_ptr_nonnull(gmtime_r(&s, &tm));
		(void)snprintf(want, sizeof(want),
		    "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
		    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		    (int)(ms % 1000));
		buf_reset(&b);
		irc_add_time(&b, ms);
		ck_assert_str_eq(buf_cstr(&b), want);
	}
	buf_fini(&b);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "events", setup, teardown);

	setenv("TZ", "UTC", 1);
	tcase_add_loop_test(tc, test_events, 0, (int)NITEMS(cases));
	tcase_add_test(tc, test_author);
	tcase_add_test(tc, test_times);
	tcase_add_test(tc, test_server);
	tcase_add_test(tc, test_age);
	tcase_add_loop_test(tc, test_split, 0, 4);
	tcase_add_test(tc, test_dialects);
	tcase_add_test(tc, test_once_per_set);
}

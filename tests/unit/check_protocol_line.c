/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What plain clients are shown of things that only others can do. All else is
 * in the dialogs.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "history/event.h"
#include "plain/plain.h"
#include "session/protocol.h"
#include "unit.h"

#define TEXT(s) .text = (s), .text_len = sizeof(s) - 1

static const struct {
	struct event event;
	const char *shown; /* behind the time, if there is one */
} lines[] = {
	{ { .kind = EVENT_NOTICE, .nick = "bob", TEXT("text") }, "-bob- text" },
	{ { .kind = EVENT_PRIVATE,
	      .nick = "bob",
	      .other = "ana",
	      TEXT("hi"),
	      .is_notice = true },
	    "-bob -> you- hi" },
	{ { .kind = EVENT_PRIVATE_SENT,
	      .other = "bob",
	      TEXT("hi"),
	      .is_notice = true },
	    "-you -> bob- hi" },
	{ { .kind = EVENT_PRIVATE, .nick = "bob", .other = "ana", TEXT("hi") },
	    "<bob -> you> hi" },
	{ { .kind = EVENT_PRIVATE_SENT, .other = "bob", TEXT("hi") },
	    "<you -> bob> hi" },
	/* Nothing public can look so. */
	{ { .kind = EVENT_PRIVATE,
	      .nick = "bob",
	      .other = "ana",
	      TEXT("waves"),
	      .is_action = true },
	    "<* bob -> you> waves" },
	{ { .kind = EVENT_PRIVATE_SENT,
	      .other = "bob",
	      TEXT("waves"),
	      .is_action = true },
	    "<* you -> bob> waves" },
	{ { .kind = EVENT_ME, .nick = "bob", TEXT("-> you waves") },
	    "* bob -> you waves" },
	{ { .kind = EVENT_KICK, .nick = "ana", .other = "bob", TEXT("spam") },
	    "-- ana kicked bob (spam)" },
	{ { .kind = EVENT_KICK, .nick = "ana", .other = "bob" },
	    "-- ana kicked bob" },
	{ { .kind = EVENT_KICK, .other = "bob" }, "-- the server kicked bob" },
	{ { .kind = EVENT_MODE, .nick = "ana", TEXT("+o bob") },
	    "-- ana set mode +o bob" },
	{ { .kind = EVENT_MODE, TEXT("+nt") }, "-- the server set mode +nt" },
	{ { .kind = EVENT_DATE, .time_ms = 1780401600000 },
	    "-- Tue 2 Jun 2026 --" },
};

static const char *const dialects[] = { "line", "line-crlf" };

START_TEST(test_lines)
{
	struct buf out = BUF_INITIALIZER;
	const struct dialect *d;
	const char *shown, *end;
	size_t i;

	for (i = 0; i < NITEMS(dialects); i++) {
		d = protocol_line.find_dialect(dialects[i]);
		buf_reset(&out);
		ck_assert(!d->tracks_members);
		dialect_render(d, &out, &lines[_i].event);
		shown = buf_cstr(&out);
		if (shown[0] == '[')
			shown += strlen("[00:00] ");
		ck_assert_uint_ge(strlen(shown), strlen(lines[_i].shown));
		end = shown + strlen(lines[_i].shown);
		ck_assert_mem_eq(shown, lines[_i].shown,
		    strlen(lines[_i].shown));
		ck_assert_str_eq(end, i == 0 ? "\n" : "\r\n");
	}
	buf_fini(&out);
}
END_TEST

/* No line, and no end of one. */
START_TEST(test_exact)
{
	struct buf out = BUF_INITIALIZER;
	struct event event = {
		.kind = (enum event_kind)_i,
		.nick = "bob",
		.other = "ana",
		.tags = "+a",
		TEXT("text"),
	};
	size_t i;

	ck_assert(event_is_for_trackers(event.kind));
	for (i = 0; i < NITEMS(dialects); i++) {
		buf_reset(&out);
		dialect_render(protocol_line.find_dialect(dialects[i]), &out,
		    &event);
		ck_assert_uint_eq(out.len, 0);
	}
	buf_fini(&out);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "protocol-line", NULL, NULL);

	setenv("TZ", "UTC", 1);
	tcase_add_loop_test(tc, test_lines, 0, (int)NITEMS(lines));
	tcase_add_loop_test(tc, test_exact, EVENT_SYNC_JOIN,
	    EVENT_SYNC_ACCOUNT + 1);
}

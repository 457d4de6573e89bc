/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * How events look: as they do in nc (brbd-protocol(7)), so that who knows the
 * one can read the other. The first column is ours; a mention has a star there.
 * Colors are the terminal's own sixteen, on nicks and on what is not said.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/checksum.h"
#include "base/clock.h"
#include "base/text.h"
#include "brb/edit.h"
#include "brb/show.h"
#include "brb/talk.h"

#define SHOW_GREY 90
#define SHOW_RED 31
#define SHOW_BOLD 1

/* A time of the protocol in milliseconds since the epoch; -1: it is none. */
static int64_t
show_time(const char *text)
{
	struct tm tm;
	int ms = 0, len = 0;
	time_t t;

	memset(&tm, 0, sizeof(tm));
	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3d%n", &tm.tm_year,
		&tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
		&ms, &len) != 7 ||
	    strcmp(text + len, "Z") != 0)
		return -1;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	t = timegm(&tm);
	return t < 0 || ms < 0 ? -1 : (int64_t)t * 1000 + ms;
}

static void
show_color(const struct show *s, struct buf *out, unsigned color)
{
	if (s->has_colors)
		buf_addf(out, "\033[%um", color);
}

static void
show_plain(const struct show *s, struct buf *out)
{
	if (s->has_colors)
		buf_addstr(out, "\033[m");
}

/* The same for a nick each time; neither red nor grey, which say something
 * else. */
static void
show_nick(const struct show *s, struct buf *out, const char *nick)
{
	static const unsigned colors[] = { 32, 33, 34, 35, 36, 92, 94, 95, 96 };

	show_color(s, out,
	    colors[checksum(0, nick, strlen(nick)) % NITEMS(colors)]);
	buf_addstr(out, nick);
	show_plain(s, out);
}

static void
show_line(const struct show *s, struct buf *out, unsigned color,
    const char *mark, const char *text)
{
	show_color(s, out, color);
	buf_addf(out, "%s %s", mark, text);
	show_plain(s, out);
	buf_addch(out, '\n');
}

void
show_note(struct show *s, struct buf *out, const char *text)
{
	show_line(s, out, SHOW_GREY, "--", text);
}

void
show_error(struct show *s, struct buf *out, const char *text)
{
	show_line(s, out, SHOW_RED, "!!", text);
}

static void show_notef(struct show *s, struct buf *out, const char *fmt, ...)
    PRINTFLIKE(3, 4);

static void
show_notef(struct show *s, struct buf *out, const char *fmt, ...)
{
	struct buf text = BUF_INITIALIZER;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	show_note(s, out, buf_cstr(&text));
	buf_fini(&text);
}

/* Messages */

/* "[14:02]", after a line with the date, if that is another than before. */
static void
show_stamp(struct show *s, struct buf *out, const json_t *o, char mark)
{
	int64_t ms = show_time(talk_text(o, "time"));
	char hhmm[CLOCK_HHMM_SIZE] = "--:--", date[CLOCK_DATE_SIZE];
	struct clock now;

	memset(&now, 0, sizeof(now));
	clock_update(&now);
	if (ms >= 0) {
		clock_hhmm(ms, hhmm);
		if (clock_day(ms) !=
		    (s->day == 0 ? clock_day(now.wall_ms) : s->day)) {
			clock_date(ms, date);
			show_notef(s, out, "%s --", date);
		}
		s->day = clock_day(ms);
	}
	if (s->names_rooms)
		buf_addf(out, "%s: ", talk_text(o, "room"));
	if (mark == '*')
		show_color(s, out, SHOW_BOLD);
	buf_addf(out, "[%s]%c", hhmm, mark);
	if (mark == '*')
		show_plain(s, out);
}

static void
show_said_line(struct show *s, struct buf *out, const json_t *o, bool mentions,
    const char *line, size_t len)
{
	const char *kind = talk_text(o, "event"), *nick = talk_text(o, "nick");

	show_stamp(s, out, o, mentions ? '*' : ' ');
	if (strcmp(kind, "me") == 0) {
		buf_addstr(out, "* ");
		show_nick(s, out, nick);
		buf_addch(out, ' ');
	} else {
		buf_addch(out, *kind == 'n' ? '-' : '<');
		show_nick(s, out, nick);
		buf_addstr(out, *kind == 'n' ? "- " : "> ");
	}
	buf_add(out, line, len);
	buf_addch(out, '\n');
}

void
show_said(struct show *s, struct buf *out, const json_t *o, bool mentions)
{
	const char *nick = talk_text(o, "nick"), *text = talk_text(o, "text");
	size_t left = strlen(text), len, next;

	if (strcmp(talk_text(o, "event"), "topic") == 0) {
		if (left == 0)
			show_notef(s, out, "%s removed the topic", nick);
		else
			show_notef(s, out, "%s set the topic: %s", nick, text);
		return;
	}
	do {
		len = text_line(text, left, &next);
		show_said_line(s, out, o, mentions, text, len);
		text += next;
		left -= next;
	} while (left > 0);
}

static void
show_between(struct show *s, struct buf *out, const char *from, const char *to,
    const char *kind, const char *text)
{
	bool is_me = strcmp(kind, "me") == 0;

	buf_addstr(out, is_me ? "* " : *kind == 'n' ? "-" : "<");
	show_nick(s, out, from);
	buf_addf(out, " -> %s%s %s\n", to,
	    is_me            ? ":" :
		*kind == 'n' ? "-" :
			       ">",
	    text);
}

/* A private message from somebody, or to them. */
static void
show_private(struct show *s, struct buf *out, const json_t *o)
{
	const char *status = talk_text(o, "status");

	show_stamp(s, out, o, '*');
	show_between(s, out, talk_text(o, "nick"),
	    *status == '\0' ? "you" : "operators", talk_text(o, "kind"),
	    talk_text(o, "text"));
}

void
show_sent(struct show *s, struct buf *out, const char *to, const char *kind,
    const char *text)
{
	char hhmm[CLOCK_HHMM_SIZE];
	struct clock now;

	memset(&now, 0, sizeof(now));
	clock_update(&now);
	clock_hhmm(now.wall_ms, hhmm);
	buf_addf(out, "[%s] ", hhmm);
	show_between(s, out, "you", to, kind, text);
}

void
show_unsaid(const struct show *s, struct buf *out, const char *nick,
    const char *kind, const char *text, size_t cols)
{
	struct buf line = BUF_INITIALIZER;
	size_t lines = text_count_lines(text, strlen(text));

	buf_addstr(&line, "[ ... ] ");
	if (lines > 1)
		buf_addf(&line, "(%zu lines) ", lines);
	buf_addf(&line, strcmp(kind, "me") == 0 ? "* %s " : "<%s> ", nick);
	buf_add(&line, text, strcspn(text, "\n"));
	show_color(s, out, SHOW_GREY);
	buf_add(out, line.data, edit_fit(line.data, line.len, cols));
	show_plain(s, out);
	buf_fini(&line);
}

/* What else happens */

/* "ana 7, lee 4, cy 1" */
static void
show_by(struct buf *out, const json_t *o)
{
	const json_t *list = json_object_get(o, "by"), *one;
	unsigned long long others = talk_number(o, "others");
	const char *comma = ": ";
	size_t i;

	TALK_EACH(list, i, one) {
		buf_addf(out, "%s%s %llu", comma, talk_text(one, "nick"),
		    (unsigned long long)talk_number(one, "count"));
		comma = ", ";
	}
	if (others > 0)
		buf_addf(out, "%s%llu others %llu", comma, others,
		    (unsigned long long)talk_number(o, "others_count"));
}

static const char *
show_s(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void
show_welcome(struct show *s, struct buf *out, const json_t *o)
{
	uint64_t count = talk_number(o, "count");
	uint64_t mentions = talk_number(o, "mentions");
	json_t *away = json_object_get(o, "away");
	struct buf text = BUF_INITIALIZER;
	char since[CLOCK_DURATION_SIZE];
	double away_s = json_number_value(away);

	if (!(away_s >= 0 && away_s < 1e9))
		away_s = 0;
	clock_duration((int64_t)(away_s * 1000), since);
	buf_addf(&text, "%s: %s", talk_text(o, "room"), since);
	if (count == 0 && talk_number(o, "repeats") > 0)
		buf_addstr(&text, ", nothing that you surely missed");
	else if (count == 0)
		buf_addstr(&text, ", nothing was said");
	else {
		buf_addf(&text, ", %llu message%s", (unsigned long long)count,
		    show_s(count));
		show_by(&text, o);
		if (mentions > 0)
			buf_addf(&text, "; %llu mention%s you",
			    (unsigned long long)mentions,
			    mentions == 1 ? "s" : "");
	}
	show_note(s, out, buf_cstr(&text));
	buf_fini(&text);
}

static void
show_gap(struct show *s, struct buf *out, const json_t *o)
{
	unsigned long long count = talk_number(o, "count");

	if (json_is_true(json_object_get(o, "uncertain")))
		show_notef(s, out,
		    "... %llu earlier message%s in %s %s no "
		    "longer held, and more may have been lost",
		    count, show_s(count), talk_text(o, "room"),
		    count == 1 ? "is" : "are");
	else
		show_notef(s, out,
		    "... %llu earlier message%s in %s %s no "
		    "longer held",
		    count, show_s(count), talk_text(o, "room"),
		    count == 1 ? "is" : "are");
}

static void
show_away(struct show *s, struct buf *out, const json_t *o)
{
	const json_t *text = json_object_get(o, "text");
	const char *nick = talk_text(o, "nick");

	if (!json_is_string(text))
		show_notef(s, out, "%s is back", nick);
	else if (*json_string_value(text) == '\0')
		show_notef(s, out, "%s: be right back", nick);
	else
		show_notef(s, out, "%s: be right back (%s)", nick,
		    json_string_value(text));
}

/* " (text)", if there is one. */
static void
show_act(struct show *s, struct buf *out, const json_t *o, const char *what,
    const char *whom)
{
	const char *text = talk_text(o, "text");

	show_notef(s, out, "%s%s%s%s%s%s", talk_text(o, "nick"), what, whom,
	    *text == '\0' ? "" : " (", text, *text == '\0' ? "" : ")");
}

/* Who came and went. */
static bool
show_presence(struct show *s, struct buf *out, const char *name,
    const json_t *o, const char *me)
{
	const char *nick = talk_text(o, "nick");

	if (strcmp(name, "join") == 0)
		show_notef(s, out, "%s came", nick);
	else if (strcmp(name, "leave") == 0 || strcmp(name, "quit") == 0) {
		if (strcasecmp(nick, me) != 0)
			show_act(s, out, o, " left", "");
	} else if (strcmp(name, "nick") == 0) {
		if (strcasecmp(nick, me) == 0)
			show_notef(s, out, "you are now %s", nick);
		else
			show_notef(s, out, "%s is now %s", talk_text(o, "was"),
			    nick);
	} else if (strcmp(name, "away") == 0)
		show_away(s, out, o);
	else if (strcmp(name, "kick") == 0)
		show_act(s, out, o, " put out ", talk_text(o, "who"));
	else if (strcmp(name, "invite") == 0)
		show_notef(s, out, "%s invites %s to %s; /join %s", nick,
		    strcasecmp(talk_text(o, "who"), me) == 0 ?
			"you" :
			talk_text(o, "who"),
		    talk_text(o, "room"), talk_text(o, "room"));
	else if (strcmp(name, "mode") == 0)
		show_notef(s, out, "%s set mode %s in %s", nick,
		    talk_text(o, "text"), talk_text(o, "room"));
	else
		return false;
	return true;
}

static void
show_queued(struct show *s, struct buf *out, const json_t *o, bool again)
{
	unsigned long long count = talk_number(o, "count");
	unsigned long long lost = talk_number(o, "lost");

	if (again)
		show_notef(s, out,
		    "the next %llu private message%s may have "
		    "come before:",
		    count, show_s(count));
	else
		show_notef(s, out, "%llu private message%s meanwhile:", count,
		    show_s(count));
	if (lost > 0)
		show_notef(s, out, "%llu more could not be kept", lost);
}

void
show_event(struct show *s, struct buf *out, const char *name, const json_t *o,
    const char *me)
{
	if (show_presence(s, out, name, o, me))
		return;
	if (strcmp(name, "welcome") == 0)
		show_welcome(s, out, o);
	else if (strcmp(name, "gap") == 0)
		show_gap(s, out, o);
	else if (strcmp(name, "past") == 0)
		show_notef(s, out, "%s: the last messages",
		    talk_text(o, "room"));
	else if (strcmp(name, "msg") == 0)
		show_private(s, out, o);
	else if (strcmp(name, "msg-kept") == 0)
		show_queued(s, out, o, false);
	else if (strcmp(name, "msg-repeats") == 0)
		show_queued(s, out, o, true);
	else if (strcmp(name, "waiting") == 0)
		show_notef(s, out, "%llu new in %s; /join %s",
		    (unsigned long long)talk_number(o, "count"),
		    talk_text(o, "room"), talk_text(o, "room"));
	else if (strcmp(name, "refused") == 0)
		show_error(s, out, talk_text(o, "text"));
	else if (strcmp(name, "server") == 0)
		show_note(s, out, talk_text(o, "text"));
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

/*
 * The plain line protocol, for people in nc and telnet: brbd-protocol(7).
 * Column 0 is the server's: every line out begins with '[', "--" or "!!", so
 * that nobody can forge another's line. Lines end in LF, and in CR LF for a
 * client whose first line ended so.
 */

#include "config.h"

#include <string.h>

#include "buf.h"
#include "clock.h"
#include "command.h"
#include "conn.h"
#include "member.h"
#include "protocol.h"
#include "replay.h"
#include "room.h"
#include "session-room.h"
#include "session.h"
#include "text.h"
#include "util.h"

static void
line_add_time(struct buf *out, int64_t time_ms)
{
	char hhmm[CLOCK_HHMM_SIZE];

	clock_hhmm(time_ms, hhmm);
	buf_addch(out, '[');
	buf_add(out, hhmm, sizeof hhmm - 1);
	buf_add(out, "] ", 2);
}

/* " (text)", if there is any. */
static void
line_add_reason(struct buf *out, const struct event *e)
{
	if (e->text_len == 0)
		return;
	buf_add(out, " (", 2);
	buf_add(out, e->text, e->text_len);
	buf_addch(out, ')');
}

/* "ana, bob and 14 others came" */
static void
line_add_names(struct buf *out, const char *const names[], size_t count,
    size_t max, const char *what)
{
	size_t i, shown = count < max ? count : max;

	for (i = 0; i < shown; i++) {
		if (i > 0)
			buf_addstr(out, i + 1 == count ? " and " : ", ");
		buf_addstr(out, names[i]);
	}
	if (count > shown)
		buf_addf(out, " and %zu other%s", count - shown,
		    count - shown == 1 ? "" : "s");
	buf_addf(out, " %s", what);
}

static void
line_add_presence(struct buf *out, const struct event_presence *p)
{
	/* Four names at most, of both together. */
	size_t max = p->came_count > 0 && p->left_count > 0 ? 2 :
							      PRESENCE_NAMES;

	if (p->came_count > 0)
		line_add_names(out, p->came, p->came_count, max, "came");
	if (p->came_count > 0 && p->left_count > 0)
		buf_addstr(out, "; ");
	if (p->left_count > 0)
		line_add_names(out, p->left, p->left_count, max, "left");
}

static void
line_add_welcome(struct buf *out, const struct event *e)
{
	const struct event_tally *t = e->tally;
	char duration[CLOCK_DURATION_SIZE];
	size_t i;

	clock_duration(e->duration_ms, duration);
	buf_addf(out, "welcome back, %s. %s, ", e->nick, duration);
	if (e->count == 0) {
		buf_addf(out, "nothing%s was said", e->total > 0 ? " new" : "");
		return;
	}
	buf_addf(out, "%llu message%s: ", (unsigned long long)e->count,
	    e->count == 1 ? "" : "s");
	for (i = 0; i < t->names; i++)
		buf_addf(out, "%s%s %llu", i == 0 ? "" : ", ", t->nick[i],
		    (unsigned long long)t->count[i]);
	if (t->others > 0)
		buf_addf(out, ", %llu other%s %llu",
		    (unsigned long long)t->others, t->others == 1 ? "" : "s",
		    (unsigned long long)t->others_count);
	if (e->mentions > 0)
		buf_addf(out, "; %llu mention%s you",
		    (unsigned long long)e->mentions,
		    e->mentions == 1 ? "s" : "");
}

static void
line_add_live(struct buf *out, const struct event *e)
{
	switch (e->live) {
	case EVENT_LIVE_NOW:
		break;
	case EVENT_LIVE_AFTER_PAST:
		buf_addstr(out, "that was the past; ");
		break;
	case EVENT_LIVE_AFTER_CATCHUP:
		buf_addstr(out, "that is all; ");
		break;
	}
	buf_addstr(out, "you are live");
}

/* What stands after "-- ". */
static void
line_add_gap(struct buf *out, const struct event *e)
{
	if (e->count == 0)
		buf_addstr(out,
		    "\xe2\x80\xa6 some messages may have been lost here");
	else
		buf_addf(out,
		    "\xe2\x80\xa6 %llu%s earlier message%s %s no longer held",
		    (unsigned long long)e->count,
		    e->is_uncertain ? " or more" : "", e->count == 1 ? "" : "s",
		    e->count == 1 && !e->is_uncertain ? "is" : "are");
}

static const char *
line_who(const struct event *e)
{
	return e->nick == NULL ? "the server" : e->nick;
}

static void
line_add_notice(struct buf *out, const struct event *e)
{
	char duration[CLOCK_DURATION_SIZE], date[CLOCK_DATE_SIZE];
	const char *s = e->count == 1 ? "" : "s";

	switch (e->kind) {
	case EVENT_TOPIC:
		if (e->text_len == 0)
			buf_addf(out, "%s removed the topic", e->nick);
		else {
			buf_addf(out, "%s set the topic: ", e->nick);
			buf_add(out, e->text, e->text_len);
		}
		break;
	case EVENT_PRESENCE:
		line_add_presence(out, e->presence);
		break;
	case EVENT_LEFT:
		buf_addf(out, "%s left", e->nick);
		line_add_reason(out, e);
		break;
	case EVENT_WENT:
		buf_addf(out, "%s went to %s", e->nick, e->other);
		break;
	case EVENT_NICK:
		buf_addf(out, "%s is now %s", e->other, e->nick);
		break;
	case EVENT_BREAK:
		buf_addf(out, "%s: be right back", e->nick);
		line_add_reason(out, e);
		break;
	case EVENT_BACK:
		clock_duration(e->duration_ms, duration);
		buf_addf(out, "%s is back after %s", e->nick, duration);
		line_add_reason(out, e);
		break;
	case EVENT_OPERATOR:
		/* Nobody can have that nick. */
		buf_addstr(out, "server: ");
		buf_add(out, e->text, e->text_len);
		break;
	case EVENT_KICK:
		buf_addf(out, "%s kicked %s", line_who(e), e->other);
		line_add_reason(out, e);
		break;
	case EVENT_MODE:
		buf_addf(out, "%s set mode ", line_who(e));
		buf_add(out, e->text, e->text_len);
		break;
	case EVENT_KEPT:
		if (e->is_repeat)
			buf_addf(out,
			    "%llu private message%s that you may have seen "
			    "already:",
			    (unsigned long long)e->count, s);
		else
			buf_addf(out, "%llu private message%s %s kept for you:",
			    (unsigned long long)e->count, s,
			    e->count == 1 ? "was" : "were");
		break;
	case EVENT_WELCOME:
		line_add_welcome(out, e);
		break;
	case EVENT_REPEATS:
		if (e->count > 0)
			buf_addf(out, "%llu ", (unsigned long long)e->count);
		buf_addf(out, "message%s that you may have seen already:", s);
		break;
	case EVENT_NEW:
		buf_addstr(out, "new since then:");
		break;
	case EVENT_GAP:
		line_add_gap(out, e);
		break;
	case EVENT_DATE:
		clock_date(e->time_ms, date);
		buf_addf(out, "%s --", date);
		break;
	case EVENT_PAST:
		buf_addf(out, "the last %llu of %llu message%s:",
		    (unsigned long long)e->count, (unsigned long long)e->total,
		    e->total == 1 ? "" : "s");
		break;
	case EVENT_PAST_END:
		buf_addstr(out, "end of history");
		break;
	case EVENT_LIVE:
		line_add_live(out, e);
		break;
	case EVENT_WAITING:
		buf_addf(out, "%s%llu new in %s; /join %s",
		    e->count > 0 ? "" : "perhaps ",
		    (unsigned long long)(e->count > 0 ? e->count : e->total),
		    e->other, e->other);
		break;
	case EVENT_SAY:
	case EVENT_ME:
	case EVENT_NOTICE:
	case EVENT_PRIVATE:
	case EVENT_PRIVATE_SENT:
	case EVENT_JOIN:
	case EVENT_PART:
	case EVENT_TAGS:
	case EVENT_INVITE:
	case EVENT_QUIT:
	case EVENT_RENAME:
	case EVENT_AWAY:
	case EVENT_SETNAME:
		break; /* no notices: line_add() */
	}
}

/* Private messages; IRC's notices between hyphens, as its clients show them. */
static void
line_add_private(struct buf *out, const struct event *e, const char *from,
    const char *to)
{
	line_add_time(out, e->time_ms);
	buf_addf(out, "%c%s -> %s%c ", e->is_notice ? '-' : '<', from, to,
	    e->is_notice ? '-' : '>');
	buf_add(out, e->text, e->text_len);
}

/* False if there is no line for it. */
static bool
line_add(struct buf *out, const struct event *e)
{
	switch (e->kind) {
	case EVENT_SAY:
		line_add_time(out, e->time_ms);
		buf_addch(out, '<');
		buf_addstr(out, e->nick);
		buf_add(out, "> ", 2);
		buf_add(out, e->text, e->text_len);
		return true;
	case EVENT_NOTICE:
		line_add_time(out, e->time_ms);
		buf_addf(out, "-%s- ", e->nick);
		buf_add(out, e->text, e->text_len);
		return true;
	case EVENT_ME:
		line_add_time(out, e->time_ms);
		buf_addf(out, "* %s ", e->nick);
		buf_add(out, e->text, e->text_len);
		return true;
	case EVENT_PRIVATE:
		line_add_private(out, e, e->nick, "you");
		return true;
	case EVENT_PRIVATE_SENT:
		line_add_private(out, e, "you", e->other);
		return true;
	case EVENT_TOPIC:
	case EVENT_PRESENCE:
	case EVENT_LEFT:
	case EVENT_WENT:
	case EVENT_NICK:
	case EVENT_BREAK:
	case EVENT_BACK:
	case EVENT_OPERATOR:
	case EVENT_KICK:
	case EVENT_KEPT:
	case EVENT_WELCOME:
	case EVENT_REPEATS:
	case EVENT_NEW:
	case EVENT_GAP:
	case EVENT_DATE:
	case EVENT_PAST:
	case EVENT_PAST_END:
	case EVENT_LIVE:
	case EVENT_WAITING:
		buf_add(out, "-- ", 3);
		line_add_notice(out, e);
		return true;
	case EVENT_MODE:
		/* What somebody is on coming back, /who tells as well. */
		if (e->is_repeat)
			break;
		buf_add(out, "-- ", 3);
		line_add_notice(out, e);
		return true;
	case EVENT_JOIN:
	case EVENT_PART:
	case EVENT_TAGS:
	case EVENT_INVITE:
	case EVENT_QUIT:
	case EVENT_RENAME:
	case EVENT_AWAY:
	case EVENT_SETNAME:
		break;
	}
	return false;
}

static void
line_render_lf(const struct dialect *dialect, struct buf *out,
    const struct event *e)
{
	(void)dialect;
	if (line_add(out, e))
		buf_addch(out, '\n');
}

static void
line_render_crlf(const struct dialect *dialect, struct buf *out,
    const struct event *e)
{
	(void)dialect;
	if (line_add(out, e))
		buf_add(out, "\r\n", 2);
}

static const struct dialect line_lf = {
	.name = "line",
	.render = line_render_lf,
};

static const struct dialect line_crlf = {
	.name = "line-crlf",
	.render = line_render_crlf,
};

static const struct dialect *const line_dialects[] = { &line_lf, &line_crlf,
	NULL };

static void
line_reply(struct session *s, const char *prefix, const char *text)
{
	struct buf *out = &s->all->out;

	buf_reset(out);
	buf_addstr(out, prefix);
	buf_addstr(out, text);
	buf_addstr(out, s->is_crlf ? "\r\n" : "\n");
	conn_reply(s->conn, out->data, out->len);
}

static void
line_notice(struct session *s, const char *text)
{
	line_reply(s, "-- ", text);
}

static void
line_error(struct session *s, const char *text)
{
	line_reply(s, "!! ", text);
}

static const char *
line_refusal(const char *text)
{
	static char line[512];
	struct buf out = BUF_INITIALIZER;

	buf_addf(&out, "!! %s", text);
	memset(line, 0, sizeof line);
	memcpy(line, buf_cstr(&out),
	    out.len < sizeof line - 2 ? out.len : sizeof line - 2);
	line[strlen(line)] = '\n';
	buf_fini(&out);
	return line;
}

static void
line_open(struct session *s)
{
	struct room *lobby = s->all->rooms->lobby;

	session_greet_room(s, lobby);
	session_notice(s,
	    "you are %s. /nick NAME to be somebody, /help for "
	    "the rest",
	    s->member->nick);
	session_enter(s, lobby);
}

/* The whole line, of which the first blank-free part is the command's name. */
static void
line_text(struct session *s, char *text, size_t len)
{
	struct membership *ms = session_here(s);

	if (len == 0) {
		session_charge(s, 1);
		if (ms->replay != NULL)
			cmd_skip.run(s, 0, NULL);
	} else if (text[0] == '/' && text[1] != '/')
		command_run(s, text + 1);
	else {
		if (text[0] == '/') {
			text++;
			len--;
		}
		session_charge(s, 1);
		session_say(s, EVENT_SAY, text, len);
	}
}

static void
line_line(struct session *s, char *text, size_t len, bool has_cr)
{
	struct buf *clean = &s->all->text;

	if (!s->has_spoken) {
		s->has_spoken = true;
		s->is_crlf = has_cr;
		if (has_cr)
			member_set_dialect(s->member, &line_crlf);
	}
	buf_reset(clean);
	buf_reserve(clean, len * TEXT_SCRUB_GROWTH + 1);
	clean->len = text_scrub(clean->data, text, len);
	line_text(s, clean->data, clean->len);
}

static void
line_too_long(struct session *s)
{
	session_charge(s, 1);
	session_error(s, "line too long (limit %llu bytes); nothing was sent",
	    (unsigned long long)s->all->options->max_line);
}

static void
line_kicked(struct session *s, const struct event *e)
{
	struct room *lobby = s->all->rooms->lobby;
	struct buf text = BUF_INITIALIZER;

	buf_addf(&text, "%s kicked you from %s", line_who(e), e->room);
	line_add_reason(&text, e);
	/* There is nowhere else to be. */
	if (strcmp(e->room, lobby->name) == 0)
		session_end(s, buf_cstr(&text), NULL);
	else {
		session_notice(s, "%s; you are in %s now", buf_cstr(&text),
		    lobby->name);
		session_greet_room(s, lobby);
		session_enter(s, lobby);
		member_show(s->member);
	}
	buf_fini(&text);
}

const struct protocol protocol_line = {
	.name = "line",
	.dialect = &line_lf,
	.dialects = line_dialects,
	.open = line_open,
	.line = line_line,
	.too_long = line_too_long,
	.notice = line_notice,
	.error = line_error,
	.kicked = line_kicked,
	.refusal = line_refusal,
};

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Events as lines of IRC. There is a dialect for each set of those capabilities
 * that change what everybody is sent, so that a line is rendered once for all
 * clients with the same set, not once for each member. irc-reply.c handles what
 * only one client is told (echo, labels, batches).
 *
 * A text longer than a line becomes several messages, as IRC has no other way:
 * nothing is cut off.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "irc/irc-message.h"
#include "irc/irc.h"
#include "session/event-text.h"

/* A dialect, and what it is for. */
struct irc_dialect {
	struct dialect base;
	uint32_t caps;
};

static bool
render_has(const struct dialect *d, enum irc_cap cap)
{
	const struct irc_dialect *self =
	    (const struct irc_dialect *)(const void *)d;

	return (self->caps & (uint32_t)cap) != 0;
}

void
irc_add_time(struct buf *out, int64_t wall_ms)
{
	/* Of what is read one after the other, much is of the same minute. */
	static time_t minute = -1;
	static char text[32];
	time_t s = (time_t)(wall_ms / 1000);
	unsigned ms = (unsigned)(wall_ms % 60000);
	struct tm tm;

	if (s / 60 != minute) {
		minute = s / 60;
		if (gmtime_r(&s, &tm) == NULL ||
		    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:", &tm) == 0)
			(void)snprintf(text, sizeof(text), "1970-01-01T00:00:");
	}
	buf_addstr(out, text);
	buf_add(out,
	    (const char[]){ (char)('0' + ms / 10000),
		(char)('0' + ms / 1000 % 10), '.', (char)('0' + ms / 100 % 10),
		(char)('0' + ms / 10 % 10), (char)('0' + ms % 10), 'Z' },
	    7);
}

void
irc_add_mask(struct buf *out, const struct member *m)
{
	buf_addf(out, "%s!%s@%s", m->nick, member_user(m), m->host);
}

/* Adds the tag msgid, if the event has an id; what that consists of needs no
 * escaping. */
static void
render_msgid(struct buf *out, size_t start, const struct event *e,
    unsigned part)
{
	/* The first of several lines has the id for all of them
	 * (draft/multiline, "Fallback"). */
	if (part > 0 && memchr(e->text, '\n', e->text_len) != NULL)
		return;
	if (e->number > 0 && e->room != NULL) {
		irc_add_tag(out, start, "msgid=", NULL);
		buf_addstr(out, e->room);
		buf_addch(out, '-');
		buf_addu(out, e->number);
	} else if (e->msgid > 0) {
		irc_add_tag(out, start, "msgid=", NULL);
		buf_addf(out, "%llx", (unsigned long long)e->msgid);
	} else
		return;
	if (part > 0)
		buf_addf(out, ".%u", part);
}

/* Adds the tags of event's line and the blank. part counts the messages that
 * the event becomes, from 0. */
static void
render_tags(const struct dialect *d, struct buf *out, const struct event *e,
    unsigned part)
{
	size_t start = out->len;

	if (render_has(d, IRC_CAP_SERVER_TIME) && e->time_ms > 0) {
		irc_add_tag(out, start, "time", NULL);
		buf_addch(out, '=');
		irc_add_time(out, e->time_ms);
	}
	if (render_has(d, IRC_CAP_MESSAGE_TAGS)) {
		render_msgid(out, start, e, part);
		if (e->from != NULL && (e->from->flags & MEMBER_BOT) != 0)
			irc_add_tag(out, start, "bot", NULL);
		if (part == 0)
			irc_add_tags(out, start, e->tags);
	}
	if (render_has(d, IRC_CAP_ACCOUNT_TAG) && e->from != NULL &&
	    member_account(e->from) != NULL)
		irc_add_tag(out, start, "account",
		    account_name(member_account(e->from)));
	irc_add_tags_end(out, start);
}

/* Adds ":nick!user@host " or, for people no longer known, ":nick!*@* ": nothing
 * from the history may be longer than it was when live (repeat.c). */
static void
render_source(struct buf *out, const struct event *e, const char *nick)
{
	if (nick == NULL) {
		buf_addf(out, ":%s ", e->server);
		return;
	}
	if (e->from == NULL) {
		buf_addch(out, ':');
		buf_addstr(out, nick);
		buf_addstr(out, "!*@* ");
	} else
		buf_addf(out, ":%s!%s@%s ", nick, member_user(e->from),
		    e->from->host);
}

/* Adds " #room" or, for a private message, the addressee. */
static void
render_target(struct buf *out, const struct event *e)
{
	if (e->status != '\0')
		buf_addf(out, " %c#%s", e->status, e->room);
	else if (e->room != NULL) {
		buf_add(out, " #", 2);
		buf_addstr(out, e->room);
	} else
		buf_addf(out, " %s", e->other == NULL ? "*" : e->other);
}

/* Adds "@tags :nick!user@host COMMAND #room". */
static void
render_head(const struct dialect *d, struct buf *out, const struct event *e,
    const char *nick, const char *command, unsigned part)
{
	render_tags(d, out, e, part);
	render_source(out, e, nick);
	buf_addstr(out, command);
	render_target(out, e);
}

static void
render_end(struct buf *out)
{
	buf_add(out, "\r\n", 2);
}

/* How many bytes of a text a line has room for, with open and close around it,
 * and what begins at source before that. */
static size_t
render_space(const struct buf *out, size_t source, const char *close)
{
	size_t used = out->len - source + strlen(close);

	return used + IRC_SPLIT_MIN < IRC_LINE_MAX ? IRC_LINE_MAX - used :
						     IRC_SPLIT_MIN;
}

/*
 * Adds a text of several lines as a batch (draft/multiline), in which nothing is
 * lost. Its reference can always be the
 * same, as it is closed before anything else is told.
 */
static void
render_batch(const struct dialect *d, struct buf *out, const struct event *e,
    const char *nick, const char *command)
{
	size_t at = 0, len, source, line, next;
	const char *concat = "";

	render_tags(d, out, e, 0);
	render_source(out, e, nick);
	buf_addstr(out, "BATCH +ml draft/multiline");
	render_target(out, e);
	render_end(out);
	do {
		line = text_line(e->text + at, e->text_len - at, &next);
		buf_addf(out, "@batch=ml%s ", concat);
		source = out->len;
		render_source(out, e, nick);
		buf_addstr(out, command);
		render_target(out, e);
		buf_add(out, " :", 2);
		len = line == 0 ?
		    0 :
		    irc_split(e->text + at, line, render_space(out, source, ""),
			&(size_t){ 0 });
		buf_add(out, e->text + at, len);
		render_end(out);
		concat = len < line ? ";draft/multiline-concat" : "";
		at += len < line ? len : next;
	} while (at < e->text_len);
	buf_addf(out, ":%s BATCH -ml\r\n", e->server);
}

/* Has the text several lines, and are they a batch there? */
static bool
render_is_batch(const struct dialect *d, const struct event *e,
    const char *nick, const char *open)
{
	return render_has(d, IRC_CAP_MULTILINE) && nick != NULL &&
	    *open == '\0' && memchr(e->text, '\n', e->text_len) != NULL;
}

/* Adds text in as many lines as it needs, each between open and close (CTCP's
 * frame, Modern "CTCP"; mostly empty). */
static void
render_text(const struct dialect *d, struct buf *out, const struct event *e,
    const char *nick, const char *command, const char *open, const char *close)
{
	size_t at = 0, next, len, source, line, line_next;
	unsigned part = 0;

	if (render_is_batch(d, e, nick, open)) {
		render_batch(d, out, e, nick, command);
		return;
	}
	do {
		line = text_line(e->text + at, e->text_len - at, &line_next);
		if (line == 0 && line_next > 0) {
			at += line_next; /* an empty one */
			continue;
		}
		render_tags(d, out, e, part);
		source = out->len;
		render_source(out, e, nick);
		buf_addstr(out, command);
		render_target(out, e);
		buf_add(out, " :", 2);
		buf_addstr(out, open);
		len = irc_split(e->text + at, line,
		    render_space(out, source, close), &next);
		buf_add(out, e->text + at, len);
		buf_addstr(out, close);
		render_end(out);
		at += next < line ? next : line_next;
		part++;
	} while (at < e->text_len);
}

/* Adds ":nick!user@host COMMAND" and " :text", if there is one. */
static void
render_person(const struct dialect *d, struct buf *out, const struct event *e,
    const char *nick, const char *command)
{
	render_tags(d, out, e, 0);
	render_source(out, e, nick);
	buf_addstr(out, command);
	if (e->text_len > 0) {
		buf_addstr(out, " :");
		buf_add(out, e->text,
		    text_cut(e->text, e->text_len, IRC_TEXT_MAX));
	}
	render_end(out);
}

/* Adds JOIN, followed by AWAY for those who are away (extended-join,
 * away-notify). */
static void
render_join(const struct dialect *d, struct buf *out, const struct event *e)
{
	struct event away = *e;

	render_head(d, out, e, e->nick, "JOIN", 0);
	if (render_has(d, IRC_CAP_EXTENDED_JOIN) && e->from != NULL)
		buf_addf(out, " %s :%s",
		    member_account(e->from) == NULL ?
			"*" :
			account_name(member_account(e->from)),
		    irc_realname(e->from));
	render_end(out);
	if (e->from == NULL || !member_is_away(e->from) ||
	    !render_has(d, IRC_CAP_AWAY_NOTIFY))
		return;
	away.text = member_away_text(e->from);
	away.text_len = strlen(away.text);
	render_person(d, out, &away, e->nick, "AWAY");
}

static void
render_away(const struct dialect *d, struct buf *out, const struct event *e)
{
	struct event away = *e;

	if (!render_has(d, IRC_CAP_AWAY_NOTIFY))
		return;
	/* Without a text it would mean that they are back. */
	if (e->text != NULL && e->text_len == 0) {
		away.text = MEMBER_AWAY_TEXT;
		away.text_len = strlen(away.text);
	}
	render_person(d, out, &away, e->nick, "AWAY");
}

static void
render_part(const struct dialect *d, struct buf *out, const struct event *e,
    const char *command)
{
	render_head(d, out, e, e->nick, command, 0);
	if (e->kind == EVENT_KICK)
		buf_addf(out, " %s", e->other);
	if (e->kind == EVENT_KICK || e->text_len > 0) {
		buf_addstr(out, " :");
		if (e->text_len > 0)
			buf_add(out, e->text,
			    text_cut(e->text, e->text_len, IRC_TEXT_MAX));
		else
			buf_addstr(out, e->nick == NULL ? e->server : e->nick);
	}
	render_end(out);
}

/* Adds "[14:02] ", or with the day as well if it is another, in front of what
 * is shown late to clients without server-time. */
static void
render_age(const struct dialect *d, struct buf *out, const struct event *e)
{
	char date[CLOCK_DATE_SIZE], hhmm[CLOCK_HHMM_SIZE];

	if (e->age == EVENT_AGE_LIVE || render_has(d, IRC_CAP_SERVER_TIME))
		return;
	clock_hhmm(event_wall_ms(e), hhmm);
	if (e->age == EVENT_AGE_EARLIER) {
		clock_date(event_wall_ms(e), date);
		buf_addf(out, "[%s %s] ", date, hhmm);
	} else
		buf_addf(out, "[%s] ", hhmm);
}

/* Adds what the server says about a replay, to its room. */
static void
render_server_text(const struct dialect *d, struct buf *out,
    const struct event *e)
{
	struct buf text = BUF_INITIALIZER;
	struct event said = *e;

	/* One's own nick would be taken for somebody else's mention of it. */
	if (e->kind == EVENT_WELCOME)
		said.nick = NULL;
	render_age(d, &text, e);
	event_text(&text, &said);
	said.text = text.data;
	said.text_len = text.len;
	said.number = 0;
	render_text(d, out, &said, NULL, "NOTICE", "", "");
	buf_fini(&text);
}

static void
render_unread(const struct dialect *d, struct buf *out, const struct event *e)
{
	struct buf text = BUF_INITIALIZER;
	struct event said = *e;

	buf_addf(&text, "%llu new from %s; CHATHISTORY LATEST %s * %llu",
	    (unsigned long long)e->count, e->other, e->other,
	    (unsigned long long)e->count);
	said.text = text.data;
	said.text_len = text.len;
	said.other = e->nick;
	said.time_ms = 0;
	render_text(d, out, &said, NULL, "NOTICE", "", "");
	buf_fini(&text);
}

/* What somebody says, to a room or one person. A CTCP text stands between two
 * bytes of 1 (Modern, "CTCP"). */
static void
render_said(const struct dialect *d, struct buf *out, const struct event *e)
{
	bool is_notice = e->kind == EVENT_NOTICE ||
	    (e->is_notice && e->kind != EVENT_ME);
	struct buf text = BUF_INITIALIZER;
	struct event said = *e;
	const char *open = "";

	/* A private message that was queued comes in a room's replay. */
	if ((e->kind == EVENT_PRIVATE || e->kind == EVENT_PRIVATE_SENT) &&
	    e->status == '\0')
		said.room = NULL;
	if (e->is_action || e->kind == EVENT_ME)
		open = "\1ACTION ";
	else if (e->is_ctcp || e->kind == EVENT_CTCP)
		open = "\1"; /* what follows is a word for programs */
	if (strcmp(open, "\1") != 0)
		render_age(d, &text, e);
	if (text.len > 0) {
		buf_add(&text, e->text, e->text_len);
		said.text = text.data;
		said.text_len = text.len;
	}
	render_text(d, out, &said, e->nick, is_notice ? "NOTICE" : "PRIVMSG",
	    open, *open == '\0' ? "" : "\1");
	buf_fini(&text);
}

/* Adds "TOPIC #room :text" or such; before stands in front of the text. */
static void
render_change(const struct dialect *d, struct buf *out, const struct event *e,
    const char *command, const char *before)
{
	render_head(d, out, e, e->nick, command, 0);
	buf_addstr(out, before);
	buf_add(out, e->text, e->text_len);
	render_end(out);
}

static void
irc_render(const struct dialect *d, struct buf *out, const struct event *e)
{
	switch (e->kind) {
	case EVENT_SAY:
	case EVENT_ME:
	case EVENT_NOTICE:
	case EVENT_CTCP:
	case EVENT_PRIVATE:
	case EVENT_PRIVATE_SENT:
		render_said(d, out, e);
		return;
	case EVENT_TOPIC:
		/* A client would take it for the present topic. */
		if (e->is_past)
			render_server_text(d, out, e);
		else
			render_change(d, out, e, "TOPIC", " :");
		return;
	case EVENT_MODE:
		render_change(d, out, e, "MODE", " ");
		return;
	case EVENT_INVITE:
		if (!render_has(d, IRC_CAP_INVITE_NOTIFY))
			return;
		render_tags(d, out, e, 0);
		render_source(out, e, e->nick);
		buf_addf(out, "INVITE %s #%s", e->other, e->room);
		render_end(out);
		return;
	case EVENT_TAGS:
		if (!render_has(d, IRC_CAP_MESSAGE_TAGS))
			return;
		render_head(d, out, e, e->nick, "TAGMSG", 0);
		render_end(out);
		return;
	case EVENT_SYNC_JOIN:
		render_join(d, out, e);
		return;
	case EVENT_SYNC_PART:
		render_part(d, out, e, "PART");
		return;
	case EVENT_KICK:
		render_part(d, out, e, "KICK");
		return;
	case EVENT_SYNC_QUIT:
		render_person(d, out, e, e->nick, "QUIT");
		return;
	case EVENT_SYNC_AWAY:
		render_away(d, out, e);
		return;
	case EVENT_SYNC_SETNAME:
		if (render_has(d, IRC_CAP_SETNAME))
			render_person(d, out, e, e->nick, "SETNAME");
		return;
	case EVENT_SYNC_ACCOUNT:
		if (!render_has(d, IRC_CAP_ACCOUNT_NOTIFY))
			return;
		render_tags(d, out, e, 0);
		render_source(out, e, e->nick);
		buf_addf(out, "ACCOUNT %.*s", (int)e->text_len, e->text);
		render_end(out);
		return;
	case EVENT_SYNC_RENAME:
		render_tags(d, out, e, 0);
		render_source(out, e, e->other);
		buf_addf(out, "NICK %s", e->nick);
		render_end(out);
		return;
	case EVENT_LIVE:
		if (e->live != EVENT_LIVE_NOW)
			render_server_text(d, out, e);
		return;
	case EVENT_WELCOME:
		/* Nothing was missed, so nothing is said. */
		if (e->count > 0 || e->total > 0)
			render_server_text(d, out, e);
		return;
	case EVENT_OPERATOR:
	case EVENT_QUEUED:
	case EVENT_REPEATS:
	case EVENT_NEW:
	case EVENT_GAP:
	case EVENT_PAST:
	case EVENT_PAST_END:
		render_server_text(d, out, e);
		return;
	case EVENT_UNREAD:
		render_unread(d, out, e);
		return;
	case EVENT_DATE: /* each message has its time */
	case EVENT_PRESENCE: /* JOIN, PART or QUIT tell it */
	case EVENT_LEFT:
	case EVENT_WENT:
	case EVENT_NICK: /* EVENT_SYNC_RENAME tells it */
	case EVENT_BREAK: /* EVENT_SYNC_AWAY tells it */
	case EVENT_BACK:
	case EVENT_READ: /* MARKREAD tells it: irc_event_read() */
	case EVENT_WAITING: /* clients rejoin all rooms by themselves */
		return;
	}
}

/* One for each set; an upgrade knows them by name. */
#define D(n) \
	{ \
		{ .name = "irc-" #n, \
			.render = irc_render, \
			.tracks_members = true, \
			.follows = true }, \
		    0x##n \
	}
#define D16(n) \
	D(n##0), D(n##1), D(n##2), D(n##3), D(n##4), D(n##5), D(n##6), \
	    D(n##7), D(n##8), D(n##9), D(n##a), D(n##b), D(n##c), D(n##d), \
	    D(n##e), D(n##f)
static const struct irc_dialect irc_dialect_table[IRC_DIALECTS] = { D16(0),
	D16(1), D16(2), D16(3), D16(4), D16(5), D16(6), D16(7), D16(8), D16(9),
	D16(a), D16(b), D16(c), D16(d), D16(e), D16(f), D16(10), D16(11),
	D16(12), D16(13), D16(14), D16(15), D16(16), D16(17), D16(18), D16(19),
	D16(1a), D16(1b), D16(1c), D16(1d), D16(1e), D16(1f) };
#undef D16
#undef D

const struct dialect *
irc_dialect(uint32_t caps)
{
	if ((caps & IRC_CAP_BATCH) == 0)
		caps &= ~(uint32_t)IRC_CAP_MULTILINE;
	return &irc_dialect_table[caps & IRC_CAPS_RENDERED].base;
}

const struct dialect *
irc_find_dialect(const char *name)
{
	size_t i;

	for (i = 0; i < IRC_DIALECTS; i++)
		if (strcmp(irc_dialect_table[i].base.name, name) == 0)
			return &irc_dialect_table[i].base;
	return NULL;
}

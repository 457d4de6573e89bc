/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The plain line protocol, for people in nc and telnet: brbd-protocol(7).
 * Column 0 is the server's: every line out begins with '[', "--" or "!!", so
 * that nobody can forge another's line. Lines end in LF, or in CR LF for a
 * client whose first line ended so.
 */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fields.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/util.h"
#include "net/conn.h"
#include "plain/plain.h"
#include "room/client.h"
#include "room/cursor.h"
#include "room/member.h"
#include "room/typed-secret.h"
#include "session/event-text.h"
#include "session/protocol.h"
#include "session/session.h"

static void
line_add_time(struct buf *out, const struct event *e)
{
	char hhmm[CLOCK_HHMM_SIZE];

	clock_hhmm(event_wall_ms(e), hhmm);
	buf_addch(out, '[');
	buf_add(out, hhmm, sizeof(hhmm) - 1);
	buf_add(out, "] ", 2);
}

static const struct dialect line_crlf;

static const char *
line_end(const struct dialect *dialect)
{
	return dialect == &line_crlf ? "\r\n" : "\n";
}

/* Adds what was said, each of its lines as one by itself: nobody can forge
 * another's. The last one is not ended. */
static void
line_add_said(const struct dialect *dialect, struct buf *out,
    const struct event *e, const char *before, const char *after)
{
	size_t at = 0, next, len;

	do {
		if (at > 0)
			buf_addstr(out, line_end(dialect));
		line_add_time(out, e);
		buf_addstr(out, before);
		buf_addstr(out, e->is_own ? "you" : e->nick);
		buf_addstr(out, after);
		len = text_line(e->text + at, e->text_len - at, &next);
		buf_add(out, e->text + at, len);
		at += next;
	} while (at < e->text_len);
}

/* Adds a private message; IRC's notices stand between hyphens, as its clients
 * show them. Nothing public begins so, whatever somebody says that they do. */
static void
line_add_private(struct buf *out, const struct event *e, const char *from,
    const char *to)
{
	line_add_time(out, e);
	if (e->is_action)
		buf_addf(out, "<* %s -> %s> ", from, to);
	else
		buf_addf(out, "%c%s -> %s%c ", e->is_notice ? '-' : '<', from,
		    to, e->is_notice ? '-' : '>');
	buf_add(out, e->text, e->text_len);
}

static void
line_render(const struct dialect *dialect, struct buf *out,
    const struct event *e)
{
	size_t start = out->len;

	switch (e->kind) {
	case EVENT_SAY:
		line_add_said(dialect, out, e, "<", "> ");
		break;
	case EVENT_NOTICE:
		line_add_said(dialect, out, e, "-", "- ");
		break;
	case EVENT_ME:
		line_add_said(dialect, out, e, "* ", " ");
		break;
	case EVENT_PRIVATE:
		line_add_private(out, e, e->nick,
		    e->status == '@'     ? "operators" :
			e->status == '+' ? "operators and voices" :
					   "you");
		break;
	case EVENT_PRIVATE_SENT:
		line_add_private(out, e, "you", e->other);
		break;
	default: /* the server's sentence, if it has one about that */
		/* /who tells what somebody is on coming back. */
		if (e->kind == EVENT_MODE && e->is_repeat)
			return;
		buf_add(out, "-- ", 3);
		event_text(out, e);
		if (out->len == start + 3) {
			out->len = start;
			return;
		}
		if (e->kind == EVENT_DATE)
			buf_add(out, " --", 3);
	}
	buf_addstr(out, dialect == &line_crlf ? "\r\n" : "\n");
}

static const struct dialect line_lf = {
	.name = "line",
	.render = line_render,
};

static const struct dialect line_crlf = {
	.name = "line-crlf",
	.render = line_render,
};

static const struct dialect *
line_find_dialect(const char *name)
{
	if (strcmp(name, line_lf.name) == 0)
		return &line_lf;
	return strcmp(name, line_crlf.name) == 0 ? &line_crlf : NULL;
}

#define LINE_HELD_MS 5000
#define LINE_HELD_MAX 64 /* bytes */

/*
 * What session->state points to while the first line waits for the next: it may
 * be the first of an IRC client that was too slow for the greeting's delay, or
 * of a person who forgot the slash.
 */
struct line_held {
	struct deadline deadline;
	size_t len;
	char text[LINE_HELD_MAX + 1];
};

static void
line_reply(struct session *s, const char *prefix, const char *text)
{
	struct buf *out = &s->all->out;
	bool is_crlf = s->member != NULL &&
	    session_client(s)->dialect == &line_crlf;

	buf_reset(out);
	buf_addstr(out, prefix);
	buf_addstr(out, text);
	buf_addstr(out, is_crlf ? "\r\n" : "\n");
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

static void
line_event(struct session *s, const struct event *e)
{
	struct buf *out = &s->all->out;

	switch (e->kind) {
	case EVENT_SYNC_RENAME:
		session_notice(s, "you are now %s", e->nick);
		break;
	case EVENT_TOPIC:
		if (e->text_len == 0)
			session_notice(s, "the topic is removed");
		else
			session_notice(s, "topic: %s", e->text);
		break;
	case EVENT_INVITE:
		session_notice(s, "%s invites you to %s; /join %s", e->nick,
		    e->room, e->room);
		break;
	case EVENT_BACK:
		break; /* the catch-up says it */
	case EVENT_BREAK:
		session_notice(s,
		    "you are on break in all of your sessions; /back shows here "
		    "what you miss, /back all everywhere");
		break;
	default:
		buf_reset(out);
		dialect_render(session_client(s)->dialect, out, e);
		conn_reply(s->conn, out->data, out->len);
	}
}

static const char *
line_refusal(const char *text)
{
	static char line[512];

	(void)snprintf(line, sizeof(line) - 1, "!! %s", text);
	(void)strcat(line, "\n");
	return line;
}

static void
line_open(struct session *s)
{
	struct room *lobby = s->all->chat->lobby;

	if (!session_enter(s, &line_lf))
		return;
	plain_greet_room(s, lobby);
	session_notice(s,
	    "you are %s. /nick NAME to be somebody, /help for "
	    "the rest",
	    s->member->nick);
	plain_arrive(s, lobby, NULL);
}

static void
line_close(struct session *s)
{
	struct line_held *held = s->state;

	if (held != NULL)
		deadline_clear(s->all->net->deadlines, &held->deadline);
	free(held);
	s->state = NULL;
}

/* The line that was held, if there is one, was a person's: tells them what they
 * must have meant, and that is all. */
static void
line_unhold(struct session *s)
{
	struct line_held *held = s->state;
	char *p;

	if (held == NULL)
		return;
	if (text_is_secret(held->text, held->len) && !s->has_left) {
		session_error(s, SAY_SECRET_TEXT);
		line_close(s);
		return;
	}
	for (p = held->text; *p >= 'A' && *p <= 'Z'; p++)
		*p = (char)(*p - 'A' + 'a');
	if (!s->has_left)
		session_error(s, "did you mean /%s? nothing was said",
		    held->text);
	line_close(s);
}

static void
line_held_cb(void *arg)
{
	line_unhold(arg);
}

static void
line_hold(struct session *s, const char *text, size_t len)
{
	struct line_held *held = xcalloc(1, sizeof(*held));

	assert(len <= LINE_HELD_MAX);
	memcpy(held->text, text, len);
	held->len = len;
	deadline_init(&held->deadline, line_held_cb, s);
	deadline_set(s->all->net->deadlines, &held->deadline,
	    s->all->net->clock->mono_ms + LINE_HELD_MS);
	s->state = held;
}

/* It is no person, but a client of p: it gets the line that was held, and this
 * one. */
static void
line_switch(struct session *s, const struct protocol *p, char *text, size_t len)
{
	struct line_held *held = s->state;

	s->state = NULL;
	session_switch(s, p);
	if (held != NULL) {
		deadline_clear(s->all->net->deadlines, &held->deadline);
		if (!s->has_left)
			p->line(s, held->text, held->len, false);
		free(held);
	}
	if (!s->has_left)
		p->line(s, text, len, false);
}

/* Is this line, of somebody who has done nothing so far, kept from being said,
 * as it is or may be that of another protocol's client? */
static bool
line_is_taken(struct session *s, char *text, size_t len)
{
	const struct protocol *p;
	enum first_line claim = FIRST_LINE_NOT;

	p = protocol_by_first_line(text, len, &claim);
	if (claim == FIRST_LINE_SURE && !conn_has_telnet(s->conn)) {
		line_switch(s, p, text, len);
		return true;
	}
	line_unhold(s);
	if (claim != FIRST_LINE_PERHAPS || len > LINE_HELD_MAX)
		return false;
	line_hold(s, text, len);
	if (conn_has_telnet(s->conn))
		line_unhold(s);
	return true;
}

/* What is said, and what /me and /topic do. */
static bool
line_says_in(struct session *s, const char *text, size_t len,
    const struct room *room)
{
	struct buf *clean = &s->all->text;
	const struct plain_command *c;
	enum first_line claim;
	char *rest;

	if (plain_here(s)->room != room || session_is_on_break(s) ||
	    s->login != NULL)
		return false;
	/* The first may be another protocol's. */
	if (!s->has_spoken && protocol_by_first_line(text, len, &claim) != NULL)
		return false;
	buf_reset(clean);
	buf_reserve(clean, len * TEXT_SCRUB_GROWTH + 1);
	clean->len = len = text_scrub(clean->data, text, len);
	(void)buf_cstr(clean);
	rest = clean->data;
	if (rest[0] != '/' || rest[1] == '/')
		return len > 0;
	rest++;
	c = plain_command_find(command_word(&rest));
	return c != NULL && (c->command.flags & COMMAND_KEPT) != 0 &&
	    *rest != '\0';
}

/*
 * Is this line, typed when a password was asked for, none? A command that is too
 * short for a password ("/quit") ends the question, and is run. A longer one may
 * be the password that somebody has, but never becomes a new one: whoever did
 * not notice the question would be locked out.
 */
static bool
line_is_no_password(struct session *s, const char *text, size_t len)
{
	enum login_prompt prompt = session_prompt(s);
	bool is_short = len < PASSWORD_MIN;

	if (prompt == LOGIN_PROMPT_NONE || !plain_command_begins(text, len) ||
	    (!is_short && prompt == LOGIN_PROMPT_PRESENT))
		return false;
	session_end_prompt(s);
	session_error(s,
	    is_short ? "no password came, and nothing has changed" :
		       "a command is no new password; nothing has changed, "
		       "and it was not run: type it again");
	return !is_short;
}

static void
line_line(struct session *s, char *text, size_t len, bool has_cr)
{
	struct buf *clean = &s->all->text;
	const struct member *m = s->member;

	if (line_is_no_password(s, text, len) ||
	    session_take_password(s, text, len))
		return;
	if (!s->has_spoken && has_cr)
		member_set_dialect(session_client(s), &line_crlf);
	if (!s->has_spoken && len > 0)
		len = conn_take_telnet(s->conn, text, len);
	if ((!s->has_spoken || s->state != NULL) && m->is_guest &&
	    !m->is_known && len > 0 && line_is_taken(s, text, len))
		return;
	if (!s->knows_utf8 && !text_is_utf8(text, len)) {
		s->knows_utf8 = true;
		session_notice(s,
		    "that was not UTF-8: what is not shows as \uFFFD; set your "
		    "terminal to UTF-8");
	}
	buf_reset(clean);
	buf_reserve(clean, len * TEXT_SCRUB_GROWTH + 1);
	clean->len = len = text_scrub(clean->data, text, len);
	text = clean->data;
	if (len > 0 && text[0] == '/' && text[1] != '/') {
		plain_command_run(s, text + 1);
		return;
	}
	session_charge(s, 1);
	if (len == 0) {
		if (cursor_has_replay(plain_cursor(s)))
			cmd_skip_run(s, 0, NULL);
	} else if (typed_secret_is(m, text, len))
		session_error(s, SAY_SECRET_TEXT);
	else if (text[0] == '/') /* what stands behind it is said */
		plain_say(s, EVENT_SAY, text + 1, len - 1);
	else if (!plain_command_forgot_slash(s, text))
		plain_say(s, EVENT_SAY, text, len);
}

static void
line_too_long(struct session *s)
{
	session_charge(s, 1);
	session_error(s, "line too long (limit %llu bytes); nothing was sent",
	    (unsigned long long)s->all->options->max_line);
}

/* No more comes. */
static void
line_eof(struct session *s)
{
	line_unhold(s);
}

static void
line_save(const struct session *s, struct fields_out *out)
{
	const struct line_held *held = s->state;

	buf_add(&out->data, held->text, held->len);
}

/* A member who has not left is in a room. */
static bool
line_load(struct session *s, struct fields_in *in, const struct tlv *item)
{
	const char *text = (const char *)item->data;
	const struct membership *ms;
	enum first_line claim;

	/* Older versions wrote something else there. */
	if (item->len > 0 && item->len <= LINE_HELD_MAX &&
	    protocol_by_first_line(text, item->len, &claim) != NULL &&
	    claim == FIRST_LINE_PERHAPS)
		line_hold(s, text, item->len);
	if (s->member == NULL)
		session_set_left(s);
	if (s->member == NULL)
		return true;
	SLIST_FOREACH(ms, &s->member->memberships, in_member)
		if (membership_cursor(ms, session_client(s)) != NULL)
			return true;
	return fields_fail(in, "somebody is in no room");
}

static void
line_kicked(struct session *s, const struct event *e)
{
	struct room *lobby = s->all->chat->lobby;
	struct buf text = BUF_INITIALIZER;
	char *you = xasprintf("you from %s", e->room);
	struct event kicked = *e;

	kicked.other = you;
	event_text(&text, &kicked);
	free(you);
	/* There is no other room to go to. */
	if (strcmp(e->room, lobby->name) == 0) {
		session_error(s, "%s", buf_cstr(&text));
		session_quit(s, buf_cstr(&text), NULL);
	} else {
		session_notice(s, "%s; you are in %s now", buf_cstr(&text),
		    lobby->name);
		plain_greet_room(s, lobby);
		session_acts(s);
		plain_arrive(s, lobby, NULL);
		member_show(s->member);
	}
	buf_fini(&text);
}

static void
line_ask(struct session *s)
{
	conn_ask_telnet(s->conn);
}

const struct protocol protocol_line = {
	.name = "line",
	.find_dialect = line_find_dialect,
	.open = line_open,
	.close = line_close,
	.line = line_line,
	.says_in = line_says_in,
	.too_long = line_too_long,
	.eof = line_eof,
	.notice = line_notice,
	.error = line_error,
	.event = line_event,
	.kicked = line_kicked,
	.logged_in = plain_logged_in,
	.found = plain_found,
	.takes_nick = true,
	.has_slash = true,
	.refusal = line_refusal,
	.save = line_save,
	.load = line_load,
	.ask = line_ask,
	.take_nick = plain_take_nick,
};

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The IRC protocol: brbd-irc(7). A second protocol over the same rooms, ring
 * and cursors: a room is a channel, and an IRC client may be in many. Here is
 * what happens to each line; the commands are in irc-*.c, a file for each
 * family.
 *
 *   line ──► UTF-8? ──► irc_message_parse() ──► irc_command_find() ──► run()
 *                                                    │
 *            irc_answer_begin() ─────── replies ─────┴──► irc_answer_end()
 *
 * Sources: RFC 1459 and 2812 as the Modern IRC Client Protocol document has
 * them, and the IRCv3 specifications that irc-cap.c lists.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "irc/irc.h"
#include "net/conn.h"
#include "room/roommates.h"
#include "session/protocol.h"

static void
irc_deadline_cb(void *arg)
{
	struct session *s = arg;

	if (irc_of(s)->is_registered)
		irc_oper_lost(s);
	else
		session_quit(s, "registration took too long", NULL);
}

void
irc_state_new(struct session *s)
{
	struct irc *irc = xcalloc(1, sizeof(*irc));

	deadline_init(&irc->deadline, irc_deadline_cb, s);
	s->state = irc;
}

static void
irc_open(struct session *s)
{
	irc_state_new(s);
	deadline_set(s->all->net->deadlines, &irc_of(s)->deadline,
	    s->all->net->clock->mono_ms + IRC_REGISTRATION_MS);
	conn_set_framing(s->conn, IRC_INPUT_MAX);
}

static void
irc_close(struct session *s)
{
	struct irc *irc = irc_of(s);

	if (irc == NULL)
		return;
	deadline_clear(s->all->net->deadlines, &irc->deadline);
	irc_oper_cancel(s);
	irc_monitor_free(s);
	irc_forget_password(irc);
	irc_sasl_free(irc);
	irc_multiline_free(irc);
	free(irc->search_label);
	free(irc->user);
	free(irc->realname);
	free(irc);
	s->state = NULL;
}

/* Checks for UTF-8, tags included (IRCv3 utf8-only). False: the line is
 * refused; else *line is what to go on with. */
static bool
irc_check_utf8(struct session *s, char **line, size_t *len)
{
	struct buf *clean = &s->all->text;

	if (text_is_utf8(*line, *len))
		return true;
	if (s->all->options->irc_utf8 == IRC_UTF8_REFUSE)
		return false;
	buf_reset(clean);
	buf_reserve(clean, *len * TEXT_SCRUB_GROWTH + 1);
	clean->len = text_replace_bad(clean->data, *line, *len);
	*line = clean->data;
	*len = clean->len;
	return true;
}

const struct irc_command irc_commands[] = {
#define COMMAND(field, ...) { { __VA_ARGS__ }, irc_##field##_run },
#include "irc/commands.def"
#undef COMMAND
	{ .run = NULL },
};

const struct irc_command *
irc_command_find(const char *name)
{
	return command_find(irc_commands, sizeof(irc_commands[0]), name);
}

/* The command that msg is for, if all that the table says holds; or else NULL,
 * after s was told. */
static const struct irc_command *
irc_check_command(struct session *s, const struct irc_message *msg)
{
	const struct irc_command *c = irc_command_find(msg->command);

	/* Before the registration their number is limited. */
	irc_charge(s,
	    !irc_of(s)->is_registered ? 1 :
		c == NULL             ? 10 :
					c->command.cost);
	if (!irc_of(s)->is_registered &&
	    (c == NULL || c->command.who != COMMAND_UNREGISTERED))
		irc_numeric(s, 451, ":You have not registered");
	else if (c == NULL)
		irc_about(s, 421, msg->command, "Unknown command");
	else if (msg->argc < c->command.min_args)
		irc_need_more_params(s, c->command.name);
	else if (c->command.who == COMMAND_SERVER_OPERATOR &&
	    (s->member->flags & MEMBER_OPER) == 0)
		irc_numeric(s, 481,
		    ":Permission Denied- You're not an IRC operator");
	else
		return c;
	return NULL;
}

/* Tells what is wrong with a line that is no message. */
static void
irc_complain(struct session *s, enum irc_result result)
{
	irc_charge(s, 10);
	switch (result) {
	case IRC_OK:
		irc_fail(s, "*", "INVALID_UTF8", "",
		    "Messages have to be UTF-8; nothing was done");
		break;
	case IRC_EMPTY:
		break;
	case IRC_BAD:
		irc_numeric(s, 400, "* :Malformed message; nothing was done");
		break;
	case IRC_TAGS_TOO_LONG:
	case IRC_TOO_LONG:
		irc_numeric(s, 417, ":Input line was too long");
		break;
	}
}

static void
irc_input(struct session *s, char *line, size_t len, bool has_cr)
{
	struct irc *irc = irc_of(s);
	const struct irc_command *c;
	struct irc_message msg;
	enum irc_result result;
	bool is_utf8;

	(void)has_cr;
	if (!irc->is_registered && ++irc->lines > IRC_REGISTRATION_LINES) {
		session_quit(s, "too many lines before the registration", NULL);
		return;
	}
	is_utf8 = irc_check_utf8(s, &line, &len);
	result = irc_message_parse(&msg, line, len);
	irc_answer_begin(s, &msg);
	/* A bad one may have a command, which is unknown, whatever it is. */
	if (is_utf8 &&
	    (result == IRC_OK || (result == IRC_BAD && msg.command != NULL))) {
		c = irc_check_command(s, &msg);
		if (c != NULL)
			c->run(s, &msg);
	} else
		irc_complain(s, result);
	if (s->state != NULL && irc->is_answering)
		irc_answer_end(s);
}

/* Messages and topics, of all that are sent. */
static bool
irc_says_in(struct session *s, const char *text, size_t len,
    const struct room *room)
{
	struct buf copy = BUF_INITIALIZER;
	struct irc_message msg;
	char *targets, *target;
	bool says = false;

	buf_add(&copy, text, len);
	(void)buf_cstr(&copy);
	if (irc_message_parse(&msg, copy.data, len) == IRC_OK && msg.argc > 1 &&
	    (strcmp(msg.command, "PRIVMSG") == 0 ||
		strcmp(msg.command, "NOTICE") == 0 ||
		strcmp(msg.command, "TOPIC") == 0)) {
		targets = msg.argv[0];
		while ((target = strsep(&targets, ",")) != NULL)
			says |= irc_find_room(s, target) == room;
	}
	buf_fini(&copy);
	return says;
}

static void
irc_too_long(struct session *s)
{
	irc_charge(s, 10);
	irc_numeric(s, 417, ":Input line was too long");
}

static void
irc_notice(struct session *s, const char *text)
{
	irc_line(s, "NOTICE %s :%s", irc_nick(s), text);
}

static void
irc_told(struct session *s, const struct event *event)
{
	switch (event->kind) {
	case EVENT_BACK:
		irc_numeric(s, 305, ":You are no longer marked as being away");
		break;
	case EVENT_BREAK: /* the same, once they are welcome */
		if (irc_of(s)->is_registered)
			irc_send_on_break(s);
		return;
	case EVENT_INVITE: /* whether or not they hear of others */
		irc_event_as(s, event, irc_of(s)->caps | IRC_CAP_INVITE_NOTIFY);
		return;
	case EVENT_UNREAD: /* those follow the welcome */
		if (irc_of(s)->is_registered)
			irc_event(s, event);
		return;
	case EVENT_READ:
		irc_event_read(s, event);
		return;
	case EVENT_SYNC_RENAME:
		/* The welcome tells it to who has just come in. */
		if (!irc_of(s)->is_registered)
			return;
		irc_event(s, event);
		break;
	default:
		irc_event(s, event);
		return;
	}
	/* What comes of it is sent at once: after this. */
	if (irc_of(s)->is_answering)
		irc_answer_end(s);
}

/* Sends the names that they missed while too much was unsent. */
static void
irc_caught_up(struct cursor *c)
{
	if (roommates_names_sent(c))
		irc_send_names(c->client->session, c->ms->room);
}

static void
irc_goodbye(struct session *s, const char *text)
{
	irc_line(s, "ERROR :Closing link: %s", text);
	if (irc_of(s)->is_answering)
		irc_answer_end(s);
}

static void
irc_refused(struct session *s, enum admit why, const char *text)
{
	if (why == ADMIT_BANNED)
		irc_numeric(s, 465, ":You are banned from this server: %s",
		    text);
}

static const char *
irc_refusal(const char *text)
{
	static char line[IRC_LINE_MAX + 3];

	(void)snprintf(line, sizeof(line) - 2, "ERROR :%s", text);
	(void)strcat(line, "\r\n");
	return line;
}

const struct protocol protocol_irc = {
	.name = "irc",
	.find_dialect = irc_find_dialect,
	.first_line = irc_first_line,
	.open = irc_open,
	.close = irc_close,
	.drained = irc_monitor_drained,
	.ask = irc_ask,
	.take_nick = irc_take_nick,
	.line = irc_input,
	.says_in = irc_says_in,
	.too_long = irc_too_long,
	.notice = irc_notice,
	.error = irc_notice,
	.event = irc_told,
	.joined = irc_joined,
	.mark_past = irc_mark_past,
	.caught_up = irc_caught_up,
	.kicked = irc_event,
	.logged_in = irc_logged_in,
	.found = irc_found,
	.refused = irc_refused,
	.goodbye = irc_goodbye,
	.refusal = irc_refusal,
	.save = irc_save,
	.load = irc_load,
};

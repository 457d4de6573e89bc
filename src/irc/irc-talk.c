/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What people say (Modern, "Sending Messages"; IRCv3 message-tags,
 * echo-message): to rooms, to one person, to a room's operators.
 *
 * A text is scrubbed like everybody's, so nothing is relayed as it came; CTCP's
 * frame of two bytes of 1 is taken off before, and put back by rendering. One
 * line in is one line out for IRC clients: if it does not fit with the sender's
 * address in front, it is refused with 417 rather than cut.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/util.h"
#include "irc/irc.h"
#include "room/client.h"
#include "room/deliver.h"
#include "room/directory.h"
#include "room/modes-words.h"
#include "room/modes.h"
#include "session/session.h"

/* Bytes of what goes as a message of its own, of a longer line in a batch. */
#define TALK_PIECE_MAX 300

/* What is to be said. */
struct talk {
	const char *command; /* PRIVMSG, NOTICE or TAGMSG */
	bool is_notice;
	bool is_tags; /* no text */
	bool is_action;
	bool is_ctcp;
	bool is_whole; /* it becomes as many lines as it takes */
	char *text; /* scrubbed */
	size_t len;
	char *tags; /* client-only, normalized */
};

/* Tells an error; not for a NOTICE, which is never answered (RFC 2812 section
 * 3.3.2). */
PRINTFLIKE(4, 5)
static void
talk_refuse(struct session *s, const struct talk *t, unsigned number,
    const char *fmt, ...)
{
	struct buf text = BUF_INITIALIZER;
	va_list ap;

	if (t->is_notice)
		return;
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	irc_numeric(s, number, "%s", buf_cstr(&text));
	buf_fini(&text);
}

/* How many of the bytes at s are among digits, max at most. */
static size_t
talk_span(const char *s, size_t len, const char *digits, size_t max)
{
	size_t n = 0;

	while (n < len && n < max && s[n] != '\0' &&
	    strchr(digits, s[n]) != NULL)
		n++;
	return n;
}

/*
 * The length of a color code at s with its numbers ("Formatting" of the Modern
 * documents): 3 and up to two digits, or 4 and six hexadecimal ones, and either
 * may be followed by a comma and a background. Scrubbing would leave the
 * numbers.
 */
static size_t
talk_color_len(const char *s, size_t len)
{
	bool is_hex = s[0] == '\4';
	const char *digits = is_hex ? "0123456789abcdefABCDEF" : "0123456789";
	size_t max = is_hex ? 6 : 2, n, more;

	n = 1 + talk_span(s + 1, len - 1, digits, max);
	if (n == 1 || (is_hex && n < 1 + max))
		return 1;
	if (n + 1 < len && s[n] == ',') {
		more = talk_span(s + n + 1, len - n - 1, digits, max);
		if (more > 0)
			n += 1 + more;
	}
	return n;
}

/* Adds text without color codes to out, which has room for len bytes. */
static size_t
talk_strip_colors(char *out, const char *text, size_t len)
{
	size_t at = 0, out_len = 0;

	while (at < len)
		if (text[at] == '\3' || text[at] == '\4')
			at += talk_color_len(text + at, len - at);
		else
			out[out_len++] = text[at++];
	return out_len;
}

/* Takes the text out of CTCP's frame, if it has one, and scrubs it. */
static void
talk_set_text(struct talk *t, const char *text)
{
	size_t len = strlen(text);
	char *plain;

	if (text[0] == '\1') {
		text++;
		len--;
		if (len > 0 && text[len - 1] == '\1')
			len--;
		t->is_action = len >= 6 && strncmp(text, "ACTION", 6) == 0 &&
		    (len == 6 || text[6] == ' ');
		t->is_ctcp = !t->is_action;
		if (t->is_action) {
			text += len == 6 ? 6 : 7;
			len -= len == 6 ? 6 : 7;
		}
	}
	plain = xmalloc(len + 1);
	len = talk_strip_colors(plain, text, len);
	t->text = xcalloc(1, len * TEXT_SCRUB_GROWTH + 1);
	t->len = text_scrub(t->text, plain, len);
	free(plain);
}

static void
talk_set_tags(struct talk *t, const struct irc_message *msg)
{
	struct buf tags = BUF_INITIALIZER;

	if (irc_tags_client_only(&tags, msg->tags) > 0)
		t->tags = xstrdup(buf_cstr(&tags));
	buf_fini(&tags);
}

static void
talk_fini(struct talk *t)
{
	free(t->text);
	free(t->tags);
}

static struct event
talk_event(const struct talk *t, enum event_kind kind)
{
	struct event event = {
		.kind = t->is_tags ? EVENT_TAGS : kind,
		.text = t->text,
		.text_len = t->len,
		.tags = t->tags,
		.is_notice = t->is_notice,
		.is_action = t->is_action,
		.is_ctcp = t->is_ctcp,
	};

	return event;
}

/* Does it fit into a line, with the sender's address in front? */
static bool
talk_fits(struct session *s, const struct talk *t, const char *target)
{
	struct buf head = BUF_INITIALIZER;
	size_t len;

	buf_addstr(&head, ": ");
	irc_add_mask(&head, s->member);
	buf_addf(&head, "%s %s :", t->command, target);
	len = head.len + (t->is_whole ? 0 : t->len);
	if (t->is_action)
		len += strlen("\1ACTION \1");
	else if (t->is_ctcp)
		len += 2;
	buf_fini(&head);
	return len <= IRC_LINE_MAX;
}

/* Sends their own line back if they want that, with its label. */
static void
talk_echo(struct session *s, const struct event *event)
{
	if (!irc_has(s, IRC_CAP_ECHO_MESSAGE))
		return;
	if (event->kind == EVENT_TAGS && !irc_has(s, IRC_CAP_MESSAGE_TAGS))
		return;
	irc_event(s, event);
}

static enum event_kind
talk_kind(const struct talk *t)
{
	if (t->is_ctcp)
		return EVENT_CTCP;
	if (t->is_action)
		return EVENT_ME;
	return t->is_notice ? EVENT_NOTICE : EVENT_SAY;
}

static void
talk_too_long(struct session *s)
{
	irc_numeric(s, 417,
	    ":Input line was too long with your address before it");
}

/* "#kitchen", or "@#kitchen" for those there who are operators. */
static void
talk_to_room(struct session *s, const struct talk *t, const char *target)
{
	char status = *target == '@' || *target == '+' ? *target : '\0';
	struct room *room = irc_find_room(s, target + (status != '\0'));
	struct event event = talk_event(t,
	    status == '\0' ? talk_kind(t) : EVENT_PRIVATE);
	enum say result = SAY_HIDDEN;
	enum modes_speak why;

	event.status = status;
	if (room != NULL) {
		/* What was said before comes before the echo. */
		if (irc_has(s, IRC_CAP_ECHO_MESSAGE))
			deliver_flush(room);
		result = action_say(s->member, room, &event,
		    t->is_tags || talk_fits(s, t, target), &why);
	}
	switch (result) {
	case SAID:
		talk_echo(s, &event);
		break;
	case SAY_HIDDEN:
		if (!t->is_notice)
			irc_no_such_channel(s, target);
		break;
	case SAY_ON_BREAK:
		talk_refuse(s, t, 404, "#%s :You are on break; BACK first",
		    room->name);
		break;
	case SAY_FORBIDDEN:
		talk_refuse(s, t, 404, "#%s :%s", room->name,
		    modes_speak_str(why, room));
		break;
	case SAY_NO_CTCP:
		talk_refuse(s, t, 404, "#%s :CTCP is not allowed here (+C)",
		    room->name);
		break;
	case SAY_SECRET:
		talk_refuse(s, t, 404, "#%s :" SAY_SECRET_TEXT, room->name);
		break;
	case SAY_TOO_LONG:
		talk_too_long(s);
		break;
	case SAY_TOO_MANY_LINES: /* only in a batch */
		irc_fail(s, "BATCH", "MULTILINE_MAX_LINES", "1",
		    "A message has one line in #%s (+L)", room->name);
		break;
	case SAID_BEFORE:
		break; /* only in JSON */
	}
}

/* Tells that the addressee is away, and when they will read it (RPL_AWAY). */
static void
talk_away(struct session *s, const struct talk *t, const struct member *to,
    bool is_queued)
{
	const char *text = member_away_text(to);

	if (t->is_notice || t->is_tags)
		return;
	if (is_queued && to->is_lost)
		irc_numeric(s, 301,
		    "%s :not connected; it is kept until they are back",
		    to->nick);
	else if (is_queued)
		irc_numeric(s, 301, "%s :%s (kept until they are back)",
		    to->nick, text);
	else if (member_is_away(to))
		irc_numeric(s, 301, "%s :%s", to->nick, text);
}

/* To somebody who is not here. */
static void
talk_to_absent(struct session *s, const struct talk *t, const char *target,
    struct event *event)
{
	struct conversation_party to;
	enum msg result = action_msg_absent(s->member, target, event,
	    t->is_tags || talk_fits(s, t, target), &to);

	switch (result) {
	case MSG_KEPT:
		talk_echo(s, event);
		if (!t->is_notice)
			irc_numeric(s, 301, "%s :away; it is kept", to.nick);
		break;
	case MSG_NOBODY:
		if (!t->is_notice)
			irc_no_such_nick(s, target);
		break;
	case MSG_ON_BREAK:
		talk_refuse(s, t, 404, "%s :You are on break; BACK first",
		    to.nick);
		break;
	case MSG_TOO_LONG:
		talk_too_long(s);
		break;
	case MSG_SECRET:
		talk_refuse(s, t, 404, "%s :" SAY_SECRET_TEXT, to.nick);
		break;
	case MSG_GUEST:
	case MSG_CONVERSATIONS_FULL:
	case MSG_BEGUN_TOO_MANY:
	case MSG_NOT_KEPT:
		talk_refuse(s, t, 404, "%s :%s is %s", to.nick, to.nick,
		    msg_str(result));
		break;
	case MSG_SENT: /* to who is here */
	case MSG_QUEUED:
	case MSG_QUEUE_FULL:
	case MSG_ACCOUNTS_ONLY:
	case MSG_SAID_BEFORE: /* only in other protocols */
		break;
	}
}

static void
talk_to_person(struct session *s, const struct talk *t, const char *target)
{
	struct member *to = action_addressee(s->all->chat, target);
	struct event event = talk_event(t, EVENT_PRIVATE);
	enum msg result;

	if (to == NULL && name_is_service(target)) {
		irc_line(s,
		    "NOTICE %s :there is no %s here, and nobody was told: log "
		    "in with SASL or PASS NICK:PASSWORD; REGISTER makes an "
		    "account",
		    irc_nick(s), "NickServ");
		return;
	}
	if (to == NULL) {
		talk_to_absent(s, t, target, &event);
		return;
	}
	result = action_msg(s->member, to, &event,
	    t->is_tags || talk_fits(s, t, to->nick));
	switch (result) {
	case MSG_SENT:
	case MSG_QUEUED:
		talk_echo(s, &event);
		talk_away(s, t, to, result == MSG_QUEUED);
		break;
	case MSG_ON_BREAK:
		talk_refuse(s, t, 404, "%s :You are on break; BACK first",
		    to->nick);
		break;
	case MSG_ACCOUNTS_ONLY:
		talk_refuse(s, t, 477, "%s :%s " MSG_ACCOUNTS_ONLY_TEXT " (+R)",
		    to->nick, to->nick);
		break;
	case MSG_SECRET:
		talk_refuse(s, t, 404, "%s :" SAY_SECRET_TEXT, to->nick);
		break;
	case MSG_TOO_LONG:
		talk_too_long(s);
		break;
	case MSG_QUEUE_FULL:
		talk_refuse(s, t, 404,
		    "%s :Too many messages are waiting for them; it was not "
		    "sent",
		    to->nick);
		break;
	case MSG_SAID_BEFORE: /* only in other protocols */
	case MSG_KEPT: /* of who is not here */
	case MSG_NOBODY:
	case MSG_GUEST:
	case MSG_CONVERSATIONS_FULL:
	case MSG_BEGUN_TOO_MANY:
	case MSG_NOT_KEPT:
		break;
	}
}

/* Text and tags of msg. False: there is nothing to send, and s was told. */
static bool
talk_init(struct session *s, struct talk *t, const struct irc_message *msg)
{
	if (t->is_tags && !irc_has(s, IRC_CAP_MESSAGE_TAGS)) {
		irc_numeric(s, 421, "TAGMSG :Unknown command");
		return false;
	}
	if (msg->argc < 1 || *msg->argv[0] == '\0') {
		talk_refuse(s, t, 411, ":No recipient given (%s)",
		    msg->command);
		return false;
	}
	talk_set_tags(t, msg);
	if (t->is_tags)
		return t->tags != NULL;
	if (msg->argc > 1)
		talk_set_text(t, msg->argv[1]);
	if (t->len > 0 || t->is_ctcp)
		return true;
	talk_refuse(s, t, 412, ":No text to send");
	return false;
}

static bool
talk_has_target(char *const targets[], size_t count, const char *target)
{
	while (count > 0)
		if (strcasecmp(targets[--count], target) == 0)
			return true;
	return false;
}

/* To one person, or a room's operators: each line by itself, and as many as it
 * takes of one that is put together of several. */
static void
talk_by_lines(struct session *s, struct talk *t, const char *target)
{
	char *text = t->text;
	size_t len = t->len, at, next, line, used;

	for (at = 0; at < len; at += next) {
		line = text_line(text + at, len - at, &next);
		if (line == 0)
			continue;
		t->text = text + at;
		t->len = irc_split(t->text, line, TALK_PIECE_MAX, &used);
		if (used < line)
			next = used;
		if (strchr(target, '#') != NULL)
			talk_to_room(s, t, target);
		else
			talk_to_person(s, t, target);
	}
	t->text = text;
	t->len = len;
}

bool
irc_say_lines(struct session *s, const char *target, bool is_notice,
    const char *tags, const char *text)
{
	struct irc_message msg = { .tags = xstrdup(tags == NULL ? "" : tags) };
	struct talk t = { .command = is_notice ? "NOTICE" : "PRIVMSG",
		.is_notice = is_notice,
		.is_whole = true };
	size_t len = strlen(text);
	char *plain = xmalloc(len + 1);
	bool has_text;

	len = talk_strip_colors(plain, text, len);
	t.text = xmalloc(len * TEXT_SCRUB_GROWTH + 1);
	t.len = text_scrub_lines(t.text, plain, len);
	free(plain);
	talk_set_tags(&t, &msg);
	has_text = t.len > 0;
	if (has_text && *target == '#')
		talk_to_room(s, &t, target);
	else if (has_text)
		talk_by_lines(s, &t, target);
	talk_fini(&t);
	free(msg.tags);
	return has_text;
}

/* To each target once, to IRC_TARGETS_MAX at most. */
void
irc_privmsg_run(struct session *s, struct irc_message *msg)
{
	struct talk t = {
		.command = msg->command,
		.is_notice = *msg->command == 'N',
		.is_tags = *msg->command == 'T',
	};
	char *targets = msg->argv[0], *target, *seen[IRC_TARGETS_MAX];
	size_t count = 0;

	if (msg->argc > 0 && irc_multiline_takes(s, msg))
		return;
	if (!talk_init(s, &t, msg))
		targets = NULL;
	while ((target = strsep(&targets, ",")) != NULL) {
		if (*target == '\0' || talk_has_target(seen, count, target))
			continue;
		if (count == IRC_TARGETS_MAX) {
			if (!t.is_notice)
				irc_about(s, 407, target,
				    "Too many targets (limit %d)",
				    IRC_TARGETS_MAX);
			break;
		}
		if (count > 0)
			irc_charge(s, 10);
		seen[count++] = target;
		if (strchr(target, '#') != NULL)
			talk_to_room(s, &t, target);
		else
			talk_to_person(s, &t, target);
	}
	talk_fini(&t);
}

void
irc_notice_run(struct session *s, struct irc_message *msg)
{
	irc_privmsg_run(s, msg);
}

/* message-tags, "TAGMSG": only for clients that have negotiated it. */
void
irc_tagmsg_run(struct session *s, struct irc_message *msg)
{
	irc_privmsg_run(s, msg);
}

/* Breaks. Returns NULL if there is no text; the caller frees it. */
static char *
talk_break_text(const struct irc_message *msg)
{
	return msg->argc == 0 ? NULL :
				text_scrub_copy(msg->argv[0], BREAK_TEXT_MAX);
}

static void
talk_secret_break(struct session *s)
{
	irc_line(s, "NOTICE %s :" SAY_SECRET_TEXT, irc_nick(s));
}

void
irc_away_run(struct session *s, struct irc_message *msg)
{
	char *text = talk_break_text(msg);
	enum brb result = action_away(s->member, text);

	if (result == BRB_SECRET)
		talk_secret_break(s);
	else if (result == BRB_ON_BREAK)
		irc_line(s,
		    "NOTICE %s :you are on break; BACK ends it and shows what "
		    "you missed",
		    irc_nick(s));
	else if (text == NULL)
		irc_numeric(s, 305, ":You are no longer marked as being away");
	else
		irc_numeric(s, 306, ":You have been marked as being away");
	free(text);
}

void
irc_send_on_break(struct session *s)
{
	irc_numeric(s, 306, ":You have been marked as being away");
	irc_line(s,
	    "NOTICE %s :you are on break in all of your sessions; BACK shows "
	    "here what you miss, BACK all everywhere",
	    irc_nick(s));
}

static enum brb
talk_brb(struct session *s,
    enum brb (*action)(struct client *client, enum brb_of of, const char *text),
    const char *text)
{
	if (action_brb_is_all(text))
		return action(session_client(s), BRB_OF_ALL, NULL);
	return action(session_client(s), BRB_OF_ONE, text);
}

void
irc_brb_run(struct session *s, struct irc_message *msg)
{
	char *text = talk_break_text(msg);
	enum brb result = talk_brb(s, action_brb, text);
	size_t count = clients_reading(s->member);

	free(text);
	if (result == BRB_SECRET) {
		talk_secret_break(s);
		return;
	}
	if (result == BRB_PAUSED) {
		irc_line(s,
		    "NOTICE %s :this session pauses until BACK; you are still "
		    "here in %zu other%s; BRB all",
		    irc_nick(s), count, count == 1 ? "" : "s");
		return;
	}
	if (result != BRB_CHANGED)
		irc_numeric(s, 306, ":You have been marked as being away");
	irc_line(s, "NOTICE %s :%s", irc_nick(s),
	    result == BRB_CHANGED ?
		"your message is changed; everything is still kept for you" :
		"see you; everything is kept for you until BACK");
}

void
irc_back_run(struct session *s, struct irc_message *msg)
{
	char *text = talk_break_text(msg);
	enum brb result = talk_brb(s, action_back, text);

	if (result == BRB_SECRET)
		talk_secret_break(s);
	else if (result == BRB_NOT_AWAY)
		irc_line(s, "NOTICE %s :you are not on break", irc_nick(s));
	free(text);
}

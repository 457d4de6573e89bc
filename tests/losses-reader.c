/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What somebody sees who loses connections (losses.c): every line once and in
 * order, but for repeats, which stand between the lines that say so. What they
 * see as a guest, before their nick is theirs again, is not in the catch-up,
 * which tells all that was before. There is none where they have another
 * connection still, and are shown as a guest all that it did not read.
 */
#include "config.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "losses-reader.h"

unsigned losses_seed;

/* So many ends in order may be in doubt: a line that was written at that very
 * moment, since somebody else came or left, is answered by a reset. */
#define DOUBTS_MAX 2

static unsigned reader_doubts;
static struct reader *reader_latest; /* who has seen something last */

void
losses_fail(const char *fmt, ...)
{
	struct buf text = BUF_INITIALIZER;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	if (reader_latest != NULL)
		(void)fprintf(stderr, "%s has seen last:\n%s",
		    reader_latest->nick, reader_latest->recent);
	ck_abort_msg("LOSSES_SEED=%u: %s", losses_seed, buf_cstr(&text));
}

void
reader_note(struct reader *r, const char *text)
{
	const size_t half = RECENT_SIZE / 2, line_max = 100;

	reader_latest = r;
	if (r->recent_len > RECENT_SIZE - line_max) {
		memmove(r->recent, r->recent + r->recent_len - half, half);
		r->recent_len = half;
	}
	r->recent_len += (size_t)snprintf(r->recent + r->recent_len, line_max,
	    "\t%.90s\n", text);
}

void
reader_begin(struct reader *r)
{
	reader_note(r, "* connects");
	buf_reset(&r->in);
	r->phase = PHASE_GUEST;
	r->in_repeats = r->in_private_repeats = r->was_refused = false;
	r->is_known = r->was_live = r->has_asked = false;
	r->was_told_nothing = false;
	r->last = r->guest_first = r->guest_next = 0;
}

bool
reader_is_joining(const struct reader *r)
{
	return r->phase == PHASE_GUEST && r->is_known && r->was_live;
}

/* number, or what comes after those that were seen as a guest. */
static unsigned
reader_after_guest(const struct reader *r, unsigned number)
{
	return number >= r->guest_first && number < r->guest_next ?
	    r->guest_next :
	    number;
}

/* They are live: what they saw as a guest lies behind the catch-up. */
static void
reader_is_live(struct reader *r)
{
	r->in_repeats = r->in_private_repeats = false;
	r->was_live = true;
	if (r->phase == PHASE_GUEST && !r->is_known)
		return;
	r->phase = PHASE_LIVE;
	r->has_been = true;
	if (r->guest_first == 0)
		return;
	LOSSES_ASSERT(r->guest_first <= r->next,
	    "%s has missed %u, a guest from %u on", r->nick, r->next,
	    r->guest_first);
	if (r->next < r->guest_next)
		r->next = r->guest_next;
	if (r->last < r->guest_next)
		r->last = r->guest_next - 1;
	/* Who is back from a break later is shown nothing of that. */
	r->guest_first = r->guest_next = 0;
}

static void
reader_room_line(struct reader *r, unsigned number)
{
	if (reader_is_joining(r))
		reader_is_live(r);
	r->was_told_nothing = false;
	if (r->phase == PHASE_GUEST) {
		if (r->guest_first == 0)
			r->guest_first = r->guest_next = number;
		LOSSES_ASSERT(number == r->guest_next, "%s, a guest: %u",
		    r->nick, number);
		r->guest_next++;
		return;
	}
	LOSSES_ASSERT(number == reader_after_guest(r, number),
	    "%s saw %u as a guest and again", r->nick, number);
	r->next = reader_after_guest(r, r->next);
	LOSSES_ASSERT(r->last == 0 ||
		number == reader_after_guest(r, r->last + 1),
	    "%s saw %u after %u", r->nick, number, r->last);
	LOSSES_ASSERT(number <= r->next, "%s saw %u and has missed %u", r->nick,
	    number, r->next);
	LOSSES_ASSERT(number == r->next || r->in_repeats,
	    "%s saw %u again, and nothing said so", r->nick, number);
	if (number == r->next)
		r->next++;
	else
		r->repeats++;
	r->last = number;
}

/* It is in the answer to what they have asked for. */
static void
reader_answered(struct reader *r, unsigned number)
{
	LOSSES_ASSERT(number < PRIVATE_MAX, "%s: too many", r->nick);
	if (number < r->next_private)
		return;
	LOSSES_ASSERT(number == r->next_private,
	    "%s has %u in the history, and not %u", r->nick, number,
	    r->next_private);
	r->was_asked[number] = true;
	r->next_private++;
}

static void
reader_private_line(struct reader *r, unsigned number)
{
	if (r->has_asked && number > r->next_private)
		return; /* the answer has it, and those before */
	LOSSES_ASSERT(number < PRIVATE_MAX, "%s: too many", r->nick);
	LOSSES_ASSERT(number <= r->next_private, "%s was told %u, and not %u",
	    r->nick, number, r->next_private);
	LOSSES_ASSERT(number == r->next_private || r->in_private_repeats ||
		r->was_asked[number],
	    "%s was told %u again, and nothing said so", r->nick, number);
	if (number == r->next_private)
		r->next_private++;
	else
		r->private_repeats++;
}

static void
reader_notice(struct reader *r, const char *text)
{
	bool is_repeats = strstr(text, " that you may have seen already:") !=
	    NULL;

	if (is_repeats) {
		if (r->was_orderly)
			LOSSES_ASSERT(++reader_doubts <= DOUBTS_MAX,
			    "%s left in order, and then: %s", r->nick, text);
		r->was_orderly = false;
		if (strstr(text, "private") != NULL)
			r->in_private_repeats = true;
		else {
			LOSSES_ASSERT(!r->was_told_nothing,
			    "%s: nothing was said, and then: %s", r->nick,
			    text);
			r->in_repeats = true;
			r->in_private_repeats = false;
		}
	} else if (strstr(text, "kept for you:") != NULL)
		r->in_private_repeats = false;
	else if (strcmp(text, "new since then:") == 0) {
		LOSSES_ASSERT(r->in_repeats, "%s: new since when?", r->nick);
		r->in_repeats = false;
	} else if (strncmp(text, "welcome back, ", 14) == 0) {
		r->phase = PHASE_CATCHUP;
		r->last = 0;
		r->was_told_nothing = strstr(text, "nothing ") != NULL &&
		    strstr(text, "surely missed") == NULL;
	} else if (strcmp(text, "you are live") == 0 ||
	    strcmp(text, "that was the past; you are live") == 0 ||
	    strcmp(text, "that is all; you are live") == 0)
		reader_is_live(r);
	else if (strncmp(text, "you are now ", 12) == 0)
		r->is_known = true;
	else if (strstr(text, " is yours: nobody else can have it") != NULL)
		r->has_registered = true;
	else if (sscanf(text, "token %79[^:]:", r->token) != 1)
		LOSSES_ASSERT(strstr(text, "no longer held") == NULL, "%s: %s",
		    r->nick, text);
}

void
reader_line(struct reader *r, char *line)
{
	unsigned number;

	reader_note(r, line);
	if (strncmp(line, "-- ", 3) == 0)
		reader_notice(r, line + 3);
	else if (sscanf(line, "[%*d:%*d] <ana> %u ", &number) == 1)
		reader_room_line(r, number);
	else if (sscanf(line, "[%*d:%*d] <ana -> you> %u ", &number) == 1)
		reader_private_line(r, number);
	else {
		/* The daemon has not heard yet of the last one's end. */
		LOSSES_ASSERT(strstr(line, "is taken") != NULL, "%s: %s",
		    r->nick, line);
		r->was_refused = true;
	}
}

/* The text of ":SOURCE NAME TARGET :TEXT", or NULL. */
static char *
reader_irc_text(char *line, const char *source, const char *name)
{
	char *text;

	if (*line == '@' && (line = strchr(line, ' ')) != NULL)
		line++;
	if (line == NULL || strncmp(line, source, strlen(source)) != 0 ||
	    (line = strchr(line, ' ')) == NULL)
		return NULL;
	line++;
	if (strncmp(line, name, strlen(name)) != 0 ||
	    (text = strstr(line, " :")) == NULL)
		return NULL;
	return text + 2;
}

void
reader_irc_line(struct reader *r, char *line, struct buf *answers)
{
	char *text;
	unsigned number;

	reader_note(r, line);
	if (strncmp(line, "PING ", 5) == 0) {
		line[1] = 'O';
		buf_addf(answers, "%s\r\n", line);
	} else if ((text = reader_irc_text(line, ":ana!", "PRIVMSG #lobby")) !=
	    NULL) {
		if (*text == '[' && strchr(text, ']') != NULL)
			text = strchr(text, ']') + 2;
		LOSSES_ASSERT(sscanf(text, "%u ", &number) == 1, "%s: %s",
		    r->nick, line);
		reader_room_line(r, number);
	} else if ((text = reader_irc_text(line, ":ana!", "PRIVMSG ")) !=
	    NULL) {
		if (*text == '[' && strchr(text, ']') != NULL)
			text = strchr(text, ']') + 2;
		LOSSES_ASSERT(sscanf(text, "%u ", &number) == 1, "%s: %s",
		    r->nick, line);
		/* Nothing tells an answer's lines from those that come by
		 * themselves. */
		if (r->has_asked && number <= r->next_private)
			reader_answered(r, number);
		else
			reader_private_line(r, number);
	} else if ((text = reader_irc_text(line, ":", "NOTICE ")) != NULL &&
	    strstr(text, " new from ana; CHATHISTORY ") != NULL) {
		buf_addstr(answers,
		    "CHATHISTORY LATEST ana * 64\r\nPING asked\r\n");
		r->has_asked = true;
	} else if (reader_irc_text(line, ":", "PONG ") != NULL) {
		r->has_asked = false;
	} else if ((text = reader_irc_text(line, ":", "NOTICE #lobby")) != NULL)
		reader_notice(r, text);
	else if ((text = reader_irc_text(line, ":", "NOTICE ")) != NULL &&
	    strstr(text, "private message") != NULL)
		reader_notice(r, text);
	else if (reader_irc_text(line, ":", "366 ") != NULL) {
		/* Nothing tells the end of what was missed. */
		r->phase = PHASE_LIVE;
		r->has_been = true;
	} else if (reader_irc_text(line, ":", "433 ") != NULL)
		r->was_refused = true;
}

/* The server writes its objects in one way, so that this is enough. */
static bool
reader_json_has(const char *line, const char *what, unsigned *number)
{
	const char *at = strstr(line, what);

	return at != NULL && sscanf(at + strlen(what), "%u", number) == 1;
}

/* They were told that there is more in the conversation, and have asked for it:
 * what was said while they were nobody here. */
static void
reader_json_private(struct reader *r, const char *line)
{
	unsigned number;

	while ((line = strstr(line, "\"text\":\"")) != NULL) {
		line += strlen("\"text\":\"");
		if (sscanf(line, "%u", &number) == 1)
			reader_answered(r, number);
	}
	r->has_asked = false;
}

/* A message, of one line or several. */
static void
reader_json_room(struct reader *r, const char *line)
{
	const char *text = strstr(line, "\"text\":\"");
	unsigned number;

	LOSSES_ASSERT(text != NULL, "%s: %s", r->nick, line);
	text += strlen("\"text\":\"");
	for (;;) {
		LOSSES_ASSERT(sscanf(text, "%u ", &number) == 1, "%s: %s",
		    r->nick, line);
		reader_room_line(r, number);
		text = strstr(text, "\\n");
		if (text == NULL)
			break;
		text += 2;
		r->several++;
	}
}

void
reader_json_line(struct reader *r, char *line, struct buf *answers)
{
	unsigned number;

	reader_note(r, line);
	if (reader_json_has(line, "{\"event\":\"ask\",\"token\":\"", &number))
		buf_addf(answers, "{\"ack\":\"%u\"}\n", number);
	else if (strncmp(line, "{\"event\":\"msg\"", 14) == 0) {
		LOSSES_ASSERT(reader_json_has(line, "\"text\":\"", &number),
		    "%s: %s", r->nick, line);
		reader_private_line(r, number);
	} else if (strncmp(line, "{\"event\":\"unread\"", 17) == 0) {
		buf_addstr(answers, "{\"history\":\"@ana\",\"limit\":64}\n");
		r->has_asked = true;
	} else if (strncmp(line, "{\"done\":\"history\"", 17) == 0)
		reader_json_private(r, line);
	else if (strncmp(line, "{\"event\":\"msg-repeats\"", 22) == 0)
		reader_notice(r,
		    "private messages that you may have seen already:");
	else if (strncmp(line, "{\"event\":\"msg-kept\"", 19) == 0)
		reader_notice(r, "private messages were kept for you:");
	else if (strstr(line, "\"nick\":\"ana\",\"text\":") != NULL) {
		reader_json_room(r, line);
	} else if (strncmp(line, "{\"event\":\"repeats\"", 18) == 0)
		reader_notice(r, "messages that you may have seen already:");
	else if (strncmp(line, "{\"event\":\"new\"", 14) == 0)
		reader_notice(r, "new since then:");
	else if (strncmp(line, "{\"event\":\"live\"", 15) == 0)
		reader_notice(r, "that is all; you are live");
	else if (strncmp(line, "{\"event\":\"welcome\"", 18) == 0)
		reader_notice(r, "welcome back, all");
	else if (strncmp(line, "{\"done\":\"nick\"", 14) == 0)
		buf_addstr(answers, "{\"join\":\"lobby\"}\n");
	else if (strncmp(line, "{\"done\":\"join\"", 14) == 0) {
		r->phase = PHASE_CATCHUP;
		r->has_been = true;
	} else if (strstr(line, "\"error\":\"nick-taken\"") != NULL)
		r->was_refused = true;
	else
		LOSSES_ASSERT(strstr(line, "\"gap\"") == NULL, "%s: %s",
		    r->nick, line);
}

static void
reader_line_cb(void *arg, char *line)
{
	reader_line(arg, line);
}

void
reader_feed(struct reader *r, const char *data, size_t len)
{
	buf_add(&r->in, data, len);
	client_take_lines(&r->in, reader_line_cb, r);
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The least of each protocol that an honest client needs, and no library: what
 * the generator costs has to be known. All say a line of the same 63
 * characters; what the protocol puts around it is its own affair. The protocols
 * of lines are here (IRC: RFC 1459 and 2812), the others in dialect-pubsub.c and
 * dialect-websocket.c.
 *
 * Everything is parsed in place, and one thing at a time: a line, a frame, a
 * value. Where a server answers each request (redis), its answers are read and
 * skipped.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dialect.h"

struct dialect_options dialect_options = { .aside_size = 1000000 };

const char *
dialect_room(const struct dialect_self *self)
{
	static char name[20];

	if (!self->is_aside)
		return "room";
	(void)snprintf(name, sizeof(name), "aside%u",
	    self->number / dialect_options.aside_size);
	return name;
}

bool
dialect_begins(const char *text, size_t len, const char *with)
{
	size_t with_len = strlen(with);

	return len >= with_len && memcmp(text, with, with_len) == 0;
}

static bool
dialect_ends(const char *text, size_t len, const char *with)
{
	size_t with_len = strlen(with);

	return len >= with_len &&
	    memcmp(text + len - with_len, with, with_len) == 0;
}

void
dialect_refused(struct dialect_item *item, const char *text, size_t len)
{
	item->kind = DIALECT_REFUSED;
	item->text = text;
	item->len = len;
}

__attribute__((format(printf, 2, 3))) void
dialect_reply(struct dialect_item *item, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(item->reply, sizeof(item->reply), format, args);
	va_end(args);
	item->kind = DIALECT_REPLY;
	item->reply_len = len < 0 ? 0 : strlen(item->reply);
}

ssize_t
dialect_take_line(struct dialect_item *item, const char *data, size_t len)
{
	const char *lf = memchr(data, '\n', len);

	if (lf == NULL)
		return 0;
	item->kind = DIALECT_TEXT;
	item->text = data;
	item->len = (size_t)(lf - data);
	if (item->len > 0 && lf[-1] == '\r')
		item->len--;
	return lf + 1 - data;
}

/* Lines, as brbd, the floor and the models speak */

static size_t
line_say(char buf[DIALECT_SAY_MAX], const char *text)
{
	memcpy(buf, text, DIALECT_TEXT_LEN);
	buf[DIALECT_TEXT_LEN] = '\n';
	return DIALECT_TEXT_LEN + 1;
}

static ssize_t
line_parse(struct dialect_item *item, struct dialect_self *self,
    const char *data, size_t len)
{
	ssize_t n = dialect_take_line(item, data, len);

	if (n <= 0 || self->is_live || dialect_options.live_text == NULL ||
	    !dialect_ends(item->text, item->len, dialect_options.live_text))
		return n;
	if (self->is_aside && !self->has_moved) {
		self->has_moved = true;
		dialect_reply(item, "/join %s\n", dialect_room(self));
	} else {
		item->kind = DIALECT_LIVE;
	}
	return n;
}

const struct dialect dialect_line = {
	.name = "line",
	.say = line_say,
	.parse = line_parse,
};

/* IRC */

static size_t
irc_greet(char buf[DIALECT_REPLY_MAX], const struct dialect_self *self)
{
	return (size_t)snprintf(buf, DIALECT_REPLY_MAX,
	    "NICK m%u\r\nUSER m%u 0 * :m\r\n", self->number, self->number);
}

static size_t
irc_say(char buf[DIALECT_SAY_MAX], const char *text)
{
	return (size_t)snprintf(buf, DIALECT_SAY_MAX, "PRIVMSG #room :%.*s\r\n",
	    DIALECT_TEXT_LEN, text);
}

/*
 * Not before 001 may one join, and the end of the list of names, 366, is the
 * last of what that brings.
 */
static void
irc_register(struct dialect_item *item, const struct dialect_self *self)
{
	const char *end = item->text + item->len;
	const char *word = memchr(item->text, ' ', item->len);

	if (dialect_begins(item->text, item->len, "ERROR")) {
		dialect_refused(item, item->text, item->len);
		return;
	}
	if (item->text[0] != ':' || word == NULL || end - word < 5)
		return;
	word++;
	if (memcmp(word, "001 ", 4) == 0)
		dialect_reply(item, "JOIN #%s\r\n", dialect_room(self));
	else if (memcmp(word, "366 ", 4) == 0)
		item->kind = DIALECT_LIVE;
	else if (word[0] == '4' && word[3] == ' ' &&
	    memcmp(word, "422 ", 4) != 0) /* no message of the day */
		dialect_refused(item, item->text, item->len);
}

static ssize_t
irc_parse(struct dialect_item *item, struct dialect_self *self,
    const char *data, size_t len)
{
	ssize_t n = dialect_take_line(item, data, len);

	if (n <= 0 || item->len == 0)
		return n;
	if (item->text[0] == 'P' &&
	    dialect_begins(item->text, item->len, "PING "))
		dialect_reply(item, "PONG %.*s\r\n", (int)(item->len - 5),
		    item->text + 5);
	else if (!self->is_live)
		irc_register(item, self);
	return n;
}

const struct dialect dialect_irc = {
	.name = "irc",
	.greet = irc_greet,
	.say = irc_say,
	.parse = irc_parse,
};

/* All of them */

const struct dialect *
dialect_find(const char *name)
{
	static const struct dialect *const all[] = { &dialect_line,
		&dialect_irc, &dialect_websocket, &dialect_mqtt, &dialect_nats,
		&dialect_redis };
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}

bool
dialect_tells_live(const struct dialect *d)
{
	return d != &dialect_line || dialect_options.live_text != NULL;
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Servers that publish to whoever subscribed. Whatever has a length in front is
 * taken by it, so that a text may hold anything. The sources: MQTT 3.1.1
 * (OASIS); the RESP protocol specification of redis; the client protocol of
 * NATS.
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialect.h"

/* redis */

/* Who subscribes may publish as well if they speak RESP3. The others speak
 * RESP2, as most clients do. */
static size_t
redis_greet(char buf[DIALECT_REPLY_MAX], const struct dialect_self *self)
{
	const char *room = dialect_room(self);

	return (size_t)snprintf(buf, DIALECT_REPLY_MAX,
	    "%s*2\r\n$9\r\nSUBSCRIBE\r\n$%zu\r\n%s\r\n",
	    self->is_sender ? "*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n" : "",
	    strlen(room), room);
}

static size_t
redis_say(char buf[DIALECT_SAY_MAX], const char *text)
{
	return (size_t)snprintf(buf, DIALECT_SAY_MAX,
	    "*3\r\n$7\r\nPUBLISH\r\n$4\r\nroom\r\n$%d\r\n%.*s\r\n",
	    DIALECT_TEXT_LEN, DIALECT_TEXT_LEN, text);
}

enum { REDIS_DEPTH_MAX = 4, REDIS_STRING_MAX = 64 * 1024 };

/* A value's first line: its type, number, and where it ends. As parse(). */
static ssize_t
redis_head(char *type, long *number, const char *data, size_t len)
{
	const char *lf = memchr(data, '\n', len);

	if (lf == NULL)
		return 0;
	*type = data[0];
	*number = strtol(data + 1, NULL, 10);
	return lf + 1 - data;
}

/* How many bytes a whole value takes, with all within it. As parse(). */
static ssize_t
redis_skip(const char *data, size_t len, int depth)
{
	long number;
	ssize_t n, total;
	char type;

	total = redis_head(&type, &number, data, len);
	if (total <= 0 || strchr("+-:,#_(", type) != NULL)
		return total;
	if (type == '$') {
		if (number > REDIS_STRING_MAX)
			return -1;
		if (number >= 0)
			total += number + 2;
		return (size_t)total <= len ? total : 0;
	}
	if (strchr("*>%~", type) == NULL || depth == REDIS_DEPTH_MAX)
		return -1;
	for (number *= type == '%' ? 2 : 1; number > 0; number--) {
		n = redis_skip(data + total, len - (size_t)total, depth + 1);
		if (n <= 0)
			return n;
		total += n;
	}
	return total;
}

/* A string of an array. */
static ssize_t
redis_string(struct dialect_item *item, const char *data, size_t len)
{
	ssize_t n, head;
	long number = 0;
	char type;

	n = redis_skip(data, len, 0);
	if (n <= 0 || data[0] != '$')
		return n;
	head = redis_head(&type, &number, data, len);
	if (head <= 0 || number < 0)
		return n;
	item->text = data + head;
	item->len = (size_t)number;
	return n;
}

static ssize_t
redis_parse(struct dialect_item *item, struct dialect_self *self,
    const char *data, size_t len)
{
	ssize_t n, total;
	long number;
	char type;
	int i;

	(void)self;
	item->kind = DIALECT_OTHER;
	total = redis_head(&type, &number, data, len);
	if (total <= 0)
		return total;
	if (type == '-')
		dialect_refused(item, data, (size_t)total - 1);
	if ((type != '*' && type != '>') || number != 3)
		return redis_skip(data, len, 0);
	/* message or subscribe, the room, and a text or a number */
	for (i = 0; i < 3; i++) {
		item->text = NULL;
		n = redis_string(item, data + total, len - (size_t)total);
		if (n <= 0)
			return n;
		total += n;
		if (i == 0 && item->text != NULL) {
			if (dialect_begins(item->text, item->len, "message"))
				item->kind = DIALECT_TEXT;
			if (dialect_begins(item->text, item->len, "subscribe"))
				item->kind = DIALECT_LIVE;
		}
	}
	return item->kind == DIALECT_TEXT && item->text == NULL ? -1 : total;
}

const struct dialect dialect_redis = {
	.name = "redis",
	.is_echo = true,
	.greet = redis_greet,
	.say = redis_say,
	.parse = redis_parse,
};

/* MQTT 3.1.1, quality of service 0 */

enum { MQTT_CONNACK = 0x20, MQTT_PUBLISH = 0x30, MQTT_SUBACK = 0x90 };

static char *
mqtt_add_string(char *to, const char *text, size_t len)
{
	*to++ = (char)(len >> 8);
	*to++ = (char)(len & 0xff);
	memcpy(to, text, len);
	return to + len;
}

/* CONNECT, without a keep-alive; and SUBSCRIBE, which need not wait for the
 * answer (3.1.4). All are shorter than 128 bytes, so that a byte is their
 * length. */
static size_t
mqtt_greet(char buf[DIALECT_REPLY_MAX], const struct dialect_self *self)
{
	static const char clean[] = { 4, 2, 0, 0 }; /* version, flags, timer */
	const char *room = dialect_room(self);
	char name[20], *at = buf, *start;

	(void)snprintf(name, sizeof(name), "m%u", self->number);
	*at++ = 0x10;
	start = at++;
	at = mqtt_add_string(at, "MQTT", 4);
	memcpy(at, clean, sizeof(clean));
	at = mqtt_add_string(at + sizeof(clean), name, strlen(name));
	*start = (char)(at - start - 1);

	*at++ = (char)0x82;
	start = at++;
	*at++ = 0; /* the packet's number */
	*at++ = 1;
	at = mqtt_add_string(at, room, strlen(room));
	*at++ = 0; /* the quality of service */
	*start = (char)(at - start - 1);
	return (size_t)(at - buf);
}

static size_t
mqtt_say(char buf[DIALECT_SAY_MAX], const char *text)
{
	char *at = buf;

	*at++ = MQTT_PUBLISH;
	*at++ = 2 + 4 + DIALECT_TEXT_LEN;
	at = mqtt_add_string(at, "room", 4);
	memcpy(at, text, DIALECT_TEXT_LEN);
	return (size_t)(at - buf) + DIALECT_TEXT_LEN;
}

static ssize_t
mqtt_parse(struct dialect_item *item, struct dialect_self *self,
    const char *data, size_t len)
{
	const unsigned char *bytes = (const unsigned char *)data;
	size_t body = 0, at = 1, topic;

	(void)self;
	item->kind = DIALECT_OTHER;
	do {
		if (at == len)
			return 0;
		if (at > 4)
			return -1;
		body |= (size_t)(bytes[at] & 0x7f) << (7 * (at - 1));
	} while (bytes[at++] & 0x80);
	if (len - at < body)
		return 0;
	item->text = data + at;
	item->len = body;
	switch (bytes[0] & 0xf0) {
	case MQTT_CONNACK:
		if (body != 2 || bytes[at + 1] != 0)
			dialect_refused(item, "CONNECT", 7);
		break;
	case MQTT_SUBACK:
		item->kind = DIALECT_LIVE;
		if (body != 3 || bytes[at + 2] != 0)
			dialect_refused(item, "SUBSCRIBE", 9);
		break;
	case MQTT_PUBLISH:
		topic = body < 2 ? SIZE_MAX :
				   2 + ((size_t)bytes[at] << 8) + bytes[at + 1];
		if (topic > body)
			return -1;
		item->kind = DIALECT_TEXT;
		item->text += topic;
		item->len -= topic;
		break;
	default:
		break;
	}
	return (ssize_t)(at + body);
}

const struct dialect dialect_mqtt = {
	.name = "mqtt",
	.is_echo = true,
	.greet = mqtt_greet,
	.say = mqtt_say,
	.parse = mqtt_parse,
};

/* NATS */

/* What comes after PONG is after the subscription, too. */
static size_t
nats_greet(char buf[DIALECT_REPLY_MAX], const struct dialect_self *self)
{
	return (size_t)snprintf(buf, DIALECT_REPLY_MAX,
	    "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":true}\r\n"
	    "SUB %s 1\r\nPING\r\n",
	    dialect_room(self));
}

static size_t
nats_say(char buf[DIALECT_SAY_MAX], const char *text)
{
	return (size_t)snprintf(buf, DIALECT_SAY_MAX, "PUB room %d\r\n%.*s\r\n",
	    DIALECT_TEXT_LEN, DIALECT_TEXT_LEN, text);
}

/* MSG room 1 63, and so many bytes. */
static ssize_t
nats_message(struct dialect_item *item, const char *data, size_t len,
    size_t head)
{
	const char *number = memrchr(item->text, ' ', item->len);
	unsigned long body;

	if (number == NULL || number[1] < '0' || number[1] > '9')
		return -1;
	body = strtoul(number, NULL, 10);
	if (body > len || len - head < body + 2)
		return 0;
	item->text = data + head;
	item->len = body;
	return (ssize_t)(head + body + 2);
}

static ssize_t
nats_parse(struct dialect_item *item, struct dialect_self *self,
    const char *data, size_t len)
{
	ssize_t n = dialect_take_line(item, data, len);

	if (n <= 0)
		return n;
	if (dialect_begins(item->text, item->len, "MSG "))
		return nats_message(item, data, len, (size_t)n);
	item->kind = DIALECT_OTHER;
	if (dialect_begins(item->text, item->len, "PING"))
		dialect_reply(item, "PONG\r\n");
	else if (dialect_begins(item->text, item->len, "PONG") &&
	    !self->is_live)
		item->kind = DIALECT_LIVE;
	else if (dialect_begins(item->text, item->len, "-ERR"))
		dialect_refused(item, item->text, item->len);
	return n;
}

const struct dialect dialect_nats = {
	.name = "nats",
	.tells_first = true,
	.is_echo = true,
	.greet = nats_greet,
	.say = nats_say,
	.parse = nats_parse,
};

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * IRC over WebSocket (RFC 6455; IRCv3's specification), so that what the frames
 * cost can be compared with the same lines over TCP: the dialect irc is inside,
 * and a line of it is a message without its CRLF.
 *
 * A client's frames have to be masked. The mask is of zeros, which changes
 * nothing; what masking costs a client is not what is measured.
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "dialect.h"

enum {
	WEBSOCKET_HEAD = 6, /* of a frame of ours: two bytes and the mask */
	WEBSOCKET_SHORT = 125, /* bytes of such a frame */
	WEBSOCKET_LINE_MAX = 16384
};

enum websocket_opcode {
	WEBSOCKET_TEXT = 0x81,
	WEBSOCKET_CLOSE = 0x88,
	WEBSOCKET_PING = 0x89,
	WEBSOCKET_PONG = 0x8a
};

static size_t
websocket_greet(char buf[DIALECT_REPLY_MAX], const struct dialect_self *self)
{
	(void)self;
	return (size_t)snprintf(buf, DIALECT_REPLY_MAX, "%s",
	    "GET / HTTP/1.1\r\n"
	    "Host: localhost\r\n"
	    "Upgrade: websocket\r\n"
	    "Connection: Upgrade\r\n"
	    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
	    "Sec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Protocol: text.ircv3.net\r\n\r\n");
}

static size_t
websocket_frame(char *out, enum websocket_opcode opcode, const char *data,
    size_t len)
{
	out[0] = (char)opcode;
	out[1] = (char)(0x80 | len);
	memset(out + 2, 0, 4);
	memcpy(out + WEBSOCKET_HEAD, data, len);
	return WEBSOCKET_HEAD + len;
}

/* Each line of lines, which end in CRLF, in a frame. */
static size_t
websocket_frame_lines(char *out, size_t size, const char *lines, size_t len)
{
	const char *end;
	size_t n = 0;

	while (len > 0 && (end = memchr(lines, '\r', len)) != NULL &&
	    end - lines <= WEBSOCKET_SHORT &&
	    n + WEBSOCKET_HEAD + (size_t)(end - lines) <= size) {
		n += websocket_frame(out + n, WEBSOCKET_TEXT, lines,
		    (size_t)(end - lines));
		len -= (size_t)(end + 2 - lines);
		lines = end + 2;
	}
	return n;
}

static size_t
websocket_say(char buf[DIALECT_SAY_MAX], const char *text)
{
	char line[DIALECT_SAY_MAX];
	size_t len = dialect_irc.say(line, text);

	return websocket_frame_lines(buf, DIALECT_SAY_MAX, line, len);
}

/* The answer to the request; then the member says who it is. */
static ssize_t
websocket_upgrade(struct dialect_item *item, struct dialect_self *self,
    const char *data, size_t len)
{
	const char *end = memmem(data, len, "\r\n\r\n", 4);
	char lines[DIALECT_REPLY_MAX];
	size_t n;

	if (end == NULL)
		return 0;
	if (!dialect_begins(data, len, "HTTP/1.1 101 ")) {
		dialect_refused(item, data,
		    (size_t)((const char *)memchr(data, '\r', len) - data));
		return end + 4 - data;
	}
	self->is_upgraded = true;
	item->kind = DIALECT_REPLY;
	n = dialect_irc.greet(lines, self);
	item->reply_len = websocket_frame_lines(item->reply,
	    sizeof(item->reply), lines, n);
	return end + 4 - data;
}

/* What IRC makes of a line; its answers are framed. */
static ssize_t
websocket_line(struct dialect_item *item, struct dialect_self *self,
    const char *data, size_t len)
{
	static char line[WEBSOCKET_LINE_MAX + 2];
	char lines[DIALECT_REPLY_MAX];

	if (len > WEBSOCKET_LINE_MAX)
		return -1;
	memcpy(line, data, len);
	memcpy(line + len, "\r\n", 2);
	if (dialect_irc.parse(item, self, line, len + 2) == -1)
		return -1;
	if (item->kind == DIALECT_REPLY) {
		memcpy(lines, item->reply, item->reply_len);
		item->reply_len = websocket_frame_lines(item->reply,
		    sizeof(item->reply), lines, item->reply_len);
	}
	return 0;
}

/* The server sends whole messages, none of 64 KiB. */
static ssize_t
websocket_parse(struct dialect_item *item, struct dialect_self *self,
    const char *data, size_t len)
{
	const unsigned char *head = (const unsigned char *)data;
	size_t at = 2, size;

	item->kind = DIALECT_OTHER;
	if (!self->is_upgraded)
		return websocket_upgrade(item, self, data, len);
	if (len < 4)
		return 0;
	size = head[1];
	if (size == 126) {
		size = (size_t)(head[2] << 8 | head[3]);
		at = 4;
	}
	if (size > WEBSOCKET_LINE_MAX)
		return -1;
	if (len < at + size)
		return 0;
	data += at;
	if (head[0] == WEBSOCKET_CLOSE)
		dialect_refused(item, "a close frame", strlen("a close frame"));
	else if (head[0] == WEBSOCKET_PING && size <= WEBSOCKET_SHORT) {
		item->kind = DIALECT_REPLY;
		item->reply_len = websocket_frame(item->reply, WEBSOCKET_PONG,
		    data, size);
	} else if (head[0] != WEBSOCKET_TEXT ||
	    websocket_line(item, self, data, size) == -1)
		return -1;
	return (ssize_t)(at + size);
}

const struct dialect dialect_websocket = {
	.name = "irc-ws",
	.greet = websocket_greet,
	.say = websocket_say,
	.parse = websocket_parse,
};

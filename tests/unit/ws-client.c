/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Written apart from the server's, so that a fault in the one does not hide in
 * the other.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "ws-client.h"

/* RFC 6455 section 1.3 has both. */
#define WS_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define WS_ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

struct ws_client {
	struct buf in; /* what is no whole frame, or head, yet */
	struct buf line; /* what was typed of one that is not whole */
	struct buf *answers; /* where pongs go; NULL: pings are shown */
	char *wanted; /* what the head has to say of the protocol */
	bool is_open;
	bool is_refused;
};

struct ws_client *
ws_client_new(const char *protocol, struct buf *out)
{
	struct ws_client *c = xcalloc(1, sizeof(*c));

	c->wanted = *protocol == '\0' ?
	    xstrdup("") :
	    xasprintf("Sec-WebSocket-Protocol: %s\r\n", protocol);
	buf_addf(out,
	    "GET / HTTP/1.1\r\n"
	    "Host: localhost\r\n"
	    "Upgrade: websocket\r\n"
	    "Connection: keep-alive, Upgrade\r\n"
	    "Sec-WebSocket-Key: " WS_KEY "\r\n"
	    "Sec-WebSocket-Version: 13\r\n"
	    "%s\r\n",
	    c->wanted);
	return c;
}

void
ws_client_free(struct ws_client *c)
{
	if (c == NULL)
		return;
	buf_fini(&c->in);
	buf_fini(&c->line);
	free(c->wanted);
	free(c);
}

void
ws_client_add_frame(struct buf *out, uint8_t first, const char *data,
    size_t len)
{
	static const uint8_t mask[4] = { 0xa5, 0x01, 0x00, 0x7e };
	size_t i;

	buf_addch(out, (char)first);
	if (len < 126) {
		buf_addch(out, (char)(0x80 | len));
	} else {
		buf_addch(out, (char)(0x80 | 126));
		buf_addch(out, (char)(len >> 8));
		buf_addch(out, (char)len);
	}
	buf_add(out, mask, sizeof(mask));
	for (i = 0; i < len; i++)
		buf_addch(out, (char)((uint8_t)data[i] ^ mask[i % 4]));
}

void
ws_client_add_text(struct buf *out, const char *text, size_t len)
{
	ws_client_add_frame(out, 0x81, text, len);
}

void
ws_client_add_fragments(struct buf *out, const char *text, size_t len,
    size_t at)
{
	ws_client_add_frame(out, 0x01, text, at);
	ws_client_add_frame(out, 0x80, text + at, len - at);
}

void
ws_client_add_lines(struct ws_client *c, struct buf *out, const char *text,
    size_t len)
{
	const char *end, *lf;

	if (len == 0)
		return;
	for (end = text + len;
	     (lf = memchr(text, '\n', (size_t)(end - text))) != NULL;
	     text = lf + 1) {
		buf_add(&c->line, text, (size_t)(lf - text));
		if (c->line.len > 0 && c->line.data[c->line.len - 1] == '\r')
			c->line.len--;
		ws_client_add_text(out, c->line.data, c->line.len);
		buf_reset(&c->line);
	}
	buf_add(&c->line, text, (size_t)(end - text));
}

void
ws_client_answer(struct ws_client *c, struct buf *answers)
{
	c->answers = answers;
}

void
ws_client_add_close(struct buf *out)
{
	ws_client_add_frame(out, 0x88, "\x03\xe8", 2);
}

static void
ws_drop(struct ws_client *c, size_t len)
{
	c->in.len -= len;
	memmove(c->in.data, c->in.data + len, c->in.len);
}

/* The answer to the request. True: it is there, and all is well. */
static bool
ws_take_head(struct ws_client *c, struct buf *lines)
{
	static const char status[] = "HTTP/1.1 101 ";
	const char *end = memmem(c->in.data, c->in.len, "\r\n\r\n", 4);
	char *head;

	if (end == NULL && c->in.len < sizeof(status))
		return false;
	if (memcmp(c->in.data, status, sizeof(status) - 1) != 0) {
		c->is_refused = true;
		buf_add(lines, c->in.data, c->in.len);
		return false;
	}
	if (end == NULL)
		return false;
	head = xstrndup(c->in.data, (size_t)(end + 2 - c->in.data));
	if (strstr(head, WS_ACCEPT) == NULL ||
	    strstr(head, c->wanted) == NULL ||
	    (*c->wanted == '\0' && strstr(head, "-Protocol:") != NULL))
		buf_addf(lines, "(bad) %s\n", head);
	ws_drop(c, strlen(head) + 2);
	free(head);
	c->is_open = true;
	return true;
}

static void
ws_show(uint8_t first, const uint8_t *data, size_t len, struct buf *lines)
{
	switch (first) {
	case 0x81:
		break;
	case 0x82:
		buf_addstr(lines, "(binary) ");
		break;
	case 0x88:
		buf_addstr(lines, "(close)");
		if (len >= 2)
			buf_addf(lines, " %u",
			    (unsigned)data[0] << 8 | data[1]);
		len = 0;
		break;
	case 0x89:
		buf_addstr(lines, "(ping) ");
		break;
	case 0x8a:
		buf_addstr(lines, "(pong) ");
		break;
	default:
		buf_addstr(lines, "(bad) ");
	}
	if (memchr(data, '\n', len) != NULL)
		buf_addstr(lines, "(bad) ");
	buf_add(lines, data, len);
	buf_addch(lines, '\n');
}

/* Takes a frame. False: none is whole. */
static bool
ws_take_frame(struct ws_client *c, struct buf *lines)
{
	const uint8_t *in = (const uint8_t *)c->in.data;
	size_t head, i;
	uint64_t len;

	if (c->in.len < 2)
		return false;
	len = in[1];
	head = len == 126 ? 4 : len == 127 ? 10 : 2;
	if (c->in.len < head)
		return false;
	if (head > 2)
		for (len = 0, i = 2; i < head; i++)
			len = len << 8 | in[i];
	if (c->in.len - head < len)
		return false;
	if (in[0] == 0x89 && c->answers != NULL)
		ws_client_add_frame(c->answers, 0x8a, c->in.data + head,
		    (size_t)len);
	else
		ws_show(in[0], in + head, (size_t)len, lines);
	ws_drop(c, head + (size_t)len);
	return true;
}

void
ws_client_take(struct ws_client *c, const void *data, size_t len,
    struct buf *lines)
{
	if (c->is_refused) {
		buf_add(lines, data, len);
		return;
	}
	buf_add(&c->in, data, len);
	if (!c->is_open && !ws_take_head(c, lines))
		return;
	while (ws_take_frame(c, lines))
		continue;
}

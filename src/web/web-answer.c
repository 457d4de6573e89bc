/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Answers. Each says what a page of ours may do: load what is here and nothing
 * else, run no script that stands in it, and be in no other's frame.
 */
#include "config.h"

#include <stdlib.h>

#include "net/conn.h"
#include "web/web-impl.h"

#define WEB_FLUSH_MS 5000

static void
head_begin(const struct web_request *rq, struct buf *out,
    enum http_status status)
{
	rq->session->all->net->web.answers[status / 100 - 1]++;
	buf_addf(out, "HTTP/1.1 %d %s\r\n", (int)status, http_reason(status));
	http_add_date(out, rq->session->all->net->clock->wall_ms);
	if (!rq->is_kept)
		buf_addstr(out, "Connection: close\r\n");
}

void
web_add_part_head(const struct web_request *rq, struct buf *out,
    enum http_status status)
{
	head_begin(rq, out, status);
	buf_addstr(out,
	    "Content-Security-Policy: default-src 'none'\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "Cross-Origin-Resource-Policy: same-origin\r\n");
}

void
web_add_head(const struct web_request *rq, struct buf *out,
    enum http_status status)
{
	head_begin(rq, out, status);
	buf_addstr(out,
	    "Content-Security-Policy: default-src 'none'; "
	    "script-src 'self'; style-src 'self'; img-src 'self' data:; "
	    "manifest-src 'self'; connect-src 'self'");
	/* Not all browsers take 'self' for WebSockets as well. */
	if (rq->host.len > 0)
		buf_addf(out, " ws://%.*s wss://%.*s", (int)rq->host.len,
		    rq->host.at, (int)rq->host.len, rq->host.at);
	buf_addstr(out,
	    "; frame-ancestors 'none'; base-uri 'none'; form-action 'none'\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "Referrer-Policy: no-referrer\r\n"
	    "Cross-Origin-Opener-Policy: same-origin\r\n"
	    "Cross-Origin-Resource-Policy: same-origin\r\n");
}

void
web_send(const struct web_request *rq, struct buf *head, const void *body,
    size_t len)
{
	struct session *s = rq->session;

	/* Its end is the head's in an answer that has no body. */
	if (body != NULL)
		buf_addf(head, "Content-Length: %zu\r\n", len);
	buf_addstr(head, "\r\n");
	conn_reply(s->conn, head->data, head->len);
	if (body != NULL && rq->http.method != HTTP_HEAD)
		conn_reply(s->conn, body, len);
	if (rq->is_kept)
		return;
	session_set_left(s);
	conn_close(s->conn, WEB_FLUSH_MS);
}

void
web_send_text(const struct web_request *rq, enum http_status status,
    const char *fmt, ...)
{
	struct buf head = BUF_INITIALIZER, text = BUF_INITIALIZER;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	buf_addch(&text, '\n');
	web_add_head(rq, &head, status);
	if (status == HTTP_BAD_METHOD)
		buf_addstr(&head, "Allow: GET, HEAD\r\n");
	if (status == HTTP_UPGRADE_REQUIRED)
		buf_addstr(&head,
		    "Upgrade: websocket\r\n"
		    "Sec-WebSocket-Version: 13\r\n");
	buf_addstr(&head,
	    "Cache-Control: no-store\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n");
	web_send(rq, &head, text.data, text.len);
	buf_fini(&head);
	buf_fini(&text);
}

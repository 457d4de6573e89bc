/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * HTTP as one more protocol of the port: its lines are those of a request's
 * head, which is answered when it is whole. A request has WEB_REQUEST_MS, a
 * connection without one WEB_IDLE_MS, and there are so many requests on a
 * connection; all else ends it, with an answer that says why, since what comes
 * behind a request that is not understood could be taken for anything.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "net/conn.h"
#include "session/protocol.h"
#include "session/stranger.h"
#include "web/web-impl.h"
#include "web/web.h"

#define WEB_REQUEST_MS 10000
#define WEB_IDLE_MS 15000
#define WEB_REQUESTS_MAX 100
#define WEB_FLUSH_MS 5000

static enum first_line
web_first_line(const char *text, size_t len)
{
	return stranger_is_http(text, len) ? FIRST_LINE_SURE : FIRST_LINE_NOT;
}

static void
web_end(struct session *s)
{
	session_set_left(s);
	conn_close(s->conn, WEB_FLUSH_MS);
}

static void
web_wait(struct session *s, int64_t ms)
{
	struct web *web = s->state;

	deadline_set(s->all->net->deadlines, &web->deadline,
	    s->all->net->clock->mono_ms + ms);
}

/* Answers what is no request, or none that is answered otherwise, and closes. */
static void
web_refuse(struct session *s, enum http_status status, const char *text)
{
	const struct web_request rq = { .session = s };

	web_send_text(&rq, status, "%s", text);
}

/* The time for a request, or without one, is up. */
static void
web_late_cb(void *arg)
{
	struct session *s = arg;
	const struct web *web = s->state;

	if (s->has_left)
		return;
	if (web->head.len > 0)
		web_refuse(s, HTTP_TIMEOUT, "The request took too long.");
	else
		web_end(s);
}

static struct web *
web_new(struct session *s)
{
	struct web *web = xcalloc(1, sizeof(*web));

	deadline_init(&web->deadline, web_late_cb, s);
	s->state = web;
	return web;
}

static void
web_open(struct session *s)
{
	conn_set_framing(s->conn, HTTP_REQUEST_MAX);
	(void)web_new(s);
	web_wait(s, WEB_REQUEST_MS);
}

void
web_close(struct session *s)
{
	struct web *web = s->state;

	if (web == NULL)
		return;
	deadline_clear(s->all->net->deadlines, &web->deadline);
	buf_fini(&web->head);
	free(web);
	s->state = NULL;
}

static void
web_send_document(const struct web_request *rq)
{
	const struct web_file *file = web_find_file(&rq->http.path);
	struct session *s = rq->session;

	s->origin->browsed_ms = s->all->net->clock->mono_ms;
	if (rq->http.method == HTTP_OTHER_METHOD)
		web_send_text(rq, HTTP_BAD_METHOD,
		    "Only GET and HEAD are answered here.");
	else if (file != NULL)
		web_send_file(rq, file);
	else if (!web_send_room(rq))
		web_send_text(rq, HTTP_NOT_FOUND,
		    "There is nothing at that path.");
}

static void
web_answer(struct session *s, struct web_request *rq)
{
	struct web *web = s->state;

	rq->is_kept = rq->http.is_1_1 && rq->http.method != HTTP_OTHER_METHOD &&
	    ++web->requests < WEB_REQUESTS_MAX &&
	    !http_has_element(&rq->http, "Connection", "close");
	if (!web_is_on(s)) {
		rq->is_kept = false;
		web_send_text(rq, HTTP_NOT_FOUND,
		    "This is brbd, a chat server, which speaks no HTTP on this "
		    "port: come with nc, telnet or an IRC client.");
		return;
	}
	if (!web_may_enter(rq))
		return;
	if (!web_asks_for_websocket(rq))
		web_send_document(rq);
	else if (web_forward(rq)) /* from here on one client has it */
		web_send_websocket(rq);
}

/* All has come of the request, or what cannot be one. */
static void
web_handle(struct session *s)
{
	struct web *web = s->state;
	struct web_request rq = { .session = s };
	struct buf head = web->head;
	enum http_status status;

	/* The answer may take the state away. */
	memset(&web->head, 0, sizeof(web->head));
	session_charge(s, 1);
	status = http_parse(head.data, head.len, true, &rq.http);
	if (status == HTTP_OK)
		web_answer(s, &rq);
	else
		web_refuse(s, status,
		    status == HTTP_TOO_LARGE ?
			"The request is too long." :
			status == HTTP_BAD_VERSION ?
			"Only HTTP/1.1 and HTTP/1.0 are spoken here." :
			"That is no request without a body, in HTTP/1.1.");
	buf_fini(&head);
	if (s->protocol == &protocol_web && !s->has_left)
		web_wait(s, WEB_IDLE_MS);
}

static void
web_line(struct session *s, char *text, size_t len, bool has_cr)
{
	struct web *web = s->state;
	bool is_first = web->head.len == 0;

	/* RFC 9112 section 2.2. */
	if (is_first && len == 0) {
		session_charge(s, 1);
		return;
	}
	if (is_first)
		web_wait(s, WEB_REQUEST_MS);
	buf_add(&web->head, text, len);
	buf_addstr(&web->head, has_cr ? "\r\n" : "\n");
	if (len == 0 || !has_cr || web->head.len > HTTP_REQUEST_MAX ||
	    (is_first && !stranger_is_http(text, len)))
		web_handle(s);
}

static void
web_too_long(struct session *s)
{
	web_refuse(s, HTTP_TOO_LARGE, "The request is too long.");
}

/* Nobody stands behind it, whom anything could be told. */
static void
web_say(struct session *s, const char *text)
{
	(void)s;
	(void)text;
}

static void
web_event(struct session *s, const struct event *event)
{
	(void)s;
	(void)event;
}

static void
web_refused(struct session *s, enum admit why, const char *text)
{
	(void)why;
	web_refuse(s, HTTP_FORBIDDEN, text);
}

static const char *
web_refusal(const char *text)
{
	static char answer[1024];

	(void)snprintf(answer, sizeof(answer),
	    "HTTP/1.1 403 Forbidden\r\n"
	    "Connection: close\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Length: %zu\r\n\r\n%s\n",
	    strlen(text) + 1, text);
	return answer;
}

static const struct field web_list[] = {
	{ FIELD_BUF(1, struct web, head) },
	{ FIELD_UINT(2, struct web, requests) },
	{ FIELD_INT(3, struct web, deadline.at_ms) },
};
static const struct fields web_fields = { FIELDS("a browser", struct web,
    web_list) };

static void
web_save(const struct session *s, struct fields_out *out)
{
	fields_put(out, &web_fields, s->state);
}

static bool
web_load(struct session *s, struct fields_in *in, const struct tlv *item)
{
	struct web *web;
	int64_t at_ms;

	if (s->member != NULL)
		return fields_fail(in, "a browser is somebody");
	if (s->has_left)
		return true;
	web = web_new(s);
	if (item->data != NULL && !fields_get(in, &web_fields, item, web))
		return false;
	at_ms = web->deadline.at_ms;
	web_wait(s, WEB_REQUEST_MS);
	if (at_ms < web->deadline.at_ms && item->data != NULL)
		deadline_set(s->all->net->deadlines, &web->deadline, at_ms);
	return web->head.len <= HTTP_REQUEST_MAX ||
	    fields_fail(in, "a browser's request is too long");
}

const struct protocol protocol_web = {
	.name = "web",
	.alpn = "http/1.1",
	.first_line = web_first_line,
	.open = web_open,
	.close = web_close,
	.line = web_line,
	.too_long = web_too_long,
	.notice = web_say,
	.error = web_say,
	.event = web_event,
	.kicked = web_event,
	.refused = web_refused,
	.refusal = web_refusal,
	.save = web_save,
	.load = web_load,
};

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Shared by the files of this folder only.
 */
#ifndef WEB_IMPL_H
#define WEB_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/deadline.h"
#include "net/http.h"
#include "session/session.h"

/* What session->state points to. */
struct web {
	struct deadline deadline; /* of the request, or of silence */
	struct buf head; /* what has come of the request */
	uint32_t requests; /* answered so far */
};

/* A request that is being answered. */
struct web_request {
	struct session *session;
	struct http_request http;
	struct http_text host; /* as it was let in; or empty */
	bool is_kept; /* the connection: further requests may follow */
};

/* Files: web-file.c */

struct web_file {
	const char *path; /* "/index.html" */
	const char *tag; /* for the ETag */
	const unsigned char *data;
	size_t len;
	const unsigned char *packed; /* by gzip */
	size_t packed_len;
};
extern const struct web_file web_files[]; /* made by embed */
extern const size_t web_file_count;

/* NULL: there is none for that path. */
const struct web_file *web_find_file(const struct http_text *path);
void web_send_file(const struct web_request *rq, const struct web_file *file);

/* Rooms that may be read: web-room.c */

/* Answers with what was said in a room. False: there is no such room here, and
 * nothing was sent. */
bool web_send_room(const struct web_request *rq);

/* Who may come in: web-door.c */

/* Is HTTP served on that connection? */
bool web_is_on(const struct session *s);
/* Is it a request for this server, and from a page of its own? Sets
 * rq->host. If not, it has been answered. */
bool web_may_enter(struct web_request *rq);

/* Answers: web-answer.c */

/* Adds the head up to what is about the body. */
void web_add_head(const struct web_request *rq, struct buf *out,
    enum http_status status);
/* The same for what a page loads and nobody opens by itself: a short one, as
 * there are many of them. */
void web_add_part_head(const struct web_request *rq, struct buf *out,
    enum http_status status);
/* Sends the head that was begun, with its end, and the body, unless it is not
 * asked for; and closes, if the connection is not kept. */
void web_send(const struct web_request *rq, struct buf *head, const void *body,
    size_t len);
/* Answers with a text of one line. */
void web_send_text(const struct web_request *rq, enum http_status status,
    const char *fmt, ...) PRINTFLIKE(3, 4);

/* Behind a proxy: web-forwarded.c */

/* From now on who is behind a trusted proxy counts as who speaks. False: they
 * may not come in, and were answered. */
bool web_forward(const struct web_request *rq);

/* Upgrades: web-websocket.c */

/* Is it a request for a WebSocket? */
bool web_asks_for_websocket(const struct web_request *rq);
/* Answers it: from then on, if all is well, the session speaks another
 * protocol, and its state is gone. */
void web_send_websocket(const struct web_request *rq);

/* Frees the session's state. */
void web_close(struct session *s);

#endif

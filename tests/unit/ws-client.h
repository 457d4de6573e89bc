/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef WS_CLIENT_H
#define WS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * The client's end of a WebSocket (RFC 6455), without a socket: what it sends,
 * and the lines that what comes stands for.
 */
struct ws_client;

/* Begins one, and adds the request to out. protocol: what
 * Sec-WebSocket-Protocol says, or "". */
struct ws_client *ws_client_new(const char *protocol, struct buf *out);
void ws_client_free(struct ws_client *c); /* NULL is allowed */

/* Adds a frame with that first byte, of less than 64 KiB, masked. */
void ws_client_add_frame(struct buf *out, uint8_t first, const char *data,
    size_t len);
/* Adds a message of text, in one frame or in two, the first of at bytes; or a
 * close frame. */
void ws_client_add_text(struct buf *out, const char *text, size_t len);
void ws_client_add_fragments(struct buf *out, const char *text, size_t len,
    size_t at);
void ws_client_add_close(struct buf *out);
/* Adds each line of text, without its LF or CR LF, as a message; what is behind the last LF is kept until
 * the rest comes. */
void ws_client_add_lines(struct ws_client *c, struct buf *out, const char *text,
    size_t len);
/* From now on pings are answered there, and not shown. NULL: no more. */
void ws_client_answer(struct ws_client *c, struct buf *answers);

/*
 * Takes what came, and adds lines: a message of text as it is, other frames as
 * "(binary) data", "(ping) data", "(pong) data", "(close) 1000", and "(bad)" for
 * what no server may send. The answer to the request adds nothing, if it
 * switches to a WebSocket and names the protocol; any other is added as it
 * comes.
 */
void ws_client_take(struct ws_client *c, const void *data, size_t len,
    struct buf *lines);

#endif

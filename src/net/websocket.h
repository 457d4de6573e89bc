/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef WEBSOCKET_H
#define WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/util.h"

/*
 * The frames of a WebSocket (RFC 6455, sections 5 and 7), as a server reads and
 * writes them, without extensions. What comes in pieces of any size is put
 * together to messages; a message over the limit is dropped in constant memory.
 */

/* A frame that says that it is longer than that is refused: 1009. */
#define WEBSOCKET_FRAME_MAX ((uint64_t)1 << 20)
#define WEBSOCKET_HEAD_MAX 14 /* bytes before a frame's payload */
#define WEBSOCKET_CONTROL_MAX 125 /* bytes in a control frame */

/* Opcodes (section 5.2), and what they become in the first byte of a frame that
 * is the last of its message. */
enum websocket_opcode {
	WEBSOCKET_CONTINUATION = 0,
	WEBSOCKET_TEXT = 1,
	WEBSOCKET_BINARY = 2,
	WEBSOCKET_CLOSE = 8,
	WEBSOCKET_PING = 9,
	WEBSOCKET_PONG = 10
};
#define WEBSOCKET_FIN 0x80

/* Why a connection ends (section 7.4.1). */
enum websocket_code {
	WEBSOCKET_NORMAL = 1000,
	WEBSOCKET_GOING_AWAY = 1001,
	WEBSOCKET_PROTOCOL_ERROR = 1002,
	WEBSOCKET_NO_CODE = 1005, /* never sent: a close frame without one */
	WEBSOCKET_BAD_TEXT = 1007,
	WEBSOCKET_TOO_BIG = 1009
};

/* Where in a character of UTF-8 a text is: how many bytes are missing, and
 * which the next may be. */
struct websocket_utf8 {
	uint8_t missing, low, high;
};

struct websocket {
	struct buf message; /* what has come of it, unmasked */
	struct buf control; /* the same of a control frame */
	uint64_t left; /* bytes of the frame's payload that have to come */
	uint8_t head[WEBSOCKET_HEAD_MAX]; /* of the frame */
	uint8_t head_len;
	uint8_t mask_at; /* which byte of the mask is next */
	struct websocket_utf8 utf8; /* of the message */
	bool is_in_payload; /* the head is whole */
	bool is_in_message; /* a fragment has come that was not the last */
	bool is_text;
	bool is_too_long; /* the message: it is dropped */
};

enum websocket_result {
	WEBSOCKET_GOT_NOTHING, /* all was read */
	WEBSOCKET_GOT_MESSAGE,
	/* A message over the limit has begun: once for each. */
	WEBSOCKET_GOT_TOO_LONG,
	WEBSOCKET_GOT_PING,
	WEBSOCKET_GOT_PONG,
	WEBSOCKET_GOT_CLOSE, /* nothing more may be read */
	WEBSOCKET_GOT_BAD /* the same: the peer breaks the rules */
};

struct websocket_got {
	/* A message, or what a control frame carries; inside the struct
	 * websocket, and valid until the next call. Writable, and so is the
	 * byte behind a message. */
	char *data;
	size_t len;
	/* Of a close frame, or for one that answers what is bad; enum
	 * websocket_code, and those of applications. */
	uint16_t code;
};

/* Frees what has come; w is zeroed, and as new. */
void websocket_fini(struct websocket *w);
/* Is w in a valid state? For one that was read from outside. */
bool websocket_is_valid(const struct websocket *w);

/*
 * Reads from len bytes, which are overwritten, up to what there is to tell:
 * *used bytes. A message may have max_message bytes.
 */
enum websocket_result websocket_read(struct websocket *w, char *data,
    size_t len, size_t max_message, size_t *used,
    struct websocket_got *got) MUST_CHECK;
/* What was got is done with: frees its memory. */
void websocket_done(struct websocket *w);

/* Adds a frame; of a control frame len is at most WEBSOCKET_CONTROL_MAX. */
void websocket_add_frame(struct buf *out, enum websocket_opcode opcode,
    const void *data, size_t len);
/* Adds a close frame; WEBSOCKET_NO_CODE: an empty one. */
void websocket_add_close(struct buf *out, uint16_t code);
/* Adds each line, without its LF or CR LF, as a message. The bytes behind the
 * last LF, if any, count as a line. */
void websocket_add_lines(struct buf *out, enum websocket_opcode opcode,
    const char *lines, size_t len);
/* How many bytes that adds. */
size_t websocket_lines_size(const char *lines, size_t len);

#define WEBSOCKET_KEY_LEN 24
#define WEBSOCKET_ACCEPT_SIZE 29
/* Is it what a client may send as Sec-WebSocket-Key: 16 bytes in base64? */
bool websocket_key_is_valid(const char *key, size_t len);
/* Answers such a key: Sec-WebSocket-Accept (section 4.2.2). */
void websocket_accept(char out[WEBSOCKET_ACCEPT_SIZE],
    const char key[WEBSOCKET_KEY_LEN]);

#endif

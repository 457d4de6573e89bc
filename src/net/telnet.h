/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef TELNET_H
#define TELNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define TELNET_IAC 255

/* The answer to "are you there" (RFC 854), and the longest one. */
#define TELNET_YES "-- yes\r\n"
#define TELNET_ANSWER_MAX (sizeof(TELNET_YES) - 1)

/*
 * The telnet protocol's bytes (RFC 854, 855), taken out of the input of a
 * client that has sent an IAC; never used for any other. Every option is
 * refused, once (RFC 1143: a state already told is not answered again, so no
 * loop can arise), but DO TIMING-MARK is answered each time with WONT, since
 * telnet discards output until then (RFC 860); and its WILL or WONT is the
 * answer to a question of ours. Subnegotiations are swallowed, however long, in
 * constant memory. IAC IAC is the byte 255. Erase character and erase line
 * become the control characters that erase in what people type (text_scrub()),
 * and "are you there" is answered with a line. Other commands are ignored.
 */
struct telnet {
	uint8_t state;
	uint8_t verb;
	bool is_asked; /* the owner has sent TELNET_ASK */
	bool has_mark; /* and it was answered; for the owner to clear */
	bool is_hiding; /* the owner has sent TELNET_HIDE */
	uint8_t refused_do[32]; /* a bit for each option: WONT was sent */
	uint8_t refused_will[32]; /* DONT was sent */
};

/* Asks for a mark in the peer's stream when it has come to this one. */
#define TELNET_ASK "\xff\xfd\x06" /* IAC DO TIMING-MARK */

/* The peer's terminal shows what is typed no longer, as the server says that it
 * would (RFC 857); and does so again. */
#define TELNET_HIDE "\xff\xfb\x01" /* IAC WILL ECHO */
#define TELNET_SHOW "\xff\xfc\x01" /* IAC WONT ECHO */

void telnet_init(struct telnet *t);

/* Is t in a valid state? For one that was read from outside. */
bool telnet_is_valid(const struct telnet *t);

/*
 * Filters len bytes: text goes to out (at most len bytes; may be in itself),
 * answers are added to reply, at most TELNET_ANSWER_MAX bytes for each two of
 * in. Returns the number of bytes in out. Any packetization gives the same
 * result.
 */
size_t telnet_filter(struct telnet *t, char *out, const char *in, size_t len,
    struct buf *reply);

#endif

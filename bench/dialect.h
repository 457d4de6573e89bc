/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What servers speak: how to get into a room, to say a line there, and to find
 * a line of the room in what comes.
 */
#ifndef BENCH_DIALECT_H
#define BENCH_DIALECT_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

enum {
	DIALECT_TEXT_LEN = 63, /* of a line, without any ending */
	DIALECT_SAY_MAX = 128, /* wrapped in what the dialect needs */
	DIALECT_REPLY_MAX = 256
};

enum dialect_kind {
	DIALECT_OTHER, /* nothing that matters to us */
	DIALECT_TEXT, /* a line, of somebody or of the server: text, len */
	DIALECT_REPLY, /* to be answered: reply, reply_len */
	DIALECT_LIVE, /* we are in the room, and hear all from here on */
	DIALECT_REFUSED /* text, len say why */
};

/* The first thing in what came. text points into it. */
struct dialect_item {
	enum dialect_kind kind;
	const char *text;
	size_t len;
	char reply[DIALECT_REPLY_MAX];
	size_t reply_len;
};

/* A member as its dialect sees it. */
struct dialect_self {
	unsigned number;
	bool is_sender;
	bool is_aside; /* in another room than those who talk */
	bool is_live;
	/* For the dialect to keep. */
	bool has_moved; /* it asked for that room */
	bool is_upgraded; /* from HTTP to WebSocket */
};

struct dialect {
	const char *name;
	bool is_echo; /* who says a line hears it as well */
	bool tells_first; /* TLS begins after a line of the server's in plain */

	/* What a new connection says at once; NULL: nothing. Returns its
	 * length. */
	size_t (*greet)(char buf[DIALECT_REPLY_MAX],
	    const struct dialect_self *self);

	/* text has DIALECT_TEXT_LEN characters. Returns the length. */
	size_t (*say)(char buf[DIALECT_SAY_MAX], const char *text);

	/* Returns how many bytes of data the first item takes; 0: it has not
	 * come whole; -1: this is not the dialect. */
	ssize_t (*parse)(struct dialect_item *item, struct dialect_self *self,
	    const char *data, size_t len);
};

/* From the command line. */
extern struct dialect_options {
	const char
	    *live_text; /* ends the line that tells who is live; or NULL */
	unsigned aside_size; /* of each other room */
} dialect_options;

/* Lines alone; live_text and settings.is_echo say the rest. */
extern const struct dialect dialect_line;
extern const struct dialect dialect_irc;
extern const struct dialect dialect_websocket; /* and IRC in it */
extern const struct dialect dialect_mqtt; /* 3.1.1, quality of service 0 */
extern const struct dialect dialect_nats;
extern const struct dialect dialect_redis;

const struct dialect *dialect_find(const char *name); /* or NULL */

/* Whether members are told by the server when they are live. */
bool dialect_tells_live(const struct dialect *d);

/* For the dialects: */

/* Its name, valid until the next call. */
const char *dialect_room(const struct dialect_self *self);
bool dialect_begins(const char *text, size_t len, const char *with);
void dialect_refused(struct dialect_item *item, const char *text, size_t len);
void dialect_reply(struct dialect_item *item, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* As parse(): a line up to its LF, without it and a CR before it, as TEXT. */
ssize_t dialect_take_line(struct dialect_item *item, const char *data,
    size_t len);

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef LOSSES_READER_H
#define LOSSES_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/util.h"

enum phase {
	PHASE_GUEST, /* the greeting; live, and not yet who they are */
	PHASE_CATCHUP,
	PHASE_LIVE
};

#define PRIVATE_MAX 4096 /* as many messages are told one in private */
#define RECENT_SIZE 8192

/* What somebody has seen, over all their connections. */
struct reader {
	const char *nick;
	struct buf in;
	enum phase phase;
	bool in_repeats, in_private_repeats;
	bool was_orderly; /* the end of the connection before */
	bool was_refused; /* the nick is still taken */
	bool is_known; /* in this connection, under their nick */
	bool was_live; /* in this connection, perhaps as a guest */
	bool has_been; /* known under their nick */
	bool has_asked; /* for what is new in a conversation */
	bool was_told_nothing; /* that nothing was said meanwhile */
	bool has_registered; /* their account has just been made */
	char token[80]; /* which lets them into it; "": not told yet */
	unsigned next; /* of the line that they have never seen */
	unsigned last; /* the line before, in this replay or live */
	unsigned next_private;
	/* What they were told because they asked for it, which is marked by
	 * nothing: what waits for them may have some of it as well. */
	bool was_asked[PRIVATE_MAX];
	unsigned guest_first, guest_next; /* seen in PHASE_GUEST */
	unsigned repeats, private_repeats;
	unsigned several; /* lines that were not their message's first */
	/* The last lines, and what became of connections. */
	char recent[RECENT_SIZE];
	size_t recent_len;
};

extern unsigned losses_seed;

/* A new connection. */
void reader_begin(struct reader *r);

/* Keeps text, a line that they have seen or what happened to them, for who reads
 * of a failure: losses_fail() shows what this reader has seen last. */
void reader_note(struct reader *r, const char *text);

/* Were they live as a guest, and have their nick now? The next line tells
 * whether that was all: it is a catch-up's first, or new. */
bool reader_is_joining(const struct reader *r);

/* They have received this; fails when it is not what it should be. */
void reader_feed(struct reader *r, const char *data, size_t len);

/*
 * The same for one line, of the plain protocol, IRC or JSON; what the program
 * has to answer is added to answers, with the ends of lines. In JSON it joins
 * the lobby once it is called by its nick.
 */
void reader_line(struct reader *r, char *line);
void reader_irc_line(struct reader *r, char *line, struct buf *answers);
void reader_json_line(struct reader *r, char *line, struct buf *answers);

/* check's own assertions are slow, and do not name the seed. */
#define LOSSES_ASSERT(condition, ...) \
	do { \
		if (!(condition)) \
			losses_fail(__VA_ARGS__); \
	} while (0)

void losses_fail(const char *fmt, ...) PRINTFLIKE(1, 2);

#endif

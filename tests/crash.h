/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Who is there while the daemon is killed, and what each has seen: for crash.c, and
 * crash-private.c, which has what wanda tells them in private.
 */
#ifndef CRASH_H
#define CRASH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/util.h"

#define WRITERS 3
#define LINES_MAX 200000
#define POSTS 100 /* of a writer, between two crashes */
#define CRASHES_IN_TALK 4 /* at least */
#define WINDOW 10 /* lines posted that the first listener has not seen yet */

enum role { WRITER, LISTENER, ON_BREAK, AWAY, SECOND, READER };
enum { TLS = 1, ACCOUNT = 2, JSON = 4, IRC = 8, WS = 16 }; /* flags */
static const struct {
	const char *nick;
	enum role role;
	unsigned flags;
} cast[] = {
	{ "wanda", WRITER, 0 }, { "will", WRITER, TLS | ACCOUNT },
	{ "wolf", WRITER, TLS }, { "lisa", LISTENER, 0 },
	{ "tess", LISTENER, TLS }, { "ada", LISTENER, TLS | ACCOUNT },
	{ "bert", ON_BREAK, 0 }, { "tim", ON_BREAK, TLS },
	{ "abe", ON_BREAK, ACCOUNT }, { "andy", AWAY, 0 },
	{ "toni", AWAY, TLS }, { "amy", AWAY, TLS | ACCOUNT },
#ifdef HAVE_JANSSON
	{ "jay", LISTENER, JSON }, { "joe", LISTENER, JSON | TLS },
	{ "jo", ON_BREAK, JSON }, { "jim", AWAY, JSON | TLS },
	{ "pam", LISTENER, JSON | WS }, { "pat", LISTENER, JSON | WS | TLS },
	{ "pip", ON_BREAK, JSON | WS }, { "pia", AWAY, JSON | WS },
#endif
	{ "iris", LISTENER, IRC | WS }, { "ian", AWAY, IRC | WS | TLS },
	{ "ada", SECOND, TLS | ACCOUNT }, /* the same person once more */
	{ "fin", READER, 0 }, /* of the history, at the end */
};
#define PEOPLE (NITEMS(cast) - 1)
#define FIN PEOPLE
#define SECOND_ADA (PEOPLE - 1)
#define FIRST_LISTENER 3
#define ADA 5

/* writer * LINES_MAX + number: a line. */
struct lines {
	unsigned *items;
	size_t count;
	size_t cap;
};

struct person {
	int fd; /* -1: not connected */
	struct tls_client *tls; /* NULL: none */
	struct ws_client *ws; /* the same */
	char token[80]; /* of their account; "": not yet */
	struct buf raw; /* what came over a WebSocket */
	struct buf in, out;
	struct lines seen;
	struct lines as_guest; /* seen in this connection before the catch-up */
	bool *has; /* of all lines: is in seen */
	bool is_named;
	bool is_live; /* and had their catch-up, if one was due */
	bool in_repeats;
	bool in_private_repeats;
	unsigned last_private; /* that they have seen */
	/* Those before that were sent while they were not here, and of how many
	 * they were told that they are in the conversation. */
	unsigned lacking, unread;
	unsigned posted; /* the number of their last line */
	unsigned post_max; /* so far in this run of the daemon */
};

extern struct person people[PEOPLE + 1];

/* Sends p's line, once the socket takes it. */
void person_type(struct person *p, const char *text);

/* Wanda has told nick that number, as the server says to her; or, once
 * private_reads_conversation() was called, has so in her conversation. */
void private_told(const struct person *p, const char *nick, unsigned number);

/* p sees that number from wanda. Of what she does not know that it was sent, some
 * may be missing. */
void private_heard(struct person *p, unsigned number);

/* She may tell somebody the next, as she has said that line to all. */
void private_tell(unsigned posted);

/* From now on wanda is shown her conversation with andy. False: she may never
 * have told him anything. */
bool private_reads_conversation(void);
/* She has seen its end. */
void private_check_conversation(void);

/* Everything that wanda knows to be sent has been seen. */
void private_check(void);

/* How many messages were seen; of these, how often again. */
unsigned long private_count(unsigned long *repeats);

#endif

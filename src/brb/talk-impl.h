/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * For talk*.c alone.
 */
#ifndef TALK_IMPL_H
#define TALK_IMPL_H

#include "brb/link.h"
#include "brb/talk.h"

#define TALK_PRIVATE_IDS 64
#define TALK_TOKEN_MAX 200 /* bytes */

struct event;

struct pending {
	TAILQ_ENTRY(pending) entry;
	uint64_t ref;
	talk_answer_fn *fn;
	void *arg;
};

struct talk {
	struct link *link;
	const struct talk_options *options;
	const struct talk_handler *handler;
	void *arg;
	TAILQ_HEAD(, pending) pending;
	uint64_t ref;
	struct talk_rooms rooms;
	size_t room_count;
	struct unsaid_list unsaid;
	size_t unsaid_lines; /* of all of those together */
	uint64_t next_id;
	char run[TALK_SECRET_SIZE]; /* so that ids of two runs differ */
	char nick[NICK_SIZE];
	char wanted[NICK_SIZE]; /* or "": none */
	/* Who one is in an account: or NULL. The secret is a password only until
	 * the server has given a token for it. */
	char *login_name, *login_secret;
	char lobby[ROOM_NAME_SIZE];
	/* How much the server takes at once: bytes, and lines; 0: not known. */
	uint64_t max_text, max_lines;
	char *break_text; /* NULL: not on break; talk_set_break() */
	bool is_password; /* login_secret, and no token yet */
	bool is_greeted, is_settled, is_quitting;
	bool is_flushing; /* a ping is on its way: talk-said.c */
	/* The last private messages that came. */
	char private_ids[TALK_PRIVATE_IDS][TALK_MSGID_SIZE];
	unsigned next_private_id;
	bool asks_nick; /* somebody here waits to hear whether they get it */
	unsigned nick_tries;
	struct event *nick_timer;
};

/* talk-said.c: what is said, in order. */
void talk_take_said(struct talk *t, json_t *o);
void talk_send_unsaid(struct talk *t);
void talk_connection_lost(struct talk *t);
/* Nothing that was said before can come any more: those that wait are told. */
void talk_tell_held(struct talk *t, struct talk_room *room);
/* Has all that is held back told as soon as what is before it was. */
void talk_flush(struct talk *t);
/* What waits to be said in a room where that cannot be is not said. */
void talk_give_up(struct talk *t, struct talk_room *room);
/* What waits was said by whoever one is now. */
void talk_unsaid_renamed(struct talk *t);
void talk_free_unsaid(struct talk *t);

/* talk-room.c */
void talk_take_event(struct talk *t, const char *name, json_t *o);
void talk_rejoin_all(struct talk *t);
void talk_free_rooms(struct talk *t);
/* No answer is told with this argument any more. */
void talk_ignore_answers(struct talk *t, const void *arg);
/* The room that o is about, if one is in it; or NULL. */
struct talk_room *talk_room_of(struct talk *t, const json_t *o);

/* talk-who.c: who one is, and breaks. */
void talk_who_init(struct talk *t, struct event_base *base);
void talk_who_fini(struct talk *t);
/* The server has said hello: says who one is. */
void talk_greeted(struct talk *t, const json_t *o);
/* Takes a copy of text; NULL: no break. */
void talk_set_break(struct talk *t, const char *text);

void talk_note(struct talk *t, enum talk_note what, struct talk_room *room,
    const char *fmt, ...) PRINTFLIKE(4, 5);

/* Scrubs all texts in o. */
void talk_scrub(json_t *o);

#endif

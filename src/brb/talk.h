/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef TALK_H
#define TALK_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/nick.h"
#include "base/util.h"

struct address;
struct event_base;
struct link;
struct talk;

/*
 * The client's end of the protocol, brbd-json(7): who one is, the rooms that one
 * is in, how far each was read, and what was said and not answered yet. After
 * each connection it says again who one is, comes into all rooms at the last
 * number that it has there, and sends what has no answer under the same id. So
 * a room's messages are told once each and in order, whatever happens between.
 *
 * Nothing that comes from the server is believed: texts are scrubbed before
 * they are told, names are checked, lists have limits.
 */

#define TALK_ROOMS_MAX 64
#define TALK_PEOPLE_MAX 2000 /* names that are known of a room */
#define TALK_UNSAID_MAX 200 /* lines without an answer */
#define TALK_TEXT_MAX 16000 /* bytes; the server takes fewer, and says so */
#define TALK_ID_SIZE 40
#define TALK_MSGID_SIZE 64

enum talk_state {
	TALK_OUT, /* it could not be entered, or was left */
	TALK_JOINING,
	TALK_CATCHING_UP,
	TALK_LIVE
};

/* Something that was said here and is not yet answered by the server. */
struct unsaid {
	TAILQ_ENTRY(unsaid) entry;
	struct talk *talk;
	char room[ROOM_NAME_SIZE]; /* or, if is_private, the other's nick */
	char nick[NICK_SIZE]; /* as whom; a guest's number may change */
	char kind[8]; /* "say", "me" or "notice" */
	char id[TALK_ID_SIZE];
	bool is_private;
	bool is_sent; /* over this connection */
	bool was_shown; /* it came with what was missed */
	/* Said, with this number; it is told when all before it was. */
	uint64_t number;
	json_t *said; /* the answer; or NULL */
	char text[];
};
TAILQ_HEAD(unsaid_list, unsaid);

struct talk_room {
	TAILQ_ENTRY(talk_room) entry;
	struct talk *talk;
	char name[ROOM_NAME_SIZE];
	enum talk_state state;
	char *key;
	char *topic;
	uint64_t last; /* all up to this was told; 0: nothing */
	char last_time[TALK_MSGID_SIZE]; /* when that was said */
	bool is_filling; /* the history is asked for what is before own ones */
	uint64_t filled; /* up to there */
	char **people; /* in no order */
	size_t people_count;
	bool is_listing; /* events "people" go on */
	bool is_left; /* by somebody here */
	bool has_after; /* the place is known, though nothing may have come */
	/* What is compared with the server's history. */
	uint64_t verify_number;
	char verify_time[TALK_MSGID_SIZE];
	void *view; /* the handler's own */
};
TAILQ_HEAD(talk_rooms, talk_room);

enum talk_note {
	TALK_NOTE, /* something that the server or brb says */
	TALK_ERROR /* something that was not done: and what to do */
};

struct talk_handler {
	/* A numbered message of a room, new and the next one, and scrubbed; o is
	 * as an event "say", "me", "notice" or "topic". is_own: it was said
	 * here. */
	void (*said)(void *arg, struct talk_room *room, json_t *o, bool is_own);
	/* Another event, or NULL for none that is known; room may be NULL. */
	void (*event)(void *arg, struct talk_room *room, const char *name,
	    json_t *o);
	/* A private message that was sent: "msg", with "to". */
	void (*sent)(void *arg, json_t *o, const char *text, const char *kind);
	void (*note)(void *arg, enum talk_note what, struct talk_room *room,
	    const char *text);
	/* Something that the prompt may show: a room, nick, break, or line that
	 * waits. */
	void (*changed)(void *arg);
	/* Who one is is settled; rooms may be joined. */
	void (*settled)(void *arg);
	/* From now on this token logs in to that account. */
	void (*token)(void *arg, const char *account, const char *token);
	/* That room is no more: it was left, or all ends. */
	void (*forgotten)(void *arg, struct talk_room *room);
	/* The connection is gone; -1: for good. */
	void (*down)(void *arg, const char *why, int64_t wait_ms);
};

struct talk_options {
	const char *nick; /* NULL: guest */
	const char *account; /* and its password or token; or NULL */
	const char *token;
	const char *client; /* the secret that ids go with */
	/* The fingerprint of the key of ssh that one came by, or NULL; and
	 * whether one is nobody without it. */
	const char *ssh_key;
	bool needs_ssh_key;
	/* nick is the Unix user's, who may be everybody that comes by ssh. */
	bool nick_is_user;
	bool attends; /* false: what is said is said without being there */
	bool must_have_nick; /* else one is a guest if it is taken */
};

/* What is passed is the caller's, and outlives it; but for account and token,
 * which are copied. */
struct talk *talk_new(struct event_base *base, const struct address *address,
    const struct talk_options *options, const struct talk_handler *handler,
    void *arg);
void talk_free(struct talk *t);
void talk_start(struct talk *t);
struct link *talk_link(struct talk *t);

/* An answer: ok is false for "failed". NULL: the connection broke before it
 * came. Its texts are scrubbed. */
typedef void talk_answer_fn(void *arg, json_t *answer, bool ok);
/* Sends a request, which it takes over; fn (or NULL) is called once. */
void talk_ask(struct talk *t, json_t *request, talk_answer_fn *fn, void *arg);
/* Goes over the items of an array; over none if list is no array. */
#define TALK_EACH(list, i, one) \
	for (i = 0; i < json_array_size(list) && \
	     (one = json_array_get(list, i)) != NULL; \
	     i++)

/* A text of an object, or "". */
const char *talk_text(const json_t *o, const char *name);
/* A number of an object, which may be written as a text; or 0. */
uint64_t talk_number(const json_t *o, const char *name);

/* Comes into a room, or goes back into one, to begin behind the message of that
 * number; NULL: as the server knows it. NULL: that is no name, or there are too
 * many; the handler was told. */
struct talk_room *talk_join(struct talk *t, const char *name, const char *key,
    const uint64_t *after);
void talk_leave(struct talk *t, struct talk_room *room);
struct talk_room *talk_find_room(struct talk *t, const char *name);
struct talk_rooms *talk_rooms(struct talk *t);

/* Says it, as soon as that can be done. False: too much waits already, or there
 * is nothing in it. What has several lines is one message, or, where the room
 * takes none such, as many. */
bool talk_say(struct talk *t, const char *room, const char *kind,
    const char *text) MUST_CHECK;
bool talk_msg(struct talk *t, const char *nick, const char *kind,
    const char *text) MUST_CHECK;
/* Does the server take several lines as that as one message, as far as is known
 * of it? */
bool talk_may_be_one(const struct talk *t, const char *text);
const struct unsaid_list *talk_unsaid(const struct talk *t);
/* In lines, of which a message may have several. */
size_t talk_unsaid_lines(const struct talk *t);

/* Other changes of what one is. */
void talk_nick(struct talk *t, const char *nick);
void talk_login(struct talk *t, const char *name, const char *password);
/* Makes an account of one's nick. */
void talk_register(struct talk *t, const char *password);
/* A break of this session, or, if text is "all", of all that one has. */
void talk_brb(struct talk *t, const char *text);
void talk_back(struct talk *t, bool is_all);
void talk_quit(struct talk *t, const char *text);

const char *talk_my_nick(const struct talk *t);
const char *talk_lobby(const struct talk *t);
bool talk_is_settled(const struct talk
	*t); /* connected, and known as oneself */
bool talk_is_on_break(const struct talk *t);
bool talk_is_guest(const char *nick);

/* A random id or secret, of 32 hexadecimal digits. */
#define TALK_SECRET_SIZE 33
void talk_random(char out[TALK_SECRET_SIZE]);

#endif

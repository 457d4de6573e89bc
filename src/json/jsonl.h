/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef JSONL_H
#define JSONL_H

#include <jansson.h>

#include "base/command.h"
#include "base/json.h"
#include "history/event.h"
#include "room/model.h"
#include "session/session.h"

struct search;

/*
 * The protocol for programs, brbd-json(7): an object a line, in both
 * directions. A request has one member that names a command; each is answered
 * by one object with a member "done" or "failed", which has the request's "ref",
 * if it had one. All else that comes is an "event".
 */

#define JSONL_LINE_MAX 16384 /* bytes of a request */
#define JSONL_REF_MAX 64
#define JSONL_ROOMS_MAX 1000 /* in one list; of conversations, too */
#define JSONL_HISTORY_MAX 100
#define JSONL_PAGE_BYTES ((size_t)128 * 1024) /* of messages in an answer */
/* For who does not attend, and can have it in no other way. */
#define JSONL_ASIDE_MAX 2000
#define JSONL_ASIDE_BYTES ((size_t)256 * 1024)

/* A request that is being answered. */
struct jsonl_request {
	const struct command *command;
	json_t *object;
	json_t *value; /* of the member that names the command */
	const char *ref; /* or NULL */
	const char *id; /* of what is said (ids.h); or NULL */
};

struct jsonl_command {
	struct command command;
	void (*run)(struct session *s, const struct jsonl_request *rq);
};
/* Ends with a name of NULL. */
extern const struct jsonl_command jsonl_commands[];

extern const struct protocol protocol_jsonl;

/* Events: jsonl-event.c */

extern const struct dialect jsonl_dialect;
/* Adds it as an object, to an array or at the top; or nothing. */
void jsonl_add_event(struct json *j, const struct event *event);
/* Sends it. */
void jsonl_event(struct session *s, const struct event *event);
/* Adds the members of a message: room, number, msgid, time. */
void jsonl_add_message(struct json *j, const struct event *event);
/* Adds a number, which may be beyond 2^53, as a string. */
void jsonl_add_number(struct json *j, const char *key, uint64_t number);
/* Adds a time as RFC 3339 has it, in UTC. */
void jsonl_add_time(struct json *j, const char *key, int64_t wall_ms);
/* Sends who is in the room, as one or more events "people"; has_times: and for
 * how long they have been idle, away or lost. */
void jsonl_send_people(struct session *s, const struct room *room,
    bool has_times);

/* Requests: jsonl-request.c */

/* Handles a line. */
void jsonl_input(struct session *s, char *line, size_t len, bool has_cr);
/* As struct protocol has it. */
bool jsonl_says_in(struct session *s, const char *line, size_t len,
    const struct room *room);

/* An object for s that the caller fills and jsonl_end() sends. One at a time. */
struct json *jsonl_begin(struct session *s, const char *key, const char *value);
void jsonl_end(struct session *s);
/* The answer to rq, in two steps or in one. */
struct json *jsonl_begin_done(struct session *s,
    const struct jsonl_request *rq);
void jsonl_done(struct session *s, const struct jsonl_request *rq);
/* It was not done: code is a word for programs, the text is for people. */
void jsonl_failed(struct session *s, const struct jsonl_request *rq,
    const char *code, const char *fmt, ...) PRINTFLIKE(4, 5);

/* Two that many requests share. */
void jsonl_on_break(struct session *s, const struct jsonl_request *rq);
void jsonl_too_often(struct session *s, const struct jsonl_request *rq,
    enum announce what);

/*
 * The text of rq's value, or of its member of that name, scrubbed; the caller
 * frees it. The value has to be there, a member (NULL then) need not; else s is
 * told: NULL, or false.
 */
char *jsonl_value(struct session *s, const struct jsonl_request *rq);
bool jsonl_member(struct session *s, const struct jsonl_request *rq,
    const char *name, char **text) MUST_CHECK;
/* As jsonl_value(), by text_scrub_lines(). */
char *jsonl_lines(struct session *s, const struct jsonl_request *rq);
/* Has it a member of that name that is not null? */
bool jsonl_has(const struct jsonl_request *rq, const char *name);
/* The text of a member that is sent back as it is, of max bytes at most, or
 * NULL. It is valid as long as rq is. */
const char *jsonl_label(const struct jsonl_request *rq, const char *name,
    size_t max);
/* The value as a text, or NULL if it is null or true. False: it is neither, and
 * s was told. */
bool jsonl_optional(struct session *s, const struct jsonl_request *rq,
    char **text) MUST_CHECK;
/* A member that is a number, which may be written as a string; it stays as it
 * was if there is none. False: it is no such number, and s was told. */
bool jsonl_number(struct session *s, const struct jsonl_request *rq,
    const char *name, uint64_t *number) MUST_CHECK;
#define JSONL_NO_NUMBER UINT64_MAX /* no request can have this one */

/* Their membership in the room that the member "room" names; it may be missing
 * if they are in just one. NULL: s was told. */
struct membership *jsonl_room(struct session *s,
    const struct jsonl_request *rq);
/* The room of that name, which they are in; or, if the request says "attend":
 * false, could come into. NULL: s was told. */
struct room *jsonl_reach(struct session *s, const struct jsonl_request *rq,
    const char *name);
/* Is s itself in the room, and not only another session of theirs? Or NULL. */
struct membership *jsonl_here(const struct session *s, const struct room *room);
/* In the room of that name. NULL: s was told. */
struct membership *jsonl_in(struct session *s, const struct jsonl_request *rq,
    const char *name);
/* Finds somebody by nick. NULL: s was told. */
struct member *jsonl_find(struct session *s, const struct jsonl_request *rq,
    const char *nick);

/* What takes time: jsonl-pending.c. */

/* The request that is answered later. */
struct jsonl_pending {
	const struct command *command;
	bool has_ref;
	bool
	    wants_token; /* of a login or registration: one for the next time */
	char ref[JSONL_REF_MAX + 1];
};
/* Keeps rq in the state of s, which handles no other meanwhile; and takes it
 * back: p has what rq points to then. */
void jsonl_pending_begin(struct session *s, const struct jsonl_request *rq);
void jsonl_pending_end(struct session *s, struct jsonl_pending *p,
    struct jsonl_request *rq);
void jsonl_pending_free(struct session *s);

/* As struct protocol has them. */
void jsonl_save(const struct session *s, struct fields_out *out);
bool jsonl_load(struct session *s, struct fields_in *in,
    const struct tlv *item);
void jsonl_take_nick(struct session *s, const char *nick);
void jsonl_logged_in(struct session *s, enum login_purpose purpose,
    enum login result, const struct login_answer *answer);

void jsonl_found(struct session *s, const struct search *search);

#define COMMAND(field, ...) \
	void jsonl_##field##_run(struct session *s, \
	    const struct jsonl_request *rq);
#include "json/commands.def"
#undef COMMAND

#endif

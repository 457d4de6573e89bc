/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef MEMBER_H
#define MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "room/model.h"
#include "room/presence.h"

struct fields_in;
struct fields_out;
struct tlv;

#define BREAK_TEXT_MAX 200 /* bytes of a break's, return's or quit's text */

/* Makes a new guest with the next guest nick, in no room. ops, session, sink
 * and dialect are the caller's and outlive the member or its loss. */
struct member *member_new(struct chat *chat,
    const struct credential *credential, const struct client_ops *ops,
    void *session, void *sink, const struct dialect *dialect);

/* Makes m, and so their place, somebody else's: they have logged in. */
void member_set_identity(struct member *m, const struct credential *identity);

/* Changes how the client's lines are written from now on. */
void member_set_dialect(struct client *client, const struct dialect *dialect);

/* To be called when they have done something: in small rooms their arrival is
 * announced. */
void member_show(struct member *m);

/*
 * Breaks, of a client or of all that m has: nothing is delivered to it, and its
 * cursors stay. Others are told that m is on break once no client reads; text,
 * scrubbed or NULL, is theirs. If nothing else changes, that does; away becomes
 * a break.
 */
void client_break(struct client *client, const char *text);
void member_break(struct member *m, const char *text);

/* The end of that: a catch-up begins in every room that the client is in. A m
 * who was member_is_away() is so no more, and others are told. */
void client_back(struct client *client, const char *text);
void member_back(struct member *m, const char *text);

/* To be called when a client of m has gone: the others may all be on break. */
void member_update_break(struct member *m);

/*
 * IRC's AWAY: the others see a break, with text (scrubbed), or its end (NULL),
 * while delivery goes on. On break, text changes the break's text, and NULL
 * does nothing, since only member_back() ends a break. NULL does nothing for
 * those not away.
 */
void member_away(struct member *m, const char *text);

/* Set copies, cut after MEMBER_USER_MAX and MEMBER_REALNAME_MAX bytes; NULL:
 * none. A new realname is told to those who share a room with m. */
void member_set_user(struct member *m, const char *user);
void member_set_realname(struct member *m, const char *realname);

/* Sets and counts flags; never set the field. m must not be lost. With
 * MEMBER_BOT, what is being shown of the past ends. */
void member_set_flags(struct member *m, unsigned flags);

/*
 * The connection is gone without /quit, and its last unsent bytes may not have
 * been read: the cursors are set back accordingly. The nick is held and nothing
 * is announced for departure-delay; ops are not called any more. Guests, who
 * cannot come back, leave at once, and so do those who just came and did
 * nothing. m may be freed.
 */
void member_lost(struct member *m, size_t unsent);

/* Stops handing anything over. The last unsent bytes may not have been read:
 * the cursors go back, and private messages are queued again. */
void member_pause(struct client *client, size_t unsent);

/* The client's program has surely read all that it was handed. */
void member_has_read_all(struct client *client);

/* To be called when what deliver() refused may be tried again. */
void member_drained(struct client *client);

/* Shows queued private messages to m, who is in no room, on coming back under
 * their nick. In a room, or on break, it does nothing. */
void member_show_queued(struct member *m);
/* Has what is queued handed to m, who is in a room and reads on. */
void member_pump_queued(struct member *m);

/*
 * Makes m ignore this nick and, if its holder is here, whatever nick they take.
 * Returns -1 if IGNORES_MAX is reached; unignore, if there is no such ignore.
 */
int member_ignore(struct member *m, const char *nick) MUST_CHECK;
int member_unignore(struct member *m, const char *nick) MUST_CHECK;

/* To be called after m's ignores have changed otherwise. */
void member_update_ignorer(struct member *m);

/* Takes a token for announcing such a change. */
bool member_may_announce(struct member *m, enum announce what);
int64_t member_announce_wait_ms(const struct member *m, enum announce what);

enum member_tell {
	MEMBER_TOLD,
	MEMBER_QUEUED, /* on break or lost: they get it on coming back */
	MEMBER_QUEUE_FULL /* too many are waiting; it was dropped */
};
/*
 * Sends a private message to to; if they ignore from, it is dropped, and the
 * result is as if it were not. event has the kind, the text (scrubbed), tags
 * and is_notice, and a msgid if others get the same message; the rest is filled
 * in. The kind is EVENT_PRIVATE, or EVENT_TAGS, which is never queued, like
 * events with is_ctcp or a status. Tags are not queued with a message.
 */
enum member_tell member_tell(struct member *to, const struct member *from,
    struct event *event);

/* member_lost_init() is for chat.c: nobody is lost yet. member_lost_changed()
 * is to be called when departure-delay has changed. */
void member_lost_init(struct chat *chat);
void member_lost_changed(struct chat *chat);

/* Makes a member with one client, which is not connected; in no tree yet. */
struct member *member_alloc(struct chat *chat);

/* Makes m leave all rooms, and frees m. Unless m is a guest,
 * bookmarks stay. text: scrubbed, or NULL. */
void member_depart(struct member *m, enum room_leave how, const char *text);

/*
 * For the next program in this process (handoff.h): an item for m; and such a
 * member again, when all rooms are there. One whose connection is not lost
 * waits for member_attach(), with what member_new() takes, before
 * chat_load_end().
 */
void member_save(const struct member *m, struct fields_out *out);
bool member_load(struct chat *chat, struct fields_in *in,
    const struct tlv *item,
    const struct dialect *(*find_dialect)(const char *name)) MUST_CHECK;
bool member_awaits(const struct member *m, uint8_t number);
void member_attach(struct member *m, uint8_t number,
    const struct client_ops *ops, void *session, void *sink);

#endif

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

#define BREAK_TEXT_MAX 200 /* bytes of a break, return or quit message */

/*
 * A new guest with the next guest nick, in no room. ops, session, sink and
 * dialect are the caller's and outlive the member or its loss.
 */
struct member *member_new(struct chat *chat,
    const struct credential *credential, const struct member_ops *ops,
    void *session, void *sink, const struct dialect *dialect);

/* Their lines are written differently from now on. */
void member_set_dialect(struct member *m, const struct dialect *dialect);

/* They have done something: in small rooms it is announced that they came. */
void member_show(struct member *m);

/* Nothing is delivered from now on; the cursors stay. text: scrubbed, or NULL.
 * On break already: only the text changes. Away: it becomes a break. */
void member_break(struct member *m, const char *text);

/* Not on break any more; a catch-up begins in every room that they are in. Or
 * if they were only away: not any more. They are member_is_away(). */
void member_back(struct member *m, const char *text);

/*
 * IRC's AWAY: the others see a break, with text (scrubbed), or if that is NULL,
 * the end of it; delivery goes on. On break: the break's text changes; and with
 * NULL nothing, since a break ends with member_back() only. Not away: NULL does
 * nothing.
 */
void member_away(struct member *m, const char *text);

/*
 * Copies, cut after MEMBER_USER_MAX and MEMBER_REALNAME_MAX bytes; NULL: none.
 * A new realname is told to those who share a room with m.
 */
void member_set_user(struct member *m, const char *user);
void member_set_realname(struct member *m, const char *realname);

/* They are counted: never set the field. m is not lost. */
void member_set_flags(struct member *m, unsigned flags);

/*
 * Somebody said /quit (text: scrubbed, or NULL): all rooms are left, the place
 * is kept unless they are a guest, and m is freed.
 */
void member_quit(struct member *m, const char *text);

/*
 * The connection is gone without /quit, and its last unsent bytes may not have
 * been read: the cursors are set back by as many messages. The nick is held and
 * nothing is announced for departure-delay; ops are not called any more.
 * Guests, who cannot come back, leave at once, and so does who came a moment
 * ago and has not been heard of. m may be freed.
 */
void member_lost(struct member *m, size_t unsent);

/*
 * Nothing is handed over from now on, and the last unsent bytes may not have
 * been read: the cursors go back, private messages are kept again.
 */
void member_pause(struct member *m, size_t unsent);

/* What deliver() refused may be tried again. */
void member_drained(struct member *m);

/* m is in no room, and may be shown the private messages that were kept: on
 * coming back under their nick. In a room, or on break, it does nothing. */
void member_show_queued(struct member *m);

/*
 * m ignores who has this nick, and, if they are here, whatever nick they take.
 * -1: IGNORES_MAX reached; for unignore: there is no such.
 */
int member_ignore(struct member *m, const char *nick) MUST_CHECK;
int member_unignore(struct member *m, const char *nick) MUST_CHECK;

/* After m's ignores have changed otherwise. */
void member_update_ignorer(struct member *m);

/* A token for announcing a change of nick, break or topic. */
bool member_may_announce(struct member *m);
int64_t member_announce_wait_ms(struct member *m);

enum member_tell {
	MEMBER_TOLD,
	MEMBER_QUEUED, /* on break or lost: they get it when they are back */
	MEMBER_QUEUE_FULL /* nothing was kept: too many are waiting */
};
/*
 * A private message to to, who does not ignore from. event has the kind, the
 * text (scrubbed), tags and is_notice, and the rest is filled in:
 * EVENT_PRIVATE, or EVENT_TAGS, which is never kept, as is_ctcp and what has a
 * status are not. Tags are not kept with a message.
 */
enum member_tell member_tell(struct member *to, const struct member *from,
    struct event *event);

/* For chat.c: nobody is lost. And when departure-delay has changed. */
void member_lost_init(struct chat *chat);
void member_lost_changed(struct chat *chat);

/* Leaves all rooms, keeps the place, and frees m. For rename.c and
 * server.c. */
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
void member_attach(struct member *m, const struct member_ops *ops,
    void *session, void *sink);

#endif

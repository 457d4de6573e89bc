/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef MEMBER_H
#define MEMBER_H

#include <sys/types.h>

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bucket.h"
#include "base/cloak.h"
#include "base/credential.h"
#include "base/deadline.h"
#include "base/nick.h"
#include "history/event.h"
#include "history/history.h"
#include "room/person.h"

struct audience;
struct buf;
struct fields_in;
struct fields_out;
struct member;
struct membership;
struct replay;
struct room;
struct chat;
struct tlv;

/* How somebody leaves a room. */
enum room_leave {
	ROOM_LEAVE_QUIT, /* text: why, or NULL */
	ROOM_LEAVE_LOST,
	ROOM_LEAVE_WENT, /* text: the room they went to */
	ROOM_LEAVE_PART, /* text: why, or NULL; they are in others, perhaps */
	ROOM_LEAVE_KICKED, /* EVENT_KICK has told the others */
	/* They are here, and in a moment in this room again: the others are
	 * told only if they are not. */
	ROOM_LEAVE_RETURNING,
	ROOM_LEAVE_SILENT /* nobody is told */
};

/*
 * What the room layer asks of whoever stands behind a member. None of these
 * may call back into the room layer before it returns.
 */
struct member_ops {
	/*
	 * Hand over rendered, whole lines. -1: too much is unsent already, or
	 * the connection is ending; nothing was taken, and member_drained()
	 * follows when there is room again. The hot path: sink is the member's,
	 * which is not looked at otherwise.
	 */
	int (*deliver)(void *sink, const char *data, size_t len);
	/* Bytes handed over so far, and how many of the last that were written
	 * may not have been read: as things are, and if the connection broke
	 * now. */
	uint64_t (*handed)(const struct member *m);
	size_t (*unsent)(const struct member *m);
	size_t (*unsent_if_broken)(const struct member *m);
	/* There is nothing left to show in one of their rooms. If needs_names
	 * is set, what their client believes about who is there is not right:
	 * list the names, and clear it. */
	void (*caught_up)(struct membership *ms);
	/* Another session with the same credential has taken m's nick and
	 * place: say so and close. m is freed by the caller right after. */
	void (*replaced)(struct member *m);
};

#define BREAK_TEXT_MAX 200 /* bytes of a break, return or quit message */

/*
 * A member in a room. Their cursor is the number of the next message that they
 * have not been handed yet:
 *
 *   live    audience is set; the cursor is the room's delivered, and the
 *              field is out of date until they are behind
 *   behind     a slow reader, or a replay is running: in the pump's queue, or
 *              waiting until their output has drained (is_blocked: only after
 *              deliver() has refused something)
 *   paused     the member is on break: the cursor stays
 */
struct membership {
	LIST_ENTRY(membership) in_member;
	TAILQ_ENTRY(membership) in_room;
	LIST_ENTRY(membership) in_trackers; /* if tracks_members */
	TAILQ_ENTRY(membership) in_pump;
	struct member *member;
	struct room *room;
	struct history_cursor cursor;
	uint64_t arrival; /* who came, or got the names, later has a greater */
	uint64_t own_from; /* own lines from here on are not shown */
	uint64_t acknowledged; /* persist.h: surely read up to here */
	uint64_t mark; /* where they were when the member's mark was set */
	uint64_t persisted_acknowledged; /* as it was written last */
	uint64_t repeat_until; /* those below it may have been seen already:
				* an earlier connection was handed them */
	struct shown shown;
	struct audience *audience; /* live: whom they share bytes with */
	uint32_t slot; /* their place there */
	struct replay *replay;
	bool is_pumped; /* in the pump's queue */
	bool is_blocked; /* waiting for member_drained() */
	bool is_resuming; /* comes into step at the end of chat_load_end() */
	bool tracks_members; /* the member's dialect is */
	/* Those with dialects that track members know that they are here; and
	 * so do all others, which implies the former. */
	bool is_joined;
	bool is_announced;
	bool needs_names; /* an exact one was not told all of the others */
	bool is_persisted_live; /* written as live, without a number */
	bool is_op; /* modes.h; both are kept with their place */
	bool is_voiced;
	bool takes_place; /* or take them for one whom they know to be here */
};

/* What IRC's user modes tell of somebody. */
enum member_flag {
	MEMBER_BOT = 1 << 0, /* B */
	MEMBER_INVISIBLE = 1 << 1, /* i */
	MEMBER_WALLOPS = 1 << 2, /* w: listens to them */
	MEMBER_OPER = 1 << 3, /* o: operator of the server */
	MEMBER_FLAGS = (1 << 4) - 1
};

#define MEMBER_USER_MAX 10 /* bytes */
#define MEMBER_REALNAME_MAX 150

/*
 * A person who is here, or whose connection was lost less than departure-delay
 * ago.
 */
struct member {
	RB_ENTRY(member) by_nick;
	RB_ENTRY(member) by_skeleton;
	LIST_ENTRY(member) in_ignorers; /* if they ignore anybody */
	TAILQ_ENTRY(member) in_lost; /* if their connection is lost */
	uint64_t roommates_walk; /* roommates.c: the last that came by */
	struct chat *chat;
	const struct member_ops *ops; /* NULL: the connection is lost */
	void *session; /* for ops */
	void *sink; /* for ops->deliver() */
	const struct dialect *dialect;
	LIST_HEAD(, membership) memberships;
	struct person person;
	/* Private messages that were handed over, and may not have arrived: the
	 * last QUEUED_MAX at most, since no more could be kept again. */
	struct queued_list handed;
	unsigned handed_count;
	struct bucket announce;
	char *user; /* IRC's user name; NULL: a plain client */
	char *realname; /* NULL: none but the nick */
	unsigned flags; /* enum member_flag */
	char *break_text; /* or NULL; of a break, or while away */
	int64_t break_since_ms; /* monotonic; the same */
	int64_t lost_since_ms;
	int64_t active_ms; /* their last line */
	uint64_t id; /* never used again; not 0 */
	uint64_t
	    checkpoint_handed; /* persist.h: bytes handed over at the mark */
	struct credential credential;
	bool is_guest;
	bool is_on_break; /* nothing is delivered */
	bool is_away; /* on break for the others; never with is_on_break */
	bool is_break_told; /* the others were told that they are away */
	bool is_lost;
	bool is_ignorer; /* in rooms->ignorers */
	bool has_queued_handed; /* some of handed was written */
	bool was_told_repeats; /* that private messages are repeated */
	bool is_known; /* has said or done what others see */
	char nick[NICK_SIZE];
	char folded[NICK_SIZE];
	char skeleton[NICK_SIZE];
};

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

/* On break or away: what others are shown. */
static inline bool
member_is_away(const struct member *m)
{
	return m->is_on_break || m->is_away;
}

/* So; or who was and is lost, and the others were not told that it is over. */
static inline bool
member_looks_away(const struct member *m)
{
	return member_is_away(m) || m->is_break_told;
}

/*
 * Copies, cut after MEMBER_USER_MAX and MEMBER_REALNAME_MAX bytes; NULL: none.
 * A new realname is told to those who share a room with m.
 */
void member_set_user(struct member *m, const char *user);
void member_set_realname(struct member *m, const char *realname);

/* What others are shown of a break without a text; or else its text. */
#define MEMBER_AWAY_TEXT "be right back"
static inline const char *
member_away_text(const struct member *m)
{
	return m->break_text == NULL ? MEMBER_AWAY_TEXT : m->break_text;
}

/* They are counted: never set the field. m is not lost. */
void member_set_flags(struct member *m, unsigned flags);

/* Where m comes from, without telling: cloak.h. Of a credential always the
 * same, also after a restart if there is a journal. */
#define MEMBER_HOST_SIZE CLOAK_SIZE
void member_host(const struct member *m, char out[MEMBER_HOST_SIZE]);

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

/* A private message that was kept has been handed over: m keeps it until it has
 * arrived. Takes k over. */
void member_handed(struct member *m, struct queued_message *k);
void member_forget_arrived(struct member *m); /* those that have */

/* What deliver() refused may be tried again. */
void member_drained(struct member *m);

/* m is in no room, and may be shown the private messages that were kept: on
 * coming back under their nick. In a room, or on break, it does nothing. */
void member_show_queued(struct member *m);

/*
 * Is somebody's line, with this id and nick as written, not to be shown to m?
 */
static inline bool
member_ignores_author(const struct member *m, uint64_t id, const char *nick)
{
	char folded[NICK_SIZE];

	if (m->person.ignore_count == 0 || id == 0)
		return false;
	nick_fold(folded, nick);
	return person_ignores(&m->person, id, folded);
}

/*
 * m ignores who has this nick, and, if they are here, whatever nick they take.
 * -1: IGNORES_MAX reached; for unignore: there is no such.
 */
int member_ignore(struct member *m, const char *nick) MUST_CHECK;
int member_unignore(struct member *m, const char *nick) MUST_CHECK;

/* After m's ignores have changed otherwise. */
void member_update_ignorer(struct member *m);

/* Monotonic: since when they have not been reading; now if they are. */
int64_t member_away_since_ms(const struct member *m);

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

/* Leaves all rooms, keeps the place, and frees m. For directory.c and
 * server.c. */
void member_depart(struct member *m, enum room_leave how, const char *text);

struct membership *member_in(const struct member *m, const struct room *room);

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

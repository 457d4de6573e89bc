/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef EVENT_H
#define EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct dialect;
struct member;

/* What a room or a person may be told, free of any wire format. After each kind
 * are the fields of struct event that it fills. */
enum event_kind {
	/* Said: these are numbered and go into the room's history. */
	EVENT_SAY, /* nick, text */
	EVENT_ME, /* nick, text */
	EVENT_NOTICE, /* nick, text: IRC's, which nobody answers by itself */
	EVENT_TOPIC, /* nick, text; empty when removed */

	/* Live only, as they could otherwise be used to flush the history. */
	EVENT_PRESENCE, /* presence */
	EVENT_LEFT, /* nick, text or NULL */
	EVENT_WENT, /* nick, other: the room */
	EVENT_NICK, /* nick, other: the old one */
	EVENT_BREAK, /* nick, text or NULL */
	EVENT_BACK, /* nick, duration_ms, text or NULL */
	EVENT_OPERATOR, /* text: an announcement by whoever runs the server */
	EVENT_KICK, /* nick: who did it, other: whom they kicked, text or NULL */
	EVENT_MODE, /* nick (NULL: the server), text: "+o bob" */

	/*
	 * Live, and only for dialects that track members, which are told of
	 * each arrival and departure by itself, even if they are behind or on
	 * break. In a room:
	 */
	EVENT_SYNC_JOIN, /* nick */
	EVENT_SYNC_PART, /* nick, text or NULL */
	EVENT_TAGS, /* nick, tags; other: in private, to whom */
	EVENT_CTCP, /* nick, text; is_notice: a client asks others, or answers */
	EVENT_INVITE, /* nick, other: who was invited */
	/* About a person, once to each person who shares a room with them:
	 * roommates.h. */
	EVENT_SYNC_QUIT, /* nick, text or NULL */
	EVENT_SYNC_RENAME, /* nick, other: the old one */
	EVENT_SYNC_AWAY, /* nick, text; NULL: no longer away */
	EVENT_SYNC_SETNAME, /* nick, text */
	EVENT_SYNC_ACCOUNT, /* nick, text: the account that they logged in to */

	/* For one person. */
	EVENT_PRIVATE, /* nick, other: to whom, text; is_notice */
	EVENT_PRIVATE_SENT, /* other: to whom, text; is_notice */
	/* count private messages follow; is_repeat: seen? total before them are
	 * gone, as too many waited. */
	EVENT_QUEUED,
	/* nick, duration_ms, count, tally, mentions; total: repeats */
	EVENT_WELCOME,
	/* The next count messages (some, if it is 0) may have been shown
	 * before, up to EVENT_NEW or the end. */
	EVENT_REPEATS,
	EVENT_NEW, /* what follows has not been shown before */
	EVENT_GAP, /* count messages are no longer held, is_uncertain */
	EVENT_DATE, /* time_ms: what follows was said on that day */
	EVENT_PAST, /* the last count of total messages follow */
	EVENT_PAST_END, /* end of a history that was asked for */
	EVENT_LIVE, /* catch-up is over: what follows is live */
	/* other: a room in which count messages are new; if count is 0, total
	 * may be. */
	EVENT_WAITING,
	/* nick: oneself, other: with whom count messages in private are new. */
	EVENT_UNREAD,
	/* The person has read all up to number, of time_ms (0: unknown), in room;
	 * or, if that is NULL, what other said in private. */
	EVENT_READ
};

/* How somebody became live. */
enum event_live {
	EVENT_LIVE_NOW, /* nothing was shown before */
	EVENT_LIVE_AFTER_PAST, /* after a newcomer's history */
	EVENT_LIVE_AFTER_CATCHUP
};

/* Arrivals and departures in one line, with at most this many names of each. */
#define PRESENCE_NAMES 4
struct event_presence {
	const char *came[PRESENCE_NAMES];
	size_t came_count; /* may be more than the names */
	const char *left[PRESENCE_NAMES];
	size_t left_count;
};

/* How much each author said, the most first; the rest of them in others. */
#define TALLY_NAMES 5
struct event_tally {
	const char *nick[TALLY_NAMES];
	uint64_t count[TALLY_NAMES];
	size_t names;
	uint64_t others; /* further authors */
	uint64_t others_count; /* their messages */
};

/* How old what is said is, if it is shown later. */
enum event_age { EVENT_AGE_LIVE, EVENT_AGE_TODAY, EVENT_AGE_EARLIER };

/* Authors' ids stay below this; a damaged file may say otherwise. */
#define EVENT_AUTHOR_MAX (UINT64_MAX >> 8)
/* From here on they are what stands for members of other servers. */
#define EVENT_AUTHOR_ELSEWHERE (UINT64_C(1) << 55)
#define EVENT_VIA_MAX 127 /* and so do the numbers of their clients */

struct event {
	enum event_kind kind;
	enum event_live live;
	enum event_age age;
	uint64_t number; /* of the message in its room; 0: live only */
	/* Of a private message; 0: unknown. Of a room's: its first number, if
	 * that is another one; else 0. */
	uint64_t msgid;
	/* Of a message of a shared log: who appended it, and their count of
	 * that (sharedlog/entry.h). node is 0 if it is of this server alone. */
	uint64_t node;
	uint64_t counter;
	int64_t time_ms; /* wall clock; of a message: the room's time */
	int64_t wall_ms; /* what the clock showed, if time_ms differs; or 0 */
	int64_t age_ms; /* of a message: what the age clock showed */
	const char *server; /* what this server calls itself */
	const char *room; /* its name; NULL: in none */
	uint64_t author; /* member id; 0: none */
	uint8_t via; /* the number of the author's client (struct client) */
	const struct member *from; /* the author, if they are here now */
	const char *nick; /* the author's nick at that time */
	const char *text; /* scrubbed; not terminated */
	size_t text_len;
	const char *other;
	const char *tags; /* IRC's client-only ones: "+a=b;+c", or NULL */
	/* Of a message: what its author's program knows it by, if anything, and
	 * whose ids these are (0: nobody's). See ids.h. */
	const char *id; /* not terminated */
	size_t id_len;
	uint64_t id_key;
	int64_t duration_ms;
	uint64_t count;
	uint64_t total;
	uint64_t mentions;
	uint64_t seen; /* EVENT_WELCOME: of count, shown before it */
	bool is_repeat;
	/* '@' or '+' if it was said only to those who have that status in room,
	 * else 0. */
	char status;
	bool is_past; /* in a replay, and from before they joined */
	bool is_notice; /* IRC's NOTICE rather than a message */
	bool is_action; /* an action (/me) in private */
	bool is_ctcp; /* between IRC clients: CTCP */
	bool is_uncertain; /* there may be more: the power was cut */
	bool is_id_shown; /* this is for whose id it is */
	bool is_aside; /* to be said by who is not there, but could be */
	/* It comes to who has said it, by another client: live, or as what that
	 * has missed. */
	bool is_own;
	const struct event_presence *presence;
	/* Of an arrival: those whose own (struct cursor) is that or a later one
	 * were told of it when they came; 0: nobody was. */
	uint64_t known_from;
	const struct event_tally *tally;
};

/* What the wall clock showed when it was said: for people to read. */
static inline int64_t
event_wall_ms(const struct event *e)
{
	return e->wall_ms != 0 ? e->wall_ms : e->time_ms;
}

static inline bool
event_is_numbered(enum event_kind kind)
{
	return kind <= EVENT_TOPIC;
}

static inline bool
event_is_for_trackers(enum event_kind kind)
{
	return kind >= EVENT_SYNC_JOIN && kind <= EVENT_SYNC_ACCOUNT;
}

/* Does it change who is in a room, what they are called or what they may do? */
static inline bool
event_is_of_names(enum event_kind kind)
{
	return kind == EVENT_KICK || kind == EVENT_MODE ||
	    kind == EVENT_SYNC_JOIN || kind == EVENT_SYNC_PART ||
	    kind == EVENT_SYNC_QUIT || kind == EVENT_SYNC_RENAME;
}

/* Are the other clients of who did it told as everybody is? Else they are told
 * by themselves, or not at all. */
static inline bool
event_is_for_others(enum event_kind kind)
{
	return event_is_numbered(kind) || kind == EVENT_MODE ||
	    kind == EVENT_KICK || kind == EVENT_INVITE || kind == EVENT_TAGS;
}

/* A way of writing events down, one for each variant of a protocol. All who
 * have the same dialect (the same pointer) share the rendered bytes. */
struct dialect {
	const char *name;
	/*
	 * Adds whole lines, or nothing if the protocol has none for it. A
	 * message read from the history (from is NULL) must be no longer than
	 * when it was live: repeat.c relies on that.
	 */
	void (*render)(const struct dialect *dialect, struct buf *out,
	    const struct event *event);
	/* Its clients keep a list of who is here, so they are told of each
	 * arrival and departure, whatever else is paused. */
	bool tracks_members;
	/* They are in all rooms in which the person is, whichever of the
	 * person's clients has joined. */
	bool follows;
	/* Nobody need have read what they were shown. */
	bool is_for_programs;
};

static inline void
dialect_render(const struct dialect *dialect, struct buf *out,
    const struct event *event)
{
	dialect->render(dialect, out, event);
}

#endif

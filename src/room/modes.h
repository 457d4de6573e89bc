/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef MODES_H
#define MODES_H

#include <sys/types.h>

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/nick.h"
#include "base/util.h"

struct buf;
struct event;
struct member;
struct membership;
struct mode_change;
struct bookmark;
struct room;
struct chat;

/*
 * What is allowed in a room, and to whom. The letters are IRC's (Modern IRC
 * Client Protocol, "Channel Modes"); they bind everybody, whatever protocol
 * they speak:
 *
 *   b e I   masks: banned, exempt from bans, may come in despite i
 *   k l     key that one has to know to come in, most people in the room
 *   i m n s t C     enum room_flag
 *   o v     of a member: operator, voice
 */
enum room_flag {
	ROOM_INVITE_ONLY = 1 << 0, /* i */
	ROOM_MODERATED = 1 << 1, /* m: operators and voices speak */
	ROOM_NO_EXTERNAL = 1 << 2, /* n: only who is in the room speaks */
	ROOM_SECRET = 1 << 3, /* s: not listed */
	ROOM_TOPIC_LOCKED = 1 << 4, /* t: operators set the topic */
	ROOM_NO_CTCP = 1 << 5 /* C: no CTCP to the room but ACTION */
};

/* For RPL_ISUPPORT: CHANMODES=, PREFIX=, MAXLIST=beI:, KEYLEN=, MODES=. */
#define MODES_CHANMODES "beI,k,l,Cimnst"
#define MODES_KEY_MAX 23
#define MODES_LIST_MAX 100 /* masks in each of the lists */
#define MODES_MASK_MAX 120 /* bytes */
#define MODES_LIMIT_MAX 100000
#define MODES_INVITATIONS_MAX 64 /* of a room; the oldest go */
/*
 * One EVENT_MODE has at most so many changes with a parameter, and so many
 * bytes: with author and room it has to fit IRC's line of 512, and 12 is what
 * clients send in one command when asked to, say, ban a dozen.
 */
#define MODES_PER_EVENT 12
#define MODES_TEXT_MAX 360

/* Such a list is for each of the letters b, e, I. */
enum modes_list { MODES_BANS, MODES_EXEMPTIONS, MODES_INVITED, MODES_LISTS };

struct mode_mask {
	TAILQ_ENTRY(mode_mask) entry;
	int64_t set_ms; /* wall clock */
	char by[NICK_SIZE]; /* who set it, as they were called; or "server" */
	/* nick!user@host, with * and ?; "m:nick!user@host" in the lists b and
	 * e is about speaking only: IRC's extban, EXTBAN=,m */
	char mask[MODES_MASK_MAX + 1];
};
TAILQ_HEAD(mode_mask_list, mode_mask);

/* struct room has one. Read it as you like; change it by modes_apply(). */
struct modes {
	unsigned flags; /* enum room_flag */
	uint32_t limit; /* 0: none */
	struct mode_mask_list lists[MODES_LISTS]; /* the oldest first */
	size_t counts[MODES_LISTS];
	uint64_t invitations[MODES_INVITATIONS_MAX]; /* members' ids */
	size_t invitation_count;
	int64_t made_ms; /* wall clock: when the room was made */
	char key[MODES_KEY_MAX + 1]; /* "": none */
	/* They are in the journal: the room was made by somebody, or they were
	 * changed. Else they are what the settings say at the next start. */
	bool is_persisted;
};

/* A new room's, which has its name: the flags of the setting room-modes. */
void modes_init(struct room *room);
void modes_fini(struct room *room);

/* They go to the journal from now on. */
void modes_persist(struct room *room);

/*
 * As bytes (tlv.h), for the journal, and for the next program in this process,
 * which gets invitations as well. modes_get() replaces those of the room;
 * false: it is not what modes_put() writes, and the room has those it was made
 * with.
 */
void modes_put(const struct modes *modes, struct buf *out, bool is_handed_over);
bool modes_get(struct room *room, const void *data, size_t len) MUST_CHECK;

/* Checks */

enum modes_admit {
	MODES_ADMITTED,
	MODES_BANNED, /* 474 */
	MODES_INVITE_ONLY, /* 473 */
	MODES_BAD_KEY, /* 475 */
	MODES_FULL /* 471 */
};
/*
 * May m, who is not in the room, come in with this key (NULL: none given)? The
 * first reason in the order above is given. An invitation by an operator opens
 * all of it, bans too. Who the settings name as operator always gets in; who
 * has a place as operator past all but a ban, which is how others keep them
 * out. I is past i only, e past b.
 */
enum modes_admit modes_admit(const struct room *room, const struct member *m,
    const char *key) MUST_CHECK;
/* What to tell them, without "!! "; a static buffer. Not for MODES_ADMITTED. */
const char *modes_admit_str(enum modes_admit why, const struct room *room);

enum modes_speak {
	MODES_MAY_SPEAK,
	MODES_SPEAK_EXTERNAL, /* n: not in the room */
	MODES_SPEAK_BANNED,
	MODES_SPEAK_MODERATED /* m */
};
/*
 * May m say something in the room? ms is theirs there, or NULL if they are not
 * in it. Operators and who has voice always may. Also right for NOTICE and
 * TAGMSG; IRC says 404 for all three.
 */
enum modes_speak modes_may_speak(const struct room *room,
    const struct member *m, const struct membership *ms) MUST_CHECK;
const char *modes_speak_str(enum modes_speak why, const struct room *room);

bool modes_may_set_topic(const struct membership *ms); /* else 482 */
/* May they invite others: all may unless the room is invite-only (else 482). */
bool modes_may_invite(const struct membership *ms);
bool modes_has(const struct room *room, enum room_flag flag);

/*
 * May m see that the room exists, and what it is about? Not if it is secret and
 * m neither is in it nor has a place there; nor if they are banned from it.
 */
bool modes_may_see(const struct room *room, const struct member *m);
/* And who is in it? Of a secret room only those who are see that. */
bool modes_may_see_people(const struct room *room, const struct member *m);

/* Is m on the list of bans, and not of exemptions? */
bool modes_is_banned(const struct room *room, const struct member *m);

/* The first ban that m falls under, whatever the exemptions; or NULL. */
const struct mode_mask *modes_find_ban(const struct room *room,
    const struct member *m);
/* Is mask, as it was typed, on that list? */
bool modes_has_mask(const struct room *room, enum modes_list list,
    const char *mask);

/*
 * The room that keeps m from changing the nick, or NULL: one where they are
 * banned and have neither operator nor voice, or a ban of a nick would be
 * evaded (IRC: 435 ERR_BANONCHAN). Guests, who have no name yet, may take one.
 */
const struct room *modes_forbids_nick(const struct member *m);

/* Invitations. One is used up by coming in, and ends with the member. */

/* By ms, to m; it opens the room only if ms is operator. */
void modes_invite(struct membership *ms, const struct member *m);
bool modes_is_invited(const struct room *room, const struct member *m);

/* Operators */

/*
 * Call it right after room_join(), for everybody: uses up an invitation, makes
 * them operator if they have made the room, or have come into an empty one that
 * is not permanent and where nobody who has a place is operator, or are named
 * by the setting room-operator; and tells the others what they have by that or
 * by their place ("+o bob", by the server). Returns ms->is_op.
 */
bool modes_joined(struct membership *ms);
/* Call it after a nick was changed: the setting may name them now. Returns the
 * first room where they have become operator, or NULL. */
const struct room *modes_renamed(struct member *m);
/*
 * For whoever publishes that ms has joined, right after it: clients with exact
 * dialects do not see that by itself ("+o bob", by the server). Nothing if ms
 * is neither operator nor has voice, or is not joined yet.
 */
void modes_tell(struct membership *ms);
/* For directory.c: ms gets back what they had in that place. */
void modes_regained(struct membership *ms, const struct bookmark *bookmark);

/* Changes */

enum mode_error {
	MODE_NOT_OPERATOR, /* 482; nothing else was looked at */
	MODE_UNKNOWN, /* 472 */
	MODE_NO_PARAM, /* o, v, k, l without their parameter: 696 */
	MODE_NO_SUCH_NICK, /* 401 */
	MODE_NOT_IN_ROOM, /* 441 */
	MODE_LIST_FULL, /* 478 */
	MODE_BAD_KEY, /* 696 (or 525) */
	MODE_BAD_LIMIT, /* 696 */
	MODE_BAD_MASK, /* 696 */
	MODE_NOT_IN_LOBBY /* i, k, l: everybody arrives there. 696 */
};

struct mode_change {
	bool is_set; /* +, or - */
	char letter;
	const char *param; /* or NULL; not checked yet */
};

/*
 * Reads mode strings as a client gives them: argv[0] is "+ov-b", the others are
 * the parameters in turn. They outlive the parser. Any bytes are fine; what is
 * no printable ASCII comes out as the letter '?'.
 */
struct mode_parser {
	const char *at;
	char *const *params;
	int param_count;
	bool is_set;
};
void mode_parser_init(struct mode_parser *p, int argc, char *const argv[]);
bool mode_parser_next(struct mode_parser *p, struct mode_change *change);

/*
 * What comes of changes, while they are made; none may change rooms or members.
 * Any of them may be NULL.
 */
struct mode_report {
	void (*error)(enum mode_error why, const struct mode_change *change,
	    void *arg);
	/* b, e or I without a parameter: they want to see that list. */
	void (*list)(enum modes_list list, void *arg);
	/* What has been changed, "+o-b bob *!*@x", as in the EVENT_MODE that
	 * the others see: who did it is told by this alone. */
	void (*applied)(const char *text, void *arg);
	void *arg;
};

/*
 * Makes the changes that argv asks for, each by itself: what fails is reported,
 * what changes nothing is passed over, the rest is published. actor: who does
 * it; NULL: the server (brbctl), which may do all. Lists are shown to everybody
 * in the room; to change anything takes an operator, or it is
 * MODE_NOT_OPERATOR, once.
 */
void modes_change(struct room *room, struct membership *actor, int argc,
    char *const argv[], const struct mode_report *report);
/* The same for changes that were made up rather than read. */
void modes_apply(struct room *room, struct membership *actor,
    const struct mode_change *changes, size_t count,
    const struct mode_report *report);

/* A sentence for plain people, without "!! "; a static buffer. change is not
 * looked at for MODE_NOT_OPERATOR. */
const char *mode_error_str(enum mode_error why,
    const struct mode_change *change, const struct room *room);

/* The list of a letter, or -1: it has none. And the letter. */
int modes_list_find(char letter);
char modes_list_letter(enum modes_list list);

/*
 * Adds "+kln key 10" to out, "+" if there are none. shows_key: for who is in
 * the room; else it says "*" in its place.
 */
void modes_str(const struct room *room, bool shows_key, struct buf *out);

/*
 * The mask that bans m: *!*@HOST, unless somebody else in the room has the same
 * host; then NICK!*@*.
 */
void modes_ban_mask(const struct room *room, const struct member *m,
    char out[MODES_MASK_MAX + 1]);

/*
 * Somebody is put out of the room, by by (NULL: the server): the others see
 * EVENT_KICK, and it is left with ROOM_LEAVE_KICKED; the place is kept, but not
 * as operator. event is filled in with what they saw, for telling the two, whom
 * this does not tell; it is valid as long as by, m and text. text: scrubbed, or
 * NULL. Checks no rights. See session_kick().
 */
void modes_kick(struct membership *ms, struct membership *by, const char *text,
    struct event *event);

#endif

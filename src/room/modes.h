/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef MODES_H
#define MODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "room/model.h"

struct buf;

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
#define MODES_LIST_MAX 100 /* masks in each of the lists */
#define MODES_LIMIT_MAX 100000
/*
 * One EVENT_MODE has at most so many changes with a parameter, and so many
 * bytes: with author and room it has to fit IRC's line of 512, and 12 is what
 * clients send in one command when asked to, say, ban a dozen.
 */
#define MODES_PER_EVENT 12
#define MODES_TEXT_MAX 360

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

/* For rank.c: m has come in. And do the settings have m as operator here? */
void modes_use_invitation(struct room *room, const struct member *m);
bool modes_is_named(const struct room *room, const struct member *m);

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

#endif

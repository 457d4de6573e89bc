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
struct fields_in;
struct fields_out;
struct tlv;

/*
 * What is allowed in a room, and to whom. The letters are IRC's (Modern IRC
 * Client Protocol, "Channel Modes"); they bind everybody, whatever their
 * protocol:
 *
 *   b e I   masks: banned, exempt from bans, may come in despite i. "$a:NAME"
 *           means the account of that name, and goes on to do so when it is
 *           called otherwise; with * or ? it is a pattern of names, and so
 *           is, in b alone, a name that is no account's yet
 *   k l     key needed to come in, most people in the room
 *   i m n r s t w C L N enum room_flag
 *   o v     of a member: operator, voice
 */
enum room_flag {
	ROOM_INVITE_ONLY = 1 << 0, /* i: invited people only */
	ROOM_MODERATED = 1 << 1, /* m: operators and voices speak */
	ROOM_NO_EXTERNAL = 1 << 2, /* n: only people in the room speak */
	ROOM_SECRET = 1 << 3, /* s: not listed */
	ROOM_TOPIC_LOCKED = 1 << 4, /* t: operators set the topic */
	ROOM_NO_CTCP = 1 << 5, /* C: no CTCP to the room except ACTION */
	ROOM_NO_PAST = 1 << 6, /* N: newcomers are shown nothing of the past */
	ROOM_LOGGED_IN = 1 << 7, /* r: only who is logged in comes in */
	ROOM_READABLE = 1 << 8, /* w: on the web, for who is not in the room */
	ROOM_ONE_LINE = 1 << 9 /* L: no message has several lines */
};

/* For RPL_ISUPPORT: CHANMODES=, PREFIX=, MAXLIST=beI:, KEYLEN=, MODES=. */
#define MODES_CHANMODES "beI,k,l,CLNimnrstw"
#define MODES_LIST_MAX 100 /* masks in each list */
#define MODES_LIMIT_MAX 100000
/*
 * Limits of one EVENT_MODE: changes with a parameter, and bytes. With author
 * and room it must fit IRC's line of 512; 12 is what clients send in one
 * command when asked to, say, ban a dozen.
 */
#define MODES_PER_EVENT 12
#define MODES_TEXT_MAX 360

/* Initializes a new room's: the flags of the setting room-modes. It has its
 * name. */
void modes_init(struct room *room);
void modes_fini(struct room *room);

/* Puts them into the journal from now on. */
void modes_persist(struct room *room);

/*
 * As fields.h has it. modes_load() replaces those of the room, wholly or not at
 * all, since half of what was not allowed could let in whom it should keep out:
 * false, in->error says why, and the room has those it was made with.
 */
void modes_save(const struct modes *modes, struct fields_out *out);
bool modes_load(struct room *room, struct fields_in *in,
    const struct tlv *item) MUST_CHECK;

/* Checks */

enum modes_admit {
	MODES_ADMITTED,
	MODES_BANNED, /* 474 */
	MODES_NOT_LOGGED_IN, /* 477 */
	MODES_INVITE_ONLY, /* 473 */
	MODES_BAD_KEY, /* 475 */
	MODES_FULL /* 471 */
};
/*
 * May m, who is not in the room, come in with this key (NULL: none given)?
 * Returns the first reason against it in the order above. An invitation by an
 * operator overrides all of them, bans too. People named as operator by the
 * settings always get in; those with a bookmark as operator do, except past a
 * ban, which is how others keep them out. I overrides i only, e overrides b.
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
 * May m say something in the room? ms is m's membership there, or NULL.
 * Operators and people with voice always may. The rule holds for NOTICE and
 * TAGMSG, too (IRC: 404 for all three).
 */
enum modes_speak modes_may_speak(const struct room *room,
    const struct member *m, const struct membership *ms) MUST_CHECK;
/* The same for who is not there, but could come in: n is no reason then. */
enum modes_speak modes_may_speak_aside(const struct room *room,
    const struct member *m) MUST_CHECK;

bool modes_may_set_topic(const struct membership *ms); /* else 482 */
/* May they invite others? All may, unless the room is invite-only
 * (else 482). */
bool modes_may_invite(const struct membership *ms);
bool modes_has(const struct room *room, enum room_flag flag);

/* May m see that the room exists, and its topic? Not if it is secret, m is not
 * in it and has no bookmark there; nor if they are banned from it. */
bool modes_may_see(const struct room *room, const struct member *m);
/* May anybody read what was said there? Not in a room that shows newcomers
 * nothing of the past. */
bool modes_may_be_read(const struct room *room);
/* May m see who is in it? In a secret room only people in it do. */
bool modes_may_see_people(const struct room *room, const struct member *m);

/* Writes a mask of the room as it is shown: an account by its present name. */
void mode_mask_str(const struct room *room, const struct mode_mask *mask,
    char out[MODES_MASK_MAX + 1]);
/* Removes all masks that name the account, which is to be forgotten. */
void modes_forget_account(struct room *room, uint64_t account);

/* Does a normalized mask match m, as if m came from host? */
bool modes_mask_matches(const char *mask, const struct member *m,
    const char *host);

/* Is m on the list of bans, and not of exemptions? */
bool modes_is_banned(const struct room *room, const struct member *m);

/* The first ban that matches m, whatever the exemptions; or NULL. */
const struct mode_mask *modes_find_ban(const struct room *room,
    const struct member *m);
/* Is mask, as typed, on that list? */
bool modes_has_mask(const struct room *room, enum modes_list list,
    const char *mask);

/* Does mask, as typed, name an account that there is not? A ban of one holds for
 * whoever makes it. */
bool modes_mask_is_of_nobody(const struct room *room, const char *mask);

/*
 * The room that keeps m from changing the nick, or NULL: one in which they are
 * banned and neither operator nor voiced, since otherwise a ban of a nick could
 * be evaded (IRC: 435 ERR_BANONCHAN). Guests, who have no name yet, may take
 * one.
 */
const struct room *modes_forbids_nick(const struct member *m);

/* Invitations. Coming in uses one up; it ends with the member, too. */

/* ms invites m; that opens the room only if ms is operator. */
void modes_invite(struct membership *ms, const struct member *m);
bool modes_is_invited(const struct room *room, const struct member *m);

/* For rank.c: m has come in. And do the settings have m as operator here? */
void modes_use_invitation(struct room *room, const struct member *m);
bool modes_is_named(const struct room *room, const struct member *m);

/* Do the settings make operator of some room who has this nick, but for those
 * that ask for an origin and have this one? Who has it there may be anybody. */
bool modes_names_nick(const struct chat *chat, const char *nick,
    const struct credential *address);

/* The list of a letter, or -1 if it has none; and the letter of a list. */
int modes_list_find(char letter);
char modes_list_letter(enum modes_list list);

/* Adds "+kln key 10" to out, or "+" if there are none. shows_key, for people in
 * the room; else the key is "*". */
void modes_str(const struct room *room, bool shows_key, struct buf *out);

/* Makes the mask that bans m: *!*@HOST or, if somebody else in the room has the
 * same host, NICK!*@*. */
void modes_ban_mask(const struct room *room, const struct member *m,
    char out[MODES_MASK_MAX + 1]);

#endif

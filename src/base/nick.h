/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef NICK_H
#define NICK_H

#include <stdbool.h>

#define NICK_MAX 20 /* characters, which are bytes: nicks are ASCII */
#define NICK_SIZE (NICK_MAX + 1)
#define ROOM_NAME_MAX 32
#define ROOM_NAME_SIZE (ROOM_NAME_MAX + 1)

enum nick_check {
	NICK_OK,
	NICK_EMPTY,
	NICK_TOO_LONG,
	NICK_BAD_START, /* the first is a digit or a hyphen, or worse */
	NICK_BAD_CHARACTER,
	NICK_RESERVED, /* or looks like a reserved one */
	NICK_GUEST /* guest and digits: given, not taken */
};

/* May c be in a nick at all: A-Za-z0-9_- and, as in RFC 2812, []\`^{|} */
bool nick_is_char(char c);

/* The same for names of rooms and users: A-Za-z0-9_- */
bool room_name_is_char(char c);

/* Is it of such characters, and not empty? So are all nicks that there ever
 * were, whatever the rules: guests, and "server". */
bool nick_is_wellformed(const char *nick);

/*
 * May a person take this name? Checks only its form and the reserved names, not
 * who is present. Look-alike spellings of a reserved name are refused as well
 * (adm1n), and so are those of guests' names (gue5t is allowed; guest1, gUest12
 * and guestl are not).
 */
enum nick_check nick_check(const char *nick);

/* What is wrong and what to do, as a sentence for people, without "!! ". A
 * static string. Not for NICK_OK. */
const char *nick_check_str(enum nick_check why);

/*
 * nick_check() for a room name: up to ROOM_NAME_MAX long, of fewer characters,
 * starting with a letter; guests and reserved names do not matter. Returns
 * NICK_OK or one of the first four faults.
 */
enum nick_check room_name_check(const char *name);
const char *room_name_check_str(enum nick_check why);

/* Returns the name meant by what was typed: people also write IRC's
 * "#kitchen". */
const char *room_name_meant(const char *typed);

/* Lower case (ASCII), for comparing. out holds strlen(name) + 1 bytes and may
 * be name. */
void nick_fold(char *out, const char *name);

/*
 * What a nick looks like as it is written: two nicks are mistaken for one
 * another when their skeletons are equal. In a skeleton, letters are folded,
 * and what hardly can be told apart is one:
 *
 *   - I, l, 1 and |, but not i and L: aIice is alice, Kari is not Karl. In a
 *     name of capitals they are another one, since KARI is not Karl either;
 *   - 0 and o;
 *   - rn and m, and any run of v and w in which vv counts for w, but where a
 *     vowel stands before (or what may be one: 0, and I at the beginning):
 *     Arne is not Ame, rnike is mike.
 *
 * After UTS #39 section 4, of which it leaves out what people do not mistake.
 * Nicks that are the same when folded may have two skeletons. out holds
 * strlen(name) + 1 bytes.
 */
void nick_skeleton(char *out, const char *name);

#endif

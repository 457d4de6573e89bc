/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef NICK_H
#define NICK_H

#include <stdbool.h>
#include <stddef.h>

#define NICK_MAX 20 /* characters, which are bytes: nicks are ASCII */
#define NICK_SIZE (NICK_MAX + 1)
#define ROOM_NAME_MAX 32
#define ROOM_NAME_SIZE (ROOM_NAME_MAX + 1)

enum nick_check {
	NICK_OK,
	NICK_EMPTY,
	NICK_TOO_LONG,
	NICK_BAD_START, /* the first is no letter */
	NICK_BAD_CHARACTER, /* outside A-Za-z0-9_- */
	NICK_RESERVED, /* or looks like a reserved one */
	NICK_GUEST /* guest and digits: given, not taken */
};

/* May c be in a nick at all: A-Za-z0-9_- */
bool nick_is_char(char c);

/*
 * May a person take this name? Checks the form and the reserved names only,
 * not who is present. A reserved name is also refused in look-alike spelling
 * (adm1n), a guest name likewise (gue5t is fine; guest1, gUest12 and guestl are
 * not).
 */
enum nick_check nick_check(const char *nick);

/*
 * What is wrong and what to do, as a sentence for its sender without the
 * leading "!! ", for example: nicks are 1 to 20 of A-Z a-z 0-9 _ -, and start
 * with a letter. A static string; must not be called with NICK_OK.
 */
const char *nick_check_str(enum nick_check why);

/*
 * The same rules for a room name, ROOM_NAME_MAX long; guests and reserved names
 * are no matter there. Returns NICK_OK or the first four faults.
 */
enum nick_check room_name_check(const char *name);
const char *room_name_check_str(enum nick_check why);

/* The name of the room that is meant: people write it as IRC does, "#kitchen",
 * too. */
const char *room_name_meant(const char *typed);

/*
 * Lower case, for comparing: out holds strlen(name) + 1 bytes and may be name.
 * ASCII only.
 */
void nick_fold(char *out, const char *name);

/*
 * What a nick looks like at a glance: folded, and then l, 1 and i are one
 * letter, so are 0 and o, rn and m, vv and w, _ and -. Two nicks look alike
 * when their skeletons are equal. out holds strlen(name) + 1 bytes.
 * After the idea of UTS #39 section 4 (confusable skeletons).
 */
void nick_skeleton(char *out, const char *name);

#endif

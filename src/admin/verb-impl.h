/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef VERB_IMPL_H
#define VERB_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/verb.h"
#include "base/credential.h"
#include "base/nick.h"
#include "room/account.h"
#include "room/model.h"

/* Shared by verb*.c only: what the verbs export and account have in common, all
 * that is kept of somebody. */

#define EXPORT_PIECE 16384 /* bytes that one slice adds, and some more */
#define EXPORT_TIME_SIZE 32

enum export_step {
	EXPORT_HERE,
	EXPORT_GONE,
	EXPORT_MODES,
	EXPORT_PRIVATE,
	EXPORT_SAID
};

/* A verb's state. */
struct export
{
	enum export_step step;
	/* Whose it is: nicks, folded (none: it is a room's), and an account,
	 * or 0. */
	char nicks[ACCOUNT_NICKS_MAX][NICK_SIZE];
	size_t nick_count;
	uint64_t account;
	/* People are done up to there. */
	char at[NICK_SIZE];
	struct credential at_credential;
	char room[ROOM_NAME_SIZE]; /* the one that is looked at */
	/* The next number. Not a position, since another room of that name may
	 * have been made by the next slice. */
	uint64_t number;
	bool is_in_room;
	struct conversation_party with; /* the account's, up to that one */
	bool is_in_talk; /* number is in it */
	bool has_any; /* was anything told? */
	char called[ROOM_NAME_SIZE + NICK_SIZE]; /* by whoever asks */
};

/* Begins with somebody by nick; with all that belongs to the account, if it is
 * one's, and with what its credentials are known by if has_hashes. */
enum verb_result export_begin_person(struct verb_call *call, const char *nick,
    bool has_hashes);
/* To be called once it has begun. */
enum verb_result export_go_on(struct verb_call *call);

/* A slice of the people. False: that was all. */
bool export_people(struct verb_call *call, struct export *e);
/* The same of what rooms have about them (verb-export-modes.c). */
bool export_modes(struct verb_call *call, struct export *e);
/* And of what an account's has said and was told in private. */
bool export_private(struct verb_call *call, struct export *e);
bool export_has_nick(const struct export *e, const char *folded);
void export_time(int64_t wall_ms, char out[EXPORT_TIME_SIZE]);

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef DEPARTED_H
#define DEPARTED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fields.h"
#include "room/model.h"

/*
 * People who left, with what waits for their return: their bookmarks (how far
 * they had read in each room), whom they ignore, private messages. Each belongs
 * to a nick together with a credential. There are at most max-bookmarks, a
 * sixteenth of them of one credential, but DEPARTED_PER_CREDENTIAL in any case,
 * and none older than retention. Who goes if they are too many is in
 * departed.c.
 */
#define DEPARTED_PER_CREDENTIAL 64

void departed_init(struct departed_set *all, struct chat *chat);
void departed_fini(struct departed_set *all);

/* Adds somebody who leaves; person is moved into it and empty afterwards. An
 * older one of the same name and credential is replaced. */
void departed_put(struct departed_set *all, const char *folded,
    const struct credential *credential, struct person *person,
    int64_t left_ms);

/* As departed_put() for one that was made at made_ms of the age clock; call it
 * for the oldest first. */
void departed_restore(struct departed_set *all, const char *folded,
    const struct credential *credential, struct person *person, int64_t left_ms,
    int64_t made_ms);

/*
 * As fields.h has it: who is gone, all of them, one of them as they were read,
 * and into the collection again. Read is without nick and credential from the
 * disk, where those are the key; the person is the caller's then. False:
 * in->error says why.
 */
enum departed_tag { DEPARTED_PERSON = 3 };
struct departed_record {
	struct departed b;
	struct credential credential;
	bool was_here; /* to the end of that run: they are gone from now on */
};
void departed_save(const struct departed *b, struct fields_out *out);
void departed_save_all(const struct departed_set *all, struct fields_out *out);
bool departed_read(struct departed_record *r, struct chat *chat,
    struct fields_in *in, const struct tlv *item) MUST_CHECK;
bool departed_load(struct departed_set *all, struct fields_in *in,
    const struct tlv *item) MUST_CHECK;

/* Returns NULL if there is none. */
struct departed *departed_find(const struct departed_set *all,
    const char *folded, const struct credential *credential);
/* The first in the order of these after that one ("": of all); or NULL. */
struct departed *departed_after(const struct departed_set *all,
    const char *folded, const struct credential *credential);
const struct credential *departed_credential(const struct departed *b);

/* Removes one from the set; the caller calls departed_free(). NULL if there is
 * none. */
struct departed *departed_take(struct departed_set *all, const char *folded,
    const struct credential *credential);
/* The same for who is back; an account's place is theirs under any nick: the
 * newest, if there is none of that. */
struct departed *departed_return(struct departed_set *all, const char *folded,
    const struct credential *credential);
void departed_free(struct chat *chat, struct departed *b);

/* Drops what is too old or too many by the options that are in force. False:
 * some is left. */
bool departed_trim(struct departed_set *all, struct walk_budget *budget);

#endif

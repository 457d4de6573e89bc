/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PERSIST_IMPL_H
#define PERSIST_IMPL_H

#include "state/persist.h"

/* Shared by persist*.c only. */

/*
 * First bytes of keys. They are in files: never change or reuse one. People
 * come after the low-water marks, which they need to know.
 */
#define PERSIST_AGE 'a' /* the first: ages are compared with it */
#define PERSIST_COUNTS 'i'
#define PERSIST_HOST_KEY 'h'
#define PERSIST_LOW_WATER 'l'
#define PERSIST_PERSON 'p'
#define PERSIST_ROOM 'r'

/* Makes the chat tell of changes from now on, and writes them. */
void persist_begin(struct persist *k, struct journal *journal);
void persist_put_host_key(struct persist *k);

/* Writes m. A look misses who has another nick since it began; but then they are
 * written, so they are judged here as well. */
void persist_put_member(struct persist *k, struct member *m);
/* Writes those who have changed, as far as the budget goes. False: some are
 * left. */
bool persist_put_dirty(struct persist *k, struct walk_budget *budget);
void persist_put_low_water(struct persist *k, const struct room *room);

/* persist-look.c */

void persist_look_init(struct persist *k);
void persist_look_stop(struct persist *k);
/* Something is new for those who are here: has them looked at in a while, arg
 * being the struct persist; and soon, after m was written: what they were just
 * sent arrives in a moment. */
void persist_wake(void *arg);
void persist_wake_for(struct persist *k, const struct member *m);
/*
 * Brings what m has acknowledged up to date: to where they were at the
 * checkpoint, once all has arrived that had been handed over until then.
 */
void persist_confirm(struct member *m);
/*
 * May c be written as live? Then it surely has read up to the low-water mark of
 * the room: the one there is, or the one that this look brings. A new room has
 * none.
 */
bool persist_is_beyond_mark(const struct persist *k, const struct cursor *c);

/* Frees what was loaded and not used yet, if anything. */
void persist_load_free(struct persist *k);

#endif

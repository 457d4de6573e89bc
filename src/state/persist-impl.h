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

/* Frees what was loaded and not used yet, if anything. */
void persist_load_free(struct persist *k);

#endif

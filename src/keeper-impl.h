/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef KEEPER_IMPL_H
#define KEEPER_IMPL_H

#include "keeper.h"

/* What keeper*.c share; nobody else's. */

/* The first byte of a key. They are in files: never change or reuse one. */
#define KEEPER_COUNTS 'i'
#define KEEPER_MODES 'm'
#define KEEPER_HOST_KEY 'h'
#define KEEPER_PERSON 'p'
#define KEEPER_SETTLED 's'
#define KEEPER_TOPIC 't'
#define KEEPER_TOPIC_BY 'b' /* when it was set, 8 bytes, and by whom */

/* What was loaded and not used yet; fine if there is none. */
void keeper_load_free(struct keeper *k);

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef HANDED_H
#define HANDED_H

#include <stddef.h>
#include <stdint.h>

#include "room/model.h"

/*
 * To be called when a private message has been handed over: m holds it until it
 * has arrived. Takes over k. At most the last QUEUED_MAX are held, since no
 * more could be queued again.
 */
void handed_add(struct member *m, struct queued_message *k);

/* Frees those that have arrived. */
void handed_forget_arrived(struct member *m);
/* Frees those that ended before position. */
void handed_forget(struct member *m, uint64_t position);

/* The position up to which the peer certainly has everything, if the last
 * unsent bytes are lost. */
uint64_t handed_arrived(const struct member *m, size_t unsent);

/* Queues again, as repeats, those that have not arrived by that position. */
void handed_take_back(struct member *m, uint64_t arrived);

#endif

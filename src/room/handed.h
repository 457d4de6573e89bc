/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef HANDED_H
#define HANDED_H

#include <stddef.h>
#include <stdint.h>

#include "room/model.h"

/*
 * A private message has been handed over: m keeps it until it has arrived.
 * Takes k over. The last QUEUED_MAX are kept at most, since no more could be
 * queued again.
 */
void handed_add(struct member *m, struct queued_message *k);

void handed_forget_arrived(struct member *m); /* those that have */
/* What ended by position has. */
void handed_forget(struct member *m, uint64_t position);

/* Where in what was handed over the peer surely has everything before, if the
 * last unsent bytes are lost. */
uint64_t handed_arrived(const struct member *m, size_t unsent);

/* What has not arrived by that position waits again, as a repeat. */
void handed_take_back(struct member *m, uint64_t arrived);

#endif

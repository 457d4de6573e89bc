/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef HANDED_H
#define HANDED_H

#include <stddef.h>
#include <stdint.h>

#include "room/model.h"

/*
 * To be called when a private message has been handed over: the client holds it
 * until it has arrived. Takes over k. At most the last QUEUED_MAX are held,
 * since no more could be queued again; should the connection break, the person
 * is told how many are missing.
 */
void handed_add(struct client *client, struct queued_message *k);

/* Frees those that have arrived. */
void handed_forget_arrived(struct client *client);
/* Frees those that ended before position. */
void handed_forget(struct client *client, uint64_t position);

/* The position up to which the peer certainly has everything, if the last
 * unsent bytes are lost. */
uint64_t handed_arrived(const struct client *client, size_t unsent);

/* Queues again, as repeats, those that have not arrived by that position. */
void handed_take_back(struct client *client, uint64_t arrived);

#endif

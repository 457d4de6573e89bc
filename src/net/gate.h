/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef GATE_H
#define GATE_H

#include <stdbool.h>

#include "base/origins.h"
#include "net/conn.h"
#include "net/listener.h"

/*
 * The gate that accepted connections come through, of which accept-rate is for
 * all origins together: whoever connects without an end waits, and those who
 * come from elsewhere do not. GATE_WAITING may wait of one origin, and no more
 * than there are places for (max-members); others are refused.
 */
struct gate;
#define GATE_WAITING 64

/* accepted() is called for each whose turn it is, refused() for each that is
 * one too many; the fd is theirs. */
struct gate *gate_new(struct net *net, struct origins *origins,
    listener_accepted *accepted, listener_accepted *refused, void *arg);
/* Closes those that wait. NULL is allowed. */
void gate_free(struct gate *gate);

void gate_enter(struct gate *gate, int fd, const struct listener_peer *peer);
/* Lets in all who wait, whatever the rate. */
void gate_open(struct gate *gate);

#endif

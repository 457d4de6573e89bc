/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Those who misbehave: a process of their own, so that what they do costs those
 * who are measured nothing but what the server makes of it.
 */
#ifndef BENCH_ATTACKERS_H
#define BENCH_ATTACKERS_H

#include "visit.h"

struct attack;

/* What they have done. */
struct attackers_count {
	unsigned long written; /* bytes */
	unsigned long connects;
	unsigned long handshakes;
};

void attackers_list(void); /* prints name and what, a line each */
const struct attack *attackers_find(const char *name); /* exits if none is it */
enum target attack_target(const struct attack *attack);

/* Begin and end; they end with their parent, too. */
void attackers_start(const struct attack *attack);
void attackers_stop(struct attackers_count *count);

#endif

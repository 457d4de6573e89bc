/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef NEAREST_H
#define NEAREST_H

#include <stddef.h>

/* Finds what somebody meant who mistyped a name. Each existing name is offered;
 * name is the nearest so far, or NULL if none is near enough. */
struct nearest {
	const char *typed; /* the caller's, as are the names */
	const char *name;
	size_t distance;
};

void nearest_init(struct nearest *nearest, const char *typed);
void nearest_offer(struct nearest *nearest, const char *name);

#endif

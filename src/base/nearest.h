/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef NEAREST_H
#define NEAREST_H

#include <stddef.h>

/*
 * What somebody may have meant who mistyped a name: each name that there is is
 * offered, and name is the nearest so far, or NULL if none is near enough.
 */
struct nearest {
	const char *typed; /* the caller's, as the names are */
	const char *name;
	size_t distance;
};

void nearest_init(struct nearest *nearest, const char *typed);
void nearest_offer(struct nearest *nearest, const char *name);

#endif

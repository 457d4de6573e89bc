/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

/* The protocols there are. */

#include "config.h"

#include <string.h>

#include "protocol.h"
#include "util.h"

static const struct protocol *const protocols[] = { &protocol_line };

const struct protocol *
protocol_find(const char *name)
{
	size_t i;

	if (*name == '\0')
		return protocols[0];
	for (i = 0; i < NITEMS(protocols); i++)
		if (strcmp(protocols[i]->name, name) == 0)
			return protocols[i];
	return NULL;
}

const struct dialect *
protocol_find_dialect(const char *name)
{
	const struct dialect *const *d;
	size_t i;

	for (i = 0; i < NITEMS(protocols); i++)
		for (d = protocols[i]->dialects; *d != NULL; d++)
			if (strcmp((*d)->name, name) == 0)
				return *d;
	return NULL;
}

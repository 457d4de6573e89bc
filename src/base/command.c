/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "base/command.h"

const void *
command_find(const void *table, size_t size, const char *name)
{
	const char *row = table;
	const struct command *c;

	for (;; row += size) {
		c = (const void *)row;
		if (c->name == NULL)
			return NULL;
		if (strcasecmp(c->name, name) == 0)
			return row;
	}
}

char *
command_word(char **p)
{
	char *word = *p;

	*p += strcspn(*p, " ");
	if (**p != '\0')
		*(*p)++ = '\0';
	*p += strspn(*p, " ");
	return word;
}

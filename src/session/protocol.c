/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Looking up protocols and dialects.
 */
#include "config.h"

#include <string.h>

#include "session/protocol.h"

/* Finds a protocol by the len bytes of its name; or NULL. */
static const struct protocol *
protocol_by_name(const char *name, size_t len)
{
	const struct protocol *const *p;

	for (p = protocol_table; *p != NULL; p++)
		if (strlen((*p)->name) == len &&
		    memcmp((*p)->name, name, len) == 0)
			return *p;
	return NULL;
}

/* Do names list all protocols of the table, and nothing else? */
static bool
protocol_are_all(const char *names)
{
	const struct protocol *const *p;
	const char *at, *end;
	size_t count = 0;

	for (at = names; at != NULL; at = end == NULL ? NULL : end + 1) {
		end = strchr(at, ',');
		count++;
		if (protocol_by_name(at,
			end == NULL ? strlen(at) : (size_t)(end - at)) == NULL)
			return false;
	}
	for (p = protocol_table; *p != NULL; p++) {
		count--;
		if (strstr(names, (*p)->name) == NULL)
			return false;
	}
	return count == 0;
}

const struct protocol *
protocol_find(const char *names)
{
	if (*names == '\0' || strcmp(names, protocol_sniff.name) == 0 ||
	    protocol_are_all(names))
		return &protocol_sniff;
	return protocol_by_name(names, strlen(names));
}

const struct protocol *
protocol_by_first_line(const char *text, size_t len, enum first_line *claim)
{
	const struct protocol *const *p;

	for (p = protocol_table; *p != NULL; p++) {
		*claim = (*p)->first_line == NULL ? FIRST_LINE_NOT :
						    (*p)->first_line(text, len);
		if (*claim != FIRST_LINE_NOT)
			break;
	}
	return *p;
}

const struct dialect *
protocol_find_dialect(const char *name)
{
	const struct protocol *const *p;
	const struct dialect *d;

	for (p = protocol_table; *p != NULL; p++) {
		d = (*p)->find_dialect(name);
		if (d != NULL)
			return d;
	}
	return NULL;
}

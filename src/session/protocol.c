/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The list of protocols.
 */
#include "config.h"

#include <string.h>

#include "base/util.h"
#include "session/protocol.h"

static const struct protocol *const protocols[] = { &protocol_line,
	&protocol_irc, &protocol_sniff };

const struct protocol *
protocol_find(const char *names)
{
	size_t i;

	if (*names == '\0' || strcmp(names, "irc,line") == 0 ||
	    strcmp(names, "line,irc") == 0)
		return &protocol_sniff;
	for (i = 0; i < NITEMS(protocols); i++)
		if (strcmp(protocols[i]->name, names) == 0)
			return protocols[i];
	return NULL;
}

const struct dialect *
protocol_find_dialect(const char *name)
{
	const struct dialect *d;
	size_t i;

	for (i = 0; i < NITEMS(protocols); i++) {
		if (protocols[i]->find_dialect == NULL)
			continue;
		d = protocols[i]->find_dialect(name);
		if (d != NULL)
			return d;
	}
	return NULL;
}

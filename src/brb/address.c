/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Where a server is, as people write it.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "brb/address.h"

/* Is it this machine, so that nobody could read what is sent? */
static bool
address_is_here(const char *host)
{
	return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
	    strncmp(host, "127.", 4) == 0;
}

static int
address_set(struct address *a, const char *host, size_t len, const char *port)
{
	uint64_t number;
	size_t i;

	if (len == 0 || parse_number(port, 65535, &number) == -1)
		return -1;
	for (i = 0; i < len; i++)
		if ((unsigned char)host[i] <= ' ' || host[i] == 0x7f)
			return -1;
	a->host = xstrndup(host, len);
	a->port = xstrdup(port);
	a->name = xasprintf(strchr(a->host, ':') == NULL ? "%s:%s" : "[%s]:%s",
	    a->host, a->port);
	a->is_tls = !address_is_here(a->host);
	return 0;
}

int
address_parse(const char *s, struct address *a)
{
	const char *end;

	memset(a, 0, sizeof(*a));
	if (strncmp(s, "unix:", 5) == 0)
		s += 5;
	else if (s[0] != '/') {
		if (s[0] == '[' && (end = strchr(s, ']')) != NULL &&
		    (end[1] == '\0' || end[1] == ':'))
			return address_set(a, s + 1, (size_t)(end - s) - 1,
			    end[1] == ':' ? end + 2 : ADDRESS_PORT);
		end = strchr(s, ':');
		/* Several colons are an address of IPv6, without a port. */
		if (end == NULL || strchr(end + 1, ':') != NULL)
			return address_set(a, s, strlen(s), ADDRESS_PORT);
		return address_set(a, s, (size_t)(end - s), end + 1);
	}
	if (s[0] != '/')
		return -1;
	a->path = xstrdup(s);
	a->name = xasprintf("unix:%s", s);
	return 0;
}

void
address_fini(struct address *a)
{
	free(a->path);
	free(a->host);
	free(a->port);
	free(a->name);
	memset(a, 0, sizeof(*a));
}

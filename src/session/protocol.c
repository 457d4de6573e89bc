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

/* Is the name at `at`, which ends at a comma, this one? */
static bool
protocol_is_name(const char *at, const char *name)
{
	return strcspn(at, ",") == strlen(name) &&
	    strncmp(at, name, strlen(name)) == 0;
}

static const char *
protocol_next_name(const char *at)
{
	at += strcspn(at, ",");
	return *at == ',' ? at + 1 : NULL;
}

static bool
protocol_has_name(const char *names, const char *name)
{
	const char *at;

	for (at = names; at != NULL; at = protocol_next_name(at))
		if (protocol_is_name(at, name))
			return true;
	return false;
}

enum conn_tls_use
protocol_tls_use(const char *names)
{
	return protocol_has_name(names, "tls") ? CONN_TLS_ONLY :
	    protocol_has_name(names, "plain")  ? CONN_TLS_NEVER :
						 CONN_TLS_MAYBE;
}

const struct protocol *
protocol_find(const char *names)
{
	const struct protocol *found = NULL, *p;
	const char *at;
	size_t count = 0, all = 0;

	if (protocol_has_name(names, "tls") &&
	    protocol_has_name(names, "plain"))
		return NULL;
	for (at = *names == '\0' ? NULL : names; at != NULL;
	     at = protocol_next_name(at)) {
		if (protocol_is_name(at, "tls") ||
		    protocol_is_name(at, "plain"))
			continue;
		if (strcmp(at, protocol_sniff.name) == 0 && count == 0)
			return &protocol_sniff;
		p = protocol_by_name(at, strcspn(at, ","));
		if (p == NULL || p == found)
			return NULL;
		found = p;
		count++;
	}
	while (protocol_table[all] != NULL)
		all++;
	/* With several, the first line tells which of all it is. */
	return count > all ? NULL : count == 1 ? found : &protocol_sniff;
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

const struct protocol *
protocol_by_alpn(const char *alpn)
{
	const struct protocol *const *p;

	for (p = protocol_table; *p != NULL; p++)
		if ((*p)->alpn != NULL && strcmp((*p)->alpn, alpn) == 0)
			break;
	return *p;
}

const struct dialect *
protocol_find_dialect(const char *name)
{
	const struct protocol *const *p;
	const struct dialect *d;

	for (p = protocol_table; *p != NULL; p++) {
		d = (*p)->find_dialect == NULL ? NULL :
						 (*p)->find_dialect(name);
		if (d != NULL)
			return d;
	}
	return NULL;
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <stdbool.h>

#include "base/util.h"

#define ADDRESS_PORT "4272"

/* Where a server is. */
struct address {
	char *path; /* of a Unix socket; else NULL */
	char *host;
	char *port;
	bool is_tls;
	bool shows_no_key; /* to a server: the one there is is not one's own */
	char *name; /* as it is shown, and kept in files */
};

/*
 * Parses "unix:PATH", "/PATH", "HOST", "HOST:PORT", "[IPv6]:PORT". TLS is for
 * hosts other than this one. -1: it is none of these.
 */
int address_parse(const char *s, struct address *a) MUST_CHECK;
void address_fini(struct address *a);

#endif

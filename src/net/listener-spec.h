/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef LISTENER_SPEC_H
#define LISTENER_SPEC_H

#include <stdbool.h>

#include "base/util.h"

#define LISTENER_UNIX_PREFIX "unix:"

/* A spec of listener.h, parsed. It owns its strings. */
struct listener_spec {
	char *address; /* all before the first comma */
	char *protocols; /* all behind it, or "" */
	char *path; /* unix:PATH, or NULL */
	char *host; /* NULL: all addresses */
	char *port;
	bool is_bracketed; /* host is an IPv6 address */
};

/* Fills *spec, which listener_spec_fini() releases in any case. Returns NULL,
 * or what is wrong as a static string. */
const char *listener_spec_parse(struct listener_spec *spec, const char *text);
void listener_spec_fini(struct listener_spec *spec);

/* Returns "cannot listen on 'text': why"; the caller frees it. */
char *listener_spec_error(const char *text, const char *why);

#endif

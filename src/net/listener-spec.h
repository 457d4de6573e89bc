/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef LISTENER_SPEC_H
#define LISTENER_SPEC_H

#include <stdbool.h>

#define LISTENER_UNIX_PREFIX "unix:"

/* A spec of listener.h, taken apart. Its strings are its own. */
struct listener_spec {
	char *address; /* all before the first comma */
	char *protocols; /* all behind it, or "" */
	char *path; /* unix:PATH, or NULL */
	char *host; /* NULL: all addresses */
	char *port;
	bool is_bracketed; /* host is an IPv6 address */
};

/*
 * Fills *spec, which listener_spec_fini() releases, whatever comes of it.
 * Returns NULL, or what is wrong: a static string.
 */
const char *listener_spec_parse(struct listener_spec *spec, const char *text);
void listener_spec_fini(struct listener_spec *spec);

/* "cannot listen on 'text': why"; to be freed. */
char *listener_spec_error(const char *text, const char *why);

#endif

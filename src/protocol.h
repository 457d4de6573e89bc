/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>

#include "message.h"

struct session;

/* What a protocol fills in: how one kind of client talks. */
struct protocol {
	const char *name; /* in -l ADDR:PORT,NAME */
	const struct dialect *dialect; /* at first */
	const struct dialect *const *dialects; /* all, NULL-terminated */

	/* The connection is there, and its member is in no room yet: greet,
	 * and join. */
	void (*open)(struct session *s);
	/* A line came in: raw bytes, writable. has_cr: it ended in CR. */
	void (*line)(struct session *s, char *text, size_t len, bool has_cr);
	/* A line over max-line was dropped. */
	void (*too_long)(struct session *s);
	/* See session_notice() and session_error(). */
	void (*notice)(struct session *s, const char *text);
	void (*error)(struct session *s, const char *text);
	/* Their member was put out of a room, as the event (EVENT_KICK) says:
	 * tell them, and if they have to be in some room, see to that. It may
	 * end the session. See session_kick(). */
	void (*kicked)(struct session *s, const struct event *event);
	/* The connection cannot be served: one line, ended, for a raw socket.
	 * A static buffer. */
	const char *(*refusal)(const char *text);
};

extern const struct protocol protocol_line;

/* By its name, of whatever protocol; or NULL. */
const struct dialect *protocol_find_dialect(const char *name);

/* By the name in a listen specification; "" gives the default. NULL: none. */
const struct protocol *protocol_find(const char *name);

#endif

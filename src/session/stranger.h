/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef STRANGER_H
#define STRANGER_H

#include <stdbool.h>
#include <stddef.h>

/* Protocols that are told by a client's first line, and are not spoken here. */
enum stranger {
	STRANGER_NONE, /* none of these */
	STRANGER_HTTP,
	STRANGER_TLS,
	STRANGER_PROXY, /* PROXY, as haproxy and others have it */
	STRANGER_SSH,
	STRANGER_SMTP,
	STRANGER_RTSP, /* and SIP, whose requests look the same */
	STRANGER_BINARY
};

/* What speaks a client whose first line that is not empty is that? */
enum stranger stranger_of(const char *line, size_t len);
/* Is that the first line of a request by HTTP? */
bool stranger_is_http(const char *line, size_t len);
/* Is that a field of such a request, by one of the names that clients send? */
bool stranger_is_http_field(const char *line, size_t len);
/* Returns its name: "HTTP". */
const char *stranger_str(enum stranger stranger);

#endif

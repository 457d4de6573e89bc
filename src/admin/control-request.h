/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CONTROL_REQUEST_H
#define CONTROL_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"

/*
 * What brbctl(8) and the daemon say to each other on the control socket.
 *
 *   request   brbctl 1 text        or json
 *             kick                 the verb, and its arguments, a line each
 *             bob
 *             too loud
 *                                  an empty line is the end
 *
 *   answer    ok                   or error
 *             bob is out           lines, none of which begins with a full stop
 *             .                    and that is the end, or it was cut off
 *
 * An error may follow an answer that is held (VERB_HOLDS): what that told of has
 * failed later, and the error stands in its place.
 *
 * All is UTF-8; lines end in LF.
 */
#define CONTROL_REQUEST_MAX 4096 /* bytes, the empty line and all */
#define CONTROL_REQUEST_WORDS 64 /* the verb and its arguments */
#define CONTROL_REQUEST_HEAD "brbctl 1 "

enum control_parse { CONTROL_PARSE_MORE, CONTROL_PARSE_OK, CONTROL_PARSE_BAD };

/*
 * The words are scrubbed (text.h), not empty, and owned. A zeroed one is empty.
 */
struct control_request {
	bool is_json;
	char *words[CONTROL_REQUEST_WORDS + 1]; /* NULL-terminated */
	int count; /* at least 1 */
	const char *error; /* a static string */
};

/*
 * Parses what has come so far. OK fills r, which holds nothing before; BAD sets
 * r->error; MORE means that it may still become a request, and is never
 * returned when is_full.
 */
enum control_parse control_request_parse(struct control_request *r,
    const char *data, size_t len, bool is_full) MUST_CHECK;
void control_request_fini(struct control_request *r);

#endif

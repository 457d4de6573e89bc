/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SEARCH_H
#define SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "base/walk.h"
#include "room/model.h"

/*
 * A search looks for a text in what is held of the rooms that somebody is in, the
 * newest first over all of them, without what they ignore. It is done in
 * slices; what it has found is kept as numbers, and read from the rings at the
 * end. It ends when it has found enough, has read SEARCH_READ_MAX bytes, or is
 * ended early: there may be more then.
 */
#define SEARCH_TEXT_MAX 200 /* bytes */
#define SEARCH_HITS_MAX 100
#define SEARCH_READ_MAX ((uint64_t)64 * 1024 * 1024)

struct search_query {
	const char *text; /* scrubbed, at most so long; "": anything */
	const struct room *room; /* NULL: all that they are in */
	const char *from; /* a nick; NULL: anybody */
	uint64_t before; /* a number in that room; 0: from the newest on */
	int64_t after_ms, before_ms; /* rooms' times, exclusive; 0: any */
	size_t limit; /* 1 to SEARCH_HITS_MAX */
	bool has_topics;
};

/* A message that was found. */
struct search_hit {
	uint64_t room; /* its key */
	uint64_t number;
	int64_t time_ms;
};

struct search;

struct search *search_new(const struct member *m,
    const struct search_query *query) MUST_CHECK;
void search_free(struct search *search); /* or NULL */

/*
 * Does a slice for m, whose search it is; between two of them anything may
 * happen to m and to rooms. False: it is done.
 */
bool search_step(struct search *search, const struct member *m,
    struct walk_budget *budget);

/* What was found so far, the newest first; and may there be more? */
size_t search_count(const struct search *search);
bool search_has_more(const struct search *search);
/* How many bytes of messages were read. */
uint64_t search_read_bytes(const struct search *search);

/*
 * Reads the i-th, as history_read() does, and sets its room's name. False: m is
 * no longer in that room, or the message is no longer held.
 */
bool search_hit(const struct search *search, const struct member *m, size_t i,
    struct event *event) MUST_CHECK;

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * For edit*.c alone.
 */
#ifndef EDIT_IMPL_H
#define EDIT_IMPL_H

#include "brb/edit.h"

#define EDIT_SEQUENCE_MAX 32

enum edit_state {
	EDIT_PLAIN,
	EDIT_ESC, /* ESC was the last */
	EDIT_CSI, /* a control sequence: ESC [ */
	EDIT_SS3, /* ESC O: one more byte */
	EDIT_STRING, /* ESC ] and the like, up to BEL or ESC \ */
	EDIT_STRING_ESC
};

struct edit {
	char text[EDIT_TEXT_MAX + 1]; /* terminated */
	size_t len;
	size_t at; /* the cursor, between two clusters */
	size_t first; /* of what the row shows */
	bool is_secret;

	char *history[EDIT_HISTORY_MAX];
	size_t history_count;
	size_t history_at; /* history_count: not in it */
	char *draft; /* what was there when it was gone into; or NULL */

	struct buf taken, killed;
	struct buf paste; /* of many lines */
	unsigned number;

	/* What has come of a character, or of a sequence. */
	enum edit_state state;
	char partial[8];
	size_t partial_len;
	char sequence[EDIT_SEQUENCE_MAX];
	size_t sequence_len;
	bool is_pasting;
	bool has_cr; /* of a paste: LF after CR is the same end */
};

size_t edit_next(const char *s, size_t len, size_t at);
size_t edit_prev(const char *s, size_t at);
void edit_erase(struct edit *e, size_t from, size_t to);
/* False: there is no room. */
bool edit_insert(struct edit *e, const char *s, size_t len);
void edit_set(struct edit *e, const char *text);
void edit_submit(struct edit *e);
enum edit_event edit_history(struct edit *e, bool is_older);

#endif

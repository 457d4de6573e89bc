/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef HANDOFF_H
#define HANDOFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fields.h"
#include "base/util.h"

/*
 * What one program of ours hands to the next that takes its place in the same
 * process: the state, as a blob in a file, and the descriptors that it speaks
 * of. The blob is
 *
 *   magic (8)  version (4)  header's length (4)  total length (8)  check (8)
 *   items, each as in tlv.h: first the table of descriptors, then the parts
 *
 * Each part is written by an X_save() and read by an X_load(), by the same
 * table (fields.h): in *-handoff.c, or in *-fields.c if it is on the disk as
 * well. All that refers to something else is checked, too: what is not
 * consistent is refused as a whole. A newer program may add items and fields,
 * which an older one passes over. Anything else takes a new HANDOFF_VERSION.
 */
#define HANDOFF_VERSION 5
#define HANDOFF_HEADER 32

/* The items of the blob. Never change or reuse a number. */
enum handoff_part {
	HANDOFF_FDS = 1,
	HANDOFF_SERVER = 2,
	HANDOFF_NET = 3,
	HANDOFF_LISTENER = 4,
	HANDOFF_ROOM = 5,
	HANDOFF_CHAT = 6,
	HANDOFF_MEMBER = 7,
	HANDOFF_PRESENCE = 8,
	HANDOFF_DEPARTED = 9,
	HANDOFF_BAN = 10,
	HANDOFF_SESSIONS = 11,
	HANDOFF_SESSION = 12,
	HANDOFF_CONTROL_LISTENER = 13,
	HANDOFF_METRICS_LISTENER = 14,
	HANDOFF_ACCOUNT = 15,
	HANDOFF_ORIGIN = 16,
	HANDOFF_ATTEMPT = 17,
	HANDOFF_CONVERSATION = 18
};

#define HANDOFF_OUT_INITIALIZER \
	{ \
		BUF_INITIALIZER, FIELDS_HANDOFF, NULL, NULL, 0, 0 \
	}

/* Makes the whole blob; the caller frees it. */
void handoff_seal(const struct fields_out *out, struct buf *blob);

/*
 * Checks the blob, which must stay, and its table of descriptors: all
 * different, and none of the standard ones. On false in->error says why. In any
 * case fields_in_fini() must be called.
 */
bool handoff_open(struct fields_in *in, const void *blob, size_t len,
    enum handoff_purpose purpose) MUST_CHECK;

/* Closes the descriptors for programs executed from now on. */
void handoff_close_on_exec(const struct fields_in *in);

/* Closes those that nobody took, as they belong to things that only another
 * version knows. */
void handoff_close_rest(struct fields_in *in);

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef HANDOFF_H
#define HANDOFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/credential.h"
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
 * Each part is written by an X_save() and read by an X_load() beside each
 * other, in files called *-handoff.c. All numbers in it are checked, and all
 * that refers to something else: what is not consistent is refused as a whole.
 * A newer program may add items and fields, which an older one passes over; one
 * that is not there is zero. Anything else takes a new HANDOFF_VERSION.
 */
#define HANDOFF_VERSION 2
#define HANDOFF_HEADER 32

/* What an item at the top is. Never change or reuse a number. */
enum handoff_part {
	HANDOFF_FDS = 1,
	HANDOFF_SERVER = 2,
	HANDOFF_NET = 3,
	HANDOFF_LISTENER = 4,
	HANDOFF_ROOM = 5,
	HANDOFF_ROSTER = 6,
	HANDOFF_MEMBER = 7,
	HANDOFF_PRESENCE = 8,
	HANDOFF_BOOKMARK = 9,
	HANDOFF_BAN = 10,
	HANDOFF_SESSIONS = 11,
	HANDOFF_SESSION = 12,
	HANDOFF_CONTROL_LISTENER = 13,
	HANDOFF_METRICS_LISTENER = 14
};

/* Fields */

enum handoff_type { HANDOFF_UNSIGNED, HANDOFF_SIGNED, HANDOFF_STRING };

/*
 * A field of a struct: its tag, where and how large it is, and the greatest
 * value allowed. Of a string, a char array, that is not looked at.
 */
struct handoff_field {
	uint16_t tag;
	uint8_t type;
	size_t offset;
	size_t size;
	uint64_t max;
};
#define HANDOFF_FIELD(tag, type, of, field, max) \
	{ \
		(tag), (type), offsetof(of, field), sizeof(((of *)0)->field), \
		    (max) \
	}
/* bool, enum or any unsigned integer; any signed integer; a char array. */
#define HANDOFF_UINT(tag, of, field, max) \
	HANDOFF_FIELD(tag, HANDOFF_UNSIGNED, of, field, max)
#define HANDOFF_BOOL(tag, of, field) HANDOFF_UINT(tag, of, field, 1)
#define HANDOFF_INT(tag, of, field) \
	HANDOFF_FIELD(tag, HANDOFF_SIGNED, of, field, 0)
#define HANDOFF_STR(tag, of, field) \
	HANDOFF_FIELD(tag, HANDOFF_STRING, of, field, 0)

/* Adds the fields of what base points to, but for those that are zero. */
void handoff_put(struct buf *out, const struct handoff_field fields[],
    size_t count, const void *base);

/*
 * Sets the field that item is about, if it is in the list. False: the item is
 * malformed or its value not allowed.
 */
bool handoff_get(const struct tlv *item, const struct handoff_field fields[],
    size_t count, void *base) MUST_CHECK;

void handoff_put_credential(struct buf *out, uint16_t tag,
    const struct credential *credential);
/* False: nothing that credential.h could have made. */
bool handoff_get_credential(const struct tlv *item,
    struct credential *credential) MUST_CHECK;

#define HANDOFF_OUT_INITIALIZER \
	{ \
		BUF_INITIALIZER, FIELDS_HANDOFF, NULL, NULL, 0, 0 \
	}

/* The whole blob; the caller frees it. */
void handoff_seal(const struct fields_out *out, struct buf *blob);

/*
 * Checks the blob, which has to stay, and its table of descriptors, all of them
 * different and none of the standard ones. False: in->error says why. In any
 * case fields_in_fini() has to be called.
 */
bool handoff_open(struct fields_in *in, const void *blob, size_t len,
    enum handoff_purpose purpose) MUST_CHECK;

/* Programs that are executed from now on do not get them. */
void handoff_close_on_exec(const struct fields_in *in);

/* Those that nobody took: of things that only another version knows. */
void handoff_close_rest(struct fields_in *in);

#endif

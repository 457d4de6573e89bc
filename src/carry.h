/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CARRY_H
#define CARRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "credential.h"
#include "tlv.h"
#include "util.h"

/*
 * What one program of ours hands to the next that takes its place in the same
 * process: the state, as a blob in a file, and the descriptors that it speaks
 * of. The blob is
 *
 *   magic (8)  version (4)  header's length (4)  total length (8)  check (8)
 *   items, each as in tlv.h: first the table of descriptors, then the parts
 *
 * Each part is written by an X_save() and read by an X_load() beside each
 * other, in files called *-carry.c. All numbers in it are checked, and all
 * that refers to something else: what is not consistent is refused as a whole.
 * A newer program may add items and fields, which an older one passes over; one
 * that is not there is zero. Anything else takes a new CARRY_VERSION.
 */
#define CARRY_VERSION 1
#define CARRY_HEADER 32

/* What an item at the top is. Never change or reuse a number. */
enum carry_part {
	CARRY_FDS = 1,
	CARRY_SERVER = 2,
	CARRY_NET = 3,
	CARRY_LISTENER = 4,
	CARRY_ROOM = 5,
	CARRY_ROSTER = 6,
	CARRY_MEMBER = 7,
	CARRY_PRESENCE = 8,
	CARRY_BOOKMARK = 9,
	CARRY_BAN = 10,
	CARRY_SESSIONS = 11,
	CARRY_SESSION = 12,
	CARRY_CONTROL_LISTENER = 13,
	CARRY_METRICS_LISTENER = 14
};

/* Fields */

enum carry_type { CARRY_UNSIGNED, CARRY_SIGNED, CARRY_STRING };

/*
 * A field of a struct: its tag, where and how large it is, and the greatest
 * value allowed. Of a string, a char array, that is not looked at.
 */
struct carry_field {
	uint16_t tag;
	uint8_t type;
	size_t offset;
	size_t size;
	uint64_t max;
};
#define CARRY_FIELD(tag, type, of, field, max) \
	{ \
		(tag), (type), offsetof(of, field), sizeof(((of *)0)->field), \
		    (max) \
	}
/* bool, enum or any unsigned integer; any signed integer; a char array. */
#define CARRY_UINT(tag, of, field, max) \
	CARRY_FIELD(tag, CARRY_UNSIGNED, of, field, max)
#define CARRY_BOOL(tag, of, field) CARRY_UINT(tag, of, field, 1)
#define CARRY_INT(tag, of, field) CARRY_FIELD(tag, CARRY_SIGNED, of, field, 0)
#define CARRY_STR(tag, of, field) CARRY_FIELD(tag, CARRY_STRING, of, field, 0)

/* Adds the fields of what base points to, but for those that are zero. */
void carry_put(struct buf *out, const struct carry_field fields[], size_t count,
    const void *base);

/*
 * Sets the field that item is about, if it is in the list. False: the item is
 * malformed or its value not allowed.
 */
bool carry_get(const struct tlv *item, const struct carry_field fields[],
    size_t count, void *base) MUST_CHECK;

void carry_put_credential(struct buf *out, uint16_t tag,
    const struct credential *credential);
/* False: nothing that credential.h could have made. */
bool carry_get_credential(const struct tlv *item,
    struct credential *credential) MUST_CHECK;

/* Writing */

struct carry_out {
	struct buf data; /* the parts so far */
	int *fds;
	size_t fd_count, fd_cap;
};
#define CARRY_OUT_INITIALIZER \
	{ \
		BUF_INITIALIZER, NULL, 0, 0 \
	}
void carry_out_fini(struct carry_out *out);

/* The descriptor goes along: an item with its place in the table. */
void carry_put_fd(struct carry_out *out, uint16_t tag, int fd);

/* The whole blob; the caller frees it. */
void carry_seal(const struct carry_out *out, struct buf *blob);

/* Reading */

enum carry_fd_kind {
	CARRY_FD_STREAM, /* a stream socket, connected once */
	CARRY_FD_LISTENER, /* a stream socket that listens */
	CARRY_FD_FILE /* a regular file, also one in memory */
};
/* Is it open and what it should be? Sockets do not block. */
bool carry_check_fd(int fd, enum carry_fd_kind kind);

/* What the reader is to do with it. */
enum carry_purpose {
	CARRY_TAKE, /* go on from it */
	CARRY_VERIFY, /* see whether it could; the writer waits */
	CARRY_LOOK /* the same while the writer goes on, and files change */
};

struct carry_in {
	struct tlv_reader items; /* without the table */
	enum carry_purpose purpose;
	int *fds;
	bool *is_taken;
	size_t fd_count;
	/* NULL: none is needed. Else carry_check_fd(), or a test's. */
	bool (*check_fd)(int fd, enum carry_fd_kind kind);
	char *error; /* why something was refused: the first reason */
};

/*
 * Checks the blob, which has to stay, and its table of descriptors, all of them
 * different and none of the standard ones. False: in->error says why. In any
 * case carry_in_fini() has to be called.
 */
bool carry_open(struct carry_in *in, const void *blob, size_t len,
    enum carry_purpose purpose) MUST_CHECK;

/* Closes no descriptor. */
void carry_in_fini(struct carry_in *in);

/* Programs that are executed from now on do not get them. */
void carry_close_on_exec(const struct carry_in *in);

/* Those that nobody took: of things that only another version knows. */
void carry_close_rest(struct carry_in *in);

/*
 * The descriptor that item names, which nobody has taken, and of that kind; it
 * is the caller's from now on. -1: in->error says why.
 */
int carry_get_fd(struct carry_in *in, const struct tlv *item,
    enum carry_fd_kind kind) MUST_CHECK;

/* Something is not consistent. Returns false. */
bool carry_fail(struct carry_in *in, const char *fmt, ...) PRINTFLIKE(2, 3);

#endif

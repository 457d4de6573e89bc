/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef FIELDS_H
#define FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/credential.h"
#include "base/tlv.h"
#include "base/util.h"

struct clock;

/*
 * A table of fields says what of a struct is stored in the journal, and handed
 * over to the next program in this process (handoff.h). The same table writes
 * and reads it, as a sequence of tlv.h, so that the two directions cannot
 * differ; a field may be for one use only. The table is beside the struct's
 * module, in x-fields.c, x-handoff.c or x.c.
 *
 * Zero values are not written, unless they are needed, and what is missing
 * stays as it was in the struct: zero, if the caller has left it so. A reader
 * checks each value, passes over unknown tags, and names the field that it
 * refuses.
 */
enum fields_use { FIELDS_DISK = 1, FIELDS_HANDOFF };

enum field_kind {
	FIELD_IS_UNSIGNED, /* bool, enum, any unsigned integer */
	FIELD_IS_SIGNED,
	FIELD_IS_TIME, /* int64_t; monotonic, and wall clock on disk */
	FIELD_IS_STRING, /* a char array */
	FIELD_IS_TEXT, /* a char *, allocated, or NULL */
	FIELD_IS_TAIL, /* char[] behind the struct, and its size_t length */
	FIELD_IS_BUF, /* struct buf */
	FIELD_IS_BYTES, /* an array of bytes, whole */
	FIELD_IS_NUMBERS, /* an array of uint64_t, and perhaps its count */
	FIELD_IS_FD, /* an int, or -1 */
	FIELD_IS_STRUCT,
	FIELD_IS_POINTER, /* to a struct, allocated, or NULL */
	FIELD_IS_LIST, /* of structs, allocated: LIST, SLIST or TAILQ */
	FIELD_IS_ITEM, /* struct tlv: its owner reads it; see put */
	FIELD_IS_OTHER /* see put and get */
};

struct fields;
struct fields_in;
struct fields_out;

struct field {
	uint16_t tag; /* never changed or used again within a version */
	uint8_t kind;
	uint8_t only; /* enum fields_use; 0: both */
	bool is_needed; /* written even if zero; must not be missing */
	bool may_be_bad; /* on disk a bad value counts as missing */
	const char *name;
	size_t offset, size;
	/*
	 * The greatest value, or number of bytes of a text, or of elements of a
	 * list that go to the disk; for FIELD_IS_FD an enum fields_fd. 0: no
	 * limit.
	 */
	uint64_t max;
	size_t extra; /* where a length, a count or an element's entry is */
	const struct fields *inner;
	unsigned which; /* for functions of several fields */
	/* Is the value allowed? For strings, texts and bytes. */
	bool (*check)(const char *value);
	/* Adds an item, or none; needed for FIELD_IS_ITEM and OTHER. */
	void (*put)(struct fields_out *out, const struct field *f,
	    const void *base);
	bool (*get)(struct fields_in *in, const struct field *f, void *base,
	    const struct tlv *item);
	/* Adds an element that was read to base's list, which then owns it.
	 * False: it must not be there. */
	bool (*add)(struct fields_in *in, const struct field *f, void *base,
	    void *element);
};

#define FIELD_(t, k, of, m) \
	.tag = (t), .kind = (k), .name = #m, .offset = offsetof(of, m), \
	.size = sizeof(((of *)0)->m)

/* Used in braces, with more designators if needed: { FIELD_UINT(...), .max = 9
 * } */
#define FIELD_UINT(t, of, m) FIELD_(t, FIELD_IS_UNSIGNED, of, m)
#define FIELD_BOOL(t, of, m) FIELD_UINT(t, of, m), .max = 1
#define FIELD_INT(t, of, m) FIELD_(t, FIELD_IS_SIGNED, of, m)
#define FIELD_TIME(t, of, m) FIELD_(t, FIELD_IS_TIME, of, m)
#define FIELD_STRING(t, of, m) FIELD_(t, FIELD_IS_STRING, of, m)
#define FIELD_TEXT(t, of, m, limit) \
	FIELD_(t, FIELD_IS_TEXT, of, m), .max = (limit)
#define FIELD_TAIL(t, of, m, len, limit) \
	.tag = (t), .kind = FIELD_IS_TAIL, .name = #m, \
	.offset = offsetof(of, m), .extra = offsetof(of, len), .max = (limit), \
	.is_needed = true
#define FIELD_BUF(t, of, m) FIELD_(t, FIELD_IS_BUF, of, m)
#define FIELD_BYTES(t, of, m) FIELD_(t, FIELD_IS_BYTES, of, m)
#define FIELD_NUMBERS(t, of, m) FIELD_(t, FIELD_IS_NUMBERS, of, m)
#define FIELD_COUNTED(t, of, m, count) \
	FIELD_NUMBERS(t, of, m), .extra = offsetof(of, count)
#define FIELD_CREDENTIAL(t, of, m) \
	FIELD_BYTES(t, of, m), .check = credential_is_valid
#define FIELD_ORIGIN(t, of, m) \
	FIELD_BYTES(t, of, m), .check = credential_is_origin
#define FIELD_FD(t, of, m, k) FIELD_(t, FIELD_IS_FD, of, m), .max = (k)
#define FIELD_STRUCT(t, of, m, table) \
	FIELD_(t, FIELD_IS_STRUCT, of, m), .inner = (table)
#define FIELD_POINTER(t, of, m, table) \
	FIELD_(t, FIELD_IS_POINTER, of, m), .inner = (table)
#define FIELD_LIST(t, of, m, table, element, entry, adder) \
	FIELD_(t, FIELD_IS_LIST, of, m), .inner = (table), .add = (adder), \
					 .extra = offsetof(element, entry)
#define FIELD_ITEM(t, of, m, putter) \
	FIELD_(t, FIELD_IS_ITEM, of, m), .put = (putter)
#define FIELD_OTHER(t, field_name, putter, getter) \
	.tag = (t), .kind = FIELD_IS_OTHER, .name = (field_name), \
	.put = (putter), .get = (getter)

struct fields {
	const char *what; /* "a ban" */
	/* Frees what FIELD_IS_LIST has added, in fields_clear(), which knows
	 * nothing of that. May be NULL. */
	void (*clear)(void *base);
	const struct field *list; /* at most 64 */
	size_t count;
	size_t size;
	/* Called when all was read: does it make sense as a whole? May complete
	 * what follows from the rest. May be NULL. */
	bool (*check)(struct fields_in *in, void *base);
};
#define FIELDS(text, of, table) \
	.what = (text), .list = (table), .count = NITEMS(table), \
	.size = sizeof(of)

/* Writing */

struct fields_out {
	struct buf data;
	enum fields_use use;
	const struct clock *clock; /* for FIELD_IS_TIME on the disk */
	int *fds; /* those that are handed over */
	size_t fd_count, fd_cap;
};
void fields_out_fini(struct fields_out *out);

void fields_put(struct fields_out *out, const struct fields *fields,
    const void *base);
/* As fields_put(), in an item of its own. */
void fields_put_item(struct fields_out *out, uint16_t tag,
    const struct fields *fields, const void *base);
/* Hands over a descriptor: adds an item with its index in the table. */
void fields_put_fd(struct fields_out *out, uint16_t tag, int fd);

/* Reading */

enum fields_fd {
	FIELDS_FD_STREAM, /* a stream socket, connected once */
	FIELDS_FD_LISTENER, /* a stream socket that listens */
	FIELDS_FD_FILE /* a regular file, also one in memory */
};
/* Is fd open and of that kind? Sockets must be non-blocking. */
bool fields_check_fd(int fd, enum fields_fd kind);

/* What the reader of a hand-over does with it. */
enum handoff_purpose {
	HANDOFF_TAKE, /* goes on from it */
	HANDOFF_VERIFY, /* checks whether it could; the writer waits */
	HANDOFF_LOOK /* the same while the writer goes on, and files change */
};

struct fields_in {
	enum fields_use use;
	const struct clock *clock;
	void *arg; /* the caller's, for the functions in tables */
	void *last; /* for add: the previous element, or NULL */
	char *error; /* the first reason for refusing something */
	/* For a hand-over, set by handoff_open(). */
	enum handoff_purpose purpose;
	struct tlv_reader items;
	int *fds;
	bool *is_taken;
	size_t fd_count;
	/* NULL: no check is needed. Else fields_check_fd(), or a test's. */
	bool (*check_fd)(int fd, enum fields_fd kind);
};
/* Frees all but the descriptors, which stay open. */
void fields_in_fini(struct fields_in *in);

/*
 * Reads what fields_put() has written into base, which is initialized. Missing
 * fields stay as they are, except descriptors, which become -1. On false
 * in->error says why, and texts, descriptors and the like are freed again
 * (fields_clear()), but not lists.
 */
bool fields_get(struct fields_in *in, const struct fields *fields,
    const struct tlv *item, void *base) MUST_CHECK;

/* The descriptor that item names; it must be of that kind, and taken by nobody
 * yet. It is the caller's from now on. Returns -1 with in->error. */
int fields_get_fd(struct fields_in *in, const struct tlv *item,
    enum fields_fd kind) MUST_CHECK;

/* Sets in->error, unless it is set, and returns false. */
bool fields_fail(struct fields_in *in, const char *fmt, ...) PRINTFLIKE(2, 3);

/* Frees and closes what fields_get() has made in base, except lists. */
void fields_clear(const struct fields *fields, void *base);

/* Copies all fields but tails, lists and what has functions to another struct,
 * which owns them then; what was there is not freed. */
void fields_move(const struct fields *fields, void *to, void *from);

#endif

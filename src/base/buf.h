/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef BUF_H
#define BUF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/util.h"

/*
 * A growing run of bytes, for rendering: reset and filled again, it stops
 * allocating once it has seen its largest content. data is terminated only by
 * buf_cstr(). A zeroed buf is empty and valid.
 */
struct buf {
	char *data;
	size_t len;
	size_t cap;
};

#define BUF_INITIALIZER \
	{ \
		NULL, 0, 0 \
	}

void buf_fini(struct buf *b); /* frees data; b is empty and valid again */
/* Overwrites the memory: there were secrets in it. */
void buf_wipe(struct buf *b);
void buf_reset(struct buf *b); /* empties, keeps the memory */
/* Has b, which has no memory yet, begin with cap bytes, where few are expected
 * and many have one. */
void buf_begin(struct buf *b, size_t cap);
/* Makes room for more bytes after len, which the caller then raises. Never
 * NULL. */
char *buf_reserve(struct buf *b, size_t more);

/* Lines are made of many short parts, so this is short where there is room. */
static inline void
buf_add(struct buf *b, const void *data, size_t len)
{
	char *room = b->cap - b->len <= len ? buf_reserve(b, len) :
					      b->data + b->len;

	/* An empty piece may come with a NULL, which memcpy() must not see. */
	if (len > 0)
		memcpy(room, data, len);
	b->len += len;
}

static inline void
buf_addstr(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

static inline void
buf_addch(struct buf *b, char c)
{
	if (b->len == b->cap)
		(void)buf_reserve(b, 1);
	b->data[b->len++] = c;
}

void buf_addu(struct buf *b, uint64_t n); /* in decimal */
void buf_addf(struct buf *b, const char *fmt, ...) PRINTFLIKE(2, 3);
void buf_vaddf(struct buf *b, const char *fmt, va_list ap) PRINTFLIKE(2, 0);
const char *buf_cstr(struct buf *b); /* terminated; valid until b changes */

#endif

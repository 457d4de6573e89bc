/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef BUF_H
#define BUF_H

#include <stddef.h>

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
/* Makes room for more bytes after len, which the caller then raises. Never
 * NULL. */
char *buf_reserve(struct buf *b, size_t more);
void buf_add(struct buf *b, const void *data, size_t len);
void buf_addstr(struct buf *b, const char *s);
void buf_addch(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTFLIKE(2, 3);
void buf_vaddf(struct buf *b, const char *fmt, va_list ap) PRINTFLIKE(2, 0);
const char *buf_cstr(struct buf *b); /* terminated; valid until b changes */

#endif

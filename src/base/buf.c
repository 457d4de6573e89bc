/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A byte buffer that grows by doubling and lies in one piece. An evbuffer would
 * be a chain of small allocations for each line; here many readers are sent the
 * same rendered bytes with one write each. It never shrinks: its users keep one
 * for good and bound what they put in, so an absurd length is a bug, not an
 * error.
 */
#include "config.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define BUF_MIN_CAP 256
#define BUF_MAX_LEN (SIZE_MAX / 4) /* so that doubling cannot overflow */

void
buf_fini(struct buf *b)
{
	free(b->data);
	*b = (struct buf)BUF_INITIALIZER;
}

void
buf_wipe(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->cap);
	b->len = 0;
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
}

void
buf_begin(struct buf *b, size_t cap)
{
	assert(b->cap == 0 && cap > 0);
	b->data = xmalloc(cap);
	b->cap = cap;
}

char *
buf_reserve(struct buf *b, size_t more)
{
	size_t cap = b->cap == 0 ? BUF_MIN_CAP : b->cap;

	assert(b->len <= b->cap && more <= BUF_MAX_LEN - b->len);
	while (cap - b->len < more)
		cap *= 2;
	if (cap != b->cap) {
		b->data = xreallocarray(b->data, cap, 1);
		b->cap = cap;
	}
	return b->data + b->len;
}

void
buf_addu(struct buf *b, uint64_t n)
{
	char digits[20]; /* of 2^64 */
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	buf_add(b, digits + at, sizeof(digits) - at);
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(b, fmt, ap);
	va_end(ap);
}

/* Formats into the free space first; only a text that does not fit there is
 * formatted twice. */
void
buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	char *room = buf_reserve(b, 1);
	int len;

	va_copy(again, ap);
	len = vsnprintf(room, b->cap - b->len, fmt, ap);
	assert(len >= 0);
	if ((size_t)len >= b->cap - b->len) {
		room = buf_reserve(b, (size_t)len + 1);
		vsnprintf(room, (size_t)len + 1, fmt, again);
	}
	va_end(again);
	b->len += (size_t)len;
}

const char *
buf_cstr(struct buf *b)
{
	*buf_reserve(b, 1) = '\0';
	return b->data;
}

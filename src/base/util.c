/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Allocation that never fails, numbers from outside, and whole writes.
 *
 * Running out of memory aborts rather than exits: there is a core to look at,
 * and no exit handler runs on half-made state. Products are checked here rather
 * than left to calloc() and reallocarray(), so that an overflow ends the same
 * way with every allocator.
 *
 * parse_number() replaces strtonum(), which takes blanks and signs before the
 * digits and stops at LLONG_MAX, short of the largest message number.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"

static void *
util_check(void *ptr)
{
	if (ptr == NULL) {
		fputs("brbd: out of memory\n", stderr);
		abort();
	}
	return ptr;
}

/* The size in bytes; never 0, for which allocators may return NULL. */
static size_t
util_array_size(size_t nmemb, size_t size)
{
	if (size != 0 && nmemb > SIZE_MAX / size)
		util_check(NULL);
	return nmemb * size == 0 ? 1 : nmemb * size;
}

void *
xmalloc(size_t size)
{
	return util_check(malloc(util_array_size(1, size)));
}

void *
xcalloc(size_t nmemb, size_t size)
{
	return util_check(calloc(1, util_array_size(nmemb, size)));
}

void *
xreallocarray(void *ptr, size_t nmemb, size_t size)
{
	return util_check(realloc(ptr, util_array_size(nmemb, size)));
}

char *
xstrdup(const char *s)
{
	return util_check(strdup(s));
}

char *
xstrndup(const char *s, size_t max_bytes)
{
	return util_check(strndup(s, max_bytes));
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	return s;
}

char *
xvasprintf(const char *fmt, va_list ap)
{
	char *s;

	/* s is undefined after an error. */
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	return util_check(s);
}

int
parse_number(const char *s, uint64_t max, uint64_t *value)
{
	uint64_t digit, n = 0;

	if (*s == '\0')
		return -1;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return -1;
		digit = (uint64_t)(*s - '0');
		if (digit > max || n > (max - digit) / 10)
			return -1;
		n = n * 10 + digit;
	}
	*value = n;
	return 0;
}

int
write_at(int fd, const void *data, size_t len, size_t offset)
{
	const char *p = data;
	ssize_t n;

	while (len > 0) {
		n = pwrite(fd, p, len, (off_t)offset);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == 0)
			errno = ENOSPC;
		if (n <= 0)
			return -1;
		p += n;
		len -= (size_t)n;
		offset += (size_t)n;
	}
	return 0;
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef UTIL_H
#define UTIL_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define PRINTFLIKE(fmt, args) __attribute__((format(printf, fmt, args)))
/* For the static functions that tree.h makes, not all of which are used. */
#define UNUSED __attribute__((unused))
#define MUST_CHECK __attribute__((warn_unused_result))
/* Lets the processor fetch memory that is about to be read. */
#define PREFETCH(p) __builtin_prefetch(p)
/* The struct of that type whose member field p points to. */
#define CONTAINER_OF(p, type, field) \
	((type *)(void *)((char *)(p)-offsetof(type, field)))

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Allocate, or abort with a message on stderr: none of these returns NULL.
 * brbd can afford that since everything that a peer controls has a limit.
 * The caller owns what is returned and releases it with free().
 */
void *xmalloc(size_t size);
void *xcalloc(size_t nmemb, size_t size);
void *xreallocarray(void *ptr, size_t nmemb, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t max_bytes);
char *xasprintf(const char *fmt, ...) PRINTFLIKE(1, 2);
char *xvasprintf(const char *fmt, va_list ap) PRINTFLIKE(1, 0);

/*
 * Reads the whole of s as a decimal number from 0 to max: digits only, no sign,
 * no blank, no prefix. Returns 0 and sets *value, or -1 with *value unchanged.
 * Every number that comes from outside goes through here.
 */
int parse_number(const char *s, uint64_t max, uint64_t *value) MUST_CHECK;

/* Writes all of data there, or returns -1 with errno: some may be written. */
int write_at(int fd, const void *data, size_t len, size_t offset) MUST_CHECK;

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What stands for link-tls.c where OpenSSL is not: no TLS begins.
 */
#include "config.h"

#include "base/util.h"
#include "brb/link-impl.h"

struct link_tls *
link_tls_new(int fd, const struct address *a, char **why, char **news)
{
	(void)fd;
	(void)news;
	*why = xasprintf(
	    "this brb was built without TLS, so it cannot reach "
	    "%s; --plain does without, but then others can read all of it",
	    a->name);
	return NULL;
}

void
link_tls_free(struct link_tls *t)
{
	(void)t;
}

enum link_io
link_tls_handshake(struct link_tls *t, char **why, char **news, bool *is_final)
{
	(void)t;
	(void)why;
	(void)news;
	*is_final = true;
	return LINK_IO_FAILED;
}

enum link_io
link_tls_read(struct link_tls *t, char *out, size_t len, size_t *n)
{
	(void)t;
	(void)out;
	(void)len;
	*n = 0;
	return LINK_IO_FAILED;
}

enum link_io
link_tls_write(struct link_tls *t, const char *data, size_t len, size_t *n)
{
	(void)t;
	(void)data;
	(void)len;
	*n = 0;
	return LINK_IO_FAILED;
}

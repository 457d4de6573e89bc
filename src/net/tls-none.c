/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What stands for tls-*.c where OpenSSL is not: there is never a context, so no
 * handshake begins, and no state with TLS in it can be taken over.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "net/tls-context.h"
#include "net/tls-handshake.h"
#include "net/tls-record.h"

int
tls_context_new(const struct options *o, struct tls_context **context,
    char **error)
{
	*context = NULL;
	if (o->tls_certificate[0] == '\0')
		return 0;
	*error = xstrdup("tls-certificate: this brbd was built without TLS");
	return -1;
}

void
tls_context_free(struct tls_context *context)
{
	(void)context;
}

const char *
tls_context_names(const struct tls_context *context)
{
	(void)context;
	return "";
}

int64_t
tls_context_expires_s(const struct tls_context *context)
{
	(void)context;
	return 0;
}

const char *
tls_failure_str(enum tls_failure failure)
{
	(void)failure;
	return "";
}

struct tls_handshake *
tls_handshake_new(const struct tls_context *context)
{
	(void)context;
	return NULL;
}

void
tls_handshake_free(struct tls_handshake *h)
{
	(void)h;
}

ptrdiff_t
tls_handshake_next(const char *data, size_t len)
{
	(void)data;
	(void)len;
	return -1;
}

enum tls_step
tls_handshake_step(struct tls_handshake *h, const char *record, size_t len,
    struct buf *out)
{
	(void)h;
	(void)record;
	(void)len;
	(void)out;
	return TLS_STEP_FAILED;
}

bool
tls_handshake_finish(struct tls_handshake *h, struct tls_record *r,
    struct tls_peer *peer)
{
	(void)h;
	(void)r;
	(void)peer;
	return false;
}

enum tls_failure
tls_handshake_failure(const struct tls_handshake *h, unsigned *version)
{
	(void)h;
	*version = 0;
	return TLS_FAILURE_BROKEN;
}

bool
tls_record_is_valid(const struct tls_record *r)
{
	(void)r;
	return false;
}

void
tls_record_wipe(struct tls_record *r)
{
	memset(r, 0, sizeof(*r));
}

void
tls_record_forgive(struct tls_record *r)
{
	(void)r;
}

void
tls_record_free_shared(void)
{
}

void
tls_seal(struct tls_record *r, struct buf *out, const char *data, size_t len)
{
	(void)r;
	(void)out;
	(void)data;
	(void)len;
	assert(0 && "no TLS");
}

void
tls_seal_alert(struct tls_record *r, struct buf *out, enum tls_alert alert)
{
	(void)r;
	(void)out;
	(void)alert;
	assert(0 && "no TLS");
}

enum tls_result
tls_open(struct tls_record *r, char *in, size_t len, struct tls_opened *opened)
{
	(void)r;
	(void)in;
	(void)len;
	(void)opened;
	assert(0 && "no TLS");
	return TLS_BAD;
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef TLS_CONTEXT_H
#define TLS_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"
#include "options/options.h"

/* The certificate and all else that handshakes need from the settings. */
struct tls_context;

/*
 * Reads what the settings tls-* name. Returns 0 with *context, which is NULL if
 * there is no tls-certificate; or -1 with *error, in the words of the settings,
 * for the caller to free.
 */
int tls_context_new(const struct options *o, struct tls_context **context,
    char **error) MUST_CHECK;
/* Handshakes that have begun go on. NULL is allowed. */
void tls_context_free(struct tls_context *context);

/* The hosts that the certificate is for, apart by blanks; and the time at which
 * it expires, in seconds since 1970. */
const char *tls_context_names(const struct tls_context *context);
int64_t tls_context_expires_s(const struct tls_context *context);

/* For tls-handshake.c: the SSL_CTX. */
void *tls_context_ssl(const struct tls_context *context);

#endif

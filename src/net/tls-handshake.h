/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef TLS_HANDSHAKE_H
#define TLS_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/tls-record.h"

struct tls_context;

/* A handshake, as the server: an SSL without a socket. */
struct tls_handshake;

enum tls_step { TLS_STEP_MORE, TLS_STEP_DONE, TLS_STEP_FAILED };

/* Why there is no TLS. */
enum tls_failure {
	TLS_FAILURE_GARBAGE, /* that is no TLS */
	TLS_FAILURE_VERSION, /* the client has only older ones */
	TLS_FAILURE_REFUSED, /* by the client, with an alert */
	TLS_FAILURE_BROKEN, /* any other breach of the rules */
	TLS_FAILURE_CLOSED, /* the connection ended */
	TLS_FAILURE_TIMEOUT, /* or there are too many at once */
	TLS_FAILURES
};
const char *tls_failure_str(enum tls_failure failure);

/* Older versions of TLS that clients come with: 1.2 is 3, 0 stands for SSL. */
#define TLS_OLD_VERSIONS 4

#define TLS_PEER_KEY_SIZE 32
/* What is known of the client in the end. */
struct tls_peer {
	uint8_t key[TLS_PEER_KEY_SIZE]; /* SHA-256 of the certificate's
					   SubjectPublicKeyInfo */
	bool has_key;
	bool is_web; /* ALPN http/1.1 */
};

/* NULL: OpenSSL has no memory. */
struct tls_handshake *tls_handshake_new(const struct tls_context *context);
void tls_handshake_free(struct tls_handshake *h); /* NULL is allowed */

/*
 * The length of the record that data begins with, if it is whole; 0 if more has
 * to come; -1 if it is none.
 */
ptrdiff_t tls_handshake_next(const char *data, size_t len);

/*
 * Takes one whole record, does what follows from it, and appends what is to be
 * sent to out. libssl is never given more, or it would keep what comes behind
 * the handshake.
 */
enum tls_step tls_handshake_step(struct tls_handshake *h, const char *record,
    size_t len, struct buf *out);

/* After TLS_STEP_DONE. False: the client's certificate cannot be used, or libssl
 * has not told the secrets. */
bool tls_handshake_finish(struct tls_handshake *h, struct tls_record *r,
    struct tls_peer *peer);

/* After TLS_STEP_FAILED; version: an index below TLS_OLD_VERSIONS. */
enum tls_failure tls_handshake_failure(const struct tls_handshake *h,
    unsigned *version);

/* The record that says so to who sent none. */
#define TLS_GARBAGE_ALERT "\25\3\3\0\2\2\62" /* decode_error */

#endif

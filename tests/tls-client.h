/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef TLS_CLIENT_H
#define TLS_CLIENT_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

/* A client's end of TLS over a connected, non-blocking socket, by libssl. It
 * takes every certificate. */
struct tls_client;

enum tls_client_kind {
	TLS_CLIENT_PLAIN,
	TLS_CLIENT_OLD, /* knows nothing newer than TLS 1.2 */
	/* Shows a certificate, signed by itself and the same for all clients of
	 * this process. */
	TLS_CLIENT_CERTIFIED
};
/* NULL: built without OpenSSL. */
struct tls_client *tls_client_new(int fd, enum tls_client_kind kind);
/* Somebody with a certificate of their own, signed by themselves; NULL: built
 * without OpenSSL. Frees what was made: tls_identity_free(). */
#define TLS_KEY_SIZE 65 /* the SHA-256 of the public key, in hexadecimal */
struct tls_identity *tls_identity_new(char key[TLS_KEY_SIZE]);
void tls_identity_free(struct tls_identity *identity);
struct tls_client *tls_client_new_as(int fd,
    const struct tls_identity *identity);
/* The same, with a limit from the start. */
struct tls_client *tls_client_new_limited(int fd, size_t bytes);
/* Without a word to the server, and without closing fd. NULL is allowed. */
void tls_client_free(struct tls_client *c);

/*
 * As send(2) and recv(2), and shake hands first. Errors are EPROTO, when TLS is
 * broken or refused, and ECONNABORTED, at an end without a close_notify.
 */
ssize_t tls_client_send(struct tls_client *c, const void *data, size_t len);
ssize_t tls_client_receive(struct tls_client *c, void *data, size_t len);

/* Sends a close_notify. */
void tls_client_shutdown(struct tls_client *c);

/* Changes the key, and asks the server for the same. */
void tls_client_update(struct tls_client *c);

/*
 * From now on only so many bytes more are sent, of ciphertext, which ends
 * wherever that is; SIZE_MAX: all. What did not fit is EAGAIN, and has to be
 * sent again, the same from its start.
 */
void tls_client_limit(struct tls_client *c, size_t bytes);

/* From now on this is what the server has sent, of ciphertext, and fd is not
 * read. */
void tls_client_feed(struct tls_client *c, const void *data, size_t len);
/* Is what came first no TLS? That is EPROTO, too. */
bool tls_client_is_answered_plainly(const struct tls_client *c);

/* A certificate for localhost is in dir then; returns the daemon's options for
 * it, in static memory: "", where there is no TLS. */
const char *tls_client_options(const char *dir);

/* Writes a new certificate and its key into the files. -1: it cannot. */
int tls_client_certificate(const char *name, long seconds, const char *path,
    const char *key_path);

/* The private key in that file, of P-256, as a number of TLS_SCALAR_SIZE bytes,
 * the most significant first. -1: there is none. */
#define TLS_SCALAR_SIZE 32
int tls_client_read_key(const char *path, unsigned char out[TLS_SCALAR_SIZE]);

#endif

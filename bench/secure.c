/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * See secure.h. Buffers are given back while nothing is in them, as whoever has
 * many connections that are idle would do. No tickets: they are two more
 * records after each handshake.
 */
#include "config.h"

#include "secure.h"

#ifdef HAVE_OPENSSL

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

static SSL_CTX *secure_context;
static bool secure_is_server;

static _Noreturn void
secure_fail(const char *what)
{
	(void)fprintf(stderr, "%s: ", what);
	ERR_print_errors_fp(stderr);
	exit(2);
}

void
secure_init(const char *certificate, const char *key)
{
	SSL_CTX *ctx;

	secure_is_server = certificate != NULL;
	ctx = SSL_CTX_new(secure_is_server ? TLS_server_method() :
					     TLS_client_method());
	if (ctx == NULL ||
	    SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1)
		secure_fail("SSL_CTX_new");
	(void)SSL_CTX_set_mode(ctx,
	    SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	(void)SSL_CTX_set_num_tickets(ctx, 0);
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	if (certificate != NULL &&
	    (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1 ||
		SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1))
		secure_fail(certificate);
	/* One recv(2) for many records: it is the server that is measured. */
	if (!secure_is_server) {
		SSL_CTX_set_read_ahead(ctx, 1);
		SSL_CTX_set_default_read_buffer_len(ctx, (size_t)256 * 1024);
	}
	secure_context = ctx;
}

struct secure *
secure_new(int fd)
{
	SSL *ssl = SSL_new(secure_context);

	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		return NULL;
	}
	if (secure_is_server)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	return (struct secure *)ssl;
}

void
secure_free(struct secure *s)
{
	SSL_free((SSL *)s);
}

enum secure_state
secure_shake(struct secure *s)
{
	int result = SSL_do_handshake((SSL *)s);

	if (result == 1)
		return SECURE_DONE;
	switch (SSL_get_error((SSL *)s, result)) {
	case SSL_ERROR_WANT_READ:
		return SECURE_READS;
	case SSL_ERROR_WANT_WRITE:
		return SECURE_WRITES;
	default:
		ERR_clear_error();
		return SECURE_FAILED;
	}
}

/* What recv(2) or send(2) would return. */
static ssize_t
secure_result(struct secure *s, int result)
{
	if (result > 0)
		return result;
	switch (SSL_get_error((SSL *)s, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		ERR_clear_error();
		errno = ECONNRESET;
		return -1;
	}
}

ssize_t
secure_read(struct secure *s, void *data, size_t size)
{
	return secure_result(s, SSL_read((SSL *)s, data, (int)size));
}

ssize_t
secure_write(struct secure *s, const void *data, size_t len)
{
	return secure_result(s, SSL_write((SSL *)s, data, (int)len));
}

#else

#include <stdio.h>
#include <stdlib.h>

void
secure_init(const char *certificate, const char *key)
{
	(void)certificate;
	(void)key;
	(void)fputs("this was built without OpenSSL\n", stderr);
	exit(2);
}

struct secure *
secure_new(int fd)
{
	(void)fd;
	return NULL;
}

void
secure_free(struct secure *s)
{
	(void)s;
}

enum secure_state
secure_shake(struct secure *s)
{
	(void)s;
	return SECURE_FAILED;
}

ssize_t
secure_read(struct secure *s, void *data, size_t size)
{
	(void)s;
	(void)data;
	(void)size;
	return 0;
}

ssize_t
secure_write(struct secure *s, const void *data, size_t len)
{
	(void)s;
	(void)data;
	(void)len;
	return 0;
}

#endif

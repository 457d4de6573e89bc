/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#include "config.h"

#include "tls-client.h"

#ifndef HAVE_OPENSSL

struct tls_client *
tls_client_new(int fd, bool is_old)
{
	(void)fd;
	(void)is_old;
	return NULL;
}

void
tls_client_free(struct tls_client *c)
{
	(void)c;
}

ssize_t
tls_client_send(struct tls_client *c, const void *data, size_t len)
{
	(void)c;
	(void)data;
	(void)len;
	return -1;
}

ssize_t
tls_client_receive(struct tls_client *c, void *data, size_t len)
{
	(void)c;
	(void)data;
	(void)len;
	return -1;
}

void
tls_client_shutdown(struct tls_client *c)
{
	(void)c;
}

void
tls_client_update(struct tls_client *c)
{
	(void)c;
}

int
tls_client_certificate(const char *name, long seconds, const char *path,
    const char *key_path)
{
	(void)name;
	(void)seconds;
	(void)path;
	(void)key_path;
	return -1;
}

#else

#include <errno.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "unit/certificate.h"

struct tls_client {
	SSL_CTX *ctx;
	SSL *ssl;
	int error; /* errno of what broke it; 0: nothing */
};

/* libssl names the reason of a failure once, to whoever sees it first. */
static ssize_t
tls_client_result(struct tls_client *c, int result)
{
	unsigned long error = ERR_peek_error();

	if (result > 0)
		return result;
	switch (SSL_get_error(c->ssl, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		c->error = errno == 0 ? ECONNABORTED : errno;
		break;
	default:
		c->error = ERR_GET_REASON(error) ==
			SSL_R_UNEXPECTED_EOF_WHILE_READING ?
		    ECONNABORTED :
		    EPROTO;
		break;
	}
	errno = c->error;
	return -1;
}

/* False: it is broken, which errno tells. */
static bool
tls_client_prepare(struct tls_client *c)
{
	ERR_clear_error();
	errno = c->error;
	return c->error == 0;
}

static void
tls_client_shake(struct tls_client *c)
{
	if (tls_client_prepare(c))
		(void)tls_client_result(c, SSL_do_handshake(c->ssl));
}

struct tls_client *
tls_client_new(int fd, bool is_old)
{
	struct tls_client *c = calloc(1, sizeof(*c));

	if (c == NULL || (c->ctx = SSL_CTX_new(TLS_client_method())) == NULL)
		abort();
	if (is_old)
		(void)SSL_CTX_set_max_proto_version(c->ctx, TLS1_2_VERSION);
	(void)SSL_CTX_set_mode(c->ctx,
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	c->ssl = SSL_new(c->ctx);
	if (c->ssl == NULL || SSL_set_fd(c->ssl, fd) != 1)
		abort();
	SSL_set_connect_state(c->ssl);
	tls_client_shake(c);
	return c;
}

void
tls_client_free(struct tls_client *c)
{
	if (c == NULL)
		return;
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	free(c);
}

ssize_t
tls_client_send(struct tls_client *c, const void *data, size_t len)
{
	if (!tls_client_prepare(c))
		return -1;
	return tls_client_result(c,
	    SSL_write(c->ssl, data, len > 16384 ? 16384 : (int)len));
}

ssize_t
tls_client_receive(struct tls_client *c, void *data, size_t len)
{
	if (!tls_client_prepare(c))
		return -1;
	return tls_client_result(c, SSL_read(c->ssl, data, (int)len));
}

void
tls_client_shutdown(struct tls_client *c)
{
	if (tls_client_prepare(c))
		(void)SSL_shutdown(c->ssl);
}

void
tls_client_update(struct tls_client *c)
{
	if (!tls_client_prepare(c))
		return;
	(void)SSL_key_update(c->ssl, SSL_KEY_UPDATE_REQUESTED);
	tls_client_shake(c);
}

int
tls_client_certificate(const char *name, long seconds, const char *path,
    const char *key_path)
{
	struct certificate certificate;
	int result;

	certificate_init(&certificate, name, seconds);
	result = certificate_write(&certificate, path, key_path);
	certificate_fini(&certificate);
	return result;
}

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#include "config.h"

#include "tls-client.h"

#ifndef HAVE_OPENSSL

struct tls_client *
tls_client_new(int fd, enum tls_client_kind kind)
{
	(void)fd;
	(void)kind;
	return NULL;
}

struct tls_identity *
tls_identity_new(char key[TLS_KEY_SIZE])
{
	key[0] = '\0';
	return NULL;
}

void
tls_identity_free(struct tls_identity *identity)
{
	(void)identity;
}

struct tls_client *
tls_client_new_as(int fd, const struct tls_identity *identity)
{
	(void)fd;
	(void)identity;
	return NULL;
}

struct tls_client *
tls_client_new_limited(int fd, size_t bytes)
{
	(void)fd;
	(void)bytes;
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

void
tls_client_limit(struct tls_client *c, size_t bytes)
{
	(void)c;
	(void)bytes;
}

void
tls_client_feed(struct tls_client *c, const void *data, size_t len)
{
	(void)c;
	(void)data;
	(void)len;
}

bool
tls_client_is_answered_plainly(const struct tls_client *c)
{
	(void)c;
	return false;
}

const char *
tls_client_options(const char *dir)
{
	(void)dir;
	return "";
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

int
tls_client_read_key(const char *path, unsigned char out[TLS_SCALAR_SIZE])
{
	(void)path;
	(void)out;
	return -1;
}

#else

#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "base/buf.h"
#include "unit/certificate.h"

struct tls_client {
	SSL_CTX *ctx;
	SSL *ssl;
	int fd;
	int error; /* errno of what broke it; 0: nothing */
	size_t limit; /* bytes that may be sent */
	bool is_fed;
	bool is_no_tls; /* that the server speaks */
	struct buf fed; /* what is left of it */
};

/* Between libssl and the socket, or the test. */

static int
tls_client_write_cb(BIO *bio, const char *data, int len)
{
	struct tls_client *c = BIO_get_data(bio);
	size_t n = (size_t)len < c->limit ? (size_t)len : c->limit;
	ssize_t sent;

	BIO_clear_retry_flags(bio);
	sent = n == 0 ? 0 : send(c->fd, data, n, MSG_NOSIGNAL);
	if (n == 0 || (sent == -1 && (errno == EAGAIN || errno == EINTR))) {
		BIO_set_retry_write(bio);
		return -1;
	}
	if (sent > 0 && c->limit != SIZE_MAX)
		c->limit -= (size_t)sent;
	return (int)sent;
}

static int
tls_client_read_cb(BIO *bio, char *data, int len)
{
	struct tls_client *c = BIO_get_data(bio);
	ssize_t n;

	BIO_clear_retry_flags(bio);
	if (c->is_fed) {
		n = (size_t)len < c->fed.len ? len : (ssize_t)c->fed.len;
		if (n > 0) {
			memcpy(data, c->fed.data, (size_t)n);
			c->fed.len -= (size_t)n;
			memmove(c->fed.data, c->fed.data + n, c->fed.len);
		} else {
			errno = EAGAIN;
			n = -1;
		}
	} else
		n = recv(c->fd, data, (size_t)len, 0);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_read(bio);
	else if (n == 0)
		BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
	return (int)n;
}

static long
tls_client_ctrl_cb(BIO *bio, int command, long number, void *pointer)
{
	(void)number;
	(void)pointer;
	switch (command) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_EOF:
		return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
	default:
		return 0;
	}
}

static BIO *
tls_client_bio(struct tls_client *c)
{
	static BIO_METHOD *method;
	BIO *bio;

	if (method == NULL) {
		method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "the test's");
		if (method == NULL ||
		    BIO_meth_set_write(method, tls_client_write_cb) != 1 ||
		    BIO_meth_set_read(method, tls_client_read_cb) != 1 ||
		    BIO_meth_set_ctrl(method, tls_client_ctrl_cb) != 1)
			abort();
	}
	bio = BIO_new(method);
	if (bio == NULL)
		abort();
	BIO_set_data(bio, c);
	BIO_set_init(bio, 1);
	return bio;
}

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
		c->is_no_tls = ERR_GET_REASON(error) ==
		    SSL_R_WRONG_VERSION_NUMBER;
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

struct tls_identity {
	struct certificate certificate;
};

struct tls_identity *
tls_identity_new(char key[TLS_KEY_SIZE])
{
	struct tls_identity *identity = calloc(1, sizeof(*identity));
	unsigned char *der = NULL, hash[32];
	unsigned hash_len = 0;
	int len;
	size_t i;

	if (identity == NULL)
		abort();
	certificate_init(&identity->certificate, "a client", 86400);
	len = i2d_PUBKEY(identity->certificate.key, &der);
	if (len <= 0 ||
	    EVP_Digest(der, (size_t)len, hash, &hash_len, EVP_sha256(), NULL) !=
		1)
		abort();
	OPENSSL_free(der);
	for (i = 0; i < sizeof(hash); i++)
		(void)snprintf(key + 2 * i, 3, "%02x", hash[i]);
	return identity;
}

void
tls_identity_free(struct tls_identity *identity)
{
	if (identity != NULL)
		certificate_fini(&identity->certificate);
	free(identity);
}

static void
tls_client_show(struct tls_client *c, const struct certificate *certificate)
{
	if (SSL_use_certificate(c->ssl, certificate->x509) != 1 ||
	    SSL_use_PrivateKey(c->ssl, certificate->key) != 1)
		abort();
}

/* The same for all clients of this process. */
static const struct certificate *
tls_client_shared(void)
{
	static struct certificate certificate;

	if (certificate.x509 == NULL)
		certificate_init(&certificate, "a client", 86400);
	return &certificate;
}

static struct tls_client *
tls_client_make(int fd, enum tls_client_kind kind,
    const struct certificate *certificate, size_t limit)
{
	struct tls_client *c = calloc(1, sizeof(*c));
	BIO *bio;

	if (c == NULL || (c->ctx = SSL_CTX_new(TLS_client_method())) == NULL)
		abort();
	if (kind == TLS_CLIENT_OLD)
		(void)SSL_CTX_set_max_proto_version(c->ctx, TLS1_2_VERSION);
	(void)SSL_CTX_set_mode(c->ctx,
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	c->fd = fd;
	c->limit = limit;
	if ((c->ssl = SSL_new(c->ctx)) == NULL)
		abort();
	if (certificate != NULL)
		tls_client_show(c, certificate);
	bio = tls_client_bio(c);
	SSL_set_bio(c->ssl, bio, bio);
	SSL_set_connect_state(c->ssl);
	tls_client_shake(c);
	return c;
}

struct tls_client *
tls_client_new(int fd, enum tls_client_kind kind)
{
	return tls_client_make(fd, kind,
	    kind == TLS_CLIENT_CERTIFIED ? tls_client_shared() : NULL,
	    SIZE_MAX);
}

struct tls_client *
tls_client_new_as(int fd, const struct tls_identity *identity)
{
	return tls_client_make(fd, TLS_CLIENT_PLAIN, &identity->certificate,
	    SIZE_MAX);
}

struct tls_client *
tls_client_new_limited(int fd, size_t bytes)
{
	return tls_client_make(fd, TLS_CLIENT_PLAIN, NULL, bytes);
}

void
tls_client_free(struct tls_client *c)
{
	if (c == NULL)
		return;
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	buf_fini(&c->fed);
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

void
tls_client_limit(struct tls_client *c, size_t bytes)
{
	c->limit = bytes;
}

void
tls_client_feed(struct tls_client *c, const void *data, size_t len)
{
	c->is_fed = true;
	buf_add(&c->fed, data, len);
}

bool
tls_client_is_answered_plainly(const struct tls_client *c)
{
	return c->is_no_tls;
}

const char *
tls_client_options(const char *dir)
{
	static char options[600];
	char path[256], key_path[256];

	(void)snprintf(path, sizeof(path), "%s/certificate", dir);
	(void)snprintf(key_path, sizeof(key_path), "%s/key", dir);
	if (tls_client_certificate("localhost", 86400, path, key_path) == -1)
		abort();
	(void)snprintf(options, sizeof(options),
	    "-o core-dumps=yes -o tls-certificate=%s -o tls-key=%s", path,
	    key_path);
	return options;
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

int
tls_client_read_key(const char *path, unsigned char out[TLS_SCALAR_SIZE])
{
	BIO *file = BIO_new_file(path, "r");
	EVP_PKEY *key = file == NULL ?
	    NULL :
	    PEM_read_bio_PrivateKey(file, NULL, NULL, NULL);
	BIGNUM *scalar = NULL;
	int result = -1;

	if (key != NULL &&
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) ==
		1 &&
	    BN_bn2binpad(scalar, out, TLS_SCALAR_SIZE) == TLS_SCALAR_SIZE)
		result = 0;
	BN_clear_free(scalar);
	EVP_PKEY_free(key);
	BIO_free(file);
	return result;
}

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * TLS as a client, and who the other end is. A certificate that the system's
 * authorities vouch for, for this name, is taken; that it was so is noted. Any
 * other is known by its key (SHA-256 of the SubjectPublicKeyInfo), which is
 * noted at the first connection and has to be the same ever after, as ssh does
 * it. Who one is is shown by a key of one's own, in a certificate that nobody
 * signed: it is made at first use.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/base64.h"
#include "base/buf.h"
#include "brb/link-impl.h"
#include "brb/store.h"

#define TLS_SERVERS "known_servers"
#define TLS_KEY "key.pem"
#define TLS_BY_AUTHORITY "ca"
#define TLS_DAYS 36500L

struct link_tls {
	SSL_CTX *ctx;
	SSL *ssl;
	const struct address *address;
	bool is_checked;
};

void
link_tls_free(struct link_tls *t)
{
	if (t == NULL)
		return;
	SSL_free(t->ssl);
	SSL_CTX_free(t->ctx);
	free(t);
}

static const char *
tls_complaint(void)
{
	const char *reason = ERR_reason_error_string(ERR_get_error());

	ERR_clear_error();
	return reason == NULL ? "the connection was lost" : reason;
}

/* One's own key */

static X509 *
tls_make_certificate(EVP_PKEY *key)
{
	static const unsigned char name[] = "brb";
	X509 *cert = X509_new();
	X509_NAME *subject;

	if (cert == NULL)
		return NULL;
	subject = X509_get_subject_name(cert);
	if (X509_set_version(cert, 2) &&
	    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) &&
	    X509_gmtime_adj(X509_getm_notBefore(cert), -86400) != NULL &&
	    X509_time_adj_ex(X509_getm_notAfter(cert), TLS_DAYS, 0, NULL) !=
		NULL &&
	    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name, -1,
		-1, 0) &&
	    X509_set_issuer_name(cert, subject) && X509_set_pubkey(cert, key) &&
	    X509_sign(cert, key, EVP_sha256()) > 0)
		return cert;
	X509_free(cert);
	return NULL;
}

/* The key and certificate as a file has them; the caller frees it. */
static char *
tls_make_key(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = key == NULL ? NULL : tls_make_certificate(key);
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *pem = NULL;
	long len;

	if (cert != NULL && bio != NULL &&
	    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) &&
	    PEM_write_bio_X509(bio, cert)) {
		len = BIO_get_mem_data(bio, &data);
		pem = xstrndup(data, (size_t)len);
	}
	BIO_free(bio);
	X509_free(cert);
	EVP_PKEY_free(key);
	return pem;
}

static bool
tls_use_key(SSL_CTX *ctx, const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	bool is_used = false;

	if (bio != NULL) {
		key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
		cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		is_used = key != NULL && cert != NULL &&
		    SSL_CTX_use_certificate(ctx, cert) == 1 &&
		    SSL_CTX_use_PrivateKey(ctx, key) == 1;
	}
	ERR_clear_error();
	BIO_free(bio);
	EVP_PKEY_free(key);
	X509_free(cert);
	return is_used;
}

/* Without a key one comes in as somebody who shows none. */
static void
tls_load_key(SSL_CTX *ctx, char **news)
{
	char *pem = store_read(TLS_KEY), *path;

	if (pem == NULL && errno == ENOENT) {
		pem = tls_make_key();
		if (pem != NULL && store_write(TLS_KEY, pem) == -1)
			*news = xasprintf("your key cannot be kept, so you "
					  "are somebody else the next time: %s",
			    strerror(errno));
	}
	if (pem == NULL || !tls_use_key(ctx, pem)) {
		path = store_path(TLS_KEY);
		free(*news);
		*news = xasprintf("there is no key in %s that can be used; "
				  "remove the file to have another made",
		    path == NULL ? TLS_KEY : path);
		free(path);
	}
	if (pem != NULL)
		explicit_bzero(pem, strlen(pem));
	free(pem);
}

/* Begin */

struct link_tls *
link_tls_new(int fd, const struct address *a, char **why, char **news)
{
	struct link_tls *t = xcalloc(1, sizeof(*t));
	X509_VERIFY_PARAM *param;

	t->address = a;
	t->ctx = SSL_CTX_new(TLS_client_method());
	if (t->ctx != NULL) {
		(void)SSL_CTX_set_min_proto_version(t->ctx, TLS1_3_VERSION);
		(void)SSL_CTX_set_default_verify_paths(t->ctx);
		/* Checked when it is known what it is. */
		SSL_CTX_set_verify(t->ctx, SSL_VERIFY_NONE, NULL);
		SSL_CTX_set_mode(t->ctx,
		    SSL_MODE_ENABLE_PARTIAL_WRITE |
			SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
		if (!a->shows_no_key)
			tls_load_key(t->ctx, news);
		t->ssl = SSL_new(t->ctx);
	}
	if (t->ssl == NULL || SSL_set_fd(t->ssl, fd) != 1) {
		*why = xasprintf("TLS: %s", tls_complaint());
		link_tls_free(t);
		return NULL;
	}
	param = SSL_get0_param(t->ssl);
	if (X509_VERIFY_PARAM_set1_ip_asc(param, a->host) != 1) {
		(void)X509_VERIFY_PARAM_set1_host(param, a->host, 0);
		(void)SSL_set_tlsext_host_name(t->ssl, a->host);
	}
	ERR_clear_error();
	SSL_set_connect_state(t->ssl);
	return t;
}

/* Who the server is */

/* "sha256:...", of its key; the caller frees it. NULL: it has none. */
static char *
tls_fingerprint(const struct link_tls *t)
{
	X509 *cert = SSL_get0_peer_certificate(t->ssl);
	unsigned char hash[EVP_MAX_MD_SIZE], *spki = NULL;
	char text[BASE64_ENCODED_SIZE(EVP_MAX_MD_SIZE)];
	unsigned hash_len = 0;
	int len;

	if (cert == NULL)
		return NULL;
	len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &spki);
	if (len <= 0)
		return NULL;
	if (!EVP_Digest(spki, (size_t)len, hash, &hash_len, EVP_sha256(), NULL))
		hash_len = 0;
	OPENSSL_free(spki);
	if (hash_len == 0)
		return NULL;
	base64_encode(text, hash, hash_len);
	return xasprintf("sha256:%s", text);
}

static void
tls_note(const struct link_tls *t, const char *value, const char *what,
    char **news)
{
	const char *name = t->address->name;

	if (store_set(TLS_SERVERS, name, value) == 0) {
		if (what != NULL)
			*news = xasprintf("%s is new here, and known from now "
					  "on by its key %s",
			    name, what);
		return;
	}
	*news = xasprintf("%s has the key %s, which cannot be kept for the "
			  "next time: %s",
	    name, value, strerror(errno));
}

/* The certificate was made for nobody that we know: it has to be the one of
 * before. */
static bool
tls_check_key(struct link_tls *t, const char *known, char **why, char **news)
{
	char *key = tls_fingerprint(t), *path;
	bool is_right = false;

	if (key == NULL)
		*why = xstrdup("the server shows no certificate");
	else if (known == NULL) {
		tls_note(t, key, key, news);
		is_right = true;
	} else if (strcmp(key, known) == 0)
		is_right = true;
	else {
		path = store_path(TLS_SERVERS);
		*why = xasprintf(
		    "%s IS NOT THE SERVER OF BEFORE, or it has a "
		    "new key: %s instead of %s. Nothing was sent to it. If "
		    "its admins say that the key is theirs, remove its line "
		    "from %s",
		    t->address->name, key,
		    strcmp(known, TLS_BY_AUTHORITY) == 0 ?
			"a certificate of an authority" :
			known,
		    path == NULL ? TLS_SERVERS : path);
		free(path);
	}
	free(key);
	return is_right;
}

static bool
tls_check_server(struct link_tls *t, char **why, char **news)
{
	char *known = store_get(TLS_SERVERS, t->address->name);
	int error = errno;
	bool is_right;

	if (SSL_get_verify_result(t->ssl) == X509_V_OK &&
	    SSL_get0_peer_certificate(t->ssl) != NULL) {
		if (known == NULL || strcmp(known, TLS_BY_AUTHORITY) != 0)
			tls_note(t, TLS_BY_AUTHORITY, NULL, news);
		is_right = true;
	} else if (known == NULL && error != ENOENT) {
		/* It may be known by another key. */
		*why =
		    xasprintf("cannot tell whether %s is the server of before: "
			      "cannot read %s: %s. Nothing was sent to it",
			t->address->name, TLS_SERVERS, strerror(error));
		is_right = false;
	} else
		is_right = tls_check_key(t, known, why, news);
	free(known);
	return is_right;
}

static enum link_io
tls_result(const struct link_tls *t, int result)
{
	switch (SSL_get_error(t->ssl, result)) {
	case SSL_ERROR_NONE:
		return LINK_IO_DONE;
	case SSL_ERROR_WANT_READ:
		return LINK_IO_READ;
	case SSL_ERROR_WANT_WRITE:
		return LINK_IO_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return LINK_IO_END;
	default:
		return LINK_IO_FAILED;
	}
}

enum link_io
link_tls_handshake(struct link_tls *t, char **why, char **news, bool *is_final)
{
	enum link_io io;

	ERR_clear_error();
	io = tls_result(t, SSL_do_handshake(t->ssl));
	if (io == LINK_IO_FAILED || io == LINK_IO_END) {
		*why = xasprintf("TLS with %s: %s", t->address->name,
		    tls_complaint());
		return LINK_IO_FAILED;
	}
	if (io == LINK_IO_DONE && !tls_check_server(t, why, news)) {
		*is_final = true;
		return LINK_IO_FAILED;
	}
	return io;
}

enum link_io
link_tls_read(struct link_tls *t, char *out, size_t len, size_t *n)
{
	ERR_clear_error();
	return tls_result(t, SSL_read_ex(t->ssl, out, len, n));
}

enum link_io
link_tls_write(struct link_tls *t, const char *data, size_t len, size_t *n)
{
	ERR_clear_error();
	return tls_result(t, SSL_write_ex(t->ssl, data, len, n));
}

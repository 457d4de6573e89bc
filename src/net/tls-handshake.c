/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The handshake is libssl's, over memory: records are given to it one by one,
 * so that it never has a byte of what comes behind the client's Finished. The
 * secrets come by its callback for key logs, which is the one way that it has
 * to tell them; nothing is logged. Afterwards the SSL is freed.
 *
 * It has five secrets to tell, each with the client's random in hex, a printf()
 * for every byte: a twelfth of a handshake. The two that are wanted come after
 * the Finished of the side that sends under them (RFC 8446 section 7.1), so the
 * callback is there from a Finished until one has come.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include "base/util.h"
#include "net/tls-context.h"
#include "net/tls-handshake.h"

struct tls_handshake {
	SSL *ssl;
	BIO *in, *out; /* the SSL's */
	uint8_t client_secret[TLS_SECRET_MAX], server_secret[TLS_SECRET_MAX];
	uint8_t client_secret_len, server_secret_len; /* 0: not told yet */
	uint8_t failure; /* enum tls_failure */
	uint8_t old_version;
};

const char *
tls_failure_str(enum tls_failure failure)
{
	switch (failure) {
	case TLS_FAILURE_GARBAGE:
		return "garbage";
	case TLS_FAILURE_VERSION:
		return "version";
	case TLS_FAILURE_REFUSED:
		return "refused";
	case TLS_FAILURE_BROKEN:
		return "broken";
	case TLS_FAILURE_CLOSED:
		return "closed";
	case TLS_FAILURE_TIMEOUT:
		return "timeout";
	case TLS_FAILURES:
		break;
	}
	assert(0 && "no such failure");
	return "";
}

/* Returns the secret's length, or 0 if that is none. */
static uint8_t
tls_read_secret(const char *hex, uint8_t secret[TLS_SECRET_MAX])
{
	long len;
	unsigned char *bytes = OPENSSL_hexstr2buf(hex, &len);

	if (bytes == NULL)
		return 0;
	if (len > 0 && len <= TLS_SECRET_MAX)
		memcpy(secret, bytes, (size_t)len);
	else
		len = 0;
	OPENSSL_clear_free(bytes, strlen(hex) / 2);
	return (uint8_t)len;
}

/* NSS's format of key logs: LABEL CLIENT-RANDOM SECRET, in hex. */
static void
tls_keylog_cb(const SSL *ssl, const char *line)
{
	struct tls_handshake *h = SSL_get_app_data(ssl);
	const char *hex = strrchr(line, ' ');

	if (hex == NULL)
		return;
	if (strncmp(line, "CLIENT_TRAFFIC_SECRET_0 ", 24) == 0)
		h->client_secret_len = tls_read_secret(hex + 1,
		    h->client_secret);
	else if (strncmp(line, "SERVER_TRAFFIC_SECRET_0 ", 24) == 0)
		h->server_secret_len = tls_read_secret(hex + 1,
		    h->server_secret);
	else
		return;
	SSL_CTX_set_keylog_callback(SSL_get_SSL_CTX(ssl), NULL);
}

/* Each message, sent or received. */
static void
tls_message_cb(int is_sent, int version, int content, const void *data,
    size_t len, SSL *ssl, void *arg)
{
	(void)is_sent;
	(void)version;
	(void)arg;
	if (content == SSL3_RT_HANDSHAKE && len > 0 &&
	    *(const uint8_t *)data == SSL3_MT_FINISHED)
		SSL_CTX_set_keylog_callback(SSL_get_SSL_CTX(ssl),
		    tls_keylog_cb);
}

struct tls_handshake *
tls_handshake_new(const struct tls_context *context)
{
	struct tls_handshake *h = xcalloc(1, sizeof(*h));

	SSL_CTX_set_msg_callback(tls_context_ssl(context), tls_message_cb);
	h->ssl = SSL_new(tls_context_ssl(context));
	h->in = BIO_new(BIO_s_mem());
	h->out = BIO_new(BIO_s_mem());
	if (h->ssl == NULL || h->in == NULL || h->out == NULL) {
		SSL_free(h->ssl);
		BIO_free(h->in);
		BIO_free(h->out);
		free(h);
		return NULL;
	}
	SSL_set_bio(h->ssl, h->in, h->out);
	SSL_set_app_data(h->ssl, (char *)h);
	SSL_set_accept_state(h->ssl);
	return h;
}

void
tls_handshake_free(struct tls_handshake *h)
{
	if (h == NULL)
		return;
	SSL_free(h->ssl);
	OPENSSL_cleanse(h, sizeof(*h));
	free(h);
}

ptrdiff_t
tls_handshake_next(const char *data, size_t len)
{
	const uint8_t *header = (const uint8_t *)data;
	size_t length;

	/* RFC 8446 section 5.1: change_cipher_spec, alert, handshake,
	 * application_data; the version's first byte has always been 3. */
	if ((len > 0 && (header[0] < 20 || header[0] > 23)) ||
	    (len > 1 && header[1] != 3))
		return -1;
	if (len < TLS_RECORD_HEADER)
		return 0;
	length = TLS_RECORD_HEADER + ((size_t)header[3] << 8 | header[4]);
	if (length > TLS_SEALED_MAX)
		return -1;
	return length <= len ? (ptrdiff_t)length : 0;
}

static void
tls_handshake_fail(struct tls_handshake *h)
{
	unsigned long error = ERR_peek_error();
	int reason = ERR_GET_REASON(error), version;

	/* An alert of the peer has its number above this one. */
	if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET)
		h->failure = TLS_FAILURE_REFUSED;
	else if (reason == SSL_R_UNSUPPORTED_PROTOCOL ||
	    reason == SSL_R_VERSION_TOO_LOW ||
	    reason == SSL_R_UNSUPPORTED_SSL_VERSION) {
		h->failure = TLS_FAILURE_VERSION;
		version = SSL_client_version(h->ssl) - SSL3_VERSION;
		h->old_version = version > 0 && version < TLS_OLD_VERSIONS ?
		    (uint8_t)version :
		    0;
	} else {
		h->failure = reason == SSL_R_WRONG_VERSION_NUMBER ?
		    TLS_FAILURE_GARBAGE :
		    TLS_FAILURE_BROKEN;
	}
}

enum tls_step
tls_handshake_step(struct tls_handshake *h, const char *record, size_t len,
    struct buf *out)
{
	int result, n;
	char *sent;

	ERR_clear_error();
	if (BIO_write(h->in, record, (int)len) != (int)len)
		return TLS_STEP_FAILED;
	result = SSL_do_handshake(h->ssl);
	if (result != 1 && SSL_get_error(h->ssl, result) == SSL_ERROR_WANT_READ)
		result = 0;
	else if (result != 1) {
		tls_handshake_fail(h);
		result = -1;
	}
	n = (int)BIO_get_mem_data(h->out, &sent);
	if (n > 0)
		buf_add(out, sent, (size_t)n);
	(void)BIO_reset(h->out);
	ERR_clear_error();
	return result == 1 ? TLS_STEP_DONE :
	    result == 0    ? TLS_STEP_MORE :
			     TLS_STEP_FAILED;
}

/* SHA-256 of the SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7): a renewed
 * certificate with the same key stays the same person's. */
static bool
tls_hash_key(const X509 *x509, uint8_t out[TLS_PEER_KEY_SIZE])
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &der);
	bool is_done = len > 0 &&
	    EVP_Digest(der, (size_t)len, out, NULL, EVP_sha256(), NULL) == 1;

	OPENSSL_free(der);
	return is_done;
}

bool
tls_handshake_finish(struct tls_handshake *h, struct tls_record *r,
    struct tls_peer *peer)
{
	unsigned suite =
	    SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(h->ssl));
	X509 *x509 = SSL_get1_peer_certificate(h->ssl);
	const unsigned char *alpn;
	unsigned alpn_len;
	bool is_good = true;

	assert(SSL_is_init_finished(h->ssl) && BIO_pending(h->in) == 0);
	memset(peer, 0, sizeof(*peer));
	if (x509 != NULL)
		is_good = peer->has_key = tls_hash_key(x509, peer->key);
	X509_free(x509);
	SSL_get0_alpn_selected(h->ssl, &alpn, &alpn_len);
	peer->is_web = alpn_len == 8;
	/* Never under a secret that nobody has told: zeros. */
	if (tls_secret_len(suite) == 0 ||
	    h->client_secret_len != tls_secret_len(suite) ||
	    h->server_secret_len != tls_secret_len(suite))
		return false;
	tls_record_init(r, suite, h->client_secret, h->server_secret);
	return is_good;
}

enum tls_failure
tls_handshake_failure(const struct tls_handshake *h, unsigned *version)
{
	*version = h->old_version;
	return h->failure;
}

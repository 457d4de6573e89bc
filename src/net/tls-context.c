/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * TLS 1.3 and nothing older: one version is one path, and every client of today
 * has it. Without tickets and early data the keys of the handshake's end are
 * all that there is to know (tls-record.c), and nothing can be played again.
 *
 * A client's certificate is asked for, and never verified: who signed it says
 * nothing here, but the key in it is somebody's. Not of browsers, which would
 * ask their user.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#ifdef HAVE_MALLOC_USABLE_SIZE
#include <malloc.h>
#endif
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/clock.h"
#include "net/tls-context.h"
#include "net/tls-record.h"

/* Of a client's certificates; and of its key: checking more takes too long. */
#define TLS_CERTIFICATES_MAX 32768
#define TLS_KEY_BITS_MAX 8192

/* The usual ones; X448 and P-521 take ten times as long. */
#define TLS_GROUPS "X25519:P-256:P-384"

/* Without a setting, the first is the one that takes least. */
#define TLS_SUITES \
	"TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:" \
	"TLS_AES_256_GCM_SHA384"

struct tls_context {
	SSL_CTX *ctx;
	char *names;
	int64_t expires_s;
};

/* The server's choice: the first that it knows, and no more for a browser. */
static int
tls_select_alpn_cb(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned in_len, void *arg)
{
	static const unsigned char known[] = "\3irc\10http/1.1";
	unsigned char *found;

	(void)arg;
	if (SSL_select_next_proto(&found, out_len, known, sizeof(known) - 1, in,
		in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*out = found;
	if (*out_len != 3)
		SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
	return SSL_TLSEXT_ERR_OK;
}

/* Takes any certificate. That the client has its key is checked by libssl. */
static int
tls_verify_cb(X509_STORE_CTX *store, void *arg)
{
	const EVP_PKEY *key = X509_get0_pubkey(X509_STORE_CTX_get0_cert(store));

	(void)arg;
	if (key != NULL && EVP_PKEY_get_bits(key) <= TLS_KEY_BITS_MAX)
		return 1;
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
	return 0;
}

/* A key with a password would have libcrypto ask for it at the terminal. */
static int
tls_no_password_cb(char *out, int size, int is_writing, void *arg)
{
	(void)out;
	(void)size;
	(void)is_writing;
	(void)arg;
	return -1;
}

/* What is wrong, by the first thing that libcrypto complained of. */
static const char *
tls_complaint(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	return reason == NULL ? "it is not in PEM" : reason;
}

/* NULL if path is a file that can be read. */
static const char *
tls_check_file(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	const char *why = NULL;

	if (fd == -1)
		return strerror(errno);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		why = "it is not a file";
	(void)close(fd);
	return why;
}

static char *
tls_load_certificate(SSL_CTX *ctx, const char *certificate)
{
	const char *why = tls_check_file(certificate);

	if (why == NULL &&
	    SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1)
		why = tls_complaint();
	return why == NULL ?
	    NULL :
	    xasprintf("cannot read tls-certificate '%s': %s", certificate, why);
}

/*
 * What libcrypto allocates, so that it forgets the texts of a private key: it
 * wipes the key itself, but not what it was decoded from. (A test reads the
 * process's memory: tls-key-wiped.dialog.)
 */
static bool tls_is_secret; /* a key is being read */

static void *
tls_alloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(size);
}

static void
tls_release(void *data, const char *file, int line)
{
	(void)file;
	(void)line;
#ifdef HAVE_MALLOC_USABLE_SIZE
	if (tls_is_secret && data != NULL)
		explicit_bzero(data, malloc_usable_size(data));
#endif
	free(data);
}

static void *
tls_realloc(void *data, size_t size, const char *file, int line)
{
#ifdef HAVE_MALLOC_USABLE_SIZE
	size_t had = data == NULL ? 0 : malloc_usable_size(data);
	void *moved;

	if (tls_is_secret) {
		moved = malloc(size);
		if (moved == NULL)
			return NULL;
		if (data != NULL)
			memcpy(moved, data, had < size ? had : size);
		tls_release(data, file, line);
		return moved;
	}
#endif
	(void)file;
	(void)line;
	return realloc(data, size);
}

static bool
tls_read_key(SSL_CTX *ctx, const char *path)
{
	bool is_read;

	tls_is_secret = true;
	is_read = SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM) == 1;
	tls_is_secret = false;
	return is_read;
}

static char *
tls_load_key(SSL_CTX *ctx, const char *certificate, const char *key)
{
	const char *why;
	bool is_read;

	if ((why = tls_check_file(key)) != NULL)
		return xasprintf("cannot read tls-key '%s': %s%s", key, why,
		    errno == EACCES ? " (chgrp it to the server's group and "
				      "chmod 640 it)" :
				      "");
	is_read = tls_read_key(ctx, key);
	/* A key of another kind than the certificate's gets a place of its own,
	 * where there is no certificate. */
	if (is_read && SSL_CTX_check_private_key(ctx) == 1)
		return NULL;
	if (is_read ||
	    ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_VALUES_MISMATCH ||
	    ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_TYPE_MISMATCH)
		return xasprintf(
		    "tls-key '%s' is not the key of tls-certificate '%s'", key,
		    certificate);
	return xasprintf("cannot read tls-key '%s': %s", key, tls_complaint());
}

/* Only what cannot be mistaken in a log or a terminal. */
static void
tls_add_name(struct buf *names, const ASN1_STRING *name)
{
	const unsigned char *data = ASN1_STRING_get0_data(name);
	int i, len = ASN1_STRING_length(name);

	if (names->len > 0)
		buf_addch(names, ' ');
	for (i = 0; i < len && i < 255; i++)
		buf_addch(names,
		    data[i] > ' ' && data[i] < 127 ? (char)data[i] : '?');
}

static char *
tls_names(const X509 *x509)
{
	struct buf names = BUF_INITIALIZER;
	GENERAL_NAMES *all = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL,
	    NULL);
	const GENERAL_NAME *name;
	const X509_NAME *subject = X509_get_subject_name(x509);
	char *text;
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(all); i++) {
		name = sk_GENERAL_NAME_value(all, i);
		if (name->type == GEN_DNS)
			tls_add_name(&names, name->d.dNSName);
	}
	GENERAL_NAMES_free(all);
	i = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	if (names.len == 0 && i >= 0)
		tls_add_name(&names,
		    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i)));
	text = xstrdup(buf_cstr(&names));
	buf_fini(&names);
	return text;
}

/* Would clients remember to come by TLS for longer than any such certificate is
 * valid? See sts.h for one that is about to expire. */
static char *
tls_check_sts(const X509 *x509, const struct options *o)
{
	int days = 0, seconds = 0;
	char duration[CLOCK_DURATION_SIZE];

	if (o->sts_port == 0 ||
	    ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(x509),
		X509_get0_notAfter(x509)) != 1 ||
	    days * INT64_C(86400) + seconds > (int64_t)(o->sts_duration / 1000))
		return NULL;
	clock_duration((int64_t)o->sts_duration, duration);
	return xasprintf("sts-duration is %s, and tls-certificate '%s' is "
			 "valid for %d day%s: it must be shorter",
	    duration, o->tls_certificate, days, days == 1 ? "" : "s");
}

/* Notes what the certificate says. Returns NULL, or what is wrong. */
static char *
tls_describe(struct tls_context *context, const char *path)
{
	const X509 *x509 = SSL_CTX_get0_certificate(context->ctx);
	struct tm tm;
	char date[16];

	context->names = tls_names(x509);
	if (ASN1_TIME_to_tm(X509_get0_notAfter(x509), &tm) != 1)
		return xasprintf("tls-certificate '%s' has a strange end",
		    path);
	context->expires_s = timegm(&tm);
	(void)strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	if (X509_cmp_current_time(X509_get0_notAfter(x509)) < 0)
		return xasprintf("tls-certificate '%s' has expired on %s: "
				 "renew it, or leave it out",
		    path, date);
	if (X509_cmp_current_time(X509_get0_notBefore(x509)) > 0)
		return xasprintf("tls-certificate '%s' is not valid yet", path);
	return NULL;
}

/* Are all suites of TLS 1.3 those that tls-record.c knows? */
static char *
tls_set_suites(SSL_CTX *ctx, const char *suites)
{
	const STACK_OF(SSL_CIPHER) * all;
	const SSL_CIPHER *cipher;
	bool is_good = SSL_CTX_set_ciphersuites(ctx,
			   suites[0] == '\0' ? TLS_SUITES : suites) == 1;
	int i, count = 0;

	all = SSL_CTX_get_ciphers(ctx);
	for (i = 0; i < sk_SSL_CIPHER_num(all); i++) {
		cipher = sk_SSL_CIPHER_value(all, i);
		if (strcmp(SSL_CIPHER_get_version(cipher), "TLSv1.3") != 0)
			continue;
		count++;
		if (tls_secret_len(SSL_CIPHER_get_protocol_id(cipher)) == 0)
			is_good = false;
	}
	return is_good && count > 0 ?
	    NULL :
	    xasprintf(
		"tls-ciphers '%s': there is TLS_AES_128_GCM_SHA256, "
		"TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256, apart "
		"by colons",
		suites);
}

/* Says where the setting stands that is wrong, if it is; frees error. */
static char *
tls_at(const char *where, char *error)
{
	char *text;

	if (error == NULL)
		return NULL;
	text = xasprintf("%s: %s", where, error);
	free(error);
	return text;
}

static char *
tls_context_load(struct tls_context *context, const struct options *o)
{
	const char *certificate = o->tls_certificate;
	const char *key = o->tls_key[0] == '\0' ? certificate : o->tls_key;
	SSL_CTX *ctx = context->ctx;
	char *error;

	error = tls_at(options_where(o, &o->tls_ciphers),
	    tls_set_suites(ctx, o->tls_ciphers));
	if (error == NULL)
		error = tls_at(options_where(o, &o->tls_certificate),
		    tls_load_certificate(ctx, certificate));
	if (error == NULL)
		error = tls_at(options_where_of(o, &o->tls_key,
				   &o->tls_certificate),
		    tls_load_key(ctx, certificate, key));
	if (error == NULL)
		error = tls_at(options_where(o, &o->tls_certificate),
		    tls_describe(context, certificate));
	if (error == NULL)
		error = tls_at(options_where_of(o, &o->sts_duration,
				   &o->tls_certificate),
		    tls_check_sts(SSL_CTX_get0_certificate(ctx), o));
	return error;
}

static char *
tls_context_fill(struct tls_context *context, const struct options *o)
{
	static char groups[] = TLS_GROUPS; /* the macro's cast drops a const */
	SSL_CTX *ctx = context->ctx;

	(void)SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
	(void)SSL_CTX_set_num_tickets(ctx, 0);
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	/* Who is slow holds 32 KB less. */
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	(void)SSL_CTX_set_options(ctx,
	    SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
		SSL_OP_CIPHER_SERVER_PREFERENCE);
	(void)SSL_CTX_set1_groups_list(ctx, groups);
	(void)SSL_CTX_set_max_cert_list(ctx, TLS_CERTIFICATES_MAX);
	SSL_CTX_set_default_passwd_cb(ctx, tls_no_password_cb);
	SSL_CTX_set_alpn_select_cb(ctx, tls_select_alpn_cb, NULL);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, tls_verify_cb, NULL);
	return tls_context_load(context, o);
}

int
tls_context_new(const struct options *o, struct tls_context **context,
    char **error)
{
	*context = NULL;
	if (o->tls_certificate[0] == '\0')
		return 0;
	/* Refused once libcrypto has allocated something, so it is in force from
	 * the first certificate on. */
	(void)CRYPTO_set_mem_functions(tls_alloc, tls_realloc, tls_release);
	ERR_clear_error();
	*context = xcalloc(1, sizeof(**context));
	(*context)->ctx = SSL_CTX_new(TLS_server_method());
	*error = (*context)->ctx == NULL ? xstrdup("OpenSSL has no TLS") :
					   tls_context_fill(*context, o);
	ERR_clear_error();
	if (*error == NULL)
		return 0;
	tls_context_free(*context);
	*context = NULL;
	return -1;
}

void
tls_context_free(struct tls_context *context)
{
	if (context == NULL)
		return;
	SSL_CTX_free(context->ctx);
	free(context->names);
	free(context);
}

const char *
tls_context_names(const struct tls_context *context)
{
	return context->names;
}

int64_t
tls_context_expires_s(const struct tls_context *context)
{
	return context->expires_s;
}

void *
tls_context_ssl(const struct tls_context *context)
{
	return context->ctx;
}

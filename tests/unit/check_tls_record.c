/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The records of TLS: the example of RFC 8448, libssl as the client, and what a
 * hostile one may send. hostile 54, 88
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#ifndef HAVE_OPENSSL

void
unit_tests(Suite *s)
{
	(void)s;
	printf("skipped: built without OpenSSL\n");
	exit(77);
}

#else

#include <openssl/evp.h>
#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/util.h"
#include "certificate.h"
#include "net/tls-record.h"

/* RFC 8448 section 3, "Simple 1-RTT Handshake": from the application traffic
 * secrets on. The server's first record is a ticket, which we never send. */
static const char rfc_client_secret[] =
    "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5";
static const char rfc_server_secret[] =
    "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643";
static const char rfc_client_key[] = "17422dda596ed5d9acd890e3c63f5051";
static const char rfc_client_iv[] = "5b78923dee08579033e523d9";
static const char rfc_server_key[] = "9f02283b6c9c07efc26bb9f2ac92e356";
static const char rfc_server_iv[] = "cf782b88dd83549aadf1e984";
static const char rfc_client_data[] =
    "1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819"
    "a8a5b46b395bd54a9a20441e2b62974e1f5a6292a2977014bd1e3deae63aeebb216949"
    "15e4";
static const char rfc_server_data[] =
    "17030300432e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efa"
    "f97d90e6dffc602dcb501a59a8fcc49c4bf2e5f0a21c0047c2abf332540dd032e167c2"
    "955d";
static const char rfc_client_alert[] =
    "1703030013c9872760655666b74d7ff1153efd6db6d0b0e3";
static const char rfc_server_alert[] =
    "1703030013b58fd67166ebf599d24720cfbe7efa7a8864a9";

static size_t
from_hex(const char *hex, char *out)
{
	size_t n = 0;
	unsigned byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		out[n++] = (char)byte;
	return n;
}

static void
check_hex(const void *got, size_t len, const char *hex)
{
	char want[256];

	ck_assert_uint_eq(from_hex(hex, want), len);
	ck_assert_mem_eq(got, want, len);
}

static void
init_rfc(struct tls_record *r)
{
	char in[TLS_SECRET_MAX], out[TLS_SECRET_MAX];

	(void)from_hex(rfc_client_secret, in);
	(void)from_hex(rfc_server_secret, out);
	tls_record_init(r, TLS_SUITE_AES_128_GCM_SHA256, (uint8_t *)in,
	    (uint8_t *)out);
}

START_TEST(the_example_of_rfc_8448)
{
	struct tls_record r;
	struct tls_opened opened;
	struct buf out = BUF_INITIALIZER;
	char record[256], data[50];
	size_t len, i;

	init_rfc(&r);
	check_hex(r.in.key, 16, rfc_client_key);
	check_hex(r.in.iv, 12, rfc_client_iv);
	check_hex(r.out.key, 16, rfc_server_key);
	check_hex(r.out.iv, 12, rfc_server_iv);
	for (i = 0; i < sizeof(data); i++)
		data[i] = (char)i;

	r.out.sequence = 1;
	tls_seal(&r, &out, data, sizeof(data));
	check_hex(out.data, out.len, rfc_server_data);
	buf_reset(&out);
	tls_seal_alert(&r, &out, TLS_ALERT_CLOSE_NOTIFY);
	check_hex(out.data, out.len, rfc_server_alert);

	len = from_hex(rfc_client_data, record);
	ck_assert_int_eq(tls_open(&r, record, len, &opened), TLS_DATA);
	ck_assert_uint_eq(opened.consumed, len);
	ck_assert_uint_eq(opened.len, sizeof(data));
	ck_assert_mem_eq(opened.data, data, sizeof(data));
	len = from_hex(rfc_client_alert, record);
	ck_assert_int_eq(tls_open(&r, record, len, &opened), TLS_CLOSED);
	tls_record_wipe(&r);
	for (i = 0; i < sizeof(r); i++)
		ck_assert_int_eq(((char *)&r)[i], 0);
	buf_fini(&out);
}
END_TEST

/* libssl as the client, and for the handshake's other side */

struct peer {
	SSL_CTX *ctx, *server_ctx;
	SSL *client;
	BIO *in, *out; /* the client's */
	char secrets[2][TLS_SECRET_MAX];
	struct tls_record r;
	struct buf sealed; /* ours, for the client */
	struct buf wire; /* the client's, for us */
};

static void
peer_keylog(const SSL *ssl, const char *line)
{
	struct peer *p = SSL_get_app_data(ssl);
	const char *hex = strrchr(line, ' ') + 1;

	if (strncmp(line, "CLIENT_TRAFFIC_SECRET_0 ", 24) == 0)
		(void)from_hex(hex, p->secrets[0]);
	else if (strncmp(line, "SERVER_TRAFFIC_SECRET_0 ", 24) == 0)
		(void)from_hex(hex, p->secrets[1]);
}

static const struct {
	enum tls_suite suite;
	const char *name;
} suites[] = {
	{ TLS_SUITE_AES_128_GCM_SHA256, "TLS_AES_128_GCM_SHA256" },
	{ TLS_SUITE_AES_256_GCM_SHA384, "TLS_AES_256_GCM_SHA384" },
	{ TLS_SUITE_CHACHA20_POLY1305_SHA256, "TLS_CHACHA20_POLY1305_SHA256" },
};

static void
peer_init(struct peer *p, int suite)
{
	struct certificate c;
	SSL *server;
	int i;

	memset(p, 0, sizeof(*p));
	certificate_init(&c, "localhost", 3600);
	p->server_ctx = SSL_CTX_new(TLS_server_method());
	p->ctx = SSL_CTX_new(TLS_client_method());
	(void)SSL_CTX_use_certificate(p->server_ctx, c.x509);
	(void)SSL_CTX_use_PrivateKey(p->server_ctx, c.key);
	(void)SSL_CTX_set_num_tickets(p->server_ctx, 0);
	SSL_CTX_set_keylog_callback(p->server_ctx, peer_keylog);
	ck_assert_int_eq(SSL_CTX_set_ciphersuites(p->ctx, suites[suite].name),
	    1);
	server = SSL_new(p->server_ctx);
	p->client = SSL_new(p->ctx);
	SSL_set_app_data(server, (char *)p);
	p->in = BIO_new(BIO_s_mem());
	p->out = BIO_new(BIO_s_mem());
	(void)BIO_up_ref(p->in);
	(void)BIO_up_ref(p->out);
	SSL_set_bio(p->client, p->in, p->out);
	SSL_set_bio(server, p->out, p->in);
	SSL_set_connect_state(p->client);
	SSL_set_accept_state(server);
	for (i = 0; i < 4; i++) {
		(void)SSL_do_handshake(p->client);
		(void)SSL_do_handshake(server);
	}
	ck_assert(SSL_is_init_finished(p->client));
	ck_assert(SSL_is_init_finished(server));
	ck_assert_uint_eq(
	    SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(server)),
	    suites[suite].suite);
	tls_record_init(&p->r, suites[suite].suite, (uint8_t *)p->secrets[0],
	    (uint8_t *)p->secrets[1]);
	SSL_free(server);
	certificate_fini(&c);
}

static void
peer_fini(struct peer *p)
{
	SSL_free(p->client);
	SSL_CTX_free(p->ctx);
	SSL_CTX_free(p->server_ctx);
	buf_fini(&p->sealed);
	buf_fini(&p->wire);
	tls_record_free_shared();
}

/* What the client has sent comes to us. */
static void
peer_take(struct peer *p)
{
	char chunk[4096];
	int n;

	while ((n = BIO_read(p->out, chunk, sizeof(chunk))) > 0)
		buf_add(&p->wire, chunk, (size_t)n);
}

static enum tls_result
peer_open(struct peer *p, struct tls_opened *opened)
{
	enum tls_result result;
	static char record[TLS_SEALED_MAX];

	peer_take(p);
	if (p->wire.len == 0)
		return TLS_MORE;
	result = tls_open(&p->r, p->wire.data, p->wire.len, opened);
	if (opened->data != NULL)
		opened->data = memcpy(record, opened->data, opened->len);
	memmove(p->wire.data, p->wire.data + opened->consumed,
	    p->wire.len - opened->consumed);
	p->wire.len -= opened->consumed;
	return result;
}

static void
peer_says(struct peer *p, const char *data, size_t len)
{
	struct tls_opened opened;

	ck_assert_int_eq(SSL_write(p->client, data, (int)len), (int)len);
	ck_assert_int_eq(peer_open(p, &opened), TLS_DATA);
	ck_assert_uint_eq(opened.len, len);
	ck_assert_mem_eq(opened.data, data, len);
}

static void
peer_flush(struct peer *p)
{
	ck_assert_int_eq(BIO_write(p->in, p->sealed.data, (int)p->sealed.len),
	    (int)p->sealed.len);
	buf_reset(&p->sealed);
}

static void
peer_reads(struct peer *p, const char *data, size_t len)
{
	char got[TLS_PLAIN_MAX];

	peer_flush(p);
	ck_assert_int_eq(SSL_read(p->client, got, sizeof(got)), (int)len);
	ck_assert_mem_eq(got, data, len);
}

static void
peer_is_told(struct peer *p, const char *data, size_t len)
{
	tls_seal(&p->r, &p->sealed, data, len);
	peer_reads(p, data, len);
}

static void
peer_talks(struct peer *p)
{
	peer_says(p, "hello", 5);
	peer_is_told(p, "hello yourself", 14);
}

START_TEST(libssl_as_the_client)
{
	static char large[TLS_PLAIN_MAX];
	struct peer p;
	struct tls_opened opened;
	size_t i;

	peer_init(&p, _i);
	for (i = 0; i < sizeof(large); i++)
		large[i] = (char)i;
	peer_talks(&p);
	peer_says(&p, large, sizeof(large));
	peer_is_told(&p, large, sizeof(large));
	/* Two records at once. */
	tls_seal(&p.r, &p.sealed, "one", 3);
	tls_seal(&p.r, &p.sealed, "two", 3);
	peer_reads(&p, "one", 3);
	peer_reads(&p, "two", 3);

	tls_seal_alert(&p.r, &p.sealed, TLS_ALERT_CLOSE_NOTIFY);
	peer_flush(&p);
	ck_assert_int_eq(SSL_read(p.client, large, 1), 0);
	ck_assert_int_eq(SSL_get_error(p.client, 0), SSL_ERROR_ZERO_RETURN);
	peer_says(&p, "still here", 10);
	(void)SSL_shutdown(p.client);
	ck_assert_int_eq(peer_open(&p, &opened), TLS_CLOSED);
	peer_fini(&p);
}
END_TEST

START_TEST(key_updates_both_ways)
{
	struct peer p;
	struct tls_opened opened;
	struct tls_keys before;
	char byte;
	int i;

	peer_init(&p, _i);
	/* Theirs, without an answer. */
	before = p.r.out;
	(void)SSL_key_update(p.client, SSL_KEY_UPDATE_NOT_REQUESTED);
	(void)SSL_do_handshake(p.client);
	ck_assert_int_eq(peer_open(&p, &opened), TLS_UPDATE);
	ck_assert(!p.r.owes_update);
	peer_talks(&p);
	ck_assert_mem_eq(before.key, p.r.out.key, 16);
	/* Theirs, twice, before one answer. */
	for (i = 0; i < 2; i++) {
		(void)SSL_key_update(p.client, SSL_KEY_UPDATE_REQUESTED);
		(void)SSL_do_handshake(p.client);
		ck_assert_int_eq(peer_open(&p, &opened), TLS_UPDATE);
		ck_assert(p.r.owes_update);
	}
	peer_talks(&p);
	ck_assert(!p.r.owes_update);
	ck_assert_mem_ne(before.key, p.r.out.key, 16);
	/* Ours, which they answer before they say more. */
	tls_seal_key_update(&p.r, &p.sealed);
	peer_flush(&p);
	ck_assert_int_eq(SSL_read(p.client, &byte, 1), -1);
	before = p.r.in;
	ck_assert_int_eq(SSL_write(p.client, "x", 1), 1);
	ck_assert_int_eq(peer_open(&p, &opened), TLS_UPDATE);
	ck_assert_mem_ne(before.key, p.r.in.key, 16);
	ck_assert_int_eq(peer_open(&p, &opened), TLS_DATA);
	peer_talks(&p);
	peer_fini(&p);
}
END_TEST

/* RFC 8446 section 5.5. */
START_TEST(a_worn_key_is_changed)
{
	struct tls_record ours, theirs;
	struct tls_opened opened;
	struct buf out = BUF_INITIALIZER;
	uint64_t worn = UINT64_C(1) << 22;

	init_rfc(&ours);
	tls_record_init(&theirs, TLS_SUITE_AES_128_GCM_SHA256, ours.out.secret,
	    ours.in.secret);
	ours.out.sequence = theirs.in.sequence = worn - 1;
	tls_seal(&ours, &out, "a", 1);
	ck_assert_uint_eq(ours.out.sequence, worn);
	ck_assert_int_eq(tls_open(&theirs, out.data, out.len, &opened),
	    TLS_DATA);
	buf_reset(&out);
	tls_seal(&ours, &out, "b", 1);
	ck_assert_uint_eq(ours.out.sequence, 1);
	ck_assert_int_eq(tls_open(&theirs, out.data, out.len, &opened),
	    TLS_UPDATE);
	ck_assert(!theirs.owes_update);
	ck_assert_int_eq(tls_open(&theirs, out.data + opened.consumed,
			     out.len - opened.consumed, &opened),
	    TLS_DATA);
	ck_assert_mem_eq(opened.data, "b", 1);
	ck_assert_uint_eq(theirs.in.sequence, 1);
	buf_fini(&out);
	tls_record_free_shared();
}
END_TEST

START_TEST(pieces_of_every_size)
{
	struct peer p;
	struct tls_record from;
	struct tls_opened opened;
	struct buf text = BUF_INITIALIZER, all = BUF_INITIALIZER;
	size_t piece, at, had;
	char *copy;
	int updates, results;

	peer_init(&p, _i);
	from = p.r;
	(void)SSL_write(p.client, "one", 3);
	(void)SSL_key_update(p.client, SSL_KEY_UPDATE_REQUESTED);
	(void)SSL_write(p.client, "two", 3);
	(void)SSL_write(p.client, "three", 5);
	(void)SSL_shutdown(p.client);
	peer_take(&p);
	buf_add(&all, p.wire.data, p.wire.len);
	for (piece = 1; piece <= all.len; piece++) {
		p.r = from;
		buf_reset(&text);
		updates = results = 0;
		for (at = 0, had = 0; at < all.len;) {
			had += piece;
			if (had > all.len - at)
				had = all.len - at;
			/* In memory of just that size. */
			copy = xmalloc(had);
			memcpy(copy, all.data + at, had);
			switch (tls_open(&p.r, copy, had, &opened)) {
			case TLS_MORE:
				ck_assert_uint_lt(had, all.len - at);
				break;
			case TLS_DATA:
				buf_add(&text, opened.data, opened.len);
				break;
			case TLS_UPDATE:
				updates++;
				break;
			case TLS_CLOSED:
				results++;
				ck_assert_uint_eq(at + opened.consumed,
				    all.len);
				break;
			case TLS_ENDED:
			case TLS_BAD:
				ck_abort();
			}
			free(copy);
			at += opened.consumed;
			had -= opened.consumed;
		}
		ck_assert_int_eq(updates, 1);
		ck_assert_int_eq(results, 1);
		ck_assert_str_eq(buf_cstr(&text), "onetwothree");
	}
	buf_fini(&text);
	buf_fini(&all);
	peer_fini(&p);
}
END_TEST

/* What no honest client sends */

/* Seals inner, which is content, type and padding, as the peer of r. */
static void
forge(struct tls_record *r, const void *inner, size_t len, struct buf *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	unsigned char header[5] = { 23, 3, 3, (unsigned char)((len + 16) >> 8),
		(unsigned char)(len + 16) };
	unsigned char nonce[12], tag[16];
	unsigned char *body = xmalloc(len + 1);
	int n, i;

	memcpy(nonce, r->in.iv, 12);
	for (i = 0; i < 8; i++)
		nonce[11 - i] ^= (unsigned char)(r->in.sequence >> 8 * i);
	EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, r->in.key, nonce);
	EVP_EncryptUpdate(ctx, NULL, &n, header, 5);
	EVP_EncryptUpdate(ctx, body, &n, inner, (int)len);
	EVP_EncryptFinal_ex(ctx, body + len, &n);
	EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, tag);
	buf_add(out, header, 5);
	buf_add(out, body, len);
	buf_add(out, tag, 16);
	free(body);
	EVP_CIPHER_CTX_free(ctx);
}

static enum tls_result
open_forged(struct tls_record *r, const void *inner, size_t len,
    struct tls_opened *opened)
{
	struct buf out = BUF_INITIALIZER;
	enum tls_result result;

	forge(r, inner, len, &out);
	result = tls_open(r, out.data, out.len, opened);
	if (result != TLS_BAD)
		ck_assert_uint_eq(opened->consumed, out.len);
	buf_fini(&out);
	return result;
}

static const struct {
	const char *inner;
	size_t len;
	enum tls_result result;
	int alert;
} forged[] = {
#define FORGED(text, result, alert) \
	{ \
		text, sizeof(text) - 1, result, alert \
	}
	FORGED("x\27", TLS_DATA, 0),
	FORGED("\27", TLS_DATA, 0), /* no data */
	FORGED("x\27\0\0\0", TLS_DATA, 0), /* padding */
	/* Section 5.4: all padding, and empty alerts and messages. */
	FORGED("", TLS_BAD, TLS_ALERT_UNEXPECTED_MESSAGE),
	FORGED("\0", TLS_BAD, TLS_ALERT_UNEXPECTED_MESSAGE),
	FORGED("\0\0\0\0", TLS_BAD, TLS_ALERT_UNEXPECTED_MESSAGE),
	FORGED("\25", TLS_BAD, TLS_ALERT_UNEXPECTED_MESSAGE),
	FORGED("\26", TLS_BAD, TLS_ALERT_UNEXPECTED_MESSAGE),
	/* Other types: change_cipher_spec, heartbeat, unknown. */
	FORGED("\1\24", TLS_BAD, TLS_ALERT_UNEXPECTED_MESSAGE),
	FORGED("\1\30", TLS_BAD, TLS_ALERT_UNEXPECTED_MESSAGE),
	FORGED("\1\377", TLS_BAD, TLS_ALERT_UNEXPECTED_MESSAGE),
	/* Section 6: alerts. */
	FORGED("\1\0\25", TLS_CLOSED, TLS_ALERT_CLOSE_NOTIFY),
	FORGED("\2\0\25", TLS_CLOSED, TLS_ALERT_CLOSE_NOTIFY),
	FORGED("\1\132\25", TLS_UPDATE, TLS_ALERT_USER_CANCELED),
	FORGED("\2\24\25", TLS_ENDED, TLS_ALERT_BAD_RECORD_MAC),
	FORGED("\1\144\25", TLS_ENDED, 100), /* no_renegotiation */
	FORGED("\1\25", TLS_BAD, TLS_ALERT_DECODE_ERROR),
	FORGED("\1\0\1\0\25", TLS_BAD, TLS_ALERT_DECODE_ERROR),
	/* Section 4.6.3. */
	FORGED("\30\0\0\1\0\26", TLS_UPDATE, 0),
	FORGED("\30\0\0\1\1\26\0", TLS_UPDATE, 0),
	FORGED("\30\0\0\1\2\26", TLS_BAD, TLS_ALERT_ILLEGAL_PARAMETER),
	FORGED("\30\0\0\2\0\0\26", TLS_BAD, TLS_ALERT_DECODE_ERROR),
	FORGED("\30\1\0\1\0\26", TLS_BAD, TLS_ALERT_DECODE_ERROR),
	FORGED("\30\0\0\0\26", TLS_BAD, TLS_ALERT_DECODE_ERROR),
	FORGED("\30\0\0\1\0\30\0\0\1\0\26", TLS_BAD,
	    TLS_ALERT_UNEXPECTED_MESSAGE),
	/* ClientHello again, certificate, finished, new ticket. */
	FORGED("\1\0\0\1\0\26", TLS_BAD, TLS_ALERT_UNEXPECTED_MESSAGE),
	FORGED("\13\0\0\1\0\26", TLS_BAD, TLS_ALERT_UNEXPECTED_MESSAGE),
	FORGED("\24\0\0\1\0\26", TLS_BAD, TLS_ALERT_UNEXPECTED_MESSAGE),
	FORGED("\4\0\0\1\0\26", TLS_BAD, TLS_ALERT_UNEXPECTED_MESSAGE),
};

START_TEST(forged_records)
{
	struct tls_record r;
	struct tls_opened opened;

	init_rfc(&r);
	ck_assert_int_eq(open_forged(&r, forged[_i].inner, forged[_i].len,
			     &opened),
	    forged[_i].result);
	ck_assert_int_eq(opened.alert, forged[_i].alert);
	if (forged[_i].result == TLS_DATA)
		ck_assert_uint_eq(opened.len, forged[_i].inner[0] == 'x');
	tls_record_free_shared();
}
END_TEST

START_TEST(a_key_update_in_pieces)
{
	static const char *const pieces[] = { "\30\26", "\0\26", "\0\1\26",
		"\1\26" };
	static const size_t lens[] = { 2, 2, 3, 2 };
	struct tls_record r;
	struct tls_opened opened;
	uint8_t key[16];
	size_t i;

	init_rfc(&r);
	memcpy(key, r.in.key, sizeof(key));
	for (i = 0; i < NITEMS(pieces); i++) {
		ck_assert_mem_eq(key, r.in.key, sizeof(key));
		ck_assert(tls_record_is_valid(&r));
		ck_assert_int_eq(open_forged(&r, pieces[i], lens[i], &opened),
		    TLS_UPDATE);
	}
	ck_assert(r.owes_update);
	ck_assert_mem_ne(key, r.in.key, sizeof(key));
	ck_assert_int_eq(open_forged(&r, "x\27", 2, &opened), TLS_DATA);
	/* Section 5.1: nothing else comes between. */
	ck_assert_int_eq(open_forged(&r, "\30\26", 2, &opened), TLS_UPDATE);
	ck_assert_int_eq(open_forged(&r, "x\27", 2, &opened), TLS_BAD);
	ck_assert_int_eq(opened.alert, TLS_ALERT_UNEXPECTED_MESSAGE);
	tls_record_free_shared();
}
END_TEST

START_TEST(records_without_data_are_few)
{
	struct tls_record r;
	struct tls_opened opened;
	int i;

	init_rfc(&r);
	for (i = 0; i < 32; i++)
		ck_assert_int_eq(open_forged(&r, "\27", 1, &opened), TLS_DATA);
	ck_assert_int_eq(open_forged(&r, "x\27", 2, &opened), TLS_DATA);
	for (i = 0; i < 32; i++)
		ck_assert_int_eq(open_forged(&r, "\30\0\0\1\1\26", 6, &opened),
		    TLS_UPDATE);
	ck_assert_int_eq(open_forged(&r, "\30\0\0\1\1\26", 6, &opened),
	    TLS_BAD);
	ck_assert_int_eq(opened.alert, TLS_ALERT_UNEXPECTED_MESSAGE);
	tls_record_free_shared();
}
END_TEST

START_TEST(lengths_at_the_limit)
{
	static char inner[TLS_PLAIN_MAX + 300];
	struct tls_record r;
	struct tls_opened opened;
	char header[5] = { 23, 3, 3, 0, 0 };

	init_rfc(&r);
	memset(inner, 'x', sizeof(inner));
	inner[TLS_PLAIN_MAX] = 23;
	ck_assert_int_eq(open_forged(&r, inner, TLS_PLAIN_MAX + 1, &opened),
	    TLS_DATA);
	ck_assert_uint_eq(opened.len, TLS_PLAIN_MAX);
	/* Section 5.4: padding counts. */
	inner[TLS_PLAIN_MAX + 1] = 0;
	ck_assert_int_eq(open_forged(&r, inner, TLS_PLAIN_MAX + 2, &opened),
	    TLS_BAD);
	ck_assert_int_eq(opened.alert, TLS_ALERT_RECORD_OVERFLOW);
	/* Section 5.2: 2^14 + 256, and one more, known by the header alone. */
	init_rfc(&r);
	header[3] = 65;
	ck_assert_int_eq(tls_open(&r, header, 5, &opened), TLS_MORE);
	header[4] = 1;
	ck_assert_int_eq(tls_open(&r, header, 5, &opened), TLS_BAD);
	ck_assert_int_eq(opened.alert, TLS_ALERT_RECORD_OVERFLOW);
	/* Too short for a tag. */
	memset(header + 3, 0, 2);
	ck_assert_int_eq(tls_open(&r, header, 5, &opened), TLS_BAD);
	ck_assert_int_eq(opened.alert, TLS_ALERT_BAD_RECORD_MAC);
	tls_record_free_shared();
}
END_TEST

START_TEST(a_changed_bit_anywhere)
{
	struct tls_record from, r;
	struct tls_opened opened;
	struct buf out = BUF_INITIALIZER;
	char *copy;
	size_t bit;

	init_rfc(&from);
	forge(&from, "hello\27", 6, &out);
	copy = xmalloc(out.len);
	for (bit = 0; bit < out.len * 8; bit++) {
		r = from;
		memcpy(copy, out.data, out.len);
		copy[bit / 8] ^= (char)(1 << bit % 8);
		/* A longer one is waited for. */
		if (tls_open(&r, copy, out.len, &opened) != TLS_BAD)
			ck_assert(bit / 8 == 3 || bit / 8 == 4);
	}
	/* The same again is another. */
	memcpy(copy, out.data, out.len);
	ck_assert_int_eq(tls_open(&r, copy, 0, &opened), TLS_MORE);
	r = from;
	ck_assert_int_eq(tls_open(&r, copy, out.len, &opened), TLS_DATA);
	memcpy(copy, out.data, out.len);
	ck_assert_int_eq(tls_open(&r, copy, out.len, &opened), TLS_BAD);
	ck_assert_int_eq(opened.alert, TLS_ALERT_BAD_RECORD_MAC);
	free(copy);
	buf_fini(&out);
	tls_record_free_shared();
}
END_TEST

START_TEST(types_in_the_clear)
{
	struct tls_record r;
	struct tls_opened opened;
	char byte;
	int type;

	init_rfc(&r);
	for (type = 0; type < 256; type++) {
		byte = (char)type;
		ck_assert_int_eq(tls_open(&r, &byte, 1, &opened),
		    type == 23 ? TLS_MORE : TLS_BAD);
		if (type != 23)
			ck_assert_int_eq(opened.alert,
			    TLS_ALERT_UNEXPECTED_MESSAGE);
	}
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "records", NULL, NULL);

	tcase_add_test(tc, the_example_of_rfc_8448);
	tcase_add_test(tc, a_worn_key_is_changed);
	tcase_add_loop_test(tc, forged_records, 0, NITEMS(forged));
	tcase_add_test(tc, a_key_update_in_pieces);
	tcase_add_test(tc, records_without_data_are_few);
	tcase_add_test(tc, lengths_at_the_limit);
	tcase_add_test(tc, a_changed_bit_anywhere);
	tcase_add_test(tc, types_in_the_clear);
	tc = unit_case(s, "libssl", NULL, NULL);
	tcase_add_loop_test(tc, libssl_as_the_client, 0, NITEMS(suites));
	tcase_add_loop_test(tc, key_updates_both_ways, 0, NITEMS(suites));
	tcase_add_loop_test(tc, pieces_of_every_size, 0, NITEMS(suites));
}

#endif

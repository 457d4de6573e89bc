/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The reader of TLS records, against a model of a few lines. The first byte
 * picks the packets' sizes. Then come records: a byte that is the length of
 * what is sealed in one, that is content, type and padding; and the last
 * length, which is more than there is, stands for raw bytes that nobody sealed.
 */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifndef HAVE_OPENSSL

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)data;
	(void)size;
	return 0;
}

#else

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/util.h"
#include "net/tls-record.h"

#define RECORDS_MAX 300

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* What the model knows of a stream. */
struct model {
	uint8_t message[5];
	size_t message_len, idle_count;
	bool has_update; /* the record that was looked at completed one */
};

/* Content, its type and padding: what is that for the reader? */
static enum tls_result
model_look(struct model *m, const uint8_t *inner, size_t len)
{
	uint8_t type;

	m->has_update = false;
	while (len > 0 && inner[len - 1] == 0)
		len--;
	if (len == 0)
		return TLS_BAD;
	type = inner[--len];
	m->idle_count = type == 23 && len > 0 ? 0 : m->idle_count + 1;
	if (m->idle_count > 32 || (type != 22 && m->message_len > 0))
		return TLS_BAD;
	if (type == 23)
		return TLS_DATA;
	if (type == 21)
		return len != 2    ? TLS_BAD :
		    inner[1] == 0  ? TLS_CLOSED :
		    inner[1] == 90 ? TLS_UPDATE :
				     TLS_ENDED;
	if (type != 22 || len == 0 || m->message_len + len > 5)
		return TLS_BAD;
	memcpy(m->message + m->message_len, inner, len);
	m->message_len += len;
	if (memcmp(m->message, "\30\0\0\1",
		m->message_len < 4 ? m->message_len : 4) != 0)
		return TLS_BAD;
	if (m->message_len < 5)
		return TLS_UPDATE;
	m->message_len = 0;
	m->has_update = true;
	return m->message[4] > 1 ? TLS_BAD : TLS_UPDATE;
}

/* Seals inner as the peer of r does, whose keys move on. */
static void
forge(struct tls_record *r, const uint8_t *inner, size_t len, struct buf *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t header[5] = { 23, 3, 3, (uint8_t)((len + 16) >> 8),
		(uint8_t)(len + 16) };
	uint8_t nonce[12], tag[16], body[256];
	int n, i;

	memcpy(nonce, r->in.iv, 12);
	for (i = 0; i < 8; i++)
		nonce[11 - i] ^= (uint8_t)(r->in.sequence >> 8 * i);
	r->in.sequence++;
	EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, r->in.key, nonce);
	EVP_EncryptUpdate(ctx, NULL, &n, header, 5);
	EVP_EncryptUpdate(ctx, body, &n, inner, (int)len);
	EVP_EncryptFinal_ex(ctx, body + len, &n);
	EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, tag);
	EVP_CIPHER_CTX_free(ctx);
	buf_add(out, header, 5);
	buf_add(out, body, len);
	buf_add(out, tag, 16);
}

struct stream {
	struct buf wire;
	struct buf text; /* all data */
	enum tls_result results[RECORDS_MAX];
	size_t count;
	bool has_rest; /* raw bytes follow the last record */
};

static const uint8_t secrets[2][TLS_SECRET_MAX] = { "the client's", "ours" };

static void
stream_make(struct stream *s, const uint8_t *data, size_t size)
{
	struct model m = { .message_len = 0 };
	struct tls_record peer, next;
	enum tls_result result = TLS_MORE;
	size_t len, end;

	tls_record_init(&peer, TLS_SUITE_AES_128_GCM_SHA256, secrets[0],
	    secrets[1]);
	while (size > 0 && s->count < RECORDS_MAX && result != TLS_BAD &&
	    result != TLS_CLOSED && result != TLS_ENDED) {
		len = *data++;
		size--;
		if (len > size) {
			buf_add(&s->wire, data, size);
			s->has_rest = true;
			return;
		}
		forge(&peer, data, len, &s->wire);
		result = s->results[s->count++] = model_look(&m, data, len);
		if (result == TLS_DATA) {
			end = len;
			while (data[end - 1] == 0)
				end--;
			buf_add(&s->text, data, end - 1);
		}
		if (m.has_update) {
			/* Two that begin with the same secret go on alike. */
			struct buf unused = BUF_INITIALIZER;

			tls_record_init(&next, TLS_SUITE_AES_128_GCM_SHA256,
			    secrets[0], peer.in.secret);
			tls_seal_key_update(&next, &unused);
			peer.in = next.out;
			buf_fini(&unused);
		}
		data += len;
		size -= len;
	}
}

static void
stream_read(const struct stream *s, size_t packet)
{
	struct tls_record r;
	struct tls_opened opened;
	struct buf text = BUF_INITIALIZER;
	enum tls_result result = TLS_MORE;
	size_t at = 0, had = 0, count = 0;
	char *copy;

	tls_record_init(&r, TLS_SUITE_AES_128_GCM_SHA256, secrets[0],
	    secrets[1]);
	do {
		if (result == TLS_MORE)
			had += packet;
		if (had > s->wire.len - at)
			had = s->wire.len - at;
		/* In memory of just that size. */
		copy = xmalloc(had + (had == 0));
		if (had > 0)
			memcpy(copy, s->wire.data + at, had);
		result = tls_open(&r, copy, had, &opened);
		if (result == TLS_DATA)
			buf_add(&text, opened.data, opened.len);
		free(copy);
		if (result != TLS_MORE && count < s->count)
			require(result == s->results[count++]);
		else
			require(result == TLS_MORE ||
			    (s->has_rest && result == TLS_BAD));
		require(tls_record_is_valid(&r) || result == TLS_BAD);
		at += opened.consumed;
		had -= opened.consumed;
	} while (result == TLS_DATA || result == TLS_UPDATE ||
	    (result == TLS_MORE && at + had < s->wire.len));
	require(count == s->count);
	require(text.len == s->text.len);
	require(text.len == 0 ||
	    memcmp(text.data, s->text.data, text.len) == 0);
	buf_fini(&text);
	tls_record_wipe(&r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stream s;

	if (size < 1)
		return 0;
	memset(&s, 0, sizeof(s));
	stream_make(&s, data + 1, size - 1);
	stream_read(&s, 1 + (size_t)data[0]);
	stream_read(&s, s.wire.len + 1);
	if (s.wire.len < 2000)
		stream_read(&s, 1);
	buf_fini(&s.wire);
	buf_fini(&s.text);
	return 0;
}

#endif

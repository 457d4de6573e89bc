/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * TLS 1.3 (RFC 8446) once the handshake is over: what is left of it then is a
 * secret, a key, an IV and a counter for each direction. Section numbers below
 * are that document's.
 *
 *   record:  23  3 3  length | AEAD( content, its type, zeros ) tag(16)
 *            '--- 5 bytes ---'  additional data is the header
 *
 * The handshake is libssl's, and so are AEADs and hashes (libcrypto). Why not
 * the rest: an SSL takes 13 KB for each connection, cannot be carried to the
 * next program, and SSL_write() takes three times as long as tls_seal().
 *
 * A cipher's context takes a kilobyte, so all connections share one for each
 * suite and direction, which is given the key anew for each record. That costs
 * a third of a microsecond. Decided against: a thousand contexts with the keys
 * of those who were written to last. It was measured, and saves nothing: as much
 * goes into fetching a context that is not in the processor's cache. HMAC() for
 * the keys would look for its algorithms anew each time, which takes as long as
 * the hashing.
 *
 * Records of ours have no padding: lines are short, and their times tell more.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/util.h"
#include "net/tls-record.h"

#define TLS_TAG_SIZE 16 /* of all three suites: appendix B.4, RFC 5116 */

/* Section 5.5 allows 2^24.5 records under one key of AES-GCM. */
#define TLS_UPDATE_AFTER (UINT64_C(1) << 22)

enum tls_content { /* section 5.1 */
	TLS_CONTENT_ALERT = 21,
	TLS_CONTENT_HANDSHAKE = 22,
	TLS_CONTENT_DATA = 23
};

/* Section 4.6.3: the only message after the handshake that we know. */
#define TLS_KEY_UPDATE 24

struct tls_cipher {
	enum tls_suite suite;
	const EVP_CIPHER *(*cipher)(void);
	const char *hash;
	uint8_t hash_len, key_len;
	EVP_CIPHER_CTX *seal, *open; /* NULL until used */
	EVP_MAC_CTX *hmac; /* the same */
};

static struct tls_cipher tls_ciphers[] = {
	{ .suite = TLS_SUITE_AES_128_GCM_SHA256,
	    .cipher = EVP_aes_128_gcm,
	    .hash = "SHA256",
	    .hash_len = 32,
	    .key_len = 16 },
	{ .suite = TLS_SUITE_AES_256_GCM_SHA384,
	    .cipher = EVP_aes_256_gcm,
	    .hash = "SHA384",
	    .hash_len = 48,
	    .key_len = 32 },
	{ .suite = TLS_SUITE_CHACHA20_POLY1305_SHA256,
	    .cipher = EVP_chacha20_poly1305,
	    .hash = "SHA256",
	    .hash_len = 32,
	    .key_len = 32 },
};

static struct tls_cipher *
tls_find_cipher(unsigned suite)
{
	size_t i;

	for (i = 0; i < NITEMS(tls_ciphers); i++)
		if (tls_ciphers[i].suite == suite)
			return &tls_ciphers[i];
	return NULL;
}

size_t
tls_secret_len(unsigned suite)
{
	const struct tls_cipher *cipher = tls_find_cipher(suite);

	return cipher == NULL ? 0 : cipher->hash_len;
}

/* Libcrypto failing at this is a bug, or it has no memory. To go on would be to
 * send what is not sealed, so not even NDEBUG takes this away. */
static void
tls_must(bool is_done)
{
	if (!is_done)
		abort();
}

static EVP_CIPHER_CTX *
tls_context(EVP_CIPHER_CTX **ctx, const EVP_CIPHER *cipher, bool is_sealing)
{
	if (*ctx == NULL) {
		*ctx = EVP_CIPHER_CTX_new();
		tls_must(*ctx != NULL &&
		    EVP_CipherInit_ex(*ctx, cipher, NULL, NULL, NULL,
			is_sealing) == 1);
	}
	return *ctx;
}

/* HMAC (RFC 2104) with the suite's hash. */
static void
tls_hmac(struct tls_cipher *cipher, const uint8_t *secret, const uint8_t *data,
    size_t len, uint8_t *out)
{
	char *hash = (char *)(uintptr_t)cipher->hash; /* it is only read */
	OSSL_PARAM params[] = { OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST,
				    hash, 0),
		OSSL_PARAM_END };
	EVP_MAC *mac;
	size_t n;

	if (cipher->hmac == NULL) {
		mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
		cipher->hmac = EVP_MAC_CTX_new(mac);
		EVP_MAC_free(mac);
		tls_must(cipher->hmac != NULL &&
		    EVP_MAC_CTX_set_params(cipher->hmac, params) == 1);
	}
	tls_must(EVP_MAC_init(cipher->hmac, secret, cipher->hash_len, NULL) ==
		1 &&
	    EVP_MAC_update(cipher->hmac, data, len) == 1 &&
	    EVP_MAC_final(cipher->hmac, out, &n, cipher->hash_len) == 1 &&
	    n == cipher->hash_len);
}

void
tls_record_free_shared(void)
{
	size_t i;

	for (i = 0; i < NITEMS(tls_ciphers); i++) {
		EVP_CIPHER_CTX_free(tls_ciphers[i].seal);
		EVP_CIPHER_CTX_free(tls_ciphers[i].open);
		EVP_MAC_CTX_free(tls_ciphers[i].hmac);
		tls_ciphers[i].seal = tls_ciphers[i].open = NULL;
		tls_ciphers[i].hmac = NULL;
	}
}

/*
 * HKDF-Expand-Label (section 7.1) without context. len is at most the hash's,
 * so that HKDF-Expand (RFC 5869 section 2.3) is its first step.
 */
static void
tls_expand(struct tls_cipher *cipher, const uint8_t *secret, const char *label,
    uint8_t *out, uint8_t len)
{
	uint8_t info[32], block[TLS_SECRET_MAX];
	size_t n = 0, label_len = strlen(label);

	assert(label_len <= 12 && len <= cipher->hash_len);
	info[n++] = 0;
	info[n++] = len;
	info[n++] = (uint8_t)(6 + label_len);
	memcpy(info + n, "tls13 ", 6);
	memcpy(info + n + 6, label, label_len);
	n += 6 + label_len;
	info[n++] = 0; /* the context's length */
	info[n++] = 1; /* HKDF-Expand's counter */
	tls_hmac(cipher, secret, info, n, block);
	memcpy(out, block, len);
	OPENSSL_cleanse(block, sizeof(block));
}

/* Section 7.3: the key and IV of a secret. Section 5.3: a new key begins with
 * 0. */
static void
tls_set_secret(struct tls_cipher *cipher, struct tls_keys *k,
    const uint8_t *secret)
{
	memmove(k->secret, secret, cipher->hash_len);
	tls_expand(cipher, k->secret, "key", k->key, cipher->key_len);
	tls_expand(cipher, k->secret, "iv", k->iv, sizeof(k->iv));
	k->sequence = 0;
}

/* Section 7.2: the secret after a KeyUpdate. */
static void
tls_next_secret(struct tls_cipher *cipher, struct tls_keys *k)
{
	uint8_t next[TLS_SECRET_MAX];

	tls_expand(cipher, k->secret, "traffic upd", next, cipher->hash_len);
	tls_set_secret(cipher, k, next);
	OPENSSL_cleanse(next, sizeof(next));
}

void
tls_record_init(struct tls_record *r, enum tls_suite suite,
    const uint8_t *in_secret, const uint8_t *out_secret)
{
	struct tls_cipher *cipher = tls_find_cipher(suite);

	assert(cipher != NULL);
	memset(r, 0, sizeof(*r));
	r->suite = (uint16_t)suite;
	tls_set_secret(cipher, &r->in, in_secret);
	tls_set_secret(cipher, &r->out, out_secret);
}

bool
tls_record_is_valid(const struct tls_record *r)
{
	return tls_find_cipher(r->suite) != NULL &&
	    r->message_len < sizeof(r->message) &&
	    r->in.sequence < UINT64_MAX / 2 &&
	    r->out.sequence < UINT64_MAX / 2 && r->idle_count <= TLS_IDLE_MAX;
}

void
tls_record_wipe(struct tls_record *r)
{
	OPENSSL_cleanse(r, sizeof(*r));
}

void
tls_record_forgive(struct tls_record *r)
{
	r->idle_count = 0;
}

/* Section 5.3: the counter, as 64 bits in network order, over the IV's end. */
static void
tls_take_nonce(struct tls_keys *k, uint8_t nonce[TLS_IV_SIZE])
{
	int i;

	/* "Sequence numbers MUST NOT wrap": keys change long before. */
	assert(k->sequence < UINT64_MAX);
	memcpy(nonce, k->iv, TLS_IV_SIZE);
	for (i = 0; i < 8; i++)
		nonce[TLS_IV_SIZE - 1 - i] ^= (uint8_t)(k->sequence >> 8 * i);
	k->sequence++;
}

/* Section 5.2. */
static void
tls_seal_record(struct tls_record *r, struct buf *out, enum tls_content type,
    const void *data, size_t len)
{
	struct tls_cipher *cipher = tls_find_cipher(r->suite);
	EVP_CIPHER_CTX *ctx = tls_context(&cipher->seal, cipher->cipher(),
	    true);
	size_t inner = len + 1, sealed = inner + TLS_TAG_SIZE;
	uint8_t nonce[TLS_IV_SIZE], *header, *body;
	int n;

	assert(len <= TLS_PLAIN_MAX);
	header = (uint8_t *)buf_reserve(out, TLS_RECORD_HEADER + sealed);
	body = header + TLS_RECORD_HEADER;
	out->len += TLS_RECORD_HEADER + sealed;
	header[0] = TLS_CONTENT_DATA;
	header[1] = header[2] = 3;
	header[3] = (uint8_t)(sealed >> 8);
	header[4] = (uint8_t)sealed;
	if (len > 0)
		memcpy(body, data, len);
	body[len] = (uint8_t)type;
	tls_take_nonce(&r->out, nonce);
	tls_must(EVP_EncryptInit_ex(ctx, NULL, NULL, r->out.key, nonce) == 1 &&
	    EVP_EncryptUpdate(ctx, NULL, &n, header, TLS_RECORD_HEADER) == 1 &&
	    EVP_EncryptUpdate(ctx, body, &n, body, (int)inner) == 1 &&
	    EVP_EncryptFinal_ex(ctx, body + inner, &n) == 1 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TLS_TAG_SIZE,
		body + inner) == 1);
}

static void
tls_seal_update(struct tls_record *r, struct buf *out, bool is_requested)
{
	const uint8_t message[] = { TLS_KEY_UPDATE, 0, 0, 1, is_requested };

	tls_seal_record(r, out, TLS_CONTENT_HANDSHAKE, message,
	    sizeof(message));
	tls_next_secret(tls_find_cipher(r->suite), &r->out);
	r->owes_update = false;
}

void
tls_seal_key_update(struct tls_record *r, struct buf *out)
{
	tls_seal_update(r, out, true);
}

void
tls_seal(struct tls_record *r, struct buf *out, const char *data, size_t len)
{
	/* Section 4.6.3: an update that was asked for comes before data. */
	if (r->owes_update || r->out.sequence >= TLS_UPDATE_AFTER)
		tls_seal_update(r, out, false);
	tls_seal_record(r, out, TLS_CONTENT_DATA, data, len);
}

void
tls_seal_alert(struct tls_record *r, struct buf *out, enum tls_alert alert)
{
	/* Section 6: the level, here "fatal", tells nothing that the alert does
	 * not; both that end in order are a "warning" (6.1). */
	const uint8_t message[] = {
		alert == TLS_ALERT_CLOSE_NOTIFY ||
			alert == TLS_ALERT_USER_CANCELED ?
		    1 :
		    2,
		(uint8_t)alert,
	};

	tls_seal_record(r, out, TLS_CONTENT_ALERT, message, sizeof(message));
}

static enum tls_result
tls_bad(struct tls_opened *opened, enum tls_alert alert)
{
	opened->consumed = 0;
	opened->alert = alert;
	return TLS_BAD;
}

/* Decrypts body, of len bytes with its tag. False: somebody has changed it. */
static bool
tls_decrypt(struct tls_record *r, uint8_t *header, size_t len)
{
	struct tls_cipher *cipher = tls_find_cipher(r->suite);
	EVP_CIPHER_CTX *ctx = tls_context(&cipher->open, cipher->cipher(),
	    false);
	uint8_t nonce[TLS_IV_SIZE], *body = header + TLS_RECORD_HEADER;
	int n;

	tls_take_nonce(&r->in, nonce);
	tls_must(EVP_DecryptInit_ex(ctx, NULL, NULL, r->in.key, nonce) == 1);
	return EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TLS_TAG_SIZE,
		   body + len - TLS_TAG_SIZE) == 1 &&
	    EVP_DecryptUpdate(ctx, NULL, &n, header, TLS_RECORD_HEADER) == 1 &&
	    EVP_DecryptUpdate(ctx, body, &n, body, (int)(len - TLS_TAG_SIZE)) ==
	    1 &&
	    EVP_DecryptFinal_ex(ctx, body + len - TLS_TAG_SIZE, &n) == 1;
}

/* Section 6: an alert is the whole content of its record (5.1). */
static enum tls_result
tls_take_alert(struct tls_opened *opened, const uint8_t *content, size_t len)
{
	if (len != 2)
		return tls_bad(opened, TLS_ALERT_DECODE_ERROR);
	opened->alert = content[1];
	if (content[1] == TLS_ALERT_CLOSE_NOTIFY)
		return TLS_CLOSED;
	/* Section 6.1: a close_notify follows. */
	return content[1] == TLS_ALERT_USER_CANCELED ? TLS_UPDATE : TLS_ENDED;
}

/* Section 4.6.3. A message may come in several records (5.1), but one that
 * changes the key ends its record. */
static enum tls_result
tls_take_handshake(struct tls_record *r, struct tls_opened *opened,
    const uint8_t *content, size_t len)
{
	static const uint8_t begin[] = { TLS_KEY_UPDATE, 0, 0, 1 };
	size_t i;

	for (i = 0; i < len; i++) {
		if (r->message_len == sizeof(r->message))
			return tls_bad(opened, TLS_ALERT_UNEXPECTED_MESSAGE);
		if (r->message_len < sizeof(begin) &&
		    content[i] != begin[r->message_len])
			return tls_bad(opened,
			    r->message_len == 0 ? TLS_ALERT_UNEXPECTED_MESSAGE :
						  TLS_ALERT_DECODE_ERROR);
		r->message[r->message_len++] = content[i];
	}
	if (r->message_len < sizeof(r->message))
		return TLS_UPDATE;
	if (r->message[4] > 1)
		return tls_bad(opened, TLS_ALERT_ILLEGAL_PARAMETER);
	/* However often they ask, one of ours is the answer to all. */
	if (r->message[4] == 1)
		r->owes_update = true;
	r->message_len = 0;
	tls_next_secret(tls_find_cipher(r->suite), &r->in);
	return TLS_UPDATE;
}

static enum tls_result
tls_take_content(struct tls_record *r, struct tls_opened *opened,
    enum tls_content type, uint8_t *content, size_t len)
{
	/* Section 5.1: nothing comes between the parts of a message. */
	if (r->message_len > 0 && type != TLS_CONTENT_HANDSHAKE)
		return tls_bad(opened, TLS_ALERT_UNEXPECTED_MESSAGE);
	if (type == TLS_CONTENT_DATA && len > 0)
		r->idle_count = 0;
	else if (++r->idle_count > TLS_IDLE_MAX)
		return tls_bad(opened, TLS_ALERT_UNEXPECTED_MESSAGE);
	if (type == TLS_CONTENT_DATA) {
		opened->data = (char *)content;
		opened->len = len;
		return TLS_DATA;
	}
	/* Section 5.4: others are not empty. */
	if (len > 0 && type == TLS_CONTENT_ALERT)
		return tls_take_alert(opened, content, len);
	if (len > 0 && type == TLS_CONTENT_HANDSHAKE)
		return tls_take_handshake(r, opened, content, len);
	return tls_bad(opened, TLS_ALERT_UNEXPECTED_MESSAGE);
}

enum tls_result
tls_open(struct tls_record *r, char *in, size_t len, struct tls_opened *opened)
{
	uint8_t *header = (uint8_t *)in, *content = header + TLS_RECORD_HEADER;
	size_t sealed;

	memset(opened, 0, sizeof(*opened));
	/* Section 5: nothing else comes after the handshake, not even
	 * change_cipher_spec. 5.2: the version says nothing. */
	if (len > 0 && header[0] != TLS_CONTENT_DATA)
		return tls_bad(opened, TLS_ALERT_UNEXPECTED_MESSAGE);
	if (len < TLS_RECORD_HEADER)
		return TLS_MORE;
	sealed = (size_t)header[3] << 8 | header[4];
	if (sealed > TLS_SEALED_MAX - TLS_RECORD_HEADER)
		return tls_bad(opened, TLS_ALERT_RECORD_OVERFLOW);
	if (len - TLS_RECORD_HEADER < sealed)
		return TLS_MORE;
	/* Section 5.2: also of one too short for a tag. */
	if (sealed < TLS_TAG_SIZE || !tls_decrypt(r, header, sealed))
		return tls_bad(opened, TLS_ALERT_BAD_RECORD_MAC);
	opened->consumed = TLS_RECORD_HEADER + sealed;
	/* Section 5.4: the content, with its type, and padding. */
	sealed -= TLS_TAG_SIZE;
	if (sealed > TLS_PLAIN_MAX + 1)
		return tls_bad(opened, TLS_ALERT_RECORD_OVERFLOW);
	while (sealed > 0 && content[sealed - 1] == 0)
		sealed--;
	if (sealed == 0)
		return tls_bad(opened, TLS_ALERT_UNEXPECTED_MESSAGE);
	return tls_take_content(r, opened, content[sealed - 1], content,
	    sealed - 1);
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * SCRAM's messages and what is computed of them. As the password's owner gives
 * it, it is normalized (NFKC), which for what people type is what RFC 4013 asks.
 *
 * The verifier is looked for anew for the last message, so that an upgrade or a
 * new password in between is no special case.
 *
 * Decided against: channel binding. Its data would have to outlive the handshake
 * in each connection, and an upgrade.
 */
#include "config.h"

#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/base64.h"
#include "base/fields.h"
#include "net/scram.h"

#define SCRAM_NONCE_BYTES 18

/* Verifiers */

static void
scram_hash(unsigned char out[SCRAM_KEY], const unsigned char in[SCRAM_KEY])
{
	SHA2_CTX sha;

	SHA256Init(&sha);
	SHA256Update(&sha, in, SCRAM_KEY);
	SHA256Final(out, &sha);
}

bool
scram_verifier_make(struct scram_verifier *v, const char *password)
{
	unsigned char salted[SCRAM_KEY], client_key[SCRAM_KEY];
	const uint8_t *text = (const uint8_t *)password;
	uint8_t *normal;
	size_t len = strlen(password);
	bool is_made;

	if (u8_check(text, len) != NULL)
		return false;
	normal = u8_normalize(UNINORM_NFKC, text, len, NULL, &len);
	if (normal == NULL)
		return false;
	is_made = scram_stretch(salted, (const char *)normal, len, v);
	explicit_bzero(normal, len);
	free(normal);
	if (!is_made)
		return false;
	scram_hmac(client_key, salted, sizeof(salted), "Client Key", 10);
	scram_hash(v->stored_key, client_key);
	scram_hmac(v->server_key, salted, sizeof(salted), "Server Key", 10);
	explicit_bzero(salted, sizeof(salted));
	explicit_bzero(client_key, sizeof(client_key));
	return true;
}

void
scram_verifier_fake(struct scram_verifier *v, const unsigned char *key,
    size_t key_len, const char *name)
{
	unsigned char salt[SCRAM_KEY];
	char folded[NICK_SIZE];
	struct buf text = BUF_INITIALIZER;

	memset(v, 0, sizeof(*v));
	nick_fold(folded, name);
	buf_addf(&text, SCRAM_NAME " %s", folded);
	scram_hmac(salt, key, key_len, text.data, text.len);
	buf_fini(&text);
	v->iterations = SCRAM_ITERATIONS;
	memcpy(v->salt, salt, sizeof(v->salt));
}

void
scram_verifier_format(const struct scram_verifier *v,
    char out[SCRAM_TEXT_MAX + 1])
{
	char salt[BASE64_ENCODED_SIZE(SCRAM_SALT)],
	    stored[BASE64_ENCODED_SIZE(SCRAM_KEY)],
	    server[BASE64_ENCODED_SIZE(SCRAM_KEY)];

	base64_encode(salt, v->salt, sizeof(v->salt));
	base64_encode(stored, v->stored_key, sizeof(v->stored_key));
	base64_encode(server, v->server_key, sizeof(v->server_key));
	(void)snprintf(out, SCRAM_TEXT_MAX + 1, SCRAM_NAME "$%lu:%s$%s:%s",
	    (unsigned long)v->iterations, salt, stored, server);
}

/* Decodes exactly len bytes; *text goes on behind them and end, which may be
 * '\0'. */
static bool
scram_take_base64(const char **text, char end, unsigned char *out, size_t len)
{
	size_t digits = BASE64_ENCODED_SIZE(len) - 1;
	unsigned char bytes[(SCRAM_KEY + 2) / 3 * 3];

	if (strnlen(*text, digits + 1) < digits || (*text)[digits] != end ||
	    base64_decode(bytes, *text, digits) != (ssize_t)len)
		return false;
	memcpy(out, bytes, len);
	*text += digits + (end != '\0');
	return true;
}

bool
scram_verifier_parse(struct scram_verifier *v, const char *text)
{
	static const char prefix[] = SCRAM_NAME "$";
	char number[16];
	uint64_t iterations;
	size_t len;

	if (strncmp(text, prefix, sizeof(prefix) - 1) != 0)
		return false;
	text += sizeof(prefix) - 1;
	len = strcspn(text, ":");
	if (text[len] == '\0' || len >= sizeof(number))
		return false;
	memcpy(number, text, len);
	number[len] = '\0';
	text += len + 1;
	if (parse_number(number, SCRAM_ITERATIONS_MAX, &iterations) == -1 ||
	    iterations == 0)
		return false;
	v->iterations = (uint32_t)iterations;
	return scram_take_base64(&text, '$', v->salt, sizeof(v->salt)) &&
	    scram_take_base64(&text, ':', v->stored_key,
		sizeof(v->stored_key)) &&
	    scram_take_base64(&text, '\0', v->server_key,
		sizeof(v->server_key));
}

bool
scram_verifier_is_text(const char *text)
{
	struct scram_verifier v;

	return scram_verifier_parse(&v, text);
}

/* Messages */

void
scram_fini(struct scram *x)
{
	free(x->binding);
	free(x->nonce);
	buf_fini(&x->signed_text);
	memset(x, 0, sizeof(*x));
}

static bool
scram_is_nonce(const char *nonce)
{
	const char *p;

	for (p = nonce; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f || *p == ',')
			return false;
	return p > nonce;
}

/*
 * A name as a client sends it, with =2C for a comma and =3D for an equals sign.
 * False: it is malformed. One that is too long is nobody's, and becomes "".
 */
static bool
scram_read_name(char out[NICK_SIZE], const char *text)
{
	size_t len = 0;
	char c;

	for (; *text != '\0'; text++) {
		c = *text;
		if (c == '=') {
			if (strncmp(text, "=2C", 3) == 0)
				c = ',';
			else if (strncmp(text, "=3D", 3) != 0)
				return false;
			text += 2;
		}
		if (len < NICK_SIZE)
			out[len++] = c;
	}
	if (len == 0)
		return false;
	out[len == NICK_SIZE ? 0 : len] = '\0';
	return true;
}

/* "n,a=NAME,": in *bare is what comes behind it. */
static const char *
scram_read_header(char **bare, char authzid[NICK_SIZE])
{
	char *flag = strsep(bare, ","),
	     *name = *bare == NULL ? NULL : strsep(bare, ",");

	authzid[0] = '\0';
	if (strncmp(flag, "p=", 2) == 0)
		return "there is no channel binding";
	if (*bare == NULL || (strcmp(flag, "n") != 0 && strcmp(flag, "y") != 0))
		return "that is not " SCRAM_NAME;
	if (*name != '\0' &&
	    (strncmp(name, "a=", 2) != 0 ||
		!scram_read_name(authzid, name + 2)))
		return "that is not " SCRAM_NAME;
	return NULL;
}

/* "n=NAME,r=NONCE", and perhaps more that is of no interest. */
static const char *
scram_read_bare(struct scram *x, char *bare)
{
	const char *name = strsep(&bare, ","), *nonce = strsep(&bare, ",");

	if (strncmp(name, "n=", 2) != 0 || nonce == NULL ||
	    strncmp(nonce, "r=", 2) != 0 || !scram_is_nonce(nonce + 2) ||
	    strlen(nonce + 2) > SCRAM_NONCE_MAX ||
	    !scram_read_name(x->name, name + 2))
		return "that is not " SCRAM_NAME;
	x->nonce = xstrdup(nonce + 2);
	return NULL;
}

const char *
scram_begin(struct scram *x, const char *text, size_t len)
{
	char *copy, *bare, authzid[NICK_SIZE];
	const char *why;

	scram_fini(x);
	if (len > SCRAM_MESSAGE_MAX || memchr(text, '\0', len) != NULL)
		return "that is not " SCRAM_NAME;
	bare = copy = xstrndup(text, len);
	why = scram_read_header(&bare, authzid);
	if (why == NULL) {
		x->binding = xstrndup(text, (size_t)(bare - copy));
		buf_add(&x->signed_text, text + (bare - copy),
		    len - (size_t)(bare - copy));
		why = scram_read_bare(x, bare);
	}
	free(copy);
	if (why == NULL && authzid[0] != '\0' &&
	    strcasecmp(authzid, x->name) != 0)
		why = "you can only be yourself";
	if (why != NULL)
		scram_fini(x);
	return why;
}

void
scram_challenge(struct scram *x, const struct scram_verifier *v,
    const char *nonce, struct buf *out)
{
	unsigned char random[SCRAM_NONCE_BYTES];
	char own[BASE64_ENCODED_SIZE(SCRAM_NONCE_BYTES)],
	    salt[BASE64_ENCODED_SIZE(SCRAM_SALT)];
	size_t start = out->len;
	char *both;

	if (nonce == NULL) {
		arc4random_buf(random, sizeof(random));
		base64_encode(own, random, sizeof(random));
		nonce = own;
	}
	both = xasprintf("%s%s", x->nonce, nonce);
	free(x->nonce);
	x->nonce = both;
	base64_encode(salt, v->salt, sizeof(v->salt));
	buf_addf(out, "r=%s,s=%s,i=%lu", both, salt,
	    (unsigned long)v->iterations);
	buf_addch(&x->signed_text, ',');
	buf_add(&x->signed_text, out->data + start, out->len - start);
	buf_addch(&x->signed_text, ',');
}

/* What a client-final-message has in front of the proof: the header from the
 * beginning, and the nonce of both sides. */
static bool
scram_is_final(const struct scram *x, const char *text, size_t len)
{
	char *header;
	size_t header_len = strlen(x->binding);
	struct buf wanted = BUF_INITIALIZER;
	bool is_good;

	header = xcalloc(1, BASE64_ENCODED_SIZE(header_len));
	base64_encode(header, (const unsigned char *)x->binding, header_len);
	buf_addf(&wanted, "c=%s,r=%s", header, x->nonce);
	is_good = len >= wanted.len &&
	    memcmp(text, wanted.data, wanted.len) == 0 &&
	    (len == wanted.len || text[wanted.len] == ',');
	buf_fini(&wanted);
	free(header);
	return is_good;
}

/* The proof at the end; in *len, how much is in front of it. */
static bool
scram_take_proof(const char *text, size_t *len, unsigned char proof[SCRAM_KEY])
{
	const char *p = memrchr(text, ',', *len);
	char digits[BASE64_ENCODED_SIZE(SCRAM_KEY)];
	const char *from = digits;
	size_t rest;

	if (p == NULL)
		return false;
	rest = *len - (size_t)(p - text);
	if (rest != 3 + sizeof(digits) - 1 || memcmp(p, ",p=", 3) != 0)
		return false;
	memcpy(digits, p + 3, sizeof(digits) - 1);
	digits[sizeof(digits) - 1] = '\0';
	*len -= rest;
	return scram_take_base64(&from, '\0', proof, SCRAM_KEY);
}

bool
scram_finish(struct scram *x, const struct scram_verifier *v, const char *text,
    size_t len, struct buf *out)
{
	unsigned char proof[SCRAM_KEY], key[SCRAM_KEY], hash[SCRAM_KEY];
	char encoded[BASE64_ENCODED_SIZE(SCRAM_KEY)];
	unsigned char differs = 0;
	size_t i;

	if (x->binding == NULL || x->nonce == NULL ||
	    !scram_take_proof(text, &len, proof) ||
	    !scram_is_final(x, text, len))
		return false;
	buf_add(&x->signed_text, text, len);
	/* ClientProof is ClientKey XOR ClientSignature. */
	scram_hmac(key, v->stored_key, sizeof(v->stored_key),
	    x->signed_text.data, x->signed_text.len);
	for (i = 0; i < sizeof(key); i++)
		key[i] ^= proof[i];
	scram_hash(hash, key);
	for (i = 0; i < sizeof(hash); i++)
		differs |= hash[i] ^ v->stored_key[i];
	explicit_bzero(key, sizeof(key));
	if (differs != 0)
		return false;
	scram_hmac(hash, v->server_key, sizeof(v->server_key),
	    x->signed_text.data, x->signed_text.len);
	base64_encode(encoded, hash, sizeof(hash));
	buf_addf(out, "v=%s", encoded);
	return true;
}

/* To the next program */

static const struct field scram_list[] = {
	{ FIELD_STRING(1, struct scram, name) },
	{ FIELD_TEXT(2, struct scram, binding, SCRAM_MESSAGE_MAX) },
	{ FIELD_TEXT(3, struct scram, nonce, 2 * SCRAM_NONCE_MAX),
	    .check = scram_is_nonce },
	{ FIELD_BUF(4, struct scram, signed_text) },
};
const struct fields scram_fields = { FIELDS("a login by SCRAM", struct scram,
    scram_list) };

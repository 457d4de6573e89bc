/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SCRAM_H
#define SCRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/nick.h"
#include "base/util.h"

/*
 * SCRAM-SHA-256 (RFC 5802, RFC 7677), the server's part: the client shows that
 * it knows the password, and learns that the server knows a verifier of it,
 * without the password being sent.
 */
#define SCRAM_NAME "SCRAM-SHA-256"
#define SCRAM_SALT 16 /* bytes */
#define SCRAM_KEY 32
/* RFC 7677 has 4096 as the least. A client, which may be a web page or a phone,
 * computes these at each login. */
#define SCRAM_ITERATIONS 16384
#define SCRAM_ITERATIONS_MAX 10000000
#define SCRAM_TEXT_MAX 159 /* bytes of a verifier as text */
#define SCRAM_NONCE_MAX 128 /* characters, of either side */
#define SCRAM_MESSAGE_MAX 800 /* bytes that a client may send at once */

/* What is kept of a password: enough to check a login, and to attack the
 * password by trying many. */
struct scram_verifier {
	uint32_t iterations;
	unsigned char salt[SCRAM_SALT];
	unsigned char stored_key[SCRAM_KEY];
	unsigned char server_key[SCRAM_KEY];
};

/* Was brbd built with libcrypto? Else nothing of it works. */
bool scram_is_available(void);

/*
 * Makes the verifier of a password; v->salt and v->iterations are given. It
 * takes some milliseconds: verify.h does it elsewhere. False: it cannot.
 */
bool scram_verifier_make(struct scram_verifier *v,
    const char *password) MUST_CHECK;
/* Makes one for a name that has none: with a salt that is always the same for
 * the name, in any case, and that nobody can tell from a real one without the
 * key. */
void scram_verifier_fake(struct scram_verifier *v, const unsigned char *key,
    size_t key_len, const char *name);
/* As text, "SCRAM-SHA-256$16384:SALT$STOREDKEY:SERVERKEY", in base64. */
void scram_verifier_format(const struct scram_verifier *v,
    char out[SCRAM_TEXT_MAX + 1]);
bool scram_verifier_parse(struct scram_verifier *v,
    const char *text) MUST_CHECK;
bool scram_verifier_is_text(const char *text);

/* A login under way. Zeroed, it has not begun. */
struct scram {
	char name[NICK_SIZE]; /* the account that is meant */
	char *binding; /* the GS2 header */
	char *nonce; /* of both sides */
	struct buf signed_text; /* AuthMessage, as far as it is known */
};
void scram_fini(struct scram *x);
extern const struct fields scram_fields;

/*
 * Takes client-first-message. NULL, and x->name is known; or what is wrong, a
 * phrase. Channel binding is not offered, and who asks for it is refused.
 */
const char *scram_begin(struct scram *x, const char *text,
    size_t len) MUST_CHECK;
/* Adds server-first-message. nonce, SCRAM_NONCE_MAX characters at most, is the
 * server's part; NULL: a random one. */
void scram_challenge(struct scram *x, const struct scram_verifier *v,
    const char *nonce, struct buf *out);
/* Takes client-final-message. True: it proves the password of v, and
 * server-final-message is added to out. */
bool scram_finish(struct scram *x, const struct scram_verifier *v,
    const char *text, size_t len, struct buf *out) MUST_CHECK;

/* For scram.c: by libcrypto. The former is HMAC-SHA-256; the latter Hi() of RFC
 * 5802, section 2.2. */
void scram_hmac(unsigned char out[SCRAM_KEY], const unsigned char *key,
    size_t key_len, const void *data, size_t len);
bool scram_stretch(unsigned char out[SCRAM_KEY], const char *password,
    size_t len, const struct scram_verifier *v) MUST_CHECK;

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * There are few enough IPv4 addresses to try them all, so the hash has a key,
 * and has to be one from which the key cannot be found: SHA-256 of the key and
 * the credential, both of a fixed size, cut to 40 bits. Nothing can be appended
 * to what is hashed, so HMAC would add nothing; and from so few bits the state
 * of the hash cannot be had again. It is libmd's, on which libbsd stands
 * anyway.
 *
 * Decided against: libxxhash, which we have, but which is made to be fast, not
 * to keep a key. 40 bits are short enough for a line of IRC; that the host of a
 * stranger is that of somebody who is banned has a chance of one in 2^40.
 */
#include "config.h"

#include <sys/types.h>

#include <sha2.h>
#include <stdio.h>
#include <string.h>

#include <bsd/stdlib.h>

#include "base/cloak.h"

#define CLOAK_BYTES 5

void
cloak_key_init(struct cloak_key *key)
{
	arc4random_buf(key->bytes, sizeof(key->bytes));
}

static const char *
cloak_suffix(const struct credential *c)
{
	switch ((enum credential_kind)c->kind) {
	case CREDENTIAL_IPV4:
		return "ip";
	case CREDENTIAL_IPV6:
		return "ip6";
	case CREDENTIAL_UID:
		break;
	}
	return "user";
}

void
cloak_str(const struct cloak_key *key, const struct credential *c,
    char out[CLOAK_SIZE])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX sha;
	size_t i;

	SHA256Init(&sha);
	SHA256Update(&sha, key->bytes, sizeof(key->bytes));
	SHA256Update(&sha, &c->kind, sizeof(c->kind));
	SHA256Update(&sha, c->bytes, sizeof(c->bytes));
	SHA256Final(digest, &sha);
	for (i = 0; i < CLOAK_BYTES; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
	(void)snprintf(out + 2 * i, CLOAK_SIZE - 2 * i, ".%s", cloak_suffix(c));
}

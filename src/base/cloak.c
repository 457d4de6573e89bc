/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The hash has a key, as all IPv4 addresses could be tried in no time, and must
 * not give the key away: it is SHA-256 of key and credential, both of a fixed
 * size, cut to 40 bits. Nothing can be appended to input of a fixed size, so
 * HMAC would add nothing. 40 bits fit into a line of IRC; two strangers share a
 * name with a chance of one in 2^40.
 *
 * Decided against: libxxhash, which is made to be fast and not to protect a
 * key.
 */
#include "config.h"

#include <sha2.h>
#include <stdio.h>

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
	case CREDENTIAL_SSH:
	case CREDENTIAL_ACCOUNT: /* never: the host is of where they are */
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

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What SCRAM takes from libcrypto; scram-none.c is without.
 */
#include "config.h"

#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "net/scram.h"

bool
scram_is_available(void)
{
	return true;
}

void
scram_hmac(unsigned char out[SCRAM_KEY], const unsigned char *key,
    size_t key_len, const void *data, size_t len)
{
	unsigned int out_len = 0;

	/* It fails only without memory. */
	if (HMAC(EVP_sha256(), key, (int)key_len, data, len, out, &out_len) ==
		NULL ||
	    out_len != SCRAM_KEY)
		abort();
}

bool
scram_stretch(unsigned char out[SCRAM_KEY], const char *password, size_t len,
    const struct scram_verifier *v)
{
	return PKCS5_PBKDF2_HMAC(password, (int)len, v->salt, SCRAM_SALT,
		   (int)v->iterations, EVP_sha256(), SCRAM_KEY, out) == 1;
}

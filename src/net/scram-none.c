/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Without libcrypto there is no SCRAM: the setting says so, and nobody gets
 * here.
 */
#include "config.h"

#include <string.h>

#include "net/scram.h"

bool
scram_is_available(void)
{
	return false;
}

void
scram_hmac(unsigned char out[SCRAM_KEY], const unsigned char *key,
    size_t key_len, const void *data, size_t len)
{
	(void)key;
	(void)key_len;
	(void)data;
	(void)len;
	memset(out, 0, SCRAM_KEY);
}

bool
scram_stretch(unsigned char out[SCRAM_KEY], const char *password, size_t len,
    const struct scram_verifier *v)
{
	(void)out;
	(void)password;
	(void)len;
	(void)v;
	return false;
}

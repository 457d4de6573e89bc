/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#include "config.h"

#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/util.h"
#include "net/scram.h"
#include "scram-client.h"

char *
scram_client_first(const char *name, const char *nonce)
{
	return xasprintf("n,,n=%s,r=%s", name, nonce);
}

/* "r=NONCE,s=SALT,i=ITERATIONS" */
static bool
scram_client_parse(const char *first, const char *nonce,
    struct scram_verifier *v, char both[256])
{
	char salt[64];
	unsigned char bytes[48];
	unsigned long iterations;

	if (sscanf(first, "r=%255[^,],s=%63[^,],i=%lu", both, salt,
		&iterations) != 3 ||
	    strncmp(both, nonce, strlen(nonce)) != 0 ||
	    strlen(both) == strlen(nonce) ||
	    base64_decode(bytes, salt, strlen(salt)) != SCRAM_SALT)
		return false;
	memcpy(v->salt, bytes, SCRAM_SALT);
	v->iterations = (uint32_t)iterations;
	return true;
}

char *
scram_client_final(const char *name, const char *nonce, const char *password,
    const char *first, char **expected)
{
	struct scram_verifier v;
	char both[256], text[BASE64_ENCODED_SIZE(SCRAM_KEY)];
	unsigned char salted[SCRAM_KEY], client[SCRAM_KEY], stored[SCRAM_KEY],
	    server[SCRAM_KEY], signature[SCRAM_KEY];
	char *bare, *message, *final;
	SHA2_CTX sha;
	size_t i;

	if (!scram_client_parse(first, nonce, &v, both) ||
	    !scram_stretch(salted, password, strlen(password), &v))
		return NULL;
	scram_hmac(client, salted, SCRAM_KEY, "Client Key", 10);
	SHA256Init(&sha);
	SHA256Update(&sha, client, SCRAM_KEY);
	SHA256Final(stored, &sha);
	bare = xasprintf("c=biws,r=%s", both);
	message = xasprintf("n=%s,r=%s,%s,%s", name, nonce, first, bare);
	scram_hmac(signature, stored, SCRAM_KEY, message, strlen(message));
	for (i = 0; i < SCRAM_KEY; i++)
		client[i] ^= signature[i];
	base64_encode(text, client, SCRAM_KEY);
	final = xasprintf("%s,p=%s", bare, text);
	scram_hmac(server, salted, SCRAM_KEY, "Server Key", 10);
	scram_hmac(signature, server, SCRAM_KEY, message, strlen(message));
	base64_encode(text, signature, SCRAM_KEY);
	*expected = xasprintf("v=%s", text);
	free(message);
	free(bare);
	return final;
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Base64, against a decoder that goes bit by bit; and SCRAM: the first line of
 * the input is a client's first message, the rest its last one, which is right
 * only if a client that knows the password would send it.
 */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/util.h"
#include "net/scram.h"
#include "../unit/scram-client.h"

#define NONCE "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* What in says, or -1; out has room for all. */
static ssize_t
model_decode(uint8_t *out, const char *in, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t used = len, bits, i, bit;
	const char *digit;

	if (len % 4 != 0)
		return -1;
	while (used > 0 && len - used < 2 && in[used - 1] == '=')
		used--;
	bits = used * 6 / 8 * 8;
	memset(out, 0, len);
	for (i = 0; i < used * 6; i++) {
		digit = in[i / 6] == '\0' ? NULL : strchr(digits, in[i / 6]);
		if (digit == NULL)
			return -1;
		bit = (size_t)(digit - digits) >> (5 - i % 6) & 1;
		if (i >= bits && bit != 0)
			return -1;
		if (i < bits)
			out[i / 8] |= (uint8_t)(bit << (7 - i % 8));
	}
	return (ssize_t)(bits / 8);
}

static void
check_base64(const uint8_t *data, size_t size)
{
	char *text = xcalloc(1, BASE64_ENCODED_SIZE(size));
	uint8_t *out = xcalloc(1, size + 4), *wanted = xcalloc(1, size + 4);
	ssize_t n;

	n = base64_decode(out, (const char *)data, size);
	require(n == model_decode(wanted, (const char *)data, size));
	if (n >= 0) {
		require(memcmp(out, wanted, (size_t)n) == 0);
		base64_encode(text, out, (size_t)n);
		require(strlen(text) == size && memcmp(text, data, size) == 0);
	}
	base64_encode(text, data, size);
	require(strlen(text) + 1 == BASE64_ENCODED_SIZE(size));
	out = xreallocarray(out, strlen(text) + 1, 1);
	n = model_decode(out, text, strlen(text));
	require(n == (ssize_t)size &&
	    (size == 0 || memcmp(out, data, size) == 0));
	free(out);
	free(text);
	free(wanted);
}

/* What the first message asks for, if it is as our client writes it; the rest
 * of a message may be more than that. */
static char *
client_nonce(const char *first, const char *name)
{
	const char *nonce = strstr(first, ",r=");
	char *plain = NULL, *copy;

	if (nonce == NULL)
		return NULL;
	copy = xstrdup(nonce + 3);
	plain = scram_client_first(name, copy);
	if (strcmp(plain, first) != 0) {
		free(copy);
		copy = NULL;
	}
	free(plain);
	return copy;
}

static void
check_scram(const char *first, const char *last, size_t last_len)
{
	struct scram_verifier v = { .iterations = 1 };
	struct scram x, again;
	struct buf challenge = BUF_INITIALIZER, end = BUF_INITIALIZER;
	char *nonce, *final, *expected = NULL;

	memset(&x, 0, sizeof(x));
	memset(&again, 0, sizeof(again));
	if (!scram_verifier_make(&v, "pencil") ||
	    scram_begin(&x, first, strlen(first)) != NULL)
		return;
	require(strlen(x.name) < NICK_SIZE);
	require(scram_begin(&again, first, strlen(first)) == NULL);
	scram_challenge(&x, &v, NONCE, &challenge);
	nonce = client_nonce(first, x.name);
	final = nonce == NULL ? NULL :
				scram_client_final(x.name, nonce, "pencil",
				    buf_cstr(&challenge), &expected);
	if (scram_finish(&x, &v, last, last_len, &end))
		require(nonce == NULL ||
		    (final != NULL && strlen(final) == last_len &&
			memcmp(final, last, last_len) == 0));
	else
		require(end.len == 0);
	if (final != NULL) {
		buf_reset(&challenge);
		scram_challenge(&again, &v, NONCE, &challenge);
		buf_reset(&end);
		require(scram_finish(&again, &v, final, strlen(final), &end));
		require(strcmp(buf_cstr(&end), expected) == 0);
		free(expected);
	}
	free(final);
	free(nonce);
	buf_fini(&challenge);
	buf_fini(&end);
	scram_fini(&x);
	scram_fini(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *lf = size == 0 ? NULL : memchr(data, '\n', size);
	size_t len = lf == NULL ? size : (size_t)(lf - data);
	char *first;

	check_base64(data, len);
	if (memchr(data, '\0', len) != NULL || !scram_is_available())
		return 0;
	first = xstrndup((const char *)data, len);
	check_scram(first, lf == NULL ? "" : (const char *)lf + 1,
	    lf == NULL ? 0 : size - len - 1);
	(void)scram_verifier_is_text(first);
	free(first);
	return 0;
}

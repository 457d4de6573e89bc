/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Headers of the PROXY protocol. The first byte is the size of the pieces:
 * whatever it is, the answer is the same and no byte behind the header is
 * asked for; and a credential that is told is one that there can be.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/credential.h"
#include "net/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static enum proxy_header
parse(const uint8_t *data, size_t len, size_t step, size_t *used,
    struct credential *from)
{
	enum proxy_header result;
	const uint8_t *lf;
	size_t more, have = 0, n;
	bool is_text;

	while ((result = proxy_parse(data, have, &more, &is_text, from)) ==
	    PROXY_MORE) {
		require(more > 0 && have + more <= PROXY_HEADER_MAX);
		n = step == 0 || step > more ? more : step;
		if (n > len - have)
			n = len - have;
		if (n == 0)
			break;
		if (is_text && (lf = memchr(data + have, '\n', n)) != NULL)
			n = (size_t)(lf + 1 - data) - have;
		have += n;
	}
	*used = have;
	return result;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct credential a, b;
	enum proxy_header result;
	size_t whole, used;

	if (size == 0)
		return 0;
	result = parse(data + 1, size - 1, 0, &whole, &a);
	require(parse(data + 1, size - 1, data[0], &used, &b) == result ||
	    result == PROXY_BAD);
	if (result == PROXY_BAD)
		return 0;
	require(used == whole);
	if (result == PROXY_TELLS)
		require(credential_cmp(&a, &b) == 0 &&
		    credential_is_valid((const char *)&a));
	return 0;
}

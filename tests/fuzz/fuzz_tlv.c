/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The reader of tag-length-value sequences, entering every value: it stays
 * within what it was given, ends, and what it has understood it would write in
 * the same bytes.
 */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/tlv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
walk(const uint8_t *data, size_t size, unsigned depth)
{
	struct tlv_reader r, inner;
	struct tlv item;
	struct buf again = BUF_INITIALIZER;
	const uint8_t *at = data;
	char text[16];
	uint64_t u;

	tlv_init(&r, data, size);
	while (tlv_next(&r, &item)) {
		require(item.data == at + TLV_HEADER);
		require(item.len <= (size_t)(data + size - item.data));
		at = item.data + item.len;
		if (tlv_get_u64(&item, 1000, &u))
			require(u <= 1000);
		if (tlv_get_str(&item, text, sizeof(text)))
			require(strlen(text) == item.len);
		tlv_put_bytes(&again, item.tag, item.data, item.len);
		tlv_enter(&item, &inner);
		if (depth < 4)
			walk(inner.data, inner.len, depth + 1);
	}
	require(again.len == (size_t)(at - data));
	require(again.len == 0 || memcmp(again.data, data, again.len) == 0);
	require(r.is_bad == (again.len != size));
	buf_fini(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	walk(data, size, 0);
	return 0;
}

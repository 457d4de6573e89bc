/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A journal's file of any bytes. What the loader calls a record lies within the
 * file and comes once for each key; and a file written from what was found is
 * found to say the same.
 */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/tlv.h"
#include "state/journal-impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct found {
	const uint8_t *data;
	size_t size;
	struct buf copy; /* a file with the same */
	struct buf before; /* the key before */
	size_t count;
};

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
is_within(const struct found *f, const void *p, size_t len)
{
	const uint8_t *at = p;

	require(at >= f->data && at <= f->data + f->size);
	require(len <= (size_t)(f->data + f->size - at));
}

static void
loaded(const void *key, size_t key_len, const void *value, size_t len,
    void *arg)
{
	struct found *f = arg;

	require(key_len > 0 && key_len <= JOURNAL_KEY_MAX);
	require(len <= JOURNAL_VALUE_MAX);
	is_within(f, key, key_len);
	is_within(f, value, len);
	require(f->count == 0 || f->before.len != key_len ||
	    memcmp(f->before.data, key, key_len) != 0);
	buf_reset(&f->before);
	buf_add(&f->before, key, key_len);
	journal_write_record(&f->copy, 7, f->copy.len, JOURNAL_PUT, key,
	    key_len, value, len);
	f->count++;
}

static void
look(const uint8_t *data, size_t size)
{
	struct found f = { .data = data, .size = size }, again = { .count = 0 };
	struct journal_scan scan;
	struct journal_source source = { .data = data, .scan = &scan };

	journal_scan(data, size, &scan);
	require(scan.good_len <= size && scan.snapshot_len <= scan.good_len);
	require(scan.state != JOURNAL_WHOLE || scan.generation != 0);
	if (scan.generation == 0)
		return;
	journal_write_header(&f.copy, 1, 7);
	journal_replay(&source, 1, loaded, &f);
	journal_write_record(&f.copy, 7, f.copy.len, JOURNAL_END, NULL, 0, NULL,
	    0);

	journal_scan(f.copy.data, f.copy.len, &scan);
	require(scan.state == JOURNAL_WHOLE && scan.good_len == f.copy.len);
	require(scan.faults == 0);
	source.data = f.copy.data;
	again.data = (const uint8_t *)f.copy.data;
	again.size = f.copy.len;
	journal_write_header(&again.copy, 1, 7);
	journal_replay(&source, 1, loaded, &again);
	journal_write_record(&again.copy, 7, again.copy.len, JOURNAL_END, NULL,
	    0, NULL, 0);
	require(again.count == f.count && again.copy.len == f.copy.len);
	require(memcmp(again.copy.data, f.copy.data, f.copy.len) == 0);
	buf_fini(&f.copy);
	buf_fini(&f.before);
	buf_fini(&again.copy);
	buf_fini(&again.before);
}

/*
 * The same bytes with checksums that are right, which no fuzzer guesses: as a
 * sequence of type, key length, value length, key and value.
 */
static void
look_behind_checksums(const uint8_t *data, size_t size)
{
	struct buf file = BUF_INITIALIZER;
	size_t key_len, len;

	journal_write_header(&file, 1, 3);
	while (size >= 3) {
		key_len = data[1];
		len = data[2];
		if (key_len + len > size - 3)
			break;
		journal_write_record(&file, 3, file.len,
		    (enum journal_type)(data[0] % 7), data + 3, key_len,
		    data + 3 + key_len, len);
		data += 3 + key_len + len;
		size -= 3 + key_len + len;
	}
	buf_add(&file, data, size);
	look((const uint8_t *)file.data, file.len);
	buf_fini(&file);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	look(data, size);
	look_behind_checksums(data, size);
	return 0;
}

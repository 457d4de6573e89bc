/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The bytes of a journal's file. It is read into memory as a whole, as a
 * mapping would turn a file that shrinks meanwhile into a SIGBUS; its size is
 * bounded, and no length field makes us allocate anything.
 *
 * The last record of each key is found by sorting their offsets: a tree would
 * need several times the size of a file of tiny records.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
#include "base/tlv.h"
#include "state/journal-impl.h"

struct journal_record {
	const unsigned char *key;
	const unsigned char *value;
	size_t size; /* of the whole record */
	size_t len;
	uint8_t type;
	uint8_t key_len;
};

/* The checksum of a record without its checksum field. */
static uint32_t
journal_checksum(uint64_t generation, uint64_t offset, const void *record,
    const void *data, size_t len)
{
	unsigned char bookmark[16];
	uint32_t sum;

	le_put64(bookmark, generation);
	le_put64(bookmark + 8, offset);
	sum = checksum(0, bookmark, sizeof(bookmark));
	sum = checksum(sum, record, JOURNAL_RECORD - 4);
	return checksum(sum, data, len);
}

void
journal_write_header(struct buf *out, uint64_t generation)
{
	char *p = buf_reserve(out, JOURNAL_HEADER);

	memcpy(p, JOURNAL_MAGIC, 8);
	le_put32(p + 8, JOURNAL_VERSION);
	le_put32(p + 12, 0);
	le_put64(p + 16, generation);
	le_put32(p + 24, checksum(0, p, 24));
	out->len += JOURNAL_HEADER;
}

void
journal_write_record(struct buf *out, uint64_t generation, uint64_t offset,
    enum journal_type type, const void *key, size_t key_len, const void *value,
    size_t len)
{
	char *p = buf_reserve(out, JOURNAL_RECORD + key_len + len);

	assert(key_len <= JOURNAL_KEY_MAX && len <= JOURNAL_VALUE_MAX);
	p[0] = (char)type;
	p[1] = (char)key_len;
	le_put16(p + 2, 0);
	le_put32(p + 4, (uint32_t)len);
	out->len += JOURNAL_RECORD;
	buf_add(out, key, key_len);
	buf_add(out, value, len);
	le_put32(p + 8,
	    journal_checksum(generation, offset, p, p + JOURNAL_RECORD,
		key_len + len));
}

/* Finds a good record at offset. False: there is none; *is_cut: because the
 * file ends. */
static bool
journal_record_at(const unsigned char *data, size_t file_len, size_t offset,
    uint64_t generation, struct journal_record *r, bool *is_cut)
{
	const unsigned char *p = data + offset;
	size_t left = file_len - offset;

	*is_cut = true;
	if (left < JOURNAL_RECORD)
		return false;
	r->type = p[0];
	r->key_len = p[1];
	r->len = le_get32(p + 4);
	*is_cut = false;
	if (r->type < JOURNAL_PUT || r->type > JOURNAL_END ||
	    (r->key_len == 0) != (r->type == JOURNAL_END) ||
	    r->len > JOURNAL_VALUE_MAX)
		return false;
	r->size = JOURNAL_RECORD + r->key_len + r->len;
	if (r->size > left) {
		*is_cut = true;
		return false;
	}
	r->key = p + JOURNAL_RECORD;
	r->value = r->key + r->key_len;
	return journal_checksum(generation, offset, p, r->key,
		   r->key_len + r->len) == le_get32(p + 8);
}

void
journal_scan(const void *data, size_t len, struct journal_scan *scan)
{
	const unsigned char *p = data;
	struct journal_record r;
	bool is_cut = true, is_sound;

	memset(scan, 0, sizeof(*scan));
	scan->state = len == 0 ? JOURNAL_EMPTY : JOURNAL_DAMAGED;
	if (len < 12 || memcmp(p, JOURNAL_MAGIC, 8) != 0)
		return;
	/* A later version may have anything after this. */
	scan->version = le_get32(p + 8);
	is_sound = len >= JOURNAL_HEADER &&
	    le_get32(p + 24) == checksum(0, p, 24);
	if (scan->version > JOURNAL_VERSION ||
	    (is_sound && scan->version < JOURNAL_VERSION))
		scan->state = JOURNAL_FOREIGN;
	if (scan->version != JOURNAL_VERSION || !is_sound)
		return;
	/*
	 * No journal gets this far; later generations must not start over at 0.
	 */
	if (le_get64(p + 16) > UINT64_MAX / 2)
		return;
	scan->generation = le_get64(p + 16);
	scan->good_len = JOURNAL_HEADER;
	while (journal_record_at(p, len, scan->good_len, scan->generation, &r,
	    &is_cut)) {
		scan->good_len += r.size;
		if (r.type == JOURNAL_END && scan->snapshot_len == 0) {
			scan->state = JOURNAL_WHOLE;
			scan->snapshot_len = scan->good_len;
		}
	}
	if (scan->state != JOURNAL_WHOLE && is_cut)
		scan->state = JOURNAL_UNFINISHED;
}

static int
journal_key_cmp(const unsigned char *a, const unsigned char *b)
{
	int cmp;

	cmp = memcmp(a + JOURNAL_RECORD, b + JOURNAL_RECORD,
	    a[1] < b[1] ? a[1] : b[1]);
	return cmp != 0 ? cmp : (a[1] > b[1]) - (a[1] < b[1]);
}

static int
journal_replay_cmp(const void *a, const void *b)
{
	const unsigned char *ra = *(const unsigned char *const *)a;
	const unsigned char *rb = *(const unsigned char *const *)b;
	int cmp;

	cmp = journal_key_cmp(ra, rb);
	return cmp != 0 ? cmp : (ra > rb) - (ra < rb);
}

void
journal_replay(const void *data, const struct journal_scan *scan,
    journal_loaded *loaded, void *arg)
{
	const unsigned char *base = data, *p, **records = NULL;
	size_t offset, count = 0, cap = 0, i, len;

	assert(scan->state == JOURNAL_WHOLE);
	for (offset = JOURNAL_HEADER; offset < scan->good_len;
	     offset += JOURNAL_RECORD + p[1] + le_get32(p + 4)) {
		p = base + offset;
		if (p[0] == JOURNAL_END)
			continue;
		if (count == cap) {
			cap = cap == 0 ? 256 : cap * 2;
			records = xreallocarray(records, cap, sizeof(*records));
		}
		records[count++] = p;
	}
	if (count > 0)
		qsort(records, count, sizeof(*records), journal_replay_cmp);
	for (i = 0; i < count; i++) {
		p = records[i];
		if (i + 1 < count && journal_key_cmp(p, records[i + 1]) == 0)
			continue;
		len = le_get32(p + 4);
		if (p[0] == JOURNAL_PUT)
			loaded(p + JOURNAL_RECORD, p[1],
			    p + JOURNAL_RECORD + p[1], len, arg);
	}
	free(records);
}

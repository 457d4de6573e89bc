/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The bytes of a journal's file. It is read into memory as a whole, as a
 * mapping would turn a file that shrinks meanwhile into a SIGBUS; its size is
 * bounded, and no length field makes us allocate anything.
 *
 * The last record of each key is found by sorting their places: a tree would
 * need several times the size of a file of tiny records.
 *
 * Behind a bad record the next good one is searched for byte by byte, since the
 * lengths in a bad one may be what is wrong. Nothing but chance in one of 2^32,
 * or somebody who may write to the file, makes a record of what is none.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
#include "base/tlv.h"
#include "state/journal-impl.h"

/* A limit on bytes checksummed in vain, in sizes of the file: only a file made
 * up by somebody reaches it. */
#define JOURNAL_WASTE_MAX 4

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

uint32_t
journal_kind(const char *name)
{
	return checksum(0, name, strlen(name)) | 1;
}

void
journal_write_header(struct buf *out, uint32_t kind, uint64_t generation)
{
	char *p = buf_reserve(out, JOURNAL_HEADER);

	memcpy(p, JOURNAL_MAGIC, 8);
	le_put32(p + 8, JOURNAL_VERSION);
	le_put32(p + 12, kind);
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

/* Does what is at p say about itself what a record says? */
static bool
journal_has_form(const unsigned char *p, struct journal_record *r)
{
	bool has_key;

	r->type = p[0];
	r->key_len = p[1];
	r->len = le_get32(p + 4);
	if (r->type < JOURNAL_PUT || r->type > JOURNAL_LOST ||
	    le_get16(p + 2) != 0 || r->len > JOURNAL_VALUE_MAX)
		return false;
	has_key = r->type == JOURNAL_PUT || r->type == JOURNAL_DELETE;
	return (r->key_len > 0) == has_key &&
	    (r->len == 0 || r->type == JOURNAL_PUT);
}

/* A walk over the good records of a file. */
struct journal_walk {
	const unsigned char *data;
	size_t len;
	size_t offset; /* of what comes next */
	uint64_t generation;
	size_t faults; /* places that were passed over */
	uint64_t wasted; /* bytes checksummed in vain */
	bool is_cut; /* the first of what was last passed over goes beyond */
};

/* Is there a good record at offset? */
static bool
journal_record_at(struct journal_walk *w, size_t offset,
    struct journal_record *r)
{
	const unsigned char *p = w->data + offset;
	size_t left = w->len - offset;

	w->is_cut = left < JOURNAL_RECORD;
	if (w->is_cut || !journal_has_form(p, r))
		return false;
	r->size = JOURNAL_RECORD + r->key_len + r->len;
	w->is_cut = r->size > left;
	if (w->is_cut)
		return false;
	r->key = p + JOURNAL_RECORD;
	r->value = r->key + r->key_len;
	if (journal_checksum(w->generation, offset, p, r->key,
		r->key_len + r->len) == le_get32(p + 8))
		return true;
	w->wasted += r->size;
	return false;
}

/* The next good record, also behind bytes that are none. False: there is none,
 * and the offset is where it would have been. */
static bool
journal_walk_next(struct journal_walk *w, struct journal_record *r)
{
	size_t offset = w->offset;
	bool is_good = journal_record_at(w, offset, r), is_cut = w->is_cut;

	while (!is_good && w->len - offset > JOURNAL_RECORD &&
	    w->wasted <= (uint64_t)w->len * JOURNAL_WASTE_MAX)
		is_good = journal_record_at(w, ++offset, r);
	w->is_cut = is_cut;
	if (!is_good)
		return false;
	w->faults += offset != w->offset;
	w->offset = offset + r->size;
	return true;
}

/* The generation of a file whose header is damaged, if the first record is not:
 * one byte of it may be wrong. 0: it is unknown. */
static uint64_t
journal_guess_generation(const unsigned char *data, size_t len)
{
	struct journal_walk w = { .data = data, .len = len };
	struct journal_record r;
	uint64_t field = le_get64(data + 16), byte;
	unsigned shift;

	for (shift = 0; shift < 64; shift += 8)
		for (byte = 0; byte < 256; byte++) {
			w.generation = field ^ byte << shift;
			if (journal_record_at(&w, JOURNAL_HEADER, &r))
				return w.generation;
		}
	return 0;
}

/* Looks at the header; false: it says nothing about any records. */
static bool
journal_scan_header(const unsigned char *data, size_t len,
    struct journal_scan *scan)
{
	bool is_sound = len >= JOURNAL_HEADER &&
	    memcmp(data, JOURNAL_MAGIC, 8) == 0 &&
	    le_get32(data + 24) == checksum(0, data, 24);

	scan->state = JOURNAL_DAMAGED;
	if (len < JOURNAL_HEADER) {
		if (memcmp(data, JOURNAL_MAGIC, len < 8 ? len : 8) == 0)
			scan->state = JOURNAL_UNFINISHED;
		return false;
	}
	if (is_sound && le_get32(data + 8) != JOURNAL_VERSION) {
		scan->version = le_get32(data + 8);
		scan->state = JOURNAL_FOREIGN;
		return false;
	}
	scan->generation = is_sound ? le_get64(data + 16) :
				      journal_guess_generation(data, len);
	scan->kind = is_sound ? le_get32(data + 12) : 0;
	/*
	 * No journal gets this far; later generations must not start over at 0.
	 */
	if (scan->generation > UINT64_MAX / 2)
		scan->generation = 0;
	scan->faults = !is_sound;
	return scan->generation != 0;
}

void
journal_scan(const void *data, size_t len, struct journal_scan *scan)
{
	struct journal_walk w = { .data = data, .len = len };
	struct journal_record r;

	memset(scan, 0, sizeof(*scan));
	scan->state = JOURNAL_EMPTY;
	if (len == 0 || !journal_scan_header(data, len, scan))
		return;
	w.offset = JOURNAL_HEADER;
	w.generation = scan->generation;
	while (journal_walk_next(&w, &r)) {
		scan->has_moved |= r.type == JOURNAL_MOVED;
		scan->has_lost |= r.type == JOURNAL_LOST;
		if (r.type == JOURNAL_END && scan->snapshot_len == 0)
			scan->snapshot_len = w.offset;
	}
	scan->good_len = w.offset;
	/* A write that was cut short leaves nothing behind the end of the file,
	 * so this is no such end. */
	scan->faults += w.faults + (w.offset < len && !w.is_cut);
	if (scan->snapshot_len > 0)
		scan->state = JOURNAL_WHOLE;
	else if (scan->faults == 0 && w.is_cut)
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

struct journal_entry {
	const unsigned char *record;
	size_t order;
};

static int
journal_entry_cmp(const void *a, const void *b)
{
	const struct journal_entry *ea = a, *eb = b;
	int cmp;

	cmp = journal_key_cmp(ea->record, eb->record);
	return cmp != 0 ? cmp :
			  (ea->order > eb->order) - (ea->order < eb->order);
}

void
journal_replay(const struct journal_source *sources, size_t count,
    journal_loaded *loaded, void *arg)
{
	struct journal_entry *entries = NULL;
	struct journal_record r;
	const unsigned char *p;
	size_t i, found = 0, cap = 0;

	for (i = 0; i < count; i++) {
		struct journal_walk w = {
			.data = sources[i].data,
			.len = sources[i].scan->good_len,
			.offset = JOURNAL_HEADER,
			.generation = sources[i].scan->generation,
		};

		assert(w.generation != 0);
		while (journal_walk_next(&w, &r)) {
			if (r.key_len == 0)
				continue;
			if (found == cap) {
				cap = cap == 0 ? 256 : cap * 2;
				entries = xreallocarray(entries, cap,
				    sizeof(*entries));
			}
			entries[found].record = r.key - JOURNAL_RECORD;
			entries[found].order = found;
			found++;
		}
	}
	if (found > 0)
		qsort(entries, found, sizeof(*entries), journal_entry_cmp);
	for (i = 0; i < found; i++) {
		p = entries[i].record;
		if (i + 1 < found &&
		    journal_key_cmp(p, entries[i + 1].record) == 0)
			continue;
		if (p[0] == JOURNAL_PUT)
			loaded(p + JOURNAL_RECORD, p[1],
			    p + JOURNAL_RECORD + p[1], le_get32(p + 4), arg);
	}
	free(entries);
}

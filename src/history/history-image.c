/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A copy of a ring in use, for a backup. It is the bytes of the region from
 * tail to head as they were at the beginning, the oldest first:
 *
 *     ------[ 812 ][ 813 ][ 814 ][ 815 ]------
 *              ^             ^     ^
 *         record_pos        pos   head_pos: later ones are left out
 *
 * Should the ring drop a message before all of it was copied, its place, and
 * that of all others that were dropped, is written (again) as a hole; and so is
 * all the rest if the ring is cut meanwhile (history_cut()). So the copy needs
 * no memory, and no appending waits for it.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "history/history-impl.h"
#include "history/history.h"

void
history_image_begin(struct history_image *image, const struct history *h)
{
	memset(image, 0, sizeof(*image));
	image->size = h->size;
	image->tail_pos = image->pos = image->record_pos = h->tail_pos;
	image->head_pos = h->head_pos;
	image->record_number = h->first_number;
	image->next_number = h->next_number;
	image->cuts = h->cuts;
}

size_t
history_image_size(const struct history_image *image)
{
	return HISTORY_HEADER_SIZE + image->size;
}

static size_t
image_read_header(struct history_image *image, const struct history *h,
    void *data)
{
	struct history_header header;
	struct history copy = { .header = &header,
		.size = image->size,
		.next_number = image->next_number };

	_Static_assert(sizeof(header) <= HISTORY_PIECE_MIN, "fits");
	memset(&header, 0, sizeof(header));
	history_format(&copy);
	header.tail = history_pos_seal(image->tail_pos);
	header.head_pos = image->head_pos;
	header.epoch = history_epoch_seal(image->next_number / HISTORY_EPOCH);
	header.clean = history_clean_check(&header);
	memcpy(header.owner, h->header->owner, sizeof(header.owner));
	header.owner_check = h->header->owner_check;
	memcpy(data, &header, sizeof(header));
	image->has_header = true;
	return sizeof(header);
}

/* The part of from..to that does not go beyond the end of the region. */
static size_t
image_contiguous(const struct history_image *image, uint64_t from, uint64_t to)
{
	size_t left = image->size - from % image->size;

	return to - from < left ? (size_t)(to - from) : left;
}

/* Puts a hole, or a pad, in the place of what was dropped up to end, before
 * which came that number. */
static size_t
image_read_dropped(struct history_image *image, uint64_t end, uint64_t number,
    void *data)
{
	size_t size = image_contiguous(image, image->record_pos, end);
	struct record r;
	size_t len;

	memset(&r, 0, sizeof(r));
	if (image->record_number != number && size >= sizeof(r)) {
		r.first = history_fill_hole(&r, image->record_pos,
		    (uint32_t)size, image->record_number, number);
		r.check = record_check(&r, r.first);
		image->record_number = number;
		len = sizeof(r);
	} else {
		r.first.is.size = (uint32_t)size;
		r.first.is.type = RECORD_PAD;
		len = sizeof(r.first);
	}
	memcpy(data, &r, len);
	image->record_pos += size;
	image->pos = image->record_pos;
	return len;
}

static size_t
image_read_region(struct history_image *image, const struct history *h,
    void *data, size_t len)
{
	size_t n = image_contiguous(image, image->pos, image->head_pos);
	const struct record *r;

	if (n > len)
		n = len;
	memcpy(data, h->region + image->pos % image->size, n);
	image->pos += n;
	while (image->record_pos < image->pos) {
		r = history_at(h, image->record_pos);
		assert(r->first.is.size != 0);
		if (image->record_pos + r->first.is.size > image->pos)
			break;
		if (r->first.is.type != RECORD_PAD)
			image->record_number = record_next(r);
		image->record_pos += r->first.is.size;
	}
	return n;
}

size_t
history_image_read(struct history_image *image, const struct history *h,
    void *data, size_t len, size_t *offset)
{
	uint64_t number = h->first_number, end = h->tail_pos;

	assert(len >= HISTORY_PIECE_MIN && h->size == image->size);
	*offset = 0;
	if (!image->has_header)
		return image_read_header(image, h, data);
	if (image->record_pos == image->head_pos)
		return 0;
	if (end > image->head_pos || image->cuts != h->cuts) {
		end = image->head_pos;
		number = image->next_number;
	}
	if (image->record_pos < end) {
		*offset = HISTORY_HEADER_SIZE + image->record_pos % h->size;
		return image_read_dropped(image, end, number, data);
	}
	*offset = HISTORY_HEADER_SIZE + image->pos % h->size;
	return image_read_region(image, h, data, len);
}

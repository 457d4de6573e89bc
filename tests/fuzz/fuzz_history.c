/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The loader of rings: whatever a file holds, a ring is made of it that can be
 * read to both ends and appended to, and reads the same when it is loaded
 * again.
 *
 * The first byte's low bit has all checks set right first, since no fuzzer
 * guesses a hash: so it can play with positions, numbers, sizes and holes. The
 * third has the header say that it was left by this version on this boot.
 */
#include "config.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/nick.h"
#include "base/util.h"
#include "history/history-impl.h"
#include "history/history.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_REGION 1024

static void
fuzz_seal(struct history *h)
{
	struct record *r;
	size_t offset;

	for (offset = 0; offset + sizeof(*r) <= h->size;) {
		r = history_at(h, offset);
		if (r->first.is.size >= sizeof(*r) &&
		    r->first.is.size <= h->size - offset) {
			r->check = record_check(r, r->first);
			offset += HISTORY_ROUND(r->first.is.size);
		} else
			offset += HISTORY_ALIGN;
	}
}

/* All but the live fields. */
static void
fuzz_make_header(struct history *h)
{
	struct history_header live = *h->header;

	history_format(h);
	h->header->tail = live.tail;
	h->header->head_pos = live.head_pos;
	h->header->next_number = live.next_number;
	h->header->epoch = live.epoch;
}

/* Returns how many messages there are. */
static unsigned
fuzz_read(const struct history *h)
{
	struct history_cursor c;
	struct event event;
	unsigned steps = 0, messages = 0;
	uint64_t number = h->first_number;

	assert(history_used(h) <= h->size);
	for (c = history_oldest(h); history_read(h, &c, &event); steps++) {
		assert(event.number == number && c.number > number);
		number = c.number;
		if (event.kind == EVENT_GAP)
			continue;
		messages++;
		assert(strlen(event.nick) <= NICK_MAX);
		assert(event.text + event.text_len <= h->region + h->size);
	}
	assert(number == h->next_number);
	for (; history_step_back(h, &c); steps--)
		;
	assert(steps == 0 && c.number == h->first_number);
	return messages;
}

/* Every third is of a shared log, which leaves numbers out. */
static void
fuzz_append(struct history *h, size_t i)
{
	struct event event = { .kind = EVENT_SAY,
		.nick = "ana",
		.text = "a text of some length",
		.text_len = 21,
		.number = h->next_number + i % 4 };

	if (i % 3 != 0 || event.number >= HISTORY_NUMBER_MAX) {
		(void)history_append(h, &event);
		return;
	}
	event.node = event.counter = 1 + i;
	history_append_at(h, &event);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct history_report report = { .missing = 0 };
	struct history_cursor cut;
	struct history h;
	size_t len = HISTORY_HEADER_SIZE + FUZZ_REGION, head, i;
	char *base;
	unsigned messages;

	if (size == 0)
		return 0;
	base = xcalloc(1, len);
	/* The first 512 bytes are the header, the rest is the region. */
	head = size - 1 < 512 ? size - 1 : 512;
	memcpy(base, data + 1, head);
	if (size - 1 > head)
		memcpy(base + HISTORY_HEADER_SIZE, data + 1 + head,
		    size - 1 - head < FUZZ_REGION ? size - 1 - head :
						    FUZZ_REGION);
	(void)history_check_header((struct history_header *)(void *)base);
	history_attach(&h, base, FUZZ_REGION, -1);
	if ((data[0] & 1) != 0)
		fuzz_seal(&h);
	if ((data[0] & 4) != 0)
		fuzz_make_header(&h);
	if ((data[0] & 2) != 0)
		(void)history_walk(&h);
	history_salvage(&h, &report);
	messages = fuzz_read(&h);
	h.header->next_number = h.next_number;
	if (history_walk(&h))
		assert(fuzz_read(&h) == messages);
	else
		assert(messages == 0);
	(void)history_find(&h, h.first_number + size);
	for (i = 0; i < 40; i++) {
		fuzz_append(&h, i);
		(void)fuzz_read(&h);
	}
	cut = history_back(&h, size % 16);
	history_cut(&h, &cut);
	messages = fuzz_read(&h);
	assert(history_walk(&h) && fuzz_read(&h) == messages);
	history_fini(&h);
	return 0;
}

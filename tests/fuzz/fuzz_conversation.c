/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The record of a conversation of any bytes, as another program hands it over,
 * with its messages. What is read of it is two people's, within limits, and can
 * be found, read to the end and added to; what would be written of that is read
 * again as the same.
 */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fields.h"
#include "base/origins.h"
#include "options/options.h"
#include "room/conversation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct options options;
static struct clock fuzz_clock = { .wall_ms = 1780000000000 };

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* Returns how many messages it holds. */
static uint64_t
check_messages(struct conversations *all, struct conversation *c)
{
	struct history *h = conversation_history(all, c);
	struct history_cursor at = history_oldest(h);
	struct event event = { .kind = EVENT_NOTICE,
		.nick = c->ends[0].party.nick,
		.text = "hi",
		.text_len = 2,
		.id = "7",
		.id_len = 1,
		.id_key = 1 };
	uint64_t count = history_count(h), next;

	require(c->next_number == h->next_number);
	next = at.number;
	while (history_read(h, &at, &event)) {
		require(at.number > next);
		next = at.number;
		if (conversation_event(&c->ends[1], &event))
			require(event.kind == EVENT_PRIVATE ||
			    event.kind == EVENT_PRIVATE_SENT);
	}
	require(next == h->next_number);
	return count;
}

static uint64_t
check_conversation(struct conversations *all)
{
	struct conversation *c = TAILQ_FIRST(&all->all);
	struct conversation_end *end;

	require(c != NULL && all->count == 1);
	end = conversation_find(all, &c->ends[0].party, &c->ends[1].party);
	require(end == &c->ends[0] &&
	    conversation_next(all, &c->ends[0].party, NULL) != NULL);
	require(c->ends[0].read <= c->next_number &&
	    c->ends[1].read <= c->next_number);
	return check_messages(all, c);
}

/* Reads a record, and writes what was read to out. False: it is none. */
static bool
read_and_write(const void *data, size_t len, struct fields_out *out,
    uint64_t *messages)
{
	struct fields_in in = { .use = FIELDS_HANDOFF };
	struct tlv item = { .data = data, .len = len };
	struct tlv_reader r;
	struct conversations all;
	struct origins origins;
	bool is_read;

	origins_init(&origins, &fuzz_clock);
	conversations_init(&all, &fuzz_clock, &options, &origins);
	is_read = conversation_load(&all, &in, &item);
	require(is_read == (in.error == NULL));
	if (is_read) {
		conversations_save(&all, out);
		tlv_init(&r, out->data.data, out->data.len);
		require(tlv_next(&r, &item) && !r.is_bad);
		*messages = check_conversation(&all);
	}
	fields_in_fini(&in);
	conversations_fini(&all);
	origins_fini(&origins);
	return is_read;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fields_out first = { .use = FIELDS_HANDOFF }, second = first;
	uint64_t messages = 0, again = 0;
	struct tlv_reader r;
	struct tlv item;

	options.max_line = 2048;
	options.retention = 1000;
	if (read_and_write(data, size, &first, &messages)) {
		tlv_init(&r, first.data.data, first.data.len);
		require(tlv_next(&r, &item));
		require(read_and_write(item.data, item.len, &second, &again));
		require(first.data.len == second.data.len);
		require(messages == again);
	}
	fields_out_fini(&first);
	fields_out_fini(&second);
	return 0;
}

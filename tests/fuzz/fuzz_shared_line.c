/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What other servers have put into a shared log: whatever it is, it is refused,
 * or a line that a ring keeps and a next start believes, and that is the same
 * when it is written and read again.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "history/history-impl.h"
#include "history/history.h"
#include "room/shared-line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
compare(const struct event *a, const struct event *b)
{
	require(a->kind == b->kind && a->author == b->author &&
	    a->via == b->via && strcmp(a->nick, b->nick) == 0 &&
	    a->text_len == b->text_len && a->id_key == b->id_key &&
	    a->id_len == b->id_len);
	require(a->text_len == 0 || memcmp(a->text, b->text, a->text_len) == 0);
	require(a->id_len == 0 || memcmp(a->id, b->id, a->id_len) == 0);
}

/* As room_said() does, and a next start. */
static void
keep(struct event *event)
{
	struct history_cursor c;
	struct history h;
	struct event read;

	history_init_private(&h, 4 * (HISTORY_TEXT_MAX + 512));
	event->number = event->node = event->counter = 1;
	event->time_ms = history_time_at(&h, event->wall_ms);
	history_append_at(&h, event);
	require(history_walk(&h) && history_count(&h) == 1);
	c = history_oldest(&h);
	require(history_read(&h, &c, &read));
	compare(event, &read);
	require(read.time_ms == event->time_ms);
	history_fini(&h);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char nick[NICK_SIZE], nick_again[NICK_SIZE];
	struct buf out = BUF_INITIALIZER;
	struct event event, again;

	if (shared_line_get(data, size, &event, nick)) {
		shared_line_put(&out, &event);
		require(shared_line_get(out.data, out.len, &again, nick_again));
		compare(&event, &again);
		require(event.wall_ms == again.wall_ms);
		keep(&event);
	}
	buf_fini(&out);
	return 0;
}

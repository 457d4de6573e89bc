/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What replay.c and replay-handoff.c share; of no concern to others.
 */
#ifndef REPLAY_IMPL_H
#define REPLAY_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "history/history.h"
#include "room/replay.h"

enum replay_stage { REPLAY_SCAN, REPLAY_PAST, REPLAY_HEAD, REPLAY_LINES };

/* How far it has come; moved on only when deliver() has accepted the bytes. */
struct replay_progress {
	struct history_cursor at;
	int day; /* of the line before */
	bool has_shown;
	bool in_repeats; /* they were announced, and what is new was not yet */
	uint64_t gap_from, gap_until; /* the last gap; or 0 */
};

struct replay {
	enum replay_kind kind;
	enum replay_stage stage;
	struct replay_progress done;
	uint64_t until; /* or REPLAY_PRESENT */
	struct history_cursor scan;
	uint64_t scan_from; /* the first that was held when counting began */
	uint64_t scan_until;
	uint64_t repeats; /* counted, of those to be shown */
	struct buf head; /* the rendered first line */
	uint64_t then_history; /* so many messages were asked for meanwhile */
	bool is_queue_told;
	int64_t away_ms;
};

#endif

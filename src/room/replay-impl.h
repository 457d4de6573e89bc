/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * For replay*.c alone.
 */
#ifndef REPLAY_IMPL_H
#define REPLAY_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "history/history.h"
#include "room/replay.h"

enum replay_stage { REPLAY_SCAN, REPLAY_PAST, REPLAY_HEAD, REPLAY_LINES };

/* How far a replay has come; updated only when deliver() has accepted the
 * bytes. */
struct replay_progress {
	struct history_cursor at;
	int day; /* of the previous line */
	bool has_shown;
	bool in_repeats; /* repeats were announced, and new lines not yet */
	uint64_t gap_from, gap_until; /* the last gap; or 0 */
	uint64_t border; /* a piece is known to begin there; pieces.h */
};

struct replay {
	enum replay_kind kind;
	enum replay_stage stage;
	struct replay_progress done;
	uint64_t until; /* or REPLAY_PRESENT */
	struct history_cursor scan;
	uint64_t scan_border; /* as done.border */
	uint64_t scan_from; /* the first held message when counting began */
	uint64_t scan_until;
	uint64_t repeats; /* counted, and not in the summary */
	/* Of those in the summary, and of these: shown_has_seen(). */
	uint64_t seen;
	uint64_t seen_repeats;
	struct buf head; /* the rendered first line */
	uint64_t then_history; /* messages of a /history asked for meanwhile */
	bool is_queue_told;
	bool holds_pieces; /* pieces_hold(); since the first call of the pump */
	int64_t away_ms;
};

/* A minute late is not old. */
#define REPLAY_OLD_MS 60000

/* Bytes of the ring that may be read for each byte that may be sent. */
#define REPLAY_READ_FACTOR 4

/* Adds event to out, as one of c's room and for c's client. */
void replay_render(struct cursor *c, struct buf *out, struct event *event);

/* Is event hidden from c, who was not shown it before? People know their own
 * lines of this session. */
bool replay_is_hidden(const struct cursor *c, const struct event *event);

/* Renders about max bytes from to->at up to number end, and moves *to on past
 * them; *work grows by what that costs, in bytes. Returns true at the end. */
bool replay_lines(struct cursor *c, struct buf *out, struct replay_progress *to,
    uint64_t end, size_t max, size_t *work);

/* Counts a slice for the summary, *work growing as above. True: all is counted,
 * and the summary rendered. */
bool replay_scan(struct cursor *c, struct replay *rp, size_t max, size_t *work);

/* Of what was said at wall_ms, now. */
enum event_age replay_age(const struct chat *chat, int64_t wall_ms);

/* Hands over private messages, each leaving the list once that is done; rp: the
 * catch-up in which they are shown, or NULL. -1: the client takes no more now. */
int replay_queued(struct client *client, struct replay *rp);

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A replay on its way from one program to the next: it is only numbers, and
 * perhaps a first line that is rendered and not yet accepted. A summary that is
 * being counted is begun anew, since nothing of it has been shown.
 */
#include "config.h"

#include "base/fields.h"
#include "room/replay-impl.h"

static const struct field replay_list[] = {
	{ FIELD_UINT(1, struct replay, kind), .max = REPLAY_HISTORY },
	{ FIELD_UINT(2, struct replay, stage), .max = REPLAY_LINES },
	{ FIELD_UINT(3, struct replay, done.at.number) },
	{ FIELD_INT(4, struct replay, done.day) },
	{ FIELD_BOOL(5, struct replay, done.has_shown) },
	{ FIELD_BOOL(6, struct replay, done.in_repeats) },
	{ FIELD_UINT(7, struct replay, done.gap_from) },
	{ FIELD_UINT(8, struct replay, done.gap_until) },
	{ FIELD_UINT(9, struct replay, until) },
	{ FIELD_UINT(10, struct replay, scan_from) },
	{ FIELD_UINT(11, struct replay, scan_until) },
	{ FIELD_UINT(12, struct replay, repeats) },
	{ FIELD_UINT(13, struct replay, then_history) },
	{ FIELD_BOOL(14, struct replay, is_queue_told) },
	{ FIELD_INT(15, struct replay, away_ms) },
	{ FIELD_BUF(16, struct replay, head) },
	{ FIELD_UINT(17, struct replay, seen) },
	{ FIELD_UINT(18, struct replay, seen_repeats) },
};
const struct fields replay_fields = { FIELDS("a replay", struct replay,
    replay_list) };

void
replay_save(const struct cursor *c, struct fields_out *out, uint16_t tag)
{
	struct replay rp = *c->replay;

	if (rp.stage == REPLAY_SCAN)
		rp.scan_from = rp.repeats = rp.seen = rp.seen_repeats = 0;
	fields_put_item(out, tag, &replay_fields, &rp);
}

bool
replay_restore(struct cursor *c)
{
	struct history *h = &c->ms->room->history;
	struct replay *rp = c->replay;

	if (rp->done.at.number > h->next_number ||
	    (rp->until != REPLAY_PRESENT && rp->until > h->next_number) ||
	    rp->scan_until > h->next_number)
		return false;
	rp->done.at = history_find(h, rp->done.at.number);
	if (rp->stage == REPLAY_SCAN)
		rp->scan = rp->done.at;
	return (rp->until == REPLAY_PRESENT) == (rp->kind != REPLAY_HISTORY);
}

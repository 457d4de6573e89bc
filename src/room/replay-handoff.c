/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A replay on its way from one program to the next: it is only numbers, and
 * perhaps a first line that is rendered and not yet accepted. A summary that is
 * being counted is begun anew, since nothing of it has been shown.
 */
#include "config.h"

#include <stdlib.h>

#include "base/handoff.h"
#include "base/tlv.h"
#include "room/replay-impl.h"

/* These numbers are in blobs: never change or reuse one. */
enum {
	REPLAY_TAG_KIND = 1,
	REPLAY_TAG_STAGE = 2,
	REPLAY_TAG_AT = 3,
	REPLAY_TAG_DAY = 4,
	REPLAY_TAG_HAS_SHOWN = 5,
	REPLAY_TAG_IN_REPEATS = 6,
	REPLAY_TAG_UNTIL = 7,
	REPLAY_TAG_SCAN_FROM = 8,
	REPLAY_TAG_SCAN_UNTIL = 9,
	REPLAY_TAG_REPEATS = 10,
	REPLAY_TAG_HEAD = 11,
	REPLAY_TAG_THEN_HISTORY = 12,
	REPLAY_TAG_IS_KEPT_TOLD = 13,
	REPLAY_TAG_AWAY = 14,
	REPLAY_TAG_GAP_FROM = 15,
	REPLAY_TAG_GAP_UNTIL = 16
};

static const struct handoff_field replay_fields[] = {
	HANDOFF_UINT(REPLAY_TAG_KIND, struct replay, kind, REPLAY_HISTORY),
	HANDOFF_UINT(REPLAY_TAG_STAGE, struct replay, stage, REPLAY_LINES),
	HANDOFF_UINT(REPLAY_TAG_AT, struct replay, done.at.number, UINT64_MAX),
	HANDOFF_INT(REPLAY_TAG_DAY, struct replay, done.day),
	HANDOFF_BOOL(REPLAY_TAG_HAS_SHOWN, struct replay, done.has_shown),
	HANDOFF_BOOL(REPLAY_TAG_IN_REPEATS, struct replay, done.in_repeats),
	HANDOFF_UINT(REPLAY_TAG_GAP_FROM, struct replay, done.gap_from,
	    UINT64_MAX),
	HANDOFF_UINT(REPLAY_TAG_GAP_UNTIL, struct replay, done.gap_until,
	    UINT64_MAX),
	HANDOFF_UINT(REPLAY_TAG_UNTIL, struct replay, until, UINT64_MAX),
	HANDOFF_UINT(REPLAY_TAG_SCAN_FROM, struct replay, scan_from,
	    UINT64_MAX),
	HANDOFF_UINT(REPLAY_TAG_SCAN_UNTIL, struct replay, scan_until,
	    UINT64_MAX),
	HANDOFF_UINT(REPLAY_TAG_REPEATS, struct replay, repeats, UINT64_MAX),
	HANDOFF_UINT(REPLAY_TAG_THEN_HISTORY, struct replay, then_history,
	    UINT64_MAX),
	HANDOFF_BOOL(REPLAY_TAG_IS_KEPT_TOLD, struct replay, is_queue_told),
	HANDOFF_INT(REPLAY_TAG_AWAY, struct replay, away_ms),
};

void
replay_save(const struct cursor *c, struct fields_out *out)
{
	struct replay rp = *c->replay;

	if (rp.stage == REPLAY_SCAN)
		rp.scan_from = rp.repeats = 0;
	handoff_put(&out->data, replay_fields, NITEMS(replay_fields), &rp);
	if (rp.head.len > 0)
		tlv_put_bytes(&out->data, REPLAY_TAG_HEAD, rp.head.data,
		    rp.head.len);
}

bool
replay_load(struct cursor *c, struct fields_in *in, const struct tlv *outer)
{
	struct history *h = &c->ms->room->history;
	struct replay *rp = xcalloc(1, sizeof(*rp));
	struct tlv_reader r;
	struct tlv item;
	bool is_good = true;

	tlv_enter(outer, &r);
	while (is_good && tlv_next(&r, &item))
		if (item.tag == REPLAY_TAG_HEAD) {
			buf_reset(&rp->head);
			buf_add(&rp->head, item.data, item.len);
		} else
			is_good = handoff_get(&item, replay_fields,
			    NITEMS(replay_fields), rp);
	if (!is_good || r.is_bad || rp->done.at.number > h->next_number ||
	    (rp->until != REPLAY_PRESENT && rp->until > h->next_number) ||
	    rp->scan_until > h->next_number || c->replay != NULL) {
		buf_fini(&rp->head);
		free(rp);
		return fields_fail(in, "a replay is not consistent");
	}
	rp->done.at = history_find(h, rp->done.at.number);
	if (rp->stage == REPLAY_SCAN)
		rp->scan = rp->done.at;
	c->replay = rp;
	return true;
}

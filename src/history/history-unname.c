/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Takes an author's name off what they have said, in place: hyphens instead, as
 * many, so nothing moves that a cursor or an index points to. No nick begins
 * with one.
 *
 * The name and the checksum cannot be stored in one go. So the header says
 * first which record is being changed, and whoever opens a ring whose process
 * was killed in between does it again. After a power cut in that moment the
 * pages may be old or new, and the record may count as missing, as others do
 * then.
 *
 * Decided against: a list of names that are not shown any more (what is to be
 * forgotten would be kept, and again in the list), and a new file (cursors,
 * bookmarks and the time that it takes).
 */
#include "config.h"

#include <string.h>

#include "history/history-impl.h"
#include "history/history.h"

/* Does nothing to one that has been done. */
static void
record_unname(struct record *r)
{
	memset(r->data, '-', r->first.is.nick_len);
	r->check = record_check(r, r->first);
}

void
history_finish_unname(struct history *h)
{
	uint64_t pos = history_pos_open(h->header->unnamed);
	size_t left;

	if (h->header->unnamed == 0)
		return;
	if (pos != UINT64_MAX && pos % HISTORY_ALIGN == 0) {
		left = h->size - pos % h->size;
		if (left >= sizeof(struct record) &&
		    history_has_form(history_at(h, pos), left) &&
		    history_at(h, pos)->pos == pos &&
		    record_is_message(history_at(h, pos)))
			record_unname(history_at(h, pos));
	}
	history_store(&h->header->unnamed, 0);
}

void
history_unname(struct history *h, const struct history_cursor *c)
{
	uint64_t pos = history_locate(h, c);
	struct record *r = history_at(h, pos);

	history_store(&h->header->unnamed, history_pos_seal(pos));
	record_unname(r);
	history_store(&h->header->unnamed, 0);
	h->rewritten++;
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A ring whose messages are those of a log that several servers share: the log
 * gives the numbers, and may be found to lack what the ring has.
 *
 * Numbers go on in a new epoch where the log may have lost something. So there
 * is a hole at each such place, of no known message, and who catches up over it
 * is told that some may be missing.
 */
#include "config.h"

#include <assert.h>

#include "history/history-impl.h"
#include "history/history.h"

void
history_skip_to(struct history *h, uint64_t number)
{
	if (h->tail_pos != h->head_pos) {
		history_append_hole(h, number);
		return;
	}
	h->first_number = h->next_number = number;
	history_store(&h->header->next_number, number);
}

void
history_append_at(struct history *h, const struct event *event)
{
	uint64_t number = event->number;

	assert(number >= h->next_number && number < HISTORY_NUMBER_MAX &&
	    event->node != 0 && event->counter != 0);
	/* It need not be on disk first: nobody but the log gives numbers. */
	if (number / HISTORY_EPOCH != h->next_number / HISTORY_EPOCH)
		history_store(&h->header->epoch,
		    history_epoch_seal(number / HISTORY_EPOCH));
	if (number != h->next_number)
		history_skip_to(h, number);
	(void)history_append(h, event);
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

/* How far somebody surely has read: what was handed over and has arrived. */

#include "config.h"

#include "room/acked.h"

void
acked_set(struct membership *ms, uint64_t number)
{
	ms->acknowledged = ms->mark = number;
}

void
acked_set_back(struct membership *ms, uint64_t number)
{
	if (ms->acknowledged > number)
		ms->acknowledged = number;
	if (ms->mark > number)
		ms->mark = number;
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Most people are shown a room from some number on and then what is said, so
 * that is all that takes memory.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "room/shown.h"

const struct shown_more *
shown_more(const struct shown *shown)
{
	static const struct shown_more none;

	return shown->more == NULL ? &none : shown->more;
}

struct shown_more *
shown_get_more(struct shown *shown)
{
	if (shown->more == NULL)
		shown->more = xcalloc(1, sizeof(*shown->more));
	return shown->more;
}

void
shown_move(struct shown *to, struct shown *from)
{
	shown_fini(to);
	*to = *from;
	memset(from, 0, sizeof(*from));
}

void
shown_fini(struct shown *shown)
{
	free(shown->more);
	memset(shown, 0, sizeof(*shown));
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What a member has beyond those who only listen, and there are many of those:
 * whoever has joined and says nothing costs a hundred bytes less without it.
 */
#include "config.h"

#include "base/util.h"
#include "room/member-more.h"
#include "room/model.h"

struct member_more *
member_more(struct member *m)
{
	const struct chat *chat = m->chat;
	size_t i;

	if (m->more != NULL)
		return m->more;
	m->more = xcalloc(1, sizeof(*m->more));
	m->more->member = m;
	SLIST_INIT(&m->more->accepted);
	for (i = 0; i < ANNOUNCES; i++)
		bucket_init(&m->more->announce[i],
		    (uint32_t)chat->options->announce_burst,
		    chat->clock->mono_ms);
	return m->more;
}

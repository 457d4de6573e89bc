/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Who is shown the past. A bot that answers what it sees would do again what it
 * was told to do a day ago; so there is nothing of it for those that say that
 * they are bots, and for those that the administrator knows to be.
 */
#include "config.h"

#include "base/credential.h"
#include "base/mask.h"
#include "room/modes.h"
#include "room/past.h"

bool
past_is_for(const struct member *m)
{
	const struct option_list *masks = &m->chat->options->no_history;
	char mask[MASK_SIZE], address[CREDENTIAL_STR_SIZE];
	size_t i;

	if ((m->flags & MEMBER_BOT) != 0)
		return false;
	if (masks->count == 0)
		return true;
	credential_str(&m->address, address);
	for (i = 0; i < masks->count; i++)
		if (mask_normalize(mask, masks->items[i]) == 0 &&
		    (modes_mask_matches(mask, m, m->host) ||
			modes_mask_matches(mask, m, address)))
			return false;
	return true;
}

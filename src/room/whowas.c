/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A small ring that is searched from its end, as it is rarely asked; an index
 * by nick would cost more than it saves. Guests are left out, so that a stream
 * of short visits does not drive out people with a name.
 */
#include "config.h"

#include <bsd/string.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "room/whowas.h"

void
whowas_fini(struct whowas *whowas)
{
	free(whowas->entries);
	memset(whowas, 0, sizeof(*whowas));
}

void
whowas_add(struct whowas *whowas, const struct member *m)
{
	struct whowas_entry *e;

	if (m->is_guest)
		return;
	if (whowas->entries == NULL)
		whowas->entries = xcalloc(WHOWAS_MAX, sizeof(*e));
	e = &whowas->entries[whowas->count++ % WHOWAS_MAX];
	e->until_ms = m->chat->clock->wall_ms;
	(void)strlcpy(e->nick, m->nick, sizeof(e->nick));
	(void)strlcpy(e->folded, m->folded, sizeof(e->folded));
	(void)strlcpy(e->user, m->user == NULL ? "" : m->user, sizeof(e->user));
	(void)strlcpy(e->realname, m->realname == NULL ? "" : m->realname,
	    sizeof(e->realname));
	(void)strlcpy(e->host, m->host, sizeof(e->host));
}

const struct whowas_entry *
whowas_find(const struct whowas *whowas, const char *nick, uint64_t *at)
{
	uint64_t number = *at < whowas->count ? *at : whowas->count;
	uint64_t first = whowas->count < WHOWAS_MAX ?
	    0 :
	    whowas->count - WHOWAS_MAX;
	const struct whowas_entry *e;
	char folded[NICK_SIZE];

	if (strlen(nick) > NICK_MAX)
		return NULL;
	nick_fold(folded, nick);
	while (number-- > first) {
		e = &whowas->entries[number % WHOWAS_MAX];
		if (strcmp(e->folded, folded) == 0) {
			*at = number;
			return e;
		}
	}
	return NULL;
}

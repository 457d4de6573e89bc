/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What people were shown of a conversation when they asked for it counts as
 * read only once it has certainly arrived: until then it would be new again if
 * the connection broke.
 */
#include "config.h"

#include <stdlib.h>

#include "room/client.h"
#include "room/conversing.h"
#include "room/handed.h"

void
conversing_show(struct conversations *all, const struct client *client,
    struct conversation_end *end, uint64_t from, uint64_t to)
{
	struct conversation_shown *shown;

	if (from > end->read || to <= end->read)
		return;
	TAILQ_FOREACH(shown, &all->shown, entry)
		if (shown->client == client && shown->end == end)
			break;
	if (shown == NULL) {
		shown = xcalloc(1, sizeof(*shown));
		shown->client = client;
		shown->end = end;
		TAILQ_INSERT_TAIL(&all->shown, shown, entry);
	}
	if (shown->number < to)
		shown->number = to;
	shown->position = client->ops->handed(client);
}

uint64_t
conversing_untold(const struct conversations *all, const struct client *client,
    const struct conversation_end *end)
{
	const struct conversation_shown *shown;

	TAILQ_FOREACH(shown, &all->shown, entry)
		if (shown->client == client && shown->end == end)
			return history_distance(shown->number,
			    conversation_of_end(end)->next_number);
	return conversation_new_count(end);
}

/* Those of that client (NULL: of all), of which no more than unsent bytes have
 * not arrived; is_over: and no more will. */
static void
shown_confirm(struct conversations *all, const struct client *client,
    size_t unsent, bool is_over)
{
	struct conversation_shown *shown, *next;

	TAILQ_FOREACH_SAFE(shown, &all->shown, entry, next) {
		if (client != NULL && shown->client != client)
			continue;
		if (client == NULL)
			unsent = shown->client->ops->unsent(shown->client);
		if (shown->client->ops != NULL &&
		    handed_arrived(shown->client, unsent) >= shown->position)
			conversation_read(all, shown->end, shown->number);
		else if (!is_over)
			continue;
		conversation_drop_shown(all, shown);
	}
}

void
conversing_confirm(struct conversations *all)
{
	shown_confirm(all, NULL, 0, false);
}

void
conversing_lose(struct conversations *all, const struct client *client,
    size_t unsent)
{
	shown_confirm(all, client, unsent, true);
}

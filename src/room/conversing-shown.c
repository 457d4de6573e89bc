/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What people were shown of a conversation when they asked for it counts as
 * read only once it has certainly arrived: until then it would be new again if
 * the connection broke.
 *
 * What they are handed as it is said is noted here as well, without a client, to
 * the end of the turn: their person's record, with what waits for them or may
 * not have arrived, is written before the conversation says that it was read.
 */
#include "config.h"

#include <stdlib.h>

#include "room/client.h"
#include "room/conversing.h"
#include "room/handed.h"

static struct conversation_shown *
shown_find(const struct conversations *all, const struct client *client,
    const struct conversation_end *end)
{
	struct conversation_shown *shown;

	TAILQ_FOREACH(shown, &all->shown, entry)
		if (shown->client == client && shown->end == end)
			return shown;
	return NULL;
}

/* Up to where they have it, if nothing that is older has arrived; 0: unknown. */
static uint64_t
shown_until(const struct conversations *all, const struct client *client,
    const struct conversation_end *end)
{
	const struct conversation_shown *shown = shown_find(all, client, end);

	return shown == NULL ? 0 : shown->number;
}

static struct conversation_shown *
shown_add(struct conversations *all, const struct client *client,
    struct conversation_end *end, uint64_t to)
{
	struct conversation_shown *shown = shown_find(all, client, end);

	if (shown == NULL) {
		shown = xcalloc(1, sizeof(*shown));
		shown->client = client;
		shown->end = end;
		TAILQ_INSERT_TAIL(&all->shown, shown, entry);
	}
	if (shown->number < to)
		shown->number = to;
	return shown;
}

void
conversing_hand(struct conversations *all, struct conversation_end *end)
{
	uint64_t next = conversation_of_end(end)->next_number;
	uint64_t until = shown_until(all, NULL, end);

	if (history_distance(until > end->read ? until : end->read, next) == 1)
		(void)shown_add(all, NULL, end, next);
}

void
conversing_settle(struct conversations *all)
{
	struct conversation_shown *shown, *next;

	TAILQ_FOREACH_SAFE(shown, &all->shown, entry, next)
		if (shown->client == NULL) {
			conversation_read(all, shown->end, shown->number);
			conversation_drop_shown(all, shown);
		}
}

void
conversing_show(struct conversations *all, const struct client *client,
    struct conversation_end *end, uint64_t from, uint64_t to)
{
	struct conversation_shown *shown;

	if (from > end->read || to <= end->read)
		return;
	shown = shown_add(all, client, end, to);
	shown->position = client->ops->handed(client);
}

uint64_t
conversing_untold(const struct conversations *all, const struct client *client,
    const struct conversation_end *end)
{
	uint64_t until = shown_until(all, client, end);
	uint64_t handed = shown_until(all, NULL, end);

	if (until < handed)
		until = handed;
	if (until < end->read)
		until = end->read;
	return history_distance(until, conversation_of_end(end)->next_number);
}

/* Those of that client (NULL: of all), of which no more than unsent bytes have
 * not arrived; is_over: and no more will. */
static void
shown_confirm(struct conversations *all, const struct client *client,
    size_t unsent, bool is_over)
{
	struct conversation_shown *shown, *next;

	TAILQ_FOREACH_SAFE(shown, &all->shown, entry, next) {
		if (shown->client == NULL ||
		    (client != NULL && shown->client != client))
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

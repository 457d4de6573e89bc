/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Private messages are in no ring. Those handed over are held until they have
 * arrived; if the connection breaks before, they are queued again.
 */
#include "config.h"

#include <stdlib.h>

#include "room/handed.h"
#include "room/person.h"

/* Frees messages that have arrived, as they ended before position. */
void
handed_forget(struct client *client, uint64_t position)
{
	struct queued_message *k;

	while ((k = TAILQ_FIRST(&client->handed)) != NULL &&
	    k->position <= position) {
		TAILQ_REMOVE(&client->handed, k, entry);
		client->handed_count--;
		client->handed_dropped = 0; /* they came before */
		queued_message_free(k);
	}
}

/* The position up to which the peer is known to have everything. */
uint64_t
handed_arrived(const struct client *client, size_t unsent)
{
	uint64_t handed = client->ops->handed(client);

	return handed > unsent ? handed - unsent : 0;
}

void
handed_forget_arrived(struct client *client)
{
	if (client->ops != NULL && !TAILQ_EMPTY(&client->handed))
		handed_forget(client,
		    handed_arrived(client, client->ops->unsent(client)));
}

void
handed_add(struct client *client, struct queued_message *k)
{
	k->position = client->ops->handed(client);
	handed_forget_arrived(client);
	TAILQ_INSERT_TAIL(&client->handed, k, entry);
	if (++client->handed_count <= QUEUED_MAX)
		return;
	k = TAILQ_FIRST(&client->handed);
	TAILQ_REMOVE(&client->handed, k, entry);
	client->handed_count--;
	client->handed_dropped++;
	queued_message_free(k);
}

void
handed_take_back(struct client *client, uint64_t arrived)
{
	struct member *m = client->member;
	struct queued_message *k;

	handed_forget(client, arrived);
	m->person.queued_lost += client->handed_dropped;
	client->handed_dropped = 0;
	while ((k = TAILQ_LAST(&client->handed, queued_list)) != NULL) {
		TAILQ_REMOVE(&client->handed, k, entry);
		client->handed_count--;
		k->is_repeat = true;
		person_requeue(m->chat, &m->person, k);
	}
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Most people have one client, so that is embedded in their member, and costs
 * nothing more; others lie on the heap. Likewise the cursors of a membership.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "history/event.h"
#include "room/client.h"
#include "room/handed.h"

size_t
clients_count(const struct member *m)
{
	const struct client *client;
	size_t count = 0;

	SLIST_FOREACH(client, &m->clients, in_member)
		count += client->ops != NULL;
	return count;
}

size_t
clients_reading(const struct member *m)
{
	const struct client *client;
	size_t count = 0;

	SLIST_FOREACH(client, &m->clients, in_member)
		count += client->ops != NULL && !client->is_paused;
	return count;
}

bool
client_has_others(const struct client *client)
{
	const struct client *other;

	SLIST_FOREACH(other, &client->member->clients, in_member)
		if (other != client && other->ops != NULL)
			return true;
	return false;
}

void
client_acts(struct client *client)
{
	struct client_list *all = &client->member->clients;

	if (SLIST_FIRST(all) == client)
		return;
	SLIST_REMOVE(all, client, client, in_member);
	SLIST_INSERT_HEAD(all, client, in_member);
}

static uint8_t
client_free_number(const struct member *m)
{
	const struct client *client;
	uint8_t number = 0;

	client = SLIST_FIRST(&m->clients);
	while (client != NULL)
		if (client->number == number) {
			number++;
			client = SLIST_FIRST(&m->clients);
		} else
			client = SLIST_NEXT(client, in_member);
	assert(number <= EVENT_VIA_MAX);
	return number;
}

struct client *
client_add(struct member *m)
{
	struct client *client;

	client = m->client.member == NULL ? &m->client :
					    xcalloc(1, sizeof(*client));
	client->number = client_free_number(m);
	client->member = m;
	TAILQ_INIT(&client->handed);
	SLIST_INSERT_HEAD(&m->clients, client, in_member);
	return client;
}

void
client_remove(struct client *client)
{
	struct member *m = client->member;

	SLIST_REMOVE(&m->clients, client, client, in_member);
	handed_forget(client, UINT64_MAX);
	if (client == &m->client)
		memset(client, 0, sizeof(*client));
	else
		free(client);
}

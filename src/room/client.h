/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <assert.h>

#include "base/buf.h"
#include "room/model.h"

/* m has one client, until a person can have several. */
static inline struct client *
member_client(const struct member *m)
{
	struct client *client = SLIST_FIRST(&m->clients);

	assert(client != NULL && SLIST_NEXT(client, in_member) == NULL);
	return client;
}

/* Is one of their clients connected? Not if they are lost. */
static inline bool
member_is_connected(const struct member *m)
{
	const struct client *client;

	SLIST_FOREACH(client, &m->clients, in_member)
		if (client->ops != NULL)
			return true;
	return false;
}

/* The session of a client that is connected, or NULL. */
static inline void *
member_session(const struct member *m)
{
	return member_client(m)->session;
}

static inline const struct dialect *
member_dialect(const struct member *m)
{
	return member_client(m)->dialect;
}

/* Hands over what is in out: 0, or -1 if they refuse it. */
static inline int
client_deliver(const struct client *client, const struct buf *out)
{
	if (out->len == 0)
		return 0;
	return client->ops->deliver(client->sink, out->data, out->len);
}

/* Tells m, by all of their clients, of what they did themselves, or of what
 * somebody did to them. */
static inline void
member_event(const struct member *m, const struct event *event)
{
	struct client *client;

	SLIST_FOREACH(client, &m->clients, in_member)
		if (client->ops != NULL)
			client->ops->event(client, event);
}

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <assert.h>

#include "base/buf.h"
#include "room/model.h"

/* The clients of a person, as others ask for them; see clients.h. */

/* How many are connected. */
size_t clients_count(const struct member *m);
/* And of these, how many are not on break. */
size_t clients_reading(const struct member *m);

/* Has the person other clients that are connected? */
bool client_has_others(const struct client *client);

/* Makes a client of m, not connected; in no room. */
struct client *client_add(struct member *m);

/* It is in no room, and goes; its member stays. */
void client_remove(struct client *client);

/* The person is doing something with it now: what they say, it is not told. */
void client_acts(struct client *client);

/* The client of m that did something last; or, if it is lost, one that is
 * connected, if there is any. */
static inline struct client *
member_client(const struct member *m)
{
	struct client *client;

	SLIST_FOREACH(client, &m->clients, in_member)
		if (client->ops != NULL)
			return client;
	client = SLIST_FIRST(&m->clients);
	assert(client != NULL);
	return client;
}

/* The client of m that is this session's; it has one. */
static inline struct client *
member_client_of(const struct member *m, const void *session)
{
	struct client *client;

	SLIST_FOREACH(client, &m->clients, in_member)
		if (client->session == session)
			return client;
	assert(!"a session is some client's");
	return NULL;
}

/* The client of m with that number, or NULL. */
static inline struct client *
member_client_numbered(const struct member *m, uint8_t number)
{
	struct client *client;

	SLIST_FOREACH(client, &m->clients, in_member)
		if (client->number == number)
			return client;
	return NULL;
}

/* Is what m is doing now done with a client that is on break? Others of theirs
 * may be reading. */
static inline bool
member_acts_on_break(const struct member *m)
{
	return member_client(m)->is_paused;
}

/* A client of m that is connected and not on break, or NULL: the one that did
 * something last. */
static inline struct client *
member_reader(const struct member *m)
{
	struct client *client;

	SLIST_FOREACH(client, &m->clients, in_member)
		if (client->ops != NULL && !client->is_paused)
			return client;
	return NULL;
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
	return client->ops->deliver(client->sink, out->data, out->len, 0);
}

/* Tells the client with which m has just done it. */
static inline void
member_answer(const struct member *m, const struct event *event)
{
	struct client *client = member_client(m);

	if (client->ops != NULL)
		client->ops->event(client, event);
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

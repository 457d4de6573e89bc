/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Of the secret only a hash is kept, since it goes into the rings' files and to
 * the next program. It is a cryptographic one, so that nobody finds another
 * secret with the same.
 *
 * A message said again has to be the same message: under a used id, something
 * else is something new. A program that numbers its messages from 1 each time
 * that it is started loses none of them, as far as they differ.
 */
#include "config.h"

#include <sys/types.h>

#include <sha2.h>
#include <string.h>

#include "base/credential.h"
#include "history/history.h"
#include "room/client.h"
#include "room/conversing.h"
#include "room/ids.h"

static uint64_t
ids_hash(const struct credential *owner, const void *secret, size_t len)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	uint64_t hash;
	SHA2_CTX sha;

	SHA256Init(&sha);
	if (owner != NULL)
		SHA256Update(&sha, (const uint8_t *)owner, sizeof(*owner));
	SHA256Update(&sha, secret, len);
	SHA256Final(digest, &sha);
	memcpy(&hash, digest, sizeof(hash));
	return hash != 0 ? hash : 1;
}

int
client_set_secret(struct client *client, const char *secret)
{
	size_t len = strlen(secret);

	_Static_assert(CLIENT_SECRET_MAX <= HISTORY_ID_MAX, "the same rule");
	if (len < CLIENT_SECRET_MIN || len > CLIENT_SECRET_MAX ||
	    !history_id_is_valid(secret, len))
		return -1;
	client->id_secret = ids_hash(NULL, secret, len);
	return 0;
}

/* Whose ids those of the client are. It may log in at any time. */
static uint64_t
ids_key(const struct client *client)
{
	const struct credential *owner = &client->member->credential;

	return ids_hash(credential_is_strong(owner) ? owner : NULL,
	    &client->id_secret, sizeof(client->id_secret));
}

static bool
ids_is_same(const struct event *a, const struct event *b)
{
	return a->kind == b->kind && a->text_len == b->text_len &&
	    memcmp(a->text, b->text, a->text_len) == 0;
}

bool
client_has_said(const struct client *client, const struct room *room,
    struct event *event)
{
	const struct history *h = &room->history;
	struct history_cursor at;
	struct event said;

	event->id_key = ids_key(client);
	if (!history_find_id(h, event->id_key, event->id, event->id_len, &at))
		return false;
	(void)history_read(h, &at, &said);
	if (!ids_is_same(&said, event))
		return false;
	event->number = said.number;
	event->time_ms = said.time_ms;
	event->wall_ms = said.wall_ms;
	return true;
}

bool
client_has_told(const struct client *client,
    const struct conversation_party *to, struct event *event)
{
	struct member *m = client->member;
	struct conversation_party own;

	event->id_key = ids_key(client);
	return conversing_party(m, &own) &&
	    conversation_has_said(&m->chat->conversations, &own, to, event);
}

bool
client_has_id(const struct client *client, const struct event *event)
{
	return event->id_key != 0 && client->id_secret != 0 &&
	    event->id_key == ids_key(client);
}

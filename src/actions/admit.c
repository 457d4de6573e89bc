/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Admission: nobody who is banned, and not too many people, altogether or from
 * one address. It is checked twice: when somebody connects, and when they
 * enter, since a client may take its time between the two. Connections are
 * counted in a tree of the credentials in use.
 */
#include "config.h"

#include <stdlib.h>

#include "actions/actions.h"
#include "room/model.h"

static int
admit_origin_cmp(const struct admit_origin *a, const struct admit_origin *b)
{
	return credential_cmp(&a->credential, &b->credential);
}

RB_GENERATE_INTERNAL(admit_origins, admit_origin, entry, admit_origin_cmp,
    UNUSED static)

const char *
admit_str(enum admit why)
{
	static const char *const names[ADMITS] = {
		[ADMITTED] = "admitted",
		[ADMIT_FULL] = "full",
		[ADMIT_ADDRESS] = "address",
		[ADMIT_BANNED] = "banned",
		[ADMIT_LOCKED] = "locked",
	};

	return names[why];
}

static struct admit_origin *
admit_find(struct admission *a, const struct credential *credential)
{
	struct admit_origin key = { .credential = *credential };

	return RB_FIND(admit_origins, &a->origins, &key);
}

enum admit
admit_entry(struct admission *a, const struct credential *credential,
    const struct ban **ban)
{
	struct chat *chat = a->chat;
	enum admit why = ADMITTED;

	*ban = bans_match(&chat->bans, credential, chat->clock->wall_ms);
	if (*ban != NULL)
		why = ADMIT_BANNED;
	else if (a->is_locked)
		why = ADMIT_LOCKED;
	if (why != ADMITTED)
		a->refused[why]++;
	return why;
}

enum admit
admit_connection(struct admission *a, const struct credential *credential,
    const struct ban **ban)
{
	const struct options *o = a->chat->options;
	enum admit why = admit_entry(a, credential, ban);
	const struct admit_origin *origin;

	if (why != ADMITTED)
		return why;
	origin = admit_find(a, credential);
	if (a->count >= o->max_members)
		why = ADMIT_FULL;
	else if (o->max_per_address > 0 && origin != NULL &&
	    origin->count >= o->max_per_address)
		why = ADMIT_ADDRESS;
	if (why != ADMITTED)
		a->refused[why]++;
	return why;
}

struct admit_origin *
admit_add(struct admission *a, const struct credential *credential)
{
	struct admit_origin *origin = admit_find(a, credential);

	if (origin == NULL) {
		origin = xcalloc(1, sizeof(*origin));
		origin->credential = *credential;
		RB_INSERT(admit_origins, &a->origins, origin);
	}
	origin->count++;
	a->count++;
	return origin;
}

void
admit_remove(struct admission *a, struct admit_origin *origin)
{
	a->count--;
	if (--origin->count > 0)
		return;
	RB_REMOVE(admit_origins, &a->origins, origin);
	free(origin);
}

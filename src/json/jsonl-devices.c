/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The sessions of the one who asks.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "actions/actions.h"
#include "base/text.h"
#include "json/jsonl.h"
#include "room/client.h"
#include "session/protocol.h"
#include "session/session-devices.h"

static void
devices_add(struct session *s, struct json *j, const struct client *client)
{
	const struct session *other = client->session;
	char from[CREDENTIAL_STR_SIZE];

	credential_str(&other->address, from);
	json_object_open(j, NULL);
	json_number(j, "number", client->number + 1U);
	json_text(j, "protocol", other->protocol->name);
	json_text(j, "from", from);
	json_seconds(j, "for", s->all->net->clock->mono_ms - other->since_ms);
	json_bool(j, "paused", client->is_paused);
	json_bool(j, "this", other == s);
	json_object_close(j);
}

static void
devices_list(struct session *s, const struct jsonl_request *rq,
    const struct member *of)
{
	const struct client *client;
	struct json *j = jsonl_begin_done(s, rq);
	unsigned i;

	json_array_open(j, "devices");
	for (i = 0; i <= EVENT_VIA_MAX; i++) {
		client = member_client_numbered(of, (uint8_t)i);
		if (client != NULL && client->ops != NULL)
			devices_add(s, j, client);
	}
	json_array_close(j);
	jsonl_end(s);
}

static void
devices_end(struct session *s, const struct jsonl_request *rq,
    struct member *of, uint64_t number)
{
	switch (action_device_end(session_client(s), of, number)) {
	case DEVICE_ENDED:
		jsonl_done(s, rq);
		break;
	case DEVICE_NONE:
		jsonl_failed(s, rq, "no-device", SESSION_DEVICE_NONE_TEXT,
		    (unsigned long long)number);
		break;
	case DEVICE_SELF:
		jsonl_failed(s, rq, "yourself", SESSION_DEVICE_SELF_TEXT);
		break;
	}
}

void
jsonl_devices_run(struct session *s, const struct jsonl_request *rq)
{
	uint64_t number = 0;
	struct member *of;
	char *nick;

	if (!jsonl_number(s, rq, "end", &number) ||
	    !jsonl_optional(s, rq, &nick))
		return;
	of = action_devices_of(s->member, nick);
	if (of == NULL)
		jsonl_failed(s, rq, "no-such-nick", SESSION_DEVICES_OTHER_TEXT,
		    (int)text_cut(nick, strlen(nick), NICK_MAX), nick);
	else if (jsonl_has(rq, "end"))
		devices_end(s, rq, of, number);
	else
		devices_list(s, rq, of);
	free(nick);
}

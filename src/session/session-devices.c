/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /devices, for those who type: the sessions that they have. Where these come
 * from is told, as it is their own, and tells which is which.
 */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/nick.h"
#include "base/text.h"
#include "base/util.h"
#include "room/client.h"
#include "session/protocol.h"
#include "session/session-devices.h"
#include "session/session.h"

static void
devices_line(struct session *s, const struct client *client)
{
	const struct session *other = client->session;
	char from[CREDENTIAL_STR_SIZE], since[CLOCK_DURATION_SIZE];

	credential_str(&other->address, from);
	clock_duration(s->all->net->clock->mono_ms - other->since_ms, since);
	session_notice(s, "%u: %s, from %s, for %s%s%s", client->number + 1U,
	    other->protocol->name, from, since,
	    client->is_paused ? ", on break" : "",
	    other == s ? " (this one)" : "");
}

/* In the order of their numbers. */
static void
devices_list(struct session *s, const struct member *of)
{
	const struct client *client;
	unsigned i;

	for (i = 0; i <= EVENT_VIA_MAX; i++) {
		client = member_client_numbered(of, (uint8_t)i);
		if (client != NULL && client->ops != NULL)
			devices_line(s, client);
	}
}

static void
devices_end(struct session *s, struct member *of, const char *word)
{
	uint64_t number;

	if (parse_number(word, UINT64_MAX, &number) != 0) {
		session_error(s, "\"%.*s\" is no number of a session",
		    (int)text_cut(word, strlen(word), NICK_MAX), word);
		return;
	}
	switch (action_device_end(session_client(s), of, number)) {
	case DEVICE_ENDED:
		session_notice(s, "session %llu is ended",
		    (unsigned long long)number);
		break;
	case DEVICE_NONE:
		session_error(s, SESSION_DEVICE_NONE_TEXT,
		    (unsigned long long)number);
		break;
	case DEVICE_SELF:
		session_error(s, SESSION_DEVICE_SELF_TEXT);
		break;
	}
}

void
session_devices_run(struct session *s, int argc, char *argv[])
{
	bool is_end = argc > 1 && strcasecmp(argv[0], "end") == 0;
	const char *nick = NULL;
	struct member *of;

	if ((argc > 1 && !is_end) ||
	    (argc == 1 && strcasecmp(argv[0], "end") == 0)) {
		session_error(s,
		    "%sdevices lists your sessions, and %sdevices end N ends one",
		    s->protocol->has_slash ? "/" : "",
		    s->protocol->has_slash ? "/" : "");
		return;
	}
	if (argc == 1)
		nick = argv[0];
	else if (argc > 2)
		nick = argv[2];
	of = action_devices_of(s->member, nick);
	if (of == NULL)
		session_error(s, SESSION_DEVICES_OTHER_TEXT,
		    (int)text_cut(nick, strlen(nick), NICK_MAX), nick);
	else if (is_end)
		devices_end(s, of, argv[1]);
	else
		devices_list(s, of);
}

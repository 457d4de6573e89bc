/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The sessions that somebody has: whose one may see, and ending one of them.
 * Who may not come in, as there are too many already, may do so as well.
 */
#include "config.h"

#include "actions/actions.h"
#include "room/client.h"
#include "room/clients.h"
#include "room/directory.h"
#include "room/member.h"

struct member *
action_devices_of(struct member *m, const char *nick)
{
	struct member *of = nick == NULL ?
	    m :
	    directory_find(&m->chat->directory, nick);

	if (of == m)
		return m;
	return of != NULL && credential_is_strong(&m->credential) &&
		credential_cmp(&m->credential, &of->credential) == 0 ?
	    of :
	    NULL;
}

enum device_end
action_device_end(const struct client *client, struct member *of,
    uint64_t number)
{
	struct client *ended = NULL;

	if (number >= 1 && number <= EVENT_VIA_MAX + 1)
		ended = member_client_numbered(of, (uint8_t)(number - 1));
	if (ended == NULL || ended->ops == NULL)
		return DEVICE_NONE;
	if (ended == client)
		return DEVICE_SELF;
	ended->ops->ended(ended, "another session of yours has ended this one");
	if (client_has_others(ended))
		client_quit(ended, NULL);
	else
		member_depart(of, ROOM_LEAVE_QUIT, NULL);
	return DEVICE_ENDED;
}

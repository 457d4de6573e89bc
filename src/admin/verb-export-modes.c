/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * export: what the rooms have about somebody, masks that name their account or
 * were set by them, and invitations. A room is one piece: its masks are few.
 */
#include "config.h"

#include <string.h>

#include "admin/admin.h"
#include "admin/verb-impl.h"
#include "room/chat-rooms.h"
#include "room/directory.h"
#include "room/modes.h"

static bool
export_is_by(const struct export *e, const char *nick)
{
	char folded[NICK_SIZE];

	nick_fold(folded, nick);
	return export_has_nick(e, folded);
}

static void
export_mask(struct verb_call *call, const struct room *room,
    enum modes_list list, const struct mode_mask *mask)
{
	char text[MODES_MASK_MAX + 1], when[EXPORT_TIME_SIZE];
	const char letter[] = { modes_list_letter(list), '\0' };
	struct json *j = &call->json;

	mode_mask_str(room, mask, text);
	if (!call->is_json) {
		export_time(mask->set_ms, when);
		buf_addf(&call->out, "mode %s of #%s: %s, set by %s %s\n",
		    letter, room->name, text, mask->by, when);
		return;
	}
	json_object_open(j, NULL);
	json_text(j, "room", room->name);
	json_text(j, "mode", letter);
	json_text(j, "mask", text);
	json_text(j, "by", mask->by);
	json_seconds(j, "set_unix", mask->set_ms);
	json_object_close(j);
}

/* Is somebody who is called so invited there? */
static void
export_invitation(struct verb_call *call, const struct export *e,
    const struct room *room)
{
	struct chat *chat = call->admin->sessions->chat;
	const struct member *m;
	size_t i;

	for (i = 0; i < e->nick_count; i++) {
		m = directory_find(&chat->directory, e->nicks[i]);
		if (m == NULL || !modes_is_invited(room, m))
			continue;
		if (!call->is_json) {
			buf_addf(&call->out, "invited to #%s\n", room->name);
			continue;
		}
		json_object_open(&call->json, NULL);
		json_text(&call->json, "room", room->name);
		json_text(&call->json, "mode", "invitation");
		json_text(&call->json, "mask", m->nick);
		json_object_close(&call->json);
	}
}

bool
export_modes(struct verb_call *call, struct export *e)
{
	struct chat *chat = call->admin->sessions->chat;
	const struct mode_mask *mask;
	struct room *room;
	int i;

	while ((room = chat_room_after(chat, e->room)) != NULL) {
		if (call->out.len >= EXPORT_PIECE ||
		    !walk_may_take(call->budget))
			return true;
		memcpy(e->room, room->name, sizeof(e->room));
		for (i = 0; i < MODES_LISTS; i++)
			TAILQ_FOREACH(mask, &room->modes.lists[i], entry)
				if ((e->account != 0 &&
					mask->account == e->account) ||
				    export_is_by(e, mask->by))
					export_mask(call, room,
					    (enum modes_list)i, mask);
		export_invitation(call, e, room);
	}
	e->room[0] = '\0';
	return false;
}

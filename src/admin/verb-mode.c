/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The verb mode: what operators of a room can do, for whoever runs the server.
 * It is the one way to get an operator again when all of them are gone.
 */
#include "config.h"

#include "admin/admin.h"
#include "admin/verb.h"
#include "base/buf.h"
#include "base/nick.h"
#include "room/modes-change.h"
#include "room/modes-words.h"
#include "room/modes.h"
#include "session/session.h"

struct verb_mode {
	struct room *room;
	struct buf applied; /* "+o bob, +m" */
	struct buf errors;
};

static void
verb_mode_error(enum mode_error why, const struct mode_change *change,
    void *arg)
{
	struct verb_mode *mode = arg;

	buf_addf(&mode->errors, "%s%s", mode->errors.len == 0 ? "" : "; ",
	    mode_error_str(why, change, mode->room));
}

static void
verb_mode_list(enum modes_list list, void *arg)
{
	struct verb_mode *mode = arg;
	const struct mode_mask *mask;
	char text[MODES_MASK_MAX + 1];

	buf_addf(&mode->applied,
	    "%smasks of mode %c:", mode->applied.len == 0 ? "" : ", ",
	    modes_list_letter(list));
	TAILQ_FOREACH(mask, &mode->room->modes.lists[list], entry) {
		mode_mask_str(mode->room, mask, text);
		buf_addf(&mode->applied, " %s", text);
	}
}

static void
verb_mode_applied(const char *text, void *arg)
{
	struct verb_mode *mode = arg;

	buf_addf(&mode->applied, "%s%s", mode->applied.len == 0 ? "" : ", ",
	    text);
}

static enum verb_result
verb_mode_answer(struct verb_call *call, struct verb_mode *mode)
{
	const char *room = mode->room->name;

	if (mode->errors.len == 0)
		return verb_say(call, "%s: %s", room,
		    mode->applied.len == 0 ? "that is so already" :
					     buf_cstr(&mode->applied));
	if (mode->applied.len == 0)
		return verb_fail(call, "%s", buf_cstr(&mode->errors));
	return verb_say(call, "%s: %s; but: %s", room, buf_cstr(&mode->applied),
	    buf_cstr(&mode->errors));
}

enum verb_result
verb_run_mode(struct verb_call *call)
{
	const struct mode_report report = {
		.error = verb_mode_error,
		.list = verb_mode_list,
		.applied = verb_mode_applied,
		.arg = &(struct verb_mode){ .room = NULL },
	};
	struct verb_mode *mode = report.arg;
	enum verb_result result;

	mode->room = chat_find_room(call->admin->sessions->chat,
	    room_name_meant(call->argv[0]));
	if (mode->room == NULL)
		return verb_fail(call, "there is no room \"%s\"",
		    call->argv[0]);
	if (call->argc == 1)
		modes_str(mode->room, true, &mode->applied);
	else
		modes_change(mode->room, NULL, call->argc - 1, call->argv + 1,
		    &report);
	result = verb_mode_answer(call, mode);
	buf_fini(&mode->applied);
	buf_fini(&mode->errors);
	return result;
}

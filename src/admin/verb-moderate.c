/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Verbs about people: kick, ban, bans, unban, lock, unlock. moderate.c does the
 * work; here are their arguments and answers.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "admin/admin.h"
#include "admin/moderate.h"
#include "admin/verb.h"
#include "base/clock.h"
#include "base/util.h"
#include "room/bans.h"

#define BANS_PIECE 8192

enum verb_result
verb_run_kick(struct verb_call *call)
{
	char *reason = verb_join(call, 1), *error;
	int result;

	result = moderate_kick(call->admin->sessions, call->argv[0], reason,
	    &error);
	free(reason);
	if (result == -1)
		return verb_fail(call, error);
	return verb_say(call, "%s is out", call->argv[0]);
}

enum verb_result
verb_run_ban(struct verb_call *call)
{
	int64_t now_ms = call->admin->sessions->net->clock->wall_ms, for_ms = 0;
	char name[BAN_STR_SIZE], until[BAN_UNTIL_SIZE], *reason, *error;
	const struct ban *ban;
	int result, next = 1;
	size_t closed;

	if (call->argc > 1 && strcmp(call->argv[1], "for") == 0) {
		if (call->argc == 2 ||
		    options_parse_duration(call->argv[2], MODERATE_BAN_MAX_MS,
			&for_ms) == -1 ||
		    for_ms == 0)
			return verb_fail(call,
			    xasprintf("\"for\" takes a length of time with its "
				      "unit, such as 90s, 2h or 30d, up to "
				      "3650d"));
		next = 3;
	}
	if (next == 1 && call->argc > 1 &&
	    options_is_like_duration(call->argv[1]))
		return verb_fail(call,
		    xasprintf("did you mean \"for %s\"? A reason cannot begin "
			      "with a length of time",
			call->argv[1]));
	reason = verb_join(call, next);
	result = moderate_ban(call->admin->sessions, call->argv[0], for_ms,
	    reason, &ban, &closed, &error);
	free(reason);
	if (result == -1)
		return verb_fail(call, error);
	ban_subject_str(&ban->subject, name);
	ban_until(ban, now_ms, until);
	return verb_say(call, "%s is banned %s%s; connections ended: %zu", name,
	    until[0] == '\0' ? "until the ban is lifted" : "until ", until,
	    closed);
}

static void
bans_add_line(struct verb_call *call, const struct ban *ban, int64_t now_ms)
{
	char name[BAN_STR_SIZE], until[BAN_UNTIL_SIZE],
	    age[CLOCK_DURATION_SIZE];
	struct json *j = &call->json;

	ban_subject_str(&ban->subject, name);
	ban_until(ban, now_ms, until);
	if (!call->is_json) {
		clock_duration(now_ms - ban->made_ms, age);
		buf_addf(&call->out, "%s: made %s ago%s%s%s%s%s\n", name, age,
		    until[0] == '\0' ? "" : ", until ", until,
		    ban->reason[0] == '\0' ? "" : " (", ban->reason,
		    ban->reason[0] == '\0' ? "" : ")");
		return;
	}
	json_object_open(j, NULL);
	json_string(j, "who", name);
	json_seconds(j, "made_unix", ban->made_ms);
	if (ban->until_ms == 0)
		json_null(j, "until_unix");
	else
		json_seconds(j, "until_unix", ban->until_ms);
	json_string(j, "reason", ban->reason);
	json_object_close(j);
}

/* Lists the oldest first. Bans may come and go between the pieces, but their
 * ids only grow. */
enum verb_result
verb_run_bans(struct verb_call *call)
{
	struct bans *bans = &call->admin->sessions->bans;
	int64_t now_ms = call->admin->sessions->net->clock->wall_ms;
	uint64_t *last_id = call->state;
	const struct ban *ban;

	if (last_id == NULL) {
		call->state = last_id = xcalloc(1, sizeof(*last_id));
		bans_expire(bans, now_ms);
		if (call->is_json) {
			json_object_open(&call->json, NULL);
			json_array_open(&call->json, "bans");
		} else if (TAILQ_EMPTY(&bans->list)) {
			return verb_say(call, "nobody is banned");
		}
	}
	TAILQ_FOREACH(ban, &bans->list, entry) {
		if (ban->id <= *last_id)
			continue;
		if (call->out.len >= BANS_PIECE)
			return VERB_MORE;
		*last_id = ban->id;
		bans_add_line(call, ban, now_ms);
	}
	if (call->is_json) {
		json_array_close(&call->json);
		json_object_close(&call->json);
		buf_addch(&call->out, '\n');
	}
	return VERB_DONE;
}

enum verb_result
verb_run_unban(struct verb_call *call)
{
	char *error;

	if (moderate_unban(call->admin->sessions, call->argv[0], &error) == -1)
		return verb_fail(call, error);
	return verb_say(call, "the ban of %s is lifted", call->argv[0]);
}

enum verb_result
verb_run_lock(struct verb_call *call)
{
	return moderate_lock(call->admin->sessions) ?
	    verb_say(call, "nobody new comes in from now on") :
	    verb_say(call, "it is locked already");
}

enum verb_result
verb_run_unlock(struct verb_call *call)
{
	return moderate_unlock(call->admin->sessions) ?
	    verb_say(call, "people may come in again") :
	    verb_say(call, "it is not locked");
}

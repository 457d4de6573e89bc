/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Verbs about the server as a whole: say, reload, stop, upgrade, metrics.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "admin/admin.h"
#include "admin/member-stats.h"
#include "admin/metrics.h"
#include "admin/verb.h"
#include "base/util.h"
#include "room/publish.h"
#include "room/room.h"

/* People are counted, who may be in several rooms. */
static enum verb_result
run_say_counted(struct verb_call *call, struct member_stats *stats)
{
	if (member_stats_take(stats, &call->admin->sessions->chat->directory,
		call->budget))
		return VERB_MORE;
	return verb_say(call, "said to %zu who are live",
	    stats->counts[MEMBER_LIVE]);
}

enum verb_result
verb_run_say(struct verb_call *call)
{
	struct chat *chat = call->admin->sessions->chat;
	struct event event = { .kind = EVENT_OPERATOR };
	struct member_stats *stats = call->state;
	char *text;
	struct room *room;

	if (stats != NULL)
		return run_say_counted(call, stats);
	text = verb_join(call, 0);
	if (strlen(text) > TOPIC_MAX) {
		free(text);
		return verb_fail(call, "the text is too long (limit %d bytes)",
		    TOPIC_MAX);
	}
	event.text = text;
	event.text_len = strlen(text);
	for (room = NULL; (room = chat_next_room(chat, room)) != NULL;) {
		if (room->people_count == 0)
			continue;
		room_publish(room, &event, NULL);
	}
	free(text);
	call->state = stats = xcalloc(1, sizeof(*stats));
	return run_say_counted(call, stats);
}

enum verb_result
verb_run_reload(struct verb_call *call)
{
	struct buf why = BUF_INITIALIZER;
	enum verb_result result;

	if (!call->admin->reload(&why, call->admin->arg))
		result = verb_fail(call, "%sthe settings are as they were",
		    buf_cstr(&why));
	else if (why.len > 0)
		result = verb_say(call,
		    "the settings are reloaded; what takes a restart stays as "
		    "it was: %s",
		    buf_cstr(&why));
	else
		result = verb_say(call, "the settings are reloaded");
	buf_fini(&why);
	return result;
}

enum verb_result
verb_run_stop(struct verb_call *call)
{
	call->admin->stop(call->admin->arg);
	/* brbctl shows it when the connection ends, with the process. */
	(void)verb_say(call, "the server has stopped");
	return VERB_HOLD;
}

enum verb_result
verb_run_upgrade(struct verb_call *call)
{
	if (!call->admin->upgrade(call->admin->arg))
		return verb_fail(call,
		    "the server is stopping, or an upgrade is under "
		    "way");
	/* brbctl shows it when the connection ends, with the old program,
	 * unless control_upgrade_failed() takes it back. */
	(void)verb_say(call, "the server goes on in the new program");
	return VERB_HOLD;
}

enum verb_result
verb_run_metrics(struct verb_call *call)
{
	struct metrics *metrics = call->state;

	if (metrics == NULL) {
		call->state = metrics = xcalloc(1, sizeof(*metrics));
		metrics_init(metrics, call->admin);
	}
	return metrics_render(metrics, &call->out, call->budget) ? VERB_MORE :
								   VERB_DONE;
}

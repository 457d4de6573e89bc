/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Verbs about people: kick, ban, bans, unban, lock, unlock. What they do is in
 * actions/; here are their arguments, their answers, and what is logged. The
 * lock lets in nobody at all, not even who has just lost the connection: until
 * they have said who they are, nobody can tell them from a stranger.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "actions/actions.h"
#include "admin/admin.h"
#include "admin/verb.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/util.h"
#include "room/bans.h"
#include "room/directory.h"

#define BANS_PIECE 8192

/* As said by an operator, for all to see; "" when there is none. To be
 * freed. */
static char *
moderate_reason(const struct verb_call *call, int index)
{
	char *raw = verb_join(call, index);
	char *text = raw == NULL ? NULL : text_scrub_copy(raw, BAN_REASON_MAX);

	free(raw);
	return text == NULL ? xstrdup("") : text;
}

static enum verb_result
moderate_nobody(struct verb_call *call, const char *nick)
{
	return verb_fail(call, "no one here is called \"%s\"", nick);
}

enum verb_result
verb_run_kick(struct verb_call *call)
{
	struct chat *chat = call->admin->sessions->chat;
	struct member *m = directory_find(&chat->directory, call->argv[0]);
	char *reason, *line, *text;

	if (m == NULL)
		return moderate_nobody(call, call->argv[0]);
	reason = moderate_reason(call, 1);
	line = xasprintf("you have been kicked%s%s%s",
	    *reason == '\0' ? "" : " (", reason, *reason == '\0' ? "" : ")");
	text = xasprintf("kicked%s%s", *reason == '\0' ? "" : ": ", reason);
	log_info("kicked: nick=%s reason=\"%s\"", m->nick, reason);
	action_put_out(m, line, text);
	free(text);
	free(line);
	free(reason);
	return verb_say(call, "%s is out", call->argv[0]);
}

/* The ban is made; those whom it reaches are put out meanwhile. */
struct moderate_ban {
	char name[BAN_STR_SIZE];
	char until[BAN_UNTIL_SIZE];
	uint64_t ended_before;
};

static enum verb_result
moderate_ban_goes_on(struct verb_call *call, const struct moderate_ban *b)
{
	const struct sessions *sessions = call->admin->sessions;

	if (sessions->ban_walk.is_running)
		return VERB_MORE;
	return verb_say(call, "%s is banned %s%s; connections ended: %llu",
	    b->name, b->until[0] == '\0' ? "until the ban is lifted" : "until ",
	    b->until,
	    (unsigned long long)(sessions->banned_ended - b->ended_before));
}

static enum verb_result
moderate_banned(struct verb_call *call, const struct ban *ban)
{
	struct sessions *sessions = call->admin->sessions;
	struct moderate_ban *b = xcalloc(1, sizeof(*b));

	ban_subject_str(&ban->subject, b->name);
	ban_until(ban, sessions->net->clock, b->until);
	b->ended_before = sessions->banned_ended;
	log_info("banned: who=\"%s\" until=\"%s\" reason=\"%s\"", b->name,
	    b->until[0] == '\0' ? "it is lifted" : b->until, ban->reason);
	call->state = b;
	sessions_end_banned(sessions);
	return moderate_ban_goes_on(call, b);
}

enum verb_result
verb_run_ban(struct verb_call *call)
{
	struct chat *chat = call->admin->sessions->chat;
	const char *whom = call->argv[0], *why;
	const struct ban *ban = NULL;
	enum ban_result result;
	int64_t for_ms = 0;
	char *reason;
	int next = 1;

	if (call->state != NULL)
		return moderate_ban_goes_on(call, call->state);
	if (call->argc > 1 && strcmp(call->argv[1], "for") == 0) {
		if (call->argc == 2 ||
		    options_parse_duration(call->argv[2], BAN_FOR_MAX_MS,
			&for_ms) == -1 ||
		    for_ms == 0)
			return verb_fail(call,
			    "\"for\" takes a length of time with its "
			    "unit, such as 90s, 2h or 30d, up to "
			    "3650d");
		next = 3;
	}
	if (next == 1 && call->argc > 1 &&
	    options_is_like_duration(call->argv[1]))
		return verb_fail(call,
		    "did you mean \"for %s\"? A reason cannot begin "
		    "with a length of time",
		    call->argv[1]);
	reason = moderate_reason(call, next);
	result = action_ban(chat, whom, for_ms, reason, &ban, &why);
	free(reason);
	switch (result) {
	case BAN_BAD_SUBJECT:
		return verb_fail(call, "cannot ban '%.*s': %s",
		    (int)text_cut(whom, strlen(whom), 80), whom, why);
	case BAN_NOBODY:
		return moderate_nobody(call, whom);
	case BAN_TOO_MANY:
		return verb_fail(call,
		    "there are %d bans already; lift some first", BANS_MAX);
	case BAN_DONE:
	case BAN_NONE: /* of action_unban() */
		break;
	}
	return moderate_banned(call, ban);
}

static void
bans_add_line(struct verb_call *call, const struct ban *ban)
{
	const struct clock *clock = call->admin->sessions->net->clock;
	int64_t age_ms = clock_age_ms(clock) - ban->made_ms;
	char name[BAN_STR_SIZE], until[BAN_UNTIL_SIZE],
	    age[CLOCK_DURATION_SIZE];
	struct json *j = &call->json;

	ban_subject_str(&ban->subject, name);
	ban_until(ban, clock, until);
	if (!call->is_json) {
		clock_duration(age_ms, age);
		buf_addf(&call->out, "%s: made %s ago%s%s%s%s%s\n", name, age,
		    until[0] == '\0' ? "" : ", until ", until,
		    ban->reason[0] == '\0' ? "" : " (", ban->reason,
		    ban->reason[0] == '\0' ? "" : ")");
		return;
	}
	json_object_open(j, NULL);
	json_text(j, "who", name);
	json_seconds(j, "made_unix", clock->wall_ms - age_ms);
	if (ban->ends_ms == 0)
		json_none(j, "until_unix");
	else
		json_seconds(j, "until_unix", ban_until_ms(ban, clock));
	json_text(j, "reason", ban->reason);
	json_object_close(j);
}

/* Lists the oldest first. Bans may come and go between the pieces, but their
 * ids only grow. */
enum verb_result
verb_run_bans(struct verb_call *call)
{
	struct bans *bans = &call->admin->sessions->chat->bans;
	const struct clock *clock = call->admin->sessions->net->clock;
	uint64_t *last_id = call->state;
	const struct ban *ban;

	if (last_id == NULL) {
		if (!bans_expire(bans, clock_age_ms(clock), call->budget))
			return VERB_MORE;
		call->state = last_id = xcalloc(1, sizeof(*last_id));
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
		bans_add_line(call, ban);
	}
	return verb_end_list(call);
}

enum verb_result
verb_run_unban(struct verb_call *call)
{
	const char *whom = call->argv[0], *why;
	struct ban_subject subject;
	char name[BAN_STR_SIZE];
	enum ban_result result;

	result = action_unban(call->admin->sessions->chat, whom, &subject,
	    &why);
	if (result == BAN_BAD_SUBJECT)
		return verb_fail(call, "cannot unban '%.*s': %s",
		    (int)text_cut(whom, strlen(whom), 80), whom, why);
	ban_subject_str(&subject, name);
	if (result == BAN_NONE)
		return verb_fail(call, "there is no ban of %s", name);
	log_info("ban lifted: who=\"%s\"", name);
	return verb_say(call, "the ban of %s is lifted", whom);
}

/* It ends with the process. */
static enum verb_result
moderate_lock(struct verb_call *call, bool is_locked, const char *done,
    const char *was_so)
{
	struct admission *admission = &call->admin->sessions->admission;
	bool was_locked = admission->is_locked;

	admission->is_locked = is_locked;
	if (was_locked == is_locked)
		return verb_say(call, "%s", was_so);
	log_info("%s", is_locked ? "locked: nobody new comes in" : "unlocked");
	return verb_say(call, "%s", done);
}

enum verb_result
verb_run_lock(struct verb_call *call)
{
	return moderate_lock(call, true, "nobody new comes in from now on",
	    "it is locked already");
}

enum verb_result
verb_run_unlock(struct verb_call *call)
{
	return moderate_lock(call, false, "people may come in again",
	    "it is not locked");
}

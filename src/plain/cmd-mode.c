/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /mode, and /op, /deop, /voice and /devoice, which are easier to remember. All
 * of them come down to a change of modes, which is checked in the room layer.
 */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "plain/plain.h"
#include "room/modes-change.h"
#include "room/modes-words.h"
#include "session/session.h"

/* Letters, and as many parameters as one event can tell. */
#define CMD_MODE_WORDS (1 + MODES_PER_EVENT)
#define CMD_MODE_ERRORS_MAX 5

struct cmd_mode_call {
	struct session *s;
	unsigned errors;
	bool was_answered;
};

void
plain_refuse_mode(struct session *s, enum mode_error why,
    const struct mode_change *change, const struct room *room)
{
	bool is_shown = why == MODE_NOT_OPERATOR && modes_has_operator(room);

	session_error(s, "%s%s", mode_error_str(why, change, room),
	    is_shown ? "; /who shows who they are" : "");
}

static void
cmd_mode_error(enum mode_error why, const struct mode_change *change, void *arg)
{
	struct cmd_mode_call *call = arg;

	call->was_answered = true;
	if (why == MODE_ON_BREAK)
		plain_on_break(call->s);
	else if (call->errors < CMD_MODE_ERRORS_MAX)
		plain_refuse_mode(call->s, why, change,
		    plain_here(call->s)->room);
	call->errors++;
}

static void
cmd_mode_show_list(enum modes_list list, void *arg)
{
	struct cmd_mode_call *call = arg;

	call->was_answered = true;
	plain_mode_list(call->s, list);
}

static void
cmd_mode_applied(const char *text, void *arg)
{
	struct cmd_mode_call *call = arg;

	call->was_answered = true;
	session_notice(call->s, "you set mode %s", text);
}

static void
cmd_mode_init(struct cmd_mode_call *call, struct mode_report *report,
    struct session *s)
{
	memset(call, 0, sizeof(*call));
	call->s = s;
	report->error = cmd_mode_error;
	report->list = cmd_mode_show_list;
	report->applied = cmd_mode_applied;
	report->arg = call;
}

static void
cmd_mode_fini(const struct cmd_mode_call *call)
{
	if (call->errors > CMD_MODE_ERRORS_MAX)
		session_error(call->s, "and %u more errors",
		    call->errors - CMD_MODE_ERRORS_MAX);
	if (!call->was_answered)
		session_notice(call->s, "that is so already");
}

bool
plain_mode_apply(struct session *s, bool is_set, char letter, const char *param)
{
	struct membership *ms = plain_here(s);
	const struct mode_change change = { is_set, letter, param };
	struct cmd_mode_call call;
	struct mode_report report;

	cmd_mode_init(&call, &report, s);
	modes_apply(ms->room, ms, &change, 1, &report);
	cmd_mode_fini(&call);
	return call.errors == 0;
}

void
plain_mode_list(struct session *s, enum modes_list list)
{
	const struct room *room = plain_here(s)->room;
	const struct mode_mask *mask;
	int64_t now_ms = s->all->chat->clock->wall_ms;
	char age[CLOCK_DURATION_SIZE], letter = modes_list_letter(list);
	char text[MODES_MASK_MAX + 1];

	if (TAILQ_EMPTY(&room->modes.lists[list])) {
		session_notice(s, "%s has no masks of mode %c", room->name,
		    letter);
		return;
	}
	session_notice(s, "%s has %zu mask%s of mode %c:", room->name,
	    room->modes.counts[list], room->modes.counts[list] == 1 ? "" : "s",
	    letter);
	TAILQ_FOREACH(mask, &room->modes.lists[list], entry) {
		clock_duration(now_ms < mask->set_ms ? 0 :
						       now_ms - mask->set_ms,
		    age);
		mode_mask_str(room, mask, text);
		session_notice(s, "%s (by %s, %s ago)", text, mask->by, age);
	}
}

void
cmd_mode_run(struct session *s, int argc, char *argv[])
{
	struct membership *ms = plain_here(s);
	struct cmd_mode_call call;
	struct mode_report report;
	struct buf text = BUF_INITIALIZER;
	char *words[CMD_MODE_WORDS + 1];
	int count;

	if (argc == 0) {
		modes_str(ms->room, true, &text);
		session_notice(s, "%s has modes %s", ms->room->name,
		    buf_cstr(&text));
		buf_fini(&text);
		return;
	}
	count = plain_command_split(argv[0], words, CMD_MODE_WORDS, false);
	if (count > CMD_MODE_WORDS) {
		session_error(s,
		    "at most %d names and masks at once; nothing was changed",
		    MODES_PER_EVENT);
		return;
	}
	cmd_mode_init(&call, &report, s);
	modes_change(ms->room, ms, count, words, &report);
	cmd_mode_fini(&call);
}

#define CMD_OF_MODE(name, is_set, letter) \
	void cmd_##name##_run(struct session *s, int argc, char *argv[]) \
	{ \
		(void)argc; \
		(void)plain_mode_apply(s, is_set, letter, argv[0]); \
	}

CMD_OF_MODE(op, true, 'o')
CMD_OF_MODE(deop, false, 'o')
CMD_OF_MODE(voice, true, 'v')
CMD_OF_MODE(devoice, false, 'v')

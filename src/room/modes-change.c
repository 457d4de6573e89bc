/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Changes of modes. Each is checked and made by itself, as IRC has it: of "+ov
 * bob nobody" the first half is done. What really has changed is collected and
 * published at the end, or when one event is full; without changes nothing is.
 */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "history/event.h"
#include "room/directory.h"
#include "room/client.h"
#include "room/modes-change.h"
#include "room/modes-impl.h"
#include "room/presence.h"
#include "room/publish.h"
#include "room/watch.h"

/* Parsing */

void
mode_parser_init(struct mode_parser *p, int argc, char *const argv[])
{
	p->at = argc > 0 ? argv[0] : "";
	p->params = argc > 0 ? argv + 1 : NULL;
	p->param_count = argc > 0 ? argc - 1 : 0;
	p->is_set = true;
}

static bool
mode_takes_param(const struct mode_change *change)
{
	switch (change->letter) {
	case 'b':
	case 'e':
	case 'I':
	case 'k':
	case 'o':
	case 'v':
		return true;
	case 'l':
		return change->is_set;
	default:
		return false;
	}
}

bool
mode_parser_next(struct mode_parser *p, struct mode_change *change)
{
	unsigned char c;

	for (; *p->at == '+' || *p->at == '-'; p->at++)
		p->is_set = *p->at == '+';
	if (*p->at == '\0')
		return false;
	c = (unsigned char)*p->at++;
	/* One letter of UTF-8 is one unknown mode. */
	if (c >= 0x80)
		while (((unsigned char)*p->at & 0xc0) == 0x80)
			p->at++;
	change->is_set = p->is_set;
	change->letter = c > ' ' && c <= '~' ? (char)c : '?';
	change->param = NULL;
	if (mode_takes_param(change) && p->param_count > 0) {
		change->param = *p->params++;
		p->param_count--;
	}
	return true;
}

/* Applying */

/* A call of modes_apply() or modes_change(). */
struct mode_run {
	struct room *room;
	struct membership *actor; /* or NULL */
	const struct mode_report *report;
	bool may_change; /* at the start: "-o+v ana ana" is allowed */
	bool is_refused; /* they were told that they are no operator */
	bool is_changed; /* one of the room's own modes has changed */
	/* To be published next: "+o-b", " bob *!*@x". */
	struct buf letters;
	struct buf params;
	size_t param_count;
	char sign;
};

static void
mode_fail(const struct mode_run *run, enum mode_error why,
    const struct mode_change *change)
{
	if (run->report->error != NULL)
		run->report->error(why, change, run->report->arg);
}

static void
mode_publish(struct mode_run *run)
{
	struct event event = { .kind = EVENT_MODE };
	const char *text;

	if (run->letters.len == 0)
		return;
	buf_add(&run->letters, run->params.data, run->params.len);
	text = buf_cstr(&run->letters);
	event.text = text;
	event.text_len = run->letters.len;
	if (run->actor != NULL)
		presence_show(&run->room->presence, run->actor);
	room_publish(run->room, &event, run->actor);
	if (run->report->applied != NULL)
		run->report->applied(text, run->report->arg);
	buf_reset(&run->letters);
	buf_reset(&run->params);
	run->param_count = 0;
	run->sign = '\0';
}

/* Records a change that was made; shown is its parameter as others see it, or
 * NULL. */
static void
mode_done(struct mode_run *run, const struct mode_change *change,
    const char *shown)
{
	char sign = change->is_set ? '+' : '-';
	size_t len = shown == NULL ? 0 : 1 + strlen(shown);

	if ((shown != NULL && run->param_count == MODES_PER_EVENT) ||
	    run->letters.len + run->params.len + len + 2 > MODES_TEXT_MAX)
		mode_publish(run);
	if (sign != run->sign)
		buf_addch(&run->letters, sign);
	run->sign = sign;
	buf_addch(&run->letters, change->letter);
	if (shown != NULL) {
		buf_addf(&run->params, " %s", shown);
		run->param_count++;
	}
}

static void
mode_apply_flag(struct mode_run *run, const struct mode_change *change,
    unsigned flag)
{
	struct modes *modes = &run->room->modes;

	if (change->is_set == ((modes->flags & flag) != 0))
		return;
	if ((flag == ROOM_INVITE_ONLY || flag == ROOM_LOGGED_IN) &&
	    modes_is_lobby(run->room)) {
		mode_fail(run, MODE_NOT_IN_LOBBY, change);
		return;
	}
	modes->flags ^= flag;
	run->is_changed = true;
	mode_done(run, change, NULL);
}

static void
mode_apply_key(struct mode_run *run, const struct mode_change *change)
{
	struct modes *modes = &run->room->modes;

	if (!change->is_set) {
		/* Whoever may remove a key need not know it. */
		if (modes->key[0] == '\0')
			return;
		modes->key[0] = '\0';
		mode_done(run, change, "*");
	} else if (change->param == NULL) {
		mode_fail(run, MODE_NO_PARAM, change);
		return;
	} else if (!modes_key_is_valid(change->param)) {
		mode_fail(run, MODE_BAD_KEY, change);
		return;
	} else if (modes_is_lobby(run->room)) {
		mode_fail(run, MODE_NOT_IN_LOBBY, change);
		return;
	} else if (strcmp(modes->key, change->param) == 0) {
		return;
	} else {
		memcpy(modes->key, change->param, strlen(change->param) + 1);
		mode_done(run, change, modes->key);
	}
	run->is_changed = true;
}

static void
mode_apply_limit(struct mode_run *run, const struct mode_change *change)
{
	struct modes *modes = &run->room->modes;
	uint64_t limit = 0;
	char shown[24];

	if (change->is_set) {
		if (change->param == NULL) {
			mode_fail(run, MODE_NO_PARAM, change);
			return;
		}
		if (parse_number(change->param, MODES_LIMIT_MAX, &limit) ==
			-1 ||
		    limit == 0) {
			mode_fail(run, MODE_BAD_LIMIT, change);
			return;
		}
		if (modes_is_lobby(run->room)) {
			mode_fail(run, MODE_NOT_IN_LOBBY, change);
			return;
		}
	}
	if (limit == modes->limit)
		return;
	modes->limit = (uint32_t)limit;
	run->is_changed = true;
	(void)snprintf(shown, sizeof(shown), "%lu", (unsigned long)limit);
	mode_done(run, change, change->is_set ? shown : NULL);
}

static void
mode_apply_mask(struct mode_run *run, const struct mode_change *change,
    enum modes_list list)
{
	struct chat *chat = run->room->chat;
	struct modes *modes = &run->room->modes;
	struct mode_mask *mask, wanted;
	char text[MODES_MASK_MAX + 1];
	bool has_account;

	if (!modes_mask_read(run->room, &wanted, change->param, &has_account)) {
		mode_fail(run, MODE_BAD_MASK, change);
		return;
	}
	mask = modes_mask_find(modes, list, &wanted);
	if (change->is_set == (mask != NULL))
		return;
	/* Older versions took it for a host; what they have kept can go. */
	if (change->is_set && modes_mask_is_other(change->param)) {
		mode_fail(run, MODE_OTHER_MASK, change);
		return;
	}
	/* A slip would let in whoever takes that name. */
	if (change->is_set && !has_account && list != MODES_BANS) {
		mode_fail(run, MODE_NO_ACCOUNT, change);
		return;
	}
	mode_mask_str(run->room, mask != NULL ? mask : &wanted, text);
	if (change->is_set && modes->counts[list] == MODES_LIST_MAX) {
		mode_fail(run, MODE_LIST_FULL, change);
		return;
	}
	if (change->is_set)
		modes_mask_add(modes, list, &wanted,
		    run->actor == NULL ? MODES_SERVER :
					 run->actor->member->nick,
		    chat->clock->wall_ms);
	else
		modes_mask_remove(modes, list, mask);
	run->is_changed = true;
	mode_done(run, change, text);
}

static void
mode_apply_member(struct mode_run *run, const struct mode_change *change)
{
	struct member *m;
	struct membership *ms;
	bool *has;

	if (change->param == NULL) {
		mode_fail(run, MODE_NO_PARAM, change);
		return;
	}
	m = directory_find(&run->room->chat->directory, change->param);
	ms = m == NULL ? NULL : member_in(m, run->room);
	if (ms == NULL) {
		mode_fail(run, m == NULL ? MODE_NO_SUCH_NICK : MODE_NOT_IN_ROOM,
		    change);
		return;
	}
	has = change->letter == 'o' ? &ms->is_op : &ms->is_voiced;
	if (*has == change->is_set)
		return;
	*has = change->is_set;
	watch_member_changed(m);
	/* Others must know of the person first. */
	presence_show(&run->room->presence, ms);
	mode_done(run, change, m->nick);
}

/* Refuses, and reports so once. Returns true. */
static bool
mode_refuse(struct mode_run *run, const struct mode_change *change)
{
	bool is_on_break = run->actor != NULL &&
	    member_acts_on_break(run->actor->member);

	if (run->may_change && !is_on_break)
		return false;
	if (!run->is_refused)
		mode_fail(run,
		    run->may_change ? MODE_ON_BREAK : MODE_NOT_OPERATOR,
		    change);
	run->is_refused = true;
	return true;
}

static void
mode_apply(struct mode_run *run, const struct mode_change *change)
{
	unsigned flag = modes_flag_find(change->letter);
	int list = modes_list_find(change->letter);

	if (list != -1 && change->param == NULL) {
		if (run->report->list != NULL)
			run->report->list((enum modes_list)list,
			    run->report->arg);
	} else if (flag == 0 && list == -1 &&
	    strchr("klov", change->letter) == NULL)
		mode_fail(run, MODE_UNKNOWN, change);
	else if (mode_refuse(run, change))
		return;
	else if (flag != 0)
		mode_apply_flag(run, change, flag);
	else if (list != -1)
		mode_apply_mask(run, change, (enum modes_list)list);
	else if (change->letter == 'k')
		mode_apply_key(run, change);
	else if (change->letter == 'l')
		mode_apply_limit(run, change);
	else
		mode_apply_member(run, change);
}

static void
mode_run_init(struct mode_run *run, struct room *room, struct membership *actor,
    const struct mode_report *report)
{
	static const struct mode_report nobody = { .arg = NULL };

	assert(actor == NULL || actor->room == room);
	memset(run, 0, sizeof(*run));
	run->room = room;
	run->actor = actor;
	run->may_change = actor == NULL || actor->is_op;
	run->report = report == NULL ? &nobody : report;
}

static void
mode_run_fini(struct mode_run *run)
{
	mode_publish(run);
	if (run->is_changed)
		modes_persist(run->room);
	buf_fini(&run->letters);
	buf_fini(&run->params);
}

void
modes_change(struct room *room, struct membership *actor, int argc,
    char *const argv[], const struct mode_report *report)
{
	struct mode_parser parser;
	struct mode_change change;
	struct mode_run run;

	mode_run_init(&run, room, actor, report);
	mode_parser_init(&parser, argc, argv);
	while (mode_parser_next(&parser, &change))
		mode_apply(&run, &change);
	mode_run_fini(&run);
}

void
modes_apply(struct room *room, struct membership *actor,
    const struct mode_change *changes, size_t count,
    const struct mode_report *report)
{
	struct mode_run run;
	size_t i;

	mode_run_init(&run, room, actor, report);
	for (i = 0; i < count; i++)
		mode_apply(&run, &changes[i]);
	mode_run_fini(&run);
}

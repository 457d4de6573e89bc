/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * LIST, with the conditions that ELIST=CMNTU promises: masks of names (M),
 * masks not to match (N), when the channel was made (C) and its topic set (T),
 * in minutes, and how many people are in it (U). All conditions must hold, and
 * one of the masks. Empty rooms are listed only if they are permanent; and not
 * the lobby, as IRC clients need not go there.
 */
#include "config.h"

#include <string.h>

#include "base/mask.h"
#include "base/util.h"
#include "irc/irc.h"
#include "session/session.h"

#define LIST_CONDITIONS_MAX 16
#define LIST_NUMBER_MAX 1000000000
#define LIST_LISTED_MAX 2000
#define LIST_LOOKED_MAX 20000
#define LIST_LOOKED_PER_TENTH 20

struct list_condition {
	char what; /* 'U', 'C', 'T', 'N' or 'M' */
	bool is_more; /* ">", not "<" */
	int64_t number; /* people or minutes */
	const char *mask;
};

struct list_filter {
	struct list_condition conditions[LIST_CONDITIONS_MAX];
	size_t count;
};

/* Parses what is between two commas; what is not a condition is a mask. */
static void
list_read_condition(struct list_filter *f, const char *text)
{
	struct list_condition *c = &f->conditions[f->count];
	const char *p = text;
	uint64_t number;

	c->what = 'U';
	if ((*p == 'C' || *p == 'T') && (p[1] == '<' || p[1] == '>'))
		c->what = *p++;
	if ((*p == '<' || *p == '>') &&
	    parse_number(p + 1, LIST_NUMBER_MAX, &number) == 0) {
		c->is_more = *p == '>';
		c->number = (int64_t)number;
	} else if (*text == '!') {
		c->what = 'N';
		c->mask = text + 1;
	} else {
		c->what = 'M';
		c->mask = text;
	}
	f->count++;
}

/* Was it long enough, or short enough, ago? Never if the time is unknown. */
static bool
list_is_ago(const struct list_condition *c, int64_t then_ms, int64_t now_ms)
{
	int64_t limit_ms = c->number * 60 * 1000;
	int64_t ago_ms = now_ms - then_ms;

	if (then_ms <= 0)
		return false;
	return c->is_more ? ago_ms > limit_ms : ago_ms < limit_ms;
}

static bool
list_matches(const struct session *s, const struct list_filter *f,
    const struct room *room)
{
	int64_t now_ms = s->all->net->clock->wall_ms, people;
	char name[ROOM_NAME_SIZE + 1] = "#";
	bool has_masks = false, is_named = false, is_good = true;
	size_t i;

	memcpy(name + 1, room->name, strlen(room->name) + 1);
	for (i = 0; i < f->count && is_good; i++) {
		const struct list_condition *c = &f->conditions[i];

		switch (c->what) {
		case 'U':
			people = (int64_t)room->people_count;
			is_good = c->is_more ? people > c->number :
					       people < c->number;
			break;
		case 'C':
			is_good = list_is_ago(c, room->modes.made_ms, now_ms);
			break;
		case 'T':
			is_good = room->topic != NULL &&
			    list_is_ago(c, room->topic_ms, now_ms);
			break;
		case 'N':
			is_good = !mask_match(c->mask, name);
			break;
		default:
			has_masks = true;
			is_named |= mask_match(c->mask, name);
		}
	}
	return is_good && (is_named || !has_masks);
}

static bool
list_shows(const struct session *s, const struct room *room)
{
	if (!irc_may_see_room(s, room))
		return false;
	return room->people_count > 0 ||
	    (room->is_permanent && room != s->all->chat->lobby);
}

/* Lists only so many: one answer must neither hold up the others nor fill the
 * memory. */
static void
list_send(struct session *s, const struct list_filter *filter)
{
	struct room *room = NULL;
	size_t listed = 0, looked = 0;

	while ((room = chat_next_room(s->all->chat, room)) != NULL) {
		if (++looked > LIST_LOOKED_MAX || listed == LIST_LISTED_MAX) {
			irc_numeric(s, 416, "LIST :Too many; ask for fewer");
			return;
		}
		if (looked % LIST_LOOKED_PER_TENTH == 0)
			irc_charge(s, 1);
		if (!list_shows(s, room) || !list_matches(s, filter, room))
			continue;
		irc_numeric(s, 322, "#%s %zu :%s", room->name,
		    room->people_count, room->topic == NULL ? "" : room->topic);
		listed++;
	}
}

void
irc_list_run(struct session *s, struct irc_message *msg)
{
	struct list_filter filter = { .count = 0 };
	char *conditions = msg->argc > 0 ? msg->argv[0] : NULL;
	const char *condition;

	while ((condition = strsep(&conditions, ",")) != NULL) {
		if (*condition == '\0')
			continue;
		if (filter.count == LIST_CONDITIONS_MAX) {
			irc_about(s, 407, condition,
			    "Too many conditions; nothing is listed");
			irc_numeric(s, 323, ":End of LIST");
			return;
		}
		list_read_condition(&filter, condition);
	}
	irc_numeric(s, 321, "Channel :Users  Name");
	list_send(s, &filter);
	irc_numeric(s, 323, ":End of LIST");
}

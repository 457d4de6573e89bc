/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The lists of names that clients keep, against who is there.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "chat-fixture.h"
#include "room/client.h"
#include "room/directory.h"
#include "room/publish.h"
#include "room/rename.h"
#include "room/room.h"
#include "unit.h"

/* Whatever happens, a client that adds and removes names as it is told knows
 * who is there, or it is told to ask for the names. */
#define MODEL_PEOPLE 8
#define MODEL_ROOMS 3

static struct fake people[MODEL_PEOPLE];
/* What person i believes of j in each room; valid until they are lost. */
static char believed[MODEL_PEOPLE][MODEL_ROOMS][512];

static uint32_t random_state;

static uint32_t
draw(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % n;
}

static const char *const model_rooms[MODEL_ROOMS] = { "lobby", "a", "b" };

static void
model_set(char *list, const char *nick, bool is_there)
{
	char key[80], *at;

	(void)snprintf(key, sizeof(key), " %s,", nick);
	at = strstr(list, key);
	if (is_there && at == NULL)
		memcpy(list + strlen(list), key, strlen(key) + 1);
	else if (!is_there && at != NULL)
		memmove(at, at + strlen(key), strlen(at + strlen(key)) + 1);
}

static bool
model_has(const char *list, const char *nick)
{
	char key[80];

	(void)snprintf(key, sizeof(key), " %s,", nick);
	return strstr(list, key) != NULL;
}

/* Its lines name the room, as IRC's do. */
static void
model_render(const struct dialect *dialect, struct buf *out,
    const struct event *e)
{
	(void)dialect;
	switch (e->kind) {
	case EVENT_SYNC_JOIN:
		buf_addf(out, "+ %s %s\n", e->room, e->nick);
		break;
	case EVENT_SYNC_PART:
		buf_addf(out, "- %s %s\n", e->room, e->nick);
		break;
	case EVENT_KICK:
		buf_addf(out, "- %s %s\n", e->room, e->other);
		break;
	case EVENT_SYNC_QUIT:
		buf_addf(out, "Q . %s\n", e->nick);
		break;
	case EVENT_SYNC_RENAME:
		buf_addf(out, "R %s %s\n", e->other, e->nick);
		break;
	case EVENT_SAY:
		buf_addf(out, "S %s %s\n", e->room, e->nick);
		break;
	default:
		break;
	}
}

static const struct dialect model_dialect = {
	.name = "model",
	.render = model_render,
	.tracks_members = true,
};

static void
model_names(int who, int room)
{
	const struct membership *ms;
	char *list = believed[who][room];

	list[0] = '\0';
	TAILQ_FOREACH(ms, &chat_get_room(&fx.chat, model_rooms[room])->people,
	    in_room)
		if (ms->is_joined)
			model_set(list, ms->member->nick, true);
}

static int
model_room(const char *name)
{
	int room;

	for (room = 0; room < MODEL_ROOMS; room++)
		if (strcmp(model_rooms[room], name) == 0)
			return room;
	return -1;
}

/* Is what they believe certain to be right? */
static bool
model_is_sure(int who, int room)
{
	const struct membership *ms;

	ms = member_in(people[who].m,
	    chat_get_room(&fx.chat, model_rooms[room]));
	return ms != NULL && !ms->cursor.needs_names;
}

static void
model_line(int who, const char *line)
{
	char kind, a[64], b[64];
	int room;

	ck_assert_msg(sscanf(line, "%c %63s %63s", &kind, a, b) == 3, "%s",
	    line);
	room = model_room(a);
	switch (kind) {
	case '+':
		ck_assert(!model_is_sure(who, room) ||
		    !model_has(believed[who][room], b));
		model_set(believed[who][room], b, true);
		break;
	case '-':
		ck_assert(!model_is_sure(who, room) ||
		    model_has(believed[who][room], b));
		model_set(believed[who][room], b, false);
		break;
	case 'Q':
		for (room = 0; room < MODEL_ROOMS; room++)
			model_set(believed[who][room], b, false);
		break;
	case 'R':
		for (room = 0; room < MODEL_ROOMS; room++)
			if (model_has(believed[who][room], a)) {
				/* Nobody has the new nick yet. */
				ck_assert(!model_is_sure(who, room) ||
				    !model_has(believed[who][room], b));
				model_set(believed[who][room], a, false);
				model_set(believed[who][room], b, true);
			}
		break;
	default:
		break;
	}
}

static bool
model_is_tracker(int who)
{
	return people[who].m != NULL &&
	    member_dialect(people[who].m)->tracks_members;
}

static void
model_read(int who)
{
	struct buf *seen = &people[who].seen;
	char *text = xstrdup(buf_cstr(seen)), *line, *rest = text;

	buf_reset(seen);
	if (!model_is_tracker(who))
		*rest = '\0';
	while ((line = strsep(&rest, "\n")) != NULL)
		if (line[0] != '\0')
			model_line(who, line);
	free(text);
}

/* What everybody believes about who is there is right. */
static void
model_check(void)
{
	const struct membership *ms;
	struct room *room;
	int i, r;

	for (i = 0; i < MODEL_PEOPLE; i++) {
		if (!model_is_tracker(i))
			continue;
		model_read(i);
		for (r = 0; r < MODEL_ROOMS; r++) {
			room = chat_get_room(&fx.chat, model_rooms[r]);
			ms = member_in(people[i].m, room);
			if (ms == NULL || ms->cursor.needs_names)
				continue;
			TAILQ_FOREACH(ms, &room->people, in_room) {
				ck_assert(ms->is_joined || !ms->is_announced);
				ck_assert(ms->is_joined ||
				    !ms->cursor.is_tracking);
				if (ms->is_joined && ms->member != people[i].m)
					ck_assert_msg(model_has(believed[i][r],
							  ms->member->nick),
					    "%s in %s is not known to %s",
					    ms->member->nick, room->name,
					    people[i].m->nick);
			}
		}
	}
}

/* Once windows have passed, nobody is believed to be there who is not. */
static void
model_check_ghosts(void)
{
	const struct membership *ms;
	const struct member *m;
	struct room *room;
	char list[512], *nick, *rest;
	int i, r;

	for (i = 0; i < MODEL_PEOPLE; i++)
		for (r = 0; r < MODEL_ROOMS; r++) {
			room = chat_get_room(&fx.chat, model_rooms[r]);
			if (!model_is_tracker(i) ||
			    (ms = member_in(people[i].m, room)) == NULL ||
			    ms->cursor.needs_names)
				continue;
			memcpy(list, believed[i][r], sizeof(list));
			rest = list;
			while ((nick = strsep(&rest, " ,")) != NULL) {
				if (nick[0] == '\0')
					continue;
				m = directory_find(&fx.chat.directory, nick);
				ck_assert_msg(m != NULL &&
					member_in(m, room) != NULL,
				    "%s has gone from %s; %s does not know",
				    nick, room->name, people[i].m->nick);
			}
		}
}

/* The session's part: names when they are due. */
static void
model_on_names(struct fake *f, struct membership *ms)
{
	int who = (int)(f - people);

	model_read(who);
	model_names(who, model_room(ms->room->name));
}

static void
model_come(int i)
{
	bool tracks_members = draw(3) != 0;

	/* Two fakes share each address, and uids can take over. */
	fake_init_with(&fx, &people[i], draw(2) == 0 ? i / 2 + 1 : -(i / 2 + 1),
	    tracks_members ? &model_dialect : &fake_dialect);
	people[i].on_names = model_on_names;
	memset(believed[i], 0, sizeof(believed[i]));
	if (!tracks_members)
		(void)room_join(fx.chat.lobby, people[i].m, ROOM_JOIN_CATCHUP);
}

static void
model_join(int i)
{
	int r = (int)draw(MODEL_ROOMS);
	struct room *room = chat_get_room(&fx.chat, model_rooms[r]);
	struct membership *ms = member_in(people[i].m, room);

	if (ms != NULL) {
		if (draw(3) == 0 && SLIST_NEXT(ms, in_member) != NULL) {
			believed[i][r][0] = '\0';
			room_leave(ms,
			    draw(2) ? ROOM_LEAVE_PART : ROOM_LEAVE_WENT, "a");
		}
		return;
	}
	model_read(i);
	(void)room_join(room, people[i].m,
	    draw(2) ? ROOM_JOIN_QUIET : ROOM_JOIN_CATCHUP);
	if (model_is_tracker(i))
		model_names(i, r);
}

static void
model_nick(int i)
{
	char nick[8];
	const struct member *clash;

	(void)snprintf(nick, sizeof(nick), "n%u", draw(6));
	model_read(i);
	if (model_is_tracker(i)) {
		char old[NICK_SIZE];
		int r;

		memcpy(old, people[i].m->nick, sizeof(old));
		(void)!rename_member(people[i].m, nick, &clash);
		/* The session's own line to them. */
		model_read(i);
		for (r = 0; r < MODEL_ROOMS; r++)
			if (model_has(believed[i][r], old)) {
				model_set(believed[i][r], old, false);
				model_set(believed[i][r], people[i].m->nick,
				    true);
			}
	} else
		(void)!rename_member(people[i].m, nick, &clash);
}

static void
model_kick(int who, int whom)
{
	struct membership *ms, *theirs = NULL;
	struct event event = { .kind = EVENT_KICK };

	if (people[whom].m == NULL || who == whom)
		return;
	SLIST_FOREACH(ms, &people[who].m->memberships, in_member)
		if ((theirs = member_in(people[whom].m, ms->room)) != NULL)
			break;
	if (theirs == NULL ||
	    SLIST_NEXT(SLIST_FIRST(&people[whom].m->memberships), in_member) ==
		NULL)
		return;
	presence_show(&ms->room->presence, ms);
	presence_show(&ms->room->presence, theirs);
	event.other = people[whom].m->nick;
	room_publish(ms->room, &event, ms);
	/* The session's own line to them. */
	model_read(who);
	model_set(believed[who][model_room(ms->room->name)], event.other,
	    false);
	model_read(whom);
	believed[whom][model_room(ms->room->name)][0] = '\0';
	room_leave(theirs, ROOM_LEAVE_KICKED, NULL);
}

static void
model_step(void)
{
	int i = (int)draw(MODEL_PEOPLE);
	struct fake *f = &people[i];

	if (f->m == NULL) {
		fake_fini(f);
		model_come(i);
		return;
	}
	switch (draw(13)) {
	case 0:
		fake_quit(f, NULL);
		break;
	case 1:
		fake_lose(f);
		break;
	case 2:
	case 3:
		model_nick(i);
		break;
	case 4:
	case 5:
	case 6:
		model_join(i);
		break;
	case 7:
		if (!SLIST_EMPTY(&f->m->memberships) && !f->m->is_on_break)
			fake_say(f, "hi");
		break;
	case 8:
		if (f->m->is_on_break)
			member_back(f->m, NULL);
		else
			member_break(f->m, NULL);
		break;
	case 9:
		f->is_full = !f->is_full;
		if (!f->is_full)
			fake_drain(f);
		break;
	case 10:
		fixture_pass(&fx, draw(3000));
		break;
	case 11:
		fixture_settle(&fx);
		break;
	case 12:
		model_kick(i, (int)draw(MODEL_PEOPLE));
		break;
	}
}

START_TEST(test_model)
{
	struct fake crowd[PRESENCE_SMALL + 2];
	size_t crowd_count = _i % 2 == 0 ? 0 : NITEMS(crowd), j;
	int step, i;

	random_state = 88172645 + (uint32_t)_i;
	fixture_init_options(&fx);
	fx.options.departure_delay = 4000;
	fixture_init(&fx);
	memset(people, 0, sizeof(people));
	for (j = 0; j < crowd_count; j++)
		fake_init(&fx, &crowd[j], 100 + (int)j);
	for (step = 0; step < 8000; step++) {
		model_step();
		if (draw(4) == 0) {
			fixture_settle(&fx);
			model_check();
		}
		if (draw(50) == 0) {
			fixture_pass(&fx, 10000);
			fixture_settle(&fx);
			model_check();
			model_check_ghosts();
		}
	}
	for (i = 0; i < MODEL_PEOPLE; i++)
		fake_fini(&people[i]);
	for (j = 0; j < crowd_count; j++)
		fake_fini(&crowd[j]);
	fixture_pass(&fx, 100000);
	ck_assert(RB_EMPTY(&fx.chat.returning));
	fixture_fini(&fx);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "names", NULL, NULL);

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, test_model, 0, 6);
}

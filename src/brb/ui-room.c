/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Rooms as they are looked at: one of them is, and what is said in the others
 * waits in their backlogs until one goes there.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "brb/talk.h"
#include "brb/ui-impl.h"

struct view *
ui_view(struct ui *ui, struct talk_room *room)
{
	struct view *view = room->view;

	if (view == NULL) {
		view = xcalloc(1, sizeof(*view));
		view->show = ui->show;
		view->show.day = 0;
		view->left_ms = ui_wall_ms();
		room->view = view;
	}
	return view;
}

void
view_free(struct view *view)
{
	if (view == NULL)
		return;
	buf_fini(&view->backlog);
	free(view);
}

/* The oldest half goes, so that not each line moves all others. */
static void
view_shorten(struct view *view)
{
	size_t at = view->backlog.len / 2, i;
	char *end = memchr(view->backlog.data + at, '\n',
	    view->backlog.len - at);

	at = end == NULL ? view->backlog.len :
			   (size_t)(end - view->backlog.data) + 1;
	for (i = 0; i < at; i++)
		view->dropped += view->backlog.data[i] == '\n';
	memmove(view->backlog.data, view->backlog.data + at,
	    view->backlog.len - at);
	view->backlog.len -= at;
}

struct buf *
ui_room_lines(struct ui *ui, struct talk_room *room, struct show **show)
{
	struct view *view;

	*show = &ui->show;
	if (room == NULL || room == ui->current || !ui->screen.is_terminal)
		return ui_lines(ui);
	view = ui_view(ui, room);
	if (view->backlog.len > UI_BACKLOG_MAX)
		view_shorten(view);
	*show = &view->show;
	return &view->backlog;
}

struct talk_room *
ui_numbered(struct ui *ui, unsigned number)
{
	struct talk_room *room;

	TAILQ_FOREACH(room, talk_rooms(ui->talk), entry)
		if (!room->is_left && --number == 0)
			return room;
	return NULL;
}

struct talk_room *
ui_next_unread(struct ui *ui)
{
	struct talk_room *room, *first = NULL;
	bool is_behind = false;

	TAILQ_FOREACH(room, talk_rooms(ui->talk), entry) {
		if (room == ui->current)
			is_behind = true;
		else if (ui_view(ui, room)->unread > 0) {
			if (is_behind)
				return room;
			if (first == NULL)
				first = room;
		}
	}
	return first;
}

struct talk_room *
ui_any_room(struct ui *ui)
{
	struct talk_room *room;

	TAILQ_FOREACH(room, talk_rooms(ui->talk), entry)
		if (!room->is_left)
			return room;
	return NULL;
}

void
ui_go(struct ui *ui, struct talk_room *room)
{
	struct view *view;
	char since[CLOCK_HHMM_SIZE];

	if (ui->current == room)
		return;
	if (ui->current != NULL)
		ui_view(ui, ui->current)->left_ms = ui_wall_ms();
	ui->current = room;
	ui->is_completing = false;
	if (room == NULL) {
		ui_changed(ui);
		return;
	}
	view = ui_view(ui, room);
	if (room->topic != NULL && *room->topic != '\0')
		ui_note(ui, "%s: %s", room->name, room->topic);
	else
		ui_note(ui, "%s", room->name);
	if (view->dropped > 0)
		ui_note(ui,
		    "%zu lines before these are not kept here; "
		    "/history has them",
		    view->dropped);
	if (view->unread > 0) {
		clock_hhmm(view->left_ms, since);
		ui_note(ui, "new since %s --", since);
	}
	buf_add(ui_lines(ui), view->backlog.data, view->backlog.len);
	buf_reset(&view->backlog);
	view->dropped = view->unread = 0;
	view->is_mentioned = false;
}

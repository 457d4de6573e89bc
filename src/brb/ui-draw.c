/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The picture: the prompt, and the lines that wait to be said. It is drawn once
 * for all that a turn of the loop has brought, by an event that is made active
 * with the first of it: it is run after those that were ready before, and so
 * often that nobody waits for it.
 */
#include "config.h"

#include <sys/types.h>

#include <event2/event.h>

#include "brb/talk.h"
#include "brb/ui-impl.h"

static void
ui_add_elsewhere(struct ui *ui, struct buf *prompt)
{
	struct talk_room *room;
	struct view *view;
	unsigned number = 0;

	TAILQ_FOREACH(room, talk_rooms(ui->talk), entry) {
		if (room->is_left)
			continue;
		number++;
		view = ui_view(ui, room);
		if (view->unread > 0 && room != ui->current)
			buf_addf(prompt, " %u:%s(%zu%s)", number, room->name,
			    view->unread, view->is_mentioned ? "*" : "");
	}
}

static void
ui_prompt(struct ui *ui, struct buf *prompt)
{
	const char *p;
	size_t lines;

	switch (ui->question) {
	case UI_PASTE:
		p = edit_pasted(ui->edit, &lines);
		buf_addf(prompt, "say these %zu lines? y or n: ", lines);
		(void)p;
		return;
	case UI_LOGIN:
		buf_addf(prompt, "password of %s: ", ui->question_name);
		return;
	case UI_REGISTER:
		buf_addstr(prompt, "a password for your account: ");
		return;
	case UI_NO_QUESTION:
		break;
	}
	buf_addstr(prompt,
	    ui->current == NULL ? "(no room)" : ui->current->name);
	ui_add_elsewhere(ui, prompt);
	if (!talk_is_settled(ui->talk))
		buf_addstr(prompt,
		    ui->was_down ? " (offline)" : " (connecting)");
	else if (ui->current != NULL && ui->current->state == TALK_OUT)
		buf_addstr(prompt, " (not in it)");
	if (talk_is_on_break(ui->talk))
		buf_addstr(prompt, " (brb)");
	buf_addstr(prompt, "> ");
}

/* The last lines that wait to be said, above the prompt. */
static void
ui_draw_unsaid(struct ui *ui)
{
	struct screen *s = &ui->screen;
	const struct unsaid *u;
	size_t skip = 0;
	size_t cols = s->cols > 0 ? s->cols - 1 : 0;
	struct buf row = BUF_INITIALIZER;

	TAILQ_FOREACH(u, talk_unsaid(ui->talk), entry)
		skip++;
	skip = skip > UI_UNSAID_ROWS ? skip - UI_UNSAID_ROWS : 0;
	TAILQ_FOREACH(u, talk_unsaid(ui->talk), entry) {
		if (skip > 0) {
			skip--;
			continue;
		}
		buf_reset(&row);
		show_unsaid(&ui->show, &row, u->nick, u->kind, u->text, cols);
		buf_add(&s->out, row.data, row.len);
		buf_addch(&s->out, '\n');
		s->row_cols[s->rows_up++] = cols;
	}
	buf_fini(&row);
}

static void
ui_draw_row(struct ui *ui)
{
	struct buf prompt = BUF_INITIALIZER;

	ui_prompt(ui, &prompt);
	ui->screen.prompt_cols = edit_draw(ui->edit, buf_cstr(&prompt),
	    ui->screen.cols, &ui->screen.out);
	buf_fini(&prompt);
}

static void
ui_check_end(struct ui *ui)
{
	if (ui->screen.is_gone && !ui->is_quitting)
		ui_quit(ui, "");
	/* All that came from a pipe has to be said. */
	if (ui->is_eof && !ui->is_quitting && ui->paste.len == 0 &&
	    talk_unsaid_lines(ui->talk) == 0 && talk_is_settled(ui->talk))
		ui_quit(ui, "");
}

void
ui_draw_cb(evutil_socket_t fd, short what, void *arg)
{
	struct ui *ui = arg;

	(void)fd;
	(void)what;
	ui_feed(ui);
	screen_begin(&ui->screen);
	if (ui->screen.is_raw && !ui->is_quitting) {
		ui_draw_unsaid(ui);
		ui_draw_row(ui);
	}
	screen_flush(&ui->screen);
	ui_check_end(ui);
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What is typed: keys of a terminal, which the line editor takes but for those
 * that are the program's; or the lines of a pipe, read as fast as they are said.
 */
#include "config.h"

#include <sys/types.h>

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "brb/link.h"
#include "brb/ui-impl.h"

#define UI_PAUSE_MS 50 /* after which ESC is a key of its own */

static void
ui_line(struct ui *ui, const char *line)
{
	/* Somebody waits. */
	link_hurry(talk_link(ui->talk));
	if (line[0] == '/' && line[1] != '/')
		ui_command(ui, line);
	else if (line[0] != '\0')
		ui_say(ui, "say", line[0] == '/' ? line + 1 : line);
}

/* As one message, where that can be; or line by line, as there is room. */
static void
ui_say_paste(struct ui *ui, const char *paste)
{
	const char *room = ui->current->name;

	if (ui->paste.len > 0 && strcmp(ui->paste_room, room) != 0) {
		ui_error(ui, "not said: lines for %s still wait",
		    ui->paste_room);
		return;
	}
	if (ui->paste.len == 0 && talk_may_be_one(ui->talk, paste) &&
	    talk_say(ui->talk, room, "say", paste))
		return;
	buf_add(&ui->paste, paste, strlen(paste));
	(void)snprintf(ui->paste_room, sizeof(ui->paste_room), "%s", room);
}

static void
ui_paste_answer(struct ui *ui, unsigned char c)
{
	size_t lines;

	ui->question = UI_NO_QUESTION;
	if ((c == 'y' || c == 'Y') && ui->current != NULL)
		ui_say_paste(ui, edit_pasted(ui->edit, &lines));
	else
		ui_note(ui, "not said");
	edit_drop_paste(ui->edit);
	ui_changed(ui);
}

static void
ui_suspend(struct ui *ui)
{
	screen_restore(&ui->screen);
	(void)raise(SIGTSTP); /* nothing, where nobody could go on */
	/* Here again: SIGCONT. */
	screen_raw(&ui->screen);
	screen_resized(&ui->screen);
	ui_changed(ui);
}

static void
ui_take_line(struct ui *ui)
{
	enum ui_question question = ui->question;
	char *line = xstrdup(edit_take(ui->edit));

	if (question == UI_LOGIN || question == UI_REGISTER) {
		edit_set_secret(ui->edit, false);
		ui_answered_password(ui, line);
		ui->question = UI_NO_QUESTION;
		explicit_bzero(line, strlen(line));
	} else
		ui_line(ui, line);
	free(line);
	ui_changed(ui);
}

static void
ui_interrupt(struct ui *ui)
{
	if (ui->question != UI_NO_QUESTION) {
		ui->question = UI_NO_QUESTION;
		edit_set_secret(ui->edit, false);
	} else
		ui_note(ui, "/quit or ^D ends it, /brb is a break");
	ui_changed(ui);
}

static void
ui_room_key(struct ui *ui, struct talk_room *room)
{
	if (room != NULL)
		ui_go(ui, room);
}

static void
ui_key(struct ui *ui, unsigned char c)
{
	enum edit_event event;

	/* No key of several bytes is an answer, nor another paste. */
	if (ui->question == UI_PASTE && c != 033 && edit_is_plain(ui->edit)) {
		ui_paste_answer(ui, c);
		return;
	}
	event = edit_byte(ui->edit, c);
	if (event != EDIT_NOTHING && event != EDIT_COMPLETE)
		ui->is_completing = false;
	switch (event) {
	case EDIT_NOTHING:
		break;
	case EDIT_CHANGED:
		ui_changed(ui);
		break;
	case EDIT_LINE:
		ui_take_line(ui);
		break;
	case EDIT_END:
		ui_quit(ui, "");
		break;
	case EDIT_INTERRUPT:
		ui_interrupt(ui);
		break;
	case EDIT_SUSPEND:
		ui_suspend(ui);
		break;
	case EDIT_REDRAW:
		buf_addstr(&ui->screen.out, "\033[H\033[2J");
		ui->screen.rows_up = 0;
		ui_changed(ui);
		break;
	case EDIT_COMPLETE:
		ui_complete(ui);
		ui_changed(ui);
		break;
	case EDIT_ROOM:
		ui_room_key(ui, ui_numbered(ui, edit_number(ui->edit)));
		break;
	case EDIT_NEXT_ROOM:
		ui_room_key(ui, ui_next_unread(ui));
		break;
	case EDIT_PASTED:
		ui->question = UI_PASTE;
		ui_changed(ui);
		break;
	}
}

/* From a pipe: whole lines; one that is longer than any may be is cut. */
static void
ui_byte(struct ui *ui, char c)
{
	char *line;

	if (c != '\n') {
		if (ui->typed.len < EDIT_TEXT_MAX && c != '\0')
			buf_addch(&ui->typed, c);
		return;
	}
	if (ui->typed.len > 0 && ui->typed.data[ui->typed.len - 1] == '\r')
		ui->typed.len--;
	line = text_scrub_copy(buf_cstr(&ui->typed), EDIT_TEXT_MAX);
	ui_line(ui, line == NULL ? "" : line);
	free(line);
	buf_reset(&ui->typed);
}

static void
ui_eof(struct ui *ui)
{
	(void)event_del(ui->readable);
	if (ui->screen.is_terminal) {
		/* The terminal is gone, and so is who sat there. */
		ui->screen.is_gone = true;
		if (!ui->is_quitting)
			ui_quit(ui, "");
		return;
	}
	if (ui->typed.len > 0)
		ui_byte(ui, '\n');
	ui->is_eof = true;
	ui_changed(ui);
}

void
ui_readable_cb(evutil_socket_t fd, short what, void *arg)
{
	struct ui *ui = arg;
	unsigned char keys[4096];
	struct timeval tv = { .tv_usec = UI_PAUSE_MS * 1000 };
	ssize_t n, i;

	(void)what;
	n = read(fd, keys, ui->screen.is_terminal ? sizeof(keys) : 512);
	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		ui_eof(ui);
		return;
	}
	for (i = 0; i < n && !ui->is_quitting; i++)
		if (ui->screen.is_terminal)
			ui_key(ui, keys[i]);
		else
			ui_byte(ui, (char)keys[i]);
	explicit_bzero(keys, sizeof(keys));
	if (edit_is_waiting(ui->edit))
		(void)event_add(ui->pause, &tv);
	if (!ui->screen.is_terminal &&
	    talk_unsaid_lines(ui->talk) >= TALK_UNSAID_MAX / 2)
		(void)event_del(ui->readable);
}

void
ui_pause_cb(evutil_socket_t fd, short what, void *arg)
{
	struct ui *ui = arg;

	(void)fd;
	(void)what;
	(void)edit_pause(ui->edit);
}

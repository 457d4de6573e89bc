/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What the user says, and the end of it.
 */
#include "config.h"

#include <sys/types.h>

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "brb/talk.h"
#include "brb/ui-impl.h"

#define UI_QUIT_MS 3000 /* for the server's last words */

void
ui_say(struct ui *ui, const char *kind, const char *text)
{
	if (ui->current == NULL)
		ui_error(ui, "you are in no room; /join one");
	else if (!talk_say(ui->talk, ui->current->name, kind, text) &&
	    *text != '\0')
		ui_error(ui,
		    "too many lines wait to be said; this was not "
		    "taken: %s",
		    text);
}

void
ui_feed(struct ui *ui)
{
	char *line, *end;

	while (ui->paste.len > 0 &&
	    talk_unsaid_lines(ui->talk) < TALK_UNSAID_MAX) {
		line = ui->paste.data + ui->paste_done;
		end = memchr(line, '\n', ui->paste.len - ui->paste_done);
		if (end == NULL) {
			buf_reset(&ui->paste);
			ui->paste_done = 0;
			break;
		}
		*end = '\0';
		if (!talk_say(ui->talk, ui->paste_room, "say", line) &&
		    *line != '\0')
			ui_error(ui, "not said: %s", line);
		ui->paste_done = (size_t)(end + 1 - ui->paste.data);
	}
	if (ui->screen.is_terminal || !ui->has_settled || ui->is_eof ||
	    ui->readable == NULL)
		return;
	/* A pipe is read as fast as it is said. */
	if (talk_unsaid_lines(ui->talk) < TALK_UNSAID_MAX / 2)
		(void)event_add(ui->readable, NULL);
}

void
ui_quit(struct ui *ui, const char *text)
{
	struct timeval tv = { .tv_sec = UI_QUIT_MS / 1000 };
	const struct unsaid *u;
	char *row; /* its lines in one */

	ui->is_quitting = true;
	TAILQ_FOREACH(u, talk_unsaid(ui->talk), entry) {
		if (u->said != NULL)
			continue;
		row = text_scrub_copy(u->text, TALK_TEXT_MAX);
		ui_error(ui, "not said, perhaps, in %s: %s", u->room,
		    row == NULL ? "" : row);
		free(row);
	}
	if (!talk_is_settled(ui->talk)) {
		(void)event_base_loopbreak(ui->base);
		return;
	}
	talk_quit(ui->talk, text);
	(void)event_base_loopexit(ui->base, &tv);
}

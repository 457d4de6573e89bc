/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Completion by Tab: commands at the beginning of a line, rooms where a command
 * takes one, else the nicks of the room. Tab again offers the next one.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "brb/ui-impl.h"

/* Does the word stand where a room is meant? */
static bool
complete_is_room(const char *line)
{
	return strncmp(line, "/join ", 6) == 0 ||
	    strncmp(line, "/leave ", 7) == 0 || strncmp(line, "/go ", 4) == 0;
}

/* Candidate i, or NULL after the last; *tail is what goes behind it. */
static const char *
complete_candidate(struct ui *ui, size_t i, const char **tail)
{
	const char *line = edit_text(ui->edit);
	struct talk_room *room;

	*tail = " ";
	if (ui->complete_start == 0 && line[0] == '/')
		return ui_command_name(i);
	if (complete_is_room(line)) {
		TAILQ_FOREACH(room, talk_rooms(ui->talk), entry)
			if (i-- == 0)
				return room->name;
		return NULL;
	}
	*tail = ui->complete_start == 0 ? ": " : " ";
	return ui->current != NULL && i < ui->current->people_count ?
	    ui->current->people[i] :
	    NULL;
}

/* Remembers the word before the cursor. False: there is none that could be a
 * name. */
static bool
complete_begin(struct ui *ui)
{
	const char *line = edit_text(ui->edit);
	size_t at = edit_cursor(ui->edit), start = at, len;

	while (start > 0 && line[start - 1] != ' ')
		start--;
	len = at - start;
	if (len == 0 || len >= sizeof(ui->complete_word))
		return false;
	ui->complete_start = start;
	memcpy(ui->complete_word, line + start, len);
	ui->complete_word[len] = '\0';
	ui->complete_len = len;
	ui->complete_index = 0;
	ui->complete_at = at;
	ui->is_completing = true;
	return true;
}

void
ui_complete(struct ui *ui)
{
	const char *name, *tail;
	char whole[ROOM_NAME_SIZE + 16];
	bool is_again = false;
	size_t skip;

	if (ui->question != UI_NO_QUESTION ||
	    (!ui->is_completing && !complete_begin(ui)))
		return;
	/* The slash of a command is no part of its name. */
	skip = ui->complete_start == 0 && ui->complete_word[0] == '/';
	for (;;) {
		name = complete_candidate(ui, ui->complete_index++, &tail);
		if (name == NULL) {
			if (is_again)
				return;
			is_again = true;
			ui->complete_index = 0;
			continue;
		}
		if (strncasecmp(name, ui->complete_word + skip,
			strlen(ui->complete_word + skip)) == 0)
			break;
	}
	(void)snprintf(whole, sizeof(whole), "%s%s%s", skip ? "/" : "", name,
	    tail);
	if (edit_replace(ui->edit, ui->complete_len, whole))
		ui->complete_len = strlen(whole);
	else
		ui->is_completing = false;
}

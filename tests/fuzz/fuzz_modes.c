/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Modes: the first byte tells whether the rest is what a client sends, words
 * between blanks, or what a file or an earlier program says. Whatever comes,
 * all stays within its limits, what is told is printable ASCII that fits a line
 * of IRC, and what is written reads back as the same bytes.
 */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "history/event.h"
#include "room/chat.h"
#include "room/modes-change.h"
#include "room/modes-words.h"
#include "room/modes.h"
#include "state/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WORDS_MAX 64

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
wake(void *arg)
{
	(void)arg;
}

static void
check_applied(const char *text, void *arg)
{
	size_t i;

	(void)arg;
	require(text[0] == '+' || text[0] == '-');
	require(strlen(text) <= MODES_TEXT_MAX);
	for (i = 0; text[i] != '\0'; i++)
		require(text[i] >= ' ' && text[i] <= '~');
}

static void
check_error(enum mode_error why, const struct mode_change *change, void *arg)
{
	require(change->letter > ' ' && change->letter <= '~');
	require(mode_error_str(why, change, arg)[0] != '\0');
}

static bool
load(struct room *room, const void *data, size_t len)
{
	struct fields_in in = { .use = FIELDS_HANDOFF };
	const struct tlv item = { .data = data, .len = len };
	bool is_good = modes_load(room, &in, &item);

	require(is_good == (in.error == NULL));
	fields_in_fini(&in);
	return is_good;
}

static void
check_modes(struct room *room)
{
	struct modes *modes = &room->modes;
	struct fields_out first = { .use = FIELDS_HANDOFF }, second = first;
	size_t i;

	for (i = 0; i < MODES_LISTS; i++)
		require(modes->counts[i] <= MODES_LIST_MAX);
	require(modes->limit <= MODES_LIMIT_MAX);
	require(modes->invitation_count <= MODES_INVITATIONS_MAX);
	modes_str(room, true, &first.data);
	check_applied(buf_cstr(&first.data), NULL);
	buf_reset(&first.data);
	modes_save(modes, &first);
	require(first.data.len <= JOURNAL_VALUE_MAX);
	require(load(room, first.data.data, first.data.len));
	modes_save(modes, &second);
	require(first.data.len == second.data.len &&
	    memcmp(first.data.data, second.data.data, first.data.len) == 0);
	fields_out_fini(&first);
	fields_out_fini(&second);
}

static void
change(struct room *room, const uint8_t *data, size_t size)
{
	const struct mode_report report = { check_error, NULL, check_applied,
		room };
	char *line = xmalloc(size + 1), *rest = line, *argv[WORDS_MAX];
	int argc = 0;

	memcpy(line, data, size);
	line[size] = '\0';
	while (rest != NULL && argc < WORDS_MAX)
		argv[argc++] = strsep(&rest, " ");
	modes_change(room, NULL, argc, argv, &report);
	free(line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct options options;
	struct clock clock = { .mono_ms = 1000000,
		.wall_ms = INT64_C(1700000100000) };
	struct deadlines deadlines;
	struct chat chat;
	struct room *kitchen;

	if (size < 1)
		return 0;
	options_init(&options);
	options.history_size = 65536;
	deadlines_init(&deadlines, NULL, NULL);
	chat_init(&chat, &clock, &options, &deadlines, wake, NULL);
	require(chat_open_room(&chat, "kitchen", &kitchen) == CHAT_ROOM_MADE);
	if (data[0] % 2 == 0)
		change(kitchen, data + 1, size - 1);
	else if (!load(kitchen, data + 1, size - 1))
		require(kitchen->modes.flags == ROOM_NO_EXTERNAL &&
		    kitchen->modes.key[0] == '\0');
	check_modes(kitchen);
	chat_fini(&chat);
	options_fini(&options);
	return 0;
}

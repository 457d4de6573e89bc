/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The line editor and whatever a terminal sends. 0xfe and 0xff, which are in no
 * text, stand for a pause, and for a line that is completed. The text is always
 * UTF-8 without controls, and the row never wraps.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "brb/edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_INPUT_MAX 4096

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* UTF-8 without controls, those of C1 among them. */
static void
check_clean(const char *text)
{
	size_t i, len = strlen(text);

	require(text_is_utf8(text, len));
	for (i = 0; i < len; i++) {
		require((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
		require((unsigned char)text[i] != 0xc2 ||
		    (unsigned char)text[i + 1] >= 0xa0);
	}
}

static void
check_row(struct edit *e, size_t cols)
{
	struct buf row = BUF_INITIALIZER;
	const char *text = edit_text(e);
	size_t len = strlen(text), cursor = edit_cursor(e);

	require(len <= EDIT_TEXT_MAX && cursor <= len);
	check_clean(text);
	require(text_is_utf8(text, cursor));
	require(edit_fit(text, len, cols) <= len);
	require(edit_draw(e, "lobby> ", cols, &row) < cols);
	buf_fini(&row);
}

static void
play(struct edit *e, enum edit_event event)
{
	const char *lines;
	size_t count = 0;

	switch (event) {
	case EDIT_LINE:
		check_clean(edit_take(e));
		break;
	case EDIT_PASTED:
		lines = edit_pasted(e, &count);
		require(count > 0 && strlen(lines) <= EDIT_PASTE_MAX + 1);
		edit_drop_paste(e);
		break;
	case EDIT_ROOM:
		require(edit_number(e) <= 10);
		break;
	case EDIT_COMPLETE:
		edit_set_secret(e, *edit_text(e) == '\0');
		break;
	case EDIT_NOTHING:
	case EDIT_CHANGED:
	case EDIT_END:
	case EDIT_INTERRUPT:
	case EDIT_SUSPEND:
	case EDIT_REDRAW:
	case EDIT_NEXT_ROOM:
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct edit *e;
	size_t i, cols;

	if (size == 0 || size > FUZZ_INPUT_MAX)
		return 0;
	e = edit_new();
	cols = data[0] + (size_t)1;
	for (i = 1; i < size; i++) {
		if (data[i] == 0xfe)
			play(e, edit_pause(e));
		else if (data[i] == 0xff)
			edit_replace(e, edit_cursor(e), "ana: ");
		else
			play(e, edit_byte(e, data[i]));
		if (i % 8 == 0)
			check_row(e, cols);
	}
	play(e, edit_pause(e));
	check_row(e, cols);
	edit_free(e);
	return 0;
}

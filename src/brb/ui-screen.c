/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The terminal: what comes is printed above the prompt and scrolls away as any
 * output does; the rows at the bottom, lines that wait to be said and the one
 * that is typed, are taken away for that and drawn again, in one write. No row
 * is as wide as the window, so none is ever folded, but by a window that
 * becomes narrower: then we know how wide they were.
 *
 * Decided against: the alternate screen, which would take the scrollback, the
 * best pager there is; terminfo, as all that is needed is in ECMA-48, and a
 * terminal without that is used as a pipe is.
 */
#include "config.h"

#include <sys/ioctl.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "brb/output.h"
#include "brb/ui-impl.h"

#define SCREEN_COLS 80
#define SCREEN_COLS_MAX 1000

/* Do the terminal's rows fold when it becomes narrower? Most do. */
static bool
screen_does_reflow(const char *term)
{
	return getenv("XTERM_VERSION") == NULL && strcmp(term, "linux") != 0 &&
	    strncmp(term, "rxvt", 4) != 0;
}

void
screen_init(struct screen *s)
{
	const char *term = getenv("TERM");

	memset(s, 0, sizeof(*s));
	s->cols = SCREEN_COLS;
	if (term == NULL || *term == '\0' || strcmp(term, "dumb") == 0 ||
	    !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    tcgetattr(STDIN_FILENO, &s->saved) == -1)
		return;
	s->is_terminal = true;
	s->reflows = screen_does_reflow(term);
	screen_resized(s);
}

void
screen_resized(struct screen *s)
{
	struct winsize size;
	size_t i;

	if (!s->is_terminal || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == -1 ||
	    size.ws_col == 0)
		return;
	s->cols = size.ws_col > SCREEN_COLS_MAX ? SCREEN_COLS_MAX : size.ws_col;
	if (!s->reflows)
		return;
	/* The rows above the cursor that those of ours have become. */
	for (i = 0; i < UI_UNSAID_ROWS && s->row_cols[i] > 0; i++)
		if (s->row_cols[i] > s->cols)
			s->rows_up += (s->row_cols[i] - 1) / s->cols;
	if (s->prompt_cols > s->cols)
		s->rows_up += (s->prompt_cols - 1) / s->cols;
	memset(s->row_cols, 0, sizeof(s->row_cols));
	s->prompt_cols = 0;
}

void
screen_raw(struct screen *s)
{
	struct termios raw;

	if (!s->is_terminal || s->is_raw)
		return;
	raw = s->saved;
	raw.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | ISTRIP | IXON);
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == -1)
		return;
	s->is_raw = true;
	buf_addstr(&s->out, "\033[?2004h");
}

void
screen_restore(struct screen *s)
{
	if (!s->is_raw)
		return;
	/* What stood there goes; the shell begins in the same place. */
	screen_begin(s);
	buf_addstr(&s->out, "\033[?2004l");
	screen_flush(s);
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &s->saved);
	s->is_raw = false;
}

void
screen_begin(struct screen *s)
{
	if (s->is_raw) {
		if (s->rows_up > 0)
			buf_addf(&s->out, "\033[%zuA", s->rows_up);
		buf_addstr(&s->out, "\r\033[J");
	}
	s->rows_up = 0;
	memset(s->row_cols, 0, sizeof(s->row_cols));
	if (s->has_bell && s->is_terminal)
		buf_addch(&s->out, '\a');
	s->has_bell = false;
	buf_add(&s->out, s->lines.data, s->lines.len);
	buf_reset(&s->lines);
}

void
screen_flush(struct screen *s)
{
	if (output_write(&s->out) == -1)
		s->is_gone = true;
}

void
screen_fini(struct screen *s)
{
	buf_fini(&s->lines);
	buf_fini(&s->out);
}

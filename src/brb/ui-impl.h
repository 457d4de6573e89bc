/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * For ui*.c alone. Each of them calls those that stand before it here, and ui.c
 * all of them.
 */
#ifndef UI_IMPL_H
#define UI_IMPL_H

#include <event2/util.h>
#include <termios.h>

#include "base/buf.h"
#include "brb/edit.h"
#include "brb/show.h"
#include "brb/ui.h"

#define UI_BACKLOG_MAX ((size_t)256 * 1024) /* bytes of a room not looked at */
#define UI_UNSAID_ROWS 5

struct event;
struct event_base;

/* What the user has not seen of a room. */
struct view {
	struct buf backlog;
	size_t dropped; /* lines: there were too many */
	size_t unread;
	bool is_mentioned;
	int64_t left_ms; /* wall clock: when it was looked at last */
	struct show show;
};

struct screen {
	bool is_terminal; /* keys can be read, and rows drawn */
	bool is_raw;
	bool reflows; /* a narrower window folds rows */
	struct termios saved;
	size_t cols;
	size_t rows_up; /* drawn above the one with the cursor */
	size_t row_cols[UI_UNSAID_ROWS]; /* their widths */
	size_t prompt_cols; /* where the cursor is */
	struct buf lines; /* to be printed above the rest */
	struct buf out;
	bool has_bell;
	bool is_gone; /* EIO: nobody is there any more */
};

enum ui_question {
	UI_NO_QUESTION,
	UI_PASTE, /* are many lines to be said? */
	UI_LOGIN, /* the password of an account */
	UI_REGISTER
};

struct ui {
	const struct ui_options *options;
	struct event_base *base;
	struct talk *talk;
	struct edit *edit;
	struct screen screen;
	struct show show;
	struct talk_room *current; /* or NULL */
	struct event *readable, *draw, *pause, *resize, *end[4], *go_on;
	enum ui_question question;
	char question_name[NICK_SIZE];
	struct buf typed; /* where there is no terminal: an unfinished line */
	struct buf paste; /* lines that are still to be said, in paste_room */
	size_t paste_done;
	char paste_room[ROOM_NAME_SIZE];
	bool is_eof, is_quitting, was_down;
	bool has_settled; /* once: before that no pipe is read */
	int status;
	/* The state of completion: ui-complete.c */
	size_t complete_index, complete_len, complete_at, complete_start;
	char complete_word[ROOM_NAME_SIZE];
	bool is_completing;
};

/* ui-screen.c: the terminal. */
void screen_init(struct screen *s);
void screen_raw(struct screen *s);
void screen_restore(struct screen *s);
void screen_resized(struct screen *s);
/* Writes what is in out. */
void screen_flush(struct screen *s);
/* Begins a new picture: takes the rows away, and prints lines in their place. */
void screen_begin(struct screen *s);
void screen_fini(struct screen *s);

/* ui-lines.c */
void ui_note(struct ui *ui, const char *fmt, ...) PRINTFLIKE(2, 3);
void ui_error(struct ui *ui, const char *fmt, ...) PRINTFLIKE(2, 3);
/* Has a new picture drawn. */
void ui_changed(struct ui *ui);
/* Where lines go now: above the prompt. */
struct buf *ui_lines(struct ui *ui);
int64_t ui_wall_ms(void);

/* ui-room.c */
/* How the user sees that room; it is made at the first call. */
struct view *ui_view(struct ui *ui, struct talk_room *room);
void view_free(struct view *view);
/* Where lines of that room go; NULL: to what is looked at. */
struct buf *ui_room_lines(struct ui *ui, struct talk_room *room,
    struct show **show);
void ui_go(struct ui *ui, struct talk_room *room);
struct talk_room *ui_numbered(struct ui *ui, unsigned number);
/* The next after the current one with something unread, round in a circle. */
struct talk_room *ui_next_unread(struct ui *ui);
struct talk_room *ui_any_room(struct ui *ui);

/* ui-say.c */
void ui_say(struct ui *ui, const char *kind, const char *text);
/* Says what still waits of a paste, as far as there is room. */
void ui_feed(struct ui *ui);
/* Ends once the server has heard of it. */
void ui_quit(struct ui *ui, const char *text);

/* ui-draw.c */
void ui_draw_cb(evutil_socket_t fd, short what, void *arg);

/* ui-command.c */
void ui_command(struct ui *ui, const char *line);
void ui_answered_password(struct ui *ui, const char *password);
/* The name of command i, or NULL after the last. */
const char *ui_command_name(size_t i);

/* ui-complete.c */
void ui_complete(struct ui *ui);

/* ui-input.c */
void ui_readable_cb(evutil_socket_t fd, short what, void *arg);
void ui_pause_cb(evutil_socket_t fd, short what, void *arg);

#endif

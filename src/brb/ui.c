/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Talking: what comes is printed, what is typed is said.
 */
#include "config.h"

#include <sys/types.h>

#include <event2/event.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "brb/address.h"
#include "brb/store.h"
#include "brb/ui-impl.h"

/* What the talk tells */

static bool
ui_mentions(struct ui *ui, const json_t *o)
{
	const char *text = talk_text(o, "text");
	const char *nick = talk_my_nick(ui->talk);

	return !talk_is_guest(nick) && text_mentions(text, strlen(text), nick);
}

static void
ui_said(void *arg, struct talk_room *room, json_t *o, bool is_own)
{
	struct ui *ui = arg;
	struct show *show;
	struct buf *out = ui_room_lines(ui, room, &show);
	bool mentions = !is_own && ui_mentions(ui, o);

	show_said(show, out, o, mentions);
	/* Many at once ring once: those are of the past. */
	if (mentions)
		ui->screen.has_bell = true;
	if (room != ui->current) {
		ui_view(ui, room)->unread++;
		ui_view(ui, room)->is_mentioned |= mentions;
		ui_changed(ui);
	}
}

/* "new since 14:02", before what was missed. */
static void
ui_divide(struct ui *ui, struct show *show, struct buf *out, const json_t *o)
{
	double away_s = json_number_value(json_object_get(o, "away"));
	char since[CLOCK_HHMM_SIZE], *text;

	if (talk_number(o, "count") == 0 || !(away_s >= 0 && away_s < 1e9))
		return;
	clock_hhmm(ui_wall_ms() - (int64_t)(away_s * 1000), since);
	text = xasprintf("new since %s --", since);
	show_note(show, out, text);
	free(text);
	(void)ui;
}

static void
ui_event(void *arg, struct talk_room *room, const char *name, json_t *o)
{
	struct ui *ui = arg;
	struct show *show;
	struct buf *out;

	/* Of what is about no room all that is looked at is told. */
	out = ui_room_lines(ui, room, &show);
	/* A connection that was lost for a moment is worth no line. */
	if (strcmp(name, "welcome") == 0 && talk_number(o, "count") == 0 &&
	    room != NULL && room->state == TALK_CATCHING_UP && room->last > 0)
		return;
	show_event(show, out, name, o, talk_my_nick(ui->talk));
	if (strcmp(name, "welcome") == 0)
		ui_divide(ui, show, out, o);
	if (strcmp(name, "msg") == 0 || strcmp(name, "invite") == 0)
		ui->screen.has_bell = true;
	if (room != NULL && room == ui->current && room->is_left)
		ui_go(ui, ui_any_room(ui));
	ui_changed(ui);
}

static void
ui_sent(void *arg, json_t *o, const char *text, const char *kind)
{
	struct ui *ui = arg;

	show_sent(&ui->show, ui_lines(ui), talk_text(o, "to"), kind, text);
	if (json_is_true(json_object_get(o, "kept")))
		ui_note(ui, "%s is on break; it is kept until they are back",
		    talk_text(o, "to"));
}

static void
ui_talk_note(void *arg, enum talk_note what, struct talk_room *room,
    const char *text)
{
	struct ui *ui = arg;
	char *clean = text_scrub_copy(text, 4096);

	(void)room;
	if (what == TALK_ERROR)
		ui_error(ui, "%s", clean == NULL ? "" : clean);
	else
		ui_note(ui, "%s", clean == NULL ? "" : clean);
	free(clean);
}

static void
ui_settled(void *arg)
{
	struct ui *ui = arg;

	if (ui->was_down)
		ui_note(ui, "connected again");
	ui->was_down = false;
	ui->has_settled = true;
}

/* It logs in the next time as well, and in scripts. */
static void
ui_token(void *arg, const char *account, const char *token)
{
	struct ui *ui = arg;
	char *value;

	if (ui->options->keeps_no_token)
		return;
	value = xasprintf("%s %s", account, token);
	if (store_set("accounts", ui->options->address->name, value) == -1)
		ui_error(ui,
		    "you are logged in, but that cannot be kept for the next "
		    "time: %s",
		    strerror(errno));
	explicit_bzero(value, strlen(value));
	free(value);
}

static void
ui_forgotten(void *arg, struct talk_room *room)
{
	struct ui *ui = arg;

	if (ui->current == room)
		ui->current = NULL;
	view_free(room->view);
}

static void
ui_down(void *arg, const char *why, int64_t wait_ms)
{
	struct ui *ui = arg;

	if (ui->is_quitting) {
		(void)event_base_loopbreak(ui->base);
		return;
	}
	if (wait_ms == -1) {
		ui_error(ui, "%s", why);
		ui->status = 1;
		(void)event_base_loopbreak(ui->base);
		return;
	}
	/* Told once; the prompt shows it then. */
	if (!ui->was_down)
		ui_error(ui, "%s; trying again%s", why,
		    ui->screen.is_terminal ? " (Enter: at once)" : "");
	ui->was_down = true;
}

static void
ui_talk_changed(void *arg)
{
	struct ui *ui = arg;

	ui_changed(ui);
}

static const struct talk_handler ui_talk_handler = {
	.said = ui_said,
	.event = ui_event,
	.sent = ui_sent,
	.note = ui_talk_note,
	.changed = ui_talk_changed,
	.settled = ui_settled,
	.token = ui_token,
	.forgotten = ui_forgotten,
	.down = ui_down,
};

/* Signals */

static void
ui_resize_cb(evutil_socket_t fd, short what, void *arg)
{
	struct ui *ui = arg;

	(void)fd;
	(void)what;
	screen_resized(&ui->screen);
	ui_changed(ui);
}

static void
ui_continued_cb(evutil_socket_t fd, short what, void *arg)
{
	struct ui *ui = arg;

	(void)fd;
	(void)what;
	/* Whoever stopped us may have changed the terminal. */
	if (ui->screen.is_raw) {
		ui->screen.is_raw = false;
		screen_raw(&ui->screen);
	}
	screen_resized(&ui->screen);
	ui_changed(ui);
}

static void
ui_end_cb(evutil_socket_t fd, short what, void *arg)
{
	struct ui *ui = arg;

	(void)fd;
	(void)what;
	if (ui->is_quitting)
		(void)event_base_loopbreak(ui->base);
	else
		ui_quit(ui, "");
}

/* Begin and end */

static struct event *
ui_event_new(struct ui *ui, int fd, short what, event_callback_fn cb)
{
	struct event *e = event_new(ui->base, fd, what, cb, ui);

	if (e == NULL)
		abort();
	return e;
}

static void
ui_open_events(struct ui *ui)
{
	static const int signals[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };
	size_t i;

	ui->draw = ui_event_new(ui, -1, 0, ui_draw_cb);
	ui->pause = ui_event_new(ui, -1, 0, ui_pause_cb);
	ui->resize = ui_event_new(ui, SIGWINCH, EV_SIGNAL | EV_PERSIST,
	    ui_resize_cb);
	ui->go_on = ui_event_new(ui, SIGCONT, EV_SIGNAL | EV_PERSIST,
	    ui_continued_cb);
	(void)event_add(ui->resize, NULL);
	(void)event_add(ui->go_on, NULL);
	for (i = 0; i < NITEMS(signals); i++) {
		ui->end[i] = ui_event_new(ui, signals[i],
		    EV_SIGNAL | EV_PERSIST, ui_end_cb);
		(void)event_add(ui->end[i], NULL);
	}
	/* A file cannot be waited for by epoll: it is always ready. */
	ui->readable = ui_event_new(ui, STDIN_FILENO, EV_READ | EV_PERSIST,
	    ui_readable_cb);
	if (ui->screen.is_terminal && event_add(ui->readable, NULL) == -1)
		abort();
}

static void
ui_fini(struct ui *ui)
{
	size_t i;

	talk_free(ui->talk);
	event_free(ui->draw);
	event_free(ui->pause);
	event_free(ui->resize);
	event_free(ui->go_on);
	if (ui->readable != NULL)
		event_free(ui->readable);
	for (i = 0; i < NITEMS(ui->end); i++)
		event_free(ui->end[i]);
	edit_free(ui->edit);
	buf_fini(&ui->typed);
	buf_fini(&ui->paste);
	screen_fini(&ui->screen);
	event_base_free(ui->base);
}

static struct event_base *
ui_event_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	/* Standard input may be a file, for which epoll has no events. */
	if (config == NULL ||
	    event_config_require_features(config, EV_FEATURE_FDS) == -1)
		abort();
	base = event_base_new_with_config(config);
	event_config_free(config);
	if (base == NULL)
		abort();
	return base;
}

int
ui_run(const struct ui_options *options)
{
	struct ui ui;
	struct talk_room *room, *first = NULL;
	size_t i;

	memset(&ui, 0, sizeof(ui));
	ui.options = options;
	ui.base = ui_event_base();
	screen_init(&ui.screen);
	ui.show.has_colors = options->has_colors && ui.screen.is_terminal;
	ui.show.names_rooms = !ui.screen.is_terminal &&
	    options->rooms[0] != NULL && options->rooms[1] != NULL;
	ui.edit = edit_new();
	ui.talk = talk_new(ui.base, options->address, &options->talk,
	    &ui_talk_handler, &ui);
	ui_open_events(&ui);
	screen_raw(&ui.screen);
	for (i = 0; options->rooms[i] != NULL; i++) {
		room = talk_join(ui.talk, options->rooms[i], NULL, NULL);
		if (first == NULL)
			first = room;
	}
	if (options->rooms[0] == NULL)
		first = talk_join(ui.talk, talk_lobby(ui.talk), NULL, NULL);
	ui.current = first;
	ui_changed(&ui);
	talk_start(ui.talk);
	(void)event_base_dispatch(ui.base);
	/* What still waits to be shown, and the terminal as it was. */
	if (!ui.screen.is_gone) {
		screen_begin(&ui.screen);
		screen_flush(&ui.screen);
	}
	screen_restore(&ui.screen);
	ui_fini(&ui);
	return ui.status;
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * brb for programs: what is common to its verbs. None of them comes into a
 * room ("attend": false), but catchup --mark does for a moment, to have read what
 * it has shown.
 */
#include "config.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "brb/link.h"
#include "brb/output.h"
#include "brb/script-impl.h"

#define SCRIPT_QUIT_MS 2000

void
script_error(struct script *s, const char *fmt, ...)
{
	va_list ap;

	(void)s;
	fputs("brb: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void
script_end(struct script *s, int status)
{
	struct timeval tv = { .tv_sec = SCRIPT_QUIT_MS / 1000 };

	if (s->is_ending)
		return;
	s->is_ending = true;
	s->status = status;
	if (!talk_is_settled(s->talk)) {
		(void)event_base_loopbreak(s->base);
		return;
	}
	talk_quit(s->talk, "");
	(void)event_base_loopexit(s->base, &tv);
}

void
script_flush(struct script *s)
{
	if (output_write(&s->out) == 0)
		return;
	if (errno != EPIPE)
		script_error(s, "cannot write: %s", strerror(errno));
	s->status = errno == EPIPE ? BRB_DONE : BRB_FAILED;
	s->is_ending = true;
	(void)event_base_loopbreak(s->base);
}

static void
script_flush_cb(evutil_socket_t fd, short what, void *arg)
{
	struct script *s = arg;

	(void)fd;
	(void)what;
	script_flush(s);
	if (s->o->verb == SCRIPT_SAY)
		script_say_changed(s);
}

/* What the talk tells */

static void
script_said(void *arg, struct talk_room *room, json_t *o, bool is_own)
{
	struct script *s = arg;

	(void)room;
	(void)is_own;
	/* What is read comes in pages, but what was said after the last one and
	 * is read by coming in. */
	if (s->o->verb != SCRIPT_SAY) {
		script_read_said(s, o);
		event_active(s->flush, EV_TIMEOUT, 0);
	}
}

static void
script_event(void *arg, struct talk_room *room, const char *name, json_t *o)
{
	struct script *s = arg;

	if (strcmp(name, "refused") == 0) {
		script_error(s, "%s", talk_text(o, "text"));
		script_end(s, BRB_FAILED);
	} else if (s->o->verb != SCRIPT_SAY)
		script_read_event(s, room, name, o);
	event_active(s->flush, EV_TIMEOUT, 0);
}

static void
script_sent(void *arg, json_t *o, const char *text, const char *kind)
{
	(void)arg;
	(void)o;
	(void)text;
	(void)kind;
}

static void
script_token(void *arg, const char *account, const char *token)
{
	/* It was asked for by nobody. */
	(void)arg;
	(void)account;
	(void)token;
}

static void
script_forgotten(void *arg, struct talk_room *room)
{
	(void)arg;
	(void)room;
}

static void
script_note(void *arg, enum talk_note what, struct talk_room *room,
    const char *text)
{
	struct script *s = arg;

	script_error(s, "%s", text);
	if (what != TALK_ERROR)
		return;
	s->is_refused = true;
	/* A room that cannot be entered: there is nothing more to come. */
	if (room != NULL && room->state == TALK_OUT)
		script_end(s, BRB_FAILED);
}

static void
script_changed(void *arg)
{
	struct script *s = arg;

	event_active(s->flush, EV_TIMEOUT, 0);
}

static void
script_settled(void *arg)
{
	struct script *s = arg;

	(void)event_del(s->patience);
	s->was_down = false;
	if (s->has_begun)
		return;
	s->has_begun = true;
	if (s->o->verb == SCRIPT_SAY)
		script_say_settled(s);
	else
		script_read_settled(s);
}

static void
script_down(void *arg, const char *why, int64_t wait_ms)
{
	struct script *s = arg;
	struct timeval tv = { .tv_sec = s->o->patience_ms / 1000,
		.tv_usec = s->o->patience_ms % 1000 * 1000 };

	if (s->is_ending) {
		(void)event_base_loopbreak(s->base);
		return;
	}
	if (wait_ms == -1 || (s->o->patience_ms == 0 && !s->o->is_following)) {
		script_error(s, "%s", why);
		script_end(s, wait_ms == -1 ? BRB_FAILED : BRB_UNREACHABLE);
		return;
	}
	if (!s->was_down)
		script_error(s, "%s; trying again", why);
	s->was_down = true;
	if (s->o->verb != SCRIPT_SAY)
		s->has_begun = false;
	if (!s->o->is_following &&
	    !event_pending(s->patience, EV_TIMEOUT, NULL))
		(void)event_add(s->patience, &tv);
}

static const struct talk_handler script_handler = {
	.said = script_said,
	.event = script_event,
	.sent = script_sent,
	.note = script_note,
	.changed = script_changed,
	.settled = script_settled,
	.token = script_token,
	.forgotten = script_forgotten,
	.down = script_down,
};

static void
script_patience_cb(evutil_socket_t fd, short what, void *arg)
{
	struct script *s = arg;

	(void)fd;
	(void)what;
	script_error(s, "the server cannot be reached");
	script_end(s, BRB_UNREACHABLE);
}

static void
script_end_cb(evutil_socket_t fd, short what, void *arg)
{
	struct script *s = arg;

	(void)what;
	s->is_ending = true;
	s->status = 128 + fd;
	(void)event_base_loopbreak(s->base);
}

static struct event *
script_event_new(struct script *s, int fd, short what, event_callback_fn cb)
{
	struct event *e = event_new(s->base, fd, what, cb, s);

	if (e == NULL)
		abort();
	return e;
}

int
script_run(const struct script_options *o)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct event_config *config = event_config_new();
	struct script s;
	size_t i;

	memset(&s, 0, sizeof(s));
	s.o = o;
	s.command_fd = -1;
	if (config == NULL ||
	    event_config_require_features(config, EV_FEATURE_FDS) == -1 ||
	    (s.base = event_base_new_with_config(config)) == NULL)
		abort();
	event_config_free(config);
	s.flush = script_event_new(&s, -1, 0, script_flush_cb);
	s.patience = script_event_new(&s, -1, 0, script_patience_cb);
	for (i = 0; i < NITEMS(signals); i++) {
		s.end[i] = script_event_new(&s, signals[i],
		    EV_SIGNAL | EV_PERSIST, script_end_cb);
		(void)event_add(s.end[i], NULL);
	}
	s.talk = talk_new(s.base, o->address, &o->talk, &script_handler, &s);
	if (o->verb == SCRIPT_SAY)
		script_say_begin(&s);
	else
		talk_start(s.talk);
	if (!s.is_ending)
		(void)event_base_dispatch(s.base);
	script_flush(&s);
	script_say_fini(&s);
	script_read_fini(&s);
	talk_free(s.talk);
	event_free(s.flush);
	event_free(s.patience);
	for (i = 0; i < NITEMS(s.end); i++)
		event_free(s.end[i]);
	buf_fini(&s.out);
	event_base_free(s.base);
	return s.status;
}

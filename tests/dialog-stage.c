/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * One loop around poll(2) for all that can happen in a dialog. Whatever the
 * dialog waits for, everybody's input and the daemon's log are taken in
 * meanwhile, so that the daemon is never held up by its test. Every wait is a
 * condition checked between turns of the loop, with a deadline.
 */
#include "config.h"

#include <check.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dialog-pattern.h"
#include "dialog-stage.h"

/* Each wait's limit: far above what a busy machine needs. DIALOG_TIMEOUT
 * (seconds) raises it where a checker slows the daemon down. */
#define STAGE_TIMEOUT_S 10

/* How long a daemon may take to end after it has closed a connection. */
#define STAGE_LAST_WORDS_MS 500

void
stage_init(struct stage *st, const char *path, const char *dir)
{
	const char *timeout = getenv("DIALOG_TIMEOUT");
	uint64_t seconds = STAGE_TIMEOUT_S;

	*st = (struct stage){ .path = path, .dir = dir };
	if (timeout != NULL && parse_number(timeout, 86400, &seconds) == -1)
		ck_abort_msg("DIALOG_TIMEOUT is no number of seconds");
	st->timeout_ms = (int64_t)seconds * 1000;
	daemon_init(&st->daemon);
	daemon_init(&st->set_aside);
	TAILQ_INIT(&st->actors);
}

void
stage_fini(struct stage *st)
{
	struct actor *p;

	daemon_fini(&st->daemon);
	daemon_fini(&st->set_aside);
	while ((p = TAILQ_FIRST(&st->actors)) != NULL) {
		TAILQ_REMOVE(&st->actors, p, entry);
		actor_free(p);
	}
}

static void
stage_add_actors(struct stage *st, const struct actor *only, struct buf *out)
{
	struct actor *p;

	TAILQ_FOREACH(p, &st->actors, entry) {
		if (only != NULL && p != only)
			continue;
		buf_addf(out, "    %s's last lines ('>' typed, '<' seen):\n",
		    p->name);
		actor_add_transcript(p, out);
	}
}

static void
stage_add_log(struct stage *st, struct buf *out)
{
	const char *line = buf_cstr(&st->daemon.log);

	buf_addstr(out, "    the daemon (");
	daemon_add_status(&st->daemon, out);
	buf_addstr(out, ") logged:\n");
	while (*line != '\0') {
		size_t len = strcspn(line, "\n");

		buf_addch(out, '\t');
		pattern_show(out, line, len);
		buf_addch(out, '\n');
		line += len + (line[len] == '\n');
	}
}

/*
 * Before a report: the rest of the log. If it is about a connection that has
 * ended, perhaps the daemon is ending too, and a checker is writing why.
 */
static void
stage_take_last_words(struct stage *st, const struct actor *p)
{
	struct pollfd polled = { .fd = st->daemon.log_fd, .events = POLLIN };
	int64_t limit = stage_now_ms() + STAGE_LAST_WORDS_MS;

	do {
		if (p != NULL && p->has_eof)
			(void)poll(&polled, 1, STAGE_LAST_WORDS_MS);
		daemon_read_log(&st->daemon);
	} while (p != NULL && p->has_eof && st->daemon.log_fd != -1 &&
	    stage_now_ms() < limit);
	if (st->daemon.pid > 0 && st->daemon.log_fd == -1 &&
	    daemon_reap(&st->daemon, STAGE_LAST_WORDS_MS) == -1)
		buf_addstr(&st->daemon.log, "(it closed its log but stays)\n");
}

void
stage_fail(struct stage *st, const struct actor *p, const char *fmt, ...)
{
	struct buf report = BUF_INITIALIZER;
	char why[1024];
	va_list ap;

	stage_take_last_words(st, p);
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	buf_addf(&report, "%s:%u: %s\n    %s\n", st->path, st->line,
	    st->statement, why);
	stage_add_actors(st, p, &report);
	if (st->daemon.pid != 0 || st->daemon.has_ended)
		stage_add_log(st, &report);
	fflush(stdout);
	fputs(buf_cstr(&report), stderr);
	buf_fini(&report);
	stage_fini(st);
	ck_abort_msg("%s:%u: %s", st->path, st->line, why);
	abort(); /* never reached, but check does not tell the compiler */
}

struct actor *
stage_find(struct stage *st, const char *name)
{
	struct actor *p;

	TAILQ_FOREACH(p, &st->actors, entry) {
		if (strcmp(p->name, name) == 0)
			return p;
	}
	return NULL;
}

struct actor *
stage_add(struct stage *st, const char *name)
{
	struct actor *p = actor_new(name);

	TAILQ_INSERT_TAIL(&st->actors, p, entry);
	return p;
}

int64_t
stage_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
stage_deadline(const struct stage *st)
{
	return stage_now_ms() + st->timeout_ms;
}

/* The log's end: the daemon is about to be gone, or gone. */
static void
stage_daemon_ended(struct stage *st)
{
	struct buf how = BUF_INITIALIZER;
	char copy[128];

	if (daemon_reap(&st->daemon, st->timeout_ms) == -1)
		stage_fail(st, NULL, "the daemon closed its log but stays");
	if (st->is_end_expected)
		return;
	daemon_add_status(&st->daemon, &how);
	snprintf(copy, sizeof(copy), "%s", buf_cstr(&how));
	buf_fini(&how);
	stage_fail(st, NULL, "the daemon ended: %s", copy);
}

static void
stage_add_poll(struct pollfd *polled, int fd, short events)
{
	/* A descriptor of no interest is left out, or its POLLHUP would wake
	 * us all the time. */
	polled->fd = events == 0 ? -1 : fd;
	polled->events = events;
	polled->revents = 0;
}

static short
stage_actor_events(const struct actor *p)
{
	short events = 0;

	if (p->fd != -1 && p->is_reading && !p->has_eof)
		events |= POLLIN;
	if (p->fd != -1 && actor_has_unsent(p))
		events |= POLLOUT;
	return events;
}

int
stage_turn(struct stage *st, int64_t deadline_ms)
{
	struct pollfd *polled;
	struct actor *p;
	nfds_t count = 2;
	int64_t left = deadline_ms - stage_now_ms();
	int ready;

	TAILQ_FOREACH(p, &st->actors, entry)
		count++;
	polled = xcalloc(count, sizeof(*polled));
	stage_add_poll(&polled[0], st->daemon.log_fd, POLLIN);
	stage_add_poll(&polled[1], st->daemon.notify_fd, POLLIN);
	count = 2;
	TAILQ_FOREACH(p, &st->actors, entry)
		stage_add_poll(&polled[count++], p->fd, stage_actor_events(p));

	ready = poll(polled, count, left < 0 ? 0 : (int)left);
	count = 2;
	TAILQ_FOREACH(p, &st->actors, entry) {
		short events = polled[count++].revents;

		if (events & (POLLOUT | POLLERR))
			actor_flush(p);
		if (p->is_reading && (events & (POLLIN | POLLHUP | POLLERR)))
			actor_receive(p);
	}
	if (polled[1].revents != 0)
		daemon_read_notify(&st->daemon);
	if (polled[0].revents != 0)
		daemon_read_log(&st->daemon);
	free(polled);
	if (st->daemon.pid != 0 && st->daemon.log_fd == -1)
		stage_daemon_ended(st);
	return ready == 0 && left <= 0 ? -1 : 0;
}

void
stage_wait_end(struct stage *st)
{
	int64_t deadline = stage_deadline(st);

	st->is_end_expected = true;
	while (st->daemon.pid != 0) {
		if (stage_turn(st, deadline) == -1)
			stage_fail(st, NULL, "the daemon did not end");
	}
}

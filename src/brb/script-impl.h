/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * For script*.c alone.
 */
#ifndef SCRIPT_IMPL_H
#define SCRIPT_IMPL_H

#include <sys/types.h>

#include "base/buf.h"
#include "brb/script.h"
#include "brb/show.h"

#define SCRIPT_LAST_LINES 20 /* of a command that has failed */
#define SCRIPT_LINE_MAX 2000 /* bytes of each */

struct event;
struct event_base;

struct script {
	const struct script_options *o;
	struct event_base *base;
	struct talk *talk;
	struct show show;
	struct buf out; /* for standard output */
	struct event *flush, *patience, *readable, *end[3];
	int status;
	bool is_ending, has_begun, was_down;
	/* Reading: the rooms, of which room is the one that is read; and the last
	 * number in it. */
	json_t *rooms;
	size_t next_room;
	uint64_t last;
	bool has_last;
	bool is_paging; /* further pages may follow */
	size_t marking; /* rooms that are not yet marked as read */
	struct event *poll;
	/* say */
	struct buf typed;
	char *room;
	bool is_eof;
	bool is_refused; /* something was not said */
	pid_t command;
	int command_fd;
	char *kept[SCRIPT_LAST_LINES];
	size_t kept_next;
};

void script_end(struct script *s, int status);
/* Writes what is in out. */
void script_flush(struct script *s);
/* Complains on standard error. */
void script_error(struct script *s, const char *fmt, ...) PRINTFLIKE(2, 3);

/* script-say.c */
void script_say_begin(struct script *s);
void script_say_settled(struct script *s);
/* To be called when something may have been said. */
void script_say_changed(struct script *s);
void script_say_fini(struct script *s);

/* script-read.c: tail, catchup, who, rooms. */
void script_read_settled(struct script *s);
void script_read_said(struct script *s, json_t *o);
void script_read_event(struct script *s, struct talk_room *room,
    const char *name, json_t *o);
void script_read_fini(struct script *s);

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef MODES_CHANGE_H
#define MODES_CHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "room/modes.h"

enum mode_error {
	MODE_NOT_OPERATOR, /* 482; nothing else was looked at */
	MODE_UNKNOWN, /* 472 */
	MODE_NO_PARAM, /* o, v, k, l without their parameter: 696 */
	MODE_NO_SUCH_NICK, /* 401 */
	MODE_NOT_IN_ROOM, /* 441 */
	MODE_LIST_FULL, /* 478 */
	MODE_BAD_KEY, /* 696 (or 525) */
	MODE_BAD_LIMIT, /* 696 */
	MODE_BAD_MASK, /* 696 */
	MODE_NOT_IN_LOBBY /* i, k, l: everybody arrives there. 696 */
};

struct mode_change {
	bool is_set; /* +, or - */
	char letter;
	const char *param; /* or NULL; not checked yet */
};

/*
 * Reads mode strings as a client gives them: argv[0] is "+ov-b", the others are
 * the parameters in turn. They outlive the parser. Any bytes are fine; what is
 * no printable ASCII comes out as the letter '?'.
 */
struct mode_parser {
	const char *at;
	char *const *params;
	int param_count;
	bool is_set;
};
void mode_parser_init(struct mode_parser *p, int argc, char *const argv[]);
bool mode_parser_next(struct mode_parser *p, struct mode_change *change);

/*
 * What comes of changes, while they are made; none may change rooms or members.
 * Any of them may be NULL.
 */
struct mode_report {
	void (*error)(enum mode_error why, const struct mode_change *change,
	    void *arg);
	/* b, e or I without a parameter: they want to see that list. */
	void (*list)(enum modes_list list, void *arg);
	/* What has been changed, "+o-b bob *!*@x", as in the EVENT_MODE that
	 * the others see: who did it is told by this alone. */
	void (*applied)(const char *text, void *arg);
	void *arg;
};

/*
 * Makes the changes that argv asks for, each by itself: what fails is reported,
 * what changes nothing is passed over, the rest is published. actor: who does
 * it; NULL: the server (brbctl), which may do all. Lists are shown to everybody
 * in the room; to change anything takes an operator, or it is
 * MODE_NOT_OPERATOR, once.
 */
void modes_change(struct room *room, struct membership *actor, int argc,
    char *const argv[], const struct mode_report *report);
/* The same for changes that were made up rather than read. */
void modes_apply(struct room *room, struct membership *actor,
    const struct mode_change *changes, size_t count,
    const struct mode_report *report);

#endif

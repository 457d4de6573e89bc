/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef MODES_CHANGE_H
#define MODES_CHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "room/modes.h"

enum mode_error {
	MODE_NOT_OPERATOR, /* 482; nothing else was checked */
	MODE_UNKNOWN, /* 472 */
	MODE_NO_PARAM, /* o, v, k, l without a parameter: 696 */
	MODE_NO_SUCH_NICK, /* 401 */
	MODE_NOT_IN_ROOM, /* 441 */
	MODE_LIST_FULL, /* 478 */
	MODE_BAD_KEY, /* 696 (or 525) */
	MODE_BAD_LIMIT, /* 696 */
	MODE_BAD_MASK, /* 696 */
	MODE_NOT_IN_LOBBY, /* i, k, l: everybody arrives there. 696 */
	MODE_ON_BREAK, /* nothing else was checked */
	MODE_NO_ACCOUNT, /* $a:NAME, and there is none of that name: 696 */
	MODE_OTHER_MASK /* one that other servers have: 696 */
};

struct mode_change {
	bool is_set; /* +, or - */
	char letter;
	const char *param; /* or NULL; not checked yet */
};

/*
 * Reads mode strings as a client gives them: argv[0] is "+ov-b", the others are
 * the parameters in turn. They outlive the parser. Any bytes are allowed; what
 * is not printable ASCII comes out as the letter '?'.
 */
struct mode_parser {
	const char *at;
	char *const *params;
	int param_count;
	bool is_set;
};
void mode_parser_init(struct mode_parser *p, int argc, char *const argv[]);
bool mode_parser_next(struct mode_parser *p, struct mode_change *change);

/* Is told what comes of changes while they are made. No function may change
 * rooms or members; any may be NULL. */
struct mode_report {
	void (*error)(enum mode_error why, const struct mode_change *change,
	    void *arg);
	/* b, e or I without a parameter asks for that list. */
	void (*list)(enum modes_list list, void *arg);
	/* What was changed, "+o-b bob *!*@x", as in the EVENT_MODE that the
	 * others see. The actor is told by this alone. */
	void (*applied)(const char *text, void *arg);
	void *arg;
};

/*
 * Makes the changes that argv asks for, each by itself: failures are reported,
 * changes without effect are passed over, the rest is published. actor is who
 * does it; NULL: the server (brbctl), which may do everything. Lists are shown
 * to everybody in the room; any change takes an operator who is not on break,
 * or there is one MODE_NOT_OPERATOR or MODE_ON_BREAK.
 */
void modes_change(struct room *room, struct membership *actor, int argc,
    char *const argv[], const struct mode_report *report);
/* As modes_change(), for changes that were not typed. */
void modes_apply(struct room *room, struct membership *actor,
    const struct mode_change *changes, size_t count,
    const struct mode_report *report);

#endif

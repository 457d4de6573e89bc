/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef UI_H
#define UI_H

#include <stdbool.h>

#include "brb/talk.h"

struct address;

struct ui_options {
	const struct address *address;
	struct talk_options talk;
	char *const *rooms; /* ends with NULL; none: the lobby */
	bool has_colors; /* unless the terminal is none */
	bool keeps_no_token; /* the files are not one's own alone */
};

/* Talks until the user or a signal ends it. Returns the exit status. */
int ui_run(const struct ui_options *options) MUST_CHECK;

#endif

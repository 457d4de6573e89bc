/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CMD_MODE_H
#define CMD_MODE_H

#include <stdbool.h>

#include "room/modes.h"

struct session;

/*
 * What the commands of room operators share. Makes the change, with param or
 * NULL, in the room that s is in, and tells s what came of it.
 */
void cmd_mode_apply(struct session *s, bool is_set, char letter,
    const char *param);

/* The masks on a list, and who set them. */
void cmd_mode_list(struct session *s, enum modes_list list);

#endif

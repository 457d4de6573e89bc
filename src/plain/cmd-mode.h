/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CMD_MODE_H
#define CMD_MODE_H

#include <stdbool.h>

#include "room/modes.h"

struct session;

/* Shared by the commands of room operators. Makes the change, with param or
 * NULL, in the room of s, and tells s the result. */
void cmd_mode_apply(struct session *s, bool is_set, char letter,
    const char *param);

/* Shows the masks on a list, and who set them. */
void cmd_mode_list(struct session *s, enum modes_list list);

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef MODES_WORDS_H
#define MODES_WORDS_H

#include "room/modes-change.h"
#include "room/modes.h"

/* A sentence for them, without "!! ", in a static buffer. Not for
 * MODES_ADMITTED. */
const char *modes_admit_str(enum modes_admit why, const struct room *room);
const char *modes_speak_str(enum modes_speak why, const struct room *room);

/* Is an operator of the room there, who could be asked? */
bool modes_has_operator(const struct room *room);
/* A sentence for people, without "!! ", in a static buffer. change is not used
 * for MODE_NOT_OPERATOR. */
const char *mode_error_str(enum mode_error why,
    const struct mode_change *change, const struct room *room);

#endif

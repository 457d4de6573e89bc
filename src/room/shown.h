/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SHOWN_H
#define SHOWN_H

#include "room/model.h"

/* For reading; and for writing, made if need be. */
const struct shown_more *shown_more(const struct shown *shown);
struct shown_more *shown_get_more(struct shown *shown);

/* Replaces to; from is empty afterwards. */
void shown_move(struct shown *to, struct shown *from);

void shown_fini(struct shown *shown); /* shown is empty and valid afterwards */

#endif

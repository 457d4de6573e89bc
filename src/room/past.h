/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PAST_H
#define PAST_H

#include <stdbool.h>

#include "room/model.h"

/*
 * Is m shown what was said before? Programs are not that would take it for
 * something said now: those with MEMBER_BOT, and those of the setting
 * no-history. What was handed to them, or was said while they were not there,
 * counts as read.
 */
bool past_is_for(const struct member *m);

#endif

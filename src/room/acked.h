/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef ACKED_H
#define ACKED_H

#include <stdint.h>

#include "room/model.h"

/* They certainly have everything before number, and no more. */
void acked_set(struct membership *ms, uint64_t number);
/* They read on from number: nothing after it is certain. */
void acked_set_back(struct membership *ms, uint64_t number);

#endif

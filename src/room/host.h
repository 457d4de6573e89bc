/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef HOST_H
#define HOST_H

#include "room/model.h"

/* Where m comes from, without telling: cloak.h. Of a credential always the
 * same, also after a restart if there is a journal. */
void member_host(const struct member *m, char out[MEMBER_HOST_SIZE]);

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

/* What everybody is told of where somebody comes from. */

#include "config.h"

#include "base/cloak.h"
#include "room/host.h"

void
member_host(const struct member *m, char out[MEMBER_HOST_SIZE])
{
	cloak_str(&m->chat->host_key, &m->credential, out);
}

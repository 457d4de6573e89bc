/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Which protocols there are. Who has one more adds it here, and to
 * PROTOCOL_NAMES.
 */
#include "config.h"

#include "irc/irc.h"
#include "plain/plain.h"
#include "session/protocol.h"

const struct protocol *const protocol_table[] = { &protocol_line, &protocol_irc,
	NULL };

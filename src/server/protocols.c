/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The table of protocols. A new one is added here and to PROTOCOL_NAMES.
 */
#include "config.h"

#include "irc/irc.h"
#ifdef HAVE_JANSSON
#include "json/jsonl.h"
#endif
#include "plain/plain.h"
#include "session/protocol.h"
#include "web/web.h"

const struct protocol *const protocol_table[] = { &protocol_line, &protocol_irc,
#ifdef HAVE_JANSSON
	&protocol_jsonl,
#endif
	&protocol_web, NULL };

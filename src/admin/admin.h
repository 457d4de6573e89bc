/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef ADMIN_H
#define ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "options/options.h"
#include "session/session.h"
#include "state/state.h"

/* What the control socket and the metrics see and can do. The server fills it
 * and outlives them. */
struct admin {
	struct sessions *sessions; /* gives access to rooms and net, too */
	const struct state *state;
	const struct options *options;
	const struct timing *timing; /* of the callbacks of the loop */
	int64_t started_mono_ms;
	int64_t started_wall_ms;
	/*
	 * Reads the settings again. On true, why names those that differ and
	 * need a restart, with commas; on false nothing changed, and why has a
	 * line for each error.
	 */
	bool (*reload)(struct buf *why, void *arg);
	void (*stop)(void *arg); /* as SIGTERM does */
	/* As SIGUSR2. False: an upgrade is under way, or it is stopping. */
	bool (*upgrade)(void *arg);
	void *arg;
};

#endif

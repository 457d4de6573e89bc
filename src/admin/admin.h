/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef ADMIN_H
#define ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/histogram.h"
#include "options/options.h"
#include "session/session.h"

/*
 * What whoever runs the server sees and can do, for the control socket and the
 * metrics. Filled by the server, which outlives them.
 */
struct admin {
	struct sessions *sessions; /* and through it the rooms and the net */
	const struct options *options;
	const struct histogram *turns; /* how long each took */
	int64_t started_mono_ms;
	int64_t started_wall_ms;
	/* Reads the settings again. True: why names, with commas, those that
	 * differ and need a restart. False: nothing changed, and each error is
	 * a line in why. */
	bool (*reload)(struct buf *why, void *arg);
	void (*stop)(void *arg); /* as SIGTERM does */
	/* As SIGUSR2 does. False: one is under way, or it is stopping. */
	bool (*upgrade)(void *arg);
	void *arg;
};

#endif

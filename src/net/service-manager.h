/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SERVICE_MANAGER_H
#define SERVICE_MANAGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/log.h"

/*
 * What the service manager (systemd) is told: that we are ready, read the
 * settings again, stop; a line on how things are; and, if it watches us, that
 * the loop turns. All of it is nothing when no manager has asked for it.
 */
struct service_manager {
	const struct clock *clock;
	struct deadlines *deadlines;
	struct deadline ping;
	int64_t ping_ms; /* between two; 0: nobody watches */
	char *watchdog_usec; /* as it was given; NULL: nobody watches */
	struct log_limit limit;
	/* One line, without its end. */
	void (*status)(struct buf *out, void *arg);
	void *arg;
};

/*
 * Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and unsets them. A
 * WATCHDOG_USEC that is no number of microseconds is logged and ignored.
 */
void service_manager_init(struct service_manager *m, const struct clock *clock,
    struct deadlines *deadlines, void (*status)(struct buf *out, void *arg),
    void *arg);
void service_manager_fini(struct service_manager *m);

/*
 * Serving begins, or goes on after service_manager_reloading(). From now on
 * "WATCHDOG=1" follows at each third of the time that the manager allows, from
 * a deadline, so only while the loop turns.
 */
void service_manager_ready(struct service_manager *m);
void service_manager_reloading(struct service_manager *m);
void service_manager_stopping(struct service_manager *m);

/* Puts what service_manager_init() took back into the environment, for the next
 * program in this process; and takes it out again. */
void service_manager_hand_over(const struct service_manager *m);
void service_manager_take_back(const struct service_manager *m);

#endif

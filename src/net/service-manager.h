/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SERVICE_MANAGER_H
#define SERVICE_MANAGER_H

#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/log.h"

/*
 * What we tell the service manager (systemd): that we are ready, reloading,
 * stopping; a line of status; and, if it watches us, that the loop turns.
 * Without a manager nothing happens.
 */
struct service_manager {
	const struct clock *clock;
	struct deadlines *deadlines;
	struct deadline ping;
	int64_t ping_ms; /* interval of pings; 0: not watched */
	char *watchdog_usec; /* as it was given; NULL: not watched */
	struct log_limit limit;
	/* Writes one line without its end. */
	void (*status)(struct buf *out, void *arg);
	void *arg;
};

/* Takes and unsets NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. A
 * WATCHDOG_USEC that is not a number of microseconds is logged and ignored. */
void service_manager_init(struct service_manager *m, const struct clock *clock,
    struct deadlines *deadlines, void (*status)(struct buf *out, void *arg),
    void *arg);
void service_manager_fini(struct service_manager *m);

/*
 * Tells that serving begins, or goes on after service_manager_reloading(). From
 * now on "WATCHDOG=1" is sent three times in the time allowed, from a deadline,
 * so only while the loop turns.
 */
void service_manager_ready(struct service_manager *m);
void service_manager_reloading(struct service_manager *m);
void service_manager_stopping(struct service_manager *m);

/* Puts what service_manager_init() took back into the environment, for the next
 * program in this process; service_manager_take_back() takes it out again. */
void service_manager_hand_over(const struct service_manager *m);
void service_manager_take_back(const struct service_manager *m);

#endif

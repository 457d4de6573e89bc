/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Watchdog pings come from a deadline rather than a timer of their own, since
 * they are to vouch that the loop runs its deadlines. They come in thirds of
 * the time allowed: in halves, as sd_watchdog_enabled(3) proposes, one lost
 * ping would be one too many.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "net/sdnotify.h"
#include "net/service-manager.h"

static void
service_manager_tell(struct service_manager *m, const char *state)
{
	struct buf out = BUF_INITIALIZER;

	buf_addf(&out, "%s\nSTATUS=", state);
	m->status(&out, m->arg);
	if (sdnotify(buf_cstr(&out)) == -1)
		log_limited(&m->limit, m->clock->mono_ms, LOG_LEVEL_WARNING,
		    "cannot tell the service manager: %s", strerror(errno));
	buf_fini(&out);
}

static void
service_manager_ping_cb(void *arg)
{
	struct service_manager *m = arg;

	deadline_set(m->deadlines, &m->ping, m->clock->mono_ms + m->ping_ms);
	service_manager_tell(m, "WATCHDOG=1");
}

/* The interval of pings in milliseconds, or 0. */
static int64_t
service_manager_take_watchdog(struct service_manager *m)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid;
	uint64_t value;
	int64_t ping_ms = 0;

	pid = getenv("WATCHDOG_PID");
	if (usec == NULL ||
	    (pid != NULL &&
		(parse_number(pid, INT32_MAX, &value) == -1 ||
		    (pid_t)value != getpid())))
		ping_ms = 0; /* not us */
	else if (parse_number(usec, INT64_MAX, &value) == -1 || value == 0)
		log_warning("WATCHDOG_USEC is no number of microseconds: "
			    "value=\"%.80s\"",
		    usec);
	else
		ping_ms = value / 3000 == 0 ? 1 : (int64_t)(value / 3000);
	if (ping_ms > 0)
		m->watchdog_usec = xstrdup(usec);
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
	return ping_ms;
}

void
service_manager_init(struct service_manager *m, const struct clock *clock,
    struct deadlines *deadlines, void (*status)(struct buf *out, void *arg),
    void *arg)
{
	memset(m, 0, sizeof(*m));
	m->clock = clock;
	m->deadlines = deadlines;
	m->status = status;
	m->arg = arg;
	deadline_init(&m->ping, service_manager_ping_cb, m);
	sdnotify_take();
	m->ping_ms = service_manager_take_watchdog(m);
}

void
service_manager_fini(struct service_manager *m)
{
	deadline_clear(m->deadlines, &m->ping);
	free(m->watchdog_usec);
	m->watchdog_usec = NULL;
}

void
service_manager_ready(struct service_manager *m)
{
	service_manager_tell(m, "READY=1");
	if (m->ping_ms > 0 && !m->ping.is_set)
		service_manager_ping_cb(m);
}

void
service_manager_reloading(struct service_manager *m)
{
	struct timespec now;
	char *state;

	/* Type=notify-reload wants the time, to tell reloads apart. */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	state = xasprintf("RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	    (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	service_manager_tell(m, state);
	free(state);
}

void
service_manager_stopping(struct service_manager *m)
{
	service_manager_tell(m, "STOPPING=1");
}

void
service_manager_hand_over(const struct service_manager *m)
{
	if (sdnotify_socket() != NULL)
		(void)setenv("NOTIFY_SOCKET", sdnotify_socket(), 1);
	/* Without WATCHDOG_PID it holds for any process that reads it. */
	if (m->watchdog_usec != NULL)
		(void)setenv("WATCHDOG_USEC", m->watchdog_usec, 1);
}

void
service_manager_take_back(const struct service_manager *m)
{
	(void)m;
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
}

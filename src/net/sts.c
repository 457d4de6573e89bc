/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Decided against: refusing to start with a certificate that is about to expire.
 * Then a renewal that fails for a week would cost a reboot the whole server,
 * while those who were told before can still come.
 */
#include "config.h"

#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/conn.h"
#include "net/sts.h"
#include "net/tls-context.h"

bool
sts_is_safe(struct net *net)
{
	const struct options *o = net->options;
	int64_t duration_s = (int64_t)(o->sts_duration / 1000), expires_s;
	char date[16] = "?", duration[CLOCK_DURATION_SIZE];
	struct tm tm;
	time_t t;

	if (o->sts_port == 0 || net->tls.context == NULL)
		return false;
	expires_s = tls_context_expires_s(net->tls.context);
	if (expires_s - net->clock->wall_ms / 1000 >= duration_s)
		return true;
	t = (time_t)expires_s;
	if (gmtime_r(&t, &tm) != NULL)
		(void)strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	clock_duration((int64_t)o->sts_duration, duration);
	log_limited(&net->tls.sts_log, net->clock->mono_ms, LOG_LEVEL_WARNING,
	    "nobody is sent to sts-port: tls-certificate expires on %s, in less "
	    "than the sts-duration, %s; renew it",
	    date, duration);
	return false;
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Who come by TLS just before an upgrade, or are about to go: with hands that
 * are being shaken, with half a hello, with nothing said.
 */
#include "config.h"

#include <sys/socket.h>

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "unit/unit.h"
#include "upgrade.h"

enum {
	LATE_SHAKING, /* has said hello, and goes on when the upgrade has begun */
	LATE_HALF, /* has said half of it */
	LATE_SILENT, /* has said nothing */
	LATE_GOING, /* has said that it ends, and its socket is still there */
	LATE
};
struct late {
	int fd;
	struct tls_client *tls; /* NULL: not now */
	struct buf in;
	bool is_open;
};

static struct late late[LATE];

static void
late_hear(struct late *l)
{
	if (l->tls != NULL)
		l->is_open = client_receive_by(l->tls, l->fd, &l->in);
}

void
late_come(void)
{
	struct late *l;

	if (!world.has_tls)
		return;
	for (l = late; l < late + LATE; l++) {
		l->fd = people_call(!world.is_all_secure, 0);
		l->is_open = true;
		/* Where everything is spoken, who is silent is greeted. */
		l->tls = tls_client_new_limited(l->fd,
		    l == &late[LATE_SILENT] && world.is_all_secure ? 0 :
			l == &late[LATE_HALF] || l == &late[LATE_SILENT] ?
								     CUT :
								     SIZE_MAX);
	}
	l = &late[LATE_GOING];
	ck_assert_int_eq(fcntl(l->fd, F_SETFL, 0), 0);
	ck_assert_int_eq(tls_client_send(l->tls, "/who\n", 5), 5);
	ck_assert_int_eq(fcntl(l->fd, F_SETFL, O_NONBLOCK), 0);
	tls_client_shutdown(l->tls);
}

static bool
late_is_done(struct late *l)
{
	return l == &late[LATE_GOING] ?
	    !l->is_open :
	    strstr(buf_cstr(&l->in), "you are live\n") != NULL;
}

void
late_go_on(void)
{
	late_hear(&late[LATE_SHAKING]);
}

void
late_finish(void)
{
	int64_t end_us = client_now_us() + world.patience_ms * 1000;
	struct late *l;

	if (!world.has_tls)
		return;
	for (l = late; l < late + LATE; l++) {
		tls_client_limit(l->tls, SIZE_MAX);
		while (!late_is_done(l)) {
			ck_assert_msg(client_now_us() < end_us &&
				(l->is_open || l == &late[LATE_GOING]),
			    "late %zu: %s: %s", (size_t)(l - late),
			    buf_cstr(&l->in), people_log_end());
			people_look_around(5);
			late_hear(l);
		}
		tls_client_free(l->tls);
		l->tls = NULL;
		(void)close(l->fd);
		buf_fini(&l->in);
	}
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Asking clients what they have read. A kernel that acknowledges is no program
 * that reads (conn-unsent.c), so each client whose protocol has a way is asked,
 * by something that it answers in its turn, such as IRC's PING: after
 * CONFIRM_BYTES or CONFIRM_MS of output that it did not confirm, one question
 * at a time. Who never answers is not asked again, and is treated like one that
 * cannot be asked. In an idle room nobody is asked anything.
 *
 * Everybody is looked at from time to time, rather than when something is
 * written: that is the hot path. Whether a WebSocket's peer is still there is
 * looked at then as well.
 */
#include "config.h"

#include "base/walk.h"
#include "session/protocol.h"
#include "session/session-impl.h"

#define CONFIRM_BYTES 16384
#define CONFIRM_MS 30000

/* Between two looks, if anybody has something to confirm, and if not. */
#define CONFIRM_LOOK_MS 1000
#define CONFIRM_IDLE_MS 5000

/* Looks at one session. True: it has something to confirm. */
static bool
confirm_look_at(struct session *s, int64_t now_ms)
{
	uint64_t confirmed = conn_confirmed(s->conn), sent;

	conn_keep_alive(s->conn);
	if (s->member == NULL || s->protocol->ask == NULL)
		return false;
	if (s->is_asked) {
		if (confirmed < s->asked)
			return false;
		s->is_asked = false;
		s->doubt_ms = 0;
	}
	sent = conn_sent(s->conn);
	if (confirmed == sent) {
		s->doubt_ms = 0;
		return false;
	}
	if (s->doubt_ms == 0)
		s->doubt_ms = now_ms;
	if (sent - confirmed < CONFIRM_BYTES &&
	    now_ms - s->doubt_ms < CONFIRM_MS)
		return true;
	s->protocol->ask(s);
	s->doubt_ms = 0;
	/* Else nothing was sent: it cannot be asked now. */
	if (conn_sent(s->conn) > sent) {
		s->is_asked = true;
		s->asked = conn_sent(s->conn);
	}
	return true;
}

static bool
confirm_step(struct walk_budget *budget, void *arg)
{
	struct sessions *all = arg;
	int64_t now_ms = all->net->clock->mono_ms;
	struct session *s;

	while ((s = all->confirm_next) != NULL && walk_may_take(budget)) {
		all->confirm_next = TAILQ_NEXT(s, entry);
		all->is_in_doubt |= confirm_look_at(s, now_ms);
	}
	if (all->confirm_next != NULL)
		return true;
	deadline_set(all->net->deadlines, &all->confirm_due,
	    now_ms + (all->is_in_doubt ? CONFIRM_LOOK_MS : CONFIRM_IDLE_MS));
	return false;
}

static void
confirm_due_cb(void *arg)
{
	struct sessions *all = arg;

	all->is_in_doubt = false;
	all->confirm_next = TAILQ_FIRST(&all->list);
	walk_start(&all->net->deadlines->walks, &all->confirm_walk);
}

void
session_confirm_init(struct sessions *all)
{
	walk_init(&all->confirm_walk, "sessions: what has been read",
	    confirm_step, all);
	deadline_init(&all->confirm_due, confirm_due_cb, all);
	deadline_set(all->net->deadlines, &all->confirm_due,
	    all->net->clock->mono_ms + CONFIRM_IDLE_MS);
}

void
session_confirm_fini(struct sessions *all)
{
	deadline_clear(all->net->deadlines, &all->confirm_due);
	walk_stop(&all->net->deadlines->walks, &all->confirm_walk);
}

void
session_confirm_remove(struct session *s)
{
	if (s->all->confirm_next == s)
		s->all->confirm_next = TAILQ_NEXT(s, entry);
}

void
session_confirmed(struct session *s, uint64_t token)
{
	if (s->is_asked && token == s->asked)
		conn_answered(s->conn, token);
}

void
session_will_answer(struct session *s)
{
	conn_answered(s->conn, conn_confirmed(s->conn));
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Searches, as walks. Who searches waits, and so do their further lines: each has
 * one at a time, and answers come in order. The bound on what a search reads
 * (room/search.h) bounds that wait, too; and who leaves ends it.
 *
 * None goes over an upgrade: before that, each is answered with what it has
 * found, and that there may be more.
 */
#include "config.h"

#include <stdlib.h>

#include "room/search.h"
#include "session/protocol.h"
#include "session/session-impl.h"
#include "session/session.h"

/* What was read is charged for, beyond the cost of the command. */
#define SEARCH_BYTES_PER_LINE ((uint64_t)1024 * 1024)

struct session_search {
	struct session *session;
	struct search *search;
	struct walk walk;
};

void
session_search_cancel(struct session *s)
{
	struct session_search *ss = s->has_entered ? s->search : NULL;

	if (ss == NULL)
		return;
	walk_stop(&s->all->net->deadlines->walks, &ss->walk);
	search_free(ss->search);
	free(ss);
	s->search = NULL;
}

static void
session_search_end(struct session_search *ss)
{
	struct session *s = ss->session;

	session_charge(s,
	    (unsigned)(search_read_bytes(ss->search) / SEARCH_BYTES_PER_LINE));
	s->protocol->found(s, ss->search);
	session_search_cancel(s);
	session_release(s);
}

static bool
session_search_step(struct walk_budget *budget, void *arg)
{
	struct session_search *ss = arg;
	struct session *s = ss->session;

	if (s->member == NULL) /* they have left meanwhile */
		session_search_cancel(s);
	else if (search_step(ss->search, s->member, budget))
		return true;
	else
		session_search_end(ss);
	return false;
}

void
session_search(struct session *s, const struct search_query *query)
{
	struct session_search *ss = xcalloc(1, sizeof(*ss));

	ss->session = s;
	ss->search = search_new(s->member, query);
	walk_init(&ss->walk, "session: a search", session_search_step, ss);
	s->search = ss;
	s->all->searches++;
	session_hold(s);
	walk_start(&s->all->net->deadlines->walks, &ss->walk);
}

void
sessions_end_searches(struct sessions *all)
{
	struct session *s;

	TAILQ_FOREACH(s, &all->list, entry)
		if (s->member != NULL && s->search != NULL)
			session_search_end(s->search);
}

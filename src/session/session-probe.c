/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Is somebody still there? Whoever asks for a nick that another connection from
 * the same place has is mostly its owner, whose network went away without a
 * word: TCP notices that after minutes. So the old connection is asked, and the
 * new one waits for what comes of it: for PROBE_MS at most, as one that is
 * silent for so long is given up, and its place taken.
 *
 *   a line, or an answer to protocol->ask()    it is alive
 *   its kernel acknowledges, and its program   it is alive: what cannot be
 *     has never answered anything              asked may be silent
 *   nothing                                    it is dead
 *
 * Who is alive keeps the nick, and is not asked again for a while. (hostile 29)
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "room/client.h"
#include "session/protocol.h"
#include "session/session-impl.h"

#define PROBE_MS 5000
#define PROBE_LOOK_MS 250
#define PROBE_AGAIN_MS 10000

struct session_probe {
	LIST_ENTRY(session_probe) entry;
	struct sessions *all;
	struct session *asker; /* is held; NULL: it has been answered */
	struct session *holder; /* NULL: was the previous program's */
	struct deadline deadline;
	int64_t began_ms;
	uint64_t offset; /* the holder's output with the question */
	bool was_asked; /* what it has answered before */
	char nick[NICK_SIZE];
};

static void
probe_free(struct session_probe *p)
{
	LIST_REMOVE(p, entry);
	deadline_clear(p->all->net->deadlines, &p->deadline);
	if (p->holder != NULL)
		p->holder->is_probed = false;
	free(p);
}

/* Nobody waits for it any more. It stays for a while, so that its holder is not
 * asked again. */
static void
probe_done(struct session_probe *p)
{
	p->asker->is_probing = false;
	p->asker = NULL;
	if (p->holder == NULL) {
		probe_free(p);
		return;
	}
	conn_probe(p->holder->conn, false);
	deadline_set(p->all->net->deadlines, &p->deadline,
	    p->began_ms + PROBE_AGAIN_MS);
}

/* Lets the asker try again, and go on. */
static void
probe_end(struct session_probe *p)
{
	struct session *s = p->asker;
	char nick[NICK_SIZE];

	memcpy(nick, p->nick, sizeof(nick));
	probe_done(p);
	session_release(s);
	session_acts(s);
	if (!s->has_left)
		s->protocol->take_nick(s, nick);
}

static void
probe_look_cb(void *arg)
{
	struct session_probe *p = arg;
	struct session *old = p->holder;
	int64_t past_ms = p->all->net->clock->mono_ms - p->began_ms;
	/* What has not reached it, or is not read from it, it cannot answer. */
	bool may_answer = old != NULL && !old->has_left && p->was_asked &&
	    old->throttle == NULL && !old->is_held &&
	    conn_queued(old->conn) == 0;

	if (p->asker == NULL)
		probe_free(p);
	else if (old == NULL || old->has_left ||
	    conn_confirmed(old->conn) >= p->offset ||
	    (!may_answer && conn_has_acked(old->conn, past_ms)))
		probe_end(p);
	else if (past_ms >= PROBE_MS)
		conn_give_up(old->conn); /* and it ends with the turn */
	else
		deadline_set(p->all->net->deadlines, &p->deadline,
		    p->all->net->clock->mono_ms + PROBE_LOOK_MS);
}

static struct session_probe *
probe_new(struct session *s, const char *nick)
{
	struct session_probe *p = xcalloc(1, sizeof(*p));

	p->all = s->all;
	p->asker = s;
	p->began_ms = s->all->net->clock->mono_ms;
	(void)strlcpy(p->nick, nick, sizeof(p->nick));
	deadline_init(&p->deadline, probe_look_cb, p);
	LIST_INSERT_HEAD(&s->all->probes, p, entry);
	s->is_probing = true;
	session_hold(s);
	return p;
}

bool
session_probe(struct session *s, const struct member *holder, const char *nick)
{
	struct session *old = member_session(holder);
	int64_t now_ms = s->all->net->clock->mono_ms;
	struct session_probe *p;
	uint64_t sent;

	if (s->protocol->take_nick == NULL || s->is_probing || old == NULL ||
	    old == s || old->has_left || old->is_probed ||
	    credential_cmp(&holder->credential,
		s->member == NULL ? &s->address : &s->member->credential) != 0)
		return false;
	old->is_probed = true;
	p = probe_new(s, nick);
	p->holder = old;
	p->was_asked = conn_has_answered(old->conn);
	sent = conn_sent(old->conn);
	if (old->protocol->ask != NULL)
		old->protocol->ask(old);
	p->offset = conn_sent(old->conn);
	if (p->offset > sent) {
		old->is_asked = true;
		old->asked = p->offset;
	} else if (old->is_asked && conn_confirmed(old->conn) < old->asked) {
		/* It has a question before it, and telnet has one at a time. */
		p->offset = old->asked;
	} else {
		p->was_asked = false;
		p->offset = UINT64_MAX;
	}
	conn_probe(old->conn, true);
	deadline_set(s->all->net->deadlines, &p->deadline,
	    now_ms + PROBE_LOOK_MS);
	return true;
}

void
session_probe_resume(struct session *s, const char *nick)
{
	struct session_probe *p = probe_new(s, nick);

	/* From the loop, when all are there. */
	deadline_set(s->all->net->deadlines, &p->deadline, p->began_ms);
}

const char *
session_probe_nick(const struct session *s)
{
	const struct session_probe *p;

	if (s->is_probing)
		LIST_FOREACH(p, &s->all->probes, entry)
			if (p->asker == s)
				return p->nick;
	return "";
}

void
session_probe_alive(struct session *s)
{
	struct session_probe *p;

	LIST_FOREACH(p, &s->all->probes, entry)
		if (p->holder == s && p->asker != NULL) {
			probe_end(p);
			return;
		}
}

void
session_probe_remove(struct session *s)
{
	struct session_probe *p, *next;

	if (!s->is_probing && !s->is_probed)
		return;
	for (p = LIST_FIRST(&s->all->probes); p != NULL; p = next) {
		next = LIST_NEXT(p, entry);
		if (p->asker == s)
			probe_done(p);
		else if (p->holder == s) {
			p->holder = NULL;
			if (p->asker == NULL)
				probe_free(p);
			else
				probe_end(p);
			/* Which may have begun others. */
			next = LIST_FIRST(&s->all->probes);
		}
	}
}

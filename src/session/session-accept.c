/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Who may come in: not who is banned, nor too many, in all or from one address.
 * How many have come from each is counted in a tree of those that anybody is
 * from.
 */
#include "config.h"

#include <sys/socket.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "session/protocol.h"
#include "session/session-impl.h"

static int
session_origin_cmp(const struct session_origin *a,
    const struct session_origin *b)
{
	return credential_cmp(&a->credential, &b->credential);
}

RB_GENERATE_INTERNAL(session_origins, session_origin, entry, session_origin_cmp,
    UNUSED static)

struct session_origin *
session_origin_get(struct sessions *all, const struct credential *credential)
{
	struct session_origin *origin, key = { .credential = *credential };

	origin = RB_FIND(session_origins, &all->origins, &key);
	if (origin == NULL) {
		origin = xcalloc(1, sizeof(*origin));
		origin->credential = *credential;
		RB_INSERT(session_origins, &all->origins, origin);
	}
	return origin;
}

void
session_origin_release(struct sessions *all, struct session_origin *origin)
{
	if (origin->count > 0)
		return;
	RB_REMOVE(session_origins, &all->origins, origin);
	free(origin);
}

const char *
session_refusal_str(enum session_refusal why)
{
	switch (why) {
	case SESSION_REFUSED_FULL:
		return "full";
	case SESSION_REFUSED_ADDRESS:
		return "address";
	case SESSION_REFUSED_BANNED:
		return "banned";
	case SESSION_REFUSED_LOCKED:
		return "locked";
	case SESSION_REFUSALS:
		break;
	}
	return "unknown";
}

/* One line for somebody who cannot come in. */
static void
session_refuse(struct sessions *all, int fd, const struct listener_peer *peer,
    enum session_refusal why, const char *text)
{
	const struct protocol *protocol = protocol_find(peer->protocols);
	char address[CREDENTIAL_STR_SIZE];
	const char *line;

	all->refused[why]++;
	credential_str(&peer->credential, address);
	log_limited(&all->refused_log[why], all->net->clock->mono_ms,
	    LOG_LEVEL_WARNING, "refused a connection: reason=%s from=\"%s\"",
	    session_refusal_str(why), address);
	line = protocol->refusal(text);
	/* If it does not fit into a new socket's buffer, then not. */
	(void)!send(fd, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)close(fd);
}

/* Tells and closes who cannot come in, and then returns true. */
static bool
session_refuse_some(struct sessions *all, int fd,
    const struct listener_peer *peer)
{
	const struct ban *ban;
	char *sentence, *text;

	ban = bans_match(&all->bans, &peer->credential,
	    all->net->clock->wall_ms);
	if (ban != NULL) {
		sentence = ban_sentence(ban, all->net->clock->wall_ms);
		text = xasprintf("you are %s", sentence);
		session_refuse(all, fd, peer, SESSION_REFUSED_BANNED, text);
		free(text);
		free(sentence);
		return true;
	}
	if (all->is_locked) {
		session_refuse(all, fd, peer, SESSION_REFUSED_LOCKED,
		    "nobody is let in at the moment; try again later");
		return true;
	}
	if (all->count >= all->options->max_members) {
		session_refuse(all, fd, peer, SESSION_REFUSED_FULL,
		    "everybody's place is taken; try again later");
		return true;
	}
	return false;
}

void
session_accept(struct sessions *all, int fd, const struct listener_peer *peer)
{
	const struct options *o = all->options;
	const struct protocol *protocol = protocol_find(peer->protocols);
	struct session_origin *origin;
	struct session *s;
	char from[CREDENTIAL_STR_SIZE];

	assert(protocol != NULL); /* checked with the settings */
	if (session_refuse_some(all, fd, peer))
		return;
	origin = session_origin_get(all, &peer->credential);
	if (o->max_per_address > 0 && origin->count >= o->max_per_address) {
		session_refuse(all, fd, peer, SESSION_REFUSED_ADDRESS,
		    "too many connections from your address; close one first");
		return;
	}

	s = xcalloc(1, sizeof(*s));
	s->conn = conn_new(all->net, fd, peer->is_tcp, &session_conn_handler,
	    s);
	if (s->conn == NULL) {
		log_error("cannot set up a connection");
		free(s);
		session_origin_release(all, origin);
		return;
	}
	s->all = all;
	s->protocol = protocol;
	s->origin = origin;
	origin->count++;
	TAILQ_INSERT_TAIL(&all->list, s, entry);
	all->count++;
	all->unentered_count++;
	s->since_ms = all->net->clock->mono_ms;
	bucket_init(&s->lines, (uint32_t)o->line_burst,
	    all->net->clock->mono_ms);
	credential_str(&peer->credential, from);
	log_debug("connection accepted: from=\"%s\" protocol=%s fd=%d "
		  "members=%zu",
	    from, protocol->name, fd, all->count);
	conn_cork(s->conn);
	protocol->open(s);
	conn_uncork(s->conn);
}

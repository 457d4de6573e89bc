/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Coming in: a connection is accepted, and later somebody stands behind it.
 * Whether they may is asked each time (actions/admit.c), and answered here.
 */
#include "config.h"

#include <sys/socket.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actions/actions.h"
#include "base/log.h"
#include "room/client.h"
#include "room/conversing.h"
#include "room/directory.h"
#include "room/member.h"
#include "session/protocol.h"
#include "session/session-impl.h"

/* What somebody who is not let in is told; the caller frees it. It is
 * logged. */
static char *
session_refusal(struct sessions *all, const struct credential *credential,
    enum admit why, const struct ban *ban)
{
	char address[CREDENTIAL_STR_SIZE], *sentence, *text;

	credential_str(credential, address);
	log_limited(&all->refused_log[why], all->net->clock->mono_ms,
	    LOG_LEVEL_WARNING, "refused a connection: reason=%s from=\"%s\"",
	    admit_str(why), address);
	switch (why) {
	case ADMIT_BANNED:
		sentence = ban_sentence(ban, all->net->clock);
		text = xasprintf("you are %s", sentence);
		free(sentence);
		return text;
	case ADMIT_LOCKED:
		return xstrdup(
		    "nobody is let in at the moment; try again later");
	case ADMIT_FULL:
		return xstrdup("everybody's place is taken; try again later");
	case ADMIT_ADDRESS:
	case ADMITTED:
	case ADMITS:
		break;
	}
	return xstrdup(
	    "too many connections from your address; close one first");
}

/* Refuses an fd that has no session. */
static void
session_refuse_fd(struct sessions *all, int fd,
    const struct listener_peer *peer, enum admit why, const struct ban *ban)
{
	const struct protocol *protocol = protocol_find(peer->protocols);
	char *text = session_refusal(all, &peer->credential, why, ban);
	const char *line = session_tls_use(peer) == CONN_TLS_ONLY ?
	    "" :
	    protocol->refusal(text);

	/* Best effort: it fits into a new socket's buffer. */
	(void)!send(fd, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)close(fd);
	free(text);
}

void
session_turn_away(struct sessions *all, int fd,
    const struct listener_peer *peer)
{
	all->admission.refused[ADMIT_ADDRESS]++;
	session_refuse_fd(all, fd, peer, ADMIT_ADDRESS, NULL);
}

void
session_accept(struct sessions *all, int fd, const struct listener_peer *peer)
{
	const struct options *o = all->options;
	const struct protocol *protocol = protocol_find(peer->protocols);
	enum conn_tls_use use = session_tls_use(peer);
	const struct ban *ban;
	struct session *s;
	enum admit why;
	char from[CREDENTIAL_STR_SIZE];

	assert(protocol != NULL); /* checked with the settings */
	why = admit_connection(&all->admission, &peer->credential, &ban);
	if (why != ADMITTED) {
		session_refuse_fd(all, fd, peer, why, ban);
		return;
	}
	s = xcalloc(1, sizeof(*s));
	s->conn = conn_new(all->net, fd, peer->is_tcp, &session_conn_handler,
	    s);
	if (s->conn == NULL) {
		log_error("cannot set up a connection");
		free(s);
		return;
	}
	if (peer->is_relayed)
		conn_set_relayed(s->conn);
	s->all = all;
	s->protocol = protocol;
	s->is_sniffed = protocol == &protocol_sniff;
	s->address = peer->credential;
	s->origin = admit_add(&all->admission, &s->address);
	TAILQ_INSERT_TAIL(&all->list, s, entry);
	all->unentered_count++;
	s->since_ms = all->net->clock->mono_ms;
	bucket_init(&s->lines, (uint32_t)o->line_burst,
	    all->net->clock->mono_ms);
	session_wait_turn(s);
	credential_str(&peer->credential, from);
	log_debug("connection accepted: from=\"%s\" protocol=%s fd=%d "
		  "members=%zu",
	    from, protocol->name, fd, all->admission.count);
	conn_set_tls(s->conn, use);
	if (use == CONN_TLS_ONLY) {
		session_await_tls(s, protocol);
		return;
	}
	conn_cork(s->conn);
	protocol->open(s);
	conn_uncork(s->conn);
}

/* s, who has not come in, does not. */
static void
session_refuse(struct session *s, enum admit why, const struct ban *ban)
{
	char *text = session_refusal(s->all, &s->address, why, ban);

	if (s->protocol->refused != NULL)
		s->protocol->refused(s, why, text);
	else
		s->protocol->error(s, text);
	session_close(s, text);
	free(text);
}

/* The place of s, which has not entered, becomes that of who comes from there, if
 * they may. */
static void
session_move(struct session *s, const struct credential *address)
{
	struct admission *a = &s->all->admission;
	const struct ban *ban;
	enum admit why;

	assert(s->member == NULL && !s->has_left);
	admit_remove(a, s->origin);
	why = admit_connection(a, address, &ban);
	s->address = *address;
	s->origin = admit_add(a, address);
	session_wait_turn(s);
	if (why != ADMITTED)
		session_refuse(s, why, ban);
}

void
session_relayed(struct session *s, const struct credential *address)
{
	conn_set_relayed(s->conn);
	session_move(s, address);
}

void
session_drop_guest(struct session *s)
{
	struct client *client;

	if (s->member == NULL)
		return;
	client = session_client(s);
	member_pause(client, conn_unsent(s->conn));
	s->member = NULL;
	action_quit(client, NULL);
}

enum session_key
session_take_key(struct session *s, const struct credential *key,
    const struct dialect *dialect)
{
	const struct member *m = s->member;
	char from[CREDENTIAL_STR_SIZE];

	if (s->address.kind == CREDENTIAL_SSH)
		return SESSION_KEY_LATE;
	if (!admit_may_tell_key(&s->all->admission, &s->address)) {
		credential_str(&s->address, from);
		log_limited(&s->all->login_log, s->all->net->clock->mono_ms,
		    LOG_LEVEL_WARNING,
		    "a key of ssh is told by who is not in trusted-ssh: "
		    "from=\"%s\"",
		    from);
		return SESSION_KEY_NOT_TRUSTED;
	}
	if (!m->is_guest || !SLIST_EMPTY(&m->memberships) ||
	    session_account(s) != NULL)
		return SESSION_KEY_LATE;
	session_drop_guest(s);
	s->has_entered = false;
	s->all->unentered_count++;
	session_move(s, key);
	return !s->has_left && session_enter(s, dialect) ? SESSION_KEY_TAKEN :
							   SESSION_KEY_REFUSED;
}

bool
session_enter(struct session *s, const struct dialect *dialect)
{
	const struct ban *ban;
	const struct account *a;
	struct credential identity;
	enum admit why;
	uint64_t device;
	char from[CREDENTIAL_STR_SIZE];

	assert(s->member == NULL && !s->has_left && !s->has_entered);
	a = session_account(s);
	why = admit_entry(&s->all->admission, &s->address, a, &ban);
	if (why != ADMITTED) {
		session_refuse(s, why, ban);
		return false;
	}
	device = s->device;
	s->search = NULL;
	s->has_entered = true;
	s->all->unentered_count--;
	s->member = member_new(s->all->chat, &s->address, &session_client_ops,
	    s, s->conn, dialect);
	if (a != NULL) {
		if (device != 0)
			session_client(s)->device = device;
		identity = credential_from_account(a->id);
		member_set_identity(s->member, &identity);
		conversing_logged_in(s->member);
	}
	credential_str(&s->address, from);
	log_people("somebody came in: nick=%s from=\"%s\" protocol=%s fd=%d",
	    s->member->nick, from, s->protocol->name, conn_fd(s->conn));
	return true;
}

/* Those who have not entered yet. */
static void
sessions_refuse_banned(struct sessions *all)
{
	const struct ban *ban;
	struct session *s;

	TAILQ_FOREACH(s, &all->list, entry) {
		if (s->has_entered || s->has_left)
			continue;
		ban = bans_match(&all->chat->bans, &s->address,
		    clock_age_ms(all->net->clock));
		if (ban == NULL)
			ban = action_account_ban(all->chat, session_account(s));
		if (ban == NULL)
			continue;
		all->admission.refused[ADMIT_BANNED]++;
		session_refuse(s, ADMIT_BANNED, ban);
		all->banned_ended++;
	}
}

bool
sessions_ban_step(struct walk_budget *budget, void *arg)
{
	struct sessions *all = arg;
	struct directory *directory = &all->chat->directory;
	struct member *m;
	size_t connections;

	while ((m = directory_after(directory, all->ban_after)) != NULL) {
		if (!walk_may_take(budget))
			return true;
		memcpy(all->ban_after, m->folded, sizeof(all->ban_after));
		connections = clients_count(m);
		if (action_end_banned(m)) {
			all->banned_ended += connections;
			walk_took_long(budget);
		}
	}
	return false;
}

void
sessions_end_banned(struct sessions *all)
{
	sessions_refuse_banned(all);
	all->ban_after[0] = '\0';
	walk_start(&all->net->deadlines->walks, &all->ban_walk);
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * TLS for sessions. While hands are shaken a session speaks a protocol that
 * says nothing; then its own begins, as on a new connection, so that the
 * greeting's delay starts anew.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "net/conn.h"
#include "session/protocol.h"
#include "session/session-impl.h"

/* s->state is the protocol that begins afterwards. */
static void
shaking_close(struct session *s)
{
	s->state = NULL;
}

static void
shaking_open(struct session *s)
{
	(void)s;
}

/* Never called: lines come when hands are shaken. */
static void
shaking_line(struct session *s, char *text, size_t len, bool has_cr)
{
	(void)s;
	(void)text;
	(void)len;
	(void)has_cr;
	assert(0 && "a line during a handshake");
}

static void
shaking_too_long(struct session *s)
{
	shaking_line(s, NULL, 0, false);
}

static void
shaking_say(struct session *s, const char *text)
{
	(void)s;
	(void)text;
}

static const char *
shaking_refusal(const char *text)
{
	(void)text;
	return "";
}

const struct protocol protocol_tls = {
	.name = "tls",
	.open = shaking_open,
	.close = shaking_close,
	.line = shaking_line,
	.too_long = shaking_too_long,
	.notice = shaking_say,
	.error = shaking_say,
	.refusal = shaking_refusal,
};

enum conn_tls_use
session_tls_use(const struct listener_peer *peer)
{
	return peer->is_tcp ? protocol_tls_use(peer->protocols) :
			      CONN_TLS_NEVER;
}

void
session_await_tls(struct session *s, const struct protocol *then)
{
	s->protocol = &protocol_tls;
	s->state = (void *)(uintptr_t)then;
}

const struct protocol *
session_protocol(const struct session *s)
{
	return s->protocol == &protocol_tls ? s->state : s->protocol;
}

const struct credential *
session_from_cb(const void *arg)
{
	const struct session *s = arg;

	return &s->address;
}

void
session_tls_cb(struct conn *c, enum conn_tls_event event, void *arg)
{
	struct session *s = arg;
	const struct protocol *then = session_protocol(s);
	const char *line;
	char from[CREDENTIAL_STR_SIZE];

	assert(s->conn == c);
	if (s->protocol == &protocol_tls)
		s->state = NULL;
	switch (event) {
	case CONN_TLS_BEGINS:
		if (s->protocol->close != NULL)
			s->protocol->close(s);
		session_await_tls(s, then);
		break;
	case CONN_TLS_IS_SECURE:
		s->since_ms = s->all->net->clock->mono_ms;
		/* It need not wait to see what the first line is. */
		if (then == &protocol_sniff && conn_tls_alpn(c) != NULL &&
		    protocol_by_alpn(conn_tls_alpn(c)) != NULL)
			then = protocol_by_alpn(conn_tls_alpn(c));
		conn_cork(c);
		session_become(s, then);
		conn_uncork(c);
		break;
	case CONN_TLS_IS_MISSING:
		line = then->refusal("this port is for TLS alone; connect with "
				     "TLS, or to another port");
		session_end_stranger(s, line, strlen(line));
		break;
	case CONN_TLS_IS_LATE:
		credential_str(&s->address, from);
		log_limited(&s->all->tls_log, s->all->net->clock->mono_ms,
		    LOG_LEVEL_INFO,
		    "closed a connection: reason=\"TLS begins after the "
		    "greeting\" from=\"%s\"",
		    from);
		line = then->refusal(
		    "TLS begins with a connection's first byte, and before "
		    "the greeting");
		session_end_stranger(s, line, strlen(line));
		break;
	}
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The way from a request to a WebSocket (RFC 6455 section 4.2), at any path, and
 * which protocol is spoken over it: the first subprotocol that the client names
 * and that is spoken here; IRC in text for who names none. Only IRC's binary
 * one sends binary messages; what comes may be either.
 */
#include "config.h"

#include <stdlib.h>

#include "net/conn.h"
#include "net/websocket.h"
#include "session/protocol.h"
#include "web/web-impl.h"

static const struct web_subprotocol {
	const char *name;
	const char *protocol;
	bool is_binary;
} web_subprotocols[] = {
	{ "brb.json", "json", false },
	{ "text.ircv3.net", "irc", false },
	{ "binary.ircv3.net", "irc", true },
};

bool
web_asks_for_websocket(const struct web_request *rq)
{
	return rq->http.method == HTTP_GET && rq->http.is_1_1 &&
	    http_has_element(&rq->http, "Connection", "Upgrade") &&
	    http_has_element(&rq->http, "Upgrade", "websocket");
}

/* The first that the client names; NULL: there is none. */
static const struct web_subprotocol *
web_choose(const struct web_request *rq)
{
	struct http_elements e = { .line = NULL };
	struct http_text name;
	size_t i;

	while (http_next_element(&rq->http, "Sec-WebSocket-Protocol", &e,
	    &name))
		for (i = 0; i < NITEMS(web_subprotocols); i++)
			if (http_text_is(&name, web_subprotocols[i].name) &&
			    protocol_find(web_subprotocols[i].protocol) != NULL)
				return &web_subprotocols[i];
	return NULL;
}

/* Is it a handshake of the version that we speak? If not, it is answered. */
static bool
web_check_websocket(const struct web_request *rq, struct http_text *key)
{
	struct http_text version;

	if (!http_find(&rq->http, "Sec-WebSocket-Version", &version) ||
	    !http_text_is(&version, "13")) {
		rq->session->all->net->web.refused[NET_WEB_VERSION]++;
		web_send_text(rq, HTTP_UPGRADE_REQUIRED,
		    "WebSocket is spoken here in version 13 alone.");
		return false;
	}
	if (http_count(&rq->http, "Sec-WebSocket-Key") == 1 &&
	    http_find(&rq->http, "Sec-WebSocket-Key", key) &&
	    websocket_key_is_valid(key->at, key->len))
		return true;
	rq->session->all->net->web.refused[NET_WEB_KEY]++;
	web_send_text(rq, HTTP_BAD_REQUEST,
	    "Sec-WebSocket-Key has to be 16 bytes in base64.");
	return false;
}

void
web_send_websocket(const struct web_request *rq)
{
	const struct web_subprotocol *chosen = web_choose(rq);
	struct session *s = rq->session;
	const struct protocol *protocol = protocol_find(chosen == NULL ?
		"irc" :
		chosen->protocol);
	struct buf head = BUF_INITIALIZER;
	char accept[WEBSOCKET_ACCEPT_SIZE];
	struct http_text key;

	if (!web_check_websocket(rq, &key))
		return;
	websocket_accept(accept, key.at);
	web_add_head(rq, &head, HTTP_SWITCHING);
	buf_addf(&head,
	    "Connection: Upgrade\r\n"
	    "Upgrade: websocket\r\n"
	    "Sec-WebSocket-Accept: %s\r\n",
	    accept);
	if (chosen != NULL)
		buf_addf(&head, "Sec-WebSocket-Protocol: %s\r\n", chosen->name);
	buf_addstr(&head, "\r\n");
	conn_reply(s->conn, head.data, head.len);
	buf_fini(&head);
	web_close(s);
	conn_begin_websocket(s->conn, chosen != NULL && chosen->is_binary);
	session_become(s, protocol);
}

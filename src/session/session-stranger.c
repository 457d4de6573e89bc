/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Clients at the wrong door: those of other protocols are answered in one line,
 * and closed, before anything that they send is said or obeyed; and a client
 * that was taken for a person, and turns out to speak another of our protocols,
 * speaks that.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "net/http.h"
#include "room/member.h"
#include "session/protocol.h"
#include "session/session-impl.h"
#include "session/stranger.h"

#define STRANGER_FLUSH_MS 5000
#define STRANGER_HTTP_ANSWER \
	"This is brbd, a chat server, which speaks no HTTP on this " \
	"port: come with nc, telnet or an IRC client."

void
session_end_stranger(struct session *s, const char *words, size_t len)
{
	conn_reply(s->conn, words, len);
	session_drop_guest(s);
	session_set_left(s);
	conn_close(s->conn, STRANGER_FLUSH_MS);
}

/* Is it a line of a protocol that s speaks, or may speak yet? */
static bool
session_is_understood(const struct session *s, const char *text, size_t len)
{
	enum first_line claim;
	const struct protocol *p = protocol_by_first_line(text, len, &claim);

	return claim == FIRST_LINE_SURE &&
	    (s->protocol == p || s->protocol == &protocol_sniff);
}

bool
session_is_stranger(struct session *s, char **text, size_t *len)
{
	static const char byte_order_mark[] = "\uFEFF";
	struct buf answer = BUF_INITIALIZER;
	enum stranger stranger;
	char *words;

	if (*len >= 3 && memcmp(*text, byte_order_mark, 3) == 0) {
		*text += 3;
		*len -= 3;
	}
	stranger = stranger_of(*text, *len);
	if (stranger == STRANGER_NONE && s->began_too_long &&
	    stranger_is_http_field(*text, *len))
		stranger = STRANGER_HTTP;
	if (stranger == STRANGER_NONE || session_is_understood(s, *text, *len))
		return false;
	log_debug("refused a client that speaks %s: fd=%d",
	    stranger_str(stranger), conn_fd(s->conn));
	if (stranger == STRANGER_HTTP)
		http_add_answer(&answer, HTTP_NOT_FOUND, STRANGER_HTTP_ANSWER,
		    s->all->net->clock->wall_ms);
	else {
		words = xasprintf("this is a chat, which does not speak %s",
		    stranger_str(stranger));
		buf_addstr(&answer, s->protocol->refusal(words));
		free(words);
	}
	session_end_stranger(s, answer.data, answer.len);
	buf_fini(&answer);
	return true;
}

void
session_switch(struct session *s, const struct protocol *protocol)
{
	const char *words;

	assert(s->member == NULL || s->member->is_guest);
	log_debug("a client that was greeted speaks %s: fd=%d", protocol->name,
	    conn_fd(s->conn));
	if (!s->is_sniffed) {
		words = protocol->refusal("this port is for another protocol");
		session_end_stranger(s, words, strlen(words));
		return;
	}
	session_drop_guest(s);
	s->has_entered = false;
	s->all->unentered_count++;
	if (s->protocol->close != NULL)
		s->protocol->close(s);
	session_become(s, protocol);
}

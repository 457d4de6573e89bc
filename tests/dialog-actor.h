/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef DIALOG_ACTOR_H
#define DIALOG_ACTOR_H

#include <sys/socket.h>

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "tls-client.h"

struct tls_client;
struct ws_client;

/* Somebody in a dialog, with the connection that they have at the moment. */
struct actor {
	TAILQ_ENTRY(actor) entry;
	char *name;
	int fd; /* non-blocking; -1: not connected */
	struct buf in; /* all that came over this connection */
	size_t in_read; /* what of it the dialog has gone through */
	struct buf out; /* not sent yet */
	size_t out_sent;
	struct tls_client *tls; /* NULL: in the clear */
	struct ws_client *ws; /* NULL: no WebSocket */
	bool has_eof;
	int error; /* errno of the connection's end, or 0 */
	bool is_reading;
	bool is_irc; /* lines end in CR LF, both ways */
	bool is_here; /* by "enter", so arrivals are shown to them */
	bool ignores_rest;
	/* Of a login by SCRAM that is under way; or NULL. */
	char *scram_final, *scram_expected;
	struct buf transcript; /* what was typed and seen, made visible */
};
TAILQ_HEAD(actor_queue, actor);

struct actor *actor_new(const char *name);
void actor_free(struct actor *p);
void actor_forget_scram(struct actor *p);

/*
 * Connects to the address to, from from (NULL: any). is_slow: with a receive
 * buffer as small as can be. Returns 0, or -1 with errno.
 */
int actor_connect(struct actor *p, const struct sockaddr *to, socklen_t to_len,
    const struct sockaddr *from, socklen_t from_len, bool is_slow) MUST_CHECK;

/* Leaves the connection: with an end-of-file, or with a reset. What was
 * received stays to be read. */
void actor_close(struct actor *p);
void actor_reset(struct actor *p);

/* Begins TLS on the new connection. -1: the tests were built without. */
int actor_begin_tls(struct actor *p, enum tls_client_kind kind) MUST_CHECK;
/* Begins a WebSocket on the new connection. */
void actor_begin_ws(struct actor *p, const char *protocol);
/* Sends a line, with its end, or as a message. */
void actor_send_line(struct actor *p, const char *line);
/* Closes the sending side: in TLS's way, and the socket's. */
void actor_shutdown(struct actor *p);
/* Closes without TLS's close_notify. */
void actor_cut(struct actor *p);

/* Queues bytes for the connection and sends what can be sent now. */
void actor_send(struct actor *p, const void *bytes, size_t len);
void actor_flush(struct actor *p);
bool actor_has_unsent(const struct actor *p);

/* Reads what is there, without blocking, a good piece of it at most. */
void actor_receive(struct actor *p);

/* The next line that was received, without its LF, or NULL when it is not whole
 * yet. It stays until p receives. Then: go on to the one after it. */
const char *actor_line(const struct actor *p, size_t *len);
void actor_next_line(struct actor *p);

/* Notes in the transcript what was typed ('>') or seen ('<'). */
void actor_note(struct actor *p, char direction, const char *text, size_t len);

/* Adds the last lines of the transcript, and what was not read yet. */
void actor_add_transcript(const struct actor *p, struct buf *out);

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A person's end of a connection. Nothing here waits (the stage does): what is
 * typed is queued, what comes is kept, and the dialog goes through it in its
 * own time. So the daemon never waits for a person whom the dialog just does
 * not look at; only "stop-reading" makes one who really does not read.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dialog-actor.h"
#include "dialog-pattern.h"
#include "tls-client.h"
#include "unit/ws-client.h"

/* Lines and bytes of a line that the report of a failure shows. */
#define ACTOR_SHOWN_LINES 15
#define ACTOR_SHOWN_BYTES 160

/* Bytes that actor_receive() reads before the others get their turn. */
#define ACTOR_RECEIVE_MAX (256 * 1024)

struct actor *
actor_new(const char *name)
{
	struct actor *p = xcalloc(1, sizeof(*p));

	p->name = xstrdup(name);
	p->fd = -1;
	return p;
}

void
actor_forget_scram(struct actor *p)
{
	free(p->scram_final);
	free(p->scram_expected);
	p->scram_final = p->scram_expected = NULL;
}

void
actor_free(struct actor *p)
{
	if (p == NULL)
		return;
	actor_close(p);
	buf_fini(&p->in);
	buf_fini(&p->out);
	buf_fini(&p->transcript);
	actor_forget_scram(p);
	free(p->name);
	free(p);
}

int
actor_connect(struct actor *p, const struct sockaddr *to, socklen_t to_len,
    const struct sockaddr *from, socklen_t from_len, bool is_slow)
{
	int fd, saved, smallest = 1, on = 1;

	fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	/* The kernel rounds it up to what it has to have. */
	if (is_slow &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &smallest,
		sizeof(smallest)) == -1)
		goto fail;
	if (from != NULL && bind(fd, from, from_len) == -1)
		goto fail;
	/* To this machine: it succeeds or fails at once. */
	if (connect(fd, to, to_len) == -1)
		goto fail;
	/* What is sent in pieces arrives in pieces, and at once. */
	if (to->sa_family != AF_UNIX &&
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1)
		goto fail;
	if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
		goto fail;
	p->fd = fd;
	buf_reset(&p->in);
	buf_reset(&p->out);
	p->in_read = p->out_sent = 0;
	p->has_eof = false;
	p->error = 0;
	p->is_reading = true;
	p->is_here = false;
	return 0;
fail:
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

int
actor_begin_tls(struct actor *p, enum tls_client_kind kind)
{
	p->tls = tls_client_new(p->fd, kind);
	return p->tls == NULL ? -1 : 0;
}

void
actor_begin_ws(struct actor *p, const char *protocol)
{
	struct buf request = BUF_INITIALIZER;

	p->ws = ws_client_new(protocol, &request);
	actor_send(p, request.data, request.len);
	buf_fini(&request);
}

void
actor_shutdown(struct actor *p)
{
	if (p->tls != NULL)
		tls_client_shutdown(p->tls);
	shutdown(p->fd, SHUT_WR);
}

void
actor_close(struct actor *p)
{
	struct buf frame = BUF_INITIALIZER;

	if (p->ws != NULL && !p->has_eof) {
		ws_client_add_close(&frame);
		actor_send(p, frame.data, frame.len);
		buf_fini(&frame);
	}
	if (p->tls != NULL)
		tls_client_shutdown(p->tls);
	actor_cut(p);
}

void
actor_cut(struct actor *p)
{
	tls_client_free(p->tls);
	p->tls = NULL;
	ws_client_free(p->ws);
	p->ws = NULL;
	if (p->fd != -1)
		close(p->fd);
	p->fd = -1;
	p->is_here = false;
}

void
actor_reset(struct actor *p)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	actor_cut(p);
}

void
actor_send(struct actor *p, const void *bytes, size_t len)
{
	buf_add(&p->out, bytes, len);
	actor_flush(p);
}

void
actor_send_line(struct actor *p, const char *line)
{
	struct buf out = BUF_INITIALIZER;

	if (p->ws != NULL)
		ws_client_add_text(&out, line, strlen(line));
	else
		buf_addf(&out, "%s%s", line, p->is_irc ? "\r\n" : "\n");
	actor_send(p, out.data, out.len);
	buf_fini(&out);
}

bool
actor_has_unsent(const struct actor *p)
{
	return p->out_sent < p->out.len;
}

void
actor_flush(struct actor *p)
{
	while (p->fd != -1 && actor_has_unsent(p)) {
		const char *data = p->out.data + p->out_sent;
		size_t len = p->out.len - p->out_sent;
		ssize_t n = p->tls != NULL ?
		    tls_client_send(p->tls, data, len) :
		    send(p->fd, data, len, MSG_NOSIGNAL);

		if (n >= 0) {
			p->out_sent += (size_t)n;
		} else if (errno == EAGAIN) {
			return;
		} else if (errno != EINTR) {
			p->error = errno;
			break;
		}
	}
	buf_reset(&p->out);
	p->out_sent = 0;
}

void
actor_receive(struct actor *p)
{
	size_t total = 0;

	while (p->fd != -1 && !p->has_eof && total < ACTOR_RECEIVE_MAX) {
		char chunk[16384];
		ssize_t n = p->tls != NULL ?
		    tls_client_receive(p->tls, chunk, sizeof(chunk)) :
		    recv(p->fd, chunk, sizeof(chunk), 0);

		if (n > 0) {
			if (p->ws != NULL)
				ws_client_take(p->ws, chunk, (size_t)n, &p->in);
			else
				buf_add(&p->in, chunk, (size_t)n);
			total += (size_t)n;
		} else if (n == 0) {
			p->has_eof = true;
			/* As nc and telnet do, which then exit. */
			actor_shutdown(p);
		} else if (errno == EAGAIN) {
			return;
		} else if (errno != EINTR) {
			p->has_eof = true;
			p->error = errno;
		}
	}
}

const char *
actor_line(const struct actor *p, size_t *len)
{
	const char *line, *end;

	if (p->in_read == p->in.len)
		return NULL;
	line = p->in.data + p->in_read;
	end = memchr(line, '\n', p->in.len - p->in_read);
	if (end == NULL)
		return NULL;
	*len = (size_t)(end - line);
	if (p->is_irc && *len > 0 && line[*len - 1] == '\r')
		--*len;
	return line;
}

void
actor_next_line(struct actor *p)
{
	size_t len;
	const char *line = actor_line(p, &len);

	if (line == NULL)
		return;
	actor_note(p, '<', line, len);
	p->in_read += len + (line[len] == '\r' ? 2 : 1);
}

static void
actor_add_note(struct buf *out, char direction, const char *text, size_t len)
{
	buf_addf(out, "%c ", direction);
	pattern_show(out, text,
	    len < ACTOR_SHOWN_BYTES ? len : ACTOR_SHOWN_BYTES);
	if (len > ACTOR_SHOWN_BYTES)
		buf_addf(out, " ... (%zu bytes)", len);
	buf_addch(out, '\n');
}

void
actor_note(struct actor *p, char direction, const char *text, size_t len)
{
	actor_add_note(&p->transcript, direction, text, len);
}

/* What was received but not gone through, a few lines of it. */
static void
actor_add_unread(const struct actor *p, struct buf *out)
{
	const char *text = p->in.data + p->in_read;
	size_t left = p->in.len - p->in_read;

	for (int lines = 0; left > 0 && lines < ACTOR_SHOWN_LINES; lines++) {
		const char *end = memchr(text, '\n', left);
		size_t len = end == NULL ? left : (size_t)(end + 1 - text);

		buf_addstr(out, "\tunread ");
		actor_add_note(out, '<', text, len);
		text += len;
		left -= len;
	}
	if (left > 0)
		buf_addf(out, "\tunread: %zu bytes more\n", left);
}

void
actor_add_transcript(const struct actor *p, struct buf *out)
{
	size_t start = p->transcript.len, lines = 0;
	const char *text = p->transcript.data;

	while (start > 0 && lines < ACTOR_SHOWN_LINES) {
		start--;
		lines += start == 0 || text[start - 1] == '\n';
	}
	while (start < p->transcript.len) {
		const char *end = memchr(text + start, '\n',
		    p->transcript.len - start);
		size_t len = (size_t)(end + 1 - (text + start));

		buf_addch(out, '\t');
		buf_add(out, text + start, len);
		start += len;
	}
	if (p->in_read < p->in.len)
		actor_add_unread(p, out);
	if (p->error != 0)
		buf_addf(out, "\t(connection: %s)\n", strerror(p->error));
	else if (p->has_eof)
		buf_addstr(out, "\t(end of the connection)\n");
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Shared by conn*.c only.
 */
#ifndef CONN_IMPL_H
#define CONN_IMPL_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/deadline.h"
#include "net/conn.h"
#include "net/framer.h"
#include "net/telnet.h"
#include "net/tls-handshake.h"
#include "net/tls-record.h"
#include "net/websocket.h"

struct evbuffer;

enum conn_state {
	CONN_OPEN,
	CONN_FLUSHING, /* conn_close() was called; output is queued */
	CONN_LINGERING, /* shut down; waiting for the peer's end */
	CONN_ENDED
};

enum conn_queue_id { /* a connection is in one at a time */
	CONN_NOWHERE,
	CONN_IN_MORE_INPUT,
	CONN_IN_RESUMING,
	CONN_IN_ENDED
};

/* For clients that speak telnet: from their first IAC on. */
struct conn_telnet {
	struct telnet machine;
	uint64_t asked; /* of sent: TELNET_ASK was sent there; 0: not now */
	struct evbuffer *text;
};

/* For connections with queued output, and closing ones. */
struct conn_timer {
	struct deadline deadline;
	uint64_t queued; /* all bytes queued since it was made */
	uint64_t moved; /* those that the peer had at the last check */
	int64_t moved_ms; /* when that last changed */
	size_t discarded;
};

/* TLS between a connection and its socket: conn-tls.c. */

/* So many bytes of ciphertext carry so many of output. */
struct conn_span {
	uint32_t sealed;
	uint32_t plain;
};

enum conn_handshake_place {
	HANDSHAKE_ELSEWHERE, /* waits for the client */
	HANDSHAKE_HELLO, /* has a record to take, its first */
	HANDSHAKE_ANSWER /* has another; its turn comes */
};

struct conn_handshake {
	TAILQ_ENTRY(conn_handshake) entry; /* of hellos or answers */
	TAILQ_ENTRY(conn_handshake) slot; /* if it has tls */
	struct conn *c;
	struct tls_handshake *tls;
	struct deadline deadline;
	int64_t began_ms; /* tls was made */
	enum conn_handshake_place place;
};

struct conn_tls {
	struct tls_record record; /* once the handshake is over */
	struct conn_handshake *handshake; /* NULL: it is */
	struct buf partial; /* what has come of a record that is not whole */
	struct buf spans; /* of struct conn_span; the last are the latest */
	size_t lost; /* bytes that were sealed and could not be sent */
	struct tls_peer peer;
	uint32_t forgiven_ms; /* monotonic: conn_tls_forgive() */
	bool is_closed; /* the peer has sent a close_notify */
	bool has_fin; /* and its kernel that this is the end */
	bool is_failed; /* nothing is opened or sealed any more */
};

/* For clients that speak WebSocket: conn-websocket.c. */
struct conn_websocket {
	struct websocket reader;
	uint32_t heard_ms; /* monotonic: of the peer, or the ping was sent */
	uint16_t close_code; /* of our close frame */
	bool is_binary; /* what we send */
	bool is_pinged; /* and has not answered */
	bool is_closed; /* the peer has sent a close frame */
	bool
	    is_put_back; /* the reader's message is the next line: it is whole */
};

/* How much had been sent by then: the low bits, as at_ms is. */
struct conn_mark {
	uint32_t sent;
	uint32_t at_ms;
};

struct conn {
	/* What conn_send_batch() looks at lies in one cache line. */
	struct net *net;
	uint64_t sent; /* bytes of output that were taken */
	uint32_t look_at_ms; /* monotonic: when conn_look() is due */
	uint32_t written_ms; /* monotonic: the last write */
	int fd;
	uint8_t state; /* enum conn_state */
	bool has_output : 1; /* the bufferevent's output may hold something */
	bool is_binary : 1; /* as in websocket */
	uint16_t window_at; /* conn-unsent.c: of window, in units of 8 s */
	struct conn_tls *tls; /* NULL: none */
	struct conn_websocket *websocket; /* NULL: none */

	struct bufferevent *bev; /* NULL at rest: conn_need_bev() */
	TAILQ_ENTRY(conn) entry;
	const struct conn_handler *handler;
	void *arg;
	struct conn_telnet *telnet; /* NULL: none yet */
	struct conn_timer *timer; /* NULL: not needed now */
	uint32_t dropped; /* bytes sent too late, which nobody will get */
	union {
		/* In this order they are handed over: HANDOFF_VERSION. */
		struct {
			bool is_paused : 1; /* conn_pause_input() */
			bool is_choked : 1; /* its answers are not read */
			bool was_refused : 1; /* conn_send() owes a drained() */
			bool has_input : 1; /* whole lines may wait there */
			bool saw_eof : 1;
			bool told_eof : 1;
			bool is_tcp : 1;
			bool is_shut : 1; /* our side: SIOCOUTQ counts a FIN */
			bool has_no_telnet : 1; /* an IAC is a byte */
			bool is_broken : 1; /* ended by an error */
			bool answers : 1; /* conn_answered() */
			bool is_relayed : 1; /* conn_set_relayed() */
			bool
			    has_waited : 1; /* has_input since an earlier read */
			bool is_unread : 1; /* nothing has come yet */
			bool may_be_tls : 1; /* the first byte tells */
		};
		uint16_t flags;
	};
	/* conn-unsent.c; all times are the low bits of the monotonic clock. */
	uint64_t confirmed; /* of sent: the peer has surely read that */
	struct conn_mark marks[2]; /* at the last looks */
	uint32_t window; /* the peer's largest so far; 0: not looked yet */
	uint32_t vouched_ms; /* the last conn_vouch() */
	uint32_t wasted; /* bytes read since the last line */
	uint16_t max_line; /* conn_set_framing(); 0: the option's */
	struct framer framer;
	uint8_t in_queue : 2; /* enum conn_queue_id */
	uint8_t end : 2; /* enum conn_end; with CONN_ENDED */
	bool is_reading : 1; /* conn_readable_event() is waited for */
	bool is_handling : 1; /* inside conn_handle_input() */
	bool has_put_back : 1; /* conn_put_back(), in there */
	bool has_unseen : 1; /* input that may hold the first IAC */
};

/* Counts output that nobody will get; more than fits is no matter. */
static inline void
conn_drop_output(struct conn *c, size_t len)
{
	c->dropped = len > UINT32_MAX - c->dropped ? UINT32_MAX :
						     c->dropped + (uint32_t)len;
}

/* Only libevent knows how large an event is, so it lies behind the struct. */
static inline struct event *
conn_readable_event(struct conn *c)
{
	return (struct event *)(void *)(c + 1);
}

#define CONN_SNDBUF_MIN 65536
/* Makes a connection as conn_new() does, but leaves the socket as it is and
 * does not read yet. */
struct conn *conn_alloc(struct net *net, int fd,
    const struct conn_handler *handler, void *arg);

/* To be called when whatever kept lines waiting is over. */
void conn_continue_input(struct conn *c);

/* Sets up conn_readable_event(), which is not waited for yet. Returns -1 if
 * libevent cannot. */
int conn_init_reading(struct conn *c) MUST_CHECK;
/* The one place where input is handled: new input, input that has waited, and
 * EOF. */
void conn_handle_input(struct conn *c);
/* Schedules waiting input for the next turn. */
void conn_handle_later(struct conn *c);

/* Speaks telnet from now on. Returns -1 if libevent has no memory. */
int conn_begin_telnet(struct conn *c) MUST_CHECK;
/* Where lines are looked for: the bufferevent's input, or, of telnet, what is
 * left of it. */
struct evbuffer *conn_text(struct conn *c);

void conn_set_tcp_options(const struct net *net, int fd);

/* Asks for conn_write_cb() below the low-water mark, not only at zero. */
void conn_want_drained(struct conn *c);

/* Returns c's bufferevent, which it has only while there is input or output. If
 * libevent cannot make one, c has ended and NULL comes back. */
struct bufferevent *conn_need_bev(struct conn *c);

/* Gives the bufferevent back if it is empty. */
void conn_rest(struct conn *c);

/* Moves c to net->ended; may be repeated. Calls nobody but net->wake(). */
void conn_set_end(struct conn *c, enum conn_end end);

/* Starts or stops waiting for input, as c's state demands. */
void conn_update_reading(struct conn *c);

/* Telnet, and the lines, of what has come. */
void conn_take_input(struct conn *c);
/* Counts len bytes that came on a closing connection and are dropped. */
void conn_discard(struct conn *c, size_t len);

/* Writes to the socket, or queues behind earlier output, past TLS. */
void conn_write_sealed(struct conn *c, const char *data, size_t len);
/* Bytes of those that the peer's kernel does not have. */
size_t conn_sealed_unsent(const struct conn *c);

void net_tls_init(struct net *net);
void net_tls_fini(struct net *net);

/* Bytes in the kernel that the peer does not have; roughly, on Unix sockets. */
size_t conn_in_kernel(const struct conn *c);

#define CONN_LOOK_MS 250
#define CONN_BETWEEN_MS 2000

/* Measures what may be unread; when that is due, before the next write. */
void conn_look(struct conn *c);

/* Before the time wraps it is due again, however long nobody has asked. */
static inline bool
conn_look_is_due(const struct conn *c)
{
	uint32_t now_ms = (uint32_t)c->net->clock->mono_ms;

	return c->look_at_ms - now_ms - 1 >= CONN_LOOK_MS;
}

/* A line came from the peer, who is alive and has read what came before. */
void conn_vouch(struct conn *c);

/* As conn_reply(), past the WebSocket: for bytes that are no lines. */
void conn_reply_bytes(struct conn *c, const void *data, size_t len);

struct conn_timer *conn_need_timer(struct conn *c);
void conn_drop_timer(struct conn *c); /* there need not be one */

/* conn-handshake.c */

#define CONN_TLS_FAILED_MS 2000 /* for an alert to arrive */

/* The first byte is there, or will be: is it TLS? If so, c->tls is there. False:
 * c must not be read now. */
bool conn_tls_look(struct conn *c);
/* c->tls is there from now on, and a handshake is waited for. */
void conn_tls_begin(struct conn *c);
/* To be called when c, which shakes hands, has come from another program. */
void conn_tls_continue(struct conn *c);
/* To be called when more has come: has h something to do? */
void conn_handshake_look(struct conn_handshake *h);
/* There will be no TLS; an alert may be on its way. */
void conn_handshake_failed(struct conn *c, enum tls_failure why);
void conn_drop_handshake(struct conn *c); /* there need not be one */
/* Does a handshake of c's wait for its turn? Then nothing is read. */
bool conn_tls_is_busy(const struct conn *c);

/* conn-tls.c */

void conn_tls_readable(struct conn *c);
/* Opens the records in data, and keeps what is left. */
void conn_tls_take(struct conn *c, char *data, size_t len);
/* Seals and writes. */
void conn_tls_write(struct conn *c, const char *data, size_t len);
/* The time is up: c's peer has sent a close_notify, and no FIN. */
void conn_tls_no_fin(struct conn *c);
/* The last that we send. */
void conn_tls_say_goodbye(struct conn *c);
/* Frees c->tls, if there is one. */
void conn_tls_free(struct conn *c);
/* How many of the last bytes that were sealed belong to the last `sealed` bytes
 * of ciphertext: those that the peer may not have whole. */
size_t conn_tls_unsent(const struct conn_tls *tls, size_t sealed);

/* conn-websocket.c; c speaks it, but for the last two */

/* Takes the next message off in, as framer_next() does a line. To be followed by
 * conn_message_done() when that is done with, or is put back: it is the next
 * one, then. */
enum framer_result conn_next_message(struct conn *c, struct evbuffer *in,
    size_t max_len, struct framer_line *line) MUST_CHECK;
void conn_message_done(struct conn *c, bool is_put_back);
/* The lines of a batch (conn_send_batch()) as frames; valid until the next call
 * for any connection. */
const struct buf *conn_frame(struct conn *c, const char *lines, size_t len,
    uint64_t batch);
/* All that has come before the end is handled. */
void conn_websocket_eof(struct conn *c);
/* The last that we send. */
void conn_websocket_say_goodbye(struct conn *c);
void conn_free_websocket(struct conn *c);

#endif

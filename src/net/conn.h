/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CONN_H
#define CONN_H

#include <bsd/sys/queue.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/credential.h"
#include "base/deadline.h"
#include "base/log.h"
#include "base/util.h"
#include "base/walk.h"
#include "net/tls-handshake.h"
#include "options/options.h"

struct bufferevent;
struct conn_handshake;
struct fields_in;
struct fields_out;
struct conn;
struct tls_context;
struct tlv;
TAILQ_HEAD(conn_queue, conn);
TAILQ_HEAD(conn_handshakes, conn_handshake);

/*
 * What all connections share. The event base has three priorities: sockets and
 * timers have NET_PRIORITY_INPUT, the end of the turn has NET_PRIORITY_TURN, so
 * that all ready input comes first, and walks (base/walk.h) come last.
 */
enum {
	NET_PRIORITY_INPUT,
	NET_PRIORITY_TURN,
	NET_PRIORITY_WALK,
	NET_PRIORITIES
};

#define CONN_SPARE_MAX 32

/* So many handshakes at once, of 46 KB each. */
#define NET_TLS_SLOTS 256

struct net_tls {
	struct tls_context *context; /* net_set_tls() */
	/* conn-handshake.c */
	struct conn_handshakes hellos, answers, slots;
	size_t slot_count;
	int64_t freed_ms; /* monotonic: when a slot became free */
	uint64_t since_tidy; /* handshakes: net_tls_tidy() */
	bool is_held; /* net_tls_hold() */
	bool was_answer; /* of the last two of whom each had one */
	struct walk walk;
	struct deadline retry;
	struct buf sealed; /* scratch */
	struct log_limit sts_log; /* sts.c */
	struct tls_stats {
		uint64_t handshakes; /* that came to a good end */
		uint64_t failures[TLS_FAILURES];
		uint64_t old_versions[TLS_OLD_VERSIONS]; /* offered */
		uint64_t broken; /* later, by what is no TLS */
	} stats;
};

/* The frames of what was last sent over a WebSocket to many. */
struct net_frames {
	struct buf frames;
	uint64_t batch; /* 0: none */
};

/* What browsers asked for (web/). */
enum net_web_refusal {
	NET_WEB_HOST, /* a name that is not known: web-host */
	NET_WEB_ORIGIN, /* a page of another server: web-origin */
	NET_WEB_VERSION, /* of a WebSocket: another than 13 */
	NET_WEB_KEY, /* the same: none that could be one */
	NET_WEB_REFUSALS
};
struct net_web {
	uint64_t answers[5]; /* by the first digit of their status, from 1 on */
	uint64_t refused[NET_WEB_REFUSALS];
	uint64_t broken; /* WebSockets, by what is none */
};
extern const char *const net_web_refusals[NET_WEB_REFUSALS];

/* The names of old_versions. */
extern const char *const net_tls_old_versions[TLS_OLD_VERSIONS];

struct net {
	struct event_base *base;
	struct clock *clock; /* updated whenever the loop calls back */
	struct deadlines *deadlines;
	/* max_line, output_limit, stall_timeout */
	const struct options *options;
	void (*wake)(void *arg); /* asks for conn_reap() at the turn's end */
	void *wake_arg;

	struct event *resume; /* handles more_input in the next turn */
	/* those with more than CONN_LINES_PER_TURN lines */
	struct conn_queue more_input;
	struct conn_queue resuming; /* those of more_input whose turn it is */
	struct conn_queue ended; /* their ended() is due */
	/* given back by connections at rest, for the next that needs one */
	struct bufferevent *spare[CONN_SPARE_MAX];
	size_t spare_count;
	/* How long a program that runs may stand between reading and writing:
	 * a line that it sends does not vouch for what came within that. */
	uint32_t between_ms;
	struct conn *corked;
	struct buf cork;
	struct net_frames batches[2]; /* of text; binary */
	struct buf frames; /* of what one alone is sent */
	struct net_tls tls;
	struct net_web web;
	size_t count; /* connections that exist */
	uint64_t bytes_in, bytes_out, writes;
	/* How often accepting paused, and why. */
	uint64_t accept_pauses_rate, accept_pauses_resources;
};

/* So many lines of one client are handled before others get their turn. */
#define CONN_LINES_PER_TURN 16

/*
 * Returns 0, or -1 with errno. The struct is the caller's and outlives all
 * connections; base has NET_PRIORITIES priorities. Makes the process ignore
 * SIGPIPE.
 */
int net_init(struct net *net, struct event_base *base, struct clock *clock,
    struct deadlines *deadlines, const struct options *options,
    void (*wake)(void *), void *wake_arg) MUST_CHECK;
void net_fini(struct net *net); /* all connections must be freed before */

enum conn_end {
	CONN_END_EOF, /* closed by the peer; its lines have been handled */
	CONN_END_ERROR, /* reset, unreachable, timed out by TCP */
	CONN_END_STALLED, /* read nothing for stall_timeout as output waited */
	CONN_END_CLOSED /* after conn_close() */
};
const char *conn_end_str(enum conn_end end);

/* What TLS there is on a connection. */
enum conn_tls_use {
	CONN_TLS_NEVER,
	CONN_TLS_MAYBE, /* the first byte tells, if there is a certificate */
	CONN_TLS_ONLY
};
/* A TLS handshake's first byte: the type of its record (RFC 8446 section
 * 5.1). */
#define CONN_TLS_FIRST_BYTE 22

enum conn_tls_event {
	CONN_TLS_BEGINS, /* nothing is to be sent before IS_SECURE */
	CONN_TLS_IS_SECURE,
	/* It is not used where it has to be, or where it cannot begin any more
	 * since output was sent: the owner says so and calls conn_close(). */
	CONN_TLS_IS_MISSING,
	CONN_TLS_IS_LATE
};

/* The owner's functions. All but ended() are called from the loop's callbacks,
 * and may call any function of this header except conn_free(). */
struct conn_handler {
	/* The next line is about to be handled; conn_pause_input() has it wait.
	 * May be NULL. */
	void (*before_line)(struct conn *c, void *arg);
	/*
	 * A line without its end: raw bytes, writable until the return. The
	 * connection's output is corked meanwhile. has_cr: a CR stood before
	 * the LF.
	 */
	void (*line)(struct conn *c, char *text, size_t len, bool has_cr,
	    void *arg);
	/* A line over max_line was dropped. */
	void (*too_long)(struct conn *c, void *arg);
	/* More than max_line bytes came without completing a line: the rest of
	 * a line too long, or telnet's own bytes. May be NULL. */
	void (*waste)(struct conn *c, void *arg);
	/* Unsent output fell below the low-water mark (a quarter of
	 * output_limit), after conn_send() refused or input was held up. */
	void (*drained)(struct conn *c, void *arg);
	/*
	 * The peer has closed its side; its whole lines have been handled. The
	 * owner calls conn_close(), now or when it has written the rest. NULL:
	 * it ends at once, with CONN_END_EOF.
	 */
	void (*eof)(struct conn *c, void *arg);
	/* May be NULL where conn_set_tls() is not used, as may from. */
	void (*tls)(struct conn *c, enum conn_tls_event event, void *arg);
	/* The origin that the connection comes from. */
	const struct credential *(*from)(const void *arg);
	/* The connection is over. Called once, only from conn_reap(), so
	 * writing to others and conn_free() are allowed here. */
	void (*ended)(struct conn *c, enum conn_end end, void *arg);
};

/*
 * Takes over fd (non-blocking; closed by conn_free()) and starts to read.
 * is_tcp: sets TCP_NODELAY, keepalive, TCP_USER_TIMEOUT and SO_SNDBUF
 * (output_limit, 64 KiB at least). If libevent cannot make an event, closes fd
 * and returns NULL.
 */
struct conn *conn_new(struct net *net, int fd, bool is_tcp,
    const struct conn_handler *handler, void *arg) MUST_CHECK;
/* To be called right after conn_new(). CONN_TLS_ONLY: nothing is to be sent
 * before CONN_TLS_IS_SECURE. */
void conn_set_tls(struct conn *c, enum conn_tls_use use);
/* Is what is sent and received encrypted? */
bool conn_is_secure(const struct conn *c);
bool conn_is_shaking_hands(const struct conn *c); /* it will be */
/* The key of the client's certificate, which may be signed by anybody: SHA-256
 * of its SubjectPublicKeyInfo, TLS_PEER_KEY_SIZE bytes that live as long as c;
 * or NULL. */
const uint8_t *conn_tls_key(const struct conn *c);
/* The protocol that the client asked for by ALPN, if it is "http/1.1"; or
 * NULL. */
const char *conn_tls_alpn(const struct conn *c);
/* Takes over the certificate for handshakes from now on; NULL: there is no
 * TLS. */
void net_set_tls(struct net *net, struct tls_context *context);

/*
 * From now on no handshake begins; what comes waits, and can be handed to the
 * next program. Returns how many have begun and are not over, which cannot.
 * net_tls_release() lets them begin again. Both may be repeated.
 */
size_t net_tls_hold(struct net *net);
void net_tls_release(struct net *net);

void conn_free(struct conn *c); /* closes at once; NULL is allowed */

/*
 * Queues len bytes, which are copied. If nothing is queued for the socket, one
 * direct non-blocking write is tried first, and only the rest is queued (a
 * bufferevent's own write costs two epoll_ctl and a loop turn). If there is
 * unsent output and it would pass output_limit, nothing is queued, -1 comes
 * back, and drained() will tell when to go on. On a connection that is ending
 * -1 comes back, too. An error of the socket only marks c as ended: this never
 * frees c and never calls back. The room layer has it called without knowing a
 * struct conn (client_ops.deliver).
 *
 * A batch, if it is not 0, is a number that no other bytes had: those who are
 * sent the same share the frames.
 */
int conn_send_batch(void *conn, const char *data, size_t len,
    uint64_t batch) MUST_CHECK;

/* The same, of what nobody else is sent. */
static inline int MUST_CHECK
conn_send(struct conn *c, const char *data, size_t len)
{
	return conn_send_batch(c, data, len, 0);
}

/* Bytes of output that were taken so far, with what frames them. */
uint64_t conn_sent(const struct conn *c);
/* What that will be once these lines are sent. */
uint64_t conn_sent_after(const struct conn *c, const char *lines, size_t len);

/*
 * As conn_send(), but always queues: for answers to what the client itself
 * asked. Beyond output_limit the client's input is held up until it has
 * drained, which bounds the memory.
 */
void conn_reply(struct conn *c, const void *data, size_t len);

/* Between the two calls, output on c is collected; conn_uncork() writes it at
 * once. Only one connection may be corked at a time, and they do not nest. */
void conn_cork(struct conn *c);
void conn_uncork(struct conn *c);

/* From pause to resume no lines are handed over, and the socket is not read.
 * Both may be called at any time, from line() too. */
void conn_pause_input(struct conn *c);
void conn_resume_input(struct conn *c);

/* The line that is being handled, not changed yet, is handled later: it is the
 * first after conn_resume_input(). To be called within line(), after
 * conn_pause_input(). */
void conn_put_back(struct conn *c);

/*
 * From now on lines may have max_line bytes, whatever the option says, and each
 * byte is text: no telnet. To be called within line() or right after
 * conn_new().
 */
void conn_set_framing(struct conn *c, size_t max_line);

/* The socket leads to a proxy or gateway, whose kernel tells nothing of who
 * stands behind it. */
void conn_set_relayed(struct conn *c);

/*
 * From now on an IAC is telnet's; until then it is only where it is the very
 * first byte. To be called within line(), with that line, from which telnet's
 * bytes are taken: returns what is left of len. May be repeated. Never after
 * conn_set_framing().
 */
size_t conn_take_telnet(struct conn *c, char *line, size_t len);
/* Has the peer sent an IAC that is telnet's? */
bool conn_has_telnet(const struct conn *c);

/*
 * From now on a WebSocket's messages (RFC 6455) are the lines, both ways: what
 * conn_send() and conn_reply() are given are whole lines, each of which becomes
 * a message, binary or of text. To be called within line(), after
 * conn_set_framing() and the answer to the handshake. A message may have
 * max_line bytes; a line end at its end is none of it, any other is.
 */
void conn_begin_websocket(struct conn *c, bool is_binary);
bool conn_is_websocket(const struct conn *c);
/* Before conn_close(): the server goes, rather than this one connection. A
 * WebSocket's close frame says so (1001). Nothing for others. */
void conn_set_going_away(struct conn *c);
/* To be called every few seconds: asks a WebSocket's peer for a sign of life
 * when there has been none for long, and ends what gives none. Nothing for
 * others. */
void conn_keep_alive(struct conn *c);

/*
 * Handles no more lines, flushes what is queued, shuts down, and waits for the
 * peer's end (discarding what it sends, so that no reset destroys our last
 * words), for flush_ms altogether. Then calls ended(CONN_END_CLOSED). May be
 * repeated.
 */
void conn_close(struct conn *c, int64_t flush_ms);

/* Calls ended() for all that have ended, or for those for whom a millisecond is
 * enough, and wakes for the others. Only for the end of the turn. */
void conn_reap(struct net *net);
void conn_reap_some(struct net *net);

/* Bytes of output queued in this process. */
size_t conn_queued(const struct conn *c);
/* And in the kernel, not acknowledged by the peer's. */
size_t conn_waiting(const struct conn *c);

/*
 * How many of the last bytes of output the peer may not have read (it is in
 * conn-unsent.c how that is known): none but those that are on their way if it
 * has closed in order; or else all that its program has not vouched for.
 */
size_t conn_unsent(struct conn *c);

/* The peer's program is alive, and reads all that its kernel has. */
void conn_vouch_all(struct conn *c);

/* The peer's program has surely read all up to offset, as conn_sent()
 * counts. */
void conn_confirm(struct conn *c, uint64_t offset);
/* It has said so, asked at that offset. From now on only answers count: its
 * lines vouch for nothing. */
void conn_answered(struct conn *c, uint64_t offset);
bool conn_has_answered(const struct conn *c); /* ever */
/* Asks a telnet client, which then confirms by itself; nothing for others. */
void conn_ask_telnet(struct conn *c);
/* Has a telnet client show what is typed no longer, or again; nothing for
 * others. */
void conn_hide_typing(struct conn *c, bool is_hidden);
/* All that is known to have been read; as conn_sent() counts. */
uint64_t conn_confirmed(const struct conn *c);

/* Has the peer's kernel tell soon whether it is there, or no longer; and has it
 * told so within the last ms? Also true where it is not asked. */
void conn_probe(struct conn *c, bool is_on);
bool conn_has_acked(const struct conn *c, int64_t ms);
/* The peer is not there any more: c ends as by an error. */
void conn_give_up(struct conn *c);

int conn_fd(const struct conn *c);

/*
 * For the next program in this process (handoff.h): adds c, which has not ended
 * and can be saved, to out, in an item that the caller opens and closes, with
 * all that it was sent and that was not handled yet, and all that could not be
 * sent.
 * conn_load() makes it again as it was; nothing is sent or handled before the
 * loop runs. NULL: in->error says why.
 */
void conn_save(const struct conn *c, struct fields_out *out);
bool conn_can_be_saved(const struct conn *c); /* no: its handshake has begun */
struct conn *conn_load(struct net *net, struct fields_in *in,
    const struct tlv *item, const struct conn_handler *handler,
    void *arg) MUST_CHECK;

/* Adds the counters. */
void net_save(const struct net *net, struct fields_out *out);
bool net_load(struct net *net, struct fields_in *in,
    const struct tlv *item) MUST_CHECK;

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CONN_H
#define CONN_H

#include <sys/types.h>

#include <bsd/sys/queue.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/util.h"
#include "options/options.h"

struct bufferevent;
struct handoff_in;
struct handoff_out;
struct conn;
struct tlv;
TAILQ_HEAD(conn_queue, conn);

/*
 * What all connections share. Priorities of the event base: NET_PRIORITY_INPUT
 * for sockets and timers, NET_PRIORITY_TURN for the end of the turn, so that
 * all input that is ready comes first.
 */
enum { NET_PRIORITY_INPUT, NET_PRIORITY_TURN, NET_PRIORITIES };

#define CONN_SPARE_MAX 32

struct net {
	struct event_base *base;
	struct clock *clock; /* brought up to date when the loop calls back */
	struct deadlines *deadlines;
	/* max_line, output_limit, stall_timeout */
	const struct options *options;
	void (*wake)(void *arg); /* have conn_reap() called at the turn's end */
	void *wake_arg;

	struct event *resume; /* handles more_input in the next turn */
	/* had more than CONN_LINES_PER_TURN lines */
	struct conn_queue more_input;
	struct conn_queue resuming; /* those of more_input due in this turn */
	struct conn_queue ended; /* their ended() is due */
	/* taken from connections at rest, for the next that needs one */
	struct bufferevent *spare[CONN_SPARE_MAX];
	size_t spare_count;
	struct conn *corked;
	struct buf cork;
	size_t count; /* connections that exist */
	uint64_t bytes_in, bytes_out, writes;
	/* How often nobody was accepted for a while, and why. */
	uint64_t accept_pauses_rate, accept_pauses_resources;
};

/* Lines of one client that are handled before the others get their turn. */
#define CONN_LINES_PER_TURN 16

/*
 * 0, or -1 with errno. The struct is the caller's and outlives all conns; base
 * has NET_PRIORITIES priorities. Has the process ignore SIGPIPE.
 */
int net_init(struct net *net, struct event_base *base, struct clock *clock,
    struct deadlines *deadlines, const struct options *options,
    void (*wake)(void *), void *wake_arg) MUST_CHECK;
void net_fini(struct net *net); /* all conns are freed before */

enum conn_end {
	CONN_END_EOF, /* the peer closed; all its whole lines have been handled */
	CONN_END_ERROR, /* reset, unreachable, timed out by TCP */
	CONN_END_STALLED, /* read nothing for stall_timeout though output waited */
	CONN_END_CLOSED /* conn_close() is through */
};
const char *conn_end_str(enum conn_end end);

/*
 * The owner's functions. All but ended() are called from the loop's callbacks,
 * and may call any function of this header but conn_free().
 */
struct conn_handler {
	/* A line without its end: raw bytes, writable until the return. The
	 * connection's output is corked meanwhile. has_cr: ended in CR. */
	void (*line)(struct conn *c, char *text, size_t len, bool has_cr,
	    void *arg);
	/* A line over max_line was dropped. */
	void (*too_long)(struct conn *c, void *arg);
	/* More than max_line bytes have come that made no line: what follows a
	 * line too long, or telnet's bytes. NULL: that is fine. */
	void (*waste)(struct conn *c, void *arg);
	/* Unsent output fell below the low-water mark (a quarter of
	 * output_limit) after conn_send() had refused, or input was held up. */
	void (*drained)(struct conn *c, void *arg);
	/*
	 * The peer has closed its side and will send no more; all its whole
	 * lines have been handled. The owner calls conn_close(), now or when it
	 * has written the rest. NULL: it ends at once, with CONN_END_EOF.
	 */
	void (*eof)(struct conn *c, void *arg);
	/* The connection is over. Called once, only from conn_reap(), so that
	 * writes to others and conn_free() are fine here. */
	void (*ended)(struct conn *c, enum conn_end end, void *arg);
};

/*
 * Takes over fd (non-blocking; closed by conn_free()) and starts to read.
 * is_tcp: sets TCP_NODELAY, keepalive, TCP_USER_TIMEOUT and SO_SNDBUF
 * (output_limit, 64 KiB at least). Never NULL but when libevent cannot make a
 * event: then fd is closed and NULL returned.
 */
struct conn *conn_new(struct net *net, int fd, bool is_tcp,
    const struct conn_handler *handler, void *arg) MUST_CHECK;
void conn_free(struct conn *c); /* closes at once; NULL is fine */

/*
 * Queue len bytes; they are copied. If nothing is queued for the socket, one
 * direct non-blocking write is tried first, and only what it left is queued (a
 * bufferevent's own write costs two epoll_ctl and a loop turn). If c's unsent
 * output would pass output_limit and is not empty, nothing is queued, drained()
 * will tell when to go on, and -1 comes back; so it does on a connection that
 * is ending. A socket's error only marks c as ended: never frees c, never calls
 * back before returning.
 */
int conn_send(struct conn *c, const void *data, size_t len) MUST_CHECK;

/* Bytes that conn_send() has taken so far. */
uint64_t conn_sent(const struct conn *c);

/*
 * The same, but always queued: for answers to what the client itself asked.
 * Beyond output_limit the client's input is held up until it has drained,
 * which bounds the memory.
 */
void conn_reply(struct conn *c, const void *data, size_t len);

/*
 * Between the two, what is sent on c is collected and written at once by
 * conn_uncork(). Only one connection is corked at a time; they nest not at all.
 */
void conn_cork(struct conn *c);
void conn_uncork(struct conn *c);

/*
 * No more lines are handed over until conn_resume_input(). Either may be called
 * at any time, from line() too. Reading from the socket stops with it.
 */
void conn_pause_input(struct conn *c);
void conn_resume_input(struct conn *c);

/*
 * From now on lines may have max_line bytes, whatever the option says, and are
 * no telnet's: each byte is text. Fine within line() and right after
 * conn_new().
 */
void conn_set_framing(struct conn *c, size_t max_line);

/*
 * Handle no more lines, flush what is queued, shut down, and wait for the
 * peer's end (discarding what it sends, so that no reset destroys our last
 * words); in flush_ms altogether. Then ended(CONN_END_CLOSED). Fine if called
 * twice.
 */
void conn_close(struct conn *c, int64_t flush_ms);

/* Calls ended() for all that have ended. From the end of the turn only. */
void conn_reap(struct net *net);

/* Bytes queued in this process. */
size_t conn_queued(const struct conn *c);

/*
 * How many of the last bytes of all output the peer may not have read: those
 * queued here, and what it is known or to be feared that the kernel had to
 * itself; conn-unsent.c says what that is. Usable in ended(), and then as the
 * connection has ended; before that as if it ended in order now.
 */
size_t conn_unsent(const struct conn *c);

/* The same as if it broke now: never less. */
size_t conn_unsent_if_broken(const struct conn *c);

bool conn_is_ending(const struct conn *c);
int conn_fd(const struct conn *c);

/*
 * For the next program in this process (handoff.h): adds c, which has not
 * ended, to out, in an item that the caller opens and closes, with all that it
 * was sent and that was not handled yet, and all that could not be sent.
 * conn_load() makes it again as it was; nothing is sent or handled before the
 * loop runs. NULL: in->error says why.
 */
void conn_save(const struct conn *c, struct handoff_out *out);
struct conn *conn_load(struct net *net, struct handoff_in *in,
    const struct tlv *item, const struct conn_handler *handler,
    void *arg) MUST_CHECK;

/* The counters. */
void net_save(const struct net *net, struct handoff_out *out);
bool net_load(struct net *net, struct handoff_in *in,
    const struct tlv *item) MUST_CHECK;

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef WIRE_H
#define WIRE_H

#include <check.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "net/conn.h"
#include "options/options.h"
#include "unit.h"

/*
 * Connections over real sockets and a real event base. Each test runs four
 * times: over a socket pair and over loopback TCP, with epoll and with poll.
 * Time that matters is set by the test, which runs the deadlines itself.
 */
#define VARIANTS 4
#define IS_POLL(variant) ((variant)&1)
#define IS_TCP(variant) ((variant)&2)

#define MAX_LINE 2048
#define OUTPUT_LIMIT 8192
#define STALL_MS 1000
#define PATIENCE_MS 10000

/* One end is a conn, the other a descriptor of the test. */
struct pipe {
	struct conn *c; /* NULL once freed */
	int peer;
	struct buf lines; /* as in check_framer.c: [text], [text]r, T */
	size_t line_count;
	bool takes_telnet; /* conn_take_telnet() in each line */
	int waste_count;
	int drained_count;
	size_t queued_at_drained;
	int eof_count;
	int ended_count;
	enum conn_end end;
	size_t unsent; /* in ended() */
	void (*on_line)(struct pipe *p, const char *text, size_t len);
	void (*on_drained)(struct pipe *p);
	void (*on_ended)(struct pipe *p);
	struct pipe *other;
};

/* One for each test: they may share a process (CK_FORK=no). */
struct world {
	struct event_base *base;
	struct clock clock;
	struct deadlines deadlines;
	struct options options;
	struct net net;
	struct event *reap;
	struct event *tick;
	bool is_tcp;
	int wakes;
	int reap_depth;
};

extern struct world w;

void world_init(int variant);
void world_fini(void); /* no conn and no deadline may be left */

int64_t now_ms(void); /* in reality, not in w.clock */
/* For w.deadlines.walks: each look at the clock comes two thirds of a slice after
 * the last one, so that two items fit into one. */
int64_t slow_now_us(void);
/* All that can be done now. */
void run_ready(void);
/* Moves w.clock and runs what falls due. */
void advance(int64_t ms);

#define UNTIL(condition) \
	do { \
		int64_t until_ms = now_ms() + PATIENCE_MS; \
\
		while (!(condition)) { \
			if (now_ms() >= until_ms) \
				ck_abort_msg("never: %s", #condition); \
			event_base_loop(w.base, EVLOOP_ONCE); \
		} \
	} while (0)

extern const struct conn_handler handler;
extern const struct conn_handler handler_with_eof;

void pipe_open(struct pipe *p, int variant); /* with handler */
void pipe_open_with(struct pipe *p, int variant, const struct conn_handler *h);
void pipe_hang_up(struct pipe *p); /* the peer's end only */
void pipe_close(struct pipe *p); /* and frees the conn if still there */

/* An on_line that pauses the input after each line. */
void line_pauses(struct pipe *p, const char *text, size_t len);

#define CHECK_GOT(p, expected) ck_assert_str_eq(buf_cstr(&(p)->lines), expected)

/* The peer's side */

/* Has c's end begun? Then its owner is told of nothing more but that. */
bool wire_is_ending(const struct conn *c);

/* Writes all of it, running the loop while it does not fit. */
void peer_write(struct pipe *p, const void *data, size_t len);

#define PEER_WRITE(p, literal) peer_write(p, literal, sizeof(literal) - 1)

/* Writes 2-byte lines until no more fits. Returns the bytes written. */
size_t peer_flood(struct pipe *p);
/* Adds what is there to read. Returns false when that is the end. */
bool peer_read(struct pipe *p, struct buf *got);

/* As many bytes, each telling its place, as if from the start. */
void add_pattern(struct buf *b, size_t len);
void check_pattern(const struct buf *b, size_t len);
/* Sends pieces of the pattern until the kernel takes no more, and then some. */
void fill(struct pipe *p, struct buf *sent);

/* A test that runs once for each variant. */
#define add_test(tc, test) tcase_add_loop_test(tc, test, 0, VARIANTS)

#endif

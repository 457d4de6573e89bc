/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef ORIGINS_H
#define ORIGINS_H

#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bucket.h"
#include "base/clock.h"
#include "base/credential.h"
#include "base/fields.h"

/*
 * What each origin uses of the things that are there for all, so that none can
 * use them up. An origin is what connections show, a credential: an IPv4
 * address, an IPv6 /64 or a Unix uid. A /64 belongs to a network as well, its
 * /48, which may use four times as much.
 *
 * A record is there while its origin holds something, and then until what it
 * has used no longer counts: coming again does not forget.
 */

/* An amount that fades: it halves in each period of half_ms. Who adds to it all
 * the time adds amount / (2 * half_ms) for each millisecond, to keep it. */
struct spent {
	uint64_t amount;
	int64_t at_ms; /* monotonic */
};
uint64_t spent_now(const struct spent *s, int64_t half_ms, int64_t now_ms);
void spent_add(struct spent *s, int64_t half_ms, int64_t now_ms,
    uint64_t amount);
/* Until when amount has faded to so much; roughly, and never too late. */
int64_t spent_fade_ms(uint64_t amount, uint64_t target, int64_t half_ms);

/*
 * May somebody use more of limit, of which they have used own, everybody of
 * their origin together origin, and all together all? The more is used, the
 * less one may have, and an origin alone has four fifths at most: so there is
 * always something left for those who have used little, and never more than
 * limit in all.
 */
#define ORIGIN_SHARE 4
static inline bool
origin_is_fair(uint64_t own, uint64_t origin, uint64_t all, uint64_t limit)
{
	return own + origin + ORIGIN_SHARE * all <= ORIGIN_SHARE * limit;
}

/* What can be held. For the last two origins_heaviest() is known. */
enum origin_held {
	ORIGIN_CONNECTIONS,
	ORIGIN_WAITING, /* connections that are not let in yet */
	ORIGIN_PEOPLE, /* members, those whose connection is lost too */
	ORIGIN_ROOMS, /* that it has made */
	ORIGIN_KEPT, /* bytes of private messages that it has sent */
	ORIGIN_CONVERSATIONS, /* that it has begun */
	ORIGIN_PASSERS, /* places of people who have never said a word */
	ORIGIN_PLACES, /* places of others */
	ORIGIN_HELDS
};
#define ORIGIN_RANKED (ORIGIN_HELDS - ORIGIN_PASSERS)

RB_HEAD(origin_tree, origin);
RB_HEAD(origin_forget_tree, origin);
RB_HEAD(origin_rank_tree, origin_rank);

struct origin_rank {
	RB_ENTRY(origin_rank) entry;
	struct origin *origin;
	uint64_t weight; /* 0: not in the tree */
};

/* What an origin has put somewhere, of which the key is its owner's. */
#define ORIGIN_SPENTS 8
struct origin_spents {
	struct {
		uint64_t key; /* 0: none */
		struct spent spent;
	} items[ORIGIN_SPENTS];
};

struct origin {
	RB_ENTRY(origin) entry;
	RB_ENTRY(origin) in_forget; /* if nothing is held */
	struct origins *all;
	struct origin *network; /* or NULL */
	struct credential credential;
	bool is_network;
	bool is_idle; /* in all->forget */
	size_t holds;
	uint64_t held[ORIGIN_HELDS];
	struct origin_rank ranks[ORIGIN_RANKED];
	struct origin_rank_tree inner[ORIGIN_RANKED]; /* of a network's */
	struct bucket lines;
	int64_t lines_until_ms; /* monotonic: when the bucket is full again */
	struct spent connects; /* thousands of them */
	struct spent said; /* bytes, in all rooms; origins.c keeps it */
	struct origin_spents *spents; /* or NULL */
	int64_t forget_ms;
	int64_t browsed_ms; /* monotonic: when it last got a page; 0: never */
};

/* So many are remembered that hold nothing; who has used least goes first. */
#define ORIGINS_IDLE_MAX 4096

struct origins {
	const struct clock *clock;
	struct origin_tree tree;
	struct origin_forget_tree forget;
	struct origin_rank_tree ranks[ORIGIN_RANKED];
	struct spent connects; /* of all; as in struct origin */
	size_t count;
	size_t idle_count;
};

void origins_init(struct origins *all, const struct clock *clock);
void origins_fini(struct origins *all); /* nothing may be held */

/* Finds or makes one. It is valid until the next call, or for as long as
 * something is held. */
struct origin *origins_get(struct origins *all,
    const struct credential *credential);
/* As fields.h has it: its credential, and as origins_get() from that; or
 * NULL. */
void origin_put(struct fields_out *out, uint16_t tag, const struct origin *o);
struct origin *origins_read(struct origins *all, const struct tlv *item);
/* The first after that one, in some order (NULL: of all) that stays; networks
 * are left out. NULL: no more. */
struct origin *origins_after(struct origins *all,
    const struct credential *credential);

/* For the next program (handoff.h): what all of them have used; and that again,
 * an item after the other. */
void origins_save(struct origins *all, struct fields_out *out);
bool origins_load(struct origins *all, struct fields_in *in,
    const struct tlv *item) MUST_CHECK;

/* Count what is held, and what no longer is. */
void origin_hold(struct origin *o, enum origin_held what, uint64_t amount);
void origin_release(struct origin *o, enum origin_held what, uint64_t amount);
/* What it holds; or if that is more, a quarter of what its network does. */
uint64_t origin_holds(const struct origin *o, enum origin_held what);
/* Who holds most of one of the last two; NULL if there are none. */
struct origin *origins_heaviest(struct origins *all, enum origin_held what);

/*
 * Lines: a token bucket for all connections of an origin. rate and burst are
 * its own. A line costs a token, and one more for each ORIGIN_LINE_BYTES.
 */
#define ORIGIN_LINE_BYTES 512
void origin_charge_line(struct origin *o, struct rate rate, uint32_t burst,
    size_t len);
int64_t origin_line_wait_ms(const struct origin *o, struct rate rate,
    uint32_t burst);

/* Bytes that are put somewhere: they fade to half in ORIGIN_SAID_MS. key is
 * not 0. The least of ORIGIN_SPENTS keys is forgotten. */
#define ORIGIN_SAID_MS 300000
void origin_spend(struct origin *o, uint64_t key, uint64_t amount);
uint64_t origin_spent(const struct origin *o, uint64_t key);
/* The same in all places. */
uint64_t origin_said(const struct origin *o);

/* May one more connection come in now? If so it counts, else *wait_ms is when
 * to ask again. rate is that of all origins together. */
bool origin_may_connect(struct origin *o, struct rate rate, int64_t *wait_ms);

#endif

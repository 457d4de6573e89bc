/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Origins in use, and those that were in use lately. The latter are ordered by
 * the time from which on they are as good as new: this is also how much each
 * has used, so that of too many the first goes, and a flood of addresses that
 * have done nothing pushes out no record that means something.
 *
 * Decided against: limits for each origin alone. With those, some origins
 * together use up all; and a limit that stops that is too little for an office
 * behind one address that has the server to itself. origin_is_fair() has
 * neither fault, and costs a sum.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/origin.h"
#include "base/origins-impl.h"
#include "base/util.h"

#define ORIGIN_NETWORK_PREFIX 48
#define ORIGIN_NETWORK_SHARE 4

/* So few bytes are as good as none. */
#define ORIGIN_SAID_SMALL 1024
#define ORIGIN_CONNECT 1000 /* in the unit of connects */

/* Amounts that fade */

uint64_t
spent_now(const struct spent *s, int64_t half_ms, int64_t now_ms)
{
	/* Any two times: what was handed over may be damaged. */
	uint64_t elapsed_ms = (uint64_t)now_ms - (uint64_t)s->at_ms;
	uint64_t half = (uint64_t)half_ms, amount = s->amount;

	if (amount == 0 || s->at_ms >= now_ms)
		return amount;
	if (elapsed_ms / half >= 64)
		return 0;
	amount >>= elapsed_ms / half;
	/* Between two halvings, a straight line. */
	return amount - amount * (elapsed_ms % half) / (2 * half);
}

void
spent_add(struct spent *s, int64_t half_ms, int64_t now_ms, uint64_t amount)
{
	uint64_t now = spent_now(s, half_ms, now_ms);

	/* What is too little to fade by one yet must not stay for ever. */
	if (now != s->amount || now == 0) {
		s->amount = now;
		s->at_ms = now_ms;
	}
	s->amount += amount;
}

int64_t
spent_fade_ms(uint64_t amount, uint64_t target, int64_t half_ms)
{
	int64_t ms = 0;

	if (target == 0)
		target = 1;
	for (; amount / 2 >= target && ms < 64 * half_ms; amount /= 2)
		ms += half_ms;
	if (amount > target)
		ms += (int64_t)(2 * (uint64_t)half_ms * (amount - target) /
		    amount);
	return ms;
}

/* The trees */

static int
origin_key_cmp(const struct origin *a, const struct origin *b)
{
	int cmp = credential_cmp(&a->credential, &b->credential);

	return cmp != 0 ? cmp : a->is_network - b->is_network;
}

static int
origin_forget_cmp(const struct origin *a, const struct origin *b)
{
	if (a->forget_ms != b->forget_ms)
		return a->forget_ms < b->forget_ms ? -1 : 1;
	return origin_key_cmp(a, b);
}

static int
origin_rank_cmp(const struct origin_rank *a, const struct origin_rank *b)
{
	if (a->weight != b->weight)
		return a->weight < b->weight ? -1 : 1;
	return origin_key_cmp(a->origin, b->origin);
}

RB_GENERATE_INTERNAL(origin_tree, origin, entry, origin_key_cmp, UNUSED static)
RB_GENERATE_INTERNAL(origin_forget_tree, origin, in_forget, origin_forget_cmp,
    UNUSED static)
RB_GENERATE_INTERNAL(origin_rank_tree, origin_rank, entry, origin_rank_cmp,
    UNUSED static)

static int64_t
origin_now_ms(const struct origin *o)
{
	return o->all->clock->mono_ms;
}

void
origins_init(struct origins *all, const struct clock *clock)
{
	memset(all, 0, sizeof(*all));
	all->clock = clock;
	RB_INIT(&all->tree);
	RB_INIT(&all->forget);
	for (int i = 0; i < ORIGIN_RANKED; i++)
		RB_INIT(&all->ranks[i]);
}

/* Is as good as new from then on. */
static int64_t
origin_fade_ms(const struct origin *o)
{
	int64_t now_ms = origin_now_ms(o), until_ms = o->lines_until_ms, ms;

	ms = now_ms +
	    spent_fade_ms(origin_said(o), ORIGIN_SAID_SMALL, ORIGIN_SAID_MS);
	if (o->connects.amount > 0 && ms < o->connects.at_ms + 60000)
		ms = o->connects.at_ms + 60000;
	return ms > until_ms ? ms : until_ms;
}

bool
origin_is_as_new(const struct origin *o)
{
	return origin_fade_ms(o) <= origin_now_ms(o);
}

/* Puts o where it belongs among those that hold nothing; or takes it out. */
static void
origin_settle(struct origin *o)
{
	struct origins *all = o->all;

	if (o->is_idle) {
		RB_REMOVE(origin_forget_tree, &all->forget, o);
		all->idle_count--;
	}
	o->is_idle = o->holds == 0;
	if (!o->is_idle)
		return;
	o->forget_ms = origin_fade_ms(o);
	RB_INSERT(origin_forget_tree, &all->forget, o);
	all->idle_count++;
}

void
origin_used(struct origin *o)
{
	if (o->is_idle)
		origin_settle(o);
}

static void
origin_free(struct origin *o)
{
	struct origin *network = o->network;

	assert(o->is_idle);
	RB_REMOVE(origin_forget_tree, &o->all->forget, o);
	RB_REMOVE(origin_tree, &o->all->tree, o);
	o->all->idle_count--;
	o->all->count--;
	free(o->spents);
	free(o);
	if (network != NULL) {
		network->holds--;
		origin_settle(network);
	}
}

void
origins_fini(struct origins *all)
{
	struct origin *o;

	while ((o = RB_MIN(origin_forget_tree, &all->forget)) != NULL)
		origin_free(o);
	assert(all->count == 0);
}

/* Forgets some of those that mean nothing any more, or are too many. */
static void
origins_trim(struct origins *all)
{
	struct origin *o;

	for (int i = 0; i < 2; i++) {
		o = RB_MIN(origin_forget_tree, &all->forget);
		if (o == NULL ||
		    (all->idle_count <= ORIGINS_IDLE_MAX &&
			o->forget_ms > all->clock->mono_ms))
			return;
		origin_free(o);
	}
}

static struct origin *
origins_find(struct origins *all, const struct credential *credential,
    bool is_network)
{
	struct origin key, *o;

	key.credential = *credential;
	key.is_network = is_network;
	o = RB_FIND(origin_tree, &all->tree, &key);
	if (o != NULL)
		return o;
	o = xcalloc(1, sizeof(*o));
	o->all = all;
	o->credential = *credential;
	o->is_network = is_network;
	o->lines.level = INT64_MAX; /* full, whatever its size */
	for (int i = 0; i < ORIGIN_RANKED; i++) {
		RB_INIT(&o->inner[i]);
		o->ranks[i].origin = o;
	}
	RB_INSERT(origin_tree, &all->tree, o);
	all->count++;
	origin_settle(o);
	return o;
}

struct origin *
origins_network(struct origins *all, const struct credential *credential)
{
	return origins_find(all, credential, true);
}

struct origin *
origins_next(struct origins *all, struct origin *o)
{
	return o == NULL ? RB_MIN(origin_tree, &all->tree) :
			   RB_NEXT(origin_tree, &all->tree, o);
}

struct origin *
origins_get(struct origins *all, const struct credential *credential)
{
	struct credential wide = *credential;
	struct origin *o;

	origins_trim(all);
	o = origins_find(all, credential, false);
	if (credential->kind == CREDENTIAL_IPV6 && o->network == NULL) {
		origin_mask(&wide, ORIGIN_NETWORK_PREFIX);
		o->network = origins_find(all, &wide, true);
		o->network->holds++;
		origin_settle(o->network);
	}
	return o;
}

void
origin_put(struct fields_out *out, uint16_t tag, const struct origin *o)
{
	tlv_put_bytes(&out->data, tag, &o->credential, sizeof(o->credential));
}

struct origin *
origins_read(struct origins *all, const struct tlv *item)
{
	struct credential credential;

	if (item->len != sizeof(credential) ||
	    !credential_is_valid((const char *)item->data))
		return NULL;
	memcpy(&credential, item->data, sizeof(credential));
	return origins_get(all, &credential);
}

struct origin *
origins_after(struct origins *all, const struct credential *credential)
{
	struct origin key, *o;

	if (credential == NULL)
		o = RB_MIN(origin_tree, &all->tree);
	else {
		key.credential = *credential;
		key.is_network = true; /* the later of the two */
		o = RB_NFIND(origin_tree, &all->tree, &key);
		if (o != NULL && origin_key_cmp(o, &key) == 0)
			o = RB_NEXT(origin_tree, &all->tree, o);
	}
	while (o != NULL && o->is_network)
		o = RB_NEXT(origin_tree, &all->tree, o);
	return o;
}

/* What is held */

static void
origin_set_rank(struct origin *o, int index, uint64_t weight)
{
	struct origin_rank *rank = &o->ranks[index];
	struct origin_rank_tree *tree = o->network == NULL ?
	    &o->all->ranks[index] :
	    &o->network->inner[index];

	if (rank->weight > 0)
		RB_REMOVE(origin_rank_tree, tree, rank);
	rank->weight = weight;
	if (rank->weight > 0)
		RB_INSERT(origin_rank_tree, tree, rank);
}

static void
origin_count(struct origin *o, enum origin_held what, int64_t amount)
{
	assert(what < ORIGIN_HELDS);
	o->held[what] += (uint64_t)amount;
	if (what >= ORIGIN_PASSERS)
		/* cppcheck-suppress arrayIndexOutOfBoundsCond ; see above */
		origin_set_rank(o, what - ORIGIN_PASSERS, o->held[what]);
	if (o->network != NULL)
		origin_count(o->network, what, amount);
}

void
origin_hold(struct origin *o, enum origin_held what, uint64_t amount)
{
	o->holds++;
	origin_count(o, what, (int64_t)amount);
	if (o->is_idle)
		origin_settle(o);
}

void
origin_release(struct origin *o, enum origin_held what, uint64_t amount)
{
	assert(o->holds > 0 && o->held[what] >= amount);
	origin_count(o, what, -(int64_t)amount);
	if (--o->holds == 0)
		origin_settle(o);
}

uint64_t
origin_holds(const struct origin *o, enum origin_held what)
{
	uint64_t part;

	if (o->network == NULL)
		return o->held[what];
	part = o->network->held[what] / ORIGIN_NETWORK_SHARE;
	return part > o->held[what] ? part : o->held[what];
}

struct origin *
origins_heaviest(struct origins *all, enum origin_held what)
{
	int index = what - ORIGIN_PASSERS;
	struct origin_rank *rank;

	assert(index >= 0);
	rank = RB_MAX(origin_rank_tree, &all->ranks[index]);
	if (rank != NULL && rank->origin->is_network)
		rank = RB_MAX(origin_rank_tree, &rank->origin->inner[index]);
	return rank == NULL ? NULL : rank->origin;
}

/* What is used up */

static void
origin_charge(struct origin *o, struct rate rate, uint32_t burst, uint32_t cost)
{
	int64_t now_ms = origin_now_ms(o);

	bucket_charge(&o->lines, rate, burst, now_ms, cost);
	o->lines_until_ms = now_ms + bucket_full_ms(&o->lines, rate, burst);
	origin_used(o);
}

/* What a network has. */
static struct rate
origin_wide(struct rate rate)
{
	rate.count *= ORIGIN_NETWORK_SHARE;
	return rate;
}

void
origin_charge_line(struct origin *o, struct rate rate, uint32_t burst,
    size_t len)
{
	uint32_t cost = 1 + (uint32_t)(len / ORIGIN_LINE_BYTES);

	if (rate.count == 0)
		return;
	origin_charge(o, rate, burst, cost);
	if (o->network != NULL)
		origin_charge(o->network, origin_wide(rate),
		    ORIGIN_NETWORK_SHARE * burst, cost);
}

int64_t
origin_line_wait_ms(const struct origin *o, struct rate rate, uint32_t burst)
{
	int64_t now_ms = origin_now_ms(o), wait_ms, wide_ms;

	wait_ms = bucket_wait_ms(&o->lines, rate, burst, now_ms);
	if (o->network == NULL)
		return wait_ms;
	wide_ms = bucket_wait_ms(&o->network->lines, origin_wide(rate),
	    ORIGIN_NETWORK_SHARE * burst, now_ms);
	return wide_ms > wait_ms ? wide_ms : wait_ms;
}

/* The place for what it has put at key; if there is none, the least of all is
 * given up. */
static struct spent *
origin_place(struct origin *o, uint64_t key)
{
	int64_t now_ms = origin_now_ms(o);
	uint64_t here, least = UINT64_MAX;
	size_t i, at = 0;

	if (o->spents == NULL)
		o->spents = xcalloc(1, sizeof(*o->spents));
	for (i = 0; i < ORIGIN_SPENTS; i++) {
		if (o->spents->items[i].key == key) {
			at = i;
			break;
		}
		here = spent_now(&o->spents->items[i].spent, ORIGIN_SAID_MS,
		    now_ms);
		if (here < least) {
			least = here;
			at = i;
		}
	}
	if (o->spents->items[at].key != key) {
		o->spents->items[at].key = key;
		o->spents->items[at].spent.amount = 0;
	}
	return &o->spents->items[at].spent;
}

static void
origin_add_spent(struct origin *o, uint64_t key, uint64_t amount)
{
	int64_t now_ms = origin_now_ms(o);

	spent_add(&o->said, ORIGIN_SAID_MS, now_ms, amount);
	spent_add(origin_place(o, key), ORIGIN_SAID_MS, now_ms, amount);
	origin_used(o);
}

void
origin_set_spent(struct origin *o, uint64_t key, const struct spent *spent)
{
	*origin_place(o, key) = *spent;
}

void
origin_spend(struct origin *o, uint64_t key, uint64_t amount)
{
	origin_add_spent(o, key, amount);
	if (o->network != NULL)
		origin_add_spent(o->network, key, amount);
}

static uint64_t
origin_spent_alone(const struct origin *o, uint64_t key)
{
	if (o->spents == NULL)
		return 0;
	for (size_t i = 0; i < ORIGIN_SPENTS; i++)
		if (o->spents->items[i].key == key)
			return spent_now(&o->spents->items[i].spent,
			    ORIGIN_SAID_MS, origin_now_ms(o));
	return 0;
}

uint64_t
origin_spent(const struct origin *o, uint64_t key)
{
	uint64_t own = origin_spent_alone(o, key), part;

	if (o->network == NULL)
		return own;
	part = origin_spent_alone(o->network, key) / ORIGIN_NETWORK_SHARE;
	return part > own ? part : own;
}

uint64_t
origin_said(const struct origin *o)
{
	return spent_now(&o->said, ORIGIN_SAID_MS, origin_now_ms(o));
}

/* So that a rate's count fades in its period, if it is added to all the
 * time. */
static int64_t
origin_connect_half_ms(struct rate rate)
{
	return rate.per_ms > 1 ? (int64_t)rate.per_ms / 2 : 1;
}

static void
origin_count_connect(struct origin *o, int64_t half_ms, int64_t now_ms)
{
	spent_add(&o->connects, half_ms, now_ms, ORIGIN_CONNECT);
	origin_used(o);
}

bool
origin_may_connect(struct origin *o, struct rate rate, int64_t *wait_ms)
{
	int64_t half_ms = origin_connect_half_ms(rate);
	int64_t now_ms = origin_now_ms(o);
	uint64_t own, all, part, used,
	    limit = (uint64_t)rate.count * ORIGIN_CONNECT;

	*wait_ms = 0;
	if (rate.count == 0)
		return true;
	own = spent_now(&o->connects, half_ms, now_ms);
	all = spent_now(&o->all->connects, half_ms, now_ms);
	if (o->network != NULL) {
		part = spent_now(&o->network->connects, half_ms, now_ms) /
		    ORIGIN_NETWORK_SHARE;
		own = part > own ? part : own;
	}
	/* With this one; but the first of all may always come. */
	used = own + ORIGIN_SHARE * all;
	if (used > 0 &&
	    !origin_is_fair(0, own + ORIGIN_CONNECT, all + ORIGIN_CONNECT,
		limit)) {
		*wait_ms = 1 +
		    spent_fade_ms(used,
			ORIGIN_SHARE * limit >
				(ORIGIN_SHARE + 1) * ORIGIN_CONNECT ?
			    ORIGIN_SHARE * limit -
				(ORIGIN_SHARE + 1) * ORIGIN_CONNECT :
			    0,
			half_ms);
		return false;
	}
	spent_add(&o->all->connects, half_ms, now_ms, ORIGIN_CONNECT);
	origin_count_connect(o, half_ms, now_ms);
	if (o->network != NULL)
		origin_count_connect(o->network, half_ms, now_ms);
	return true;
}

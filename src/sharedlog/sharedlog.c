/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The client of a shared log: one connection of the engine at a time, and what
 * has to outlive it. All that may go wrong with an engine comes down to one
 * thing, sharedlog_fail(): the connection is given up, and after the next one
 * everything that was not answered is asked again, in the same order:
 *
 *   connect ► EPOCH ► RENEW ► names again ► logs checked ► repairs ► appends
 *
 * So there is one way in, whether it is the first start, a lost packet or a
 * replica that took over. Decided against: mending a connection that lives (a
 * stale epoch, a lapsed lease), which would be a second way, seldom walked.
 */
#include "config.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "sharedlog/sharedlog-impl.h"

/* The engine's clock and ours do not go at quite the same speed. */
#define SETTLE_MARGIN_MS 50
#define WATCH_MS 1000

struct request *
sharedlog_send(struct sharedlog *sl, struct request *r,
    struct engine_request *what)
{
	r->verb = what->verb;
	r->sent_ms = sl->clock->mono_ms;
	TAILQ_INSERT_TAIL(&sl->sent, r, entry);
	what->epoch = sl->epoch;
	what->era = sl->era;
	if (what->entry.node == 0)
		what->entry.node = sl->node;
	sl->engine->ops->send(sl->engine, what);
	return r;
}

static void
sharedlog_ask(struct sharedlog *sl, enum engine_verb verb)
{
	struct engine_request what = { .verb = verb,
		.fresh_era = arc4random() };

	(void)sharedlog_send(sl, xcalloc(1, sizeof(struct request)), &what);
}

static void
request_free(struct request *r)
{
	free(r->what);
	free(r);
}

/* The connection ended without an answer to r. */
static void
request_lost(struct sharedlog *sl, struct request *r)
{
	switch (r->verb) {
	case ENGINE_APPEND:
		if (r->pending != NULL)
			r->pending->request = NULL;
		break;
	case ENGINE_CHECK:
		if (r->log != NULL)
			r->log->check = NULL;
		break;
	case ENGINE_RANGE:
	case ENGINE_RECORDS:
		r->read(sl->fault, NULL, 0, false, 0, r->arg);
		break;
	case ENGINE_CLAIM:
	case ENGINE_RELEASE:
		held_lost(sl, r);
		break;
	case ENGINE_EPOCH:
	case ENGINE_RENEW:
	case ENGINE_RESIGN:
		break;
	}
	request_free(r);
}

static void
sharedlog_set_fault(struct sharedlog *sl, enum sharedlog_fault fault)
{
	if (fault == sl->fault)
		return;
	sl->fault = fault;
	sl->user->state(fault, sl->arg);
}

/* The next connect is at once if all was well for a while, then later and
 * later; and not at the same time for all nodes. */
static void
sharedlog_connect_later(struct sharedlog *sl)
{
	int64_t wait_ms = sl->backoff_ms;

	wait_ms += wait_ms * (int64_t)(sl->node % 32) / 64;
	deadline_set(sl->deadlines, &sl->connect_due,
	    sl->clock->mono_ms + wait_ms);
	sl->backoff_ms = sl->backoff_ms == 0 ? SHAREDLOG_BACKOFF_MS :
					       sl->backoff_ms * 2;
	if (sl->backoff_ms > SHAREDLOG_BACKOFF_MAX_MS)
		sl->backoff_ms = SHAREDLOG_BACKOFF_MAX_MS;
}

void
sharedlog_fail(struct sharedlog *sl, enum sharedlog_fault fault,
    const char *detail)
{
	struct request_queue lost = TAILQ_HEAD_INITIALIZER(lost);
	struct request *r;

	if (fault != sl->fault)
		log_warning("shared log: %s%s%s", sharedlog_fault_str(fault),
		    detail[0] == '\0' ? "" : ": ", detail);
	sl->engine->ops->disconnect(sl->engine);
	sl->is_connected = false;
	deadline_clear(sl->deadlines, &sl->renew_due);
	deadline_clear(sl->deadlines, &sl->settle_due);
	TAILQ_CONCAT(&lost, &sl->sent, entry);
	pending_forget_answers(sl);
	sharedlog_connect_later(sl);
	sharedlog_set_fault(sl, fault);
	while ((r = TAILQ_FIRST(&lost)) != NULL) {
		TAILQ_REMOVE(&lost, r, entry);
		request_lost(sl, r);
	}
}

static void
sharedlog_connected(void *arg)
{
	struct sharedlog *sl = arg;

	sl->is_connected = true;
	sharedlog_ask(sl, ENGINE_EPOCH);
}

static void
sharedlog_lost(enum sharedlog_fault fault, const char *detail, void *arg)
{
	sharedlog_fail(arg, fault, detail);
}

static void
sharedlog_take_epoch(struct sharedlog *sl, const struct engine_answer *answer)
{
	sl->settled_ms = answer->wait_ms <= 0 ?
	    0 :
	    sl->clock->mono_ms + answer->wait_ms + SETTLE_MARGIN_MS;
	if (answer->epoch != sl->epoch || answer->era != sl->era) {
		if (sl->epoch != 0) {
			log_warning("shared log: the engine may have lost "
				    "something: a new epoch=%llu",
			    (unsigned long long)answer->epoch);
			sl->counts.epochs++;
		}
		sl->epoch = answer->epoch;
		sl->era = answer->era;
		held_claim_all(sl);
		log_check_all(sl);
	}
	sharedlog_ask(sl, ENGINE_RENEW);
}

/* The engine knows this node, and the way in goes on. */
static void
sharedlog_take_lease(struct sharedlog *sl, const struct engine_answer *answer)
{
	bool is_first = sl->fault != SHAREDLOG_FINE;

	if (answer->had_lapsed)
		held_claim_all(sl);
	held_send_all(sl);
	if (is_first) {
		log_info("shared log: connected, epoch=%llu pending=%u",
		    (unsigned long long)sl->epoch, sl->counts.pending);
		sl->counts.connects++;
		log_send_all(sl);
		if (sl->settled_ms > sl->clock->mono_ms)
			deadline_set(sl->deadlines, &sl->settle_due,
			    sl->settled_ms);
		pending_send_all(sl);
	} else {
		sl->backoff_ms = 0;
	}
	deadline_set(sl->deadlines, &sl->renew_due,
	    sl->clock->mono_ms + SHAREDLOG_RENEW_MS);
	sharedlog_set_fault(sl, SHAREDLOG_FINE);
	sl->user->nodes(answer->nodes, answer->node_count, sl->arg);
}

static void
request_answered(struct sharedlog *sl, struct request *r,
    const struct engine_answer *answer)
{
	switch (r->verb) {
	case ENGINE_EPOCH:
		sharedlog_take_epoch(sl, answer);
		break;
	case ENGINE_RENEW:
		sharedlog_take_lease(sl, answer);
		break;
	case ENGINE_APPEND:
		if (r->pending != NULL)
			pending_answered(r->pending, answer);
		break;
	case ENGINE_CLAIM:
		if (r->name != NULL)
			held_answered(r->name, answer);
		break;
	case ENGINE_CHECK:
	case ENGINE_RANGE:
	case ENGINE_RECORDS:
		log_answered(sl, r, answer);
		break;
	case ENGINE_RELEASE:
	case ENGINE_RESIGN:
		break;
	}
}

static void
sharedlog_answered(const struct engine_answer *answer, void *arg)
{
	struct sharedlog *sl = arg;
	struct request *r = TAILQ_FIRST(&sl->sent);

	if (r == NULL) {
		sharedlog_fail(sl, SHAREDLOG_ODD, "an answer to nothing");
		return;
	}
	switch (answer->status) {
	case ENGINE_FENCED:
		sharedlog_fail(sl, SHAREDLOG_FENCED, "");
		return;
	case ENGINE_LAPSED:
		sharedlog_fail(sl, SHAREDLOG_LAPSED, "");
		return;
	case ENGINE_EXHAUSTED:
		sharedlog_fail(sl, SHAREDLOG_ODD, "there are no more epochs");
		return;
	case ENGINE_WAIT:
		if (r->verb != ENGINE_APPEND)
			break;
		/* Those behind it might be done: none may overtake it. */
		sharedlog_fail(sl, SHAREDLOG_FENCED, "it is still settling");
		return;
	case ENGINE_OK:
	case ENGINE_STALE:
	case ENGINE_TAKEN:
	case ENGINE_CONFLICT:
	case ENGINE_DIVERGED:
	case ENGINE_STATUSES:
		break;
	}
	TAILQ_REMOVE(&sl->sent, r, entry);
	request_answered(sl, r, answer);
	request_free(r);
}

static void
sharedlog_entry_read(const char *log, const struct sharedlog_entry *entry,
    void *arg)
{
	log_entry(arg, log, entry);
}

static size_t
sharedlog_positions(const struct engine_position **list, void *arg)
{
	return log_positions(arg, list);
}

static const struct engine_user sharedlog_engine_user = {
	.connected = sharedlog_connected,
	.lost = sharedlog_lost,
	.answered = sharedlog_answered,
	.entry = sharedlog_entry_read,
	.positions = sharedlog_positions,
};

static void
sharedlog_connect_due(void *arg)
{
	struct sharedlog *sl = arg;

	sl->engine->ops->connect(sl->engine);
}

static void
sharedlog_renew_due(void *arg)
{
	sharedlog_ask(arg, ENGINE_RENEW);
}

static void
sharedlog_settle_due(void *arg)
{
	pending_send_all(arg);
}

static void
sharedlog_watch_due(void *arg)
{
	struct sharedlog *sl = arg;
	const struct request *r = TAILQ_FIRST(&sl->sent);

	deadline_set(sl->deadlines, &sl->watch_due,
	    sl->clock->mono_ms + WATCH_MS);
	if (r != NULL && sl->clock->mono_ms - r->sent_ms > SHAREDLOG_SILENCE_MS)
		sharedlog_fail(sl, SHAREDLOG_SILENT, "");
	pending_give_up(sl);
}

struct sharedlog *
sharedlog_new(struct engine *engine, const struct clock *clock,
    struct deadlines *deadlines, const struct sharedlog_user *user, void *arg,
    uint64_t node, uint64_t epoch, uint32_t era)
{
	struct sharedlog *sl = xcalloc(1, sizeof(*sl));

	sl->engine = engine;
	engine->user = &sharedlog_engine_user;
	engine->arg = sl;
	sl->clock = clock;
	sl->deadlines = deadlines;
	sl->user = user;
	sl->arg = arg;
	sl->fault = SHAREDLOG_CONNECTING;
	sl->node = node;
	while (sl->node == 0)
		arc4random_buf(&sl->node, sizeof(sl->node));
	sl->epoch = epoch;
	sl->era = era;
	TAILQ_INIT(&sl->sent);
	TAILQ_INIT(&sl->repairs);
	TAILQ_INIT(&sl->appends);
	RB_INIT(&sl->names);
	LIST_INIT(&sl->logs);
	deadline_init(&sl->connect_due, sharedlog_connect_due, sl);
	deadline_init(&sl->renew_due, sharedlog_renew_due, sl);
	deadline_init(&sl->settle_due, sharedlog_settle_due, sl);
	deadline_init(&sl->watch_due, sharedlog_watch_due, sl);
	deadline_set(deadlines, &sl->connect_due, clock->mono_ms);
	deadline_set(deadlines, &sl->watch_due, clock->mono_ms + WATCH_MS);
	return sl;
}

void
sharedlog_free(struct sharedlog *sl)
{
	struct request *r;

	if (sl == NULL)
		return;
	if (sl->fault == SHAREDLOG_FINE)
		sharedlog_ask(sl, ENGINE_RESIGN);
	sl->engine->ops->free(sl->engine);
	sl->is_connected = false;
	sl->fault = SHAREDLOG_CONNECTING;
	while ((r = TAILQ_FIRST(&sl->sent)) != NULL) {
		TAILQ_REMOVE(&sl->sent, r, entry);
		request_lost(sl, r);
	}
	pending_fini(sl);
	held_fini(sl);
	while (!LIST_EMPTY(&sl->logs))
		sharedlog_unfollow(LIST_FIRST(&sl->logs));
	free(sl->positions);
	deadline_clear(sl->deadlines, &sl->connect_due);
	deadline_clear(sl->deadlines, &sl->renew_due);
	deadline_clear(sl->deadlines, &sl->settle_due);
	deadline_clear(sl->deadlines, &sl->watch_due);
	free(sl);
}

enum sharedlog_fault
sharedlog_state(const struct sharedlog *sl)
{
	return sl->fault;
}

const char *
sharedlog_fault_str(enum sharedlog_fault fault)
{
	switch (fault) {
	case SHAREDLOG_FINE:
		return "all is well";
	case SHAREDLOG_CONNECTING:
		return "connecting to the engine";
	case SHAREDLOG_UNREACHABLE:
		return "the engine cannot be reached";
	case SHAREDLOG_CUT:
		return "the connection to the engine was lost";
	case SHAREDLOG_SILENT:
		return "the engine does not answer";
	case SHAREDLOG_DENIED:
		return "the engine does not let us in";
	case SHAREDLOG_LOADING:
		return "the engine is starting";
	case SHAREDLOG_REPLICA:
		return "the engine is only a replica now";
	case SHAREDLOG_ALONE:
		return "the engine has too few replicas";
	case SHAREDLOG_FULL:
		return "the engine is out of memory";
	case SHAREDLOG_DISK:
		return "the engine cannot write to its disk";
	case SHAREDLOG_BUSY:
		return "the engine is busy with a script";
	case SHAREDLOG_FENCED:
		return "the engine has begun a new epoch";
	case SHAREDLOG_LAPSED:
		return "the lease of this server had ended";
	case SHAREDLOG_FORGOTTEN:
		return "the engine has lost our scripts";
	case SHAREDLOG_ODD:
		return "the engine gives answers that cannot be";
	}
	return "unknown";
}

uint64_t
sharedlog_node(const struct sharedlog *sl)
{
	return sl->node;
}

uint64_t
sharedlog_epoch(const struct sharedlog *sl, uint32_t *era)
{
	*era = sl->era;
	return sl->epoch;
}

void
sharedlog_count(const struct sharedlog *sl, struct sharedlog_counts *counts)
{
	*counts = sl->counts;
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Requests arrive after a time, are done in the order of their arrival, and
 * their answers arrive after another. A connection that is cut may leave
 * requests behind, which are done when those of the next one were. What was
 * appended and repaired is looked up in the logs themselves: slow and plain, to
 * compare cleverer engines with.
 */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "fake-engine.h"
#include "history/history.h"

#define MAX_LOGS 8
#define MAX_JOINS 256
#define MAX_NAMES 64
#define MAX_NODES 64
#define MAX_RECORDS 1024

/* Copies of what was appended; stores share them. */
struct fake_bytes {
	struct fake_bytes *next;
	char data[];
};

struct fake_log {
	char name[SHAREDLOG_NAME_MAX + 1];
	struct sharedlog_entry *entries;
	size_t count, room;
	/* Where each epoch went on from: its first append's predecessor. */
	uint64_t join_epoch[MAX_JOINS], join_number[MAX_JOINS];
	size_t joins;
};

struct fake_name {
	char name[SHAREDLOG_NAME_MAX + 1];
	uint64_t node, token;
};

struct fake_lease {
	uint64_t node;
	int64_t until_ms;
};

struct fake_store {
	uint64_t epoch;
	uint32_t era;
	uint64_t epoch_replid; /* that epoch's; 0: none */
	uint64_t replid;
	int64_t settled_ms, grace_ms;
	struct fake_log logs[MAX_LOGS];
	size_t log_count;
	struct fake_name names[MAX_NAMES];
	size_t name_count;
	struct fake_lease leases[MAX_NODES];
	size_t lease_count;
	struct sharedlog_entry records[MAX_RECORDS];
	size_t record_count;
};

/* A request on its way. */
struct fake_request {
	struct fake_request *next;
	int64_t at_ms;
	struct engine_request r;
	char log[SHAREDLOG_NAME_MAX + 1];
	char name[SHAREDLOG_NAME_MAX + 1];
};

struct fake_answer {
	struct fake_answer *next;
	int64_t at_ms;
	enum sharedlog_fault fault; /* it ends the connection */
	struct engine_answer a;
	uint64_t nodes[MAX_NODES];
	struct sharedlog_entry entries[ENGINE_RANGE_MAX];
};

struct fake_connection {
	bool is_connected;
	bool has_tail;
	int64_t at_ms; /* of the connect, or the tail's next look */
	struct fake_request *requests;
	struct fake_answer *answers;
};

uint64_t
fake_random(struct fake_world *w, uint64_t n)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random % n;
}

/* ----------------------------------------------------------------- the store */

static const void *
store_keep(struct fake_world *w, const void *data, size_t len)
{
	struct fake_bytes *b;

	if (data == NULL)
		return NULL;
	b = xmalloc(sizeof(*b) + len + 1);
	memcpy(b->data, data, len);
	b->next = w->bytes;
	w->bytes = b;
	return b->data;
}

static struct fake_store *
store_new(struct fake_world *w)
{
	struct fake_store *s = xcalloc(1, sizeof(*s));

	s->replid = ++w->replids;
	return s;
}

static void
store_clear(struct fake_store *s)
{
	uint64_t replid = s->replid;
	size_t i;

	for (i = 0; i < s->log_count; i++)
		free(s->logs[i].entries);
	memset(s, 0, sizeof(*s));
	s->replid = replid;
}

static void
store_free(struct fake_store *s)
{
	if (s == NULL)
		return;
	store_clear(s);
	free(s);
}

static struct fake_store *
store_copy(const struct fake_store *s)
{
	struct fake_store *copy = xmalloc(sizeof(*copy));
	struct fake_log *log;
	size_t i;

	*copy = *s;
	for (i = 0; i < s->log_count; i++) {
		log = &copy->logs[i];
		if (log->room == 0)
			continue;
		log->entries = xcalloc(log->room, sizeof(*log->entries));
		memcpy(log->entries, s->logs[i].entries,
		    log->count * sizeof(*log->entries));
	}
	return copy;
}

static struct fake_log *
store_log(struct fake_store *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->log_count; i++)
		if (strcmp(s->logs[i].name, name) == 0)
			return &s->logs[i];
	assert(s->log_count < MAX_LOGS);
	(void)snprintf(s->logs[i].name, sizeof(s->logs[i].name), "%s", name);
	s->log_count++;
	return &s->logs[i];
}

static uint64_t
log_last(const struct fake_log *log)
{
	return log->count == 0 ? 0 : log->entries[log->count - 1].number;
}

static const struct sharedlog_entry *
log_at(const struct fake_log *log, uint64_t number)
{
	size_t i;

	for (i = 0; i < log->count; i++)
		if (log->entries[i].number == number)
			return &log->entries[i];
	return NULL;
}

static bool
store_is_leased(const struct fake_store *s, uint64_t node, int64_t now_ms)
{
	size_t i;

	for (i = 0; i < s->lease_count; i++)
		if (s->leases[i].node == node)
			return s->leases[i].until_ms >= now_ms;
	return false;
}

static struct fake_name *
store_name(struct fake_store *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->name_count; i++)
		if (strcmp(s->names[i].name, name) == 0)
			return &s->names[i];
	return NULL;
}

static struct sharedlog_entry *
store_record(struct fake_store *s, const char *key, size_t len)
{
	size_t i;

	for (i = 0; i < s->record_count; i++)
		if (s->records[i].key_len == len &&
		    memcmp(s->records[i].key, key, len) == 0)
			return &s->records[i];
	return NULL;
}

/* Was it appended before, or repaired? */
static const struct sharedlog_entry *
store_done(const struct fake_store *s, const struct sharedlog_entry *what)
{
	const struct fake_log *log;
	size_t i;

	for (log = s->logs; log < s->logs + s->log_count; log++)
		for (i = 0; i < log->count; i++)
			if (log->entries[i].node == what->node &&
			    log->entries[i].counter == what->counter)
				return &log->entries[i];
	return NULL;
}

static void
do_epoch(struct fake_world *w, struct fake_store *s,
    const struct engine_request *r, struct engine_answer *a)
{
	int64_t now = w->clock.mono_ms;

	if (s->epoch == 0 || s->epoch_replid != s->replid ||
	    r->epoch > s->epoch || (r->epoch == s->epoch && r->era != s->era)) {
		s->epoch = 1 + (r->epoch > s->epoch ? r->epoch : s->epoch);
		s->era = r->fresh_era;
		s->epoch_replid = s->replid;
		s->settled_ms = now + ENGINE_SETTLE_MS;
		s->grace_ms = now + ENGINE_GRACE_MS;
	}
	a->epoch = s->epoch;
	a->wait_ms = s->settled_ms - now;
	a->era = s->era;
}

static void
do_check(struct fake_store *s, const struct engine_request *r,
    struct engine_answer *a)
{
	const struct fake_log *log = store_log(s, r->log);
	const struct sharedlog_entry *e = log_at(log, r->entry.number);
	uint64_t bound = log_last(log), epoch = r->entry.number / HISTORY_EPOCH;
	size_t i;

	for (i = 0; i < log->joins; i++)
		if (log->join_epoch[i] > epoch) {
			bound = log->join_number[i];
			break;
		}
	/* Another engine's epoch of the same number: nothing of it is here. */
	if (e != NULL &&
	    (e->node != r->entry.node || e->counter != r->entry.counter)) {
		for (i = 0; i < log->joins; i++)
			if (log->join_epoch[i] == epoch)
				bound = log->join_number[i];
	}
	if (r->entry.number > bound) {
		a->status = ENGINE_DIVERGED;
		a->number = bound;
	}
}

/* OK: it may be appended. */
static enum engine_status
check_append(struct fake_world *w, struct fake_store *s,
    const struct engine_request *r, struct engine_answer *a)
{
	const struct fake_name *n;
	const struct sharedlog_entry *record;
	int64_t now = w->clock.mono_ms;

	if (r->entry.msgid != 0)
		return ENGINE_OK;
	if (now < s->settled_ms) {
		a->wait_ms = s->settled_ms - now;
		return ENGINE_WAIT;
	}
	if (r->name != NULL) {
		n = store_name(s, r->name);
		if (!store_is_leased(s, r->entry.node, now))
			return ENGINE_LAPSED;
		if (n == NULL || n->node != r->entry.node ||
		    n->token != r->token)
			return ENGINE_STALE;
	}
	if (r->entry.key != NULL && r->has_expected) {
		record = store_record(s, r->entry.key, r->entry.key_len);
		a->number = record == NULL ? 0 : record->msgid;
		if (a->number != r->expected)
			return ENGINE_CONFLICT;
	}
	return ENGINE_OK;
}

static void
do_append(struct fake_world *w, struct fake_store *s,
    const struct engine_request *r, struct engine_answer *a)
{
	struct fake_log *log = store_log(s, r->log);
	const struct sharedlog_entry *done = store_done(s, &r->entry);
	struct sharedlog_entry *record = NULL, e = r->entry;
	uint64_t last = log_last(log), low;

	if (done != NULL) {
		w->twice++;
		a->number = done->number;
		return;
	}
	a->status = check_append(w, s, r, a);
	if (a->status != ENGINE_OK)
		return;
	if (e.key != NULL)
		record = store_record(s, e.key, e.key_len);
	if (record != NULL && e.msgid != 0 && record->msgid >= e.msgid) {
		a->number = record->number;
		return;
	}
	if (last / HISTORY_EPOCH != s->epoch) {
		assert(log->joins < MAX_JOINS);
		log->join_epoch[log->joins] = s->epoch;
		log->join_number[log->joins++] = last;
	}
	low = (last == 0 ? e.number : last) % HISTORY_EPOCH;
	e.number = s->epoch * HISTORY_EPOCH + low + 1;
	e.era = s->era;
	if (e.msgid == 0 || log_at(log, e.msgid) != NULL)
		e.msgid = e.number;
	e.key = store_keep(w, e.key, e.key_len);
	e.data = store_keep(w, e.data, e.len);
	if (log->count == log->room) {
		log->room = log->room == 0 ? 64 : log->room * 2;
		log->entries = xreallocarray(log->entries, log->room,
		    sizeof(*log->entries));
	}
	log->entries[log->count++] = e;
	if (e.key != NULL && record == NULL) {
		assert(s->record_count < MAX_RECORDS);
		record = &s->records[s->record_count++];
	}
	if (record != NULL)
		*record = e;
	a->number = e.number;
}

static void
do_range(struct fake_store *s, const struct engine_request *r,
    struct fake_answer *answer)
{
	const struct fake_log *log = store_log(s, r->log);
	size_t i;

	for (i = 0; i < log->count && answer->a.entry_count < r->max; i++)
		if (log->entries[i].number > r->entry.number &&
		    log->entries[i].number <= r->to)
			answer->entries[answer->a.entry_count++] =
			    log->entries[i];
}

static void
do_records(struct fake_store *s, const struct engine_request *r,
    struct fake_answer *answer)
{
	size_t i = r->cursor;

	answer->a.number = log_last(store_log(s, r->log));
	for (; i < s->record_count && answer->a.entry_count < 3; i++)
		answer->entries[answer->a.entry_count++] = s->records[i];
	answer->a.cursor = i == s->record_count ? 0 : i;
}

static void
do_claim(struct fake_world *w, struct fake_store *s,
    const struct engine_request *r, struct engine_answer *a)
{
	struct fake_name *n = store_name(s, r->name);
	int64_t now = w->clock.mono_ms;

	if (!store_is_leased(s, r->entry.node, now)) {
		a->status = ENGINE_LAPSED;
		return;
	}
	if (!r->is_again && now < s->grace_ms) {
		a->status = ENGINE_WAIT;
		return;
	}
	if (n != NULL && n->node != r->entry.node &&
	    store_is_leased(s, n->node, now)) {
		a->status = ENGINE_TAKEN;
		a->number = n->node;
		return;
	}
	if (n == NULL) {
		assert(s->name_count < MAX_NAMES);
		n = &s->names[s->name_count++];
		(void)snprintf(n->name, sizeof(n->name), "%s", r->name);
	}
	n->node = r->entry.node;
	n->token = r->token;
}

static void
do_release(struct fake_store *s, const struct engine_request *r)
{
	struct fake_name *n = store_name(s, r->name);

	if (n != NULL && n->node == r->entry.node && n->token == r->token)
		*n = s->names[--s->name_count];
}

static void
do_renew(struct fake_world *w, struct fake_store *s,
    const struct engine_request *r, struct fake_answer *answer)
{
	int64_t now = w->clock.mono_ms;
	size_t i;

	answer->a.had_lapsed = !store_is_leased(s, r->entry.node, now);
	for (i = 0; i < s->lease_count; i++)
		if (s->leases[i].node == r->entry.node)
			break;
	assert(i < MAX_NODES);
	if (i == s->lease_count)
		s->lease_count++;
	s->leases[i].node = r->entry.node;
	s->leases[i].until_ms = now + ENGINE_LEASE_MS;
	for (i = 0; i < s->lease_count; i++)
		if (s->leases[i].until_ms >= now)
			answer->nodes[answer->a.node_count++] =
			    s->leases[i].node;
}

static void
do_resign(struct fake_store *s, const struct engine_request *r)
{
	size_t i;

	for (i = 0; i < s->lease_count; i++)
		if (s->leases[i].node == r->entry.node)
			s->leases[i].until_ms = -1;
}

static bool
is_change(enum engine_verb verb)
{
	return verb != ENGINE_CHECK && verb != ENGINE_RANGE &&
	    verb != ENGINE_RECORDS;
}

/* The caller frees what comes back. */
static struct fake_answer *
do_request(struct fake_world *w, const struct engine_request *r)
{
	struct fake_answer *answer = xcalloc(1, sizeof(*answer));
	struct fake_store *s = w->primary;
	struct engine_answer *a = &answer->a;

	w->done++;
	a->nodes = answer->nodes;
	a->entries = answer->entries;
	if (w->fault != SHAREDLOG_FINE && is_change(r->verb)) {
		answer->fault = w->fault;
		return answer;
	}
	if (r->verb != ENGINE_EPOCH && r->verb != ENGINE_RANGE &&
	    r->verb != ENGINE_RECORDS &&
	    (r->epoch != s->epoch || r->era != s->era)) {
		a->status = ENGINE_FENCED;
		return answer;
	}
	switch (r->verb) {
	case ENGINE_EPOCH:
		do_epoch(w, s, r, a);
		break;
	case ENGINE_CHECK:
		do_check(s, r, a);
		break;
	case ENGINE_APPEND:
		do_append(w, s, r, a);
		break;
	case ENGINE_RANGE:
		do_range(s, r, answer);
		break;
	case ENGINE_RECORDS:
		do_records(s, r, answer);
		break;
	case ENGINE_CLAIM:
		do_claim(w, s, r, a);
		break;
	case ENGINE_RELEASE:
		do_release(s, r);
		break;
	case ENGINE_RENEW:
		do_renew(w, s, r, answer);
		break;
	case ENGINE_RESIGN:
		do_resign(s, r);
		break;
	}
	return answer;
}

/* ---------------------------------------------------------- the connections */

static struct fake_link *
link_of(struct engine *engine)
{
	return CONTAINER_OF(engine, struct fake_link, engine);
}

static void
connection_free(struct fake_connection *c)
{
	struct fake_request *r;
	struct fake_answer *a;

	if (c == NULL)
		return;
	while ((r = c->requests) != NULL) {
		c->requests = r->next;
		free(r);
	}
	while ((a = c->answers) != NULL) {
		c->answers = a->next;
		free(a);
	}
	free(c);
}

static int64_t
link_delay(struct fake_link *link, int64_t max_ms)
{
	return link->world->clock.mono_ms +
	    (int64_t)fake_random(link->world, (uint64_t)max_ms + 1);
}

static void
link_connect(struct engine *engine)
{
	struct fake_link *link = link_of(engine);

	assert(link->connection == NULL);
	link->connection = xcalloc(1, sizeof(*link->connection));
	link->connection->at_ms = link_delay(link, link->delay_ms);
}

/* What is on its way may arrive: at once, after what the next connection sends,
 * or never. */
static void
link_disconnect(struct engine *engine)
{
	struct fake_link *link = link_of(engine);
	struct fake_connection *c = link->connection;
	struct fake_world *w = link->world;

	if (c == NULL)
		return;
	link->connection = NULL;
	if (fake_random(w, 3) > 0 && link->late == NULL) {
		if (fake_random(w, 2) > 0)
			c->at_ms = w->clock.mono_ms;
		else
			c->at_ms = w->clock.mono_ms +
			    (int64_t)fake_random(w, 2000);
		link->late = c;
	} else {
		connection_free(c);
	}
}

static void
link_send(struct engine *engine, const struct engine_request *what)
{
	struct fake_link *link = link_of(engine);
	struct fake_world *w = link->world;
	struct fake_request *r = xcalloc(1, sizeof(*r)), **last;

	assert(link->connection != NULL && link->connection->is_connected);
	r->r = *what;
	if (what->log != NULL) {
		(void)snprintf(r->log, sizeof(r->log), "%s", what->log);
		r->r.log = r->log;
	}
	if (what->name != NULL) {
		(void)snprintf(r->name, sizeof(r->name), "%s", what->name);
		r->r.name = r->name;
	}
	r->r.entry.key = store_keep(w, what->entry.key, what->entry.key_len);
	r->r.entry.data = store_keep(w, what->entry.data, what->entry.len);
	r->at_ms = link_delay(link, link->delay_ms);
	last = &link->connection->requests;
	while (*last != NULL)
		last = &(*last)->next;
	*last = r;
}

static void
link_tail(struct engine *engine)
{
	struct fake_link *link = link_of(engine);

	if (link->connection != NULL)
		link->connection->has_tail = true;
}

static void
link_free(struct engine *engine)
{
	struct fake_link *link = link_of(engine), **at = &link->world->links;

	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	connection_free(link->connection);
	connection_free(link->late);
	free(link);
}

static const struct engine_ops fake_ops = {
	.connect = link_connect,
	.disconnect = link_disconnect,
	.send = link_send,
	.tail = link_tail,
	.free = link_free,
};

struct fake_link *
fake_link_new(struct fake_world *w)
{
	struct fake_link *link = xcalloc(1, sizeof(*link));

	link->engine.ops = &fake_ops;
	link->world = w;
	link->next = w->links;
	w->links = link;
	return link;
}

/* Does what has arrived. */
static void
connection_receive(struct fake_link *link, struct fake_connection *c)
{
	struct fake_world *w = link->world;
	struct fake_request *r;
	struct fake_answer *a, **last;

	while (!w->is_stopped && (r = c->requests) != NULL &&
	    r->at_ms <= w->clock.mono_ms) {
		c->requests = r->next;
		a = do_request(w, &r->r);
		free(r);
		a->at_ms = link_delay(link, link->delay_ms);
		for (last = &c->answers; *last != NULL; last = &(*last)->next)
			continue;
		*last = a;
	}
}

static void
link_lose(struct fake_link *link, enum sharedlog_fault fault)
{
	link->engine.user->lost(fault, "", link->engine.arg);
}

static void
link_answer(struct fake_link *link, struct fake_connection *c)
{
	struct fake_answer *a;

	while (link->connection == c && (a = c->answers) != NULL &&
	    a->at_ms <= link->world->clock.mono_ms) {
		c->answers = a->next;
		if (a->fault != SHAREDLOG_FINE)
			link_lose(link, a->fault);
		else
			link->engine.user->answered(&a->a, link->engine.arg);
		free(a);
	}
}

/* The next entry after number, or NULL. */
static const struct sharedlog_entry *
log_next(const struct fake_log *log, uint64_t number)
{
	size_t i = log->count;

	while (i > 0 && log->entries[i - 1].number > number)
		i--;
	return i == log->count ? NULL : &log->entries[i];
}

static void
link_read_tail(struct fake_link *link, struct fake_connection *c)
{
	struct fake_world *w = link->world;
	const struct engine_position *list;
	const struct sharedlog_entry *e;
	char name[SHAREDLOG_NAME_MAX + 1];
	size_t count, i;

	if (!c->has_tail || w->is_stopped || c->at_ms > w->clock.mono_ms)
		return;
	c->at_ms = link_delay(link, link->tail_delay_ms);
	count = link->engine.user->positions(&list, link->engine.arg);
	for (i = 0; i < count; i++) {
		e = log_next(store_log(w->primary, list[i].log),
		    list[i].number);
		if (e == NULL)
			continue;
		(void)snprintf(name, sizeof(name), "%s", list[i].log);
		link->engine.user->entry(name, e, link->engine.arg);
		/* The list may be another one now. */
		return;
	}
}

static void
link_step(struct fake_link *link)
{
	struct fake_connection *c = link->connection;
	struct fake_world *w = link->world;

	if (link->late != NULL && link->late->at_ms <= w->clock.mono_ms &&
	    !w->is_stopped) {
		connection_receive(link, link->late);
		if (link->late->requests == NULL) {
			connection_free(link->late);
			link->late = NULL;
		}
	}
	if (c == NULL || c->at_ms > w->clock.mono_ms + 100000)
		return;
	if (!c->is_connected) {
		if (c->at_ms > w->clock.mono_ms)
			return;
		if (w->is_down || link->is_cut) {
			link_lose(link, SHAREDLOG_UNREACHABLE);
			return;
		}
		c->is_connected = true;
		link->engine.user->connected(link->engine.arg);
	}
	if (link->connection == c)
		connection_receive(link, c);
	if (link->connection == c)
		link_answer(link, c);
	if (link->connection == c)
		link_read_tail(link, c);
}

void
fake_link_cut(struct fake_link *link)
{
	if (link->connection != NULL)
		link_lose(link, SHAREDLOG_CUT);
}

static void
world_cut_all(struct fake_world *w)
{
	struct fake_link *link;

	for (link = w->links; link != NULL; link = link->next) {
		fake_link_cut(link);
		/* They were that process's. */
		connection_free(link->late);
		link->late = NULL;
	}
}

void
fake_world_restart(struct fake_world *w, bool is_empty)
{
	world_cut_all(w);
	if (is_empty)
		store_clear(w->primary);
	w->primary->replid = ++w->replids;
}

void
fake_world_flush(struct fake_world *w)
{
	store_clear(w->primary);
}

void
fake_world_replicate(struct fake_world *w)
{
	store_free(w->replica);
	w->replica = store_copy(w->primary);
}

void
fake_world_fail_over(struct fake_world *w)
{
	if (w->replica == NULL)
		return;
	world_cut_all(w);
	store_free(w->primary);
	w->primary = w->replica;
	w->primary->replid = ++w->replids;
	w->replica = NULL;
}

void
fake_world_run(struct fake_world *w, int64_t ms)
{
	struct fake_link *link, *next;

	while (ms-- > 0) {
		w->clock.mono_ms++;
		w->clock.wall_ms++;
		deadlines_run(&w->deadlines, w->clock.mono_ms);
		for (link = w->links; link != NULL; link = next) {
			next = link->next;
			link_step(link);
		}
	}
}

void
fake_world_init(struct fake_world *w, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	w->clock.is_set_by_hand = true;
	w->clock.mono_ms = 1000000;
	w->clock.wall_ms = INT64_C(1780000000000);
	w->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	if (w->random == 0)
		w->random = 1;
	deadlines_init(&w->deadlines, NULL, NULL);
	w->primary = store_new(w);
}

void
fake_world_fini(struct fake_world *w)
{
	struct fake_bytes *b;

	store_free(w->primary);
	store_free(w->replica);
	while ((b = w->bytes) != NULL) {
		w->bytes = b->next;
		free(b);
	}
}

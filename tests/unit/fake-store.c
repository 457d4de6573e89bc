/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * See fake-store.h. What was appended and repaired is looked up in the logs
 * themselves: slow and plain, to compare cleverer engines with.
 */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "fake-store.h"
#include "history/history.h"

#define MAX_LOGS 8
#define MAX_JOINS 256
#define MAX_NAMES 64
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
	struct fake_lease leases[FAKE_NODES_MAX];
	size_t lease_count;
	struct sharedlog_entry records[MAX_RECORDS];
	size_t record_count;
};

const void *
fake_store_keep(struct fake_world *w, const void *data, size_t len)
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

struct fake_store *
fake_store_new(struct fake_world *w)
{
	struct fake_store *s = xcalloc(1, sizeof(*s));

	s->replid = ++w->replids;
	return s;
}

void
fake_store_clear(struct fake_store *s)
{
	uint64_t replid = s->replid;
	size_t i;

	for (i = 0; i < s->log_count; i++)
		free(s->logs[i].entries);
	memset(s, 0, sizeof(*s));
	s->replid = replid;
}

void
fake_store_free(struct fake_store *s)
{
	if (s == NULL)
		return;
	fake_store_clear(s);
	free(s);
}

struct fake_store *
fake_store_copy(const struct fake_store *s)
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
	e.key = fake_store_keep(w, e.key, e.key_len);
	e.data = fake_store_keep(w, e.data, e.len);
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
	assert(i < FAKE_NODES_MAX);
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

struct fake_answer *
fake_store_do(struct fake_world *w, const struct engine_request *r)
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

const struct sharedlog_entry *
fake_store_next(struct fake_store *s, const char *name, uint64_t number)
{
	const struct fake_log *log = store_log(s, name);
	size_t i = log->count;

	while (i > 0 && log->entries[i - 1].number > number)
		i--;
	return i == log->count ? NULL : &log->entries[i];
}

void
fake_store_rename(struct fake_world *w, struct fake_store *s)
{
	s->replid = ++w->replids;
}

void
fake_store_free_bytes(struct fake_world *w)
{
	struct fake_bytes *b;

	while ((b = w->bytes) != NULL) {
		w->bytes = b->next;
		free(b);
	}
}

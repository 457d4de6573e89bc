/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Requests arrive after a time, are done in the order of their arrival, and
 * their answers arrive after another. A connection that is cut may leave
 * requests behind, which are done when those of the next one were.
 */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "fake-engine.h"
#include "fake-store.h"

/* A request on its way. */
struct fake_request {
	struct fake_request *next;
	int64_t at_ms;
	struct engine_request r;
	char log[SHAREDLOG_NAME_MAX + 1];
	char name[SHAREDLOG_NAME_MAX + 1];
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
	r->r.entry.key = fake_store_keep(w, what->entry.key,
	    what->entry.key_len);
	r->r.entry.data = fake_store_keep(w, what->entry.data, what->entry.len);
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
		a = fake_store_do(w, &r->r);
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
		e = fake_store_next(w->primary, list[i].log, list[i].number);
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
		fake_store_clear(w->primary);
	fake_store_rename(w, w->primary);
}

void
fake_world_flush(struct fake_world *w)
{
	fake_store_clear(w->primary);
}

void
fake_world_replicate(struct fake_world *w)
{
	fake_store_free(w->replica);
	w->replica = fake_store_copy(w->primary);
}

void
fake_world_fail_over(struct fake_world *w)
{
	if (w->replica == NULL)
		return;
	world_cut_all(w);
	fake_store_free(w->primary);
	w->primary = w->replica;
	fake_store_rename(w, w->primary);
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
	w->primary = fake_store_new(w);
}

void
fake_world_fini(struct fake_world *w)
{
	fake_store_free(w->primary);
	fake_store_free(w->replica);
	fake_store_free_bytes(w);
}

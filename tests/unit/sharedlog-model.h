/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Nodes that do at random what rooms do with shared logs, each with a ring, and
 * what must be true of that whatever their engine does meanwhile. They know
 * neither the engine nor what fails.
 */
#ifndef SHAREDLOG_MODEL_H
#define SHAREDLOG_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/deadline.h"
#include "sharedlog/sharedlog.h"

#define MODEL_NODES 4
#define MODEL_LOGS 2 /* the second one is of the records */
#define MODEL_NAMES 3
#define MODEL_KEYS 4

enum model_truth {
	MODEL_PENDING,
	MODEL_SAID,
	MODEL_NOT_SAID,
	MODEL_UNKNOWN /* its node was killed meanwhile */
};

struct model;
struct model_entry;
struct model_node;

/* Something that a node appended. */
struct model_line {
	enum model_truth truth;
	uint64_t number; /* as its author was told */
	uint64_t msgid; /* as first seen anywhere; 0: not seen */
	struct model *model;
};

struct model_ring {
	struct model_entry *lines;
	size_t count, room;
	/* To be repaired, and kept until it is read again, whatever ends. */
	struct model_entry *cut;
	size_t cut_count;
	struct model_node *node;
	struct sharedlog_log *log;
	uint64_t at; /* the last number; 0: none */
	bool is_joined;
};

struct model_node {
	struct model *model;
	struct sharedlog *sl; /* NULL: it is not running */
	struct model_ring rings[MODEL_LOGS];
	uint64_t serial[MODEL_NAMES]; /* of the claim that holds; 0: none */
	bool is_claiming[MODEL_NAMES];
	uint64_t epoch;
	uint32_t era;
	size_t index;
};

struct model {
	struct clock *clock;
	struct deadlines *deadlines;
	struct engine *(*engine_new)(size_t node, void *arg);
	void *arg;
	uint64_t random;
	uint64_t starts; /* of nodes, so far */
	uint64_t serials; /* of claims */
	struct model_node nodes[MODEL_NODES];
	size_t node_count;
	struct model_line **lines;
	size_t line_count, line_room;
	bool may_lose; /* what was seen may be lost: no node had it */
	/* What happened, so that a test can require that it did. */
	uint64_t said, not_said, refused, diverged, repaired, late;
	uint64_t names_lost, claims, taken;
};

/* clock and deadlines are the caller's; engine_new gives an engine for a node
 * (by index) each time that it starts. */
void model_init(struct model *m, struct clock *clock,
    struct deadlines *deadlines,
    struct engine *(*engine_new)(size_t node, void *arg), void *arg,
    size_t nodes, uint64_t seed);
void model_fini(struct model *m);

/* One of the nodes says something, claims or releases a name. */
void model_act(struct model *m);
/* Killed, and started anew with its ring; or only the former. */
void model_kill(struct model *m, size_t node);
void model_start(struct model *m, size_t node);

/* Are all nodes where the engine is, and is nothing pending? */
bool model_is_settled(const struct model *m);
/* Fails unless all that must hold does, now that it is settled. */
void model_check(struct model *m);

#endif

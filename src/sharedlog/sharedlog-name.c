/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The names that this node holds or wants to. The node has one lease, which is
 * renewed at a fixed price; each name has a token, so that a claim which was
 * given up and comes late is told from the one that holds. Decided against: a
 * lease for each name, which would be renewed 10,000 times every 5 seconds.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sharedlog/sharedlog-impl.h"

static int
held_cmp(const struct held_name *a, const struct held_name *b)
{
	return strcmp(a->name, b->name);
}

RB_GENERATE_INTERNAL(held_tree, held_name, entry, held_cmp, UNUSED static)

static struct held_name *
held_find(const struct sharedlog *sl, const char *name)
{
	struct held_name *n = RB_ROOT(&sl->names);
	int cmp;

	while (n != NULL && (cmp = strcmp(name, n->name)) != 0)
		n = cmp < 0 ? RB_LEFT(n, entry) : RB_RIGHT(n, entry);
	return n;
}

static struct held_name *
held_add(struct sharedlog *sl, const char *name, enum held_state state)
{
	size_t size = strlen(name) + 1;
	struct held_name *n = xcalloc(1, sizeof(*n) + size);

	assert(size - 1 <= SHAREDLOG_NAME_MAX);
	memcpy(n->name, name, size);
	n->state = state;
	(void)RB_INSERT(held_tree, &sl->names, n);
	return n;
}

static void
held_remove(struct sharedlog *sl, struct held_name *n)
{
	if (n->request != NULL)
		n->request->name = NULL;
	RB_REMOVE(held_tree, &sl->names, n);
	free(n);
}

bool
held_token(const struct sharedlog *sl, const char *name, uint64_t *token)
{
	const struct held_name *n = held_find(sl, name);

	if (n == NULL || n->state != HELD_OURS)
		return false;
	*token = n->token;
	return true;
}

static void
held_send_claim(struct sharedlog *sl, struct held_name *n)
{
	struct engine_request what = {
		.verb = ENGINE_CLAIM,
		.name = n->name,
		.token = n->token,
		.is_again = n->state == HELD_OURS,
	};

	n->needs_claim = false;
	n->request = xcalloc(1, sizeof(struct request));
	n->request->name = n;
	/* For held_answered(), which has the name alone. */
	n->request->arg = sl;
	(void)sharedlog_send(sl, n->request, &what);
}

static void
held_send_release(struct sharedlog *sl, const char *name, uint64_t token)
{
	struct engine_request what = {
		.verb = ENGINE_RELEASE,
		.name = name,
		.token = token,
	};
	struct request *r = xcalloc(1, sizeof(*r));

	r->what = xstrdup(name);
	r->token = token;
	(void)sharedlog_send(sl, r, &what);
}

/* A claim by somebody here ends otherwise than by holding the name. */
static void
held_refuse(struct sharedlog *sl, struct held_name *n,
    enum sharedlog_claim_end end)
{
	sharedlog_claimed *claimed = n->claimed;
	void *arg = n->arg;

	held_remove(sl, n);
	claimed(end, arg);
}

void
held_answered(struct held_name *n, const struct engine_answer *answer)
{
	struct sharedlog *sl = n->request->arg;
	char name[SHAREDLOG_NAME_MAX + 1];

	n->request = NULL;
	if (answer->status == ENGINE_OK) {
		if (n->state != HELD_CLAIMING)
			return;
		n->state = HELD_OURS;
		n->claimed(SHAREDLOG_HELD, n->arg);
	} else if (n->state == HELD_CLAIMING) {
		held_refuse(sl, n,
		    answer->status == ENGINE_WAIT ? SHAREDLOG_WAIT :
						    SHAREDLOG_TAKEN);
	} else if (answer->status == ENGINE_TAKEN) {
		memcpy(name, n->name, strlen(n->name) + 1);
		held_remove(sl, n);
		sl->user->name_lost(name, sl->arg);
	} else {
		sharedlog_fail(sl, SHAREDLOG_ODD, "as to a claim");
	}
}

/* Has a name released that the engine may have given us. */
static void
held_release_later(struct sharedlog *sl, const char *name, uint64_t token)
{
	if (held_find(sl, name) == NULL)
		held_add(sl, name, HELD_RELEASING)->token = token;
}

void
held_lost(struct sharedlog *sl, struct request *r)
{
	struct held_name *n = r->name;
	sharedlog_claimed *claimed;

	if (r->verb == ENGINE_RELEASE) {
		held_release_later(sl, r->what, r->token);
		return;
	}
	if (n == NULL)
		return;
	n->request = NULL;
	if (n->state == HELD_OURS) {
		n->needs_claim = true;
		return;
	}
	n->state = HELD_RELEASING;
	claimed = n->claimed;
	claimed(SHAREDLOG_AWAY, n->arg);
}

void
held_claim_all(struct sharedlog *sl)
{
	struct held_name *n;

	RB_FOREACH(n, held_tree, &sl->names)
		n->needs_claim = true;
}

void
held_send_all(struct sharedlog *sl)
{
	struct held_name *n, *next;

	RB_FOREACH_SAFE(n, held_tree, &sl->names, next) {
		switch (n->state) {
		case HELD_OURS:
			if (n->needs_claim && n->request == NULL)
				held_send_claim(sl, n);
			break;
		case HELD_RELEASING:
			held_send_release(sl, n->name, n->token);
			held_remove(sl, n);
			break;
		case HELD_CLAIMING:
			break;
		}
	}
}

void
held_fini(struct sharedlog *sl)
{
	struct held_name *n;

	while ((n = RB_MIN(held_tree, &sl->names)) != NULL)
		held_remove(sl, n);
}

int
sharedlog_claim(struct sharedlog *sl, const char *name,
    sharedlog_claimed *claimed, void *arg)
{
	struct held_name *n = held_find(sl, name);

	if (sl->fault != SHAREDLOG_FINE || n != NULL)
		return -1;
	n = held_add(sl, name, HELD_CLAIMING);
	n->token = ++sl->token;
	n->claimed = claimed;
	n->arg = arg;
	held_send_claim(sl, n);
	return 0;
}

bool
sharedlog_holds(const struct sharedlog *sl, const char *name)
{
	uint64_t token;

	return held_token(sl, name, &token);
}

void
sharedlog_release(struct sharedlog *sl, const char *name)
{
	struct held_name *n = held_find(sl, name);
	uint64_t token;

	if (n == NULL || n->state != HELD_OURS)
		return;
	token = n->token;
	held_remove(sl, n);
	if (sl->fault == SHAREDLOG_FINE)
		held_send_release(sl, name, token);
	else
		held_release_later(sl, name, token);
}

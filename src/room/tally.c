/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Authors are told apart by their nick at that time, as that is what the reader
 * sees. They are in a tree, which no choice of nicks makes slow. A name that is
 * counted again and again, by one tally after the other, remembers its author of
 * the present tally, which spares the search.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "room/tally.h"

struct tally_author {
	RB_ENTRY(tally_author) entry;
	uint64_t count;
	char nick[NICK_SIZE];
	char folded[NICK_SIZE];
};

static int
tally_cmp(const struct tally_author *a, const struct tally_author *b)
{
	return strcmp(a->folded, b->folded);
}

RB_GENERATE_INTERNAL(tally_tree, tally_author, entry, tally_cmp, UNUSED static)

static int
tally_name_cmp(const struct tally_name *a, const struct tally_name *b)
{
	return strcmp(a->nick, b->nick);
}

RB_GENERATE_INTERNAL(tally_names, tally_name, entry, tally_name_cmp,
    UNUSED static)

void
tally_names_init(struct tally_names *names)
{
	RB_INIT(names);
}

struct tally_name *
tally_name_hold(struct tally_names *names, const char *nick)
{
	struct tally_name key, *name;

	memcpy(key.nick, nick, strlen(nick) + 1);
	name = RB_FIND(tally_names, names, &key);
	if (name == NULL) {
		name = xcalloc(1, sizeof(*name));
		memcpy(name->nick, nick, strlen(nick) + 1);
		RB_INSERT(tally_names, names, name);
	}
	name->holders++;
	return name;
}

void
tally_name_release(struct tally_names *names, struct tally_name *name)
{
	if (--name->holders > 0)
		return;
	RB_REMOVE(tally_names, names, name);
	free(name);
}

void
tally_init(struct tally *t)
{
	static uint64_t last_serial;

	memset(t, 0, sizeof(*t));
	t->serial = ++last_serial;
	RB_INIT(&t->by_nick);
}

void
tally_fini(struct tally *t)
{
	struct tally_author *a;

	while ((a = RB_ROOT(&t->by_nick)) != NULL) {
		RB_REMOVE(tally_tree, &t->by_nick, a);
		free(a);
	}
	tally_init(t);
}

static struct tally_author *
tally_author(struct tally *t, const char *nick)
{
	struct tally_author key, *a;

	nick_fold(key.folded, nick);
	a = RB_FIND(tally_tree, &t->by_nick, &key);
	if (a == NULL) {
		a = xcalloc(1, sizeof(*a));
		memcpy(a->nick, nick, strlen(nick) + 1);
		memcpy(a->folded, key.folded, sizeof(a->folded));
		RB_INSERT(tally_tree, &t->by_nick, a);
		t->authors++;
	}
	return a;
}

void
tally_add(struct tally *t, struct tally_name *name, bool is_mention)
{
	if (name->tally != t->serial) {
		name->author = tally_author(t, name->nick);
		name->tally = t->serial;
	}
	name->author->count++;
	t->messages++;
	t->mentions += is_mention;
}

void
tally_add_nick(struct tally *t, const char *nick, bool is_mention)
{
	tally_author(t, nick)->count++;
	t->messages++;
	t->mentions += is_mention;
}

void
tally_top(struct tally *t, struct event_tally *top)
{
	struct tally_author *a;
	size_t i, j;
	uint64_t named = 0;

	memset(top, 0, sizeof(*top));
	/* The tree is ordered by nick, so of equals the first stays ahead. */
	RB_FOREACH(a, tally_tree, &t->by_nick) {
		for (i = 0; i < top->names && top->count[i] >= a->count; i++)
			;
		if (i == TALLY_NAMES)
			continue;
		if (top->names < TALLY_NAMES)
			top->names++;
		for (j = top->names - 1; j > i; j--) {
			top->nick[j] = top->nick[j - 1];
			top->count[j] = top->count[j - 1];
		}
		top->nick[i] = a->nick;
		top->count[i] = a->count;
	}
	for (i = 0; i < top->names; i++)
		named += top->count[i];
	top->others = t->authors - top->names;
	top->others_count = t->messages - named;
}

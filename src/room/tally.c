/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Authors are told apart by their nick at that time, as that is what the reader
 * sees. They are in a tree, which no choice of nicks makes slow.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
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

void
tally_init(struct tally *t)
{
	memset(t, 0, sizeof(*t));
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

void
tally_add(struct tally *t, const struct event *event, const char *nick)
{
	struct tally_author key, *a;

	nick_fold(key.folded, event->nick);
	a = RB_FIND(tally_tree, &t->by_nick, &key);
	if (a == NULL) {
		a = xcalloc(1, sizeof(*a));
		memcpy(a->nick, event->nick, strlen(event->nick) + 1);
		memcpy(a->folded, key.folded, sizeof(a->folded));
		RB_INSERT(tally_tree, &t->by_nick, a);
		t->authors++;
	}
	a->count++;
	t->messages++;
	if (text_mentions(event->text, event->text_len, nick))
		t->mentions++;
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

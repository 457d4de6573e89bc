/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Private messages are not in any ring. Those that were handed over are held
 * until they have arrived; should the connection break before, they wait again.
 */
#include "config.h"

#include <stdlib.h>

#include "room/handed.h"
#include "room/person.h"

/* What ended by position has arrived. */
void
handed_forget(struct member *m, uint64_t position)
{
	struct queued_message *k;

	while ((k = TAILQ_FIRST(&m->handed)) != NULL &&
	    k->position <= position) {
		TAILQ_REMOVE(&m->handed, k, entry);
		m->handed_count--;
		free(k);
	}
}

/* Where in what was handed over the peer surely has everything before. */
uint64_t
handed_arrived(const struct member *m, size_t unsent)
{
	uint64_t handed = m->ops->handed(m);

	return handed > unsent ? handed - unsent : 0;
}

void
handed_forget_arrived(struct member *m)
{
	if (m->ops != NULL && !TAILQ_EMPTY(&m->handed))
		handed_forget(m, handed_arrived(m, m->ops->unsent(m)));
}

void
handed_add(struct member *m, struct queued_message *k)
{
	k->position = m->ops->handed(m);
	handed_forget_arrived(m);
	TAILQ_INSERT_TAIL(&m->handed, k, entry);
	if (++m->handed_count > QUEUED_MAX)
		handed_forget(m, TAILQ_FIRST(&m->handed)->position);
}

void
handed_take_back(struct member *m, uint64_t arrived)
{
	struct queued_message *k;

	handed_forget(m, arrived);
	while ((k = TAILQ_LAST(&m->handed, queued_list)) != NULL) {
		TAILQ_REMOVE(&m->handed, k, entry);
		m->handed_count--;
		k->is_repeat = true;
		person_requeue(m->chat, &m->person, k);
	}
}

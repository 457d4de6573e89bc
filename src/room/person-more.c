/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#include "config.h"

#include "base/util.h"
#include "room/person-more.h"

struct person_more *
person_more(struct person *p)
{
	if (p->more == NULL) {
		p->more = xcalloc(1, sizeof(*p->more));
		TAILQ_INIT(&p->more->markers);
		LIST_INIT(&p->more->places);
	}
	return p->more;
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Who may write to somebody without being logged in. Decided against: keeping it
 * beyond the connection, or by nick alone. A nick without an account proves
 * nothing, and what was let in once would stay so for whoever takes it.
 */
#include "config.h"

#include <bsd/string.h>
#include <stdlib.h>
#include <strings.h>

#include "base/fields.h"
#include "room/accepted.h"
#include "room/member-more.h"
#include "room/model.h"

const struct accepted *
member_accepted(const struct member *m)
{
	return m->more == NULL ? NULL : SLIST_FIRST(&m->more->accepted);
}

bool
member_accepts(const struct member *m, const struct member *from)
{
	const struct accepted *a;

	if ((m->flags & MEMBER_ACCOUNTS_ONLY) == 0 || m == from ||
	    member_account(from) != NULL)
		return true;
	for (a = member_accepted(m); a != NULL; a = SLIST_NEXT(a, entry))
		if (a->id == from->id && strcasecmp(a->nick, from->nick) == 0)
			return true;
	return false;
}

bool
member_unaccept(struct member *m, const char *nick)
{
	struct accepted *a;

	if (m->more == NULL)
		return false;
	SLIST_FOREACH(a, &m->more->accepted, entry)
		if (strcasecmp(a->nick, nick) == 0) {
			SLIST_REMOVE(&m->more->accepted, a, accepted, entry);
			free(a);
			return true;
		}
	return false;
}

void
member_accept(struct member *m, const struct member *other)
{
	struct accepted_list *accepted = &member_more(m)->accepted;
	struct accepted *a, *before_last = NULL;
	size_t count = 0;

	(void)!member_unaccept(m, other->nick);
	SLIST_FOREACH(a, accepted, entry) {
		if (++count == ACCEPTED_MAX - 1)
			before_last = a;
	}
	if (count == ACCEPTED_MAX) {
		a = SLIST_NEXT(before_last, entry);
		SLIST_REMOVE_AFTER(before_last, entry);
		free(a);
	}
	a = xcalloc(1, sizeof(*a));
	a->id = other->id;
	(void)strlcpy(a->nick, other->nick, sizeof(a->nick));
	SLIST_INSERT_HEAD(accepted, a, entry);
}

void
accepted_clear(struct accepted_list *list)
{
	struct accepted *a;

	while ((a = SLIST_FIRST(list)) != NULL) {
		SLIST_REMOVE_HEAD(list, entry);
		free(a);
	}
}

/* To the next program */

static const struct field accepted_field_list[] = {
	{ FIELD_UINT(1, struct accepted, id), .is_needed = true },
	{ FIELD_STRING(2, struct accepted, nick), .is_needed = true,
	    .check = nick_is_wellformed },
};
const struct fields accepted_fields = { FIELDS("an accepted nick",
    struct accepted, accepted_field_list) };

void
member_put_accepted(struct fields_out *out, const struct field *f,
    const void *base)
{
	const struct member_more *more = base;
	const struct accepted *a;

	SLIST_FOREACH(a, &more->accepted, entry)
		fields_put_item(out, f->tag, &accepted_fields, a);
}

bool
member_add_accepted(struct fields_in *in, const struct field *f, void *base,
    void *element)
{
	struct member_more *more = base;
	struct accepted *a = element, *last = in->last, *other;
	size_t count = 0;

	(void)f;
	SLIST_FOREACH(other, &more->accepted, entry)
		count++;
	if (count >= ACCEPTED_MAX || a->id == 0)
		return false;
	if (last == NULL)
		SLIST_INSERT_HEAD(&more->accepted, a, entry);
	else
		SLIST_INSERT_AFTER(last, a, entry);
	return true;
}

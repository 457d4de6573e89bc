/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef ACCEPTED_H
#define ACCEPTED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"

struct fields_in;
struct fields_out;
struct field;
struct accepted;
struct accepted_list;
struct member;

/*
 * Who may write to a member that takes messages only from who is logged in
 * (MEMBER_ACCOUNTS_ONLY), although they are not: those whom the member has
 * written to, or has named. Whoever leaves or takes another nick has to be
 * accepted again, so that nobody inherits it with a nick.
 */
#define ACCEPTED_MAX 32 /* of one member; the first one makes way */

/* Those whom m accepts, the last one first; or NULL. */
const struct accepted *member_accepted(const struct member *m);
/* May from write to m? Whoever is logged in may. */
bool member_accepts(const struct member *m, const struct member *from);
/* Accepts other, who is here; once more does no harm. */
void member_accept(struct member *m, const struct member *other);
/* False: nobody of that nick was accepted. */
bool member_unaccept(struct member *m, const char *nick) MUST_CHECK;
void accepted_clear(struct accepted_list *list); /* frees them */

/* Fields of struct member_more. */
void member_put_accepted(struct fields_out *out, const struct field *f,
    const void *base);
bool member_add_accepted(struct fields_in *in, const struct field *f,
    void *base, void *element) MUST_CHECK;
extern const struct fields accepted_fields;

#endif

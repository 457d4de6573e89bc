/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * For account*.c alone.
 */
#ifndef ACCOUNT_IMPL_H
#define ACCOUNT_IMPL_H

#include "room/account.h"

/* Tells the watch, if there is one. */
void accounts_changed(struct accounts *all, const struct account *a);

/* account-proof.c */

/* The password of a, or NULL. */
struct account_proof *account_find_password(const struct account *a);
/* Frees all proofs of a, which is in no tree. */
void account_free_proofs(struct account *a);
/* Does none of them belong to anybody yet? Then they can be inserted, with a;
 * and taken out. */
bool account_has_free_proofs(const struct accounts *all,
    const struct account *a) MUST_CHECK;
void account_insert_proofs(struct accounts *all, struct account *a);
void account_take_out_proofs(struct accounts *all, struct account *a);

#endif

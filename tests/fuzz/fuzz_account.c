/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The record of an account of any bytes. What is read of it is within the
 * limits of an account and owns what it says; what would be written of that
 * reads back as the same bytes.
 */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "net/verify.h"
#include "room/account.h"
#include "state/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
check_account(const struct accounts *all, const struct account *a)
{
	const struct account_proof *p;
	const struct account_nick *n;

	require(a->id != 0 && accounts_find_id(all, a->id) == a);
	require(a->nick_count > 0 && a->nick_count <= ACCOUNT_NICKS_MAX);
	require(a->proof_count <= ACCOUNT_PROOFS_MAX);
	TAILQ_FOREACH(n, &a->nicks, in_account)
		require(nick_check(n->nick) == NICK_OK &&
		    accounts_find(all, n->nick) == a);
	TAILQ_FOREACH(p, &a->proofs, in_account)
		if (p->kind == PROOF_PASSWORD)
			require(verify_check_hash(p->hash) == NULL);
		else
			require(accounts_find_proof(all, p->kind, p->bytes) ==
			    p);
}

/* Reads a record, and writes what was read to out. False: it is none. */
static bool
read_and_write(const void *data, size_t len, struct fields_out *out)
{
	struct fields_in in = { .use = FIELDS_DISK };
	const struct tlv item = { .data = data, .len = len };
	const struct account *a;
	struct accounts all;

	accounts_init(&all);
	a = accounts_load(&all, &in, &item);
	require((a != NULL) == (in.error == NULL));
	if (a != NULL) {
		check_account(&all, a);
		account_save(a, out);
		require(out->data.len <= JOURNAL_VALUE_MAX);
	}
	fields_in_fini(&in);
	accounts_fini(&all);
	return out->data.len > 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fields_out first = { .use = FIELDS_DISK }, second = first;

	if (read_and_write(data, size, &first)) {
		require(read_and_write(first.data.data, first.data.len,
		    &second));
		require(first.data.len == second.data.len);
		require(memcmp(first.data.data, second.data.data,
			    first.data.len) == 0);
	}
	fields_out_fini(&first);
	fields_out_fini(&second);
	return 0;
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What SCRAM needs of an account: a verifier, which is made of the password
 * when that is known. Who has none, or is nobody, cannot be told from who has:
 * the challenge looks the same, and the answer is never right.
 */
#include "config.h"

#include "actions/actions.h"
#include "net/scram.h"

bool
action_scram_verifier(const struct chat *chat, const char *name,
    struct scram_verifier *v)
{
	const struct account *a = accounts_find(&chat->accounts, name);
	const struct account_proof *p = a == NULL ? NULL : account_password(a);

	if (p != NULL && p->scram != NULL && scram_verifier_parse(v, p->scram))
		return true;
	scram_verifier_fake(v, chat->host_key.bytes,
	    sizeof(chat->host_key.bytes), name);
	return false;
}

void
action_scram_keep(struct chat *chat, struct account *a, const char *verifier)
{
	const struct account_proof *p = account_password(a);

	if (p == NULL)
		return;
	if (chat->options->scram != SCRAM_YES) {
		if (p->scram != NULL)
			account_set_scram(&chat->accounts, a, NULL);
	} else if (p->scram == NULL && verifier[0] != '\0')
		account_set_scram(&chat->accounts, a, verifier);
}

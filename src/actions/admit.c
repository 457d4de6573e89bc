/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Admission: nobody who is banned, and not too many people, altogether or from
 * one address. It is checked twice: when somebody connects, and when they
 * enter, since a client may take its time between the two.
 */
#include "config.h"

#include "actions/actions.h"
#include "base/origin.h"
#include "base/secret.h"
#include "net/proxy.h"
#include "room/model.h"

const char *
admit_str(enum admit why)
{
	static const char *const names[ADMITS] = {
		[ADMITTED] = "admitted",
		[ADMIT_FULL] = "full",
		[ADMIT_ADDRESS] = "address",
		[ADMIT_BANNED] = "banned",
		[ADMIT_LOCKED] = "locked",
	};

	return names[why];
}

enum admit
admit_entry(struct admission *a, const struct credential *credential,
    const struct account *account, const struct ban **ban)
{
	struct chat *chat = a->chat;
	enum admit why = ADMITTED;

	*ban = bans_match(&chat->bans, credential, clock_age_ms(chat->clock));
	if (*ban == NULL)
		*ban = action_account_ban(chat, account);
	if (*ban != NULL)
		why = ADMIT_BANNED;
	else if (a->is_locked)
		why = ADMIT_LOCKED;
	if (why != ADMITTED)
		a->refused[why]++;
	return why;
}

bool
admit_is_gateway(const struct admission *a, const struct credential *credential,
    const char *password)
{
	const struct option_list *list = &a->chat->options->webirc;
	struct gateway gateway;
	size_t i;

	for (i = 0; i < list->count; i++)
		if (gateway_parse(&gateway, list->items[i]) == NULL &&
		    origin_has(&gateway.origin, gateway.prefix, credential) &&
		    (password == NULL ||
			text_is_same_secret(password, gateway.password)))
			return true;
	return false;
}

bool
admit_may_tell_key(const struct admission *a,
    const struct credential *credential)
{
	return credential->kind == CREDENTIAL_UID &&
	    option_list_has_origin(&a->chat->options->trusted_ssh, credential);
}

enum admit
admit_connection(struct admission *a, const struct credential *credential,
    const struct ban **ban)
{
	const struct options *o = a->chat->options;
	enum admit why = admit_entry(a, credential, NULL, ban);
	const struct origin *origin;

	if (why != ADMITTED)
		return why;
	origin = origins_get(&a->chat->origins, credential);
	if (a->count >= o->max_members)
		why = ADMIT_FULL;
	else if (o->max_per_address > 0 &&
	    origin_holds(origin, ORIGIN_CONNECTIONS) >= o->max_per_address &&
	    !admit_is_gateway(a, credential, NULL) &&
	    !proxy_is_trusted(o, credential) &&
	    !admit_may_tell_key(a, credential))
		why = ADMIT_ADDRESS;
	if (why != ADMITTED)
		a->refused[why]++;
	return why;
}

struct origin *
admit_add(struct admission *a, const struct credential *credential)
{
	struct origin *origin = origins_get(&a->chat->origins, credential);

	origin_hold(origin, ORIGIN_CONNECTIONS, 1);
	a->count++;
	return origin;
}

void
admit_remove(struct admission *a, struct origin *origin)
{
	a->count--;
	origin_release(origin, ORIGIN_CONNECTIONS, 1);
}

struct origin *
admit_share(struct admission *a, struct origin *origin, uint64_t account,
    bool is_lent)
{
	const struct credential identity = credential_from_account(account);
	struct chat *chat = a->chat;
	uint64_t max = chat->options->max_per_address;
	struct origin *share;

	if (origin->credential.kind == CREDENTIAL_ACCOUNT)
		return origin;
	share = origins_get(&chat->origins, &identity);
	if (max > 0 && origin_holds(share, ORIGIN_CONNECTIONS) >= max)
		return origin;
	if (!is_lent &&
	    !attempts_lend(&chat->accounts.attempts, account,
		&origin->credential, chat->clock->mono_ms))
		return origin;
	origin_hold(share, ORIGIN_CONNECTIONS, 1);
	origin_release(origin, ORIGIN_CONNECTIONS, 1);
	return share;
}

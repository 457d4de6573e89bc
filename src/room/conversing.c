/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Who the two of a conversation are, among those who are here, have left, or
 * own a nick.
 */
#include "config.h"

#include <string.h>

#include "room/account.h"
#include "room/client.h"
#include "room/conversing.h"
#include "room/departed.h"
#include "room/directory.h"
#include "room/person.h"

/* Whoever has that nick with that credential; an account's nick is no part of
 * who they are. */
static struct conversation_party
party_make(const struct credential *credential, const char *nick)
{
	struct conversation_party party = { .credential = *credential };

	memcpy(party.nick, nick, strlen(nick) + 1);
	if (credential->kind != CREDENTIAL_ACCOUNT)
		nick_fold(party.folded, nick);
	return party;
}

bool
conversing_party(const struct member *m, struct conversation_party *party)
{
	*party = party_make(&m->credential, m->nick);
	return !m->is_guest;
}

/* With whom m has talked last under that nick. */
static struct conversation_end *
conversation_last(struct chat *chat, const struct conversation_party *own,
    const char *folded)
{
	struct conversation_end *end = NULL, *last = NULL;
	char other[NICK_SIZE];

	while ((end = conversation_next(&chat->conversations, own, end)) !=
	    NULL) {
		nick_fold(other, conversation_other(end)->party.nick);
		if (strcmp(other, folded) == 0 &&
		    (last == NULL ||
			conversation_of_end(end)->time_ms >
			    conversation_of_end(last)->time_ms))
			last = end;
	}
	return last;
}

/* Of those who have left under that nick, the last. */
static const struct departed *
party_departed(const struct departed_set *all, const char *folded)
{
	const struct credential first = { .kind = 0 };
	const struct departed *b = departed_find(all, folded, &first);
	const struct departed *last = b;

	if (b == NULL)
		b = departed_after(all, folded, &first);
	for (; b != NULL && strcmp(b->folded, folded) == 0;
	     b = departed_after(all, folded, departed_credential(b)))
		if (last == NULL || b->made_ms > last->made_ms)
			last = b;
	return last;
}

static bool
party_owner(struct chat *chat, const char *nick,
    struct conversation_party *party)
{
	struct account *a = accounts_find(&chat->accounts, nick);
	struct credential credential;

	if (a == NULL)
		return false;
	credential = credential_from_account(a->id);
	*party = party_make(&credential, account_name(a));
	return true;
}

bool
conversing_absent(struct chat *chat, const struct member *m, const char *nick,
    struct conversation_party *party)
{
	struct conversation_party own;
	const struct conversation_end *end = NULL;
	const struct departed *departed;
	char folded[NICK_SIZE];

	if (strlen(nick) > NICK_MAX)
		return false;
	if (party_owner(chat, nick, party))
		return true;
	nick_fold(folded, nick);
	departed = party_departed(&chat->departed, folded);
	if (conversing_party(m, &own))
		end = conversation_last(chat, &own, folded);
	if (end != NULL &&
	    (departed == NULL ||
		departed_find(&chat->departed, folded,
		    &conversation_other(end)->party.credential) != NULL)) {
		*party = conversation_other(end)->party;
		return true;
	}
	if (departed == NULL)
		return false;
	*party = party_make(departed_credential(departed), folded);
	return true;
}

struct conversation_end *
conversing_named(struct chat *chat, const struct member *m, const char *nick)
{
	struct conversation_party own, other;
	struct conversation_end *end = NULL;
	const struct member *to = directory_find(&chat->directory, nick);
	char folded[NICK_SIZE];

	if (strlen(nick) > NICK_MAX || !conversing_party(m, &own))
		return NULL;
	if (to == NULL ? conversing_absent(chat, m, nick, &other) :
			 conversing_party(to, &other))
		end = conversation_find(&chat->conversations, &own, &other);
	nick_fold(folded, nick);
	return end != NULL ? end : conversation_last(chat, &own, folded);
}

void
conversing_renamed(struct member *m, const char *old_folded)
{
	struct conversation_party old = party_make(&m->credential, old_folded);
	struct conversation_party own;

	if (conversing_party(m, &own))
		conversations_rename(&m->chat->conversations, &old, &own);
}

void
conversing_logged_in(struct member *m)
{
	const struct account *a = member_account(m);
	const struct account_nick *n;
	struct conversation_party own, old;

	if (a == NULL)
		return;
	own = party_make(&m->credential, account_name(a));
	TAILQ_FOREACH(n, &a->nicks, in_account) {
		old = party_make(&m->address, n->nick);
		conversations_rename(&m->chat->conversations, &old, &own);
	}
}

void
conversing_tell(struct client *client)
{
	struct member *m = client->member;
	const struct conversation_party *other;
	struct conversation_party own;
	struct conversation_end *end = NULL;
	struct event event = { .kind = EVENT_UNREAD };
	char folded[NICK_SIZE];

	if (client->ops == NULL || !conversing_party(m, &own))
		return;
	conversing_confirm(&m->chat->conversations);
	while ((end = conversation_next(&m->chat->conversations, &own, end)) !=
	    NULL) {
		event.count = conversing_untold(&m->chat->conversations, client,
		    end);
		other = &conversation_other(end)->party;
		nick_fold(folded, other->nick);
		if (event.count == 0 || person_ignores(&m->person, 0, folded))
			continue;
		event.nick = m->nick;
		event.server = m->chat->options->server_name;
		event.other = other->nick;
		event.time_ms = conversation_of_end(end)->time_ms;
		client->ops->event(client, &event);
	}
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Changing the nick.
 */
#include "config.h"

#include <string.h>

#include "actions/actions.h"
#include "base/log.h"
#include "room/bans.h"
#include "room/client.h"
#include "room/clients.h"
#include "room/directory.h"
#include "room/conversing.h"
#include "room/modes.h"
#include "room/rank.h"

static const enum nick nick_results[] = {
	[RENAME_DONE] = NICK_CHANGED,
	[RENAME_RETURNED] = NICK_CHANGED,
	[RENAME_SAME] = NICK_SAME,
	[RENAME_REFUSED] = NICK_INVALID,
	[RENAME_TAKEN] = NICK_TAKEN,
	[RENAME_LOOKALIKE] = NICK_LOOKALIKE,
	[RENAME_TOO_OFTEN] = NICK_TOO_OFTEN,
	[RENAME_JOINS] = NICK_CHANGED,
	[RENAME_TOO_MANY] = NICK_TOO_MANY,
};

static bool
nick_is_banned(struct chat *chat, struct member *m, const char *nick,
    struct nick_answer *answer)
{
	memset(answer, 0, sizeof(*answer));
	answer->member = m;
	answer->ban = bans_match_nick(&chat->bans, nick,
	    clock_age_ms(chat->clock));
	return answer->ban != NULL;
}

/* Is it an account's that is not theirs? */
static bool
nick_is_owned(struct chat *chat, const struct credential *identity,
    const char *nick, struct nick_answer *answer)
{
	const struct account_nick *owner = accounts_owner(&chat->accounts,
	    nick);

	answer->owner = owner;
	return owner != NULL &&
	    owner->account != accounts_of(&chat->accounts, identity);
}

enum nick
action_nick_check(struct chat *chat, const struct credential *credential,
    const char *nick, struct nick_answer *answer)
{
	if (nick_is_banned(chat, NULL, nick, answer))
		return NICK_BANNED;
	if (nick_is_owned(chat, credential, nick, answer))
		return NICK_OWNED;
	return nick_results[rename_check(&chat->directory, NULL, credential,
	    nick, &answer->clash)];
}

/* The client with which m asks comes to them, where they are. */
static void
nick_join(struct member *m, const char *nick, struct nick_answer *answer)
{
	struct member *to = directory_find(&m->chat->directory, nick);
	struct event event = { .kind = EVENT_BREAK, .nick = to->nick };
	struct client *client;
	char from[CREDENTIAL_STR_SIZE];

	credential_str(&m->address, from);
	log_people("another session: old=%s nick=%s from=\"%s\"", m->nick,
	    to->nick, from);
	client = client_move(member_client(m), to);
	/* Of what is an account's they are told at the login. */
	if (to->credential.kind != CREDENTIAL_ACCOUNT)
		conversing_tell(client);
	if (to->is_on_break)
		client->ops->event(client, &event);
	answer->member = to;
	answer->room = NULL;
}

enum nick
action_nick(struct member *m, const char *nick, struct nick_answer *answer)
{
	struct event event = { .kind = EVENT_SYNC_RENAME, .from = m };
	enum nick result;
	enum rename renamed;
	bool was_guest = m->is_guest, is_return;
	char old[NICK_SIZE];

	if (nick_is_banned(m->chat, m, nick, answer))
		return NICK_BANNED;
	/* By their nick, those who are to be put out are found. */
	answer->ban = bans_match(&m->chat->bans, &m->address,
	    clock_age_ms(m->chat->clock));
	if (answer->ban == NULL)
		answer->ban = action_account_ban(m->chat, member_account(m));
	if (answer->ban != NULL)
		return NICK_BANNED;
	if (nick_is_owned(m->chat, &m->credential, nick, answer))
		return NICK_OWNED;
	answer->room = modes_forbids_nick(m);
	if (answer->room != NULL)
		return NICK_FORBIDDEN;
	memcpy(old, m->nick, sizeof(old));
	renamed = rename_member(m, nick, &answer->clash);
	if (renamed == RENAME_JOINS) {
		nick_join(m, nick, answer);
		return NICK_CHANGED;
	}
	result = nick_results[renamed];
	is_return = was_guest || renamed == RENAME_RETURNED;
	if (result != NICK_CHANGED)
		return result;
	event.time_ms = m->chat->clock->wall_ms;
	event.author = m->id;
	event.nick = m->nick;
	event.other = old;
	member_event(m, &event);
	/* Of what is an account's they are told at the login. */
	if (is_return && m->credential.kind != CREDENTIAL_ACCOUNT)
		conversing_tell(member_client(m));
	answer->room = rank_renamed(m);
	return NICK_CHANGED;
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Keeping people out of the server, and putting them out. It ends a member as
 * if by a /quit that somebody else gives: bookmarks stay, and people who are
 * not banned may return to them.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "actions/actions.h"
#include "room/directory.h"
#include "room/member.h"

#define BAN_ACCOUNT "account:"

/* Adds the account. A guest's nick says nothing about who has it. */
static void
ban_add_account(struct ban_subject *subject, const struct account *a)
{
	subject->account = a->id;
	if (nick_check(subject->nick) != NICK_OK)
		(void)strlcpy(subject->nick, account_name(a),
		    sizeof(subject->nick));
}

/* Completes the parsed subject by those who are here, and by whom the nick
 * belongs to. False: it is nobody. */
static bool
ban_resolve(struct chat *chat, struct ban_subject *subject)
{
	const struct account *a;
	const struct member *m;

	if (subject->nick[0] == '\0')
		return true;
	m = directory_find(&chat->directory, subject->nick);
	a = m != NULL ? member_account(m) :
			accounts_find(&chat->accounts, subject->nick);
	if (a != NULL)
		ban_add_account(subject, a);
	if (m != NULL)
		ban_subject_add_holder(subject, &m->address);
	return m != NULL || nick_check(subject->nick) == NICK_OK;
}

/* Reads whom a ban is about. "account:NAME" is the account alone, wherever its
 * owner comes from, and nobody else there. */
static const char *
ban_parse(struct chat *chat, struct ban_subject *subject, const char *text)
{
	const struct account *a;

	if (strncmp(text, BAN_ACCOUNT, strlen(BAN_ACCOUNT)) != 0)
		return ban_subject_parse(subject, text);
	memset(subject, 0, sizeof(*subject));
	a = accounts_find(&chat->accounts, text + strlen(BAN_ACCOUNT));
	if (a == NULL)
		return "there is no account of that name";
	ban_add_account(subject, a);
	return NULL;
}

const struct ban *
action_account_ban(struct chat *chat, const struct account *a)
{
	return a == NULL ?
	    NULL :
	    bans_match_account(&chat->bans, a->id, clock_age_ms(chat->clock));
}

enum ban_result
action_ban(struct chat *chat, const char *whom, int64_t for_ms,
    const char *reason, const struct ban **ban, const char **why)
{
	int64_t now_ms = clock_age_ms(chat->clock);
	struct ban_subject subject;

	assert(for_ms >= 0 && for_ms <= BAN_FOR_MAX_MS);
	*why = ban_parse(chat, &subject, whom);
	if (*why != NULL)
		return BAN_BAD_SUBJECT;
	if (subject.account == 0 && !ban_resolve(chat, &subject))
		return BAN_NOBODY;
	*ban = bans_add(&chat->bans, &subject, reason, now_ms,
	    for_ms == 0 ? 0 : now_ms + for_ms);
	return *ban == NULL ? BAN_TOO_MANY : BAN_DONE;
}

enum ban_result
action_unban(struct chat *chat, const char *whom, struct ban_subject *subject,
    const char **why)
{
	*why = ban_parse(chat, subject, whom);
	if (*why != NULL)
		return BAN_BAD_SUBJECT;
	return bans_remove(&chat->bans, subject, clock_age_ms(chat->clock)) ?
	    BAN_DONE :
	    BAN_NONE;
}

bool
action_end_banned(struct member *m)
{
	struct bans *bans = &m->chat->bans;
	const struct clock *clock = m->chat->clock;
	const struct client *client;
	const struct ban *ban;
	char *sentence, *line, *text;

	ban = bans_match(bans, &m->address, clock_age_ms(clock));
	SLIST_FOREACH(client, &m->clients, in_member)
		if (ban == NULL && client->ops != NULL)
			ban = bans_match(bans, &client->address,
			    clock_age_ms(clock));
	if (ban == NULL)
		ban = action_account_ban(m->chat, member_account(m));
	if (ban == NULL)
		ban = bans_match_nick(bans, m->nick, clock_age_ms(clock));
	if (ban == NULL)
		return false;
	sentence = ban_sentence(ban, clock);
	line = xasprintf("you are %s", sentence);
	text = xasprintf("banned%s%s", *ban->reason == '\0' ? "" : ": ",
	    ban->reason);
	action_put_out(m, line, text);
	free(text);
	free(line);
	free(sentence);
	return true;
}

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

#include "actions/actions.h"
#include "room/directory.h"

/* Completes the parsed subject by those who are here. False: it is nobody. */
static bool
ban_resolve(struct chat *chat, struct ban_subject *subject)
{
	const struct member *m;

	if (subject->nick[0] == '\0')
		return true;
	m = directory_find(&chat->directory, subject->nick);
	if (m == NULL)
		return nick_check(subject->nick) == NICK_OK;
	ban_subject_add_holder(subject, &m->address);
	return true;
}

enum ban_result
action_ban(struct chat *chat, const char *whom, int64_t for_ms,
    const char *reason, const struct ban **ban, const char **why)
{
	int64_t now_ms = clock_age_ms(chat->clock);
	struct ban_subject subject;

	assert(for_ms >= 0 && for_ms <= BAN_FOR_MAX_MS);
	*why = ban_subject_parse(&subject, whom);
	if (*why != NULL)
		return BAN_BAD_SUBJECT;
	if (!ban_resolve(chat, &subject))
		return BAN_NOBODY;
	*ban = bans_add(&chat->bans, &subject, reason, now_ms,
	    for_ms == 0 ? 0 : now_ms + for_ms);
	return *ban == NULL ? BAN_TOO_MANY : BAN_DONE;
}

enum ban_result
action_unban(struct chat *chat, const char *whom, struct ban_subject *subject,
    const char **why)
{
	*why = ban_subject_parse(subject, whom);
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
	const struct ban *ban;
	char *sentence, *line, *text;

	ban = bans_match(bans, &m->address, clock_age_ms(clock));
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

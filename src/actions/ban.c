/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Keeping people out of the server, and putting them out. It ends a member as
 * if by a /quit that somebody else gives: bookmarks stay, and people who are
 * not banned may return to them.
 */
#include "config.h"

#include <assert.h>

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

static bool
ban_reaches(struct chat *chat, const struct member *m)
{
	int64_t now_ms = clock_age_ms(chat->clock);

	return bans_match(&chat->bans, &m->address, now_ms) != NULL ||
	    bans_match_nick(&chat->bans, m->nick, now_ms) != NULL;
}

size_t
ban_enforce(struct chat *chat, const char *line, const char *text)
{
	struct member *m, *next;
	size_t count = 0;

	for (m = directory_next(&chat->directory, NULL); m != NULL; m = next) {
		next = directory_next(&chat->directory, m);
		if (!ban_reaches(chat, m))
			continue;
		count += !m->is_lost;
		action_put_out(m, line, text);
	}
	return count;
}

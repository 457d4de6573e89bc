/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Kicks, bans and the lock. A kick is a /quit that somebody else gives: the
 * bookmark stays, and people who are not banned as well may return to it. The
 * lock admits nobody, not even people who just lost the connection: until they
 * have said who they are, they look like any stranger.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "admin/moderate.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "room/chat.h"
#include "room/directory.h"
#include "room/member.h"

/* A reason as an operator gave it, scrubbed for all to see; "" for NULL. The
 * caller frees it. */
static char *
moderate_text(const char *raw)
{
	char *text = raw == NULL ? NULL : text_scrub_copy(raw, BAN_REASON_MAX);

	return text == NULL ? xstrdup("") : text;
}

/*
 * Makes m leave as if by /quit; the others are told "what: reason". A place
 * held for a lost connection is given up; a living connection is told line and
 * closed.
 */
static void
moderate_remove(struct member *m, const char *what, const char *reason,
    const char *line)
{
	char *text = xasprintf("%s%s%s", what, *reason == '\0' ? "" : ": ",
	    reason);

	if (m->is_lost)
		member_depart(m, ROOM_LEAVE_QUIT, text);
	else
		session_end(m->session, line, text);
	free(text);
}

int
moderate_kick(struct sessions *all, const char *nick, const char *raw,
    char **error)
{
	struct member *m = directory_find(&all->chat->directory, nick);
	char *reason, *line;

	if (m == NULL) {
		*error = xasprintf("no one here is called \"%s\"", nick);
		return -1;
	}
	reason = moderate_text(raw);
	line = xasprintf("you have been kicked%s%s%s",
	    *reason == '\0' ? "" : " (", reason, *reason == '\0' ? "" : ")");
	log_info("kicked: nick=%s reason=\"%s\"", m->nick, reason);
	moderate_remove(m, "kicked", reason, line);
	free(line);
	free(reason);
	return 0;
}

/* Does the ban reach m, by nick or by credential? */
static bool
moderate_reaches(struct sessions *all, const struct member *m)
{
	int64_t now_ms = all->net->clock->wall_ms;

	return bans_match(&all->bans, &m->credential, now_ms) != NULL ||
	    bans_match_nick(&all->bans, m->nick, now_ms) != NULL;
}

/* Closes all members whom a new ban reaches. */
static size_t
moderate_enforce(struct sessions *all, const struct ban *ban)
{
	struct member *m, *next;
	size_t count = 0;
	char *sentence, *line;

	sentence = ban_sentence(ban, all->net->clock->wall_ms);
	line = xasprintf("you are %s", sentence);
	for (m = directory_next(&all->chat->directory, NULL); m != NULL;
	     m = next) {
		next = directory_next(&all->chat->directory, m);
		if (!moderate_reaches(all, m))
			continue;
		count += !m->is_lost;
		moderate_remove(m, "banned", ban->reason, line);
	}
	free(line);
	free(sentence);
	return count;
}

/* Completes the parsed subject by those who are here. Returns -1 if it cannot
 * be banned. */
static int
moderate_resolve(struct sessions *all, struct ban_subject *subject,
    char **error)
{
	const struct member *m;

	if (subject->nick[0] == '\0')
		return 0;
	m = directory_find(&all->chat->directory, subject->nick);
	if (m != NULL) {
		ban_subject_add_holder(subject, &m->credential);
		return 0;
	}
	if (nick_check(subject->nick) == NICK_OK)
		return 0;
	*error = xasprintf("no one here is called \"%s\"", subject->nick);
	return -1;
}

int
moderate_ban(struct sessions *all, const char *whom, int64_t for_ms,
    const char *raw, const struct ban **made, size_t *closed, char **error)
{
	int64_t now_ms = all->net->clock->wall_ms;
	struct ban_subject subject;
	const struct ban *ban;
	const char *why = ban_subject_parse(&subject, whom);
	char name[BAN_STR_SIZE], until[BAN_UNTIL_SIZE], *reason;

	assert(for_ms >= 0 && for_ms <= MODERATE_BAN_MAX_MS);
	if (why != NULL) {
		*error = xasprintf("cannot ban '%.*s': %s",
		    (int)text_cut(whom, strlen(whom), 80), whom, why);
		return -1;
	}
	if (moderate_resolve(all, &subject, error) == -1)
		return -1;
	reason = moderate_text(raw);
	ban = bans_add(&all->bans, &subject, reason, now_ms,
	    for_ms == 0 ? 0 : now_ms + for_ms);
	free(reason);
	if (ban == NULL) {
		*error = xasprintf("there are %d bans already; lift some first",
		    BANS_MAX);
		return -1;
	}
	*closed = moderate_enforce(all, ban);
	ban_subject_str(&ban->subject, name);
	ban_until(ban, now_ms, until);
	log_info("banned: who=\"%s\" until=\"%s\" reason=\"%s\" closed=%zu",
	    name, until[0] == '\0' ? "it is lifted" : until, ban->reason,
	    *closed);
	if (made != NULL)
		*made = ban;
	return 0;
}

int
moderate_unban(struct sessions *all, const char *whom, char **error)
{
	struct ban_subject subject;
	const char *why = ban_subject_parse(&subject, whom);
	char name[BAN_STR_SIZE];

	if (why != NULL) {
		*error = xasprintf("cannot unban '%.*s': %s",
		    (int)text_cut(whom, strlen(whom), 80), whom, why);
		return -1;
	}
	ban_subject_str(&subject, name);
	if (!bans_remove(&all->bans, &subject, all->net->clock->wall_ms)) {
		*error = xasprintf("there is no ban of %s", name);
		return -1;
	}
	log_info("ban lifted: who=\"%s\"", name);
	return 0;
}

bool
moderate_lock(struct sessions *all)
{
	if (all->is_locked)
		return false;
	all->is_locked = true;
	log_info("locked: nobody new comes in");
	return true;
}

bool
moderate_unlock(struct sessions *all)
{
	if (!all->is_locked)
		return false;
	all->is_locked = false;
	log_info("unlocked");
	return true;
}

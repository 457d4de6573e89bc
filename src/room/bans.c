/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Bans are looked up at each connection, by whoever likes to connect: so they
 * are in a tree, with one lookup for each length of prefix in use. A connection
 * is known by its credential, so a ban of an address can be about nothing else:
 * of IPv6 it is about a /64.
 *
 * A ban of a nick holds the origin of its owner, and their account, in the same
 * entry, so that all are shown, and lifted, as one. Decided against: bans of a
 * nick alone, which the next nick evades; and of everybody who ever had it, as
 * several people may share an address.
 *
 * A ban ends by the age clock (base/age.h): a wrong clock neither lifts it nor
 * keeps it. What people are told is that end by the wall clock of the moment.
 * Bans that have ended are dropped when they are met.
 */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/origin.h"
#include "base/text.h"
#include "room/bans.h"

/* So many that have ended are dropped whenever there is a new one. */
#define BANS_EXPIRE_FEW 64

static int
ban_origin_cmp(const struct ban *a, const struct ban *b)
{
	int order;

	order = credential_cmp(&a->subject.origin, &b->subject.origin);
	if (order == 0)
		order = (a->subject.prefix > b->subject.prefix) -
		    (a->subject.prefix < b->subject.prefix);
	return order != 0 ? order : (a->id > b->id) - (a->id < b->id);
}

static int
ban_account_cmp(const struct ban *a, const struct ban *b)
{
	uint64_t x = a->subject.account, y = b->subject.account;

	return x != y ? (x > y) - (x < y) : (a->id > b->id) - (a->id < b->id);
}

static int
ban_skeleton_cmp(const struct ban *a, const struct ban *b)
{
	int order = strcmp(a->skeleton, b->skeleton);

	return order != 0 ? order : (a->id > b->id) - (a->id < b->id);
}

RB_GENERATE_INTERNAL(ban_origin_tree, ban, by_origin, ban_origin_cmp,
    UNUSED static)
RB_GENERATE_INTERNAL(ban_account_tree, ban, by_account, ban_account_cmp,
    UNUSED static)
RB_GENERATE_INTERNAL(ban_skeleton_tree, ban, by_skeleton, ban_skeleton_cmp,
    UNUSED static)

void
bans_init(struct bans *all)
{
	memset(all, 0, sizeof(*all));
	TAILQ_INIT(&all->list);
	RB_INIT(&all->by_origin);
	RB_INIT(&all->by_account);
	RB_INIT(&all->by_skeleton);
}

static void
ban_drop(struct bans *all, struct ban *ban)
{
	TAILQ_REMOVE(&all->list, ban, entry);
	all->count--;
	if (ban->subject.has_origin) {
		RB_REMOVE(ban_origin_tree, &all->by_origin, ban);
		all->prefixes[ban->subject.origin.kind][ban->subject.prefix]--;
	}
	if (ban->subject.account != 0)
		RB_REMOVE(ban_account_tree, &all->by_account, ban);
	if (ban->subject.nick[0] != '\0')
		RB_REMOVE(ban_skeleton_tree, &all->by_skeleton, ban);
	if (all->watch != NULL)
		all->watch->dropped(ban, all->watch_arg);
	free(ban->reason);
	free(ban);
}

void
bans_set_watch(struct bans *all, const struct bans_watch *watch, void *arg)
{
	all->watch = watch;
	all->watch_arg = arg;
}

void
bans_fini(struct bans *all)
{
	struct ban *ban;

	all->watch = NULL;
	while ((ban = TAILQ_FIRST(&all->list)) != NULL)
		ban_drop(all, ban);
}

/* Subjects */

const char *
ban_subject_parse(struct ban_subject *subject, const char *text)
{
	enum nick_check check;

	memset(subject, 0, sizeof(*subject));
	/* A nick holds none of these. */
	if (strpbrk(text, ".:/") != NULL) {
		subject->has_origin = true;
		return origin_parse(&subject->origin, &subject->prefix, text);
	}
	check = nick_check(text);
	/* Guests can be banned, though nobody can choose to be one. */
	if (check != NICK_OK && check != NICK_GUEST)
		return check == NICK_RESERVED ? "nobody can have that nick" :
						"neither an address nor a nick";
	memcpy(subject->nick, text, strlen(text) + 1);
	return NULL;
}

void
ban_subject_add_holder(struct ban_subject *subject,
    const struct credential *credential)
{
	subject->has_origin = true;
	subject->origin = *credential;
	subject->prefix = origin_prefix_max(credential);
	if (nick_check(subject->nick) == NICK_GUEST)
		subject->nick[0] = '\0';
}

void
ban_subject_str(const struct ban_subject *subject, char out[BAN_STR_SIZE])
{
	char origin[ORIGIN_STR_SIZE] = "";
	bool has_account = subject->account != 0;

	if (subject->has_origin)
		origin_str(&subject->origin, subject->prefix, origin);
	if (subject->nick[0] == '\0')
		memcpy(out, origin, sizeof(origin));
	else if (!subject->has_origin && !has_account)
		snprintf(out, BAN_STR_SIZE, "%s", subject->nick);
	else
		snprintf(out, BAN_STR_SIZE, "%s (%s%s%s)", subject->nick,
		    has_account ? "account" : "",
		    has_account && subject->has_origin ? ", " : "", origin);
}

/* The collection */

static bool
ban_has_ended(const struct ban *ban, int64_t now_ms)
{
	return ban->ends_ms != 0 && ban->ends_ms <= now_ms;
}

/* Looking at them all costs little; dropping one is a write. */
bool
bans_expire(struct bans *all, int64_t now_ms, struct walk_budget *budget)
{
	struct ban *ban, *next;

	TAILQ_FOREACH_SAFE(ban, &all->list, entry, next) {
		if (!ban_has_ended(ban, now_ms))
			continue;
		if (!walk_may_take(budget))
			return false;
		ban_drop(all, ban);
	}
	return true;
}

/* The first ban of this origin and prefix, or NULL. */
static struct ban *
bans_find_origin(struct bans *all, const struct credential *origin,
    unsigned prefix)
{
	struct ban key, *ban;

	key.id = 0;
	key.subject.origin = *origin;
	key.subject.prefix = prefix;
	ban = RB_NFIND(ban_origin_tree, &all->by_origin, &key);
	if (ban == NULL || ban->subject.prefix != prefix ||
	    credential_cmp(&ban->subject.origin, origin) != 0)
		return NULL;
	return ban;
}

static struct ban *
bans_find_skeleton(struct bans *all, const char *skeleton)
{
	struct ban key, *ban;

	key.id = 0;
	memcpy(key.skeleton, skeleton, strlen(skeleton) + 1);
	ban = RB_NFIND(ban_skeleton_tree, &all->by_skeleton, &key);
	if (ban == NULL || strcmp(ban->skeleton, skeleton) != 0)
		return NULL;
	return ban;
}

/* A ban is kept by the skeleton of its nick in lower case. */
static void
ban_skeleton(char skeleton[NICK_SIZE], const char *nick)
{
	char folded[NICK_SIZE];

	nick_fold(folded, nick);
	nick_skeleton(skeleton, folded);
}

static bool
ban_is_of_nick(const struct ban *ban, const char *nick)
{
	char a[NICK_SIZE], b[NICK_SIZE];

	nick_fold(a, ban->subject.nick);
	nick_fold(b, nick);
	return strcmp(a, b) == 0;
}

/* The ban with exactly this subject, or NULL. */
static struct ban *
bans_find(struct bans *all, const struct ban_subject *subject)
{
	struct ban *ban;
	char skeleton[NICK_SIZE];

	if (subject->nick[0] != '\0') {
		ban_skeleton(skeleton, subject->nick);
		ban = bans_find_skeleton(all, skeleton);
		for (; ban != NULL && strcmp(ban->skeleton, skeleton) == 0;
		     ban = RB_NEXT(ban_skeleton_tree, &all->by_skeleton, ban))
			if (ban_is_of_nick(ban, subject->nick))
				return ban;
		return NULL;
	}
	ban = bans_find_origin(all, &subject->origin, subject->prefix);
	for (; ban != NULL && ban->subject.prefix == subject->prefix &&
	     credential_cmp(&ban->subject.origin, &subject->origin) == 0;
	     ban = RB_NEXT(ban_origin_tree, &all->by_origin, ban))
		if (ban->subject.nick[0] == '\0')
			return ban;
	return NULL;
}

/* Inserts it in the order of ids. */
static void
bans_insert(struct bans *all, struct ban *ban)
{
	const struct ban_subject *subject = &ban->subject;
	struct ban *before;

	before = TAILQ_LAST(&all->list, ban_queue);
	while (before != NULL && before->id > ban->id)
		before = TAILQ_PREV(before, ban_queue, entry);
	if (before == NULL)
		TAILQ_INSERT_HEAD(&all->list, ban, entry);
	else
		TAILQ_INSERT_AFTER(&all->list, before, ban, entry);
	if (ban->id > all->last_id)
		all->last_id = ban->id;
	all->count++;
	if (subject->has_origin) {
		RB_INSERT(ban_origin_tree, &all->by_origin, ban);
		all->prefixes[subject->origin.kind][subject->prefix]++;
	}
	if (subject->account != 0)
		RB_INSERT(ban_account_tree, &all->by_account, ban);
	if (subject->nick[0] != '\0') {
		ban_skeleton(ban->skeleton, subject->nick);
		RB_INSERT(ban_skeleton_tree, &all->by_skeleton, ban);
	}
}

const struct ban *
bans_add(struct bans *all, const struct ban_subject *subject,
    const char *reason, int64_t now_ms, int64_t ends_ms)
{
	struct walk_budget few = walk_few(BANS_EXPIRE_FEW);
	struct ban *ban;

	assert(subject->has_origin || subject->nick[0] != '\0');
	(void)bans_expire(all, now_ms, &few);
	ban = bans_find(all, subject);
	if (ban != NULL)
		ban_drop(all, ban);
	else if (all->count >= BANS_MAX)
		return NULL;
	ban = xcalloc(1, sizeof(*ban));
	ban->id = ++all->last_id;
	ban->subject = *subject;
	ban->made_ms = now_ms;
	ban->ends_ms = ends_ms;
	ban->reason = xstrndup(reason,
	    text_cut(reason, strlen(reason), BAN_REASON_MAX));
	bans_insert(all, ban);
	if (all->watch != NULL)
		all->watch->added(ban, all->watch_arg);
	return ban;
}

/* The list is in the order of ids. */
static bool
bans_has_id(const struct bans *all, uint64_t id)
{
	const struct ban *ban = TAILQ_LAST(&all->list, ban_queue);

	while (ban != NULL && ban->id > id)
		ban = TAILQ_PREV(ban, ban_queue, entry);
	return ban != NULL && ban->id == id;
}

const struct ban *
bans_restore(struct bans *all, const struct ban *got)
{
	struct ban *ban;

	if (all->count >= BANS_MAX || bans_find(all, &got->subject) != NULL ||
	    bans_has_id(all, got->id))
		return NULL;
	ban = xcalloc(1, sizeof(*ban));
	*ban = *got;
	bans_insert(all, ban);
	return ban;
}

bool
bans_remove(struct bans *all, const struct ban_subject *subject, int64_t now_ms)
{
	struct ban *ban = bans_find(all, subject);
	bool has_ended;

	if (ban == NULL)
		return false;
	has_ended = ban_has_ended(ban, now_ms);
	ban_drop(all, ban);
	return !has_ended;
}

const struct ban *
bans_match(struct bans *all, const struct credential *credential,
    int64_t now_ms)
{
	struct credential masked;
	struct ban *ban;
	unsigned prefix, max = origin_prefix_max(credential);

	for (prefix = 0; prefix <= max; prefix++) {
		if (all->prefixes[credential->kind][prefix] == 0)
			continue;
		masked = *credential;
		origin_mask(&masked, prefix);
		while ((ban = bans_find_origin(all, &masked, prefix)) != NULL) {
			if (!ban_has_ended(ban, now_ms))
				return ban;
			ban_drop(all, ban);
		}
	}
	return NULL;
}

const struct ban *
bans_match_account(struct bans *all, uint64_t account, int64_t now_ms)
{
	struct ban key, *ban;

	if (account == 0)
		return NULL;
	key.id = 0;
	key.subject.account = account;
	while ((ban = RB_NFIND(ban_account_tree, &all->by_account, &key)) !=
		NULL &&
	    ban->subject.account == account) {
		if (!ban_has_ended(ban, now_ms))
			return ban;
		ban_drop(all, ban);
	}
	return NULL;
}

static const struct ban *
bans_match_skeleton(struct bans *all, const char *skeleton, int64_t now_ms)
{
	struct ban *ban;

	while ((ban = bans_find_skeleton(all, skeleton)) != NULL) {
		if (!ban_has_ended(ban, now_ms))
			return ban;
		ban_drop(all, ban);
	}
	return NULL;
}

const struct ban *
bans_match_nick(struct bans *all, const char *nick, int64_t now_ms)
{
	char skeleton[NICK_SIZE];
	const struct ban *ban;

	if (strlen(nick) > NICK_MAX)
		return NULL;
	/* As it is written it may look like a nick that it is not. */
	nick_skeleton(skeleton, nick);
	ban = bans_match_skeleton(all, skeleton, now_ms);
	if (ban == NULL) {
		ban_skeleton(skeleton, nick);
		ban = bans_match_skeleton(all, skeleton, now_ms);
	}
	return ban;
}

/* In words */

int64_t
ban_until_ms(const struct ban *ban, const struct clock *clock)
{
	return ban->ends_ms == 0 ?
	    0 :
	    clock->wall_ms + (ban->ends_ms - clock_age_ms(clock));
}

void
ban_until(const struct ban *ban, const struct clock *clock,
    char out[BAN_UNTIL_SIZE])
{
	int64_t until_ms = ban_until_ms(ban, clock);
	char date[CLOCK_DATE_SIZE], now[CLOCK_DATE_SIZE];
	char hhmm[CLOCK_HHMM_SIZE], *year;
	const char *day;

	out[0] = '\0';
	if (until_ms == 0)
		return;
	clock_date(until_ms, date);
	clock_date(clock->wall_ms, now);
	clock_hhmm(until_ms, hhmm);
	day = strchr(date, ' ') + 1;
	year = strrchr(date, ' ');
	if (strcmp(year, strrchr(now, ' ')) == 0)
		*year = '\0';
	snprintf(out, BAN_UNTIL_SIZE, "%s %s", day, hhmm);
}

char *
ban_sentence(const struct ban *ban, const struct clock *clock)
{
	char until[BAN_UNTIL_SIZE];

	ban_until(ban, clock, until);
	return xasprintf("banned%s%s%s%s%s", until[0] == '\0' ? "" : " until ",
	    until, ban->reason[0] == '\0' ? "" : " (", ban->reason,
	    ban->reason[0] == '\0' ? "" : ")");
}

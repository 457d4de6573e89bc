/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What is allowed in a room: the state, and every question about it. That the
 * answers bind everybody is why this is here and in no protocol.
 *
 * Decided against: operators of the server who may do all in all rooms (brbctl
 * is for that, and is logged), and masks compiled ahead (a hundred short ones
 * are looked at in some microseconds, and most rooms have none).
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <bsd/string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mask.h"
#include "base/origin.h"
#include "history/event.h"
#include "room/modes-impl.h"
#include "room/person.h"
#include "room/watch.h"

static const struct {
	char letter;
	enum room_flag flag;
} modes_flags[] = {
	{ 'C', ROOM_NO_CTCP },
	{ 'L', ROOM_ONE_LINE },
	{ 'N', ROOM_NO_PAST },
	{ 'i', ROOM_INVITE_ONLY },
	{ 'm', ROOM_MODERATED },
	{ 'n', ROOM_NO_EXTERNAL },
	{ 'r', ROOM_LOGGED_IN },
	{ 'w', ROOM_READABLE },
	{ 's', ROOM_SECRET },
	{ 't', ROOM_TOPIC_LOCKED },
};

static const char modes_list_letters[MODES_LISTS] = {
	[MODES_BANS] = 'b',
	[MODES_EXEMPTIONS] = 'e',
	[MODES_INVITED] = 'I',
};

unsigned
modes_flag_find(char letter)
{
	size_t i;

	for (i = 0; i < NITEMS(modes_flags); i++)
		if (modes_flags[i].letter == letter)
			return modes_flags[i].flag;
	return 0;
}

int
modes_list_find(char letter)
{
	int i;

	for (i = 0; i < MODES_LISTS; i++)
		if (modes_list_letters[i] == letter)
			return i;
	return -1;
}

char
modes_list_letter(enum modes_list list)
{
	return modes_list_letters[list];
}

/* Making and freeing */

bool
modes_is_lobby(const struct room *room)
{
	char folded[ROOM_NAME_SIZE];

	nick_fold(folded, room->chat->options->lobby);
	return strcmp(folded, room->name) == 0;
}

void
modes_init(struct room *room)
{
	struct modes *modes = &room->modes;
	const char *p = room->chat->options->room_modes;
	size_t i;

	memset(modes, 0, sizeof(*modes));
	for (i = 0; i < MODES_LISTS; i++)
		TAILQ_INIT(&modes->lists[i]);
	modes->made_ms = room->chat->clock->wall_ms;
	for (; *p != '\0'; p++)
		modes->flags |= modes_flag_find(*p);
	if (modes_is_lobby(room))
		modes->flags &= ~(unsigned)(ROOM_INVITE_ONLY | ROOM_LOGGED_IN);
}

void
modes_fini(struct room *room)
{
	struct modes *modes = &room->modes;
	struct mode_mask *mask;
	int i;

	for (i = 0; i < MODES_LISTS; i++)
		while ((mask = TAILQ_FIRST(&modes->lists[i])) != NULL)
			modes_mask_remove(modes, (enum modes_list)i, mask);
}

void
modes_persist(struct room *room)
{
	room->modes.is_persisted = true;
	watch_modes_changed(room);
}

/* Keys and masks */

bool
modes_key_is_valid(const char *key)
{
	size_t i;

	for (i = 0; key[i] != '\0'; i++)
		if (key[i] <= ' ' || key[i] > '~' || key[i] == ',')
			return false;
	return i > 0 && i <= MODES_KEY_MAX && key[0] != ':';
}

/* The prefix of masks that are about speaking only. */
#define MODES_MUTE "$m:"
#define MODES_MUTE_LEN (sizeof(MODES_MUTE) - 1)

static bool
modes_mask_is_mute(const char *mask)
{
	return strncasecmp(mask, MODES_MUTE, MODES_MUTE_LEN) == 0;
}

/* Masks of accounts: "$a:bob", whatever the nick at the moment; "$a:b*" is one of
 * their names. */
#define MODES_ACCOUNT "$a:"
#define MODES_ACCOUNT_LEN (sizeof(MODES_ACCOUNT) - 1)

static bool
modes_mask_is_account(const char *mask)
{
	return strncasecmp(mask, MODES_ACCOUNT, MODES_ACCOUNT_LEN) == 0;
}

static bool
modes_account_normalize(char *out, size_t size, const char *name)
{
	size_t i, len = strlen(name);

	for (i = 0; i < len; i++)
		if (name[i] != '*' && name[i] != '?' && !nick_is_char(name[i]))
			return false;
	return len > 0 &&
	    (size_t)snprintf(out, size, MODES_ACCOUNT "%s", name) < size;
}

/* Is m logged in to an account of which some nick fits the pattern? */
static bool
modes_account_match(const char *pattern, const struct member *m)
{
	const struct account *a = member_account(m);
	const struct account_nick *n;

	if (a == NULL)
		return false;
	TAILQ_FOREACH(n, &a->nicks, in_account)
		if (mask_match(pattern, n->nick))
			return true;
	return false;
}

/* What stands behind "$m:". */
static const char *
modes_mask_body(const char *mask)
{
	return modes_mask_is_mute(mask) ? mask + MODES_MUTE_LEN : mask;
}

bool
modes_mask_names_account(const char *mask)
{
	mask = modes_mask_body(mask);
	return modes_mask_is_account(mask) && strpbrk(mask, "*?") == NULL;
}

bool
modes_mask_normalize(char out[MODES_MASK_MAX + 1], const char *in)
{
	size_t len = 0;
	char mask[MASK_SIZE];

	/* "m:", without the prefix that ISUPPORT tells, is the same; it was
	 * written so. */
	if (strncasecmp(in, &MODES_MUTE[1], MODES_MUTE_LEN - 1) == 0) {
		len = MODES_MUTE_LEN;
		in += len - 1;
	} else if (modes_mask_is_mute(in)) {
		len = MODES_MUTE_LEN;
		in += len;
	}
	memcpy(out, MODES_MUTE, len);
	if (modes_mask_is_account(in))
		return modes_account_normalize(out + len,
		    MODES_MASK_MAX + 1 - len, in + MODES_ACCOUNT_LEN);
	return mask_normalize(mask, in) == 0 &&
	    strlcpy(out + len, mask, MODES_MASK_MAX + 1 - len) <=
	    MODES_MASK_MAX - len;
}

bool
modes_mask_is_other(const char *typed)
{
	if (strncasecmp(typed, &MODES_MUTE[1], MODES_MUTE_LEN - 1) == 0)
		typed += MODES_MUTE_LEN - 1;
	typed = modes_mask_body(typed);
	return !modes_mask_is_account(typed) && mask_is_extended(typed);
}

bool
modes_mask_read(const struct room *room, struct mode_mask *mask,
    const char *typed, bool *has_account)
{
	const struct account *a = NULL;
	const char *body;

	memset(mask, 0, sizeof(*mask));
	*has_account = true;
	if (!modes_mask_normalize(mask->mask, typed))
		return false;
	if (modes_mask_names_account(mask->mask)) {
		body = modes_mask_body(mask->mask);
		a = accounts_find(&room->chat->accounts,
		    body + MODES_ACCOUNT_LEN);
		*has_account = a != NULL;
	}
	if (a != NULL)
		mask->account = a->id;
	return true;
}

void
mode_mask_str(const struct room *room, const struct mode_mask *mask,
    char out[MODES_MASK_MAX + 1])
{
	const struct account *a = mask->account == 0 ?
	    NULL :
	    accounts_find_id(&room->chat->accounts, mask->account);

	if (a != NULL)
		(void)snprintf(out, MODES_MASK_MAX + 1, "%s" MODES_ACCOUNT "%s",
		    modes_mask_is_mute(mask->mask) ? MODES_MUTE : "",
		    account_name(a));
	else
		memcpy(out, mask->mask, sizeof(mask->mask));
}

/* A mask of a name that was nobody's goes by that name, whoever has it now. */
static bool
mode_mask_is(const struct mode_mask *mask, const struct mode_mask *wanted)
{
	if (mask->account != 0)
		return mask->account == wanted->account &&
		    modes_mask_is_mute(mask->mask) ==
		    modes_mask_is_mute(wanted->mask);
	return strcasecmp(mask->mask, wanted->mask) == 0;
}

struct mode_mask *
modes_mask_find(const struct modes *modes, enum modes_list list,
    const struct mode_mask *wanted)
{
	struct mode_mask *mask;

	TAILQ_FOREACH(mask, &modes->lists[list], entry)
		if (mode_mask_is(mask, wanted))
			return mask;
	return NULL;
}

void
modes_mask_add(struct modes *modes, enum modes_list list,
    const struct mode_mask *wanted, const char *by, int64_t set_ms)
{
	struct mode_mask *mask = xcalloc(1, sizeof(*mask));

	(void)strlcpy(mask->mask, wanted->mask, sizeof(mask->mask));
	(void)strlcpy(mask->by, by, sizeof(mask->by));
	mask->account = wanted->account;
	mask->set_ms = set_ms;
	TAILQ_INSERT_TAIL(&modes->lists[list], mask, entry);
	modes->counts[list]++;
}

void
modes_forget_account(struct room *room, uint64_t account)
{
	struct mode_mask *mask, *next;
	bool is_changed = false;
	int i;

	for (i = 0; i < MODES_LISTS; i++)
		TAILQ_FOREACH_SAFE(mask, &room->modes.lists[i], entry, next)
			if (mask->account == account) {
				modes_mask_remove(&room->modes,
				    (enum modes_list)i, mask);
				is_changed = true;
			}
	if (is_changed)
		modes_persist(room);
}

void
modes_mask_remove(struct modes *modes, enum modes_list list,
    struct mode_mask *mask)
{
	TAILQ_REMOVE(&modes->lists[list], mask, entry);
	modes->counts[list]--;
	free(mask);
}

bool
modes_mask_matches(const char *mask, const struct member *m, const char *host)
{
	const char *name = member_user(m);
	char user[MEMBER_USER_MAX + 2];

	if (modes_mask_is_account(mask))
		return modes_account_match(mask + MODES_ACCOUNT_LEN, m);
	/* IRC shows ~name, since nobody has verified it. */
	(void)snprintf(user, sizeof(user), "~%s", name);
	return mask_match_user(mask, m->nick, user, host) ||
	    mask_match_user(mask, m->nick, name, host);
}

static bool
mode_mask_matches(const struct mode_mask *mask, const struct member *m)
{
	const struct account *a;

	if (mask->account == 0)
		return modes_mask_matches(modes_mask_body(mask->mask), m,
		    m->host);
	a = member_account(m);
	return a != NULL && a->id == mask->account;
}

/* The first mask that matches m, or NULL. mutes: those about speaking count,
 * too. */
static const struct mode_mask *
modes_list_match(const struct modes *modes, enum modes_list list,
    const struct member *m, bool mutes)
{
	const struct mode_mask *mask;

	TAILQ_FOREACH(mask, &modes->lists[list], entry)
		if ((mutes || !modes_mask_is_mute(mask->mask)) &&
		    mode_mask_matches(mask, m))
			return mask;
	return NULL;
}

static bool
modes_list_has(const struct modes *modes, enum modes_list list,
    const struct member *m)
{
	return modes_list_match(modes, list, m, false) != NULL;
}

const struct mode_mask *
modes_find_ban(const struct room *room, const struct member *m)
{
	return modes_list_match(&room->modes, MODES_BANS, m, true);
}

bool
modes_has_mask(const struct room *room, enum modes_list list, const char *typed)
{
	struct mode_mask mask;
	bool has_account;

	return modes_mask_read(room, &mask, typed, &has_account) &&
	    modes_mask_find(&room->modes, list, &mask) != NULL;
}

bool
modes_mask_is_of_nobody(const struct room *room, const char *typed)
{
	struct mode_mask mask;
	bool has_account;

	return modes_mask_read(room, &mask, typed, &has_account) &&
	    !has_account;
}

void
modes_ban_mask(const struct room *room, const struct member *m,
    char out[MODES_MASK_MAX + 1])
{
	const struct account *a = member_account(m);
	const struct membership *ms;

	if (a != NULL) {
		(void)snprintf(out, MODES_MASK_MAX + 1, MODES_ACCOUNT "%s",
		    account_name(a));
		return;
	}
	TAILQ_FOREACH(ms, &room->people, in_room)
		if (ms->member != m &&
		    credential_cmp(&ms->member->address, &m->address) == 0) {
			(void)snprintf(out, MODES_MASK_MAX + 1, "%s!*@*",
			    m->nick);
			return;
		}
	(void)snprintf(out, MODES_MASK_MAX + 1, "*!*@%s", m->host);
}

/* Checks */

bool
modes_has(const struct room *room, enum room_flag flag)
{
	return (room->modes.flags & flag) != 0;
}

bool
modes_is_banned(const struct room *room, const struct member *m)
{
	return modes_list_has(&room->modes, MODES_BANS, m) &&
	    !modes_list_has(&room->modes, MODES_EXEMPTIONS, m);
}

static bool
modes_is_muted(const struct room *room, const struct member *m)
{
	return modes_list_match(&room->modes, MODES_BANS, m, true) != NULL &&
	    modes_list_match(&room->modes, MODES_EXEMPTIONS, m, true) == NULL;
}

bool
modes_is_named(const struct room *room, const struct member *m)
{
	const struct option_list *list = &room->chat->options->room_operator;
	struct room_operator op;
	const struct account *a;
	size_t i, len = strlen(room->name);

	if (m->is_guest)
		return false;
	for (i = 0; i < list->count; i++) {
		/* Parsed only if it is for this room. */
		if (strncasecmp(list->items[i], room->name, len) != 0 ||
		    list->items[i][len] != ' ')
			continue;
		if (room_operator_parse(&op, list->items[i]) != NULL)
			continue;
		/* An account is meant, if the nick is one's. */
		a = accounts_find(&room->chat->accounts, op.nick);
		if (a != NULL && member_account(m) != a)
			continue;
		if (room_operator_is(&op, a == NULL ? m->folded : op.nick,
			&m->address))
			return true;
	}
	return false;
}

bool
modes_names_nick(const struct chat *chat, const char *nick,
    const struct credential *address)
{
	const struct option_list *list = &chat->options->room_operator;
	struct room_operator op;
	char folded[NICK_SIZE];
	size_t i;

	nick_fold(folded, nick);
	for (i = 0; i < list->count; i++)
		if (room_operator_parse(&op, list->items[i]) == NULL &&
		    strcmp(op.nick, folded) == 0 &&
		    !(op.has_origin && room_operator_is(&op, folded, address)))
			return true;
	return false;
}

enum modes_admit
modes_admit(const struct room *room, const struct member *m, const char *key)
{
	const struct modes *modes = &room->modes;
	const struct bookmark *bookmark = person_bookmark(&m->person, room);

	if (modes_is_invited(room, m) || modes_is_named(room, m))
		return MODES_ADMITTED;
	if (modes_is_banned(room, m))
		return MODES_BANNED;
	if (bookmark != NULL && bookmark->is_op)
		return MODES_ADMITTED;
	if (modes_has(room, ROOM_LOGGED_IN) && member_account(m) == NULL)
		return MODES_NOT_LOGGED_IN;
	if (modes_has(room, ROOM_INVITE_ONLY) &&
	    !modes_list_has(modes, MODES_INVITED, m))
		return MODES_INVITE_ONLY;
	if (modes->key[0] != '\0' &&
	    (key == NULL || strcmp(key, modes->key) != 0))
		return MODES_BAD_KEY;
	if (modes->limit != 0 && room->people_count >= modes->limit)
		return MODES_FULL;
	return MODES_ADMITTED;
}

enum modes_speak
modes_may_speak(const struct room *room, const struct member *m,
    const struct membership *ms)
{
	if (ms != NULL && (ms->is_op || ms->is_voiced))
		return MODES_MAY_SPEAK;
	if (ms == NULL && modes_has(room, ROOM_NO_EXTERNAL))
		return MODES_SPEAK_EXTERNAL;
	return modes_may_speak_aside(room, m);
}

enum modes_speak
modes_may_speak_aside(const struct room *room, const struct member *m)
{
	if (modes_is_muted(room, m))
		return MODES_SPEAK_BANNED;
	if (modes_has(room, ROOM_MODERATED))
		return MODES_SPEAK_MODERATED;
	return MODES_MAY_SPEAK;
}

bool
modes_may_set_topic(const struct membership *ms)
{
	return ms->is_op || !modes_has(ms->room, ROOM_TOPIC_LOCKED);
}

bool
modes_may_invite(const struct membership *ms)
{
	return ms->is_op || !modes_has(ms->room, ROOM_INVITE_ONLY);
}

bool
modes_may_be_read(const struct room *room)
{
	return modes_has(room, ROOM_READABLE) && !modes_has(room, ROOM_NO_PAST);
}

bool
modes_may_see(const struct room *room, const struct member *m)
{
	if (modes_may_see_people(room, m))
		return true;
	return person_bookmark(&m->person, room) != NULL &&
	    !modes_is_banned(room, m);
}

bool
modes_may_see_people(const struct room *room, const struct member *m)
{
	return !modes_has(room, ROOM_SECRET) || member_in(m, room) != NULL;
}

const struct room *
modes_forbids_nick(const struct member *m)
{
	const struct membership *ms;

	if (m->is_guest)
		return NULL;
	SLIST_FOREACH(ms, &m->memberships, in_member)
		if (!ms->is_op && !ms->is_voiced && modes_is_muted(ms->room, m))
			return ms->room;
	return NULL;
}

/* Invitations */

static size_t
modes_invitation_find(const struct modes *modes, uint64_t id)
{
	size_t i;

	for (i = 0; i < modes->invitation_count; i++)
		if (modes->invitations[i] == id)
			break;
	return i;
}

static void
modes_invitation_remove(struct modes *modes, size_t i)
{
	if (i == modes->invitation_count)
		return;
	modes->invitation_count--;
	memmove(&modes->invitations[i], &modes->invitations[i + 1],
	    (modes->invitation_count - i) * sizeof(modes->invitations[0]));
}

bool
modes_is_invited(const struct room *room, const struct member *m)
{
	return modes_invitation_find(&room->modes, m->id) <
	    room->modes.invitation_count;
}

void
modes_use_invitation(struct room *room, const struct member *m)
{
	struct modes *modes = &room->modes;

	modes_invitation_remove(modes, modes_invitation_find(modes, m->id));
}

void
modes_invite(struct membership *ms, const struct member *m)
{
	struct modes *modes = &ms->room->modes;

	if (!ms->is_op)
		return;
	/* A repeated invitation becomes the newest. */
	modes_invitation_remove(modes, modes_invitation_find(modes, m->id));
	if (modes->invitation_count == MODES_INVITATIONS_MAX)
		modes_invitation_remove(modes, 0);
	modes->invitations[modes->invitation_count++] = m->id;
}

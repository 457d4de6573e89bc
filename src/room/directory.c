/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Nicks, in two trees: by folded nick and by skeleton, both unique. No choice
 * of nicks makes trees slow (hostile input 49).
 */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <bsd/string.h>

#include "base/checksum.h"
#include "base/util.h"
#include "room/client.h"
#include "room/directory.h"
#include "room/whowas.h"

static int
directory_nick_cmp(const struct member *a, const struct member *b)
{
	return strcmp(a->folded, b->folded);
}

static uint32_t
directory_skeleton(const char *nick)
{
	char skeleton[NICK_SIZE];

	nick_skeleton(skeleton, nick);
	return checksum(0, skeleton, strlen(skeleton));
}

/* A skeleton is had from its nick when it is needed, which is rarely: mostly
 * the checksums differ. */
static int
directory_skeleton_cmp(const struct member *a, const struct member *b)
{
	char sa[NICK_SIZE], sb[NICK_SIZE];

	if (a->skeleton != b->skeleton)
		return a->skeleton < b->skeleton ? -1 : 1;
	nick_skeleton(sa, a->nick);
	nick_skeleton(sb, b->nick);
	return strcmp(sa, sb);
}

RB_GENERATE_INTERNAL(directory_nicks, member, by_nick, directory_nick_cmp,
    UNUSED static)
RB_GENERATE_INTERNAL(directory_skeletons, member, by_skeleton,
    directory_skeleton_cmp, UNUSED static)

void
directory_init(struct directory *directory)
{
	memset(directory, 0, sizeof(*directory));
	RB_INIT(&directory->by_nick);
	RB_INIT(&directory->by_skeleton);
}

void
directory_fini(struct directory *directory)
{
	whowas_fini(&directory->whowas);
}

static void
directory_set_nick(struct member *m, const char *nick)
{
	assert(strlen(nick) <= NICK_MAX);
	memcpy(m->nick, nick, strlen(nick) + 1);
	nick_fold(m->folded, m->nick);
	m->skeleton = directory_skeleton(m->nick);
}

static void
directory_set_host(struct member *m)
{
	cloak_str(&m->chat->host_key, &m->address, m->host);
}

void
directory_share(struct member *m)
{
	if (m->origin != NULL)
		origin_release(m->origin, ORIGIN_PEOPLE, 1);
	m->origin = origins_get(&m->chat->origins, &m->credential);
	origin_hold(m->origin, ORIGIN_PEOPLE, 1);
}

static void
directory_insert(struct directory *directory, struct member *m)
{
	struct member *clash;

	clash = RB_INSERT(directory_nicks, &directory->by_nick, m);
	assert(clash == NULL);
	clash = RB_INSERT(directory_skeletons, &directory->by_skeleton, m);
	assert(clash == NULL);
	directory->count++;
}

static void
directory_take_out(struct directory *directory, struct member *m)
{
	RB_REMOVE(directory_nicks, &directory->by_nick, m);
	RB_REMOVE(directory_skeletons, &directory->by_skeleton, m);
	directory->count--;
}

/* Tells the watch that m has a nick that nobody had before. */
static void
directory_tell_used(const struct member *m)
{
	const struct directory_watch *watch = m->chat->directory.watch;

	if (watch != NULL)
		watch->used(m, watch->arg);
}

static void
directory_tell_freed(const struct directory *directory, const char *nick)
{
	if (directory->watch != NULL)
		directory->watch->freed(nick, directory->watch->arg);
}

void
directory_count_flags(struct directory *directory, const struct member *m,
    bool is_there)
{
	size_t by = is_there ? 1 : SIZE_MAX;

	if ((m->flags & MEMBER_INVISIBLE) != 0)
		directory->invisible_count += by;
	if ((m->flags & MEMBER_OPER) != 0)
		directory->oper_count += by;
}

void
directory_remove(struct directory *directory, struct member *m)
{
	directory_take_out(directory, m);
	origin_release(m->origin, ORIGIN_PEOPLE, 1);
	if (!m->is_lost)
		directory_count_flags(directory, m, false);
	/* Whoever takes m's place has the nick in a moment. */
	if (directory->replaced == m)
		return;
	whowas_add(&directory->whowas, m);
	directory_tell_freed(directory, m->nick);
}

void
directory_add_guest(struct directory *directory, struct member *m)
{
	char nick[NICK_SIZE];

	m->id = ++directory->last_id;
	directory_set_host(m);
	directory_share(m);
	/* Counts on, so that two guests of one day are not mixed up. */
	do {
		if (++directory->last_guest > 999999999)
			directory->last_guest = 1;
		(void)snprintf(nick, sizeof(nick), "guest%u",
		    (unsigned)directory->last_guest);
		directory_set_nick(m, nick);
	} while (RB_FIND(directory_skeletons, &directory->by_skeleton, m) !=
	    NULL);
	directory_insert(directory, m);
	if (directory->count - m->chat->lost_count > directory->present_max)
		directory->present_max = directory->count - m->chat->lost_count;
	/* Clients that track members register with a nick, which follows in a
	 * moment. */
	if (!member_dialect(m)->tracks_members)
		directory_tell_used(m);
}

bool
directory_restore(struct directory *directory, struct member *m,
    const char *nick)
{
	directory_set_nick(m, nick);
	directory_set_host(m);
	if (RB_INSERT(directory_nicks, &directory->by_nick, m) != NULL)
		return false;
	if (RB_INSERT(directory_skeletons, &directory->by_skeleton, m) !=
	    NULL) {
		RB_REMOVE(directory_nicks, &directory->by_nick, m);
		return false;
	}
	directory->count++;
	directory_share(m);
	if (!m->is_lost)
		directory_count_flags(directory, m, true);
	return true;
}

struct member *
directory_find(struct directory *directory, const char *nick)
{
	struct member key;

	if (strlen(nick) > NICK_MAX)
		return NULL;
	nick_fold(key.folded, nick);
	return RB_FIND(directory_nicks, &directory->by_nick, &key);
}

struct member *
directory_next(struct directory *directory, struct member *m)
{
	return m == NULL ? RB_MIN(directory_nicks, &directory->by_nick) :
			   RB_NEXT(directory_nicks, &directory->by_nick, m);
}

struct member *
directory_after(struct directory *directory, const char *folded)
{
	struct member key, *m;

	(void)strlcpy(key.folded, folded, sizeof(key.folded));
	m = RB_NFIND(directory_nicks, &directory->by_nick, &key);
	if (m != NULL && strcmp(m->folded, key.folded) == 0)
		m = RB_NEXT(directory_nicks, &directory->by_nick, m);
	return m;
}

struct member *
directory_find_lookalike(struct directory *directory, const char *nick)
{
	struct member key;

	(void)strlcpy(key.nick, nick, sizeof(key.nick));
	key.skeleton = directory_skeleton(nick);
	return RB_FIND(directory_skeletons, &directory->by_skeleton, &key);
}

void
directory_change_nick(struct member *m, const char *nick)
{
	struct directory *directory = &m->chat->directory;
	char old[NICK_SIZE], old_folded[NICK_SIZE], folded[NICK_SIZE];
	bool is_other;

	memcpy(old, m->nick, sizeof(old));
	memcpy(old_folded, m->folded, sizeof(old_folded));
	nick_fold(folded, nick);
	is_other = strcmp(folded, old_folded) != 0;
	if (is_other)
		whowas_add(&directory->whowas, m);
	directory_take_out(directory, m);
	directory_set_nick(m, nick);
	directory_insert(directory, m);
	m->is_guest = false;
	if (is_other) {
		directory_tell_freed(directory, old);
		if (directory->replaced == NULL)
			directory_tell_used(m);
	}
	directory->replaced = NULL;
}

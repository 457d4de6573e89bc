/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * export: the people. Somebody's are all who are or were called so, wherever
 * they come from; an account's also all who are or were logged in to it, by
 * whatever nick. So both everybody here and all places are gone through; what
 * the rooms have is verb-export-modes.c's.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin.h"
#include "admin/verb-impl.h"
#include "room/chat.h"
#include "room/departed.h"
#include "room/directory.h"

/* Instead of where they come from. */
#define EXPORT_ACCOUNT "account "

bool
export_has_nick(const struct export *e, const char *folded)
{
	size_t i;

	for (i = 0; i < e->nick_count; i++)
		if (strcmp(e->nicks[i], folded) == 0)
			return true;
	return false;
}

static bool
export_is_of(const struct export *e, const char *folded,
    const struct credential *identity)
{
	return export_has_nick(e, folded) ||
	    (e->account != 0 && identity->kind == CREDENTIAL_ACCOUNT &&
		credential_account(identity) == e->account);
}

/* An account */

static void
export_hash(const struct account_proof *p, char out[ACCOUNT_HASH_MAX + 1])
{
	static const char digits[] = "0123456789abcdef";
	struct credential ssh;
	size_t i;

	if (p->kind == PROOF_PASSWORD) {
		(void)snprintf(out, ACCOUNT_HASH_MAX + 1, "%s", p->hash);
		return;
	}
	if (p->kind == PROOF_SSH) {
		ssh = proof_ssh(p);
		credential_ssh_str(&ssh, out);
		return;
	}
	for (i = 0; i < PROOF_BYTES; i++) {
		out[2 * i] = digits[p->bytes[i] >> 4];
		out[2 * i + 1] = digits[p->bytes[i] & 15];
	}
	out[2 * PROOF_BYTES] = '\0';
}

/* A point in time, or none. */
static void
export_seconds(struct json *j, const char *name, int64_t wall_ms)
{
	if (wall_ms == 0)
		json_none(j, name);
	else
		json_seconds(j, name, wall_ms);
}

static void
export_account_json(struct json *j, const struct account *a, bool has_hashes)
{
	const struct account_nick *n;
	const struct account_proof *p;
	char id[PROOF_STR_SIZE], hash[ACCOUNT_HASH_MAX + 1];

	json_object_open(j, "account");
	json_text(j, "name", account_name(a));
	json_seconds(j, "made_unix", a->made_ms);
	export_seconds(j, "login_unix", a->login_ms);
	json_number(j, "failures", a->failures);
	json_array_open(j, "nicks");
	TAILQ_FOREACH(n, &a->nicks, in_account) {
		json_object_open(j, NULL);
		json_text(j, "nick", n->nick);
		json_seconds(j, "since_unix", n->since_ms);
		json_object_close(j);
	}
	json_array_close(j);
	json_array_open(j, "credentials");
	TAILQ_FOREACH(p, &a->proofs, in_account) {
		proof_str(p, id);
		json_object_open(j, NULL);
		json_text(j, "kind", proof_kind_str(p->kind));
		if (p->kind != PROOF_PASSWORD)
			json_text(j, "id", id);
		json_seconds(j, "made_unix", p->made_ms);
		export_seconds(j, "used_unix", p->used_ms);
		export_hash(p, hash);
		if (has_hashes)
			json_text(j, "hash", hash);
		if (has_hashes && p->scram != NULL)
			json_text(j, "scram", p->scram);
		json_object_close(j);
	}
	json_array_close(j);
	json_object_close(j);
}

static void
export_add_time(struct buf *out, const char *what, int64_t wall_ms)
{
	char when[EXPORT_TIME_SIZE];

	export_time(wall_ms, when);
	buf_addf(out, "%s %s", what, when);
}

static void
export_account_text(struct buf *out, const struct account *a, bool has_hashes)
{
	const struct account_nick *n;
	const struct account_proof *p;
	char id[PROOF_STR_SIZE], hash[ACCOUNT_HASH_MAX + 1];

	buf_addf(out, "account %s", account_name(a));
	export_add_time(out, ", made", a->made_ms);
	if (a->login_ms != 0)
		export_add_time(out, ", last login", a->login_ms);
	if (a->failures > 0)
		buf_addf(out, ", wrong passwords since then: %lu",
		    (unsigned long)a->failures);
	buf_addch(out, '\n');
	TAILQ_FOREACH(n, &a->nicks, in_account) {
		buf_addf(out, "nick %s", n->nick);
		export_add_time(out, ", since", n->since_ms);
		buf_addch(out, '\n');
	}
	TAILQ_FOREACH(p, &a->proofs, in_account) {
		proof_str(p, id);
		buf_addf(out, "%s%s%s", proof_kind_str(p->kind),
		    p->kind == PROOF_PASSWORD ? "" : " ",
		    p->kind == PROOF_PASSWORD ? "" : id);
		export_add_time(out, ", made", p->made_ms);
		if (p->used_ms != 0)
			export_add_time(out, ", used", p->used_ms);
		export_hash(p, hash);
		if (has_hashes)
			buf_addf(out, ": %s", hash);
		if (has_hashes && p->scram != NULL)
			buf_addf(out, " %s", p->scram);
		buf_addch(out, '\n');
	}
}

/* People */

static void
export_place_json(struct json *j, const struct room *room, uint64_t number)
{
	json_object_open(j, NULL);
	json_text(j, "room", room->name);
	json_number(j, "next_number", number);
	json_object_close(j);
}

static void
export_place(struct buf *out, const struct room *room, uint64_t number)
{
	buf_addf(out, "place in #%s: before message %llu\n", room->name,
	    (unsigned long long)number);
}

/* What is known of a person: their places, whom they ignore, and private
 * messages that wait for them. */
static void
export_person_json(struct verb_call *call, const struct person *p,
    const struct member *m, const char *from)
{
	const struct queued_message *q;
	const struct bookmark *bookmark;
	const struct device_place *place;
	const struct membership *ms;
	const struct ignore *ignore;
	struct json *j = &call->json;
	char *text;

	json_object_open(j, NULL);
	json_text(j, "from", from);
	json_bool(j, "here", m != NULL && !m->is_lost);
	json_array_open(j, "places");
	if (m != NULL)
		SLIST_FOREACH(ms, &m->memberships, in_member)
			export_place_json(j, ms->room, ms->cursor.at.number);
	LIST_FOREACH(bookmark, &p->bookmarks, in_owner)
		export_place_json(j, bookmark->room, bookmark->cursor.number);
	if (p->more != NULL)
		LIST_FOREACH(place, &p->more->places, in_person)
			export_place_json(j, place->room, place->number);
	json_array_close(j);
	json_array_open(j, "ignores");
	TAILQ_FOREACH(ignore, &p->ignores, entry)
		json_text(j, NULL, ignore->nick);
	json_array_close(j);
	json_array_open(j, "private");
	TAILQ_FOREACH(q, &p->queued, entry) {
		text = xstrndup(q->text, q->len);
		json_object_open(j, NULL);
		json_seconds(j, "time_unix", q->time_ms);
		json_text(j, "nick", q->nick);
		json_text(j, "text", text);
		json_object_close(j);
		free(text);
	}
	json_array_close(j);
	json_object_close(j);
}

static void
export_person_text(struct verb_call *call, const struct person *p,
    const struct member *m, const char *from)
{
	const struct queued_message *q;
	const struct bookmark *bookmark;
	const struct device_place *place;
	const struct membership *ms;
	const struct ignore *ignore;
	struct buf *out = &call->out;
	char when[EXPORT_TIME_SIZE];

	buf_addf(out, "%s%s%s\n",
	    m == NULL      ? "has left" :
		m->is_lost ? "lost the connection" :
			     "here",
	    strncmp(from, EXPORT_ACCOUNT, strlen(EXPORT_ACCOUNT)) == 0 ?
		", " :
		" from ",
	    from);
	if (m != NULL)
		SLIST_FOREACH(ms, &m->memberships, in_member)
			export_place(out, ms->room, ms->cursor.at.number);
	LIST_FOREACH(bookmark, &p->bookmarks, in_owner)
		export_place(out, bookmark->room, bookmark->cursor.number);
	if (p->more != NULL)
		LIST_FOREACH(place, &p->more->places, in_person)
			export_place(out, place->room, place->number);
	TAILQ_FOREACH(ignore, &p->ignores, entry)
		buf_addf(out, "ignores %s\n", ignore->nick);
	TAILQ_FOREACH(q, &p->queued, entry) {
		export_time(q->time_ms, when);
		buf_addf(out, "[%s] <%s, in private> %.*s\n", when, q->nick,
		    (int)q->len, q->text);
	}
}

static void
export_person(struct verb_call *call, struct export *e, const struct person *p,
    const struct credential *credential, const struct member *m)
{
	const struct account *a =
	    accounts_of(&call->admin->sessions->chat->accounts, credential);
	char from[CREDENTIAL_STR_SIZE];

	e->has_any = true;
	if (a != NULL)
		(void)snprintf(from, sizeof(from), EXPORT_ACCOUNT "%s",
		    account_name(a));
	else
		credential_str(credential, from);
	if (call->is_json)
		export_person_json(call, p, m, from);
	else
		export_person_text(call, p, m, from);
}

/* Everybody here. False: that was all. */
static bool
export_here(struct verb_call *call, struct export *e)
{
	struct chat *chat = call->admin->sessions->chat;
	const struct member *m;

	while ((m = directory_after(&chat->directory, e->at)) != NULL) {
		if (call->out.len >= EXPORT_PIECE ||
		    !walk_may_take(call->budget))
			return true;
		memcpy(e->at, m->folded, sizeof(e->at));
		if (export_is_of(e, m->folded, &m->credential))
			export_person(call, e, &m->person, &m->address, m);
	}
	return false;
}

/* The same for those who have left. */
static bool
export_gone(struct verb_call *call, struct export *e)
{
	struct chat *chat = call->admin->sessions->chat;
	const struct departed *d;

	while ((d = departed_after(&chat->departed, e->at,
		    &e->at_credential)) != NULL) {
		if (call->out.len >= EXPORT_PIECE ||
		    !walk_may_take(call->budget))
			return true;
		memcpy(e->at, d->folded, sizeof(e->at));
		e->at_credential = *departed_credential(d);
		if (export_is_of(e, d->folded, &e->at_credential))
			export_person(call, e, &d->person, &e->at_credential,
			    NULL);
	}
	return false;
}

bool
export_people(struct verb_call *call, struct export *e)
{
	if (e->step == EXPORT_HERE) {
		if (!export_here(call, e)) {
			e->step = EXPORT_GONE;
			e->at[0] = '\0';
		}
		return true;
	}
	return export_gone(call, e);
}

enum verb_result
export_begin_person(struct verb_call *call, const char *nick, bool has_hashes)
{
	const struct account *a =
	    accounts_find(&call->admin->sessions->chat->accounts, nick);
	const struct account_nick *n;
	struct export *e = xcalloc(1, sizeof(*e));
	struct json *j = &call->json;

	call->state = e;
	(void)snprintf(e->called, sizeof(e->called), "%s", nick);
	if (a == NULL)
		nick_fold(e->nicks[e->nick_count++], nick);
	else {
		e->has_any = true;
		e->account = a->id;
		TAILQ_FOREACH(n, &a->nicks, in_account)
			memcpy(e->nicks[e->nick_count++], n->folded, NICK_SIZE);
	}
	if (call->is_json) {
		json_object_open(j, NULL);
		json_text(j, "nick", nick);
		if (a != NULL)
			export_account_json(j, a, has_hashes);
		json_array_open(j, "persons");
	} else if (a != NULL)
		export_account_text(&call->out, a, has_hashes);
	return VERB_MORE;
}

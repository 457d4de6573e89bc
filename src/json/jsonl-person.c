/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What is about oneself: nick, breaks, ignores, and the end.
 */
#include "config.h"

#include <assert.h>
#include <bsd/string.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "actions/actions.h"
#include "base/clock.h"
#include "base/fields.h"
#include "base/text.h"
#include "json/jsonl.h"
#include "room/bans.h"
#include "room/client.h"
#include "room/directory.h"
#include "room/deliver.h"
#include "room/member.h"
#include "room/person.h"
#include "session/session-account.h"

/* Whose connection is dead does not keep the nick. */
static bool
nick_probe(struct session *s, const struct jsonl_request *rq,
    const struct member *holder, const char *nick)
{
	jsonl_pending_begin(s, rq);
	if (session_probe(s, holder, nick))
		return true;
	jsonl_pending_free(s);
	return false;
}

static void
nick_take(struct session *s, const struct jsonl_request *rq, const char *nick)
{
	char *text;
	struct nick_answer answer;
	enum nick result = action_nick(s->member, nick, &answer);
	struct json *j;

	/* Who comes by a Unix socket, or with a certificate, may own it. */
	if (result == NICK_OWNED && session_login_by_connection(s, nick))
		result = action_nick(s->member, nick, &answer);
	switch (result) {
	case NICK_CHANGED:
	case NICK_SAME:
		j = jsonl_begin_done(s, rq);
		json_text(j, "nick", s->member->nick);
		jsonl_end(s);
		break;
	case NICK_BANNED:
		text = ban_sentence(answer.ban, s->all->net->clock);
		jsonl_failed(s, rq, "banned", "that nick is %s", text);
		free(text);
		break;
	case NICK_FORBIDDEN:
		jsonl_failed(s, rq, "forbidden",
		    "you are banned in %s, and cannot change your nick there",
		    answer.room->name);
		break;
	case NICK_INVALID:
		jsonl_failed(s, rq, "bad-nick", "%s",
		    nick_check_str(nick_check(nick)));
		break;
	case NICK_TAKEN:
		if (nick_probe(s, rq, answer.clash, nick))
			break;
		jsonl_failed(s, rq, "nick-taken", "\"%s\" is taken",
		    answer.clash->nick);
		break;
	case NICK_LOOKALIKE:
		jsonl_failed(s, rq, "nick-taken",
		    "it looks like %s, who is here", answer.clash->nick);
		break;
	case NICK_OWNED:
		jsonl_failed(s, rq, "nick-owned", "it belongs to an account");
		break;
	case NICK_TOO_MANY:
		jsonl_failed(s, rq, "too-many",
		    "you are here in %llu sessions already; \"devices\" ends "
		    "one of them",
		    (unsigned long long)s->all->options->max_sessions);
		break;
	case NICK_TOO_OFTEN:
		jsonl_too_often(s, rq, ANNOUNCE_PERSON);
		break;
	}
}

void
jsonl_take_nick(struct session *s, const char *nick)
{
	struct jsonl_pending p;
	struct jsonl_request rq;

	jsonl_pending_end(s, &p, &rq);
	nick_take(s, &rq, nick);
}

void
jsonl_nick_run(struct session *s, const struct jsonl_request *rq)
{
	char *nick = jsonl_value(s, rq);
	const struct member *holder;

	if (nick == NULL)
		return;
	holder = directory_find(&s->all->chat->directory, nick);
	/* It is their owner who is there, perhaps; they stay. */
	if (holder != NULL && holder != s->member &&
	    json_is_false(json_object_get(rq->object, "attend")))
		jsonl_failed(s, rq, "nick-taken", "\"%s\" is here already",
		    holder->nick);
	else
		nick_take(s, rq, nick);
	free(nick);
}

static void
brb_answer(struct session *s, const struct jsonl_request *rq, enum brb result)
{
	struct json *j;

	switch (result) {
	case BRB_DONE:
	case BRB_CHANGED:
		jsonl_done(s, rq);
		break;
	case BRB_PAUSED:
		j = jsonl_begin_done(s, rq);
		json_number(j, "others", clients_reading(s->member));
		jsonl_end(s);
		break;
	case BRB_SECRET:
		jsonl_failed(s, rq, "secret", SAY_SECRET_TEXT);
		break;
	case BRB_TOO_LONG:
		jsonl_failed(s, rq, "too-long",
		    "the text is too long (limit %d bytes)", BREAK_TEXT_MAX);
		break;
	case BRB_NOT_AWAY:
		jsonl_failed(s, rq, "not-away", "you are not on break");
		break;
	case BRB_ON_BREAK:
		jsonl_on_break(s, rq);
		break;
	}
}

static void
brb_run(struct session *s, const struct jsonl_request *rq,
    enum brb (*action)(struct client *client, enum brb_of of, const char *text))
{
	char *text;
	enum brb_of of = json_is_true(json_object_get(rq->object, "all")) ?
	    BRB_OF_ALL :
	    BRB_OF_ONE;

	if (!jsonl_optional(s, rq, &text))
		return;
	brb_answer(s, rq,
	    action(session_client(s), of,
		text == NULL || *text == '\0' ? NULL : text));
	free(text);
}

void
jsonl_brb_run(struct session *s, const struct jsonl_request *rq)
{
	brb_run(s, rq, action_brb);
}

void
jsonl_back_run(struct session *s, const struct jsonl_request *rq)
{
	brb_run(s, rq, action_back);
}

void
jsonl_away_run(struct session *s, const struct jsonl_request *rq)
{
	char *text;

	if (!jsonl_optional(s, rq, &text))
		return;
	brb_answer(s, rq,
	    action_away(s->member,
		text == NULL || *text == '\0' ? NULL : text));
	free(text);
}

static void
ignore_list(struct session *s, const struct jsonl_request *rq)
{
	const struct ignore *ignore;
	struct json *j = jsonl_begin_done(s, rq);

	json_array_open(j, "ignored");
	TAILQ_FOREACH(ignore, &s->member->person.ignores, entry)
		json_text(j, NULL, ignore->nick);
	json_array_close(j);
	jsonl_end(s);
}

void
jsonl_ignore_run(struct session *s, const struct jsonl_request *rq)
{
	enum nick_check check;
	char *nick;

	if (!jsonl_optional(s, rq, &nick))
		return;
	if (nick == NULL) {
		ignore_list(s, rq);
		return;
	}
	check = nick_check(nick);
	if (check != NICK_OK && check != NICK_RESERVED && check != NICK_GUEST)
		jsonl_failed(s, rq, "bad-nick", "%s", nick_check_str(check));
	else if (strcasecmp(nick, s->member->nick) == 0)
		jsonl_failed(s, rq, "yourself", "that is you");
	else if (member_ignore(s->member, nick) == -1)
		jsonl_failed(s, rq, "too-many", "you ignore %d already",
		    IGNORES_MAX);
	else
		jsonl_done(s, rq);
	free(nick);
}

void
jsonl_accept_run(struct session *s, const struct jsonl_request *rq)
{
	unsigned flags = s->member->flags & ~(unsigned)MEMBER_ACCOUNTS_ONLY;
	struct json *j;
	char *from;

	if (!jsonl_optional(s, rq, &from))
		return;
	if (from == NULL)
		flags = s->member->flags;
	else if (strcmp(from, "accounts") == 0)
		flags |= MEMBER_ACCOUNTS_ONLY;
	else if (strcmp(from, "anyone") != 0) {
		jsonl_failed(s, rq, "no-kind",
		    "\"accept\" is \"accounts\" or \"anyone\"");
		free(from);
		return;
	}
	free(from);
	member_set_flags(s->member, flags);
	j = jsonl_begin_done(s, rq);
	json_text(j, "accept",
	    (flags & MEMBER_ACCOUNTS_ONLY) != 0 ? "accounts" : "anyone");
	jsonl_end(s);
}

void
jsonl_unignore_run(struct session *s, const struct jsonl_request *rq)
{
	char *nick = jsonl_value(s, rq);

	if (nick == NULL)
		return;
	if (member_unignore(s->member, nick) == -1)
		jsonl_failed(s, rq, "no-such-nick", "you do not ignore them");
	else
		jsonl_done(s, rq);
	free(nick);
}

void
jsonl_ack_run(struct session *s, const struct jsonl_request *rq)
{
	uint64_t token;

	/* Nobody is told: it answers a question of ours. */
	if (!json_is_string(rq->value) ||
	    parse_number(json_string_value(rq->value), UINT64_MAX, &token) != 0)
		return;
	if (token == 0)
		session_will_answer(s);
	else
		session_confirmed(s, token);
}

void
jsonl_ping_run(struct session *s, const struct jsonl_request *rq)
{
	struct membership *ms;
	char *text = jsonl_value(s, rq);
	struct json *j;

	if (text == NULL)
		return;
	/* What was said before comes before the answer. */
	SLIST_FOREACH(ms, &s->member->memberships, in_member)
		deliver_flush(ms->room);
	j = jsonl_begin_done(s, rq);
	json_text(j, "ping", text);
	jsonl_end(s);
	free(text);
}

void
jsonl_quit_run(struct session *s, const struct jsonl_request *rq)
{
	char *text = NULL;

	/* Whatever the value is, it must not keep anybody from leaving. */
	if (json_is_string(rq->value)) {
		text = jsonl_value(s, rq);
		text[text_cut(text, strlen(text), BREAK_TEXT_MAX)] = '\0';
	}
	session_vouch(s);
	session_pause(s);
	jsonl_done(s, rq);
	session_leave(s, "bye", text);
	free(text);
}

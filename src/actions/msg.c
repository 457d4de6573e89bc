/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Saying something to one person. What two people say who can be recognised is
 * kept in their conversation, so one of them need not be here. A guest is told
 * what is said while they are, and nothing of it is kept.
 *
 * Where no conversation can begin, people who are here are told all the same.
 */
#include "config.h"

#include "actions/actions.h"
#include "base/origins.h"
#include "room/accepted.h"
#include "room/client.h"
#include "room/conversation.h"
#include "room/conversing.h"
#include "room/departed.h"
#include "room/directory.h"
#include "room/ids.h"
#include "room/member.h"
#include "room/person.h"
#include "room/typed-secret.h"

/* Is it something that is to be kept? */
static bool
msg_is_lasting(const struct event *event)
{
	return event->kind == EVENT_PRIVATE && !event->is_ctcp &&
	    event->status == '\0';
}

static enum conversation_say
msg_keep(struct member *m, const struct conversation_party *to,
    struct event *event, struct conversation_end **end)
{
	struct conversation_party own;

	if (!msg_is_lasting(event) || !conversing_party(m, &own))
		return CONVERSATION_NOT_KEPT;
	event->author = m->id;
	event->from = m;
	event->nick = m->nick;
	event->msgid = ++m->chat->last_msgid;
	return conversation_say(&m->chat->conversations, &own, to, m->origin,
	    event, end);
}

/* Who has the nick, or is logged in to the account that owns it. */
struct member *
action_addressee(struct chat *chat, const char *nick)
{
	struct member *m = directory_find(&chat->directory, nick);
	const struct account *a;
	struct credential identity;

	if (m != NULL || (a = accounts_find(&chat->accounts, nick)) == NULL)
		return m;
	identity = credential_from_account(a->id);
	if (origins_get(&chat->origins, &identity)->held[ORIGIN_PEOPLE] == 0)
		return NULL;
	while ((m = directory_next(&chat->directory, m)) != NULL)
		if (credential_cmp(&m->credential, &identity) == 0)
			return m;
	return NULL;
}

enum msg
action_msg(struct member *m, struct member *to, struct event *event, bool fits)
{
	struct conversation_party party;
	struct conversation_end *end = NULL;

	if (event->id != NULL && conversing_party(to, &party) &&
	    client_has_told(member_client(m), &party, event))
		return MSG_SAID_BEFORE;
	if (member_acts_on_break(m))
		return MSG_ON_BREAK;
	if (event->text != NULL &&
	    typed_secret_is(m, event->text, event->text_len))
		return MSG_SECRET;
	if (!fits)
		return MSG_TOO_LONG;
	if (!member_accepts(to, m))
		return MSG_ACCOUNTS_ONLY;
	if (!member_accepts(m, to))
		member_accept(m, to);
	person_make_known(&m->person, clock_age_ms(m->chat->clock));
	if (!conversing_party(to, &party) ||
	    msg_keep(m, &party, event, &end) != CONVERSATION_SAID)
		end = NULL;
	switch (member_tell(to, m, event)) {
	case MEMBER_TOLD:
		break;
	case MEMBER_QUEUED:
		if (end != NULL)
			conversing_hand(&m->chat->conversations, end);
		return MSG_QUEUED;
	case MEMBER_QUEUE_FULL:
		return end != NULL ? MSG_QUEUED : MSG_QUEUE_FULL;
	}
	if (end != NULL)
		conversing_hand(&m->chat->conversations, end);
	return MSG_SENT;
}

enum msg
action_msg_absent(struct member *m, const char *nick, struct event *event,
    bool fits, struct conversation_party *to)
{
	struct conversation_end *end;

	if (!msg_is_lasting(event) || !conversing_absent(m->chat, m, nick, to))
		return MSG_NOBODY;
	if (event->id != NULL && client_has_told(member_client(m), to, event))
		return MSG_SAID_BEFORE;
	if (member_acts_on_break(m))
		return MSG_ON_BREAK;
	if (typed_secret_is(m, event->text, event->text_len))
		return MSG_SECRET;
	if (!fits)
		return MSG_TOO_LONG;
	if (m->is_guest)
		return MSG_GUEST;
	person_make_known(&m->person, clock_age_ms(m->chat->clock));
	event->other = to->nick;
	switch (msg_keep(m, to, event, &end)) {
	case CONVERSATION_SAID:
		break;
	case CONVERSATIONS_FULL:
		return MSG_CONVERSATIONS_FULL;
	case CONVERSATIONS_BEGUN:
		return MSG_BEGUN_TOO_MANY;
	case CONVERSATION_NOT_KEPT:
		return MSG_NOT_KEPT;
	}
	return MSG_KEPT;
}

const char *
msg_str(enum msg why)
{
	switch (why) {
	case MSG_GUEST:
		return "not here, and it would be kept only for somebody with a "
		       "nick: take one first";
	case MSG_CONVERSATIONS_FULL:
		return "not here, and no more conversations can be kept; it was "
		       "not sent";
	case MSG_BEGUN_TOO_MANY:
		return "not here, and you have begun as many conversations as "
		       "are kept; it was not sent";
	case MSG_NOT_KEPT:
		return "not here, and it cannot be kept now; it was not sent";
	case MSG_SENT:
	case MSG_QUEUED:
	case MSG_KEPT:
	case MSG_SAID_BEFORE:
	case MSG_ON_BREAK:
	case MSG_TOO_LONG:
	case MSG_ACCOUNTS_ONLY:
	case MSG_QUEUE_FULL:
	case MSG_NOBODY:
	case MSG_SECRET:
		break;
	}
	return "not here";
}

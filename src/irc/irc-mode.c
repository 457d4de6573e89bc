/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * MODE (Modern, "MODE message"): of channels, whose rules are the room layer's
 * (modes.h), and of oneself. Nobody sees or sets the modes of others. ACCEPT,
 * which other servers have for another mode, goes with mode R.
 */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "irc/irc.h"
#include "room/accepted.h"
#include "room/directory.h"
#include "room/modes-change.h"
#include "room/modes-words.h"
#include "room/modes.h"
#include "session/session.h"

/* How many errors are told, as each letter may be wrong. */
#define MODE_ERRORS_MAX 10

/* A MODE command in progress. */
struct mode_call {
	struct session *s;
	struct room *room;
	unsigned errors;
	unsigned lists; /* those already sent, a bit for each */
};

static const char *
mode_param(const struct mode_change *change)
{
	return change->param == NULL ? "" : change->param;
}

/* Sends "696 nick #room letter parameter :text". */
static void
mode_bad_param(const struct mode_call *call, const struct mode_change *change,
    bool is_shown, const char *text)
{
	struct session *s = call->s;
	struct buf *out = irc_begin(s, NULL);

	buf_addf(out, "696 %s #%s %c", irc_nick(s), call->room->name,
	    change->letter);
	irc_add_middle(out, is_shown ? mode_param(change) : "", IRC_WORD_MAX);
	buf_addf(out, " :%s", text);
	irc_end(s);
}

static void
mode_error(enum mode_error why, const struct mode_change *change, void *arg)
{
	struct mode_call *call = arg;
	const char *text;

	if (call->errors++ >= MODE_ERRORS_MAX)
		return;
	text = mode_error_str(why, change, call->room);
	switch (why) {
	case MODE_NOT_OPERATOR:
		irc_room_numeric(call->s, 482, call->room,
		    "You're not channel operator");
		break;
	case MODE_ON_BREAK:
		irc_on_break(call->s, "MODE", call->room);
		break;
	case MODE_UNKNOWN:
		irc_numeric(call->s, 472, "%c :is unknown mode char to me",
		    change->letter);
		break;
	case MODE_NO_SUCH_NICK:
		irc_no_such_nick(call->s, mode_param(change));
		break;
	case MODE_NOT_IN_ROOM:
		irc_about_in(call->s, 441, mode_param(change), call->room,
		    "They are not on that channel");
		break;
	case MODE_LIST_FULL:
		irc_numeric(call->s, 478, "#%s %c :Channel list is full",
		    call->room->name, change->letter);
		break;
	case MODE_BAD_KEY:
		/* A key must not be repeated. */
		mode_bad_param(call, change, false, text);
		break;
	case MODE_NO_PARAM:
	case MODE_BAD_LIMIT:
	case MODE_BAD_MASK:
	case MODE_OTHER_MASK:
	case MODE_NO_ACCOUNT:
	case MODE_NOT_IN_LOBBY:
		mode_bad_param(call, change, change->letter != 'k', text);
		break;
	}
}

static void
mode_send_list(struct session *s, const struct room *room, enum modes_list list)
{
	static const struct {
		unsigned entry;
		unsigned end;
		const char *text;
	} numerics[MODES_LISTS] = {
		[MODES_BANS] = { 367, 368, "End of channel ban list" },
		[MODES_EXEMPTIONS] = { 348, 349,
		    "End of channel exception list" },
		[MODES_INVITED] = { 346, 347, "End of channel invite list" },
	};
	const struct mode_mask *mask;
	char text[MODES_MASK_MAX + 1];

	irc_charge(s, (unsigned)room->modes.counts[list] / 5);
	TAILQ_FOREACH(mask, &room->modes.lists[list], entry) {
		mode_mask_str(room, mask, text);
		irc_numeric(s, numerics[list].entry, "#%s %s %s %lld",
		    room->name, text, mask->by,
		    (long long)(mask->set_ms / 1000));
	}
	irc_room_numeric(s, numerics[list].end, room, numerics[list].text);
}

/* Sends each list once, or "bbbb" would be an amplifier. */
static void
mode_list(enum modes_list list, void *arg)
{
	struct mode_call *call = arg;

	if ((call->lists & 1U << list) == 0)
		mode_send_list(call->s, call->room, list);
	call->lists |= 1U << list;
}

static void
mode_applied(const char *text, void *arg)
{
	const struct mode_call *call = arg;
	struct event event = irc_own_event(call->s, EVENT_MODE, call->room);

	event.text = text;
	event.text_len = strlen(text);
	irc_charge(call->s, 9); /* with the command, a line */
	irc_event(call->s, &event);
}

/* Sends 324 and 329. */
static void
mode_show(struct session *s, const struct room *room, bool shows_key)
{
	struct buf modes = BUF_INITIALIZER;

	modes_str(room, shows_key, &modes);
	irc_numeric(s, 324, "#%s %s", room->name, buf_cstr(&modes));
	irc_numeric(s, 329, "#%s %lld", room->name,
	    (long long)(room->modes.made_ms / 1000));
	buf_fini(&modes);
}

static void
mode_of_channel(struct session *s, struct irc_message *msg)
{
	struct mode_call call = { .s = s };
	const struct mode_report report = {
		.error = mode_error,
		.list = mode_list,
		.applied = mode_applied,
		.arg = &call,
	};
	struct membership *ms;

	call.room = irc_open_room(s, msg->argv[0], msg->argc > 1, &ms);
	if (call.room == NULL)
		return;
	if (msg->argc == 1) {
		mode_show(s, call.room, ms != NULL);
		return;
	}
	modes_change(call.room, ms, msg->argc - 1, msg->argv + 1, &report);
	if (call.errors > MODE_ERRORS_MAX)
		irc_refuse(s, "MODE", "TOO_MANY_ERRORS", call.room,
		    "And %u more errors", call.errors - MODE_ERRORS_MAX);
}

/* Modes of people */

static const struct {
	char letter;
	unsigned flag;
} mode_flags[] = {
	{ 'B', MEMBER_BOT },
	{ 'R', MEMBER_ACCOUNTS_ONLY },
	{ 'i', MEMBER_INVISIBLE },
	{ 'o', MEMBER_OPER },
	{ 'w', MEMBER_WALLOPS },
};

static unsigned
mode_flag_find(char letter)
{
	size_t i;

	for (i = 0; i < NITEMS(mode_flags); i++)
		if (mode_flags[i].letter == letter)
			return mode_flags[i].flag;
	return 0;
}

/* Adds "+Bi". */
static void
mode_add_flags(struct buf *out, char sign, unsigned flags)
{
	size_t i;

	if (sign == '+' || flags != 0)
		buf_addch(out, sign);
	for (i = 0; i < NITEMS(mode_flags); i++)
		if ((flags & mode_flags[i].flag) != 0)
			buf_addch(out, mode_flags[i].letter);
}

/* The member's flags after all changes; false: a letter is no mode. */
static bool
mode_read_flags(const char *p, unsigned *flags)
{
	bool is_set = true, is_good = true;
	unsigned flag;

	for (; *p != '\0'; p++) {
		if (*p == '+' || *p == '-') {
			is_set = *p == '+';
			continue;
		}
		flag = mode_flag_find(*p);
		if (flag == 0)
			is_good = false;
		else if (!is_set)
			*flags &= ~flag;
		else if (flag != MEMBER_OPER) /* which takes OPER */
			*flags |= flag;
	}
	return is_good;
}

void
irc_set_user_modes(struct session *s, unsigned flags)
{
	struct member *m = s->member;
	unsigned before = m->flags;
	struct buf text = BUF_INITIALIZER;

	if (flags == before)
		return;
	if ((flags & ~before) != 0)
		mode_add_flags(&text, '+', flags & ~before);
	mode_add_flags(&text, '-', before & ~flags);
	member_set_flags(m, flags);
	buf_addf(irc_begin(s, m), "MODE %s %s", m->nick, buf_cstr(&text));
	irc_end(s);
	buf_fini(&text);
}

static void
mode_of_person(struct session *s, const struct irc_message *msg)
{
	struct member *m = directory_find(&s->all->chat->directory,
	    msg->argv[0]);
	unsigned flags = s->member->flags;
	struct buf text = BUF_INITIALIZER;

	if (m == NULL)
		irc_no_such_nick(s, msg->argv[0]);
	else if (m != s->member)
		irc_numeric(s, 502, ":Only your own modes are yours");
	else if (msg->argc > 1) {
		if (!mode_read_flags(msg->argv[1], &flags))
			irc_numeric(s, 501, ":Unknown MODE flag");
		irc_set_user_modes(s, flags);
	} else {
		mode_add_flags(&text, '+', flags);
		irc_numeric(s, 221, "%s", buf_cstr(&text));
	}
	buf_fini(&text);
}

void
irc_mode_run(struct session *s, struct irc_message *msg)
{
	if (msg->argv[0][0] == '#')
		mode_of_channel(s, msg);
	else
		mode_of_person(s, msg);
}

/* Its numerics are those of other servers, too. */
static void
accept_list(struct session *s)
{
	const struct accepted *a;
	struct irc_list list;

	irc_list_begin(&list, s, 281, ' ', "%s", ":");
	for (a = member_accepted(s->member); a != NULL;
	     a = SLIST_NEXT(a, entry))
		irc_list_add(&list, a->nick);
	irc_list_end(&list);
	irc_numeric(s, 282, ":End of /ACCEPT list");
}

static void
accept_nick(struct session *s, const char *nick)
{
	struct member *m = s->member;
	const struct member *other = directory_find(&s->all->chat->directory,
	    nick);

	if (other == NULL || other == m)
		irc_no_such_nick(s, nick);
	else
		member_accept(m, other);
}

void
irc_accept_run(struct session *s, struct irc_message *msg)
{
	char *rest = msg->argv[0], *nick;
	unsigned count = 0;

	while ((nick = strsep(&rest, ",")) != NULL &&
	    count++ < IRC_TARGETS_MAX) {
		if (strcmp(nick, "*") == 0)
			accept_list(s);
		else if (*nick != '-')
			accept_nick(s, nick);
		else if (!member_unaccept(s->member, nick + 1))
			irc_about(s, 458, nick + 1, "is not on your list");
	}
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Who is in a channel (Modern, "NAMES message"; IRCv3 multi-prefix,
 * userhost-in-names): those whom others have been told of, since a client that
 * was shown anybody else would wait for their QUIT.
 */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "irc/irc.h"
#include "room/modes.h"
#include "session/session.h"

/* Channels in one NAMES: TARGMAX. */
#define NAMES_MAX IRC_TARGETS_MAX
#define NAMES_PER_TENTH 50
#define NAMES_LOOKED_MAX 20000 /* people, if no channel is named */

const char *
irc_prefixes(const struct session *s, const struct membership *ms)
{
	if (ms->is_op)
		return ms->is_voiced && irc_has(s, IRC_CAP_MULTI_PREFIX) ?
		    "@+" :
		    "@";
	return ms->is_voiced ? "+" : "";
}

/* Is ms listed to s? Invisible people (+i) are only if s is in the room. */
static bool
names_shows(const struct session *s, const struct membership *ms, bool is_in)
{
	if (ms->member == s->member)
		return true;
	if (!ms->is_joined)
		return false;
	return is_in || (ms->member->flags & MEMBER_INVISIBLE) == 0;
}

/* Sends 353, as many as it takes. */
static void
names_send(struct session *s, const struct room *room)
{
	struct buf name = BUF_INITIALIZER;
	const struct membership *ms;
	bool is_in = member_in(s->member, room) != NULL;
	struct irc_list names;

	if (!modes_may_see_people(room, s->member))
		return;
	irc_list_begin(&names, s, 353, ' ',
	    "%c #%s :", modes_has(room, ROOM_SECRET) ? '@' : '=', room->name);
	TAILQ_FOREACH(ms, &room->people, in_room) {
		if (!names_shows(s, ms, is_in))
			continue;
		buf_reset(&name);
		buf_addstr(&name, irc_prefixes(s, ms));
		if (irc_has(s, IRC_CAP_USERHOST_IN_NAMES))
			irc_add_mask(&name, ms->member);
		else
			buf_addstr(&name, ms->member->nick);
		irc_list_add(&names, buf_cstr(&name));
	}
	irc_list_end(&names);
	buf_fini(&name);
}

void
irc_send_names(struct session *s, struct room *room)
{
	names_send(s, room);
	irc_room_numeric(s, 366, room, "End of NAMES list");
}

/* Charges s for the work of listing the room. */
void
irc_charge_names(struct session *s, const struct room *room)
{
	irc_charge(s, (unsigned)(room->people_count / NAMES_PER_TENTH));
}

static void
names_send_all(struct session *s)
{
	struct room *room = NULL;
	size_t looked = 0;

	while ((room = chat_next_room(s->all->chat, room)) != NULL) {
		if (!irc_may_see_room(s, room))
			continue;
		looked += room->people_count;
		if (looked > NAMES_LOOKED_MAX) {
			irc_numeric(s, 416,
			    "NAMES :Too many; ask about one channel");
			break;
		}
		irc_charge_names(s, room);
		names_send(s, room);
	}
	irc_numeric(s, 366, "* :End of NAMES list");
}

void
irc_names_run(struct session *s, struct irc_message *msg)
{
	struct buf asked = BUF_INITIALIZER;
	char *channels = msg->argv[0];
	const char *channel;
	struct room *room;
	struct buf *out;
	size_t count = 0;

	if (msg->argc == 0) {
		irc_charge(s, 30);
		names_send_all(s);
		return;
	}
	buf_addstr(&asked, channels);
	while ((channel = strsep(&channels, ",")) != NULL) {
		if (count++ == NAMES_MAX) {
			irc_about(s, 407, channel,
			    "Too many targets; the rest is not listed");
			break;
		}
		room = irc_find_room(s, channel);
		if (room != NULL && irc_may_see_room(s, room)) {
			irc_charge_names(s, room);
			names_send(s, room);
		}
	}
	/* One line for all, with the list as asked for. */
	out = irc_begin(s, NULL);
	buf_addf(out, "366 %s", irc_nick(s));
	irc_add_middle(out, buf_cstr(&asked), IRC_LINE_MAX / 2);
	buf_addstr(out, " :End of NAMES list");
	irc_end(s);
	buf_fini(&asked);
}

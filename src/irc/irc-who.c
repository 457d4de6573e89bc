/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * WHO (Modern, "WHO message"), with IRCv3's whox; ISON and USERHOST. Plain
 * people are listed like others. Who is invisible (+i) is found by nick, and by
 * mask only by those who share a room with them. Nobody's address is shown: the
 * host is what base/cloak.h makes of it.
 *
 * A mask may fit everybody, and the loop must not wait for a hundred thousand:
 * so many are looked at, so many are listed, and the asker's flood control is
 * charged for them.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mask.h"
#include "irc/irc.h"
#include "room/directory.h"
#include "room/modes.h"
#include "room/roommates.h"
#include "session/session.h"

#define WHO_LOOKED_MAX 20000 /* people looked at for one mask */
#define WHO_LISTED_MAX 1000
#define WHO_LISTED_PER_TENTH 25
#define WHO_LOOKED_PER_TENTH 100
#define WHO_TOKEN_MAX 3 /* digits: whox */
#define USERHOST_MAX 5 /* nicks: Modern, "USERHOST message" */

/* All fields, in the order in which they are sent. */
static const char who_fields[] = "tcuihsnfdlaor";

struct who {
	struct session *session;
	const char *mask; /* as it was given */
	const char *fields; /* of WHOX; NULL: an ordinary WHO */
	size_t field_count;
	char token[WHO_TOKEN_MAX + 1];
	bool is_opers_only;
	size_t listed;
};

/* Does a mask find m for s? Otherwise only the nick does (+i). */
static bool
who_may_see(const struct session *s, const struct member *m)
{
	if ((m->flags & MEMBER_INVISIBLE) == 0)
		return true;
	return (s->member->flags & MEMBER_OPER) != 0 ||
	    roommates_share(s->member, m);
}

bool
irc_may_see_in(const struct session *s, const struct membership *ms)
{
	if (ms->member == s->member)
		return true;
	if (!ms->is_joined || !modes_may_see_people(ms->room, s->member))
		return false;
	return member_in(s->member, ms->room) != NULL ||
	    who_may_see(s, ms->member);
}

/* A room of m that s may know of: if possible, one that both are in. */
static const struct membership *
who_pick_room(const struct session *s, const struct member *m)
{
	const struct membership *ms, *found = NULL;

	SLIST_FOREACH(ms, &m->memberships, in_member) {
		if (!irc_may_see_in(s, ms))
			continue;
		if (member_in(s->member, ms->room) != NULL)
			return ms;
		if (found == NULL)
			found = ms;
	}
	return found;
}

/* Adds "H*B@": here or gone, operator of the server, bot, and their status in
 * the room of ms (or NULL). */
static void
who_add_flags(struct buf *out, const struct who *w, const struct member *m,
    const struct membership *ms)
{
	buf_addch(out, member_is_away(m) ? 'G' : 'H');
	if ((m->flags & MEMBER_OPER) != 0)
		buf_addch(out, '*');
	if ((m->flags & MEMBER_BOT) != 0)
		buf_addch(out, 'B');
	if (ms != NULL)
		buf_addstr(out, irc_prefixes(w->session, ms));
}

int64_t
irc_idle_s(const struct member *m)
{
	return (m->chat->clock->mono_ms - m->active_ms) / 1000;
}

static void
who_add_room(struct buf *out, const struct membership *ms)
{
	if (ms == NULL)
		buf_addch(out, '*');
	else
		buf_addf(out, "#%s", ms->room->name);
}

/* Adds a field; its blank is there already. Placeholders are those of whox. */
static void
who_add_field(struct buf *out, const struct who *w, char field,
    const struct member *m, const struct membership *ms)
{
	switch (field) {
	case 't':
		buf_addstr(out, w->token);
		break;
	case 'c':
		who_add_room(out, ms);
		break;
	case 'u':
		buf_addstr(out, member_user(m));
		break;
	case 'i': /* addresses are never told */
		buf_addstr(out, "255.255.255.255");
		break;
	case 'h':
		buf_addstr(out, m->host);
		break;
	case 's':
		buf_addstr(out, irc_server(w->session));
		break;
	case 'n':
		buf_addstr(out, m->nick);
		break;
	case 'f':
		who_add_flags(out, w, m, ms);
		break;
	case 'l':
		buf_addf(out, "%lld", (long long)irc_idle_s(m));
		break;
	case 'o':
		buf_addstr(out, "n/a");
		break;
	case 'r':
		buf_addf(out, ":%s", irc_realname(m));
		break;
	case 'a':
		buf_addstr(out,
		    member_account(m) == NULL ?
			"0" :
			account_name(member_account(m)));
		break;
	default: /* d: there is one server */
		buf_addch(out, '0');
		break;
	}
}

static void
who_send(struct who *w, const struct member *m, const struct membership *ms)
{
	struct session *s = w->session;
	struct buf *out = irc_begin(s, NULL);
	size_t i;

	if (w->listed++ % WHO_LISTED_PER_TENTH == WHO_LISTED_PER_TENTH - 1)
		irc_charge(s, 1);
	if (w->fields != NULL) {
		buf_addf(out, "354 %s", irc_nick(s));
		for (i = 0; who_fields[i] != '\0'; i++) {
			if (memchr(w->fields, who_fields[i], w->field_count) ==
			    NULL)
				continue;
			buf_addch(out, ' ');
			who_add_field(out, w, who_fields[i], m, ms);
		}
	} else {
		buf_addf(out, "352 %s ", irc_nick(s));
		who_add_room(out, ms);
		buf_addf(out, " %s %s %s %s ", member_user(m), m->host,
		    irc_server(s), m->nick);
		who_add_flags(out, w, m, ms);
		buf_addf(out, " :0 %s", irc_realname(m));
	}
	irc_end(s);
}

static bool
who_is_wanted(const struct who *w, const struct member *m)
{
	return !w->is_opers_only || (m->flags & MEMBER_OPER) != 0;
}

static void
who_too_many(struct who *w)
{
	irc_numeric(w->session, 416, "WHO :Too many; ask about fewer at once");
}

/* Only so many people: one answer must neither hold up the others nor fill the
 * memory. */
static void
who_room(struct who *w, struct room *room)
{
	const struct membership *ms;
	size_t looked = 0;

	TAILQ_FOREACH(ms, &room->people, in_room) {
		if (++looked > WHO_LOOKED_MAX || w->listed >= WHO_LISTED_MAX) {
			who_too_many(w);
			return;
		}
		if (looked % WHO_LOOKED_PER_TENTH == 0)
			irc_charge(w->session, 1);
		if (irc_may_see_in(w->session, ms) &&
		    who_is_wanted(w, ms->member))
			who_send(w, ms->member, ms);
	}
}

/* Does the query match m? Everybody matches the server's name. */
static bool
who_matches(const struct who *w, const struct member *m)
{
	return mask_match(w->mask, m->nick) ||
	    mask_match(w->mask, member_user(m)) ||
	    mask_match(w->mask, irc_realname(m)) ||
	    mask_match(w->mask, irc_server(w->session)) ||
	    mask_match(w->mask, m->host);
}

static void
who_mask(struct who *w)
{
	struct session *s = w->session;
	struct directory *directory = &s->all->chat->directory;
	struct member *m;
	size_t looked = 0;

	m = directory_find(directory, w->mask);
	if (m != NULL) {
		if (who_is_wanted(w, m))
			who_send(w, m, who_pick_room(s, m));
		return;
	}
	for (m = NULL; (m = directory_next(directory, m)) != NULL;) {
		if (++looked > WHO_LOOKED_MAX || w->listed >= WHO_LISTED_MAX) {
			who_too_many(w);
			return;
		}
		if (looked % WHO_LOOKED_PER_TENTH == 0)
			irc_charge(s, 1);
		if (who_is_wanted(w, m) && who_may_see(s, m) &&
		    who_matches(w, m))
			who_send(w, m, who_pick_room(s, m));
	}
}

/* Parses "o", "%fields,token", or both together. */
static void
who_parse(struct who *w, const char *text)
{
	const char *comma;
	size_t digits;

	for (; *text != '\0' && *text != '%'; text++)
		w->is_opers_only |= *text == 'o';
	if (*text == '\0')
		return;
	w->fields = text + 1;
	comma = strchr(w->fields, ',');
	w->field_count = comma == NULL ? strlen(w->fields) :
					 (size_t)(comma - w->fields);
	if (comma == NULL)
		comma = "";
	else
		comma++;
	digits = strspn(comma, "0123456789");
	if (digits == 0 || digits > WHO_TOKEN_MAX || comma[digits] != '\0')
		(void)snprintf(w->token, sizeof(w->token), "0");
	else
		memcpy(w->token, comma, digits);
}

void
irc_who_run(struct session *s, struct irc_message *msg)
{
	struct who w = { .session = s, .mask = "*" };
	struct room *room;

	if (msg->argc > 0 && *msg->argv[0] != '\0')
		w.mask = msg->argv[0];
	if (msg->argc > 1)
		who_parse(&w, msg->argv[1]);
	if (w.mask[0] == '#') {
		room = irc_find_room(s, w.mask);
		if (room != NULL && irc_may_see_room(s, room))
			who_room(&w, room);
	} else if (strcmp(w.mask, "0") == 0) { /* RFC 2812 section 3.6.1 */
		w.mask = "*";
		who_mask(&w);
		w.mask = "0";
	} else
		who_mask(&w);
	irc_about(s, 315, w.mask, "End of WHO list");
}

/* Calls found() for each of these nicks that is here, max at most. The
 * parameters are cut up. */
static void
who_each(struct session *s, struct irc_message *msg, size_t max,
    void (*found)(struct buf *out, const struct member *m), unsigned number)
{
	struct buf one = BUF_INITIALIZER;
	struct irc_list names;
	const struct member *m;
	char *rest, *nick;
	int i;

	irc_list_begin(&names, s, number, ' ', ":");
	for (i = 0; i < msg->argc; i++) {
		rest = msg->argv[i];
		while ((nick = strsep(&rest, " ")) != NULL && max > 0) {
			if (*nick == '\0')
				continue;
			max--;
			m = directory_find(&s->all->chat->directory, nick);
			if (m == NULL)
				continue;
			buf_reset(&one);
			found(&one, m);
			irc_list_add(&names, buf_cstr(&one));
		}
	}
	if (names.items.len == 0) /* the answer all the same */
		irc_numeric(s, number, ":");
	irc_list_end(&names);
	buf_fini(&one);
}

static void
who_add_nick(struct buf *out, const struct member *m)
{
	buf_addstr(out, m->nick);
}

/* Adds "bob*=+bob@host": '*' for operators, '-' instead of '+' for
 * those away. */
static void
who_add_userhost(struct buf *out, const struct member *m)
{
	buf_addf(out, "%s%s=%c%s@%s", m->nick,
	    (m->flags & MEMBER_OPER) != 0 ? "*" : "",
	    member_is_away(m) ? '-' : '+', member_user(m), m->host);
}

void
irc_ison_run(struct session *s, struct irc_message *msg)
{
	who_each(s, msg, SIZE_MAX, who_add_nick, 303);
}

void
irc_userhost_run(struct session *s, struct irc_message *msg)
{
	who_each(s, msg, USERHOST_MAX, who_add_userhost, 302);
}

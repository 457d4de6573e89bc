/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * WHOIS, WHOWAS (Modern, "Optional Queries") and SETNAME (IRCv3 setname). They
 * never show an address: there is no 338 or 378.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "irc/irc.h"
#include "room/client.h"
#include "room/directory.h"
#include "room/whowas.h"
#include "session/session.h"

#define WHOIS_ROOMS_BYTES 350 /* of channels on one line */

/* Sends 319, with the rooms that s may know of. */
static void
whois_rooms(struct session *s, const struct member *m)
{
	const struct membership *ms;
	struct buf chat = BUF_INITIALIZER;

	SLIST_FOREACH(ms, &m->memberships, in_member) {
		if (!irc_may_see_in(s, ms))
			continue;
		if (chat.len > WHOIS_ROOMS_BYTES) {
			irc_numeric(s, 319, "%s :%s", m->nick, buf_cstr(&chat));
			buf_reset(&chat);
		}
		buf_addf(&chat, "%s%s#%s", chat.len > 0 ? " " : "",
		    irc_prefixes(s, ms), ms->room->name);
	}
	if (chat.len > 0)
		irc_numeric(s, 319, "%s :%s", m->nick, buf_cstr(&chat));
	buf_fini(&chat);
}

/* Sends 317; people who lost the connection have no signon time. */
static void
whois_times(struct session *s, const struct member *m)
{
	const struct clock *clock = s->all->net->clock;
	const struct session *theirs = member_session(m);
	int64_t since_ms;

	if (theirs == NULL)
		return;
	since_ms = clock->wall_ms - (clock->mono_ms - theirs->since_ms);
	irc_numeric(s, 317, "%s %lld %lld :seconds idle, signon time", m->nick,
	    (long long)irc_idle_s(m), (long long)(since_ms / 1000));
}

/* Sends 671: what they read and write is encrypted. And to themselves 276, with
 * the key that EXTERNAL takes. */
static void
whois_security(struct session *s, const struct member *m)
{
	const struct session *theirs = member_session(m);
	const uint8_t *key;
	struct buf *out;
	size_t i;

	if (theirs == NULL || !conn_is_secure(theirs->conn))
		return;
	irc_numeric(s, 671, "%s :is using a secure connection", m->nick);
	key = conn_tls_key(theirs->conn);
	if (key == NULL || theirs != s)
		return;
	out = irc_begin(s, NULL);
	buf_addf(out, "276 %s %s :has client certificate fingerprint ", m->nick,
	    m->nick);
	for (i = 0; i < PROOF_BYTES; i++)
		buf_addf(out, "%02x", key[i]);
	buf_addstr(out, ", the SHA-256 of its public key");
	irc_end(s);
}

static void
whois_member(struct session *s, const struct member *m)
{
	irc_numeric(s, 311, "%s %s %s * :%s", m->nick, member_user(m), m->host,
	    irc_realname(m));
	whois_rooms(s, m);
	irc_numeric(s, 312, "%s %s :%s", m->nick, irc_server(s),
	    s->all->options->server_info);
	if (member_is_away(m))
		irc_numeric(s, 301, "%s :%s", m->nick, member_away_text(m));
	if (member_account(m) != NULL)
		irc_numeric(s, 330, "%s %s :is logged in as", m->nick,
		    account_name(member_account(m)));
	if ((m->flags & MEMBER_OPER) != 0)
		irc_numeric(s, 313, "%s :is an operator of the server",
		    m->nick);
	if ((m->flags & MEMBER_BOT) != 0)
		irc_numeric(s, 335, "%s :is a bot", m->nick);
	whois_security(s, m);
	whois_times(s, m);
}

static void
whois_nick(struct session *s, const char *nick)
{
	const struct member *m = directory_find(&s->all->chat->directory, nick);

	if (m == NULL)
		irc_no_such_nick(s, nick);
	else
		whois_member(s, m);
	irc_about(s, 318, m == NULL ? nick : m->nick, "End of /WHOIS list");
}

void
irc_whois_run(struct session *s, struct irc_message *msg)
{
	const char *target = msg->argc > 1 ? msg->argv[0] : NULL;
	char *rest = msg->argv[msg->argc > 1], *nick;
	unsigned count = 0;

	if (target != NULL && !irc_is_here(s, target))
		return;
	if (*rest == '\0') {
		irc_numeric(s, 431, ":No nickname given");
		return;
	}
	while ((nick = strsep(&rest, ",")) != NULL)
		if (*nick != '\0' && count++ < IRC_TARGETS_MAX)
			whois_nick(s, nick);
}

static void
whowas_nick(struct session *s, const char *nick, uint64_t max)
{
	const struct whowas *whowas = &s->all->chat->directory.whowas;
	const struct whowas_entry *e;
	uint64_t at = UINT64_MAX, count = 0;
	char date[CLOCK_DATE_SIZE], time[CLOCK_HHMM_SIZE];

	while (count < max && (e = whowas_find(whowas, nick, &at)) != NULL) {
		count++;
		clock_date(e->until_ms, date);
		clock_hhmm(e->until_ms, time);
		irc_numeric(s, 314, "%s %s %s * :%s", e->nick,
		    e->user[0] == '\0' ? MEMBER_PLAIN_USER : e->user, e->host,
		    e->realname[0] == '\0' ? e->nick : e->realname);
		irc_numeric(s, 312, "%s %s :until %s %s", e->nick,
		    irc_server(s), date, time);
	}
	if (count == 0)
		irc_about(s, 406, nick, "There was no such nickname");
	irc_about(s, 369, nick, "End of WHOWAS");
}

void
irc_whowas_run(struct session *s, struct irc_message *msg)
{
	char *rest = msg->argv[0], *nick;
	uint64_t max = UINT64_MAX;
	unsigned count = 0;

	if (msg->argc > 2 && !irc_is_here(s, msg->argv[2]))
		return;
	/* "-1", 0 or anything else means all. */
	if (msg->argc > 1 &&
	    (parse_number(msg->argv[1], UINT32_MAX, &max) == -1 || max == 0))
		max = UINT64_MAX;
	while ((nick = strsep(&rest, ",")) != NULL)
		if (count++ < IRC_TARGETS_MAX)
			whowas_nick(s, nick, max);
}

/* Tells s what the others in their rooms were told. */
static void
setname_echo(struct session *s)
{
	const struct member *m = s->member;
	struct event event = { .kind = EVENT_SYNC_SETNAME,
		.from = m,
		.author = m->id,
		.nick = m->nick,
		.text = m->realname,
		.text_len = strlen(m->realname),
		.time_ms = s->all->net->clock->wall_ms };

	if (irc_has(s, IRC_CAP_SETNAME))
		irc_event(s, &event);
}

void
irc_setname_run(struct session *s, struct irc_message *msg)
{
	struct member *m = s->member;
	char *realname = text_scrub_copy(msg->argv[0], SIZE_MAX);

	if (realname == NULL || strlen(realname) > MEMBER_REALNAME_MAX)
		irc_fail(s, "SETNAME", "INVALID_REALNAME", "",
		    "Realnames have 1 to %d bytes", MEMBER_REALNAME_MAX);
	else if (m->realname != NULL && strcmp(m->realname, realname) == 0)
		setname_echo(s); /* nothing has changed for the others */
	else if (!member_may_announce(m, ANNOUNCE_PERSON))
		irc_fail(s, "SETNAME", "CANNOT_CHANGE_REALNAME", "",
		    "Too many changes; try again later");
	else {
		member_set_realname(m, realname);
		setname_echo(s);
	}
	free(realname);
}

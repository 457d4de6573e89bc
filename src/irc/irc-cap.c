/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * CAP: which extensions a client wants (IRCv3 capability-negotiation).
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "irc/irc.h"
#include "net/sts.h"
#include "session/session.h"

/* What each capability gives is help for brbd-irc(7). Values are sent only
 * after CAP LS 302 or later. */
const struct irc_cap_entry irc_cap_table[] = {
	{ "account-notify", IRC_CAP_ACCOUNT_NOTIFY, NULL,
	    "who in your channels logs in to an account" },
	{ "account-tag", IRC_CAP_ACCOUNT_TAG, NULL,
	    "the account of who said something" },
	{ "away-notify", IRC_CAP_AWAY_NOTIFY, NULL,
	    "who in your channels goes away and comes back" },
	{ "batch", IRC_CAP_BATCH, NULL,
	    "lines that belong together are marked: history, labeled answers" },
	{ "cap-notify", IRC_CAP_CAP_NOTIFY, NULL,
	    "capabilities that come and go; none do" },
	{ "chghost", IRC_CAP_CHGHOST, NULL, "hosts that change; none do" },
	{ "draft/account-registration", IRC_CAP_ACCOUNT_REGISTRATION, NULL,
	    "REGISTER makes an account of your nick" },
	{ "draft/chathistory", IRC_CAP_CHATHISTORY, NULL,
	    "you ask for history yourself, and get none on JOIN" },
	{ "draft/event-playback", IRC_CAP_EVENT_PLAYBACK, NULL,
	    "topics in the history, too" },
	{ "draft/multiline", IRC_CAP_MULTILINE, NULL,
	    "several lines are one message, as a batch, both ways" },
	{ "draft/read-marker", IRC_CAP_READ_MARKER, NULL,
	    "how far you have read, kept for all your clients" },
	{ "echo-message", IRC_CAP_ECHO_MESSAGE, NULL,
	    "what you say comes back to you, as the others see it" },
	{ "extended-join", IRC_CAP_EXTENDED_JOIN, NULL,
	    "JOIN has the account, or *, and the real name" },
	{ "extended-monitor", IRC_CAP_EXTENDED_MONITOR, NULL,
	    "who you MONITOR goes away or changes the real name" },
	{ "invite-notify", IRC_CAP_INVITE_NOTIFY, NULL,
	    "who is invited to your channels" },
	{ "labeled-response", IRC_CAP_LABELED_RESPONSE, NULL,
	    "answers have the label of what they answer" },
	{ "message-tags", IRC_CAP_MESSAGE_TAGS, NULL,
	    "tags: msgid, bot, and what clients tell each other" },
	{ "multi-prefix", IRC_CAP_MULTI_PREFIX, NULL,
	    "all that somebody is, @+, and not just the highest" },
	{ "no-implicit-names", IRC_CAP_NO_IMPLICIT_NAMES, NULL,
	    "no list of who is there on JOIN" },
	{ "sasl", IRC_CAP_SASL, NULL,
	    "AUTHENTICATE logs in to an account; where nobody else can read it" },
	{ "server-time", IRC_CAP_SERVER_TIME, NULL,
	    "when something was said or done" },
	{ "setname", IRC_CAP_SETNAME, NULL,
	    "SETNAME changes your real name, and you see those of others" },
	{ "soju.im/search", IRC_CAP_SEARCH, NULL,
	    "SEARCH finds what was said" },
	{ "standard-replies", IRC_CAP_STANDARD_REPLIES, NULL,
	    "FAIL, WARN and NOTE are known to you" },
	{ "sts", IRC_CAP_STS, NULL,
	    "for clients to obey, not to ask for: come by TLS, at that port, and "
	    "for so many seconds do nothing else" },
	{ "userhost-in-names", IRC_CAP_USERHOST_IN_NAMES, NULL,
	    "NAMES has nick!user@host" },
	{ .name = NULL },
};

#define CAP_LIST_BYTES 350 /* of names in one line */

/* Lets s speak with these capabilities from now on. */
static void
cap_set(struct session *s, uint32_t caps)
{
	irc_of(s)->caps = caps;
	if (s->member != NULL)
		member_set_dialect(session_client(s), irc_dialect(caps));
}

static uint32_t
cap_find(const char *name)
{
	const struct irc_cap_entry *c;

	for (c = irc_cap_table; c->name != NULL; c++)
		if (strcmp(c->name, name) == 0)
			return (uint32_t)c->cap;
	return 0;
}

/* Nobody is asked for a password where others can read it. */
static uint32_t
cap_offered(const struct session *s)
{
	return session_is_private(s) ? UINT32_MAX :
				       UINT32_MAX &
		~(uint32_t)(IRC_CAP_SASL | IRC_CAP_ACCOUNT_REGISTRATION);
}

/*
 * Adds what it is told of coming by TLS (IRCv3 sts): the port if others can read
 * what is sent, the duration if not. Nothing on a Unix socket or from this
 * machine, whose name is in no certificate; nor to clients that know no values.
 */
static void
cap_add_sts(struct session *s, struct buf *names)
{
	const struct options *o = s->all->options;
	bool is_secure = conn_is_secure(s->conn);

	if ((!is_secure && session_is_private(s)) || !sts_is_safe(s->all->net))
		return;
	buf_addf(names, "%ssts=", names->len > 0 ? " " : "");
	if (!is_secure)
		buf_addf(names, "port=%llu", (unsigned long long)o->sts_port);
	else
		buf_addf(names, "duration=%llu%s",
		    (unsigned long long)(o->sts_duration / 1000),
		    o->sts_preload == STS_PRELOAD_YES ? ",preload" : "");
}

/* Sends ":server CAP nick LS [*] :names", in several lines if necessary: '*'
 * means that more follow, for clients that know it. */
static void
cap_send_list(struct session *s, const char *what, uint32_t caps,
    bool has_values)
{
	struct buf names = BUF_INITIALIZER;
	/* Older clients expect one line, and it must fit. */
	bool is_long = irc_of(s)->cap_version >= 302;
	const struct irc_cap_entry *c;

	for (c = irc_cap_table; c->name != NULL; c++) {
		if (c->cap == IRC_CAP_STS && has_values)
			cap_add_sts(s, &names);
		if (((uint32_t)c->cap & caps) == 0)
			continue;
		if (is_long && names.len > CAP_LIST_BYTES) {
			irc_line(s, "CAP %s %s * :%s", irc_nick(s), what,
			    buf_cstr(&names));
			buf_reset(&names);
		}
		buf_addf(&names, "%s%s", names.len > 0 ? " " : "", c->name);
		if (has_values && c->cap == IRC_CAP_SASL)
			buf_addf(&names, "=%s", irc_sasl_mechanisms(s));
		else if (has_values && c->cap == IRC_CAP_ACCOUNT_REGISTRATION)
			buf_addstr(&names,
			    irc_registers_early(s) ? "=before-connect" : "");
		else if (has_values && c->cap == IRC_CAP_MULTILINE)
			irc_multiline_add_limits(s, &names);
		else if (has_values && c->value != NULL)
			buf_addf(&names, "=%s", c->value);
	}
	irc_line(s, "CAP %s %s :%s", irc_nick(s), what, buf_cstr(&names));
	buf_fini(&names);
}

static void
cap_ls(struct session *s, const char *version)
{
	struct irc *irc = irc_of(s);
	unsigned long v = version == NULL ? 0 : strtoul(version, NULL, 10);

	if (v > irc->cap_version)
		irc->cap_version = v > 1000 ? 1000 : (unsigned)v;
	/* "cap-notify" is implied by 302. */
	if (irc->cap_version >= 302)
		irc->caps |= IRC_CAP_CAP_NOTIFY;
	if (!irc->is_registered)
		irc->is_negotiating = true;
	cap_send_list(s, "LS", cap_offered(s), irc->cap_version >= 302);
}

/* Enables or disables all of names, or nothing. */
static void
cap_request(struct session *s, char *names)
{
	struct irc *irc = irc_of(s);
	uint32_t caps = irc->caps, cap;
	char *asked, *name, *rest = names;
	bool is_good = true;

	if (!irc->is_registered)
		irc->is_negotiating = true;
	asked = xstrdup(names);
	while ((name = strsep(&rest, " ")) != NULL) {
		if (*name == '\0')
			continue;
		cap = cap_find(*name == '-' ? name + 1 : name);
		if ((cap & cap_offered(s)) == 0)
			is_good = false;
		else if (*name == '-')
			caps &= ~cap;
		else
			caps |= cap;
	}
	/* It cannot be disabled: capability-negotiation, "cap-notify". */
	if (irc->cap_version >= 302)
		caps |= IRC_CAP_CAP_NOTIFY;
	irc_line(s, "CAP %s %s :%s", irc_nick(s), is_good ? "ACK" : "NAK",
	    asked);
	if (is_good)
		cap_set(s, caps);
	free(asked);
}

void
irc_cap_run(struct session *s, struct irc_message *msg)
{
	struct irc *irc = irc_of(s);
	const char *what = msg->argv[0];

	if (strcasecmp(what, "LS") == 0)
		cap_ls(s, msg->argv[1]);
	else if (strcasecmp(what, "LIST") == 0)
		cap_send_list(s, "LIST", irc->caps, false);
	else if (strcasecmp(what, "REQ") == 0) {
		if (msg->argc < 2)
			irc_need_more_params(s, "CAP");
		else
			cap_request(s, msg->argv[1]);
	} else if (strcasecmp(what, "END") == 0) {
		irc->is_negotiating = false;
		irc_register_try(s);
	} else
		irc_about(s, 410, what, "Invalid CAP command");
}

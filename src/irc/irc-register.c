/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Registration (Modern, "Connection Setup"): NICK and USER in any order, and
 * CAP END if the client negotiates after CAP LS. Until all has come, the
 * session has no member; then it gets one under that nick, whose bookmarks are
 * theirs again if they were here before.
 */
#include "config.h"

#include <sys/socket.h>

#include <bsd/string.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/credential.h"
#include "base/log.h"
#include "base/nick.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/util.h"
#include "irc/irc.h"
#include "room/conversing.h"
#include "room/bans.h"
#include "room/clients.h"
#include "room/deliver.h"

/* 004 (RPL_MYINFO): modes of people, of rooms and in them, and which of these
 * take a parameter: MODES_CHANMODES and "ov". */
#define REGISTER_USER_MODES "BRiow"
#define REGISTER_ROOM_MODES "bCeIiklLmNnorstvw"
#define REGISTER_PARAM_MODES "beIklov"

/* Tells why a nick is not to be had. */
static void
register_explain_nick(struct session *s, enum nick result, const char *nick,
    const struct nick_answer *answer)
{
	char wait[CLOCK_DURATION_SIZE];
	char *text;

	switch (result) {
	case NICK_INVALID:
		irc_about(s, 432, nick, "%s", nick_check_str(nick_check(nick)));
		break;
	case NICK_BANNED:
		text = ban_sentence(answer->ban, s->all->net->clock);
		irc_about(s, 432, nick, "%s", text);
		free(text);
		break;
	case NICK_FORBIDDEN:
		irc_about_in(s, 435, nick, answer->room,
		    "You are banned there, and cannot change your nick while "
		    "you are there");
		break;
	case NICK_TAKEN:
		irc_about(s, 433, nick, "Nickname is already in use");
		break;
	case NICK_LOOKALIKE:
		irc_about(s, 433, nick, "Nickname looks like %s, who is here",
		    answer->clash->nick);
		break;
	case NICK_OWNED:
		if (strcasecmp(nick, answer->owner->nick) != 0)
			irc_about(s, 433, nick,
			    "Nickname looks like %s, which belongs to an "
			    "account",
			    answer->owner->nick);
		else
			irc_about(s, 433, nick,
			    "%s belongs to an account; if it is yours, log in "
			    "with SASL or PASS %s:PASSWORD",
			    answer->owner->nick, answer->owner->nick);
		break;
	case NICK_TOO_MANY:
		irc_about(s, 433, nick,
		    "You are here in %llu sessions already: take another nick, "
		    "and DEVICES end N %s ends one",
		    (unsigned long long)s->all->options->max_sessions, nick);
		break;
	case NICK_TOO_OFTEN:
		session_wait_str(s, ANNOUNCE_PERSON, wait);
		irc_about(s, 438, nick, "Too many changes; try again in %s",
		    wait);
		break;
	case NICK_CHANGED:
	case NICK_SAME:
		break;
	}
}

/* Before there is a member. */
static enum nick
register_check_nick(struct session *s, const char *nick,
    struct nick_answer *answer)
{
	struct credential identity = session_identity(s);

	return action_nick_check(s->all->chat, &identity, nick, answer);
}

/* May a nick that is somebody's be wanted? They may be about to log in, or
 * their connection does so when they register: no sooner, as their client would
 * be told 907 when it logs in itself. */
static bool
register_may_own(const struct session *s, const char *nick)
{
	const struct irc *irc = irc_of(s);

	return irc->is_negotiating || irc->password != NULL ||
	    session_may_log_in(s, nick);
}

static void
register_nick(struct session *s, const char *nick)
{
	struct irc *irc = irc_of(s);
	struct nick_answer answer;
	enum nick result;

	if (s->member != NULL) {
		result = action_nick(s->member, nick, &answer);
		if (result == NICK_OWNED &&
		    session_login_by_connection(s, nick))
			result = action_nick(s->member, nick, &answer);
		if (result == NICK_CHANGED) {
			client_follow(session_client(s));
			member_show_queued(s->member);
		}
	} else { /* before the registration it is only wanted */
		result = register_check_nick(s, nick, &answer);
		irc->nick_is_taken = result == NICK_TAKEN ||
		    result == NICK_LOOKALIKE || result == NICK_OWNED;
		if (result == NICK_CHANGED ||
		    (result == NICK_OWNED && register_may_own(s, nick))) {
			(void)strlcpy(irc->nick, nick, sizeof(irc->nick));
			irc_register_try(s);
			return;
		}
	}
	if (result != NICK_TAKEN || !session_probe(s, answer.clash, nick))
		register_explain_nick(s, result, nick, &answer);
}

void
irc_nick_run(struct session *s, struct irc_message *msg)
{
	if (msg->argc == 0 || *msg->argv[0] == '\0')
		irc_numeric(s, 431, ":No nickname given");
	else
		register_nick(s, msg->argv[0]);
}

void
irc_take_nick(struct session *s, const char *nick)
{
	irc_answer_begin(s, NULL);
	register_nick(s, nick);
	if (irc_of(s)->is_answering)
		irc_answer_end(s);
}

/* Keeps only characters that can stand in a mask. */
static char *
register_user_name(const char *name)
{
	char *user = xcalloc(1, MEMBER_USER_MAX + 1);
	size_t len = 0;

	for (; *name != '\0' && len < MEMBER_USER_MAX; name++)
		if (room_name_is_char(*name) || *name == '.')
			user[len++] = *name;
	if (len == 0)
		(void)strlcpy(user, "user", MEMBER_USER_MAX + 1);
	return user;
}

void
irc_user_run(struct session *s, struct irc_message *msg)
{
	struct irc *irc = irc_of(s);
	const char *name = msg->argv[3];

	if (irc->is_registered) {
		irc_numeric(s, 462, ":You may not reregister");
		return;
	}
	if (*msg->argv[0] == '\0' || *name == '\0') {
		irc_need_more_params(s, "USER");
		return;
	}
	free(irc->user);
	free(irc->realname);
	irc->user = register_user_name(msg->argv[0]);
	irc->realname = text_scrub_copy(name, MEMBER_REALNAME_MAX);
	if (irc->realname == NULL)
		irc->realname = xstrdup("");
	irc_register_try(s);
}

void
irc_forget_password(struct irc *irc)
{
	if (irc->password != NULL)
		explicit_bzero(irc->password, strlen(irc->password));
	free(irc->password);
	irc->password = NULL;
}

void
irc_pass_run(struct session *s, struct irc_message *msg)
{
	struct irc *irc = irc_of(s);

	if (irc->is_registered)
		irc_numeric(s, 462, ":You may not reregister");
	else {
		irc_forget_password(irc);
		irc->password = xstrdup(msg->argv[0]);
	}
}

/*
 * WEBIRC password gateway host address (IRCv3 "WEBIRC"): the host is not used,
 * as nobody's is shown. Whoever may not send it is another server's gateway,
 * whose users must not come in as it.
 */
void
irc_webirc_run(struct session *s, struct irc_message *msg)
{
	const struct admission *a = &s->all->admission;
	struct credential credential;

	if (irc_of(s)->is_registered) {
		irc_numeric(s, 462, ":You may not reregister");
		return;
	}
	if (!admit_is_gateway(a, &s->address, NULL))
		session_quit(s, "WEBIRC is not taken from your address", NULL);
	else if (!admit_is_gateway(a, &s->address, msg->argv[0]))
		session_quit(s, "WEBIRC with another password", NULL);
	else if (msg->argc < 4 ||
	    !credential_from_text(&credential, msg->argv[3]))
		session_quit(s, "WEBIRC without an address", NULL);
	else
		session_relayed(s, &credential);
}

static bool
register_has_password(const struct session *s)
{
	const char *wanted = s->all->options->irc_password;
	const char *given = irc_of(s)->password;

	/* Who has logged in has given a better one. */
	return *wanted == '\0' || session_account(s) != NULL ||
	    (given != NULL && text_is_same_secret(given, wanted));
}

static void
register_refuse(struct session *s)
{
	char from[CREDENTIAL_STR_SIZE];

	credential_str(&s->address, from);
	log_limited(&s->all->password_log, s->all->net->clock->mono_ms,
	    LOG_LEVEL_WARNING,
	    "IRC client without the right password: from=\"%s\"", from);
	irc_numeric(s, 464, ":Password incorrect");
	session_quit(s, "password incorrect", NULL);
}

static void
register_welcome(struct session *s)
{
	const struct member *m = s->member;
	const char *network = s->all->options->network;
	struct buf *out;

	out = irc_begin(s, NULL);
	buf_addf(out, "001 %s :Welcome to %s, ", m->nick, network);
	irc_add_mask(out, m);
	irc_end(s);
	irc_numeric(s, 2, ":Your host is %s, running version %s", irc_server(s),
	    PACKAGE_STRING);
	irc_numeric(s, 3,
	    ":This is the room that remembers what you missed; HELP BRB tells "
	    "how");
	irc_numeric(s, 4, "%s brbd-%s %s %s %s", irc_server(s), PACKAGE_VERSION,
	    REGISTER_USER_MODES, REGISTER_ROOM_MODES, REGISTER_PARAM_MODES);
	irc_send_isupport(s);
	irc_send_lusers(s);
	irc_send_motd(s);
}

void
irc_register_try(struct session *s)
{
	struct irc *irc = irc_of(s);
	struct nick_answer answer;
	enum nick result;
	struct member *m;

	if (irc->is_registered || irc->is_negotiating || irc->nick[0] == '\0' ||
	    irc->user == NULL)
		return;
	if (s->login != NULL || irc_pass_logs_in(s))
		return; /* again when they have logged in */
	if (!register_has_password(s)) {
		register_refuse(s);
		return;
	}
	irc_forget_password(irc);
	/* Somebody else may have taken it meanwhile, or it was banned. */
	result = register_check_nick(s, irc->nick, &answer);
	if (result == NICK_OWNED && session_login_by_connection(s, irc->nick))
		result = register_check_nick(s, irc->nick, &answer);
	if (result != NICK_CHANGED) {
		if (result != NICK_TAKEN ||
		    !session_probe(s, answer.clash, irc->nick))
			register_explain_nick(s, result, irc->nick, &answer);
		irc->nick[0] = '\0';
		return;
	}
	if (!session_enter(s, irc_dialect(irc->caps)))
		return;
	deadline_clear(s->all->net->deadlines, &irc->deadline);
	m = s->member;
	member_set_user(m, irc->user);
	member_set_realname(m, irc->realname);
	result = action_nick(m, irc->nick, &answer);
	if (result != NICK_CHANGED)
		register_explain_nick(s, result, irc->nick, &answer);
	m = s->member;
	irc->is_registered = true;
	free(irc->user);
	free(irc->realname);
	irc->user = irc->realname = NULL;
	register_welcome(s);
	/* Comes after the answer, unless a room will show it. */
	irc_answer_end(s);
	if (session_is_on_break(s))
		irc_send_on_break(s);
	client_follow(session_client(s));
	conversing_tell(session_client(s));
	member_show_queued(m);
}

void
irc_ping_run(struct session *s, struct irc_message *msg)
{
	struct membership *ms;
	struct buf *out;
	bool has_read_all;

	if (*msg->argv[0] == '\0') {
		irc_numeric(s, 409, ":No origin specified");
		return;
	}
	/* What was said before comes before the answer. */
	if (s->member != NULL)
		SLIST_FOREACH(ms, &s->member->memberships, in_member)
			deliver_flush(ms->room);
	has_read_all = conn_confirmed(s->conn) == conn_sent(s->conn);
	out = irc_begin(s, NULL);
	buf_addf(out, "PONG %s :%s", irc_server(s), msg->argv[0]);
	irc_end(s);
	if (irc_of(s)->is_answering)
		irc_answer_end(s);
	/* Nobody misses that, so it is nothing to be asked for. */
	if (has_read_all)
		conn_confirm(s->conn, conn_sent(s->conn));
}

/*
 * Asks whether all that was sent has been read: the token is how much that is,
 * with this line.
 */
void
irc_ask(struct session *s)
{
	char line[64] = "";
	int len, before;

	if (!irc_of(s)->is_registered)
		return;
	/* The number may have a digit more than without the line. */
	len = 0;
	do {
		before = len;
		len = snprintf(line, sizeof(line), "PING :%llu\r\n",
		    (unsigned long long)conn_sent_after(s->conn, line,
			(size_t)before));
	} while (len != before);
	conn_reply(s->conn, line, (size_t)len);
}

void
irc_pong_run(struct session *s, struct irc_message *msg)
{
	uint64_t token;

	/* Some put the server's name before it. */
	if (msg->argc > 0 &&
	    parse_number(msg->argv[msg->argc - 1], UINT64_MAX, &token) == 0)
		session_confirmed(s, token);
}

void
irc_quit_run(struct session *s, struct irc_message *msg)
{
	char *why = msg->argc == 0 ?
	    NULL :
	    text_scrub_copy(msg->argv[0], BREAK_TEXT_MAX);

	session_vouch(s);
	session_quit(s, why == NULL ? "bye" : why, why);
	free(why);
}

/* Ignores ERROR, which only servers send. */
void
irc_error_run(struct session *s, struct irc_message *msg)
{
	(void)s;
	(void)msg;
}

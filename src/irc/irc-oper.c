/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Operators of the server: OPER, KILL, WALLOPS (Modern, "Operator Messages").
 * They may do little: brbctl(8) is the way to run the server.
 *
 * The password is checked elsewhere (verify.h), and the client is answered when
 * that is done; its further input waits until then, as answers come in order. A
 * refusal does not tell what was wrong. An upgrade ends a check: the next
 * program asks the client to try again.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/credential.h"
#include "base/fields.h"
#include "base/log.h"
#include "base/text.h"
#include "irc/irc.h"
#include "net/conn.h"
#include "net/verify.h"
#include "room/client.h"
#include "room/deliver.h"
#include "room/directory.h"
#include "room/opers.h"

/* A check in progress: irc->oper. */
struct irc_oper {
	struct session *session;
	struct verify *verify; /* NULL: it was the previous program's */
	bool is_real;
	char name[NICK_SIZE];
	char label[IRC_LABEL_MAX + 1];
};

/* OPER */

void
irc_oper_cancel(struct session *s)
{
	struct irc_oper *oper = irc_of(s)->oper;

	if (oper == NULL)
		return;
	verify_cancel(oper->verify);
	free(oper);
	irc_of(s)->oper = NULL;
}

static void
oper_made(struct session *s, const struct irc_oper *oper)
{
	char from[CREDENTIAL_STR_SIZE];

	credential_str(&s->address, from);
	log_info("operator of the server: nick=%s name=%s from=\"%s\"",
	    s->member->nick, oper->name, from);
	irc_set_user_modes(s, s->member->flags | MEMBER_OPER);
	irc_numeric(s, 381, ":You are now an IRC operator");
}

static void
oper_refused(struct session *s)
{
	char from[CREDENTIAL_STR_SIZE];

	credential_str(&s->address, from);
	log_limited(&s->all->oper_log, s->all->net->clock->mono_ms,
	    LOG_LEVEL_WARNING,
	    "OPER with a wrong name or password: nick=%s "
	    "from=\"%s\"",
	    s->member->nick, from);
	irc_numeric(s, 464, ":Password incorrect");
}

/* Sends 263 RPL_TRYAGAIN. */
static void
oper_try_again(struct session *s)
{
	irc_numeric(s, 263,
	    "OPER :The password cannot be checked now; please try again");
}

static void
oper_verified(enum verify_result result, void *arg)
{
	struct irc_oper *oper = arg;
	struct session *s = oper->session;

	irc_of(s)->oper = NULL;
	session_release(s);
	if (s->member != NULL) { /* otherwise they have left meanwhile */
		irc_answer_resume(s, oper->label);
		switch (result) {
		case VERIFY_YES:
			if (oper->is_real)
				oper_made(s, oper);
			else
				oper_refused(s);
			break;
		case VERIFY_NO:
			oper_refused(s);
			break;
		case VERIFY_FAILED:
			oper_try_again(s);
			break;
		}
		irc_answer_end(s);
	}
	free(oper);
}

static void
oper_verify(struct session *s, const struct oper *found, const char *password)
{
	struct irc *irc = irc_of(s);
	struct irc_oper *oper = xcalloc(1, sizeof(*oper));

	oper->session = s;
	oper->is_real = found->is_real;
	(void)strlcpy(oper->name, found->name, sizeof(oper->name));
	oper->verify = verify_start(s->all->verify, found->hash, password,
	    oper_verified, oper);
	if (oper->verify == NULL) {
		free(oper);
		oper_try_again(s);
		return;
	}
	/* The answer comes later, with this label. */
	memcpy(oper->label, irc->label, sizeof(oper->label));
	irc->label[0] = '\0';
	irc->oper = oper;
	session_hold(s);
}

void
irc_oper_put(struct fields_out *out, const struct field *f, const void *base)
{
	const struct irc *irc = base;
	const struct irc_oper *oper = irc->oper;

	if (oper != NULL)
		tlv_put_str(&out->data, f->tag, oper->label);
}

bool
irc_oper_get(struct fields_in *in, const struct field *f, void *base,
    const struct tlv *item)
{
	struct session *s = in->arg;
	struct irc *irc = base;
	struct irc_oper *oper;

	(void)f;
	if (irc->oper != NULL)
		return false;
	irc->oper = oper = xcalloc(1, sizeof(*oper));
	oper->session = s;
	if (!tlv_get_str(item, oper->label, sizeof(oper->label)))
		return false;
	session_hold(s);
	/* From the loop, as nothing can be sent while sessions are loaded. */
	deadline_set(s->all->net->deadlines, &irc->deadline,
	    s->all->net->clock->mono_ms);
	return true;
}

void
irc_oper_lost(struct session *s)
{
	struct irc_oper *oper = irc_of(s)->oper;

	if (oper != NULL)
		oper_verified(VERIFY_FAILED, oper);
}

void
irc_oper_run(struct session *s, struct irc_message *msg)
{
	struct oper found;

	if (s->all->verify == NULL)
		oper_try_again(s);
	else if (!opers_find(&found, &s->all->options->oper, msg->argv[0],
		     &s->address))
		irc_numeric(s, 491, ":No O-lines for your host");
	else
		oper_verify(s, &found, msg->argv[1]);
	explicit_bzero(msg->argv[1], strlen(msg->argv[1]));
}

/* KILL and WALLOPS */

/* The victim sees the KILL and an ERROR, the others why they left. */
static void
oper_kill(struct session *s, struct member *m, const char *why)
{
	struct session *target = m->is_lost ? NULL : irc_session_of(m);
	char *text = xasprintf("Killed (%s (%s))", s->member->nick, why);
	struct buf *out;

	log_info("killed: nick=%s by=%s reason=\"%s\"", m->nick,
	    s->member->nick, why);
	if (target != NULL) {
		out = irc_begin(target, s->member);
		buf_addf(out, "KILL %s :%s", m->nick, why);
		irc_end(target);
	}
	if (target != NULL && !client_has_others(session_client(target)))
		session_quit(target, text, text);
	else
		action_put_out(m, text, text);
	free(text);
}

void
irc_kill_run(struct session *s, struct irc_message *msg)
{
	struct member *m;
	char *why;

	m = directory_find(&s->all->chat->directory, msg->argv[0]);
	if (m == NULL) {
		irc_no_such_nick(s, msg->argv[0]);
		return;
	}
	why = text_scrub_copy(msg->argv[1], IRC_TEXT_MAX);
	oper_kill(s, m, why == NULL ? "no reason given" : why);
	free(why);
}

/* Tells IRC clients that listen (+w), and read what they are sent; for
 * announcements to everybody there is "brbctl say". */
void
irc_wallops_run(struct session *s, struct irc_message *msg)
{
	struct session *other;
	struct buf line = BUF_INITIALIZER;
	char *text;

	text = text_scrub_copy(msg->argv[0], IRC_TEXT_MAX);
	if (text == NULL) {
		irc_need_more_params(s, "WALLOPS");
		return;
	}
	/* What was said before comes before it. */
	deliver_all(s->all->chat);
	buf_addch(&line, ':');
	irc_add_mask(&line, s->member);
	buf_addf(&line, " WALLOPS :%s\r\n", text);
	TAILQ_FOREACH(other, &s->all->list, entry)
		if (other->member != NULL && other->protocol == s->protocol &&
		    (other->member->flags & MEMBER_WALLOPS) != 0)
			(void)!conn_send(other->conn, line.data, line.len);
	buf_fini(&line);
	free(text);
}

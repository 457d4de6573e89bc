/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Who one is: by a key of ssh, by an account, or by a nick; and whether one is on
 * break.
 *
 * A nick may still be held by one's own earlier connection, which is about to
 * end or to be found dead: it is asked for some times more.
 */
#include "config.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "brb/talk-impl.h"

#define TALK_NICK_TRIES 3
static const int talk_nick_again_ms[] = { 700, 2000, 20000 };

/* What the server says of a request that has failed. */
static void
talk_note_failed(struct talk *t, struct talk_room *room, json_t *answer)
{
	talk_note(t, TALK_ERROR, room, "%s", talk_text(answer, "text"));
}

bool
talk_is_guest(const char *nick)
{
	size_t len = strlen(nick);

	return strncmp(nick, "guest", 5) == 0 && len > 5 &&
	    strspn(nick + 5, "0123456789") == len - 5;
}

const char *
talk_my_nick(const struct talk *t)
{
	return t->nick;
}

static void
talk_set_nick(struct talk *t, const char *nick)
{
	if (nick_is_wellformed(nick) && strlen(nick) <= NICK_MAX)
		memcpy(t->nick, nick, strlen(nick) + 1);
	t->handler->changed(t->arg);
}

/* "all" is of all sessions that one has, as the server's own /brb has it. */
static json_t *
talk_brb_request(const char *text)
{
	if (*text == '\0')
		return json_pack("{s:b}", "brb", 1);
	if (strcmp(text, "all") == 0)
		return json_pack("{s:b,s:b}", "brb", 1, "all", 1);
	return json_pack("{s:s}", "brb", text);
}

static void
talk_settle(struct talk *t)
{
	if (t->is_settled)
		return;
	t->is_settled = true;
	/* Who was on break is so still: nothing is shown before they are back. */
	if (t->break_text != NULL)
		talk_ask(t, talk_brb_request(t->break_text), NULL, NULL);
	talk_rejoin_all(t);
	talk_send_unsaid(t);
	t->handler->settled(t->arg);
	t->handler->changed(t->arg);
}

static void talk_take_nick(struct talk *t);

static void
talk_nick_cb(evutil_socket_t fd, short what, void *arg)
{
	struct talk *t = arg;

	(void)fd;
	(void)what;
	if (t->is_greeted && t->wanted[0] != '\0' && talk_is_guest(t->nick))
		talk_take_nick(t);
}

/* It may be one's own earlier connection that has it: asks again later. False:
 * one may go on without, for now. */
static bool
talk_nick_later(struct talk *t)
{
	int ms = talk_nick_again_ms[t->nick_tries < TALK_NICK_TRIES ?
		t->nick_tries :
		TALK_NICK_TRIES - 1];
	struct timeval tv = { .tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000 };

	(void)event_add(t->nick_timer, &tv);
	return ++t->nick_tries < TALK_NICK_TRIES;
}

/* One cannot be that, and does nothing as somebody else. */
static void
talk_give_up_as(struct talk *t, const char *name, const json_t *answer,
    const char *what_to_do)
{
	char *why = xasprintf("you cannot be %s: %s; %s", name,
	    talk_text(answer, "text"), what_to_do);

	t->is_quitting = true;
	t->handler->down(t->arg, why, -1);
	free(why);
}

static void
talk_nick_answer(void *arg, json_t *answer, bool ok)
{
	struct talk *t = arg;
	bool is_asked = t->asks_nick;

	t->asks_nick = false;
	if (answer == NULL)
		return;
	if (ok) {
		talk_set_nick(t, talk_text(answer, "nick"));
		talk_unsaid_renamed(t);
		talk_settle(t);
		talk_send_unsaid(t);
		return;
	}
	if (strcmp(talk_text(answer, "error"), "nick-taken") == 0 &&
	    t->options->attends && talk_nick_later(t))
		return;
	if (t->is_settled && is_asked) {
		talk_note_failed(t, NULL, answer);
		/* Nor the next time. */
		if (!talk_is_guest(t->nick))
			(void)snprintf(t->wanted, sizeof(t->wanted), "%s",
			    t->nick);
	}
	if (t->is_settled)
		return;
	if (t->options->must_have_nick) {
		talk_give_up_as(t, t->wanted, answer, "--nick gives another");
		return;
	}
	/* Who only reads need not be anybody. */
	if (t->options->attends)
		talk_note(t, TALK_ERROR, NULL, "you are %s, and not %s: %s",
		    t->nick, t->wanted, talk_text(answer, "text"));
	talk_settle(t);
}

static void
talk_take_nick(struct talk *t)
{
	json_t *o = json_pack("{s:s}", "nick", t->wanted);

	if (!t->options->attends)
		(void)json_object_set_new(o, "attend", json_false());
	talk_ask(t, o, talk_nick_answer, t);
}

static void
talk_set_login(struct talk *t, const char *name, const char *secret)
{
	char *old = t->login_secret;

	free(t->login_name);
	t->login_name = name == NULL ? NULL : xstrdup(name);
	t->login_secret = secret == NULL ? NULL : xstrdup(secret);
	t->is_password = false;
	if (old != NULL)
		explicit_bzero(old, strlen(old));
	free(old);
}

/* The server has given a token, which the password is not needed any more for:
 * it is not kept. */
static void
talk_take_token(struct talk *t, const json_t *answer)
{
	const char *name = talk_text(answer, "account");
	const char *token = talk_text(answer, "token");

	if (!nick_is_wellformed(name) || strlen(name) > NICK_MAX ||
	    *token == '\0' || strlen(token) > TALK_TOKEN_MAX ||
	    strchr(token, ' ') != NULL)
		return;
	talk_set_login(t, name, token);
	t->handler->token(t->arg, t->login_name, t->login_secret);
}

static void
talk_login_answer(void *arg, json_t *answer, bool ok)
{
	struct talk *t = arg;

	if (answer == NULL)
		return;
	if (ok) {
		talk_set_nick(t, talk_text(answer, "nick"));
		(void)snprintf(t->wanted, sizeof(t->wanted), "%s", t->nick);
		talk_unsaid_renamed(t);
		talk_take_token(t, answer);
	} else if (t->options->must_have_nick) {
		talk_give_up_as(t, t->login_name, answer,
		    "/login in brb has another token kept");
		return;
	} else {
		talk_note(t, TALK_ERROR, NULL,
		    "you are not logged in to %s: %s%s", t->login_name,
		    talk_text(answer, "text"),
		    t->options->attends ? "; /login asks for the password" :
					  "");
		/* It will not be right at the next connection. */
		if (strcmp(talk_text(answer, "error"), "wrong-password") == 0)
			talk_set_login(t, NULL, NULL);
	}
	talk_settle(t);
	talk_send_unsaid(t);
}

/* For a password a token is asked, to come back with. */
static void
talk_send_login(struct talk *t)
{
	json_t *o = json_pack("{s:s,s:s}", "login", t->login_name, "password",
	    t->login_secret);

	if (t->is_password)
		(void)json_object_set_new(o, "token", json_true());
	talk_ask(t, o, talk_login_answer, t);
}

static void
talk_register_answer(void *arg, json_t *answer, bool ok)
{
	struct talk *t = arg;

	if (answer == NULL)
		talk_note(t, TALK_ERROR, NULL,
		    "the connection was lost: it is not known whether there is "
		    "an account now; /login %s tells",
		    t->nick);
	else if (!ok)
		talk_note_failed(t, NULL, answer);
	else {
		talk_take_token(t, answer);
		talk_note(t, TALK_NOTE, NULL,
		    "%s is yours now; /login %s lets you in anywhere", t->nick,
		    t->nick);
	}
}

void
talk_register(struct talk *t, const char *password)
{
	talk_ask(t, json_pack("{s:s,s:b}", "register", password, "token", 1),
	    talk_register_answer, t);
}

/* Says who one is, as far as the connection does not. */
static void
talk_identify(struct talk *t)
{
	talk_ask(t, json_pack("{s:s}", "client", t->options->client), NULL,
	    NULL);
	if (t->login_name != NULL)
		talk_send_login(t);
	else if (t->wanted[0] != '\0')
		talk_take_nick(t);
	else
		talk_settle(t);
}

/* A key that is believed says who one is, and the Unix user's name does not any
 * more: it is everybody's who comes so. */
static void
talk_ssh_answer(void *arg, json_t *answer, bool ok)
{
	struct talk *t = arg;
	const char *account = talk_text(answer, "account");

	if (answer == NULL)
		return;
	if (!ok && t->options->needs_ssh_key) {
		talk_give_up_as(t, "known by your key of ssh", answer,
		    "ExposeAuthInfo no in sshd_config(5) has all who come so "
		    "be that user");
		return;
	}
	if (ok) {
		talk_set_nick(t, talk_text(answer, "nick"));
		if (t->options->nick_is_user &&
		    strcmp(t->wanted, t->options->nick) == 0)
			t->wanted[0] = '\0';
		if (t->wanted[0] == '\0' && nick_is_wellformed(account) &&
		    strlen(account) <= NICK_MAX)
			memcpy(t->wanted, account, strlen(account) + 1);
	}
	talk_identify(t);
}

void
talk_greeted(struct talk *t, const json_t *o)
{
	if (t->is_greeted)
		return;
	t->is_greeted = true;
	t->nick_tries = 0;
	talk_set_nick(t, talk_text(o, "nick"));
	if (room_name_check(talk_text(o, "lobby")) == NICK_OK)
		nick_fold(t->lobby, talk_text(o, "lobby"));
	t->max_text = talk_number(o, "max_text");
	t->max_lines = talk_number(o, "max_lines");
	if (t->options->ssh_key != NULL)
		talk_ask(t, json_pack("{s:s}", "ssh", t->options->ssh_key),
		    talk_ssh_answer, t);
	else
		talk_identify(t);
}

void
talk_nick(struct talk *t, const char *nick)
{
	(void)snprintf(t->wanted, sizeof(t->wanted), "%s", nick);
	t->nick_tries = TALK_NICK_TRIES;
	t->asks_nick = true;
	talk_take_nick(t);
}

void
talk_login(struct talk *t, const char *name, const char *password)
{
	if (t->login_name != NULL && !t->is_password) {
		talk_note(t, TALK_ERROR, NULL,
		    "you are logged in to %s already", t->login_name);
		return;
	}
	talk_set_login(t, name, password);
	t->is_password = true;
	if (t->is_greeted)
		talk_send_login(t);
}

/* Breaks */

bool
talk_is_on_break(const struct talk *t)
{
	return t->break_text != NULL;
}

void
talk_set_break(struct talk *t, const char *text)
{
	char *old = t->break_text;

	t->break_text = text == NULL ? NULL : xstrdup(text);
	free(old);
}

static void
talk_brb_answer(void *arg, json_t *answer, bool ok)
{
	struct talk *t = arg;
	uint64_t others;

	if (answer == NULL)
		return;
	others = talk_number(answer, "others");
	if (!ok) {
		talk_set_break(t, NULL);
		talk_note_failed(t, NULL, answer);
	} else if (others > 0)
		talk_note(t, TALK_NOTE, NULL,
		    "you are still here in %llu other%s; /brb all",
		    (unsigned long long)others, others == 1 ? "" : "s");
	t->handler->changed(t->arg);
}

void
talk_brb(struct talk *t, const char *text)
{
	talk_set_break(t, text);
	if (t->is_settled)
		talk_ask(t, talk_brb_request(text), talk_brb_answer, t);
	t->handler->changed(t->arg);
}

void
talk_back(struct talk *t, bool is_all)
{
	talk_set_break(t, NULL);
	if (t->is_settled)
		talk_ask(t,
		    is_all ? json_pack("{s:b,s:b}", "back", 1, "all", 1) :
			     json_pack("{s:b}", "back", 1),
		    NULL, NULL);
	talk_send_unsaid(t);
	t->handler->changed(t->arg);
}

void
talk_quit(struct talk *t, const char *text)
{
	t->is_quitting = true;
	talk_ask(t,
	    *text == '\0' ? json_pack("{s:b}", "quit", 1) :
			    json_pack("{s:s}", "quit", text),
	    NULL, NULL);
}

/* Begin and end */

void
talk_who_init(struct talk *t, struct event_base *base)
{
	const struct talk_options *options = t->options;

	(void)snprintf(t->nick, sizeof(t->nick), "guest0"); /* one of them */
	if (options->nick != NULL)
		(void)snprintf(t->wanted, sizeof(t->wanted), "%s",
		    options->nick);
	if (options->account != NULL)
		talk_set_login(t, options->account, options->token);
	t->nick_timer = event_new(base, -1, 0, talk_nick_cb, t);
	if (t->nick_timer == NULL)
		abort();
}

void
talk_who_fini(struct talk *t)
{
	event_free(t->nick_timer);
	talk_set_login(t, NULL, NULL);
	free(t->break_text);
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The client's end of the protocol: requests and their answers, and who one is.
 *
 * Answers come in the order of the requests, and carry their "ref"; so the
 * oldest request that waits is the one that is answered, and an answer with
 * another ref is none of ours.
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

#include <bsd/stdlib.h>

#include "base/buf.h"
#include "base/text.h"
#include "brb/talk-impl.h"

#define TALK_NICK_TRIES 3
static const int talk_nick_again_ms[] = { 700, 2000, 20000 };

/* What an object says */

const char *
talk_text(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text == NULL ? "" : text;
}

uint64_t
talk_number(const json_t *o, const char *name)
{
	const json_t *value = json_object_get(o, name);
	uint64_t n;

	if (json_is_integer(value) && json_integer_value(value) >= 0)
		return (uint64_t)json_integer_value(value);
	if (json_is_string(value) &&
	    parse_number(json_string_value(value), UINT64_MAX, &n) == 0)
		return n;
	return 0;
}

/* Is there nothing to scrub? So it is with most, which come by the thousands. */
static bool
talk_is_plain(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (s[i] < 0x20 || s[i] > 0x7e)
			return false;
	return true;
}

void
talk_scrub(json_t *o)
{
	json_t *value;
	size_t i, len;
	void *at;
	char *clean;

	if (json_is_string(o)) {
		len = json_string_length(o);
		if (talk_is_plain(json_string_value(o), len))
			return;
		clean = xmalloc(len * TEXT_SCRUB_GROWTH + 1);
		clean[text_scrub(clean, json_string_value(o), len)] = '\0';
		(void)json_string_set(o, clean);
		free(clean);
	} else if (json_is_array(o)) {
		TALK_EACH(o, i, value)
			talk_scrub(value);
	} else if (json_is_object(o)) {
		for (at = json_object_iter(o); at != NULL;
		     at = json_object_iter_next(o, at))
			talk_scrub(json_object_iter_value(at));
	}
}

void
talk_random(char out[TALK_SECRET_SIZE])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char bytes[(TALK_SECRET_SIZE - 1) / 2];
	size_t i;

	arc4random_buf(bytes, sizeof(bytes));
	for (i = 0; i < sizeof(bytes); i++) {
		out[2 * i] = hex[bytes[i] >> 4];
		out[2 * i + 1] = hex[bytes[i] & 15];
	}
	out[2 * i] = '\0';
}

bool
talk_is_guest(const char *nick)
{
	size_t len = strlen(nick);

	return strncmp(nick, "guest", 5) == 0 && len > 5 &&
	    strspn(nick + 5, "0123456789") == len - 5;
}

void
talk_note(struct talk *t, enum talk_note what, struct talk_room *room,
    const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	t->handler->note(t->arg, what, room, text);
	free(text);
}

/* What the server says of a request that has failed. */
static void
talk_note_failed(struct talk *t, struct talk_room *room, json_t *answer)
{
	talk_note(t, TALK_ERROR, room, "%s", talk_text(answer, "text"));
}

/* Requests */

void
talk_ask(struct talk *t, json_t *request, talk_answer_fn *fn, void *arg)
{
	struct pending *p;
	char ref[24], *line;
	size_t len;

	if (request == NULL || !link_is_up(t->link)) {
		/* JSON is UTF-8; who types sees to that. */
		if (request == NULL)
			talk_note(t, TALK_ERROR, NULL,
			    "that is not UTF-8, and was not sent");
		json_decref(request);
		if (fn != NULL)
			fn(arg, NULL, false);
		return;
	}
	p = xcalloc(1, sizeof(*p));
	p->ref = ++t->ref;
	p->fn = fn;
	p->arg = arg;
	(void)snprintf(ref, sizeof(ref), "%llu", (unsigned long long)p->ref);
	TAILQ_INSERT_TAIL(&t->pending, p, entry);
	(void)json_object_set_new(request, "ref", json_string(ref));
	line = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	if (line == NULL)
		abort();
	len = strlen(line);
	line[len] = '\n'; /* instead of the end */
	link_send(t->link, line, len + 1);
	free(line);
}

/* Sends what is answered by nothing. */
static void
talk_tell(struct talk *t, const char *name, const char *value)
{
	json_t *o = json_pack("{s:s}", name, value);
	char *line = json_dumps(o, JSON_COMPACT), *whole;

	json_decref(o);
	whole = xasprintf("%s\n", line);
	link_send(t->link, whole, strlen(whole));
	free(whole);
	free(line);
}

static void
talk_answered(struct talk *t, json_t *o)
{
	struct pending *p = TAILQ_FIRST(&t->pending);
	talk_answer_fn *fn;
	void *arg;

	if (p == NULL || talk_number(o, "ref") != p->ref)
		return;
	talk_scrub(o);
	fn = p->fn;
	arg = p->arg;
	TAILQ_REMOVE(&t->pending, p, entry);
	free(p);
	if (fn != NULL)
		fn(arg, o, json_object_get(o, "done") != NULL);
}

void
talk_ignore_answers(struct talk *t, const void *arg)
{
	struct pending *p;

	TAILQ_FOREACH(p, &t->pending, entry)
		if (p->arg == arg)
			p->fn = NULL;
}

static void
talk_drop_pending(struct talk *t)
{
	struct pending *p;
	talk_answer_fn *fn;
	void *arg;

	while ((p = TAILQ_FIRST(&t->pending)) != NULL) {
		fn = p->fn;
		arg = p->arg;
		TAILQ_REMOVE(&t->pending, p, entry);
		free(p);
		if (fn != NULL)
			fn(arg, NULL, false);
	}
}

/* Who one is */

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

static void
talk_greeted(struct talk *t, const json_t *o)
{
	if (t->is_greeted)
		return;
	t->is_greeted = true;
	t->nick_tries = 0;
	talk_set_nick(t, talk_text(o, "nick"));
	if (room_name_check(talk_text(o, "lobby")) == NICK_OK)
		nick_fold(t->lobby, talk_text(o, "lobby"));
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

/* The link */

static void
talk_up(void *arg)
{
	struct talk *t = arg;

	t->is_greeted = t->is_settled = false;
	/* It is the first that says that we speak JSON; and who is silent when
	 * asked is gone. */
	talk_tell(t, "ack", "0");
}

static void
talk_line(void *arg, char *line, size_t len)
{
	struct talk *t = arg;
	const char *name;
	json_t *o;

	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (len == 0)
		return;
	o = json_loadb(line, len, 0, NULL);
	if (!json_is_object(o)) {
		json_decref(o);
		link_fail(t->link,
		    "what answers there is no brbd that speaks JSON");
		return;
	}
	name = json_string_value(json_object_get(o, "event"));
	if (name == NULL)
		talk_answered(t, o);
	else if (strcmp(name, "hello") == 0)
		talk_greeted(t, o);
	else if (strcmp(name, "ask") == 0)
		talk_tell(t, "ack", talk_text(o, "token"));
	else
		talk_take_event(t, name, o);
	json_decref(o);
}

static void
talk_down(void *arg, const char *why, int64_t wait_ms)
{
	struct talk *t = arg;

	t->is_greeted = t->is_settled = false;
	(void)event_del(t->nick_timer);
	talk_drop_pending(t);
	talk_connection_lost(t);
	t->handler->down(t->arg, why, wait_ms);
	t->handler->changed(t->arg);
}

static void
talk_notice(void *arg, const char *text)
{
	struct talk *t = arg;

	talk_note(t, TALK_NOTE, NULL, "%s", text);
}

static void
talk_probe(void *arg)
{
	struct talk *t = arg;

	talk_ask(t, json_pack("{s:s}", "ping", "there?"), NULL, NULL);
}

static const struct link_handler talk_link_handler = {
	.up = talk_up,
	.line = talk_line,
	.down = talk_down,
	.notice = talk_notice,
	.probe = talk_probe,
};

struct talk *
talk_new(struct event_base *base, const struct address *address,
    const struct talk_options *options, const struct talk_handler *handler,
    void *arg)
{
	struct talk *t = xcalloc(1, sizeof(*t));

	t->options = options;
	t->handler = handler;
	t->arg = arg;
	TAILQ_INIT(&t->pending);
	TAILQ_INIT(&t->rooms);
	TAILQ_INIT(&t->unsaid);
	talk_random(t->run);
	(void)snprintf(t->lobby, sizeof(t->lobby), "lobby");
	(void)snprintf(t->nick, sizeof(t->nick), "guest0"); /* one of them */
	if (options->nick != NULL)
		(void)snprintf(t->wanted, sizeof(t->wanted), "%s",
		    options->nick);
	if (options->account != NULL)
		talk_set_login(t, options->account, options->token);
	t->nick_timer = event_new(base, -1, 0, talk_nick_cb, t);
	if (t->nick_timer == NULL)
		abort();
	t->link = link_new(base, address, &talk_link_handler, t);
	return t;
}

void
talk_free(struct talk *t)
{
	struct pending *p;

	if (t == NULL)
		return;
	link_free(t->link);
	event_free(t->nick_timer);
	while ((p = TAILQ_FIRST(&t->pending)) != NULL) {
		TAILQ_REMOVE(&t->pending, p, entry);
		free(p);
	}
	talk_free_unsaid(t);
	talk_free_rooms(t);
	talk_set_login(t, NULL, NULL);
	free(t->break_text);
	free(t);
}

void
talk_start(struct talk *t)
{
	link_start(t->link);
}

struct link *
talk_link(struct talk *t)
{
	return t->link;
}

const char *
talk_my_nick(const struct talk *t)
{
	return t->nick;
}

const char *
talk_lobby(const struct talk *t)
{
	return t->lobby;
}

bool
talk_is_settled(const struct talk *t)
{
	return t->is_settled;
}

bool
talk_is_on_break(const struct talk *t)
{
	return t->break_text != NULL;
}

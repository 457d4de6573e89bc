/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The statements of a dialog about people: how they connect, what they type
 * and what they see.
 */
#include "config.h"

#include <sys/un.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialog-pattern.h"
#include "dialog-people-impl.h"
#include "dialog-script.h"
#include "tls-client.h"

/* A statement about one person: text is what comes after the word or sign. */
struct people_act {
	const char *word;
	void (*run)(struct script *s, struct actor *p, const char *text);
};

static void
people_need_connection(struct script *s, struct actor *p)
{
	if (p->fd == -1)
		stage_fail(&s->stage, p, "%s is not connected", p->name);
}

/* Where and how somebody connects. */
struct people_call {
	struct sockaddr_storage to, from;
	socklen_t to_len, from_len; /* from_len 0: from anywhere */
	bool is_slow;
	bool is_tls;
	enum tls_client_kind kind;
	const char *ws; /* the protocol of a WebSocket; NULL: none */
};

static void
people_call_unix(struct script *s, struct people_call *call)
{
	struct sockaddr_un *sun = (struct sockaddr_un *)&call->to;
	const char *path = s->stage.daemon.unix_path;

	if (path == NULL || strlen(path) >= sizeof(sun->sun_path))
		stage_fail(&s->stage, NULL, "no Unix socket to connect to");
	sun->sun_family = AF_UNIX;
	memcpy(sun->sun_path, path, strlen(path) + 1);
	call->to_len = sizeof(*sun);
}

/* A Unix socket of the dialog's directory. */
static void
people_call_at(struct script *s, struct people_call *call, const char *name)
{
	struct sockaddr_un *sun = (struct sockaddr_un *)&call->to;

	if (name == NULL ||
	    (size_t)snprintf(sun->sun_path, sizeof(sun->sun_path), "%s/%s",
		s->stage.dir, name) >= sizeof(sun->sun_path))
		stage_fail(&s->stage, NULL, "at takes the name of a socket");
	sun->sun_family = AF_UNIX;
	call->to_len = sizeof(*sun);
}

static void
people_call_ipv6(struct script *s, struct people_call *call)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)&call->to;

	sin6->sin6_family = AF_INET6;
	sin6->sin6_addr = in6addr_loopback;
	sin6->sin6_port = htons((uint16_t)s->stage.daemon.port_ipv6);
	call->to_len = sizeof(*sin6);
}

static void
people_call_ipv4(struct script *s, struct people_call *call)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)&call->to;

	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin->sin_port = htons((uint16_t)s->stage.daemon.port_ipv4);
	call->to_len = sizeof(*sin);
}

static void
people_call_from(struct script *s, struct people_call *call, const char *name)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)&call->from;

	if (name == NULL || inet_pton(AF_INET, name, &sin->sin_addr) != 1)
		stage_fail(&s->stage, NULL, "from takes an IPv4 address");
	sin->sin_family = AF_INET;
	call->from_len = sizeof(*sin);
}

/* The port where IRC is spoken, unless that is on the one port as well. */
static void
people_call_irc(struct script *s, struct people_call *call)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)&call->to;

	people_call_ipv4(s, call);
	if (s->stage.daemon.has_second)
		sin->sin_port = htons((uint16_t)s->stage.daemon.port_second);
}

/* connect [unix | ipv6 | irc | at NAME] [from ADDRESS] [slow]
 * [tls | tls1.2 | certified] [ws | ws PROTOCOL] */
static void
people_connect(struct script *s, struct actor *p, const char *text)
{
	struct people_call call = { .to_len = 0 };
	struct words words = { NULL, 0 };
	const struct sockaddr *from;

	if (p->fd != -1)
		stage_fail(&s->stage, p, "%s is connected", p->name);
	script_start(s);
	people_call_ipv4(s, &call);
	p->is_irc = false;
	if (words_split(&words, text) == -1)
		stage_fail(&s->stage, p, "unpaired quote");
	for (size_t i = 0; i < words.count; i++) {
		const char *word = words.items[i];

		if (strcmp(word, "unix") == 0)
			people_call_unix(s, &call);
		else if (strcmp(word, "ipv6") == 0)
			people_call_ipv6(s, &call);
		else if (strcmp(word, "irc") == 0) {
			people_call_irc(s, &call);
			p->is_irc = true;
		} else if (strcmp(word, "at") == 0)
			people_call_at(s, &call, words.items[++i]);
		else if (strcmp(word, "from") == 0)
			people_call_from(s, &call, words.items[++i]);
		else if (strcmp(word, "slow") == 0)
			call.is_slow = true;
		else if (strcmp(word, "tls") == 0)
			call.is_tls = true;
		else if (strcmp(word, "tls1.2") == 0)
			call.kind = TLS_CLIENT_OLD;
		else if (strcmp(word, "certified") == 0)
			call.kind = TLS_CLIENT_CERTIFIED;
		else if (strcmp(word, "ws") == 0) {
			call.ws = i + 1 < words.count ? words.items[++i] : "";
			p->is_irc = strcmp(call.ws, "brb.json") != 0;
		} else
			stage_fail(&s->stage, p, "connect how?");
	}
	from = call.from_len > 0 ? (const struct sockaddr *)&call.from : NULL;
	if (actor_connect(p, (const struct sockaddr *)&call.to, call.to_len,
		from, call.from_len, call.is_slow) == -1)
		stage_fail(&s->stage, p, "cannot connect: %s", strerror(errno));
	actor_note(p, '*', "connects", strlen("connects"));
	if ((call.is_tls || call.kind != TLS_CLIENT_PLAIN) &&
	    actor_begin_tls(p, call.kind) == -1)
		stage_fail(&s->stage, p, "there is no TLS: needs tls");
	if (call.ws != NULL)
		actor_begin_ws(p, call.ws);
	words_fini(&words);
}

void
people_type(struct script *s, struct actor *p, const char *line)
{
	people_need_connection(s, p);
	actor_note(p, '>', line, strlen(line));
	actor_send_line(p, line);
}

static void
people_type_raw(struct script *s, struct actor *p, const char *text)
{
	struct buf raw = BUF_INITIALIZER;

	people_need_connection(s, p);
	if (pattern_unescape(&raw, text) == -1)
		stage_fail(&s->stage, p, "a bad \\ escape");
	actor_note(p, '>', raw.data, raw.len);
	actor_send(p, raw.data, raw.len);
	buf_fini(&raw);
}

const char *
people_next(struct script *s, struct actor *p, size_t *len, int64_t deadline,
    const char *wanted)
{
	const char *line;

	while ((line = actor_line(p, len)) == NULL) {
		if (p->fd == -1 || p->has_eof)
			stage_fail(&s->stage, p,
			    "the connection has ended; "
			    "expected: %s",
			    wanted);
		if (stage_turn(&s->stage, deadline) == -1)
			stage_fail(&s->stage, p, "nothing%s came; expected: %s",
			    p->in_read < p->in.len ? " whole" : "", wanted);
	}
	return line;
}

_Noreturn void
people_fail_line(struct script *s, struct actor *p, const char *wanted,
    const char *line, size_t len)
{
	struct buf expected = BUF_INITIALIZER, seen = BUF_INITIALIZER;

	pattern_show(&expected, wanted, strlen(wanted));
	pattern_show(&seen, line, len);
	stage_fail(&s->stage, p, "expected: %s\n        seen: %s",
	    buf_cstr(&expected), buf_cstr(&seen));
}

static void
people_check_pattern(struct script *s, struct actor *p, const char *pattern)
{
	const char *unknown = pattern_unknown(pattern);

	if (unknown != NULL)
		stage_fail(&s->stage, p, "%.*s stands for nothing",
		    (int)strcspn(unknown, "}") + 1, unknown);
}

void
people_see(struct script *s, struct actor *p, const char *pattern)
{
	const char *line;
	size_t len;

	people_check_pattern(s, p, pattern);
	line = people_next(s, p, &len, stage_deadline(&s->stage), pattern);
	if (!pattern_match(pattern, line, len))
		people_fail_line(s, p, pattern, line, len);
	actor_next_line(p);
}

/* Goes on to the line that matches. */
static void
people_skip(struct script *s, struct actor *p, const char *pattern)
{
	int64_t deadline = stage_deadline(&s->stage);
	bool is_found;

	people_check_pattern(s, p, pattern);
	do {
		const char *line;
		size_t len;

		line = people_next(s, p, &len, deadline, pattern);
		is_found = pattern_match(pattern, line, len);
		actor_next_line(p);
	} while (!is_found);
}

static void
people_see_raw(struct script *s, struct actor *p, const char *text)
{
	int64_t deadline = stage_deadline(&s->stage);
	struct buf raw = BUF_INITIALIZER;

	if (pattern_unescape(&raw, text) == -1)
		stage_fail(&s->stage, p, "a bad \\ escape");
	for (;;) {
		size_t have = p->in.len - p->in_read;
		const char *seen = have == 0 ? "" : p->in.data + p->in_read;

		if (have > raw.len)
			have = raw.len;
		if (have > 0 && memcmp(seen, raw.data, have) != 0)
			people_fail_line(s, p, text, seen, have);
		if (have == raw.len)
			break;
		if (p->fd == -1 || p->has_eof ||
		    stage_turn(&s->stage, deadline) == -1)
			stage_fail(&s->stage, p, "%zu of %zu bytes came", have,
			    raw.len);
	}
	actor_note(p, '<', raw.data, raw.len);
	p->in_read += raw.len;
	buf_fini(&raw);
}

/* The same for IRC: a PING is answered. */
static void
people_quiet_irc(struct script *s, struct actor *p)
{
	char *command = xasprintf("PING sync-%u", ++s->syncs);
	char *answer = xasprintf(":{any} PONG {any} :sync-%u", s->syncs);

	people_type(s, p, command);
	people_see(s, p, answer);
	free(answer);
	free(command);
}

/*
 * Nothing is unread, and nothing comes: a command that does not exist is
 * answered at once, and by the very next line.
 */
static void
people_quiet_line(struct script *s, struct actor *p)
{
	char *command = xasprintf("/sync-%u", ++s->syncs);
	char *answer = xasprintf("!! unknown command \"%s\"{any}", command);
	char *answer_cr = xasprintf("%s{cr}", answer);
	int64_t deadline = stage_deadline(&s->stage);
	const char *line;
	size_t len;

	people_type(s, p, command);
	line = people_next(s, p, &len, deadline, answer);
	if (!pattern_match(answer, line, len) &&
	    !pattern_match(answer_cr, line, len))
		people_fail_line(s, p, answer, line, len);
	actor_next_line(p);
	free(answer);
	free(answer_cr);
	free(command);
}

static void
people_quiet(struct script *s, struct actor *p, const char *text)
{
	(void)text;
	if (p->is_irc)
		people_quiet_irc(s, p);
	else
		people_quiet_line(s, p);
}

/*
 * Registers as an IRC client does, with these capabilities, and skips what it
 * is told on the way.
 */
static void
people_irc(struct script *s, struct actor *p, const char *text)
{
	char *nick = xasprintf("NICK %s", p->name);
	char *user = xasprintf("USER %s 0 * :%s", p->name, p->name);
	const char *rest = script_after(text, "tls");
	char *caps;

	people_connect(s, p, rest != NULL ? "irc tls" : "irc");
	if (rest != NULL)
		text = rest;
	caps = xasprintf("CAP REQ :%s", text);
	if (*text != '\0')
		people_type(s, p, caps);
	people_type(s, p, nick);
	people_type(s, p, user);
	if (*text != '\0')
		people_type(s, p, "CAP END");
	people_skip(s, p, ":{any} 001 {any}");
	people_type(s, p, "PING welcome");
	people_skip(s, p, ":{any} PONG {any} :welcome");
	free(nick);
	free(user);
	free(caps);
}

/*
 * Goes in and takes the nick. Others are told of an arrival when it shows or
 * after some time; a break shows it, is over at once, and stays in no history.
 */
static void
people_enter(struct script *s, struct actor *p, const char *text)
{
	char *nick = xasprintf("/nick %s", p->name);
	char *named = xasprintf("-- you are now %s", p->name);
	char *back = xasprintf("-- %s is back after {dur}", p->name);
	struct actor *other;

	people_connect(s, p, text);
	people_skip(s, p, "-- {any}you are live");
	people_type(s, p, nick);
	people_skip(s, p, named);
	people_type(s, p, "/brb");
	people_type(s, p, "/back");
	people_skip(s, p, "-- welcome back{any}");
	people_skip(s, p, "-- {any}you are live");
	TAILQ_FOREACH(other, &s->stage.actors, entry) {
		if (other->is_here)
			people_skip(s, other, back);
	}
	p->is_here = true;
	free(nick);
	free(named);
	free(back);
}

static void
people_eof(struct script *s, struct actor *p, const char *text)
{
	int64_t deadline = stage_deadline(&s->stage);

	(void)text;
	people_need_connection(s, p);
	while (!p->has_eof && p->in_read == p->in.len) {
		if (stage_turn(&s->stage, deadline) == -1)
			stage_fail(&s->stage, p, "the connection did not end");
	}
	if (p->in_read < p->in.len)
		stage_fail(&s->stage, p, "expected: the connection's end");
	if (p->error != 0)
		stage_fail(&s->stage, p, "the connection did not end, but: %s",
		    strerror(p->error));
	actor_close(p);
}

/* What was typed is on its way; then the connection may be closed. */
static void
people_flush(struct script *s, struct actor *p)
{
	int64_t deadline = stage_deadline(&s->stage);

	people_need_connection(s, p);
	while (actor_has_unsent(p)) {
		if (stage_turn(&s->stage, deadline) == -1)
			stage_fail(&s->stage, p, "the daemon does not read");
	}
}

static void
people_close(struct script *s, struct actor *p, const char *text)
{
	(void)text;
	people_flush(s, p);
	actor_note(p, '*', "closes", strlen("closes"));
	actor_close(p);
}

static void
people_reset(struct script *s, struct actor *p, const char *text)
{
	(void)text;
	people_need_connection(s, p);
	actor_note(p, '*', "resets", strlen("resets"));
	actor_reset(p);
}

static void
people_cut(struct script *s, struct actor *p, const char *text)
{
	(void)text;
	people_flush(s, p);
	actor_note(p, '*', "cuts", strlen("cuts"));
	actor_cut(p);
}

static void
people_update_keys(struct script *s, struct actor *p, const char *text)
{
	(void)text;
	people_flush(s, p);
	if (p->tls == NULL)
		stage_fail(&s->stage, p, "%s has no TLS", p->name);
	tls_client_update(p->tls);
}

/* The connection ends, since there can be no TLS, or not so. */
static void
people_refused(struct script *s, struct actor *p, const char *text)
{
	int64_t deadline = stage_deadline(&s->stage);

	(void)text;
	people_need_connection(s, p);
	while (!p->has_eof)
		if (stage_turn(&s->stage, deadline) == -1)
			stage_fail(&s->stage, p, "the connection stays");
	if (p->error != EPROTO)
		stage_fail(&s->stage, p, "TLS is not refused: %s",
		    strerror(p->error));
	actor_cut(p);
}

static void
people_shutdown(struct script *s, struct actor *p, const char *text)
{
	(void)text;
	people_flush(s, p);
	actor_note(p, '*', "shuts down", strlen("shuts down"));
	actor_shutdown(p);
}

static void
people_stop_reading(struct script *s, struct actor *p, const char *text)
{
	(void)s;
	(void)text;
	p->is_reading = false;
}

static void
people_read(struct script *s, struct actor *p, const char *text)
{
	(void)s;
	(void)text;
	p->is_reading = true;
}

static void
people_ignore_rest(struct script *s, struct actor *p, const char *text)
{
	(void)s;
	(void)text;
	p->ignores_rest = true;
}

/* "-- ... 120 earlier messages are no longer held": 120; else 0. */
static uint64_t
people_gap(const char *line, size_t len)
{
	static const char mark[] = " earlier message";
	char *copy = xstrndup(line, len);
	char *found = strncmp(copy, "-- ", 3) == 0 ? strstr(copy, mark) : NULL;
	char *start = found;
	uint64_t gap = 0;

	if (found != NULL) {
		*found = '\0';
		while (isdigit((unsigned char)start[-1]))
			start--;
		if (parse_number(start, 1000000000, &gap) == -1)
			gap = 0;
	}
	free(copy);
	return gap;
}

/*
 * account N PATTERN: from here to the one whose {i} is N, every line is the
 * next of N numbered ones, or says exactly how many of them are no longer held.
 */
static void
people_account(struct script *s, struct actor *p, const char *text)
{
	char *number = xstrndup(text, strspn(text, "0123456789"));
	const char *pattern = text + strlen(number);
	uint64_t last, next = 1;

	if (parse_number(number, 10000000, &last) == -1 || *pattern != ' ')
		stage_fail(&s->stage, p, "account NUMBER PATTERN");
	pattern++;
	while (next <= last) {
		int64_t deadline = stage_deadline(&s->stage);
		const char *line;
		uint64_t gap;
		char *wanted;
		size_t len;

		s->repeat = (unsigned)next;
		wanted = script_expand(s, pattern);
		people_check_pattern(s, p, wanted);
		line = people_next(s, p, &len, deadline, wanted);
		gap = people_gap(line, len);
		if (gap == 0 && !pattern_match(wanted, line, len))
			people_fail_line(s, p, wanted, line, len);
		next += gap > 0 ? gap : 1;
		actor_next_line(p);
		free(wanted);
	}
	s->repeat = 0;
	if (next != last + 1)
		stage_fail(&s->stage, p, "a gap goes beyond the last line");
	free(number);
}

/* Longer signs come before those that they begin with. */
static const struct people_act people_signs[] = {
	{ ">>", people_type_raw },
	{ ">", people_type },
	{ "<<", people_see_raw },
	{ "<", people_see },
	{ "...", people_skip },
};

static const struct people_act people_words[] = {
	{ "account", people_account },
	{ "close", people_close },
	{ "connect", people_connect },
	{ "cut", people_cut },
	{ "enter", people_enter },
	{ "eof", people_eof },
	{ "ignore-rest", people_ignore_rest },
	{ "irc", people_irc },
	{ "quiet", people_quiet },
	{ "read", people_read },
	{ "refused", people_refused },
	{ "reset", people_reset },
	{ "scram", people_scram },
	{ "scram-begin", people_scram_begin },
	{ "scram-end", people_scram_end },
	{ "scram-prove", people_scram_prove },
	{ "shutdown", people_shutdown },
	{ "stop-reading", people_stop_reading },
	{ "updates-keys", people_update_keys },
};

/* What is to be done, and *text: with what. NULL when it is no such thing. */
static const struct people_act *
people_find_act(const char **text)
{
	const char *rest;

	for (size_t i = 0; i < NITEMS(people_signs); i++) {
		size_t len = strlen(people_signs[i].word);

		if (strncmp(*text, people_signs[i].word, len) == 0) {
			*text += len;
			*text += **text == ' ';
			return &people_signs[i];
		}
	}
	*text += strspn(*text, " \t");
	for (size_t i = 0; i < NITEMS(people_words); i++) {
		rest = script_after(*text, people_words[i].word);
		if (rest != NULL) {
			*text = rest;
			return &people_words[i];
		}
	}
	return NULL;
}

static void
people_act(struct script *s, const struct people_act *act, const char *name,
    const char *text)
{
	struct actor *p = stage_find(&s->stage, name);
	char *expanded;

	if (p == NULL && act->run != people_connect &&
	    act->run != people_enter && act->run != people_irc)
		stage_fail(&s->stage, NULL, "who is %s?", name);
	if (p == NULL)
		p = stage_add(&s->stage, name);
	expanded = script_expand(s, text);
	act->run(s, p, expanded);
	free(expanded);
}

static void
people_act_all(struct script *s, const struct people_act *act, const char *text)
{
	struct actor *p;

	TAILQ_FOREACH(p, &s->stage.actors, entry) {
		if (p->fd != -1 && p->is_reading && !p->ignores_rest)
			people_act(s, act, p->name, text);
	}
}

/* NAME[, NAME]... and what they do; "all": everybody who is connected. */
bool
script_people(struct script *s, const char *statement)
{
	struct words names = { NULL, 0 };
	const struct people_act *act;
	const char *text = statement;

	for (;;) {
		size_t len = 0;
		char *name;

		while (isalnum((unsigned char)text[len]))
			len++;
		if (len == 0) {
			words_fini(&names);
			return false;
		}
		name = xstrndup(text, len);
		words_add(&names, name);
		free(name);
		text += len;
		if (*text != ',')
			break;
		text++;
		text += strspn(text, " \t");
	}
	act = people_find_act(&text);
	for (size_t i = 0; act != NULL && i < names.count; i++) {
		if (strcmp(names.items[i], "all") == 0)
			people_act_all(s, act, text);
		else
			people_act(s, act, names.items[i], text);
	}
	words_fini(&names);
	return act != NULL;
}

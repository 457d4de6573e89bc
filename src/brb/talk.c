/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The client's end of the protocol: requests and their answers.
 *
 * Answers come in the order of the requests, and carry their "ref"; so the
 * oldest request that waits is the one that is answered, and an answer with
 * another ref is none of ours.
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

static void
talk_scrub_string(json_t *o, bool has_lines)
{
	size_t len = json_string_length(o);
	char *clean;

	if (talk_is_plain(json_string_value(o), len))
		return;
	clean = xmalloc(len * TEXT_SCRUB_GROWTH + 1);
	if (has_lines)
		(void)text_scrub_lines(clean, json_string_value(o), len);
	else
		clean[text_scrub(clean, json_string_value(o), len)] = '\0';
	(void)json_string_set(o, clean);
	free(clean);
}

/* Is it about something said, whose "text" may have several lines? */
static bool
talk_has_lines(const json_t *o)
{
	const char *name = talk_text(o, "event");

	return strcmp(name, "say") == 0 || strcmp(name, "me") == 0 ||
	    strcmp(name, "notice") == 0;
}

void
talk_scrub(json_t *o)
{
	json_t *value, *lines = NULL;
	size_t i;
	void *at;

	if (json_is_string(o))
		talk_scrub_string(o, false);
	else if (json_is_array(o)) {
		TALK_EACH(o, i, value)
			talk_scrub(value);
	} else if (json_is_object(o)) {
		if (talk_has_lines(o))
			lines = json_object_get(o, "text");
		for (at = json_object_iter(o); at != NULL;
		     at = json_object_iter_next(o, at)) {
			value = json_object_iter_value(at);
			if (value == lines && json_is_string(value))
				talk_scrub_string(value, true);
			else
				talk_scrub(value);
		}
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
	talk_who_init(t, base);
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
	while ((p = TAILQ_FIRST(&t->pending)) != NULL) {
		TAILQ_REMOVE(&t->pending, p, entry);
		free(p);
	}
	talk_free_unsaid(t);
	talk_free_rooms(t);
	talk_who_fini(t);
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
talk_lobby(const struct talk *t)
{
	return t->lobby;
}

bool
talk_is_settled(const struct talk *t)
{
	return t->is_settled;
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The JSON protocol, for programs: brbd-json(7). A third protocol over the same
 * rooms, ring and cursors. A client begins with an object; it is in no room
 * until it joins one, and may be in many.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "json/jsonl.h"
#include "net/conn.h"
#include "room/roommates.h"
#include "session/protocol.h"

#define JSONL_MOTD_MAX 1000 /* bytes */
#define JSONL_VERSION 1 /* of the protocol; things are only added to it */

/* Nobody begins a talk with an object. */
static enum first_line
jsonl_first_line(const char *text, size_t len)
{
	size_t i = 1;

	if (len == 0 || text[0] != '{')
		return FIRST_LINE_NOT;
	while (i < len && (text[i] == ' ' || text[i] == '\t'))
		i++;
	return i < len && text[i] == '"' ? FIRST_LINE_SURE : FIRST_LINE_NOT;
}

static const struct dialect *
jsonl_find_dialect(const char *name)
{
	return strcmp(name, jsonl_dialect.name) == 0 ? &jsonl_dialect : NULL;
}

static void
jsonl_open(struct session *s)
{
	struct json *j;
	char *motd;

	conn_set_framing(s->conn, JSONL_LINE_MAX);
	if (!session_enter(s, &jsonl_dialect))
		return;
	j = jsonl_begin(s, "event", "hello");
	json_text(j, "server", s->all->options->server_name);
	json_text(j, "version", PACKAGE_VERSION);
	json_number(j, "protocol", JSONL_VERSION);
	json_text(j, "nick", s->member->nick);
	json_text(j, "lobby", s->all->chat->lobby->name);
	json_number(j, "max_text", s->all->options->max_line);
	json_number(j, "max_lines", s->all->options->max_lines);
	motd = text_scrub_copy(s->all->options->web_motd, JSONL_MOTD_MAX);
	if (motd != NULL)
		json_text(j, "motd", motd);
	free(motd);
	jsonl_end(s);
}

static void
jsonl_too_long(struct session *s)
{
	const struct jsonl_request rq = { .ref = NULL };

	session_charge(s, 1);
	jsonl_failed(s, &rq, "too-long",
	    "the line is too long (limit %d bytes)", JSONL_LINE_MAX);
}

/* What a session is told that is an answer to nothing. */
static void
jsonl_tell(struct session *s, const char *name, const char *text)
{
	struct json *j = jsonl_begin(s, "event", name);

	json_text(j, "text", text);
	jsonl_end(s);
}

static void
jsonl_notice(struct session *s, const char *text)
{
	jsonl_tell(s, "server", text);
}

static void
jsonl_goodbye(struct session *s, const char *text)
{
	jsonl_tell(s, "bye", text);
}

static void
jsonl_refused(struct session *s, enum admit why, const char *text)
{
	struct json *j = jsonl_begin(s, "event", "refused");

	json_text(j, "error", admit_str(why));
	json_text(j, "text", text);
	jsonl_end(s);
}

static const char *
jsonl_refusal(const char *text)
{
	static char line[512];
	struct buf out = BUF_INITIALIZER;
	struct json j;

	json_init(&j, &out);
	json_object_open(&j, NULL);
	json_text(&j, "event", "refused");
	json_text(&j, "text", text);
	json_object_close(&j);
	(void)snprintf(line, sizeof(line), "%s\n", buf_cstr(&out));
	buf_fini(&out);
	return line;
}

/* Asks whether all that was sent has been read: the token is how much that is,
 * with this line. */
static void
jsonl_ask(struct session *s)
{
	char line[80] = "";
	int len = 0, before;

	/* The number may have a digit more than without the line. */
	do {
		before = len;
		len = snprintf(line, sizeof(line),
		    "{\"event\":\"ask\",\"token\":\"%llu\"}\n",
		    (unsigned long long)conn_sent_after(s->conn, line,
			(size_t)before));
	} while (len != before);
	conn_reply(s->conn, line, (size_t)len);
}

static void
jsonl_caught_up(struct cursor *c)
{
	if (roommates_names_sent(c))
		jsonl_send_people(c->client->session, c->ms->room, false);
}

const struct protocol protocol_jsonl = {
	.name = "json",
	.find_dialect = jsonl_find_dialect,
	.first_line = jsonl_first_line,
	.open = jsonl_open,
	.line = jsonl_input,
	.says_in = jsonl_says_in,
	.too_long = jsonl_too_long,
	.ask = jsonl_ask,
	.notice = jsonl_notice,
	.error = jsonl_notice,
	.event = jsonl_event,
	.caught_up = jsonl_caught_up,
	.goodbye = jsonl_goodbye,
	.kicked = jsonl_event,
	.refused = jsonl_refused,
	.refusal = jsonl_refusal,
	.take_nick = jsonl_take_nick,
	.logged_in = jsonl_logged_in,
	.found = jsonl_found,
	.takes_nick = true,
	.close = jsonl_pending_free,
	.save = jsonl_save,
	.load = jsonl_load,
};

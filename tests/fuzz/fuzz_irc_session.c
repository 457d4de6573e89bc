/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A server with IRC clients of several kinds and a plain one, who send any
 * lines. The input is lines: a digit says who sends the rest; "!" lets time
 * pass, by seconds; "<" and ">" have that one stop reading, and go on.
 *
 * Whatever it is, each client gets whole lines that end in CR LF, no longer
 * than they may be and without controls (but CTCP's two, around a text); each
 * line that was labeled is answered, once; and what is left of the chat can be
 * handed over to another program.
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit/mini-server.h"
#include "base/handoff.h"
#include "base/text.h"
#include "irc/irc-message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_INPUT_MAX 16384
#define FUZZ_LABELS 256
/* Tags of the client's and the server's own, with '@' and ' '. */
#define FUZZ_TAGS_MAX (2 * IRC_TAGS_MAX + 2)

enum { ANA, BOB, CY, DEE, EVE, RAW, PEOPLE };

struct irc_client {
	int fd;
	bool is_irc;
	bool has_labels; /* their lines are labeled */
	bool is_closed;
	bool is_stopped; /* reads nothing */
	struct buf seen;
	unsigned labels; /* given */
	unsigned answers[FUZZ_LABELS];
};

/* ana has all capabilities, bob none, cy some; dee is plain, and eve IRC from
 * where ana is; raw has not registered. */
static const char *const starts[PEOPLE] = {
	[ANA] = "CAP REQ :account-notify account-tag away-notify batch "
		"chghost draft/chathistory draft/event-playback "
		"draft/read-marker echo-message extended-join "
		"extended-monitor invite-notify labeled-response\r\n"
		"CAP REQ :message-tags multi-prefix no-implicit-names "
		"server-time setname standard-replies userhost-in-names\r\n"
		"CAP END\r\nNICK ana\r\nUSER ana 0 * :Ana\r\n"
		"JOIN #lobby,#kitchen\r\n",
	[BOB] = "NICK bob\r\nUSER bob 0 * :Bob\r\nJOIN #lobby\r\n",
	[CY] = "CAP REQ :message-tags labeled-response batch echo-message\r\n"
	       "NICK cy\r\nUSER cy 0 * :Cy\r\nCAP END\r\n"
	       "JOIN #lobby,#kitchen\r\n",
	[DEE] = "/nick dee\nhello\n",
	[EVE] = "NICK eve\r\nUSER eve 0 * :Eve\r\n",
	[RAW] = "",
};
static const int hosts[PEOPLE] = { 1, 2, 3, 4, 1, 5 };

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* What it says after "label=", if it has one of ours, is answered. */
static void
check_label(struct irc_client *c, const char *line, size_t len)
{
	unsigned number;
	char head[24];

	if (len < 12 || memcmp(line, "@label=ZQ", 9) != 0)
		return;
	(void)snprintf(head, sizeof(head), "%.*s", (int)(len < 23 ? len : 23),
	    line);
	if (sscanf(head, "@label=ZQ%u", &number) == 1 && number < c->labels)
		c->answers[number]++;
}

/* Controls: none, but two of 1 as CTCP has them. */
static void
check_bytes(const char *line, size_t len)
{
	const char *first = memchr(line, 1, len);
	size_t i;

	for (i = 0; i < len; i++)
		if (line[i] != 1)
			require((unsigned char)line[i] >= ' ' &&
			    line[i] != 0x7f);
	if (first == NULL)
		return;
	require(first > line + 2 && first[-1] == ':' && first[-2] == ' ');
	require(line[len - 1] == 1 && first < line + len - 1);
	require(memchr(first + 1, 1, (size_t)(line + len - 2 - first)) == NULL);
}

/* One line without its end. */
static void
check_line(struct irc_client *c, const char *line, size_t len)
{
	const char *body = line;
	size_t tags = 0;

	require(memchr(line, '\r', len) == NULL &&
	    memchr(line, '\n', len) == NULL && memchr(line, '\0', len) == NULL);
	require(text_is_utf8(line, len));
	check_label(c, line, len);
	if (line[0] == '@') {
		body = memchr(line, ' ', len);
		require(body != NULL);
		body++;
		tags = (size_t)(body - line);
		require(memchr(line, 1, tags) == NULL);
		/* One's own label may be anything. */
		require(memmem(line, tags, "label=", 6) != NULL ||
		    text_is_harmless(line, tags));
		check_bytes(line, tags);
	}
	require(tags <= FUZZ_TAGS_MAX);
	require(len - tags <= IRC_LINE_MAX);
	/* A source, a blank, a command; or ERROR, before anything is said, or
	 * PING. */
	require(len - tags > 3 && strchr(":EP", *body) != NULL);
	check_bytes(body, len - tags);
}

/* Whole lines are checked and forgotten. */
static void
check_seen(struct irc_client *c)
{
	const char *at = buf_cstr(&c->seen), *end;
	size_t left = c->seen.len;

	while (c->is_irc && (end = memchr(at, '\n', left)) != NULL) {
		require(end > at && end[-1] == '\r');
		check_line(c, at, (size_t)(end - at) - 1);
		left -= (size_t)(end + 1 - at);
		at = end + 1;
	}
	if (!c->is_irc)
		left = 0;
	memmove(c->seen.data, c->seen.data + c->seen.len - left, left);
	c->seen.len = left;
}

static bool
client_read(struct irc_client *c)
{
	char chunk[65536];
	ssize_t n;
	bool has_read = false;

	while (!c->is_stopped && !c->is_closed) {
		n = read(c->fd, chunk, sizeof(chunk));
		if (n > 0) {
			buf_add(&c->seen, chunk, (size_t)n);
			has_read = true;
		} else if (n == 0)
			c->is_closed = true;
		else
			break;
	}
	check_seen(c);
	return has_read;
}

/* Until nobody has anything more to read. */
static void
run(struct mini_server *t, struct irc_client *clients)
{
	bool has_read = true;
	int i;

	while (has_read) {
		mini_run(t);
		has_read = false;
		for (i = 0; i < PEOPLE; i++)
			has_read |= client_read(&clients[i]);
	}
}

static void
pass(struct mini_server *t, int64_t ms)
{
	t->clock.mono_ms += ms;
	t->clock.wall_ms += ms;
	deadlines_run(&t->deadlines, t->clock.mono_ms);
}

static void
send_bytes(struct irc_client *c, const char *data, size_t len)
{
	ssize_t n;

	/* One whose input is not read any more does not get more. */
	while (len > 0) {
		n = write(c->fd, data, len);
		if (n <= 0)
			return;
		data += n;
		len -= (size_t)n;
	}
}

/* A label can be given where the answer cannot but be one. */
static bool
may_label(const struct irc_client *c, const char *line, size_t len)
{
	return c->has_labels && c->labels < FUZZ_LABELS && len < 480 &&
	    !c->is_stopped && (len == 0 || line[0] != '@') &&
	    memchr(line, '\0', len) == NULL &&
	    memchr(line, '\r', len) == NULL &&
	    memmem(line, len, "ZQ", 2) == NULL;
}

static void
send_line(struct irc_client *c, const char *line, size_t len)
{
	struct buf out = BUF_INITIALIZER;
	size_t i;

	/* Without the capability there are no labels. */
	for (i = 0; c->has_labels && i + 3 <= len; i++)
		if (strncasecmp(line + i, "CAP", 3) == 0)
			c->has_labels = false;
	if (may_label(c, line, len))
		buf_addf(&out, "@label=ZQ%u ", c->labels++);
	buf_add(&out, line, len);
	buf_add(&out, "\r\n", 2);
	send_bytes(c, out.data, out.len);
	buf_fini(&out);
}

static void
play(struct mini_server *t, struct irc_client *clients, const char *line,
    size_t len)
{
	struct irc_client *c;

	if (len == 0)
		return;
	if (line[0] == '!') {
		pass(t, len > 1 ? (unsigned char)line[1] * 1000 : 1000);
		return;
	}
	if ((line[0] == '<' || line[0] == '>') && len > 1) {
		c = &clients[(unsigned char)line[1] % PEOPLE];
		c->is_stopped = line[0] == '<';
		return;
	}
	c = &clients[(unsigned char)line[0] % PEOPLE];
	send_line(c, line + 1, len - 1);
}

static void
begin(struct mini_server *t, struct irc_client *clients)
{
	struct irc_client *c;
	int i;

	mini_init(t);
	memset(clients, 0, PEOPLE * sizeof(*clients));
	for (i = 0; i < PEOPLE; i++)
		clients[i].is_closed = true; /* nothing is read yet */
	for (i = 0; i < PEOPLE; i++) {
		c = &clients[i];
		c->is_closed = false;
		c->is_irc = i != DEE;
		c->fd = mini_connect_to(t, hosts[i],
		    c->is_irc ? "irc" : "line");
		send_bytes(c, starts[i], strlen(starts[i]));
		run(t, clients);
		require(!c->is_closed);
		c->has_labels = i == ANA || i == CY;
	}
}

/* The chat goes on in another program. */
static void
hand_over(struct mini_server *t)
{
	struct fields_out out = HANDOFF_OUT_INITIALIZER;
	struct buf blob = BUF_INITIALIZER;
	struct fields_in in;
	struct mini_server again;
	bool is_good;

	mini_save(t, &out);
	handoff_seal(&out, &blob);
	mini_init(&again);
	again.clock = t->clock;
	is_good = handoff_open(&in, blob.data, blob.len, HANDOFF_TAKE) &&
	    mini_load(&again, &in, true);
	if (!is_good)
		(void)fprintf(stderr, "not loaded: %s\n", in.error);
	require(is_good);
	fields_in_fini(&in);
	mini_fini(&again);
	buf_fini(&blob);
	fields_out_fini(&out);
}

static void
check_end(struct mini_server *t, struct irc_client *clients)
{
	struct irc_client *c;
	unsigned k;
	int i;

	for (i = 0; i < PEOPLE; i++)
		clients[i].is_stopped = false;
	run(t, clients);
	for (i = 0; i < PEOPLE; i++) {
		c = &clients[i];
		require(!c->is_irc || c->seen.len == 0);
		for (k = 0; k < c->labels; k++)
			require(c->answers[k] == 1 ||
			    (c->is_closed && c->answers[k] == 0));
	}
	hand_over(t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct irc_client clients[PEOPLE];
	struct mini_server mini;
	const char *line = (const char *)data, *end;
	int i;

	if (size == 0 || size > FUZZ_INPUT_MAX)
		return 0;
	begin(&mini, clients);
	while (size > 0) {
		end = memchr(line, '\n', size);
		if (end == NULL)
			end = line + size;
		play(&mini, clients, line, (size_t)(end - line));
		run(&mini, clients);
		if (end < line + size)
			end++;
		size -= (size_t)(end - line);
		line = end;
	}
	check_end(&mini, clients);
	mini_fini(&mini);
	for (i = 0; i < PEOPLE; i++) {
		(void)close(clients[i].fd);
		buf_fini(&clients[i].seen);
	}
	return 0;
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The client and a server that lies. The input is lines: "!" and a letter is
 * what a person does here, where "|" ends a line of what is said; ";" is the end
 * of the connection, after which there is another; all else is what the server
 * sends, in which "@ID" stands for the id of what was said last. Whatever comes,
 * numbers are told in order, and what is shown has no control characters but the
 * end of each line.
 */
#include "config.h"

#include <sys/socket.h>

#include <event2/event.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/util.h"
#include "brb/address.h"
#include "brb/link.h"
#include "brb/show.h"
#include "brb/talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_INPUT_MAX 16384
#define FUZZ_LINE_MAX 8192

struct play {
	struct event_base *base;
	struct talk *talk;
	int fd; /* the server's end */
	bool is_down;
	char id[TALK_ID_SIZE];
	struct show show;
};

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
check_shown(struct buf *out)
{
	size_t i;

	for (i = 0; i < out->len; i++)
		require((unsigned char)out->data[i] >= 0x20 ||
		    out->data[i] == '\n');
	require(out->len == 0 || out->data[out->len - 1] == '\n');
	require(memchr(out->data, 0x7f, out->len) == NULL);
	buf_fini(out);
}

static void
on_said(void *arg, struct talk_room *room, json_t *o, bool is_own)
{
	struct play *p = arg;
	struct buf out = BUF_INITIALIZER;

	require(talk_number(o, "number") == room->last);
	show_said(&p->show, &out, o, is_own);
	check_shown(&out);
}

static void
on_event(void *arg, struct talk_room *room, const char *name, json_t *o)
{
	struct play *p = arg;
	struct buf out = BUF_INITIALIZER;

	require(room == NULL || room->people_count <= TALK_PEOPLE_MAX);
	show_event(&p->show, &out, name, o, talk_my_nick(p->talk));
	if (out.len > 0)
		check_shown(&out);
	buf_fini(&out);
}

static void
on_sent(void *arg, json_t *o, const char *text, const char *kind)
{
	struct play *p = arg;
	struct buf out = BUF_INITIALIZER;

	show_sent(&p->show, &out, talk_text(o, "to"), kind, text);
	check_shown(&out);
}

static void
on_note(void *arg, enum talk_note what, struct talk_room *room,
    const char *text)
{
	struct play *p = arg;
	struct buf out = BUF_INITIALIZER;

	(void)what;
	(void)room;
	show_note(&p->show, &out, text);
	check_shown(&out);
}

static void
on_token(void *arg, const char *account, const char *token)
{
	(void)arg;
	require(*account != '\0' && strpbrk(account, " \n") == NULL);
	require(*token != '\0' && strpbrk(token, " \n") == NULL);
}

static void
on_forgotten(void *arg, struct talk_room *room)
{
	(void)arg;
	require(room->view == NULL);
}

static void
on_nothing(void *arg)
{
	(void)arg;
}

static void
on_down(void *arg, const char *why, int64_t wait_ms)
{
	struct play *p = arg;

	on_note(p, TALK_NOTE, NULL, why);
	(void)wait_ms;
	p->is_down = true;
}

static const struct talk_handler handler = {
	.said = on_said,
	.event = on_event,
	.sent = on_sent,
	.note = on_note,
	.changed = on_nothing,
	.settled = on_nothing,
	.token = on_token,
	.forgotten = on_forgotten,
	.down = on_down,
};

static void
connect_anew(struct play *p)
{
	int fds[2];

	if (p->fd != -1)
		(void)close(p->fd);
	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
	p->fd = fds[0];
	p->is_down = false;
	link_adopt(talk_link(p->talk), fds[1]);
}

/* Says it; "|" ends a line. */
static void
say(struct play *p, const char *text)
{
	char *lines = xstrdup(text), *at;

	for (at = lines; (at = strchr(at, '|')) != NULL;)
		*at = '\n';
	(void)!talk_say(p->talk, "lobby", "say", lines);
	free(lines);
}

/* Reads what the client says, for the id of what was said last. */
static void
drain(struct play *p)
{
	static char chunk[65536];
	const char *at;
	ssize_t n;

	while ((n = read(p->fd, chunk, sizeof(chunk) - 1)) > 0) {
		chunk[n] = '\0';
		while ((at = strstr(chunk, "\"id\":\"")) != NULL) {
			at += strlen("\"id\":\"");
			if (strcspn(at, "\"") < sizeof(p->id)) {
				memset(p->id, 0, sizeof(p->id));
				memcpy(p->id, at, strcspn(at, "\""));
			}
			memmove(chunk, at, strlen(at) + 1);
		}
	}
}

static void
turn(struct play *p)
{
	(void)event_base_loop(p->base, EVLOOP_NONBLOCK);
	drain(p);
	if (p->is_down && !link_is_up(talk_link(p->talk)))
		connect_anew(p);
}

static void
send_line(struct play *p, const char *line)
{
	struct buf out = BUF_INITIALIZER;
	const char *at;

	while ((at = strstr(line, "@ID")) != NULL) {
		buf_add(&out, line, (size_t)(at - line));
		buf_addstr(&out, p->id);
		line = at + 3;
	}
	buf_addstr(&out, line);
	buf_addch(&out, '\n');
	require(write(p->fd, out.data, out.len) > 0);
	buf_fini(&out);
}

static void
act(struct play *p, char what, const char *rest)
{
	struct talk_room *room;
	uint64_t after = 7;

	if (what == 's')
		say(p, rest);
	else if (what == 'm')
		(void)!talk_msg(p->talk, "bob", "me", rest);
	else if (what == 'j')
		(void)talk_join(p->talk, rest, NULL, NULL);
	else if (what == 'a')
		(void)talk_join(p->talk, rest, "key", &after);
	else if (what == 'l') {
		room = talk_find_room(p->talk, rest);
		if (room != NULL)
			talk_leave(p->talk, room);
	} else if (what == 'n')
		talk_nick(p->talk, rest);
	else if (what == 'i')
		talk_login(p->talk, "ana", rest);
	else if (what == 'b')
		talk_brb(p->talk, rest);
	else if (what == 'B')
		talk_back(p->talk, *rest == 'a');
}

static void
play_line(struct play *p, const char *line)
{
	if (*line == '!' && line[1] != '\0')
		act(p, line[1], line + 2);
	else if (*line == ';')
		(void)shutdown(p->fd, SHUT_RDWR);
	else
		send_line(p, line);
	turn(p);
	require(talk_unsaid_lines(p->talk) <= TALK_UNSAID_MAX);
}

static void
play_all(struct play *p, const char *data, size_t size)
{
	char line[FUZZ_LINE_MAX];
	size_t len;

	while (size > 0) {
		for (len = 0; len < size && data[len] != '\n'; len++)
			;
		if (len < sizeof(line)) {
			memcpy(line, data, len);
			line[len] = '\0';
			play_line(p, line);
		}
		len += len < size;
		data += len;
		size -= len;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct talk_options options = {
		.nick = "ana",
		.client = "0123456789abcdef",
		.attends = true,
	};
	static char path[] = "/nonexistent", name[] = "nowhere";
	const struct address address = { .path = path, .name = name };
	struct play p = { .fd = -1 };

	if (size == 0 || size > FUZZ_INPUT_MAX)
		return 0;
	p.base = event_base_new();
	require(p.base != NULL);
	p.talk = talk_new(p.base, &address, &options, &handler, &p);
	require(talk_join(p.talk, "lobby", NULL, NULL) != NULL);
	connect_anew(&p);
	turn(&p);
	play_all(&p, (const char *)data, size);
	talk_free(p.talk);
	(void)close(p.fd);
	event_base_free(p.base);
	return 0;
}

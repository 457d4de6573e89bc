/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A server with two programs that speak JSON, one of them operator of a room,
 * and a person. The input is lines: a digit says who sends the rest; "!" lets a
 * second pass. Whatever is sent, each line that a program gets is one object
 * with an event, or with an answer, of which there is one for each line (but an
 * ack) until the program leaves.
 */
#include "config.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit/mini-server.h"
#include "base/deadline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_INPUT_MAX 16384

enum { ANA, BOB, DEE, PEOPLE };

struct program {
	int fd;
	bool is_json;
	bool is_closed;
	struct buf seen;
	unsigned requests;
	unsigned answers;
};

static const char *const starts[PEOPLE] = {
	[ANA] =
	    "{\"nick\":\"ana\"}\n{\"join\":\"lobby\"}\n{\"join\":\"den\"}\n",
	[BOB] = "{\"nick\":\"bob\"}\n{\"join\":\"lobby\",\"ref\":\"x\"}\n",
	[DEE] = "/nick dee\nhello\n",
};

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
check_line(struct program *c, const char *line, size_t len)
{
	json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	bool is_answer;

	require(json_is_object(object));
	is_answer = json_object_get(object, "event") == NULL;
	require(!is_answer || json_object_get(object, "done") != NULL ||
	    json_object_get(object, "failed") != NULL);
	c->answers += is_answer;
	json_decref(object);
}

static bool
client_read(struct program *c)
{
	char chunk[65536], *end;
	ssize_t n;
	bool has_read = false;

	while (!c->is_closed) {
		n = read(c->fd, chunk, sizeof(chunk));
		if (n > 0) {
			buf_add(&c->seen, chunk, (size_t)n);
			has_read = true;
		} else if (n == 0)
			c->is_closed = true;
		else
			break;
	}
	while (c->seen.len > 0 &&
	    (end = memchr(c->seen.data, '\n', c->seen.len)) != NULL) {
		if (c->is_json)
			check_line(c, c->seen.data,
			    (size_t)(end - c->seen.data));
		c->seen.len -= (size_t)(end + 1 - c->seen.data);
		memmove(c->seen.data, end + 1, c->seen.len);
	}
	return has_read;
}

static void
run(struct mini_server *t, struct program *programs)
{
	bool has_read = true;

	while (has_read) {
		mini_run(t);
		has_read = false;
		for (int i = 0; i < PEOPLE; i++)
			has_read |= client_read(&programs[i]);
	}
}

static void
send_line(struct program *c, const char *line, size_t len)
{
	struct buf out = BUF_INITIALIZER;

	/* Those are answered by nothing. */
	c->requests += memmem(line, len, "ack", 3) == NULL &&
	    memmem(line, len, "\\u", 2) == NULL;
	buf_add(&out, line, len);
	buf_addch(&out, '\n');
	if (write(c->fd, out.data, out.len) != (ssize_t)out.len)
		c->requests = 0;
	buf_fini(&out);
}

static void
play(struct mini_server *t, struct program *programs, const char *line,
    size_t len)
{
	if (len == 0)
		return;
	if (line[0] != '!') {
		send_line(&programs[(unsigned char)line[0] % PEOPLE], line + 1,
		    len - 1);
		return;
	}
	t->clock.mono_ms += 1000;
	t->clock.wall_ms += 1000;
	deadlines_run(&t->deadlines, t->clock.mono_ms);
}

static void
begin(struct mini_server *t, struct program *programs)
{
	struct program *c;

	mini_init(t);
	memset(programs, 0, PEOPLE * sizeof(*programs));
	for (int i = 0; i < PEOPLE; i++)
		programs[i].is_closed = true; /* nothing is read yet */
	for (int i = 0; i < PEOPLE; i++) {
		c = &programs[i];
		c->is_closed = false;
		c->is_json = i != DEE;
		c->fd = mini_connect_to(t, i + 1, c->is_json ? "json" : "line");
		require(write(c->fd, starts[i], strlen(starts[i])) > 0);
		run(t, programs);
		require(!c->is_closed);
		require(!c->is_json || c->answers == (i == ANA ? 3 : 2));
		c->answers = 0;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct program programs[PEOPLE];
	struct mini_server mini;
	const char *line = (const char *)data, *end;

	if (size == 0 || size > FUZZ_INPUT_MAX)
		return 0;
	begin(&mini, programs);
	while (size > 0) {
		end = memchr(line, '\n', size);
		if (end == NULL)
			end = line + size;
		play(&mini, programs, line, (size_t)(end - line));
		run(&mini, programs);
		if (end < line + size)
			end++;
		size -= (size_t)(end - line);
		line = end;
	}
	for (int i = 0; i < PEOPLE; i++) {
		require(programs[i].is_closed || !programs[i].is_json ||
		    programs[i].answers >= programs[i].requests);
		(void)close(programs[i].fd);
		buf_fini(&programs[i].seen);
	}
	mini_fini(&mini);
	return 0;
}

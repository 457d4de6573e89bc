/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A client that comes to a port of all protocols, or of one, and sends any
 * bytes, at once or after the greeting, in pieces and over an upgrade. The
 * first byte of the input says which; the rest is sent, and cut at each "|~".
 *
 * Somebody who is there never sees a password, and nothing at all of a client
 * whose first line is that of a protocol that is not spoken here; and that
 * client's connection ends.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit/mini-server.h"
#include "base/secret.h"
#include "session/stranger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	FUZZ_LATE = 1,
	FUZZ_TELLS_ALL = 2,
	FUZZ_UPGRADE = 4,
	FUZZ_IRC = 8,
	FUZZ_LINE = 16
};

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* In the next program nobody but the watcher's and the client's copies of the
 * connections go on. */
static void
upgrade(struct mini_server *from, struct mini_server *to)
{
	struct fields_out out = HANDOFF_OUT_INITIALIZER;
	struct buf blob = BUF_INITIALIZER;
	struct fields_in in;

	mini_save(from, &out);
	handoff_seal(&out, &blob);
	mini_init(to);
	to->clock = from->clock;
	require(handoff_open(&in, blob.data, blob.len, HANDOFF_TAKE) &&
	    mini_load(to, &in, true));
	fields_in_fini(&in);
	mini_fini(from);
	buf_fini(&blob);
	fields_out_fini(&out);
	mini_run(to);
}

static void
pass(struct mini_server *t, int64_t ms)
{
	t->clock.mono_ms += ms;
	t->clock.wall_ms += ms;
	deadlines_run(&t->deadlines, t->clock.mono_ms);
	mini_run(t);
}

/* What is said stands behind "> ", and nothing of it may be a secret. */
static void
check_seen(const struct buf *seen)
{
	const char *at = seen->data, *end, *said;
	size_t left = seen->len;

	while (left > 0 && (end = memchr(at, '\n', left)) != NULL) {
		said = memmem(at, (size_t)(end - at), "> ", 2);
		if (said != NULL)
			require(!text_is_secret(said + 2,
			    (size_t)(end - said) - 2));
		left -= (size_t)(end + 1 - at);
		at = end + 1;
	}
}

/* The first line of data that is not empty, if it has an end. */
static enum stranger
first_stranger(const char *data, size_t size)
{
	const char *end;
	size_t len;

	while ((end = memchr(data, '\n', size)) != NULL) {
		len = (size_t)(end - data);
		if (len > 0 && data[len - 1] == '\r')
			len--;
		/* A byte order mark is no part of it. */
		if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
			data += 3;
			size -= 3;
			len -= 3;
		}
		if (len > 0)
			/* Telnet's bytes and other ends of lines are not for
			 * this model. */
			return len > 2000 || memchr(data, 0xff, len) != NULL ||
				memchr(data, '\r', len) != NULL ?
			    STRANGER_NONE :
			    stranger_of(data, len);
		size -= (size_t)(end + 1 - data);
		data = end + 1;
	}
	return STRANGER_NONE;
}

static void
send_pieces(struct mini_server *t, int fd, const char *data, size_t size)
{
	const char *cut;
	size_t len;

	while (size > 0) {
		cut = memmem(data, size, "|~", 2);
		len = cut == NULL ? size : (size_t)(cut - data);
		if (len > 0 && write(fd, data, len) == -1)
			return;
		mini_run(t);
		if (cut == NULL)
			return;
		data += len + 2;
		size -= len + 2;
		pass(t, 1000);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mini_server minis[2];
	struct mini_server *t = &minis[0];
	struct buf seen = BUF_INITIALIZER, got = BUF_INITIALIZER;
	const char *text = (const char *)data + 1;
	enum stranger stranger;
	int watcher, fd, how;
	char byte;

	if (size < 2 || size > 8192)
		return 0;
	how = data[0];
	size--;
	mini_init(t);
	t->options.greeting_delay = 300;
	watcher = mini_connect_to(t, 1, "line");
	mini_type(watcher, "/nick watcher\nhere\n");
	mini_run(t);
	fd = mini_connect_to(t, 2,
	    how & FUZZ_IRC      ? "irc" :
		how & FUZZ_LINE ? "line" :
				  "");
	mini_run(t);
	if (how & FUZZ_LATE)
		pass(t, 1000);
	mini_read(watcher, &seen);
	buf_reset(&seen);
	/* Over a WebSocket they may come in, and speak. */
	stranger = memmem(text, size, "|~", 2) == NULL &&
		memmem(text, size, "Sec-WebSocket-Key", 17) == NULL ?
	    first_stranger(text, size) :
	    STRANGER_NONE;
	send_pieces(t, fd, text, size);
	if (how & FUZZ_UPGRADE) {
		upgrade(t, &minis[1]);
		t = &minis[1];
	}
	pass(t, 6000);
	(void)shutdown(fd, SHUT_WR);
	mini_run(t);
	mini_read(watcher, &seen);
	check_seen(&seen);
	if (stranger != STRANGER_NONE) {
		require(memmem(buf_cstr(&seen), seen.len, "] <", 3) == NULL);
		mini_read(fd, &got);
		require(read(fd, &byte, 1) == 0);
	}
	buf_fini(&got);
	buf_fini(&seen);
	mini_fini(t);
	(void)close(fd);
	(void)close(watcher);
	return 0;
}

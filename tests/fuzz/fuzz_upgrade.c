/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The state that one program leaves to the next, of any bytes, once with
 * whatever header and check it has and once with ones that are right. What is
 * loaded can be saved and loaded again, and goes on. Descriptors become what
 * they are said to be when they are asked for.
 */
#include "config.h"

#include <sys/socket.h>

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "../unit/mini-server.h"
#include "base/handoff.h"
#include "history/history.h"
#include "room/deliver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_FDS 8

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* A ring with a few messages; one for each that asks for a file. */
static int
make_ring(void)
{
	struct event event = { .kind = EVENT_SAY,
		.author = 1,
		.nick = "ana",
		.text = "hello",
		.text_len = 5 };
	struct history h;
	int fd, i;

	history_init(&h, 4096);
	for (i = 0; i < 3; i++)
		(void)history_append(&h, &event);
	require(history_share(&h) == 0);
	fd = fcntl(h.fd, F_DUPFD_CLOEXEC, 3);
	history_fini(&h);
	return fd;
}

static bool
become(int fd, enum fields_fd kind)
{
	int fds[2], ring;

	if (kind == FIELDS_FD_FILE) {
		ring = make_ring();
		require(dup2(ring, fd) == fd);
		(void)close(ring);
		return true;
	}
	if (kind == FIELDS_FD_LISTENER)
		return false; /* no port is opened here */
	require(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	require(dup2(fds[0], fd) == fd);
	(void)close(fds[0]);
	(void)close(fds[1]);
	return true;
}

/* What was loaded is whole: it is saved, loaded and goes on. */
static void
check(struct mini_server *mini)
{
	struct fields_out out = HANDOFF_OUT_INITIALIZER;
	struct buf blob = BUF_INITIALIZER;
	struct fields_in in;
	struct mini_server again;
	bool is_good;

	conn_reap(&mini->net);
	deliver_all(&mini->chat);
	mini_save(mini, &out);
	handoff_seal(&out, &blob);
	mini_init(&again);
	is_good = handoff_open(&in, blob.data, blob.len, HANDOFF_TAKE) &&
	    mini_load(&again, &in, true);
	require(is_good);
	fields_in_fini(&in);
	mini_run(&again);
	mini_fini(&again);
	buf_fini(&blob);
	fields_out_fini(&out);
}

static void
load(const void *blob, size_t len)
{
	struct fields_in in;
	struct mini_server mini;
	bool is_good = false;
	size_t i;

	if (handoff_open(&in, blob, len, HANDOFF_TAKE)) {
		/* Never those of this process. */
		if (in.fd_count > FUZZ_FDS)
			in.fd_count = FUZZ_FDS;
		for (i = 0; i < in.fd_count; i++) {
			in.fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
			require(in.fds[i] != -1);
		}
		in.check_fd = become;
		mini_init(&mini);
		is_good = mini_load(&mini, &in, false);
		require(is_good || in.error != NULL);
		if (is_good)
			check(&mini);
		mini_fini(&mini);
	}
	fields_in_fini(&in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fields_out out = HANDOFF_OUT_INITIALIZER;
	struct buf blob = BUF_INITIALIZER, whole = BUF_INITIALIZER;
	int i;

	for (i = 0; i < FUZZ_FDS; i++) {
		fields_put_fd(&out, 0, 3 + i);
		buf_reset(&out.data);
	}
	/* Not NULL, whatever the size. */
	buf_add(&whole, data, size);
	load(buf_cstr(&whole), size);
	if (size > 0)
		buf_add(&out.data, data, size);
	handoff_seal(&out, &blob);
	load(blob.data, blob.len);
	buf_fini(&whole);
	buf_fini(&blob);
	fields_out_fini(&out);
	return 0;
}

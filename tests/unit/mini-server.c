/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * See mini-server.h. The turn is the server's, without its limits of time.
 */
#include "config.h"

#include <sys/socket.h>

#include <netinet/in.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/tlv.h"
#include "room/deliver.h"
#include "room/directory.h"
#include "room/member.h"
#include "room/presence.h"
#include "room/publish.h"
#include "session/protocol.h"
#include "mini-server.h"

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
mini_wake(void *arg)
{
	struct mini_server *t = arg;

	t->is_woken = true;
}

static void
mini_accepted(int fd, const struct listener_peer *peer, void *arg)
{
	struct mini_server *t = arg;

	session_accept(&t->sessions, fd, peer);
}

void
mini_init(struct mini_server *t)
{
	memset(t, 0, sizeof(*t));
	t->clock.is_set_by_hand = true;
	t->clock.mono_ms = 1000000;
	t->clock.wall_ms = 1780401600000; /* 2 June 2026, noon UTC */
	options_init(&t->options);
	t->options.history_size = 524288;
	t->options.line_rate.count = 0;
	t->options.announce_rate.count = 0;
	t->options.accept_rate.count = 0;
	t->options.max_per_address = 0;
	t->base = event_base_new();
	require(t->base != NULL &&
	    event_base_priority_init(t->base, NET_PRIORITIES) == 0);
	deadlines_init(&t->deadlines, NULL, NULL);
	require(net_init(&t->net, t->base, &t->clock, &t->deadlines,
		    &t->options, mini_wake, t) == 0);
	chat_init(&t->chat, &t->clock, &t->options, &t->deadlines, mini_wake,
	    t);
	sessions_init(&t->sessions, &t->net, &t->chat, &t->options);
	t->listeners = listeners_new(&t->net, mini_accepted, t);
}

void
mini_fini(struct mini_server *t)
{
	struct member *m;

	listeners_free(t->listeners);
	sessions_free_all(&t->sessions);
	sessions_fini(&t->sessions);
	/* Those whose session was never loaded. */
	while ((m = directory_next(&t->chat.directory, NULL)) != NULL)
		member_depart(m, ROOM_LEAVE_SILENT, NULL);
	chat_fini(&t->chat);
	net_fini(&t->net);
	require(deadlines_next(&t->deadlines) == -1);
	event_base_free(t->base);
	options_fini(&t->options);
}

int
mini_connect_to(struct mini_server *t, int host, const char *protocol)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct listener_peer peer = { .protocols = protocol };
	int fds[2];

	sin.sin_addr.s_addr = htonl(0xc0000200 + (uint32_t)host);
	peer.credential = credential_from_address((struct sockaddr *)&sin);
	require(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	require(fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0 &&
	    fcntl(fds[1], F_SETFL, O_NONBLOCK) == 0);
	session_accept(&t->sessions, fds[0], &peer);
	return fds[1];
}

int
mini_connect(struct mini_server *t, int host)
{
	return mini_connect_to(t, host, "");
}

void
mini_run(struct mini_server *t)
{
	int quiet;

	for (quiet = 0; quiet < 3; quiet++) {
		event_base_loop(t->base, EVLOOP_NONBLOCK);
		if (t->is_woken)
			quiet = 0;
		t->is_woken = false;
		if (publish_turn(&t->chat))
			t->is_woken = true;
		conn_reap(&t->net);
		if (walks_are_running(&t->deadlines.walks)) {
			walks_finish(&t->deadlines.walks);
			quiet = 0;
		}
	}
	deliver_all(&t->chat);
	conn_reap(&t->net);
	deliver_all(&t->chat);
}

void
mini_type(int fd, const char *text)
{
	require(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

void
mini_read(int fd, struct buf *out)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(out, chunk, (size_t)n);
}

void
mini_save(struct mini_server *t, struct fields_out *out)
{
	sessions_end_searches(&t->sessions);
	net_save(&t->net, out);
	listeners_save(t->listeners, HANDOFF_LISTENER, out);
	require(chat_save(&t->chat, out) == 0);
	sessions_save(&t->sessions, out);
}

static bool
mini_knows(const char *protocols)
{
	return protocol_find(protocols) != NULL;
}

static bool
mini_load_item(struct mini_server *t, struct fields_in *in,
    const struct tlv *item)
{
	if (item->tag == HANDOFF_NET)
		return net_load(&t->net, in, item);
	if (item->tag == HANDOFF_LISTENER)
		return listeners_load(t->listeners, in, item, mini_knows);
	return chat_load(&t->chat, in, item, protocol_find_dialect) &&
	    sessions_load(&t->sessions, in, item);
}

bool
mini_load(struct mini_server *t, struct fields_in *in, bool is_copied)
{
	struct tlv_reader r = in->items;
	struct tlv item;
	bool is_good = true;
	size_t i;

	for (i = 0; is_copied && i < in->fd_count; i++) {
		in->fds[i] = fcntl(in->fds[i], F_DUPFD_CLOEXEC, 3);
		require(in->fds[i] != -1);
	}
	while (is_good && tlv_next(&r, &item))
		is_good = mini_load_item(t, in, &item);
	if (r.is_bad)
		is_good = fields_fail(in, "it is cut off");
	is_good = is_good && chat_load_end(&t->chat, in);
	handoff_close_rest(in);
	return is_good;
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * All on one epoll, level-triggered; a member who sleeps is taken off it. The
 * beginning of a line is kept only while there is one: with 20,000 members a
 * buffer for each would be more memory than the servers take.
 */
#include "config.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "members.h"
#include "secure.h"
#include "settings.h"
#include "trial.h"

enum {
	MEMBERS_EVENTS = 512,
	MEMBERS_READ = 256 * 1024,
	MEMBERS_ADDRESSES = 20, /* 127.0.0.2 and up */
	/* A sleeper's way is as over Ethernet, else the kernel alone holds
	 * megabytes for it. While awake it loses nothing by that, since what is
	 * written at once still fits into the server's end. */
	MEMBERS_SLEEPER_SEGMENT = 1448,
	MEMBERS_SLEEPER_BYTES = 4096
};

struct members members;

static const struct members_listener *members_listener;
static int members_epoll_fd;
static unsigned members_started;
static unsigned members_joining;

void
members_init(const struct members_listener *listener)
{
	unsigned i;

	members_listener = listener;
	members_epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (members_epoll_fd == -1)
		trial_fail("epoll_create1");
	members.list = trial_alloc(settings.members, sizeof(*members.list));
	members.wakers = settings.members - settings.sleepers - settings.asides;
	for (i = 0; i < settings.members; i++) {
		members.list[i].self.number = i;
		members.list[i].self.is_aside = i >= members.wakers &&
		    i < members.wakers + settings.asides;
		members.list[i].is_sleeper = i >=
		    members.wakers + settings.asides;
	}
}

struct member *
members_spread(unsigned number, unsigned count)
{
	return &members.list[(size_t)number * members.wakers / count];
}

static void
members_watch(struct member *m, int op, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = m };

	if (epoll_ctl(members_epoll_fd, op, m->fd, &event) == -1)
		trial_fail("epoll_ctl");
}

size_t
members_write(const struct member *m, const char *data, size_t len)
{
	ssize_t n = m->secure != NULL ?
	    secure_write(m->secure, data, len) :
	    send(m->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n == -1 && errno != EAGAIN && errno != EINTR)
		trial_gave_up("reset");
	return n == -1 ? len : len - (size_t)n;
}

/* A few bytes, which every socket has room for unless its server hangs. */
static void
members_write_all(const struct member *m, const char *data, size_t len)
{
	if (members_write(m, data, len) > 0)
		trial_gave_up("does-not-read");
}

/* Connections */

/*
 * From several addresses: one has but some 28,000 ports, and whoever counts
 * connections by address should see some. The kernel is to choose the port
 * when it knows the destination too.
 */
static void
members_bind(int fd, unsigned number)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	const int on = 1;

	(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
	    sizeof(on));
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 +
	    number % MEMBERS_ADDRESSES);
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)) == -1)
		trial_fail("bind");
}

static void
members_narrow(int fd)
{
	const int segment = MEMBERS_SLEEPER_SEGMENT;
	const int bytes = MEMBERS_SLEEPER_BYTES;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment,
	    sizeof(segment));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

static void
members_connect(struct member *m)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	const int on = 1;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons((in_port_t)settings.port);
	m->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (m->fd == -1)
		trial_fail("socket");
	members_bind(m->fd, m->self.number);
	/* No TIME_WAIT of ours takes a port from the next run. */
	(void)setsockopt(m->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	(void)setsockopt(m->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (m->is_sleeper)
		members_narrow(m->fd);
	if (connect(m->fd, (struct sockaddr *)&to, sizeof(to)) == -1 &&
	    errno != EINPROGRESS)
		trial_gave_up("refused");
	members_joining++;
	members_watch(m, EPOLL_CTL_ADD, EPOLLOUT);
}

static void
members_set_live(struct member *m)
{
	m->self.is_live = true;
	members.live++;
	members_joining--;
}

/* Whether the line before the handshake has come; it is taken off. */
static bool
members_hear_first(struct member *m)
{
	char line[4096], *end;
	ssize_t n = recv(m->fd, line, sizeof(line), MSG_PEEK);

	end = n <= 0 ? NULL : memchr(line, '\n', (size_t)n);
	if (end != NULL)
		return recv(m->fd, line, (size_t)(end + 1 - line), 0) ==
		    end + 1 - line;
	if (n != -1 || errno != EAGAIN)
		trial_gave_up("no-first-line");
	members_watch(m, EPOLL_CTL_MOD, EPOLLIN);
	return false;
}

/* Whether m's handshake is over, which there is only with TLS. */
static bool
members_shake(struct member *m)
{
	if (!settings.is_secure)
		return true;
	if (m->secure == NULL && settings.dialect->tells_first &&
	    !members_hear_first(m))
		return false;
	if (m->secure == NULL)
		m->secure = secure_new(m->fd);
	if (m->secure == NULL)
		trial_fail("secure_new");
	switch (secure_shake(m->secure)) {
	case SECURE_DONE:
		return true;
	case SECURE_READS:
		members_watch(m, EPOLL_CTL_MOD, EPOLLIN);
		return false;
	case SECURE_WRITES:
		members_watch(m, EPOLL_CTL_MOD, EPOLLOUT);
		return false;
	default:
		trial_gave_up("handshake-failed");
	}
}

static void
members_connected(struct member *m)
{
	char greeting[DIALECT_REPLY_MAX];
	int error = 0;
	socklen_t len = sizeof(error);

	(void)getsockopt(m->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error != 0)
		trial_gave_up("refused");
	if (!members_shake(m))
		return;
	m->is_connected = true;
	trial.now_ns = trial_clock_ns();
	members_watch(m, EPOLL_CTL_MOD, EPOLLIN);
	members.connect_s = trial_since_s(trial.start_ns);
	if (settings.dialect->greet != NULL)
		members_write_all(m, greeting,
		    settings.dialect->greet(greeting, &m->self));
	if (!dialect_tells_live(settings.dialect))
		members_set_live(m);
}

/* What comes */

static void
members_keep_rest(struct member *m, const char *rest, size_t len)
{
	free(m->rest);
	m->rest = NULL;
	m->rest_len = len;
	if (len == 0)
		return;
	m->rest = trial_alloc(len, 1);
	memcpy(m->rest, rest, len);
}

static void
members_hear(struct member *m, const struct dialect_item *item)
{
	switch (item->kind) {
	case DIALECT_TEXT:
		members_listener->heard(m, item->text, item->len);
		break;
	case DIALECT_REPLY:
		members_write_all(m, item->reply, item->reply_len);
		break;
	case DIALECT_LIVE:
		if (!m->self.is_live)
			members_set_live(m);
		break;
	case DIALECT_REFUSED:
		(void)fprintf(stderr, "load: %s says: %.*s\n", settings.label,
		    (int)item->len, item->text);
		trial_gave_up("refused");
	case DIALECT_OTHER:
		break;
	}
}

/* A sleeper may be; nobody else. */
static void
members_dropped(struct member *m, const char *how)
{
	if (!m->is_sleeper || !members.have_slept)
		trial_gave_up(how);
	members_watch(m, EPOLL_CTL_DEL, 0);
	m->is_dropped = true;
	members_keep_rest(m, NULL, 0);
}

/* Whether anything came. */
static bool
members_read_once(struct member *m)
{
	static char buf[MEMBERS_READ];
	struct dialect_item item;
	char *at = buf, *end;
	ssize_t n;

	if (m->rest_len > 0)
		memcpy(buf, m->rest, m->rest_len);
	end = buf + m->rest_len;
	n = (ssize_t)(buf + sizeof(buf) - end);
	n = m->secure != NULL ? secure_read(m->secure, end, (size_t)n) :
				recv(m->fd, end, (size_t)n, MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		members_dropped(m, n == 0 ? "closed" : "reset");
		return false;
	}
	trial.now_ns = trial_clock_ns();
	members_listener->was_read(m);
	for (end += n; at < end; at += n) {
		n = settings.dialect->parse(&item, &m->self, at,
		    (size_t)(end - at));
		if (n == -1)
			trial_gave_up("protocol-error");
		if (n == 0)
			break;
		members_hear(m, &item);
	}
	if (at == buf && end == buf + sizeof(buf))
		trial_gave_up("endless-line");
	if (m->rest_len > 0 || at < end)
		members_keep_rest(m, at, (size_t)(end - at));
	return true;
}

/* Of TLS all that libssl has; epoll does not know of that. */
static void
members_read(struct member *m)
{
	while (members_read_once(m) && m->secure != NULL)
		continue;
}

bool
members_poll(int timeout_ms)
{
	struct epoll_event events[MEMBERS_EVENTS];
	struct member *m;
	int count, i;

	count = epoll_wait(members_epoll_fd, events, MEMBERS_EVENTS,
	    timeout_ms);
	if (count == -1 && errno != EINTR)
		trial_fail("epoll_wait");
	for (i = 0; i < count; i++) {
		m = events[i].data.ptr;
		if (m->is_connected)
			members_read(m);
		else
			members_connected(m);
	}
	return count > 0;
}

void
members_settle(void)
{
	int64_t quiet_ns = trial_clock_ns() + TRIAL_QUIET_MS * NS_PER_MS;

	while (trial_clock_ns() < quiet_ns)
		if (members_poll(TRIAL_QUIET_MS / 4)) {
			quiet_ns = trial_clock_ns() +
			    TRIAL_QUIET_MS * NS_PER_MS;
			trial_check_limit("never-quiet");
		}
}

/* Joining, sleeping */

static bool
members_may_start(void)
{
	return members_started < settings.members &&
	    members_joining < settings.joining;
}

void
members_join(void)
{
	while (members.live < settings.members) {
		while (members_may_start()) {
			members_connect(&members.list[members_started++]);
			/* Not to come late to those who are greeted already. */
			if (members_started % 64 == 0)
				break;
		}
		(void)members_poll(members_may_start() ? 0 : TRIAL_QUIET_MS);
		trial_check_limit("not-all-are-live");
	}
}

static void
members_watch_sleepers(int op, uint32_t events)
{
	unsigned i;

	for (i = members.wakers; i < settings.members; i++)
		if (members.list[i].is_sleeper && !members.list[i].is_dropped)
			members_watch(&members.list[i], op, events);
}

void
members_sleep(void)
{
	members.have_slept = true;
	members_watch_sleepers(EPOLL_CTL_DEL, 0);
}

void
members_wake(void)
{
	members_watch_sleepers(EPOLL_CTL_ADD, EPOLLIN);
}

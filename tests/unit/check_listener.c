/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Listening sockets: reloads, Unix sockets' files, and the accept gate.
 */
#include "config.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <check.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "base/log.h"
#include "base/util.h"
#include "faults.h"
#include "net/listener-impl.h"
#include "unit.h"

#define PATIENCE_MS 10000
#define MANY 200

/* One for each test: they may share a process (CK_FORK=no). */
static struct {
	struct event_base *base;
	struct clock clock;
	struct deadlines deadlines;
	struct options options;
	struct net net;
	struct event *tick;
	struct listeners *listeners;
	char *dir;
	int fd; /* the last accepted */
	size_t count;
	struct listener_peer peer;
	char protocols[64];
} w;

static int64_t
now_ms(void)
{
	struct clock c = { 0 };

	clock_update(&c);
	return c.mono_ms;
}

static void
nothing(void *arg)
{
	(void)arg;
}

static void
tick_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static void
accepted(int fd, const struct listener_peer *peer, void *arg)
{
	ck_assert_ptr_eq(arg, &w);
	ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	if (w.fd != -1)
		close(w.fd);
	w.fd = fd;
	w.count++;
	w.peer = *peer;
	strlcpy(w.protocols, peer->protocols, sizeof(w.protocols));
}

static void
setup(void)
{
	static const struct timeval tick = { 0, 20000 };

	log_set_level(LOG_LEVEL_ERROR);
	memset(&w, 0, sizeof(w));
	w.fd = -1;
	w.base = event_base_new();
	ck_assert_ptr_nonnull(w.base);
	ck_assert_int_eq(event_base_priority_init(w.base, NET_PRIORITIES), 0);
	clock_update(&w.clock);
	deadlines_init(&w.deadlines, NULL, NULL);
	ck_assert_int_eq(net_init(&w.net, w.base, &w.clock, &w.deadlines,
			     &w.options, nothing, NULL),
	    0);
	/* So that a loop that waits for nothing comes back. */
	w.tick = event_new(w.base, -1, EV_PERSIST, tick_cb, NULL);
	event_priority_set(w.tick, NET_PRIORITY_INPUT);
	event_add(w.tick, &tick);
	w.listeners = listeners_new(&w.net, accepted, &w);
	w.dir = unit_dir_new();
}

static void
teardown(void)
{
	listeners_free(w.listeners);
	ck_assert_int_eq(deadlines_next(&w.deadlines), -1);
	/* Fails if a socket's file was left behind. */
	ck_assert_str_eq(unit_dir_names(w.dir), "");
	unit_dir_free(w.dir);
	if (w.fd != -1)
		close(w.fd);
	net_fini(&w.net);
	event_free(w.tick);
	event_base_free(w.base);
}

static void
run_until(size_t count)
{
	int64_t until_ms = now_ms() + PATIENCE_MS;

	while (w.count < count) {
		if (now_ms() >= until_ms)
			ck_abort_msg("only %zu of %zu came", w.count, count);
		event_base_loop(w.base, EVLOOP_ONCE);
	}
}

static void
run_ready(void)
{
	for (int i = 0; i < 3; i++) {
		event_base_loop(w.base, EVLOOP_NONBLOCK);
		poll(NULL, 0, 1);
	}
}

/* Listens as one or two specs say; NULL for none. */
static int
set_specs(const char *a, const char *b, char **error)
{
	char *items[2], *where[2] = { NULL, NULL };
	struct option_list list = { items, where, 0 };
	int result;

	if (a != NULL)
		items[list.count++] = xstrdup(a);
	if (b != NULL)
		items[list.count++] = xstrdup(b);
	result = listeners_prepare(w.listeners, &list, error);
	if (result == 0)
		listeners_commit(w.listeners);
	for (size_t i = 0; i < list.count; i++)
		free(items[i]);
	return result;
}

static const char *
listening_name(size_t index)
{
	const struct listener *l;

	TAILQ_FOREACH(l, &w.listeners->open, entry)
		if (index-- == 0)
			return l->name;
	return NULL;
}

static size_t
listening_count(void)
{
	size_t count = 0;

	while (listening_name(count) != NULL)
		count++;
	return count;
}

static void
set_fine(const char *a, const char *b)
{
	char *error = NULL;

	if (set_specs(a, b, &error) == -1)
		ck_abort_msg("%s", error);
	ck_assert_ptr_null(error);
}

static void
set_fails(const char *a, const char *b, const char *expected)
{
	char *error = NULL;

	ck_assert_int_eq(set_specs(a, b, &error), -1);
	ck_assert_str_eq(error, expected);
	free(error);
}

/* Connects to what is at index. Waits for nobody to accept it. */
static int
connect_to(size_t index)
{
	const char *name = listening_name(index);
	struct sockaddr_storage ss;
	struct sockaddr_in *sin = (struct sockaddr_in *)&ss;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)&ss;
	struct sockaddr_un *sun = (struct sockaddr_un *)&ss;
	socklen_t len;
	in_port_t port;
	int fd;

	ck_assert_ptr_nonnull(name);
	memset(&ss, 0, sizeof(ss));
	port = htons((in_port_t)strtol(strrchr(name, ':') + 1, NULL, 10));
	if (strncmp(name, "unix:", 5) == 0) {
		sun->sun_family = AF_UNIX;
		strlcpy(sun->sun_path, name + 5, sizeof(sun->sun_path));
		len = sizeof(*sun);
	} else if (name[0] == '[') {
		sin6->sin6_family = AF_INET6;
		sin6->sin6_addr = in6addr_loopback;
		sin6->sin6_port = port;
		len = sizeof(*sin6);
	} else {
		sin->sin_family = AF_INET;
		sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		sin->sin_port = port;
		len = sizeof(*sin);
	}
	fd = socket(ss.ss_family, SOCK_STREAM, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_msg(connect(fd, (struct sockaddr *)&ss, len) == 0,
	    "cannot connect to %s: %s", name, strerror(errno));
	return fd;
}

static bool
has_ipv6(void)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool has;

	sin6.sin6_addr = in6addr_loopback;
	has = fd != -1 && bind(fd, (struct sockaddr *)&sin6, sizeof(sin6)) == 0;
	if (fd != -1)
		close(fd);
	return has;
}

static char *
path_of(const char *file)
{
	return xasprintf("%s/%s", w.dir, file);
}

START_TEST(test_tcp)
{
	struct credential expected;
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int fd;

	set_fine("127.0.0.1:0,line,irc", NULL);
	ck_assert_uint_eq(listening_count(), 1);
	ck_assert_int_eq(strncmp(listening_name(0), "127.0.0.1:", 10), 0);
	ck_assert_str_ne(listening_name(0), "127.0.0.1:0");
	ck_assert_ptr_null(listening_name(1));
	fd = connect_to(0);
	run_until(1);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	expected = credential_from_address((struct sockaddr *)&sin);
	ck_assert_int_eq(credential_cmp(&w.peer.credential, &expected), 0);
	ck_assert(w.peer.is_tcp);
	ck_assert_str_eq(w.protocols, "line,irc");
	close(fd);
}
END_TEST

/* The port of a name at index: behind the last colon. */
static const char *
port_of(size_t index)
{
	return strrchr(listening_name(index), ':');
}

START_TEST(test_name_with_several_addresses)
{
	int fd;

	set_fine("localhost:0", NULL);
	for (size_t i = 0; i < listening_count(); i++) {
		ck_assert_str_eq(port_of(i), port_of(0));
		fd = connect_to(i);
		run_until(i + 1);
		ck_assert(w.peer.is_tcp);
		ck_assert_str_eq(w.protocols, "");
		close(fd);
	}
	/* Not the same as all addresses: those do not go together. */
	set_fine("*:0", NULL);
	ck_assert_uint_eq(listening_count(), has_ipv6() ? 2 : 1);
	for (size_t i = 0; i < listening_count(); i++)
		ck_assert_str_eq(port_of(i), port_of(0));
}
END_TEST

START_TEST(test_ipv6)
{
	int fd;

	if (!has_ipv6())
		return;
	set_fine("[::1]:0", NULL);
	ck_assert_int_eq(strncmp(listening_name(0), "[::1]:", 6), 0);
	fd = connect_to(0);
	run_until(1);
	ck_assert_int_eq(w.peer.credential.kind, CREDENTIAL_IPV6);
	close(fd);
}
END_TEST

START_TEST(test_unix)
{
	char *path = path_of("sock"), *spec = xasprintf("unix:%s,irc", path);
	struct credential expected = credential_from_uid(geteuid());
	struct stat st;
	mode_t mask = umask(077);
	int fd;

	set_fine(spec, NULL);
	umask(mask);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert(S_ISSOCK(st.st_mode));
	ck_assert_int_eq(st.st_mode & 0777, 0666);
	ck_assert_str_eq(listening_name(0) + 5, path);
	fd = connect_to(0);
	run_until(1);
	ck_assert(!w.peer.is_tcp);
	ck_assert_int_eq(credential_cmp(&w.peer.credential, &expected), 0);
	ck_assert_str_eq(w.protocols, "irc");
	close(fd);
	set_fine(NULL, NULL);
	ck_assert_int_eq(stat(path, &st), -1);
	ck_assert_uint_eq(listening_count(), 0);
	free(path);
	free(spec);
}
END_TEST

static int
bind_unix(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strlcpy(sun.sun_path, path, sizeof(sun.sun_path));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

START_TEST(test_unix_stale)
{
	char *path = path_of("sock"), *spec = xasprintf("unix:%s", path);
	char *error;
	int fd;

	/* A server answers: not touched. */
	fd = bind_unix(path);
	ck_assert_int_eq(listen(fd, 1), 0);
	error = xasprintf("cannot listen on '%s': another server answers there",
	    spec);
	set_fails(spec, NULL, error);
	free(error);
	ck_assert_int_eq(access(path, F_OK), 0);

	/* It died without a word. */
	close(fd);
	set_fine(spec, NULL);
	fd = connect_to(0);
	run_until(1);
	close(fd);
	set_fine(NULL, NULL);

	/* Any other file is somebody's. */
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	error = xasprintf("cannot listen on '%s': there is a file that is no "
			  "socket",
	    spec);
	set_fails(spec, NULL, error);
	free(error);
	ck_assert_int_eq(unlink(path), 0);
	free(path);
	free(spec);
}
END_TEST

/* Another server has made its file there meanwhile, which stays. */
START_TEST(test_unix_not_ours)
{
	char *path = path_of("sock"), *spec = xasprintf("unix:%s", path);
	int fd;

	set_fine(spec, NULL);
	ck_assert_int_eq(unlink(path), 0);
	fd = bind_unix(path);
	set_fine(NULL, NULL);
	ck_assert_int_eq(access(path, F_OK), 0);
	close(fd);
	unlink(path);
	free(path);
	free(spec);
}
END_TEST

/* Reloads */

START_TEST(test_all_or_nothing)
{
	char *path = path_of("sock"), *spec = xasprintf("unix:%s", path);
	char *name, *taken, *error;
	int fd;

	set_fine("127.0.0.1:0", NULL);
	name = xstrdup(listening_name(0));
	set_fails(spec, "127.0.0.1:x",
	    "cannot listen on '127.0.0.1:x': a port is a number from 0 to "
	    "65535");
	set_fails(spec, "unix:/no/such/directory/sock",
	    "cannot listen on 'unix:/no/such/directory/sock': No such file or "
	    "directory");
	ck_assert_int_eq(access(path, F_OK), -1); /* undone */
	set_fails("127.0.0.1:0,irc", "127.0.0.1:0",
	    "cannot listen on '127.0.0.1:0': given twice; an address can have "
	    "one port that the system chooses (0)");
	/* What is in use by another socket of the same set. */
	taken = xasprintf("127.0.0.1%s", port_of(0));
	error = xasprintf("cannot listen on '%s': Address already in use",
	    taken);
	set_fails("127.0.0.1:0", taken, error);

	ck_assert_uint_eq(listening_count(), 1);
	ck_assert_str_eq(listening_name(0), name);
	fd = connect_to(0);
	run_until(1);
	ck_assert_str_eq(w.protocols, ""); /* not irc */
	close(fd);
	free(path);
	free(spec);
	free(name);
	free(taken);
	free(error);
}
END_TEST

/* What stays is never closed: who is in its queue gets in. */
START_TEST(test_reload_keeps)
{
	char *name, *path = path_of("sock");
	char *spec = xasprintf("unix:%s", path);
	int fds[3];

	set_fine("127.0.0.1:0", spec);
	name = xstrdup(listening_name(0));
	ck_assert_uint_eq(listening_count(), 2);
	fds[0] = connect_to(0);
	set_fine("127.0.0.1:0,irc", NULL);
	ck_assert_uint_eq(listening_count(), 1);
	ck_assert_str_eq(listening_name(0), name);
	ck_assert_int_eq(access(path, F_OK), -1);
	run_until(1);
	ck_assert_str_eq(w.protocols, "irc");

	/* Also under another name. */
	fds[1] = connect_to(0);
	set_fine(name, spec);
	ck_assert_str_eq(listening_name(0), name);
	ck_assert_uint_eq(listening_count(), 2);
	fds[2] = connect_to(1);
	run_until(2);
	for (size_t i = 0; i < 3; i++)
		close(fds[i]);
	free(name);
	free(path);
	free(spec);
}
END_TEST

/* The same address by another name is the same socket. */
START_TEST(test_reload_other_name)
{
	char *name, *alias, *error = NULL;
	int fd;

	set_fine("127.0.0.1:0", NULL);
	name = xstrdup(listening_name(0));
	alias = xasprintf("localhost%s", port_of(0));
	set_fine(NULL, NULL);
	set_fine(name, NULL);
	fd = connect_to(0);
	set_fine(alias, NULL);
	ck_assert_str_eq(listening_name(0), name);
	run_until(1);
	close(fd);
	set_fine(name, NULL);
	ck_assert_uint_eq(listening_count(), 1);
	/* Both at once would be one socket with two sets of protocols. */
	ck_assert_int_eq(set_specs(name, alias, &error), -1);
	free(error);
	free(name);
	free(alias);
}
END_TEST

/* The gate */

/* hostile 43 */
START_TEST(test_accepts_per_turn)
{
	int fds[MANY];

	set_fine("127.0.0.1:0", NULL);
	for (size_t i = 0; i < MANY; i++)
		fds[i] = connect_to(0);
	do {
		event_base_loop(w.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	} while (w.count == 0);
	ck_assert_uint_le(w.count, LISTENER_ACCEPTS_PER_TURN);
	run_until(MANY);
	for (size_t i = 0; i < MANY; i++)
		close(fds[i]);
}
END_TEST

static bool
is_at_end(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char byte;

	return poll(&pfd, 1, 0) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

/* hostile 44 */
START_TEST(test_no_descriptors_left)
{
	struct rlimit saved, few;
	int fd, clients[2], taken[64];
	size_t count = 0;

	set_fine("127.0.0.1:0", NULL);
	clients[0] = connect_to(0);
	clients[1] = connect_to(0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &saved), 0);
	few = saved;
	few.rlim_cur = 64;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	while (count < NITEMS(taken) && (fd = dup(clients[0])) != -1)
		taken[count++] = fd;
	ck_assert_int_eq(errno, EMFILE);

	/* One is told; then nobody, and no spin. */
	for (int i = 0; deadlines_next(&w.deadlines) == -1; i++) {
		ck_assert_int_lt(i, 1000);
		event_base_loop(w.base, EVLOOP_ONCE);
	}
	ck_assert_uint_eq(w.count, 0);
	ck_assert_int_eq(deadlines_next(&w.deadlines), w.clock.mono_ms + 100);
	w.clock.mono_ms = -1;
	run_ready();
	ck_assert_int_eq(w.clock.mono_ms, -1);
	ck_assert(is_at_end(clients[0]));
	ck_assert(!is_at_end(clients[1]));
	ck_assert_int_eq(dup(clients[0]), -1); /* the spare is back */

	/* Still none 100 ms later: the next is told. */
	deadlines_run(&w.deadlines, deadlines_next(&w.deadlines));
	for (int i = 0; deadlines_next(&w.deadlines) == -1; i++) {
		ck_assert_int_lt(i, 1000);
		event_base_loop(w.base, EVLOOP_ONCE);
	}
	ck_assert(is_at_end(clients[1]));
	ck_assert_uint_eq(w.count, 0);

	while (count > 0)
		close(taken[--count]);
	close(clients[0]);
	close(clients[1]);
	clients[0] = connect_to(0);
	deadlines_run(&w.deadlines, deadlines_next(&w.deadlines));
	run_until(1);
	ck_assert(!is_at_end(clients[0]));
	close(clients[0]);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &saved), 0);
}
END_TEST

/* hostile 45 */
START_TEST(test_reset_before_accept)
{
	static const struct linger at_once = { 1, 0 };
	int fd, before, after;

	set_fine("127.0.0.1:0", NULL);
	before = dup(0);
	close(before);
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 50; i++) {
			fd = connect_to(0);
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once,
			    sizeof(at_once));
			close(fd);
		}
		run_ready();
	}
	w.count = 0;
	fd = connect_to(0);
	run_until(1);
	ck_assert(!is_at_end(fd));
	close(fd);
	close(w.fd);
	w.fd = -1;
	after = dup(0);
	close(after);
	ck_assert_int_eq(before, after); /* no descriptor is lost */
}
END_TEST

static int
find_listening(void)
{
	int fd, is_listening = 0;
	socklen_t len = sizeof(is_listening);

	for (fd = 0; fd < 256; fd++)
		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening,
			&len) == 0 &&
		    is_listening != 0)
			return fd;
	return -1;
}

/* Each error of accept(): the next gets in, at once or after a pause. */
START_TEST(test_accept_fails)
{
	static const struct {
		int error;
		bool pauses;
	} cases[] = { { EINTR, false }, { EAGAIN, false },
		{ ECONNABORTED, false }, { EPROTO, false }, { ENFILE, true },
		{ EMFILE, true }, { ENOBUFS, true }, { ENOMEM, true } };
	int fd, listening;

	set_fine("127.0.0.1:0", NULL);
	listening = find_listening();
	ck_assert_int_ne(listening, -1);
	for (size_t i = 0; i < NITEMS(cases); i++) {
		fd = connect_to(0);
		w.count = 0;
		fault_watch(listening);
		/* The second of a pause is that of the spare descriptor. */
		fault_set(FAULT_ACCEPT, 0, 2, cases[i].error);
		for (int n = 0; fault_count(FAULT_ACCEPT) == 0; n++) {
			ck_assert_int_lt(n, 1000);
			event_base_loop(w.base, EVLOOP_ONCE);
		}
		ck_assert_int_eq(deadlines_next(&w.deadlines) != -1,
		    cases[i].pauses);
		fault_clear();
		if (cases[i].pauses)
			deadlines_run(&w.deadlines,
			    deadlines_next(&w.deadlines));
		run_until(1);
		ck_assert(!is_at_end(fd));
		close(fd);
	}
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "sockets", setup, teardown), *limit;

	tcase_add_test(tc, test_tcp);
	tcase_add_test(tc, test_name_with_several_addresses);
	tcase_add_test(tc, test_ipv6);
	tcase_add_test(tc, test_unix);
	tcase_add_test(tc, test_unix_stale);
	tcase_add_test(tc, test_unix_not_ours);
	tcase_add_test(tc, test_all_or_nothing);
	tcase_add_test(tc, test_reload_keeps);
	tcase_add_test(tc, test_reload_other_name);
	tcase_add_test(tc, test_accepts_per_turn);
	tcase_add_test(tc, test_reset_before_accept);
	tcase_add_test(tc, test_accept_fails);

	/* valgrind has a limit on descriptors of its own. */
	limit = unit_case(s, "limit", setup, teardown);
	tcase_set_tags(limit, "no-valgrind");
	tcase_add_test(limit, test_no_descriptors_left);
}

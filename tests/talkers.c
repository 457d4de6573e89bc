/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * People who talk with brb, each in a process of its own whose input and output
 * are pipes: ana over TCP, bob over a Unix socket, cy by TLS. All type numbered
 * lines while a proxy, in here, breaks their connections anywhere, they are
 * stopped (SIGSTOP) and go on, and the daemon is killed, stopped and upgraded.
 * In the end the history has each line once, and each of them has shown all of
 * it, in its order.
 *
 * It lasts as long as TALKERS_SECONDS in the environment says (4), and prints the
 * seed of its random numbers, which TALKERS_SEED sets; TALKERS_STOP_MS is how
 * long somebody is stopped at most (1500). BRBD and BRB name the programs,
 * DIALOG_TIMEOUT the patience, as for the dialogs.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/util.h"
#include "client.h"
#include "daemon.h"
#include "unit/unit.h"

#ifdef HAVE_OPENSSL
#define TALKERS 3
#else
#define TALKERS 2
#endif
#define AHEAD_MAX 30 /* lines that were typed and are not shown yet */
#define BREAKS_MIN 16
#define PROXY_HELD_MAX 65536
#define STUCK_MAX_MS 300
#define NUDGE_MS 150 /* between two Enters of who has no connection */

/* What the proxy has of a connection in one direction. */
struct stream {
	struct buf held;
	size_t forward; /* bytes until it breaks; SIZE_MAX: it does not */
};

struct talker {
	const char *name;
	bool is_unix, is_tls;
	pid_t pid;
	int in, out; /* the pipes, in -1 when it is closed */
	struct buf shown; /* an unfinished line */
	int listener, front, back; /* of the proxy; -1: none */
	struct stream up, down;
	int64_t
	    stuck_until_ms; /* until then nothing is handed on, then reset */
	int64_t wake_ms; /* stopped until then; 0: not */
	int64_t nudged_ms;
	bool is_there; /* they have come in */
	unsigned typed;
	unsigned seen[TALKERS]; /* of each, all lines up to this */
	struct buf order; /* uint32_t for each line that was shown */
};

static struct daemon d;
static struct talker talkers[TALKERS] = {
	{ .name = "ana" },
	{ .name = "bob", .is_unix = true },
#ifdef HAVE_OPENSSL
	{ .name = "cy", .is_tls = true },
#endif
};
static int64_t patience_ms, stop_max_ms;
static char *dir;
static const char *tls_options;
static unsigned long kills, ends, upgrades, breaks, naps;
static bool is_waiting = true; /* nothing is typed */

static void
talkers_start_daemon(void)
{
	client_start_daemon(&d, dir, NULL,
	    "-l 127.0.0.1:0 -l unix:%s/sock %s -o line-rate=0 "
	    "-o accept-rate=0 -o announce-rate=0 -o max-per-address=0 "
	    "-o history-size=32M -o greeting-history=0 -o state-dir=%s/state",
	    dir, tls_options, dir);
	client_await_daemon(&d, patience_ms);
}

static void
set_nonblocking(int fd)
{
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_eq(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
}

/* The program */

static void __attribute__((noreturn))
talker_exec(const struct talker *t, const char *server, int in, int out)
{
	const char *program = getenv("BRB");
	char *home = xasprintf("%s/home-%s", dir, t->name);
	char *argv[10];
	size_t argc = 0;

	if (program == NULL)
		program = "src/brb/brb";
	(void)dup2(in, STDIN_FILENO);
	(void)dup2(out, STDOUT_FILENO);
	(void)setenv("XDG_CONFIG_HOME", home, 1);
	(void)setenv("TZ", "UTC", 1);
	argv[argc++] = xstrdup(program);
	argv[argc++] = xasprintf("--server=%s", server);
	argv[argc++] = xasprintf("--nick=%s", t->name);
	argv[argc++] = xstrdup(t->is_tls ? "--tls" : "--plain");
	argv[argc++] = xstrdup("lobby");
	argv[argc] = NULL;
	(void)execv(program, argv);
	perror(program);
	_exit(127);
}

static void
talker_run(struct talker *t, const char *server)
{
	int in[2], out[2];

	ck_assert_int_eq(pipe(in), 0);
	ck_assert_int_eq(pipe(out), 0);
	t->in = in[1];
	t->out = out[0];
	set_nonblocking(t->in);
	set_nonblocking(t->out);
	t->pid = fork();
	ck_assert_int_ne(t->pid, -1);
	if (t->pid == 0)
		talker_exec(t, server, in[0], out[1]);
	(void)close(in[0]);
	(void)close(out[1]);
}

static void
talker_start(struct talker *t)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	char *server;
	int result;

	t->front = t->back = -1;
	t->listener = socket(t->is_unix ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
	ck_assert_int_ne(t->listener, -1);
	set_nonblocking(t->listener);
	if (t->is_unix) {
		(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/proxy",
		    dir);
		server = xasprintf("unix:%s", sun.sun_path);
		result = bind(t->listener, (struct sockaddr *)&sun,
		    sizeof(sun));
	} else {
		sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		result = bind(t->listener, (struct sockaddr *)&sin,
		    sizeof(sin));
		ck_assert_int_eq(getsockname(t->listener,
				     (struct sockaddr *)&sin, &len),
		    0);
		server = xasprintf("127.0.0.1:%u",
		    (unsigned)ntohs(sin.sin_port));
	}
	ck_assert_int_eq(result, 0);
	ck_assert_int_eq(listen(t->listener, 4), 0);
	talker_run(t, server);
	free(server);
}

/* What it shows */

static void
talker_line(void *arg, char *line)
{
	struct talker *t = arg;
	char nick[32];
	unsigned number, i;
	uint32_t packed;

	ck_assert_msg(strncmp(line, "!! not said", 11) != 0 &&
		strstr(line, "no longer held") == NULL &&
		strstr(line, "new history") == NULL &&
		strstr(line, "cannot") == NULL,
	    "%s is told: %s", t->name, line);
	if (sscanf(line, "[%*d:%*d] <%31[a-z]> says %u.", nick, &number) != 2) {
		t->is_there |= strstr(line, "> hello") != NULL &&
		    strstr(line, t->name) != NULL;
		return;
	}
	for (i = 0; i < TALKERS && strcmp(talkers[i].name, nick) != 0; i++)
		;
	ck_assert_msg(i < TALKERS, "%s is shown: %s", t->name, line);
	ck_assert_msg(number == t->seen[i] + 1,
	    "%s is shown line %u of %s after %u", t->name, number, nick,
	    t->seen[i]);
	t->seen[i] = number;
	packed = i << 24 | number;
	buf_add(&t->order, (const char *)&packed, sizeof(packed));
}

static void
talker_read(struct talker *t)
{
	bool is_open = client_receive(t->out, &t->shown);

	client_take_lines(&t->shown, talker_line, t);
	ck_assert_msg(is_open || t->in == -1, "%s has ended", t->name);
}

static void
talker_put(struct talker *t, const char *text)
{
	/* Few are ahead, so that a pipe holds them all. */
	ck_assert_int_eq(write(t->in, text, strlen(text)),
	    (ssize_t)strlen(text));
}

static void
talker_type(struct talker *t)
{
	size_t me = (size_t)(t - talkers);
	char line[80];

	if (t->in == -1)
		return;
	if (t->wake_ms == 0 && t->front == -1 &&
	    client_now_ms() - t->nudged_ms >= NUDGE_MS) {
		t->nudged_ms = client_now_ms();
		talker_put(t, "\n");
	}
	if (is_waiting || t->typed >= t->seen[me] + AHEAD_MAX)
		return;
	(void)snprintf(line, sizeof(line), "says %u.%*s\n", ++t->typed,
	    rand() % 40, "");
	talker_put(t, line);
}

/* The proxy */

static void
stream_begin(struct stream *s)
{
	buf_reset(&s->held);
	s->forward = SIZE_MAX;
}

static void
proxy_close(struct talker *t, bool is_reset)
{
	static const struct linger now = { .l_onoff = 1 };

	if (is_reset && t->front != -1 && !t->is_unix)
		(void)setsockopt(t->front, SOL_SOCKET, SO_LINGER, &now,
		    sizeof(now));
	if (is_reset && t->back != -1 && !t->is_unix)
		(void)setsockopt(t->back, SOL_SOCKET, SO_LINGER, &now,
		    sizeof(now));
	if (t->front != -1)
		(void)close(t->front);
	if (t->back != -1)
		(void)close(t->back);
	t->front = t->back = -1;
	t->stuck_until_ms = 0;
	stream_begin(&t->up);
	stream_begin(&t->down);
}

static void
proxy_accept(struct talker *t)
{
	int fd = accept(t->listener, NULL, NULL);

	if (fd == -1)
		return;
	proxy_close(t, false);
	set_nonblocking(fd);
	t->front = fd;
	t->back = client_connect(&d, t->is_unix, 0);
	if (t->back == -1)
		proxy_close(t, false);
}

/* Hands on what is there, up to where it breaks. False: it has ended. */
static bool
proxy_pump(struct stream *s, int from, int to)
{
	char data[8192];
	size_t len;
	ssize_t n = 0;

	while (s->held.len < PROXY_HELD_MAX &&
	    (n = read(from, data, sizeof(data))) > 0)
		buf_add(&s->held, data, (size_t)n);
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		return false;
	len = s->held.len < s->forward ? s->held.len : s->forward;
	n = len == 0 ? 0 : send(to, s->held.data, len, MSG_NOSIGNAL);
	if (n > 0) {
		memmove(s->held.data, s->held.data + n,
		    s->held.len - (size_t)n);
		s->held.len -= (size_t)n;
		if (s->forward != SIZE_MAX)
			s->forward -= (size_t)n;
	}
	return s->forward > 0 && (n >= 0 || errno == EAGAIN || errno == EINTR);
}

static void
proxy_step(struct talker *t)
{
	proxy_accept(t);
	if (t->front == -1)
		return;
	if (t->stuck_until_ms != 0) {
		if (client_now_ms() >= t->stuck_until_ms)
			proxy_close(t, rand() % 2 == 0);
		return;
	}
	if (!proxy_pump(&t->up, t->front, t->back) ||
	    !proxy_pump(&t->down, t->back, t->front))
		proxy_close(t, rand() % 2 == 0);
}

static void
proxy_break(struct talker *t)
{
	breaks++;
	switch (rand() % 4) {
	case 0:
		proxy_close(t, true);
		break;
	case 1:
		t->stuck_until_ms = client_now_ms() + rand() % STUCK_MAX_MS;
		break;
	case 2:
		t->up.forward = 1 + (size_t)(rand() % 2000);
		break;
	default:
		t->down.forward = 1 + (size_t)(rand() % 4000);
		break;
	}
}

/* The course of things */

static void
talker_wake(struct talker *t)
{
	ck_assert_int_eq(kill(t->pid, SIGCONT), 0);
	t->wake_ms = 0;
}

static void
talkers_turn(int wait_ms)
{
	struct pollfd pfds[4 * TALKERS + 2];
	struct talker *t;
	size_t n = 0;

	for (t = talkers; t < talkers + TALKERS; t++) {
		bool is_stuck = t->stuck_until_ms != 0;

		pfds[n++] = (struct pollfd){ t->out, POLLIN, 0 };
		pfds[n++] = (struct pollfd){ t->listener, POLLIN, 0 };
		pfds[n++] = (struct pollfd){ is_stuck ? -1 : t->front, POLLIN,
			0 };
		pfds[n++] = (struct pollfd){ is_stuck ? -1 : t->back, POLLIN,
			0 };
	}
	pfds[n++] = (struct pollfd){ d.log_fd, POLLIN, 0 };
	pfds[n++] = (struct pollfd){ d.notify_fd, POLLIN, 0 };
	(void)poll(pfds, n, wait_ms < 20 ? wait_ms : 20);
	client_hear_daemon(&d);
	for (t = talkers; t < talkers + TALKERS; t++) {
		proxy_step(t);
		talker_read(t);
		talker_type(t);
		if (t->wake_ms != 0 && client_now_ms() >= t->wake_ms)
			talker_wake(t);
	}
}

static void
talkers_talk(int64_t ms)
{
	int64_t end_ms = client_now_ms() + ms, left_ms;

	while ((left_ms = end_ms - client_now_ms()) > 0) {
		talkers_turn((int)left_ms);
		ck_assert_msg(d.log_fd != -1, "the daemon has ended: %s",
		    buf_cstr(&d.log));
	}
}

/* What was said before one came is not missed: all come in first. */
static void
talkers_come(void)
{
	int64_t end_ms = client_now_ms() + patience_ms;
	size_t i;

	for (i = 0; i < TALKERS; i++) {
		talker_put(&talkers[i], "hello\n");
		while (!talkers[i].is_there) {
			ck_assert_int_lt(client_now_ms(), end_ms);
			talkers_turn(20);
		}
	}
	is_waiting = false;
}

static void
talkers_end_daemon(int signal)
{
	const char *fault = daemon_end(&d, signal, patience_ms);

	ck_assert_msg(fault == NULL, "the daemon: %s", fault);
	daemon_fini(&d);
	talkers_start_daemon();
}

static void
talkers_upgrade(void)
{
	int64_t end_ms = client_now_ms() + patience_ms;
	unsigned before = daemon_count_logged(&d, "upgraded: ");

	ck_assert_int_eq(kill(d.pid, SIGUSR2), 0);
	while (daemon_count_logged(&d, "upgraded: ") == before) {
		ck_assert_msg(client_now_ms() < end_ms,
		    "it was not upgraded: %s", buf_cstr(&d.log));
		talkers_turn(10);
	}
	upgrades++;
}

static void
talkers_happen(unsigned what)
{
	struct talker *t = &talkers[rand() % TALKERS];

	switch (what) {
	case 0:
		talkers_end_daemon(SIGKILL);
		kills++;
		break;
	case 1:
		talkers_end_daemon(SIGTERM);
		ends++;
		break;
	case 2:
		talkers_upgrade();
		break;
	case 3:
		if (t->wake_ms != 0)
			break;
		ck_assert_int_eq(kill(t->pid, SIGSTOP), 0);
		t->wake_ms = client_now_ms() + 1 + rand() % stop_max_ms;
		naps++;
		break;
	default:
		proxy_break(t);
		break;
	}
}

static bool
talkers_have_all(void)
{
	size_t i, j;

	for (i = 0; i < TALKERS; i++)
		for (j = 0; j < TALKERS; j++)
			if (talkers[i].seen[j] != talkers[j].typed)
				return false;
	return true;
}

static void
talkers_report(void)
{
	const struct talker *t;
	size_t j;

	for (t = talkers; t < talkers + TALKERS; t++)
		for (j = 0; j < TALKERS; j++)
			(void)fprintf(stderr, "%s has %u of %u lines of %s\n",
			    t->name, t->seen[j], talkers[j].typed,
			    talkers[j].name);
}

static void
talkers_finish(void)
{
	int64_t end_ms = client_now_ms() + patience_ms;

	is_waiting = true;
	while (!talkers_have_all()) {
		if (client_now_ms() > end_ms) {
			talkers_report();
			ck_abort_msg("not all have been shown all");
		}
		talkers_turn(20);
	}
	/* What came twice would come now. */
	talkers_talk(100);
}

/* It ends by itself when its input does. */
static void
talker_end(struct talker *t)
{
	int64_t end_ms = client_now_ms() + patience_ms;
	int status;

	(void)close(t->in);
	t->in = -1;
	while (waitpid(t->pid, &status, WNOHANG) != t->pid) {
		ck_assert_msg(client_now_ms() < end_ms, "%s does not end",
		    t->name);
		talkers_turn(10);
	}
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "%s has ended with %d", t->name, status);
	talker_read(t);
	proxy_close(t, false);
	(void)close(t->out);
	(void)close(t->listener);
	t->out = t->listener = -1;
}

/* The history */

/* Is that line shown next by t? */
static void
check_next(const struct talker *t, size_t *at, uint32_t packed)
{
	uint32_t shown;

	ck_assert_uint_lt(*at, t->order.len);
	memcpy(&shown, t->order.data + *at, sizeof(shown));
	*at += sizeof(shown);
	ck_assert_msg(shown == packed,
	    "%s is shown line %u of %s where line %u of %s was said", t->name,
	    shown & 0xffffff, talkers[shown >> 24].name, packed & 0xffffff,
	    talkers[packed >> 24].name);
}

static void
talkers_check(void)
{
	const char *program = getenv("BRB");
	char *command = xasprintf("XDG_CONFIG_HOME=%s/home-ana %s "
				  "--server=unix:%s/sock tail --after 0",
	    dir, program == NULL ? "src/brb/brb" : program, dir);
	FILE *f = popen(command, "r");
	struct talker all = { .name = "the history" };
	size_t at[TALKERS] = { 0 }, i;
	char line[256];
	uint32_t packed;

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		talker_line(&all, line);
		if (all.order.len == 0)
			continue;
		memcpy(&packed, all.order.data + all.order.len - sizeof(packed),
		    sizeof(packed));
		for (i = 0; i < TALKERS; i++)
			check_next(&talkers[i], &at[i], packed);
	}
	ck_assert_int_eq(pclose(f), 0);
	for (i = 0; i < TALKERS; i++)
		ck_assert_uint_eq(all.seen[i], talkers[i].typed);
	(void)printf("%zu lines; %lu kills, %lu ends, %lu upgrades, %lu "
		     "breaks, %lu stops of somebody\n",
	    all.order.len / sizeof(packed), kills, ends, upgrades, breaks,
	    naps);
	buf_fini(&all.order);
	free(command);
}

START_TEST(test_talkers)
{
	unsigned seed = client_setting("TALKERS_SEED", (unsigned)time(NULL));
	int64_t end_ms;
	unsigned done;
	size_t i;

	(void)printf("TALKERS_SEED=%u\n", seed);
	(void)fflush(stdout);
	srand(seed);
	tls_options = tls_client_options(dir);
	talkers_start_daemon();
	for (i = 0; i < TALKERS; i++)
		talker_start(&talkers[i]);
	talkers_come();
	end_ms = client_now_ms() +
	    (int64_t)client_setting("TALKERS_SECONDS", 4) * 1000;
	/* Each kind of fault comes, however slow the machine is. */
	for (done = 0; client_now_ms() < end_ms || done < BREAKS_MIN; done++) {
		talkers_talk(rand() % (rand() % 3 == 0 ? 400 : 60));
		talkers_happen(done < 5 ? done : (unsigned)rand() % 8);
	}
	talkers_finish();
	for (i = 0; i < TALKERS; i++)
		talker_end(&talkers[i]);
	talkers_check();
	client_stop_daemon(&d, patience_ms);
	for (i = 0; i < TALKERS; i++) {
		buf_fini(&talkers[i].shown);
		buf_fini(&talkers[i].order);
		buf_fini(&talkers[i].up.held);
		buf_fini(&talkers[i].down.held);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("talkers");
	TCase *tc = unit_case(suite, "talkers", NULL, NULL);
	int status;

	dir = unit_dir_new();
	patience_ms = client_patience_ms(6);
	stop_max_ms = client_setting("TALKERS_STOP_MS", 1500);
	patience_ms += stop_max_ms;
	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, test_talkers);
	status = unit_run(suite);
	unit_dir_free(dir);
	return status;
}

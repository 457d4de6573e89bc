/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What a program has read, not its kernel: readers that are processes of their
 * own, over TCP, TLS, WebSockets and a Unix socket, in all protocols and telnet,
 * are stopped (SIGSTOP) while lines go on arriving, and then killed or let go on;
 * or they are killed as they read. In between they change what they are sent:
 * whom they ignore, their capabilities, whether they are on a break. The server
 * stops and starts as well (hostile 145, 146).
 *
 * A reader notes a line before it takes it out of its socket. So whatever was
 * not noted was unread, and has to be shown after the next connect; what was
 * noted may be shown once more, under the line that says so. A record of TLS of
 * which it has taken a part is nothing that it could have noted.
 *
 * BRBD names the daemon, DIALOG_TIMEOUT the patience, as for the dialogs;
 * LOSSES_SEED is a seed, FROZEN_ROUNDS how many ends of readers there are.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
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
#include "losses-reader.h"
#include "unit/unit.h"
#include "unit/ws-client.h"

#define SPEAKER_AHEAD 3000 /* lines that the slowest may be behind */
#define PEEK_MAX 8192 /* more than the longest line */
#define CHANGE_MS 40 /* a reader changes something about this often */
#define LINES_MIN 300 /* or nobody can have missed much */
#define STEP_MS 2 /* between two bursts of the speaker */

/* A reader as its process and this one share it. */
struct shared {
	struct reader see;
	unsigned changes;
};

struct program {
	const char *nick;
	bool is_unix, is_irc, is_json, is_secure, is_telnet;
	bool is_ws; /* over a WebSocket */
	bool answers; /* PING, or what telnet is asked */
	pid_t pid; /* -1: there is none */
	bool is_stopped;
	int64_t next_ms; /* something is done to it then */
	unsigned kills, stops;
};

static struct program programs[] = {
	{ .nick = "bob" },
	{ .nick = "cy", .is_unix = true },
	{ .nick = "dee", .is_irc = true, .answers = true },
	{ .nick = "eve", .is_irc = true },
	{ .nick = "flo", .is_irc = true, .is_unix = true, .answers = true },
	{ .nick = "kim", .is_telnet = true, .answers = true },
	{ .nick = "lou", .is_telnet = true },
	{ .nick = "mia", .is_irc = true, .is_ws = true, .answers = true },
#ifdef HAVE_JANSSON
	{ .nick = "gil", .is_json = true, .answers = true },
	{ .nick = "liv", .is_json = true, .is_ws = true, .answers = true },
#endif
#ifdef HAVE_OPENSSL
	{ .nick = "hal", .is_secure = true },
	{ .nick = "ida", .is_irc = true, .is_secure = true },
	{ .nick = "jon", .is_irc = true, .is_secure = true, .answers = true },
#endif
};
#define PROGRAMS NITEMS(programs)

/* What all processes share. */
static struct {
	struct shared readers[PROGRAMS];
	unsigned said;
	bool is_over; /* nothing more is said */
	int port;
} * world;

static struct daemon d;
static char *dir;
static const char *tls_options;
static int speaker = -1, noise = -1;
static struct buf speaker_in;
static unsigned pings, pongs, rounds, restarts;
static unsigned seed_state;
static int64_t patience_ms;

static unsigned
frozen_random(unsigned below)
{
	seed_state ^= seed_state << 13;
	seed_state ^= seed_state >> 17;
	seed_state ^= seed_state << 5;
	return seed_state % below;
}

/* A reader, in its own process */

static const struct program *self;
static struct shared *mine;
static int fd;
static struct tls_client *tls;
static struct ws_client *ws;
static struct buf typed; /* and not sent yet */

static void
self_flush(void)
{
	/* Little at a time, so that it fits, once hands are shaken; an end is
	 * seen by who reads. */
	if (typed.len > 0 &&
	    client_send_by(tls, fd, typed.data, typed.len) != -1)
		buf_reset(&typed);
}

static void
self_type(const char *text)
{
	if (ws != NULL)
		ws_client_add_lines(ws, &typed, text, strlen(text));
	else
		buf_addstr(&typed, text);
	self_flush();
}

static void
self_line(void *arg, char *line)
{
	struct buf answers = BUF_INITIALIZER;

	(void)arg;
	if (self->is_json)
		reader_json_line(&mine->see, line, &answers);
	else if (self->is_irc)
		reader_irc_line(&mine->see, line, &answers);
	else if (strstr(line, "<noise> ") == NULL &&
	    (strncmp(line, "!! ", 3) != 0 || /* no change */
		strstr(line, "is taken") != NULL))
		reader_line(&mine->see, line);
	if (answers.len > 0 && self->answers)
		self_type(buf_cstr(&answers));
	buf_fini(&answers);
}

#define IAC "\377"
#define TIMING_MARK "\006"
#define WINDOW_SIZE "\037"

/* Takes telnet's commands, of three bytes each, out of what was received; or a
 * part of one, which it leaves for the next time. Were they asked whether they
 * have read all? */
static bool
self_telnet(char *data, size_t *len, size_t *taken)
{
	bool was_asked = false;
	size_t i, to = 0;

	*taken = *len;
	for (i = 0; i < *len; i++)
		if (data[i] != *IAC)
			data[to++] = data[i];
		else if (*len - i < 3) {
			*taken = i;
			break;
		} else {
			was_asked |= memcmp(data + i, IAC "\375" TIMING_MARK,
					 3) == 0;
			i += 2;
		}
	*len = to;
	return was_asked;
}

/*
 * What is there is looked at, noted, and only then taken. False when the
 * connection has ended.
 */
static bool
self_read(void)
{
	static char held[PEEK_MAX]; /* of a line that is not whole yet */
	static size_t held_len;
	size_t len, taken;
	bool was_asked = false;
	struct buf in = BUF_INITIALIZER;
	char data[PEEK_MAX];
	bool is_open = true;
	ssize_t n;

	if (mine->see.in.len == 1) { /* a new connection */
		mine->see.in.len = 0;
		held_len = 0;
	}
	n = recv(fd, data, sizeof(data), MSG_PEEK);
	if (n <= 0)
		return n == -1 && (errno == EAGAIN || errno == EINTR);
	len = taken = (size_t)n;
	if (self->is_telnet)
		was_asked = self_telnet(data, &len, &taken);
	buf_add(&in, held, held_len);
	if (ws != NULL)
		ws_client_take(ws, data, len, &in);
	else if (tls == NULL)
		buf_add(&in, data, len);
	else {
		tls_client_feed(tls, data, (size_t)n);
		is_open = client_receive_by(tls, fd, &in);
	}
	client_take_lines(&in, self_line, NULL);
	LOSSES_ASSERT(in.len < sizeof(held), "%s: an endless line", self->nick);
	memcpy(held, in.data, in.len);
	held_len = in.len;
	buf_fini(&in);
	if (was_asked && self->answers)
		self_type(IAC "\374" TIMING_MARK);
	return recv(fd, data, taken, 0) == (ssize_t)taken && is_open;
}

/* Something that decides what they are sent from now on. */
static void
self_change(void)
{
	static const char *const plain[] = { "/ignore noise\n",
		"/unignore noise\n", "/brb\n", "/back\n" },
				 *const irc[] = { "CAP REQ :server-time\r\n",
					 "CAP REQ :-server-time\r\n",
					 "CAP REQ :message-tags batch\r\n",
					 "CAP REQ :-message-tags\r\n",
					 "CAP REQ :echo-message\r\n",
					 "AWAY :out\r\n", "AWAY\r\n" },
				 *const json[] = { "{\"ignore\":\"noise\"}\n",
					 "{\"unignore\":\"noise\"}\n",
					 "{\"brb\":true}\n",
					 "{\"back\":true}\n" };

	self_type(self->is_irc ? irc[frozen_random(NITEMS(irc))] :
		self->is_json  ? json[frozen_random(NITEMS(json))] :
				 plain[frozen_random(NITEMS(plain))]);
	mine->changes++;
}

static void
self_begin_websocket(void)
{
	ws = ws_client_new(self->is_json ? "brb.json" : "text.ircv3.net",
	    &typed);
	ws_client_answer(ws, &typed);
}

static void
self_register(void)
{
	char *text;

	mine->see.was_refused = false;
	if (self->is_json)
		text = xasprintf("{\"nick\":\"%s\"}\n", self->nick);
	else if (self->is_irc)
		text = xasprintf("NICK %s\r\nUSER u 0 * :u\r\nJOIN #lobby\r\n",
		    self->nick);
	else
		/* A break makes known who is here, so that their nick is
		 * held. A telnet is known by a command. */
		text = xasprintf("%s/nick %s\n%s",
		    self->is_telnet ? IAC "\373" WINDOW_SIZE : "", self->nick,
		    mine->see.has_been ? "" : "/brb\n/back\n");
	self_type(text);
	free(text);
}

static bool
self_connect(void)
{
	struct daemon at = d;

	at.port_ipv4 = world->port;
	fd = client_connect(&at, self->is_unix, 0);
	if (fd == -1)
		return false;
	reader_begin(&mine->see);
	mine->see.was_orderly = false;
	mine->see.in.len = 1; /* see self_read() */
	buf_reset(&typed);
	if (self->is_secure) {
		tls = tls_client_new(fd, TLS_CLIENT_PLAIN);
		tls_client_feed(tls, NULL, 0);
	}
	if (self->is_ws)
		self_begin_websocket();
	self_register();
	return true;
}

/* A connection's life; true when all that was ever said has been seen. */
static bool
self_attend(int64_t *change_ms)
{
	struct pollfd pfd = { fd, POLLIN, 0 };

	for (;;) {
		self_flush();
		if (poll(&pfd, 1, 0) > 0) {
			if (!self_read() || mine->see.was_refused)
				return false;
			continue;
		}
		/* Nothing is unread, so what is typed may vouch for it. */
		if (world->is_over) {
			if (mine->see.next == world->said + 1)
				return true;
			if (reader_is_joining(&mine->see))
				return false; /* no line will tell */
			if (!self->is_irc)
				self_type(self->is_json ? "{\"back\":true}\n" :
							  "/back\n");
		} else if (mine->see.has_been &&
		    client_now_ms() >= *change_ms) {
			*change_ms = client_now_ms() +
			    (int64_t)frozen_random(2 * CHANGE_MS);
			self_change();
		}
		(void)poll(&pfd, 1, 20);
	}
}

static void
self_run(size_t i)
{
	int64_t change_ms = client_now_ms() + CHANGE_MS;
	bool is_done = false;

	self = &programs[i];
	mine = &world->readers[i];
	while (!is_done) {
		if (!self_connect()) {
			(void)poll(NULL, 0, 10); /* the server is away */
			continue;
		}
		is_done = self_attend(&change_ms);
		tls_client_free(tls);
		tls = NULL;
		ws_client_free(ws);
		ws = NULL;
		(void)close(fd);
		if (mine->see.was_refused)
			(void)poll(NULL, 0, 10);
	}
	_exit(0);
}

/* Those who speak */

static int
speaker_connect(const char *hello)
{
	int s = client_connect(&d, false, 0);

	ck_assert_int_ne(s, -1);
	ck_assert_int_eq(write(s, hello, strlen(hello)),
	    (ssize_t)strlen(hello));
	return s;
}

static void
speaker_line(void *arg, char *line)
{
	(void)arg;
	if (strstr(line, " PONG ") != NULL)
		pongs++;
}

static void
speaker_hear(void)
{
	char discarded[65536];

	ck_assert(client_receive(speaker, &speaker_in));
	client_take_lines(&speaker_in, speaker_line, NULL);
	while (read(noise, discarded, sizeof(discarded)) > 0)
		;
	daemon_read_log(&d);
}

static void
speaker_write(int s, const char *text, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(s, text, len);
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		} else {
			ck_assert_int_eq(errno, EAGAIN);
			speaker_hear();
		}
	}
}

/* All that was said is in the room. */
static void
speaker_settle(void)
{
	int64_t end_ms = client_now_ms() + patience_ms;

	speaker_write(speaker, "PING x\r\n", 8);
	pings++;
	while (pongs < pings) {
		struct pollfd pfd = { speaker, POLLIN, 0 };

		ck_assert_int_lt(client_now_ms(), end_ms);
		(void)poll(&pfd, 1, 100);
		speaker_hear();
	}
}

static void
speaker_say(void)
{
	static char pad[300];
	struct buf text = BUF_INITIALIZER;
	unsigned count = 1 + frozen_random(5);

	memset(pad, 'x', sizeof(pad) - 1);
	while (count-- > 0)
		buf_addf(&text, "PRIVMSG #lobby :%u %.*s.\r\n", ++world->said,
		    (int)frozen_random(frozen_random(4) == 0 ? 300 : 40), pad);
	speaker_write(speaker, text.data, text.len);
	buf_reset(&text);
	if (frozen_random(2) == 0) {
		buf_addf(&text, "%.*s.\n", (int)frozen_random(300), pad);
		speaker_write(noise, text.data, text.len);
	}
	buf_fini(&text);
}

static bool
speaker_may_speak(void)
{
	size_t i;

	for (i = 0; i < PROGRAMS; i++)
		if (!world->readers[i].see.has_been ||
		    world->said - world->readers[i].see.next + 1 >=
			SPEAKER_AHEAD)
			return false;
	return true;
}

/* What happens to the readers, and to the server */

static void
frozen_start_server(void)
{
	client_start_daemon(&d, dir, NULL,
	    "-l 127.0.0.1:0 -l unix:%s/sock %s -o line-rate=0 "
	    "-o accept-rate=0 "
	    "-o max-per-address=0 -o announce-rate=0 -o presence-window=1h "
	    "-o history-size=64M -o state-dir=%s/state",
	    dir, tls_options, dir);
	client_await_daemon(&d, patience_ms);
	speaker = speaker_connect("NICK ana\r\nUSER a 0 * :a\r\n"
				  "JOIN #lobby\r\n");
	noise = speaker_connect("/nick noise\n");
	pings = pongs = 0;
	speaker_settle();
	world->port = d.port_ipv4;
}

static void
frozen_restart_server(void)
{
	speaker_settle();
	client_stop_daemon(&d, patience_ms);
	(void)close(speaker);
	(void)close(noise);
	buf_reset(&speaker_in);
	frozen_start_server();
	restarts++;
}

static void
program_start(struct program *p)
{
	p->pid = fork();
	ck_assert_int_ne(p->pid, -1);
	if (p->pid == 0) {
		seed_state += (unsigned)(p - programs) * 2654435761u + rounds;
		(void)close(speaker);
		(void)close(noise);
		self_run((size_t)(p - programs));
	}
	p->is_stopped = false;
	p->next_ms = client_now_ms() + (int64_t)frozen_random(200);
}

/* It must not have ended by itself but at the very end, and well. */
static bool
program_has_ended(struct program *p)
{
	int status;

	if (p->pid == -1)
		return true;
	if (waitpid(p->pid, &status, WNOHANG) != p->pid)
		return false;
	p->pid = -1;
	LOSSES_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
		world->is_over,
	    "%s has failed", p->nick);
	return true;
}

static void
program_kill(struct program *p)
{
	int status;

	ck_assert_int_eq(kill(p->pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(p->pid, &status, 0), p->pid);
	LOSSES_ASSERT(WIFSIGNALED(status), "%s has failed", p->nick);
	p->kills++;
	rounds++;
	program_start(p);
}

static void
program_step(struct program *p)
{
	size_t i = (size_t)(p - programs);

	if (program_has_ended(p) || client_now_ms() < p->next_ms ||
	    !world->readers[i].see.has_been)
		return;
	p->next_ms = client_now_ms() + (int64_t)frozen_random(300);
	if (p->is_stopped && frozen_random(3) == 0) {
		(void)kill(p->pid, SIGCONT);
		p->is_stopped = false;
	} else if (p->is_stopped || frozen_random(3) == 0) {
		program_kill(p);
	} else {
		(void)kill(p->pid, SIGSTOP);
		p->is_stopped = true;
		p->stops++;
	}
}

static bool
frozen_has_ended(int64_t end_ms)
{
	struct program *p;
	bool has_ended = true;

	for (p = programs; p < programs + PROGRAMS; p++)
		if (!program_has_ended(p)) {
			has_ended = false;
			(void)kill(p->pid, SIGCONT);
			LOSSES_ASSERT(client_now_ms() < end_ms,
			    "of %u lines, %s has %u (phase %d)", world->said,
			    p->nick, world->readers[p - programs].see.next - 1,
			    (int)world->readers[p - programs].see.phase);
		}
	return has_ended;
}

static void
frozen_report(void)
{
	struct program *p;

	for (p = programs; p < programs + PROGRAMS; p++)
		(void)fprintf(stderr,
		    "%s: killed %u times, stopped %u times, %u changes, %u "
		    "repeats\n",
		    p->nick, p->kills, p->stops,
		    world->readers[p - programs].changes,
		    world->readers[p - programs].see.repeats);
	(void)fprintf(stderr, "%u lines, %u restarts of the server\n",
	    world->said, restarts);
}

START_TEST(test_frozen)
{
	unsigned wanted = client_setting("FROZEN_ROUNDS", 60), last_said = 0;
	struct program *p;
	int64_t end_ms;

	world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(world, MAP_FAILED);
	dir = unit_dir_new();
	tls_options = tls_client_options(dir);
	frozen_start_server();
	for (p = programs; p < programs + PROGRAMS; p++) {
		world->readers[p - programs].see.nick = p->nick;
		world->readers[p - programs].see.next = 1;
		program_start(p);
	}
	end_ms = client_now_ms() + patience_ms;
	while (rounds < wanted || restarts < wanted / 20 ||
	    world->said < LINES_MIN) {
		if (speaker_may_speak())
			speaker_say();
		speaker_hear();
		for (p = programs; p < programs + PROGRAMS; p++)
			program_step(p);
		if (restarts < rounds / 20)
			frozen_restart_server();
		(void)poll(NULL, 0, STEP_MS);
		if (world->said != last_said) {
			last_said = world->said;
			end_ms = client_now_ms() + patience_ms;
		}
		LOSSES_ASSERT(client_now_ms() < end_ms,
		    "nothing goes on after %u lines", world->said);
	}
	speaker_settle();
	world->is_over = true;
	end_ms = client_now_ms() + patience_ms;
	while (!frozen_has_ended(end_ms)) {
		speaker_hear();
		(void)poll(NULL, 0, STEP_MS);
	}
	frozen_report();
	(void)close(speaker);
	(void)close(noise);
	buf_fini(&speaker_in);
	client_stop_daemon(&d, patience_ms);
	unit_dir_free(dir);
	(void)munmap(world, sizeof(*world));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("frozen");
	TCase *tc = unit_case(suite, "frozen", NULL, NULL);

	patience_ms = client_patience_ms(6);
	losses_seed = client_setting("LOSSES_SEED", (unsigned)time(NULL));
	seed_state = losses_seed * 2654435761u + 1;
	(void)fprintf(stderr, "LOSSES_SEED=%u\n", losses_seed);
	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, test_frozen);
	return unit_run(suite);
}

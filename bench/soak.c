/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Everything at once, for as long as one likes: people of all protocols come,
 * talk, take breaks, change names and rooms, write in private, read nothing for
 * a while, leave and are cut off. Two of them talk in turn, and see how long it
 * takes. All that is read is thrown away: whether it is right is what the tests
 * are for, whether it stays as quick and as small is asked here.
 *
 * usage: soak [-i SECONDS] [-n PEOPLE] [-S TLS-PORT] -d STATE-DIRECTORY
 *             -f PID-FILE -p PORT -t SECONDS
 *
 * Each SECONDS (of -i) a line: what the process in PID-FILE, which may be
 * another by then, takes, and how long the talk of the two took since. Who loses
 * the connection comes back, as who they were.
 */
#include "config.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "latency.h"
#include "secure.h"
#include "trial.h"

enum {
	SOAK_IN = 128 * 1024,
	SOAK_OUT = 512, /* a text of a client's */
	SOAK_ADDRESSES = 16,
	SOAK_THINK_MS = 8000, /* on average, between two acts */
	SOAK_SLEEP_MS = 15000, /* of who reads nothing, at most */
	SOAK_RETRY_MS = 1500, /* at most, until somebody comes back */
	SOAK_TURN_MS = 250, /* of the two who talk in turn */
	SOAK_LOST_MS = 5000, /* a line of theirs */
	SOAK_SHAKE_MS = 2000
};

enum kind { KIND_PLAIN, KIND_IRC, KIND_JSON, KIND_WEB, KINDS };

/* In texts, % is a number that never comes twice, & one's own, ~ that of the one
 * to whom one writes: so names and conversations do not become more and more. */
static const char *const entries[KINDS] = {
	"/nick s&\n",
	"CAP REQ :batch server-time message-tags echo-message\r\n"
	"NICK s&\r\nUSER s 0 * :s\r\nCAP END\r\nJOIN #lobby\r\n",
	"{\"nick\":\"s&\"}\n{\"join\":\"lobby\"}\n",
	"{\"nick\":\"s&\"}\n{\"join\":\"lobby\"}\n",
};

/* The two are by themselves: the lobby's history is not to be flushed, so there
 * all are slowed once so much was said. */
static const char pair_entry[] = "/nick s&\n/join pair\n";

static const char web_hello[] =
    "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "Sec-WebSocket-Protocol: brb.json\r\n\r\n";

enum does { DOES_SAY, DOES_CUT, DOES_SLEEP };

struct act {
	enum does does;
	unsigned weight;
	const char *texts[KINDS];
};

#define JSON2(text) text, text
static const struct act acts[] = {
	{ DOES_SAY, 30,
	    { "what is said in the lobby, %\n",
		"PRIVMSG #lobby :what is said in the lobby, %\r\n",
		JSON2("{\"say\":\"what is said in the lobby, "
		      "%\",\"room\":\"lobby\"}\n") } },
	{ DOES_SAY, 6,
	    { "/msg s~ in private, %\n", "PRIVMSG s~ :in private, %\r\n",
		JSON2("{\"msg\":\"s~\",\"text\":\"in private, %\"}\n") } },
	{ DOES_SAY, 6,
	    { "/brb lunch %\n", "AWAY :lunch %\r\n",
		JSON2("{\"brb\":\"lunch %\"}\n") } },
	{ DOES_SAY, 8, { "/back\n", "AWAY\r\n", JSON2("{\"back\":true}\n") } },
	{ DOES_SAY, 4,
	    { "/join den\n", "JOIN #den\r\n", JSON2("{\"join\":\"den\"}\n") } },
	{ DOES_SAY, 6,
	    { "/join lobby\n", "PART #den\r\n",
		JSON2("{\"leave\":\"den\"}\n") } },
	{ DOES_SAY, 2,
	    { "/nick t&\n", "NICK t&\r\n", JSON2("{\"nick\":\"t&\"}\n") } },
	{ DOES_SAY, 2,
	    { "/history 200\n", "WHO #lobby\r\n",
		JSON2("{\"history\":\"lobby\",\"limit\":200}\n") } },
	{ DOES_SAY, 1,
	    { "/search lunch\n", "NAMES #lobby\r\n",
		JSON2("{\"search\":\"lunch\"}\n") } },
	{ DOES_SAY, 1,
	    { "/topic of %\n", "LIST\r\n", JSON2("{\"rooms\":true}\n") } },
	{ DOES_SAY, 3,
	    { "/quit\n", "QUIT :bye\r\n", JSON2("{\"quit\":true}\n") } },
	{ DOES_CUT, 3, { NULL } },
	{ DOES_SLEEP, 2, { NULL } },
};

struct client {
	int fd; /* -1: comes back at next_ns */
	enum kind kind;
	bool is_secure;
	bool is_asleep;
	unsigned number;
	struct secure *secure;
	int64_t next_ns; /* when it does something, or comes */
	char in[SOAK_IN];
	size_t in_len;
};

static struct client *people, pair[2];
static unsigned npeople = 200, port, tls_port;
static double interval_s = 10, all_s;
static const char *state_path, *pid_path;
static int epoll_fd;
static unsigned long numbers, lost, refused;
static struct latency talk;
static unsigned turn, sequence; /* whose line is next or on its way */
static bool is_waiting;
static int64_t said_ns;

static void
client_close(struct client *c, unsigned within_ms)
{
	if (c->secure != NULL)
		secure_free(c->secure);
	c->secure = NULL;
	if (c->fd != -1)
		(void)close(c->fd);
	c->fd = -1;
	c->in_len = 0;
	c->is_asleep = false;
	c->next_ns = trial_clock_ns() +
	    (random() % (int64_t)within_ms) * NS_PER_MS;
}

/* Sends all of it or nothing: who reads nothing may be in the way. */
static void
client_send(struct client *c, const void *data, size_t len)
{
	ssize_t n;

	if (c->secure != NULL)
		n = secure_write(c->secure, data, len);
	else
		n = send(c->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n != (ssize_t)len && !(n == -1 && errno == EAGAIN))
		client_close(c, SOAK_RETRY_MS);
}

/* A frame as a browser sends it, RFC 6455 section 5.2; the mask is zero. */
static void
client_send_frame(struct client *c, unsigned opcode, const char *data,
    size_t len)
{
	unsigned char frame[SOAK_OUT + 8] = { 0 };
	size_t head = 2;

	if (len > SOAK_OUT)
		return;
	frame[0] = (unsigned char)(0x80 | opcode);
	frame[1] = (unsigned char)(0x80 | (len < 126 ? len : 126));
	if (len >= 126) {
		frame[head++] = (unsigned char)(len >> 8);
		frame[head++] = (unsigned char)len;
	}
	head += 4;
	memcpy(frame + head, data, len);
	client_send(c, frame, head + len);
}

static void
client_send_text(struct client *c, const char *text)
{
	const char *end;

	if (c->kind != KIND_WEB) {
		client_send(c, text, strlen(text));
		return;
	}
	/* A message is a line. */
	for (; c->fd != -1 && (end = strchr(text, '\n')) != NULL;
	     text = end + 1)
		client_send_frame(c, 1, text, (size_t)(end - text));
}

static void
client_say(struct client *c, const char *text)
{
	char out[SOAK_OUT];
	size_t len = 0;

	numbers++;
	for (; *text != '\0' && len < sizeof(out) - 24; text++) {
		if (*text == '%')
			len += (size_t)snprintf(out + len, sizeof(out) - len,
			    "%lu", numbers);
		else if (*text == '&')
			len += (size_t)snprintf(out + len, sizeof(out) - len,
			    "%u", c->number);
		else if (*text == '~')
			len += (size_t)snprintf(out + len, sizeof(out) - len,
			    "%u", c->number ^ 1);
		else
			out[len++] = *text;
	}
	out[len] = '\0';
	client_send_text(c, out);
}

static bool
client_shake(struct client *c)
{
	int64_t end_ns = trial_clock_ns() + SOAK_SHAKE_MS * NS_PER_MS;
	struct pollfd pfd = { .fd = c->fd };
	enum secure_state state;

	c->secure = secure_new(c->fd);
	if (c->secure == NULL)
		trial_fail("secure_new");
	while ((state = secure_shake(c->secure)) != SECURE_DONE) {
		if (state == SECURE_FAILED || trial_clock_ns() > end_ns)
			return false;
		pfd.events = state == SECURE_READS ? POLLIN : POLLOUT;
		(void)poll(&pfd, 1, 100);
	}
	return true;
}

/* Waits for the connection, which is on the same machine, and comes in. */
static void
client_open(struct client *c)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
	struct sockaddr_in from = { .sin_family = AF_INET };
	struct sockaddr_in to = { .sin_family = AF_INET };
	int on = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd == -1)
		trial_fail("socket");
	to.sin_port = htons((uint16_t)(c->is_secure ? tls_port : port));
	/* Where 0 is to choose the port, an address can have but one. */
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (c->is_secure ? 1 : 0));
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK +
	    (c->number % SOAK_ADDRESSES << 8));
	(void)setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
	    sizeof(on));
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (bind(c->fd, (struct sockaddr *)&from, sizeof(from)) == -1 ||
	    connect(c->fd, (struct sockaddr *)&to, sizeof(to)) == -1 ||
	    fcntl(c->fd, F_SETFL, O_NONBLOCK) == -1 ||
	    (c->is_secure && !client_shake(c))) {
		refused++;
		client_close(c, SOAK_RETRY_MS);
		return;
	}
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event) == -1)
		trial_fail("epoll_ctl");
	c->next_ns = trial_clock_ns() + random() % (SOAK_THINK_MS * NS_PER_MS);
	if (c->kind == KIND_WEB)
		client_send(c, web_hello, strlen(web_hello));
	else
		client_say(c,
		    c->number < npeople ? entries[c->kind] : pair_entry);
}

static void
client_line(struct client *c, const char *line, size_t len)
{
	const char *text;
	unsigned number;

	if (c->kind == KIND_IRC && len > 5 && strncmp(line, "PING ", 5) == 0) {
		char pong[SOAK_OUT];

		(void)snprintf(pong, sizeof(pong), "PONG %.*s\n",
		    (int)(len - 5 < 400 ? len - 5 : 400), line + 5);
		client_send_text(c, pong);
	} else if (c->kind == KIND_WEB && len == 1 && line[0] == '\r') {
		/* The end of the answer to GET: what follows are frames. */
		client_say(c, entries[c->kind]);
	} else if (c == &pair[1 - turn] && is_waiting &&
	    (text = memmem(line, len, "> turn ", 7)) != NULL &&
	    sscanf(text, "> turn %u.", &number) == 1 && number == sequence) {
		latency_add(&talk, trial_clock_ns() - said_ns);
		is_waiting = false;
		sequence++;
		turn = 1 - turn;
	}
}

/* One frame of the server's, if it is whole: what it took; or 0. */
static size_t
client_frame(struct client *c, const unsigned char *p, size_t len)
{
	size_t head = 2, body;

	if (len < 2)
		return 0;
	body = p[1] & 0x7f;
	if (body == 126) {
		if (len < 4)
			return 0;
		body = (size_t)p[2] << 8 | p[3];
		head = 4;
	} else if (body == 127) {
		if (len < 10)
			return 0;
		body = (size_t)p[6] << 24 | (size_t)p[7] << 16 |
		    (size_t)p[8] << 8 | p[9];
		head = 10;
	}
	if (len < head + body)
		return 0;
	if ((p[0] & 0xf) == 9)
		client_send_frame(c, 10, (const char *)p + head, body);
	else if ((p[0] & 0xf) == 8)
		client_close(c, SOAK_RETRY_MS);
	return head + body;
}

static void
client_parse(struct client *c)
{
	size_t done = 0, n;
	const char *end;

	while (c->fd != -1 && done < c->in_len) {
		/* The first byte of a frame has its highest bit set. */
		if (c->kind == KIND_WEB && (c->in[done] & 0x80) != 0) {
			n = client_frame(c, (unsigned char *)c->in + done,
			    c->in_len - done);
			if (n == 0)
				break;
		} else {
			end = memchr(c->in + done, '\n', c->in_len - done);
			if (end == NULL)
				break;
			n = (size_t)(end - (c->in + done)) + 1;
			client_line(c, c->in + done, n - 1);
		}
		done += n;
	}
	if (c->fd == -1)
		return;
	/* Longer than any line that matters. */
	if (done == 0 && c->in_len == sizeof(c->in))
		trial_gave_up("too-long");
	c->in_len -= done;
	memmove(c->in, c->in + done, c->in_len);
}

static void
client_readable(struct client *c)
{
	ssize_t n;

	do {
		size_t room = sizeof(c->in) - c->in_len;

		if (c->secure != NULL)
			n = secure_read(c->secure, c->in + c->in_len, room);
		else
			n = recv(c->fd, c->in + c->in_len, room, MSG_DONTWAIT);
		if (n == 0 || (n == -1 && errno != EAGAIN)) {
			client_close(c, SOAK_RETRY_MS);
			return;
		}
		if (n > 0) {
			c->in_len += (size_t)n;
			client_parse(c);
		}
	} while (n > 0 && c->fd != -1 && c->secure != NULL);
}

static void
client_listen(struct client *c, bool is_on)
{
	struct epoll_event event = { .events = is_on ? EPOLLIN : 0,
		.data.ptr = c };

	c->is_asleep = !is_on;
	if (epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event) == -1)
		trial_fail("epoll_ctl");
}

static const struct act *
choose(void)
{
	unsigned i, sum = 0;
	long n;

	for (i = 0; i < NITEMS(acts); i++)
		sum += acts[i].weight;
	n = random() % (long)sum;
	for (i = 0; n >= (long)acts[i].weight; i++)
		n -= (long)acts[i].weight;
	return &acts[i];
}

static void
client_act(struct client *c)
{
	const struct act *act;

	if (c->fd == -1) {
		client_open(c);
		return;
	}
	c->next_ns = trial_clock_ns() +
	    random() % (2 * SOAK_THINK_MS * NS_PER_MS);
	if (c->is_asleep) {
		client_listen(c, true);
		return;
	}
	act = choose();
	switch (act->does) {
	case DOES_SAY:
		client_say(c, act->texts[c->kind]);
		break;
	case DOES_CUT:
		client_close(c, SOAK_RETRY_MS);
		break;
	case DOES_SLEEP:
		client_listen(c, false);
		c->next_ns = trial_clock_ns() +
		    random() % (SOAK_SLEEP_MS * NS_PER_MS);
		break;
	}
}

/* The two: the one whose turn it is says a line as soon as it is time, or after
 * one was lost with the connection. */
static void
pair_act(void)
{
	int64_t now_ns = trial_clock_ns();
	char line[64];
	unsigned i;

	for (i = 0; i < 2; i++)
		if (pair[i].fd == -1 && now_ns >= pair[i].next_ns)
			client_open(&pair[i]);
	if (pair[0].fd == -1 || pair[1].fd == -1)
		return;
	if (is_waiting && now_ns - said_ns > SOAK_LOST_MS * NS_PER_MS) {
		lost++;
		is_waiting = false;
		sequence++;
	}
	if (is_waiting || now_ns - said_ns < SOAK_TURN_MS * NS_PER_MS)
		return;
	is_waiting = true;
	said_ns = now_ns;
	(void)snprintf(line, sizeof(line), "turn %u.\n", sequence);
	client_send_text(&pair[turn], line);
}

/* A row of /proc/PID/status, in KiB. Memory that is no file's, and that which is
 * a file's: the histories, which are as large as is set, and the program. */
static unsigned long
status_kb(int pid, const char *name)
{
	char path[64], line[256];
	unsigned long kb = 0;
	size_t len = strlen(name);
	FILE *fp;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
	fp = fopen(path, "r");
	if (fp == NULL)
		return 0;
	while (fgets(line, sizeof(line), fp) != NULL)
		if (strncmp(line, name, len) == 0 && line[len] == ':')
			kb = strtoul(line + len + 1, NULL, 10);
	(void)fclose(fp);
	return kb;
}

/* Counts what is in a directory, and adds up what the files take on the disk. */
static unsigned
look_into(const char *path, uint64_t *bytes)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	struct stat st;
	unsigned n = 0;

	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		n++;
		if (bytes != NULL &&
		    fstatat(dirfd(dir), entry->d_name, &st, 0) == 0)
			*bytes += (uint64_t)st.st_blocks * 512;
	}
	(void)closedir(dir);
	return n;
}

static void
sample(void)
{
	char path[64];
	uint64_t bytes = 0;
	unsigned i, here = 0, fds = 0, files;
	FILE *fp = fopen(pid_path, "r");
	int pid = 0;

	if (fp != NULL) {
		if (fscanf(fp, "%d", &pid) != 1)
			pid = 0;
		(void)fclose(fp);
	}
	if (pid > 0) {
		(void)snprintf(path, sizeof(path), "/proc/%d/fd", pid);
		fds = look_into(path, NULL);
	}
	files = look_into(state_path, &bytes);
	for (i = 0; i < npeople; i++)
		here += people[i].fd != -1;
	printf("workload=soak status=ok t_s=%.0f pid=%d here=%u "
	       "memory_kb=%lu mapped_kb=%lu fds=%u "
	       "files=%u disk_kb=%llu talk_n=%llu talk_p50_us=%.0f "
	       "talk_p99_us=%.0f talk_max_us=%.0f lost=%lu refused=%lu\n",
	    trial_since_s(trial.start_ns), pid, here, status_kb(pid, "RssAnon"),
	    status_kb(pid, "RssFile"), fds, files,
	    (unsigned long long)bytes / 1024, (unsigned long long)talk.total,
	    (double)latency_quantile_ns(&talk, 0.5) / 1000,
	    (double)latency_quantile_ns(&talk, 0.99) / 1000,
	    (double)talk.max_ns / 1000, lost, refused);
	(void)fflush(stdout);
	latency_reset(&talk);
}

static void
run(void)
{
	struct epoll_event events[256];
	int64_t next_ns = trial.start_ns + (int64_t)(interval_s * NS_PER_S);
	unsigned i;
	int n, e;

	people = trial_alloc(npeople, sizeof(*people));
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd == -1)
		trial_fail("epoll_create1");
	for (i = 0; i < npeople; i++) {
		people[i].fd = -1;
		people[i].number = i;
		people[i].kind = i % KINDS;
		people[i].is_secure = tls_port != 0 && i % 5 == 0;
		people[i].next_ns = trial.start_ns + random() % (2 * NS_PER_S);
	}
	for (i = 0; i < 2; i++) {
		pair[i].fd = -1;
		pair[i].number = npeople + i;
	}
	while (trial_since_s(trial.start_ns) < all_s) {
		n = epoll_wait(epoll_fd, events, NITEMS(events), 1);
		for (e = 0; e < n; e++) {
			struct client *c = events[e].data.ptr;

			if (c->fd != -1 && !c->is_asleep)
				client_readable(c);
			else if (c->fd != -1) /* an error or the end */
				client_close(c, SOAK_RETRY_MS);
		}
		pair_act();
		for (i = 0; i < npeople; i++)
			if (trial_clock_ns() >= people[i].next_ns)
				client_act(&people[i]);
		if (trial_clock_ns() >= next_ns) {
			sample();
			next_ns += (int64_t)(interval_s * NS_PER_S);
		}
	}
}

static void
gave_up(const char *status)
{
	printf("status=%s\n", status);
}

int
main(int argc, char *argv[])
{
	int opt;

	while ((opt = getopt(argc, argv, "d:f:i:n:p:S:t:")) != -1)
		switch (opt) {
		case 'd':
			state_path = optarg;
			break;
		case 'f':
			pid_path = optarg;
			break;
		case 'i':
			interval_s = strtod(optarg, NULL);
			break;
		case 'n':
			npeople = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'p':
			port = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'S':
			tls_port = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 't':
			all_s = strtod(optarg, NULL);
			break;
		default:
			return EXIT_OWN_FAULT;
		}
	if (state_path == NULL || pid_path == NULL || port == 0 ||
	    npeople == 0 || interval_s <= 0 || all_s <= 0 || optind != argc) {
		(void)fprintf(stderr,
		    "usage: soak [-i SECONDS] [-n PEOPLE] [-S TLS-PORT] "
		    "-d STATE-DIRECTORY\n"
		    "            -f PID-FILE -p PORT -t SECONDS\n");
		return EXIT_OWN_FAULT;
	}
	if (tls_port != 0)
		secure_init(NULL, NULL);
	trial.report = gave_up;
	trial.start_ns = trial.now_ns = trial_clock_ns();
	srandom(1);
	run();
	return 0;
}

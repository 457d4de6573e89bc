/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Exactly what was missed, over connections that break in every way. Ana says
 * numbered lines without a pause, alone or several as one message. Bob, over
 * TCP, cy, over a Unix socket, and tess, by TLS, lose their connections again
 * and again and come back under their nicks; so does ada, by TLS, to her
 * account; and kim, liv and mia over WebSockets, with IRC and JSON. Where bytes
 * are counted below, TLS has them as ciphertext, and a WebSocket in frames, so
 * that records and frames are cut anywhere.
 * Between them and the daemon is a proxy, in here: it hands on what the daemon
 * sends up to some byte, and then swallows some more, or leaves the rest
 * unread, and resets or closes, or lets them come back while the old connection
 * is still there.
 *
 * In the end each has every line, in order and once, but for repeats under the
 * line that says what they are (hostile 36); and the same for private messages.
 * After an orderly end nothing may be said to be a repeat, but for DOUBTS_MAX of
 * them.
 *
 * BRBD names the daemon, DIALOG_TIMEOUT the patience, as for the dialogs;
 * LOSSES_SEED a seed, LOSSES_SECONDS how long it goes on.
 */
#include "config.h"

#include <sys/socket.h>

#include <check.h>
#include <errno.h>
#include <poll.h>
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

#define ROUNDS_MIN 5 /* of each, however slow the machine is */
#define SPEAKER_AHEAD 2000 /* lines that the slowest may be behind */
/* Repeats included, fewer private messages than the 64 kept for one. */
#define PRIVATE_AHEAD 20
#define PRIVATE_INTERVAL_MS 50
#define LINES_MAX 4 /* of a message */
/*
 * Over TCP, the daemon sets a broken connection back by what a receive buffer
 * may hold, which is 64 KiB at least. Less than that, with a record of TLS that
 * has not come whole:
 */
#define SWALLOW_MAX 8000
#define TCP_RCVBUF 4096
/* Below some segments, the kernel often sends one in 200 ms. */
#define MORE_RCVBUF 16384
#define STUCK_MAX_MS 3000
#define LOG_SHOWN 2000 /* bytes of the daemon's, when it ends a connection */

enum plan {
	PLAN_READ, /* until .forward bytes have been handed on */
	PLAN_SWALLOW, /* .amount bytes, then a reset */
	PLAN_STUCK, /* until line .amount has been said, then an end */
	PLAN_ORDERLY, /* all is read, then it is closed */
	PLAN_CLOSING, /* by TLS: so it was said; until the daemon ends it, too */
	PLAN_STAY /* to the end of the test */
};

/* What is spoken, the last two over a WebSocket. */
enum speech { PLAIN, WS_JSON, WS_IRC };

struct person {
	struct reader see;
	enum speech speech;
	bool is_unix;
	bool is_secure; /* by TLS */
	bool has_account;
	int fd; /* -1: not connected */
	struct tls_client *tls; /* of fd */
	struct ws_client *ws; /* the same */
	int old_fd; /* the one before, still open; or -1 */
	enum plan plan;
	size_t forward;
	unsigned amount;
	int64_t stuck_ms; /* since when */
	struct buf out; /* to be sent */
	bool has_used_token; /* logged in with it */
	bool is_greeted; /* something came over fd */
	bool has_heard; /* and over ws */
	/* On a port that serves all protocols who is silent for a moment is
	 * greeted: a busy machine may not have run us between connecting and
	 * writing, and neither TLS nor HTTP can begin any more. */
	bool was_late;
	unsigned rounds, orderly, takeovers;
};

static struct daemon d;
static struct person people[] = {
	{ .see.nick = "bob" },
	{ .see.nick = "cy", .is_unix = true },
#ifdef HAVE_OPENSSL
	{ .see.nick = "tess", .is_secure = true },
	{ .see.nick = "ada", .is_secure = true, .has_account = true },
#endif
	{ .see.nick = "kim", .speech = WS_IRC },
#ifdef HAVE_JANSSON
	{ .see.nick = "liv", .speech = WS_JSON },
#ifdef HAVE_OPENSSL
	{ .see.nick = "mia", .speech = WS_JSON, .is_secure = true },
#endif
#endif
};
static int speaker = -1;
static struct buf speaker_seen; /* the end of it */
static unsigned said, said_private[NITEMS(people)];
static int64_t said_private_ms[NITEMS(people)];
static bool is_over;
static unsigned seed_state;
static int64_t patience_ms, duration_ms;

static unsigned
losses_random(unsigned below)
{
	seed_state ^= seed_state << 13;
	seed_state ^= seed_state >> 17;
	seed_state ^= seed_state << 5;
	return seed_state % below;
}

/* Their connections */

/* Little, and nothing is unread: it fits, once hands are shaken. */
static void
person_flush(struct person *p)
{
	if (p->out.len > 0 &&
	    client_send_by(p->tls, p->fd, p->out.data, p->out.len) != -1)
		buf_reset(&p->out);
}

static void
person_type(struct person *p, const struct buf *lines)
{
	if (p->ws != NULL)
		ws_client_add_lines(p->ws, &p->out, lines->data, lines->len);
	else
		buf_add(&p->out, lines->data, lines->len);
	person_flush(p);
}

/* Says who they are; for the first time, with a break: that makes known who is
 * here, so that their nick is held. */
static void
person_introduce(struct person *p, bool is_first)
{
	struct buf lines = BUF_INITIALIZER;
	const char *nick = p->see.nick;

	switch (p->speech) {
	case PLAIN:
		if (p->see.token[0] != '\0')
			buf_addf(&lines, "/login %s %s\n", nick, p->see.token);
		else
			buf_addf(&lines, "/nick %s\n", nick);
		if (is_first)
			buf_addstr(&lines, "/brb\n/back\n");
		if (is_first && p->has_account)
			buf_addstr(&lines, "/register\ncorrect horse\n");
		break;
	case WS_JSON:
		buf_addf(&lines, "{\"nick\":\"%s\"}\n", nick);
		if (is_first)
			buf_addstr(&lines, "{\"brb\":true}\n{\"back\":true}\n");
		break;
	case WS_IRC:
		buf_addf(&lines, "NICK %s\nUSER u 0 * :u\nJOIN #lobby\n", nick);
		if (is_first)
			buf_addstr(&lines, "BRB\nBACK\n");
		break;
	}
	person_type(p, &lines);
	buf_fini(&lines);
}

static void
person_connect(struct person *p)
{
	struct daemon at = d;

	if (p->is_secure || p->speech != PLAIN)
		at.port_ipv4 = d.port_second;
	p->fd = client_connect(&at, p->is_unix,
	    p->is_unix                             ? 0 :
		p->is_secure || p->speech != PLAIN ? MORE_RCVBUF :
						     TCP_RCVBUF);
	ck_assert_int_ne(p->fd, -1);
	if (p->is_secure) {
		p->tls = tls_client_new(p->fd, TLS_CLIENT_PLAIN);
		/* It reads only what it is given, from the first byte on. */
		tls_client_feed(p->tls, NULL, 0);
	}
	buf_reset(&p->out);
	if (p->speech != PLAIN) {
		p->ws = ws_client_new(p->speech == WS_JSON ? "brb.json" :
							     "text.ircv3.net",
		    &p->out);
		ws_client_answer(p->ws, &p->out);
	}
	reader_begin(&p->see);
	/* Who comes with a token for the first time is another device, and begins
	 * where the person has read: that is less than the last one was shown. */
	if (p->see.token[0] != '\0' && !p->has_used_token) {
		p->has_used_token = true;
		p->see.was_orderly = false;
	}
	p->is_greeted = p->has_heard = p->was_late = false;
	p->plan = is_over ? PLAN_STAY : PLAN_READ;
	p->forward = losses_random(4) == 0 ? losses_random(3000) :
					     losses_random(30000);
	person_introduce(p, p->rounds == 0);
}

/* No more is sent by TLS, or over a WebSocket. */
static void
person_end_tls(struct person *p)
{
	tls_client_free(p->tls);
	p->tls = NULL;
	ws_client_free(p->ws);
	p->ws = NULL;
}

static void
losses_reset(int fd)
{
	struct linger linger = { 1, 0 };

	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger,
			     sizeof(linger)),
	    0);
	(void)close(fd);
}

static bool
person_leaves_in_order(const struct person *p)
{
	return p->plan == PLAN_ORDERLY || p->plan == PLAN_CLOSING;
}

static void
person_end(struct person *p, bool is_reset)
{
	bool is_orderly = person_leaves_in_order(p);

	reader_note(&p->see,
	    is_reset       ? "* resets the connection" :
		is_orderly ? "* ends it, having read all" :
			     "* ends it");
	person_end_tls(p);
	if (is_reset)
		losses_reset(p->fd);
	else
		(void)close(p->fd);
	p->fd = -1;
	/* That a browser closes says nothing of what its page has read. */
	p->see.was_orderly = is_orderly && p->speech == PLAIN;
	p->rounds++;
	p->orderly += is_orderly;
}

/*
 * All is read. Who closed right after a close_notify, and was not run in
 * between for as long as the daemon waits, would leave its answer unread, which
 * is a reset.
 */
static void
person_close(struct person *p)
{
	if (p->ws != NULL) {
		ws_client_add_close(&p->out);
		person_flush(p);
	}
	if (p->tls == NULL) {
		person_end(p, false);
		return;
	}
	tls_client_shutdown(p->tls);
	ck_assert_int_eq(shutdown(p->fd, SHUT_WR), 0);
	p->plan = PLAN_CLOSING;
}

/* So much has been handed on; what now? */
static void
person_choose(struct person *p)
{
	/* Before they have been themselves once, nothing is kept for them. */
	if (p->rounds == 0 &&
	    (p->see.phase < PHASE_LIVE ||
		(p->has_account && p->see.token[0] == '\0'))) {
		p->forward = 1000;
		return;
	}
	/* While hands are shaken nothing comes that could be swallowed. */
	switch (losses_random(p->is_unix || p->out.len > 0 ? 4 : 5)) {
	case 0:
		p->plan = PLAN_ORDERLY;
		break;
	case 4:
		p->plan = PLAN_SWALLOW;
		p->stuck_ms = client_now_ms();
		p->amount = losses_random(SWALLOW_MAX);
		break;
	default:
		p->plan = PLAN_STUCK;
		p->stuck_ms = client_now_ms();
		p->amount = said + losses_random(losses_random(2) ? 20 : 1000);
		break;
	}
}

/* They have been stuck for long enough. */
static void
person_unstick(struct person *p)
{
	if ((p->is_unix || p->has_account) && losses_random(2) == 0) {
		/* Taken over while it is still there. */
		reader_note(&p->see, "* leaves it");
		person_end_tls(p);
		if (p->old_fd != -1)
			(void)close(p->old_fd);
		p->old_fd = p->fd;
		p->fd = -1;
		p->rounds++;
		p->takeovers++;
		p->see.was_orderly = false;
	} else
		person_end(p, losses_random(2) == 0);
}

/* A message that came over a WebSocket. */
static void
person_message(void *arg, char *line)
{
	struct person *p = arg;
	struct buf answers = BUF_INITIALIZER;

	if (p->speech == WS_JSON)
		reader_json_line(&p->see, line, &answers);
	else
		reader_irc_line(&p->see, line, &answers);
	person_type(p, &answers);
	buf_fini(&answers);
}

static void
person_feed_plain(struct person *p, const char *data, size_t len)
{
	if (p->ws == NULL)
		reader_feed(&p->see, data, len);
	else if (p->was_late || (!p->has_heard && *data == '-'))
		p->was_late = true;
	else {
		p->has_heard = true;
		ws_client_take(p->ws, data, len, &p->see.in);
		client_take_lines(&p->see.in, person_message, p);
	}
}

/* It has ended, as n and errno say: what has the daemon to say to that? */
static void
person_note_end(struct person *p, ssize_t n)
{
	const char *log;

	reader_note(&p->see, n == 0 ? "* is at the end" : strerror(errno));
	daemon_read_log(&d);
	log = buf_cstr(&d.log);
	if (d.log.len > LOG_SHOWN)
		log += d.log.len - LOG_SHOWN;
	(void)fprintf(stderr, "%s\n", log);
}

/* This many bytes have come, and count. */
static void
person_feed(struct person *p, const char *data, size_t len)
{
	char plain[4096];
	ssize_t n;

	if (p->tls == NULL) {
		person_feed_plain(p, data, len);
		return;
	}
	tls_client_feed(p->tls, data, len);
	while ((n = tls_client_receive(p->tls, plain, sizeof(plain))) > 0)
		person_feed_plain(p, plain, (size_t)n);
	if (n == -1 && errno == EAGAIN)
		return;
	if (tls_client_is_answered_plainly(p->tls))
		p->was_late = true;
	if (p->was_late)
		return;
	person_note_end(p, n);
	losses_fail("%s: TLS has ended", p->see.nick);
}

static void
person_answer(struct person *p)
{
	/* Of IRC so many lines are not taken before the registration. */
	if (p->speech == WS_IRC)
		return;
	if (p->see.was_refused)
		person_introduce(p, false);
	if (p->see.has_registered)
		buf_addstr(&p->out, "/account token\n");
	p->see.was_refused = p->see.has_registered = false;
	person_flush(p);
}

static void
person_read(struct person *p)
{
	char data[4096];
	size_t max = sizeof(data);
	ssize_t n;

	if (p->plan == PLAN_READ && p->forward < max)
		max = p->forward;
	if (p->plan == PLAN_SWALLOW && p->amount < max)
		max = p->amount;
	if (max > 0) {
		n = read(p->fd, data, max);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0)
			person_note_end(p, n);
		LOSSES_ASSERT(n > 0 || (n == 0 && p->plan == PLAN_CLOSING),
		    "%s: the connection has ended", p->see.nick);
		if (p->plan == PLAN_CLOSING) {
			if (n == 0)
				person_end(p, false);
		} else if (p->plan == PLAN_SWALLOW) {
			p->amount -= (unsigned)n;
		} else {
			p->is_greeted = true;
			person_feed(p, data, (size_t)n);
			if (p->was_late) {
				person_end(p, true);
				p->rounds--;
				return;
			}
			person_answer(p);
			p->forward -= p->plan == PLAN_READ ? (size_t)n : 0;
		}
	}
	if (p->plan == PLAN_READ && p->forward == 0)
		person_choose(p);
	if (p->plan == PLAN_SWALLOW && p->amount == 0)
		person_end(p, true);
}

static size_t
person_index(const struct person *p)
{
	return (size_t)(p - people);
}

static bool
person_has_all(const struct person *p)
{
	return p->see.phase == PHASE_LIVE && p->see.in.len == 0 &&
	    !p->see.has_asked && p->see.next == said + 1 &&
	    p->see.next_private == said_private[person_index(p)] + 1;
}

/* Somebody's coming may be told after all that was said. */
static bool
person_has_unread(const struct person *p)
{
	char byte;

	return recv(p->fd, &byte, 1, MSG_PEEK) > 0;
}

static void
person_step(struct person *p)
{
	if (p->fd == -1)
		person_connect(p);
	else if (p->see.was_refused && p->speech == WS_IRC)
		person_end(p, true);
	else if (p->plan == PLAN_STUCK &&
	    (said >= p->amount || is_over ||
		client_now_ms() - p->stuck_ms > STUCK_MAX_MS))
		person_unstick(p);
	else if (p->plan == PLAN_ORDERLY && person_has_all(p) &&
	    !person_has_unread(p))
		person_close(p);
	else if (p->plan == PLAN_SWALLOW &&
	    (is_over || client_now_ms() - p->stuck_ms > STUCK_MAX_MS))
		/* No more comes that could be swallowed; also to who was about to
		 * join. */
		person_end(p, true);
	else if (is_over && p->plan == PLAN_READ)
		p->plan = PLAN_STAY;
}

/* The speaker */

/* What they are told matters only to who reads of a failure. */
static void
speaker_read(void)
{
	char data[4096];
	ssize_t n = read(speaker, data, sizeof(data));

	if (n <= 0)
		return;
	if (speaker_seen.len > LOG_SHOWN)
		buf_reset(&speaker_seen);
	buf_add(&speaker_seen, data, (size_t)n);
}

static void
speaker_write(const char *text, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(speaker, text, len);
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		} else {
			ck_assert_int_eq(errno, EAGAIN);
			speaker_read();
		}
	}
}

/* By IRC, which has messages of several lines. */
static void
speaker_connect(void)
{
	static const char hello[] =
	    "CAP REQ :message-tags batch draft/multiline\r\nNICK ana\r\n"
	    "USER a 0 * :a\r\nCAP END\r\nJOIN #lobby\r\n";
	struct daemon at = d;

	at.port_ipv4 = d.port_second;
	speaker = client_connect(&at, false, 0);
	ck_assert_int_ne(speaker, -1);
	speaker_write(hello, strlen(hello));
}

/* One of the next lines, numbered; in_batch: of a message of several. */
static void
speaker_add_line(struct buf *text, bool in_batch)
{
	static char pad[400];
	int len = (int)losses_random(losses_random(4) == 0 ? 400 : 40);

	memset(pad, 'x', sizeof(pad) - 1);
	buf_addf(text, "%sPRIVMSG #lobby :%u %.*s.\r\n",
	    in_batch ? "@batch=1 " : "", ++said, len, pad);
}

static void
speaker_add_private(struct buf *text)
{
	int64_t now_ms = client_now_ms();
	size_t i = losses_random(NITEMS(people));

	if (losses_random(50) != 0 || people[i].rounds == 0 ||
	    said_private[i] + 1 >= PRIVATE_MAX ||
	    said_private[i] - people[i].see.next_private + 1 >= PRIVATE_AHEAD ||
	    now_ms - said_private_ms[i] < PRIVATE_INTERVAL_MS)
		return;
	said_private_ms[i] = now_ms;
	buf_addf(text, "PRIVMSG %s :%u .\r\n", people[i].see.nick,
	    ++said_private[i]);
}

static void
speaker_say(void)
{
	struct buf text = BUF_INITIALIZER;
	int count = 1 + (int)losses_random(5), lines;

	while (count-- > 0) {
		if (said == 0 || losses_random(4) == 0) {
			buf_addstr(&text,
			    "BATCH +1 draft/multiline #lobby\r\n");
			lines = 2 + (int)losses_random(LINES_MAX - 1);
			while (lines-- > 0)
				speaker_add_line(&text, true);
			buf_addstr(&text, "BATCH -1\r\n");
		} else
			speaker_add_line(&text, false);
		speaker_add_private(&text);
	}
	speaker_write(text.data, text.len);
	buf_fini(&text);
}

/*
 * Has the daemon not noticed an end in order yet? When it greets the next
 * connection it has. If it wrote something before that, the end would be none
 * in order any more: what is written then is answered by a reset.
 */
static bool
person_has_just_left(const struct person *p)
{
	return p->see.was_orderly && (p->fd == -1 || !p->is_greeted);
}

/*
 * Not while somebody leaves in order, or before they have all been there, or
 * when somebody is far behind.
 */
static bool
speaker_may_speak(void)
{
	size_t i;

	if (is_over)
		return false;
	for (i = 0; i < NITEMS(people); i++)
		if (person_leaves_in_order(&people[i]) ||
		    person_has_just_left(&people[i]) ||
		    (people[i].rounds == 0 &&
			people[i].see.phase != PHASE_LIVE && said == 0) ||
		    (said - people[i].see.next >= SPEAKER_AHEAD &&
			people[i].see.next <= said &&
			people[i].plan == PLAN_READ))
			return false;
	return true;
}

/* The test */

/* One turn: whatever is there is read, and everybody does what they will. */
static void
losses_step(void)
{
	struct pollfd pfds[NITEMS(people) + 1];
	size_t i;
	bool may_speak = speaker_may_speak();

	for (i = 0; i < NITEMS(people); i++) {
		pfds[i].fd = people[i].plan == PLAN_STUCK ? -1 : people[i].fd;
		pfds[i].events = POLLIN;
		pfds[i].revents = 0;
	}
	pfds[i].fd = speaker;
	pfds[i].events = POLLIN;
	(void)poll(pfds, NITEMS(pfds), may_speak ? 0 : 10);
	for (i = 0; i < NITEMS(people); i++)
		if (pfds[i].revents != 0 && pfds[i].fd == people[i].fd)
			person_read(&people[i]);
	if (pfds[i].revents != 0)
		speaker_read();
	for (i = 0; i < NITEMS(people); i++)
		person_step(&people[i]);
	if (may_speak)
		speaker_say();
	daemon_read_log(&d);
}

static bool
losses_is_enough(int64_t start_ms)
{
	size_t i;

	for (i = 0; i < NITEMS(people); i++)
		if (people[i].rounds < ROUNDS_MIN)
			return false;
	return client_now_ms() - start_ms >= duration_ms;
}

static bool
losses_has_ended(void)
{
	size_t i;

	for (i = 0; i < NITEMS(people); i++)
		if (people[i].plan != PLAN_STAY || !person_has_all(&people[i]))
			return false;
	return is_over;
}

static void
losses_report(void)
{
	const struct person *p;

	for (p = people; p < people + NITEMS(people); p++)
		(void)fprintf(stderr,
		    "%s: %u rounds, %u orderly, %u takeovers; %u of %u lines, "
		    "%u repeats; %u of %u private messages, %u repeats; plan "
		    "%d, phase %d\n",
		    p->see.nick, p->rounds, p->orderly, p->takeovers,
		    p->see.next - 1, said, p->see.repeats,
		    p->see.next_private - 1, said_private[person_index(p)],
		    p->see.private_repeats, (int)p->plan, (int)p->see.phase);
}

static void
losses_give_up(void)
{
	size_t i;

	losses_report();
	(void)fprintf(stderr, "ana has seen last:\n%s",
	    buf_cstr(&speaker_seen));
	for (i = 0; i < NITEMS(people); i++)
		if (!person_has_all(&people[i]))
			reader_note(&people[i].see, "* has not all");
	losses_fail("not all have seen all");
}

static void
losses_stop(void)
{
	size_t i;

	for (i = 0; i < NITEMS(people); i++) {
		(void)close(people[i].fd);
		if (people[i].old_fd != -1)
			(void)close(people[i].old_fd);
		person_end_tls(&people[i]);
		buf_fini(&people[i].see.in);
		buf_fini(&people[i].out);
	}
	buf_fini(&speaker_seen);
	(void)close(speaker);
	client_stop_daemon(&d, patience_ms);
}

START_TEST(test_losses)
{
	char *dir = unit_dir_new();
	const char *tls_options = tls_client_options(dir);
	struct person *p;
	int64_t start_ms;
	size_t i;

	client_start_daemon(&d, dir, NULL,
	    "-l 127.0.0.1:0,line -l 0.0.0.0:0 -l unix:%s/sock %s -o line-rate=0 "
	    "-o max-sessions=1 -o accept-rate=0 -o max-per-address=0 -o announce-rate=0 "
	    "-o presence-window=1h -o history-size=64M -o max-lines=%d",
	    dir, tls_options, LINES_MAX);
	d.has_second = true;
	client_await_daemon(&d, patience_ms);
	speaker_connect();
	for (i = 0; i < NITEMS(people); i++) {
		p = &people[i];
		p->fd = p->old_fd = -1;
		p->see.next = p->see.next_private = 1;
	}

	start_ms = client_now_ms();
	while (!losses_has_ended()) {
		is_over = is_over || losses_is_enough(start_ms);
		if (client_now_ms() > start_ms + duration_ms + patience_ms)
			losses_give_up();
		losses_step();
	}
	losses_report();
	/* The first message had several lines. */
	for (p = people; p < people + NITEMS(people); p++)
		LOSSES_ASSERT(p->speech != WS_JSON || p->see.several > 0,
		    "%s saw no message of several lines", p->see.nick);
	losses_stop();
	ck_assert_str_eq(unit_dir_names(dir),
	    tls_options[0] == '\0' ? "brbd.conf notify" :
				     "brbd.conf certificate key notify");
	unit_dir_free(dir);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("losses");
	TCase *tc = unit_case(suite, "losses", NULL, NULL);

	patience_ms = client_patience_ms(6);
	duration_ms = 1000 * (int64_t)client_setting("LOSSES_SECONDS", 3);
	losses_seed = client_setting("LOSSES_SEED", (unsigned)time(NULL));
	seed_state = losses_seed * 2654435761u + 1;
	(void)fprintf(stderr, "LOSSES_SEED=%u\n", losses_seed);
	tcase_set_timeout(tc, 600);
	tcase_add_test(tc, test_losses);
	return unit_run(suite);
}

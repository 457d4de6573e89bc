/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Writers post numbered lines, others listen, are on break or away, and the
 * daemon is killed at random moments and started again (hostile 61). Everybody
 * comes back each time: by TLS, into their accounts, and programs with JSON as
 * well, some of them over WebSockets, and with IRC over those. At the end
 *
 *   - the history has no line twice, and those of each writer in order;
 *   - everybody who only listens has seen what the history has, in that order,
 *     each line once but for those below "that you may have seen already". So
 *     every line that somebody saw is there, and nobody missed one.
 *
 * A token that its owner was told of lets them in after each crash.
 *
 * Wanda tells some of them numbers in private: each of which she was told that
 * it was sent has been seen by who is mostly here, or on break, in order and
 * once but for those that may have been seen already; and it is in the
 * conversation with andy, who is mostly away, once and in order.
 *
 * Ada has a second session. What the two have seen together is what was said;
 * and neither sees anything twice that is not said to be a repeat.
 *
 * It lasts as long as CRASH_SECONDS in the environment says (8), and prints the
 * seed of its random numbers, which CRASH_SEED sets. BRBD names the daemon,
 * DIALOG_TIMEOUT the patience, as for the dialogs.
 */
#include "config.h"

#include <sys/socket.h>

#include <check.h>
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
#include "crash.h"
#include "daemon.h"
#include "unit/unit.h"
#include "unit/ws-client.h"

static struct daemon d;
struct person people[PEOPLE + 1];
static unsigned seen_of[WRITERS]; /* by the first listener */
static bool is_first_run = true;
static int64_t patience_ms = 20000;
static char *dir;
static const char *tls_options;
static unsigned long repeats, crashes;
static unsigned long crashes_in_talk; /* of them, with lines just seen */

static void
lines_add(struct lines *l, unsigned line)
{
	if (l->count == l->cap) {
		l->cap = l->cap == 0 ? 1024 : l->cap * 2;
		l->items = xreallocarray(l->items, l->cap, sizeof(*l->items));
	}
	l->items[l->count++] = line;
}

/* The daemon */

static void
crash_start(void)
{
	client_start_daemon(&d, dir, NULL,
	    "-l 127.0.0.1:0 %s -o max-per-address=0 -o line-rate=0 -o accept-rate=0 "
	    "-o announce-rate=0 -o presence-window=1h -o history-size=16M "
	    "-o max-members=100 -o greeting-history=0 -o state-dir=%s/state",
	    tls_options, dir);
}

static void
crash_check_daemon(void)
{
	const char *report = daemon_find_report(&d);

	ck_assert_msg(report == NULL, "a checker reports: %s", report);
}

/* People */

void
person_type(struct person *p, const char *text)
{
	if (p->ws != NULL)
		ws_client_add_lines(p->ws, &p->out, text, strlen(text));
	else
		buf_addstr(&p->out, text);
}

static bool
person_is(const struct person *p, unsigned flag)
{
	return (cast[p - people].flags & flag) != 0;
}

static void
person_connect(struct person *p, const char *nick)
{
	if (cast[p - people].role == SECOND) {
		if (people[ADA].token[0] == '\0')
			return;
		memcpy(p->token, people[ADA].token, sizeof(p->token));
	}
	p->fd = client_connect(&d, false, 0);
	if (p->fd == -1)
		return;
	if (person_is(p, TLS))
		p->tls = tls_client_new(p->fd, TLS_CLIENT_PLAIN);
	buf_reset(&p->in);
	buf_reset(&p->out);
	if (person_is(p, WS)) {
		p->ws = ws_client_new(person_is(p, JSON) ? "brb.json" :
							   "text.ircv3.net",
		    &p->out);
		ws_client_answer(p->ws, &p->out);
	}
	p->as_guest.count = 0;
	p->is_live = p->in_repeats = p->in_private_repeats = false;
	/* What it sees before it is ada is not shown to it once more. */
	p->is_named = cast[p - people].role == SECOND;
	p->post_max = p->posted + POSTS;
	/* Nobody will see what was never said. */
	if (p < people + WRITERS)
		seen_of[p - people] = p->posted;
	person_type(p,
	    person_is(p, JSON)    ? "{\"nick\":\"" :
		person_is(p, IRC) ? "USER u 0 * :u\nNICK " :
		*p->token == '\0' ? "/nick " :
				    "/login ");
	person_type(p, nick);
	if (*p->token != '\0') {
		person_type(p, " ");
		person_type(p, p->token);
	}
	person_type(p,
	    person_is(p, JSON)    ? "\"}\n" :
		person_is(p, IRC) ? "\nJOIN #lobby\n" :
				    "\n");
}

static void
person_saw(struct person *p, unsigned line)
{
	unsigned writer = line / LINES_MAX, number = line % LINES_MAX;

	if (p->has[line]) {
		ck_assert_msg(p->in_repeats,
		    "%s sees a line of %s twice: number %u",
		    cast[p - people].nick, cast[writer].nick, number);
		repeats++;
		return;
	}
	p->has[line] = true;
	lines_add(&p->seen, line);
	if (p == &people[FIRST_LISTENER] && seen_of[writer] < number)
		seen_of[writer] = number;
}

static void
person_is_back(struct person *p)
{
	enum role role = cast[p - people].role;
	size_t i;

	/* At first they are who they are before they are live, or after. */
	if (is_first_run &&
	    (p->is_live || (person_is(p, ACCOUNT) && *p->token == '\0')))
		return;
	p->is_live = true;
	p->in_repeats = p->in_private_repeats = false;
	/* Said before they had their nick again: after what they missed. */
	for (i = 0; i < p->as_guest.count; i++)
		person_saw(p, p->as_guest.items[i]);
	p->as_guest.count = 0;
	if (role == ON_BREAK)
		person_type(p,
		    person_is(p, JSON) ? "{\"brb\":true}\n" : "/brb\n");
	else if (role == AWAY)
		person_type(p,
		    person_is(p, JSON)    ? "{\"quit\":true}\n" :
			person_is(p, IRC) ? "QUIT\n" :
					    "/quit\n");
}

static void
person_heard(struct person *p, const char *nick, unsigned number)
{
	unsigned writer;

	for (writer = 0; strcmp(cast[writer].nick, nick) != 0;)
		ck_assert_uint_lt(++writer, WRITERS);
	ck_assert_uint_lt(number, LINES_MAX);
	if (cast[p - people].role == WRITER)
		return;
	if (p->is_named)
		person_saw(p, writer * LINES_MAX + number);
	else
		lines_add(&p->as_guest, writer * LINES_MAX + number);
}

/* An account is theirs when they have a token, which is told at once and is
 * good whatever happens then. False: it is about something else. */
static bool
person_makes_account(struct person *p, const char *line)
{
	if (strncmp(line, "-- you are now ", 15) == 0)
		person_type(p, "/register\ncorrect horse battery\n");
	else if (strstr(line, " is yours: nobody else can have it") != NULL)
		person_type(p, "/account token\n");
	else if (sscanf(line, "-- token %79[^:]:", p->token) == 1)
		person_is_back(p);
	else
		return false;
	return true;
}

/* A line of the server's: are what follows repeats? */
static void
person_heard_head(struct person *p, const char *line)
{
	bool is_private = strstr(line, "private message") != NULL;
	const char *unread = strstr(line, " new from wanda; ");

	if (unread != NULL) {
		while (unread[-1] >= '0' && unread[-1] <= '9')
			unread--;
		p->unread = (unsigned)atoi(unread);
	}

	if (strstr(line, "that you may have seen already:") != NULL) {
		p->in_private_repeats = is_private;
		p->in_repeats |= !is_private;
	} else if (strstr(line, " kept for you:") != NULL)
		p->in_private_repeats = false;
	else if (strstr(line, "new since then:") != NULL)
		p->in_repeats = false;
}

/* The server writes its objects in one way, so that this is enough. */
static void
person_json_line(struct person *p, const char *line)
{
	const char *said = strstr(line, "\"nick\":\"");
	char nick[32], ack[64];
	unsigned number;

	if (strncmp(line, "{\"event\":\"say\",", 15) == 0 && said != NULL &&
	    sscanf(said, "\"nick\":\"%31[^\"]\",\"text\":\"%u\"", nick,
		&number) == 2)
		person_heard(p, nick, number);
	else if (strncmp(line, "{\"event\":\"msg\",", 15) == 0) {
		ck_assert_msg(said != NULL &&
			sscanf(said,
			    "\"nick\":\"wanda\",\"kind\":\"say\",\"text\":\"%u\"",
			    &number) == 1,
		    "%s sees: %s", cast[p - people].nick, line);
		private_heard(p, number);
	} else if (strncmp(line, "{\"event\":\"msg-repeats\"", 22) == 0)
		p->in_private_repeats = true;
	else if (strncmp(line, "{\"event\":\"msg-kept\"", 19) == 0)
		p->in_private_repeats = false;
	else if (strncmp(line, "{\"event\":\"unread\"", 17) == 0) {
		ck_assert_int_eq(sscanf(strstr(line, "\"count\":"),
				     "\"count\":%u", &p->unread),
		    1);
	} else if (sscanf(line, "{\"event\":\"ask\",\"token\":\"%u\"",
		       &number) == 1) {
		(void)snprintf(ack, sizeof(ack), "{\"ack\":\"%u\"}\n", number);
		person_type(p, ack);
	} else if (strncmp(line, "{\"done\":\"nick\"", 14) == 0)
		person_type(p, "{\"join\":\"lobby\"}\n");
	else if (strncmp(line, "{\"done\":\"join\"", 14) == 0)
		p->is_named = true;
	else if (strncmp(line, "{\"event\":\"repeats\"", 18) == 0)
		p->in_repeats = true;
	else if (strncmp(line, "{\"event\":\"new\"", 14) == 0)
		p->in_repeats = false;
	else if (strncmp(line, "{\"event\":\"live\"", 15) == 0)
		person_is_back(p);
	else
		ck_assert_msg(strncmp(line, "{\"failed\"", 9) != 0 &&
			strstr(line, "\"gap\"") == NULL,
		    "%s sees: %s", cast[p - people].nick, line);
}

/* ":wanda!u@h PRIVMSG iris :[14:02] 12", with the time if it is old. */
static bool
person_irc_private(const struct person *p, const char *line, unsigned *number)
{
	char head[48];
	const char *text;

	(void)snprintf(head, sizeof(head),
	    " PRIVMSG %s :", cast[p - people].nick);
	if (strncmp(line, ":wanda!", 7) != 0 ||
	    (text = strstr(line, head)) == NULL)
		return false;
	text += strlen(head);
	if (*text == '[' && strchr(text, ']') != NULL)
		text = strchr(text, ']') + 2;
	return sscanf(text, "%u", number) == 1;
}

/* Nothing tells the end of what was missed: their place, with its repeats, is
 * shown at once. */
static void
person_irc_line(struct person *p, char *line)
{
	char nick[32], *text = strstr(line, " PRIVMSG #lobby :");
	unsigned number;

	if (strncmp(line, "PING ", 5) == 0) {
		line[1] = 'O';
		person_type(p, line);
		person_type(p, "\n");
	} else if (strstr(line, " 366 ") != NULL) {
		p->is_named = true;
		person_is_back(p);
	} else if (person_irc_private(p, line, &number)) {
		private_heard(p, number);
	} else if (text != NULL && sscanf(line, ":%31[^!]", nick) == 1) {
		text = strchr(text, ':') + 1;
		if (*text == '[' && strchr(text, ']') != NULL)
			text = strchr(text, ']') + 2; /* when it was said */
		ck_assert_msg(sscanf(text, "%u", &number) == 1, "%s sees: %s",
		    cast[p - people].nick, line);
		person_heard(p, nick, number);
	} else {
		ck_assert_msg(strncmp(line, "ERROR", 5) != 0 &&
			strstr(line, " 433 ") == NULL &&
			strstr(line, "no longer held") == NULL,
		    "%s sees: %s", cast[p - people].nick, line);
		person_heard_head(p, line);
	}
}

/* False: it is about something else. */
static bool
person_in_private(struct person *p, const char *line)
{
	unsigned number;
	char nick[32];

	if (sscanf(line, "[%*u:%*u] <you -> %31[^>]> %u", nick, &number) == 2)
		private_told(p, nick, number);
	else if (sscanf(line, "[%*u:%*u] <wanda -> you> %u", &number) == 1)
		private_heard(p, number);
	else
		return false;
	return true;
}

static void
person_line(void *arg, char *line)
{
	struct person *p = arg;
	unsigned number;
	char nick[32];
	size_t len = strlen(line);

	if (person_is(p, JSON))
		person_json_line(p, line);
	else if (person_is(p, IRC))
		person_irc_line(p, line);
	else if (person_in_private(p, line))
		return;
	else if (sscanf(line, "[%*u:%*u] <%31[^>]> %u", nick, &number) == 2)
		person_heard(p, nick, number);
	else if (is_first_run && person_is(p, ACCOUNT) &&
	    person_makes_account(p, line))
		p->is_named = true;
	else if (strncmp(line, "-- you are now ", 15) == 0) {
		p->is_named = true;
		if (is_first_run)
			person_is_back(p);
		if (cast[p - people].role == SECOND)
			p->is_live = true;
	} else if (strcmp(line, "-- end of history") == 0)
		person_type(p, "/quit\n");
	else if (p->is_named && len >= 12 &&
	    strcmp(line + len - 12, "you are live") == 0)
		person_is_back(p);
	else {
		/* What may have been seen takes the place of others among what
		 * is kept in private, and that is told. */
		if (sscanf(line, "-- \xe2\x80\xa6 %u earlier private",
			&number) == 1)
			p->unread += number;
		else
			ck_assert_msg(strncmp(line, "!!", 2) != 0 &&
				strstr(line, "no longer held") == NULL,
			    "%s sees: %s", cast[p - people].nick, line);
		person_heard_head(p, line);
	}
}

static void
person_read(struct person *p)
{
	bool is_open = client_receive_by(p->tls, p->fd,
	    p->ws != NULL ? &p->raw : &p->in);

	if (p->ws != NULL) {
		ws_client_take(p->ws, p->raw.data, p->raw.len, &p->in);
		buf_reset(&p->raw);
	}
	client_take_lines(&p->in, person_line, p);
	if (!is_open) {
		if (p->tls != NULL)
			tls_client_shutdown(p->tls);
		tls_client_free(p->tls);
		p->tls = NULL;
		ws_client_free(p->ws);
		p->ws = NULL;
		(void)close(p->fd);
		p->fd = -1;
	}
}

static void
person_write(struct person *p)
{
	ssize_t n;

	n = client_send_by(p->tls, p->fd, p->out.data, p->out.len);
	if (n <= 0)
		return;
	p->out.len -= (size_t)n;
	memmove(p->out.data, p->out.data + n, p->out.len);
}

static void
person_post(struct person *p)
{
	char line[32];

	while (p->is_live && p->posted < p->post_max &&
	    p->posted < LINES_MAX - 1 &&
	    p->posted - seen_of[p - people] < WINDOW) {
		(void)snprintf(line, sizeof(line), "%u\n", ++p->posted);
		person_type(p, line);
		/* Not before all have told who they are. */
		if (p == &people[0] && !is_first_run)
			private_tell(p->posted);
	}
}

/* One round of the loop: whatever happens within wait_ms. */
static void
crash_turn(int wait_ms)
{
	struct pollfd pfds[PEOPLE + 2];
	size_t i;

	pfds[0] = (struct pollfd){ d.log_fd, POLLIN, 0 };
	pfds[1] = (struct pollfd){ d.notify_fd, POLLIN, 0 };
	for (i = 0; i < PEOPLE; i++)
		pfds[i + 2] = (struct pollfd){ people[i].fd,
			people[i].out.len > 0 ? POLLIN | POLLOUT : POLLIN, 0 };
	(void)poll(pfds, PEOPLE + 2, wait_ms);
	if (pfds[0].revents != 0 || pfds[1].revents != 0)
		client_hear_daemon(&d);
	for (i = 0; i < PEOPLE; i++) {
		if ((pfds[i + 2].revents & POLLOUT) != 0)
			person_write(&people[i]);
		if ((pfds[i + 2].revents & ~POLLOUT) != 0)
			person_read(&people[i]);
	}
}

static void
crash_connect_all(void)
{
	size_t i;

	for (i = 0; i < PEOPLE; i++)
		person_connect(&people[i], cast[i].nick);
}

static bool
crash_all_are_back(void)
{
	size_t i;

	for (i = 0; i < PEOPLE; i++)
		if ((cast[i].role != SECOND || people[i].token[0] != '\0') &&
		    (!people[i].is_live || people[i].out.len > 0))
			return false;
	return true;
}

/* Everybody is there, and nothing is killed until then. */
static void
crash_gather(void)
{
	int64_t end_ms = client_now_ms() + patience_ms;

	client_await_daemon(&d, patience_ms);
	crash_connect_all();
	while (!crash_all_are_back()) {
		ck_assert_msg(client_now_ms() < end_ms, "not all get back: %s",
		    buf_cstr(&d.log));
		crash_turn(100);
	}
}

static void
crash_talk(int64_t ms)
{
	int64_t end_ms = client_now_ms() + ms, left_ms;
	bool was_connected = d.is_ready;
	unsigned i;

	while ((left_ms = end_ms - client_now_ms()) > 0) {
		if (!was_connected && d.is_ready) {
			was_connected = true;
			crash_connect_all();
		}
		for (i = 0; i < WRITERS; i++)
			if (people[i].fd != -1)
				person_post(&people[i]);
		crash_turn((int)left_ms);
		ck_assert_msg(d.log_fd != -1, "the daemon has ended: %s",
		    buf_cstr(&d.log));
	}
}

/* Then everybody reads what had been sent to them. */
static void
crash_end(int signal)
{
	int64_t end_ms = client_now_ms() + patience_ms;
	size_t i;

	ck_assert_int_eq(kill(d.pid, signal), 0);
	ck_assert_int_eq(daemon_reap(&d, patience_ms), 0);
	for (i = 0; i < PEOPLE; i++) {
		buf_reset(&people[i].out);
		while (people[i].fd != -1) {
			ck_assert_int_lt(client_now_ms(), end_ms);
			crash_turn(100);
		}
	}
	daemon_read_log(&d);
	crash_check_daemon();
	daemon_fini(&d);
}

/* Kills it while people talk, unless the machine is so slow that nobody was
 * shown anything since it was started. */
static void
crash_kill(void)
{
	size_t before = people[FIRST_LISTENER].seen.count;

	crash_talk(rand() % (rand() % 3 == 0 ? 600 : 100));
	crashes++;
	crashes_in_talk += people[FIRST_LISTENER].seen.count > before;
	crash_end(SIGKILL);
}

/* The history as somebody new is shown it. */
static void
crash_read_history(struct person *p)
{
	int64_t end_ms = client_now_ms() + patience_ms;

	person_connect(p, cast[FIN].nick);
	ck_assert_int_ne(p->fd, -1);
	person_type(p, "/history 1000000\n");
	while (p->fd != -1) {
		struct pollfd pfd = { p->fd,
			p->out.len > 0 ? POLLIN | POLLOUT : POLLIN, 0 };

		ck_assert_int_lt(client_now_ms(), end_ms);
		(void)poll(&pfd, 1, 100);
		if ((pfd.revents & POLLOUT) != 0)
			person_write(p);
		if ((pfd.revents & ~POLLOUT) != 0)
			person_read(p);
		daemon_read_log(&d);
	}
}

/* Their conversation as wanda is shown it. */
static void
crash_read_private(void)
{
	int64_t end_ms = client_now_ms() + patience_ms;

	if (!private_reads_conversation())
		return;
	person_type(&people[0], "/history @andy 1000000\n");
	while (people[0].fd != -1) {
		ck_assert_int_lt(client_now_ms(), end_ms);
		crash_turn(100);
	}
	private_check_conversation();
}

static void
person_fini(struct person *p)
{
	buf_fini(&p->raw);
	buf_fini(&p->in);
	buf_fini(&p->out);
	free(p->seen.items);
	free(p->as_guest.items);
	free(p->has);
}

static void
crash_check_seen(const struct person *p, const struct lines *history)
{
	const struct lines *seen = &p->seen;
	const char *nick = cast[p - people].nick;
	size_t i;

	for (i = 0; i < history->count && i < seen->count; i++)
		ck_assert_msg(seen->items[i] == history->items[i],
		    "%s lacks %u of %s, line %zu of %zu", nick,
		    history->items[i] % LINES_MAX,
		    cast[history->items[i] / LINES_MAX].nick, i,
		    history->count);
	ck_assert_msg(seen->count == history->count,
	    "%s saw %zu lines, the history has %zu", nick, seen->count,
	    history->count);
}

static void
crash_check(const struct lines *history)
{
	unsigned last[WRITERS] = { 0 }, writer, number;
	size_t i, j;

	for (i = 0; i < history->count; i++) {
		writer = history->items[i] / LINES_MAX;
		number = history->items[i] % LINES_MAX;
		ck_assert_msg(number > last[writer],
		    "the history has %u of %s after %u", number,
		    cast[writer].nick, last[writer]);
		last[writer] = number;
	}
	for (j = FIRST_LISTENER; j < PEOPLE; j++)
		if (j != ADA && j != SECOND_ADA)
			crash_check_seen(&people[j], history);
	for (i = 0; i < history->count; i++)
		ck_assert_msg(people[ADA].has[history->items[i]] ||
			people[SECOND_ADA].has[history->items[i]],
		    "ada lacks line %zu of %zu in both sessions", i,
		    history->count);
}

START_TEST(test_crash)
{
	int64_t end_ms, late_ms;
	unsigned seed = client_setting("CRASH_SEED", (unsigned)time(NULL));
	struct person *fin = &people[FIN];
	unsigned long privates, private_repeats;
	size_t i;

	patience_ms = client_patience_ms(2);
	end_ms = client_now_ms() +
	    (int64_t)client_setting("CRASH_SECONDS", 8) * 1000;
	(void)printf("CRASH_SEED=%u\n", seed);
	(void)fflush(stdout);
	srand(seed);
	for (i = 0; i <= PEOPLE; i++) {
		people[i].fd = -1;
		people[i].has = xcalloc(WRITERS,
		    LINES_MAX * sizeof(*people[i].has));
	}
	crash_start();
	crash_gather();
	is_first_run = false;
	/* However slow the machine is. */
	late_ms = end_ms + 10 * patience_ms;
	while (client_now_ms() < end_ms || crashes < 10 ||
	    crashes_in_talk < CRASHES_IN_TALK) {
		ck_assert_msg(client_now_ms() < late_ms,
		    "%lu crashes, only %lu of them while lines arrived",
		    crashes, crashes_in_talk);
		crash_kill();
		crash_start();
		/* Some are killed while they start, or catch up. */
		if (rand() % 4 != 0)
			crash_gather();
	}
	if (people[FIRST_LISTENER].fd == -1)
		crash_gather();
	crash_end(SIGTERM);
	crash_start();
	crash_gather();
	crash_read_history(fin);
	crash_read_private();
	crash_end(SIGTERM);
	privates = private_count(&private_repeats);
	(void)printf("%lu crashes, %lu of them in talk; %zu lines, %lu "
		     "repeated; %lu in private, %lu repeated\n",
	    crashes, crashes_in_talk, fin->seen.count, repeats, privates,
	    private_repeats);
	crash_check(&fin->seen);
	private_check();
	ck_assert_uint_gt(privates, 0);
	ck_assert_uint_gt(fin->seen.count, 100);
	for (i = 0; i <= PEOPLE; i++)
		person_fini(&people[i]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("crash");
	TCase *tc = unit_case(suite, "crash", NULL, NULL);
	int status;

	dir = unit_dir_new();
	tls_options = tls_client_options(dir);
	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, test_crash);
	status = unit_run(suite);
	unit_dir_free(dir);
	return status;
}

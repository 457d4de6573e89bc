/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A thousand people in all states, talk without a pause, and one upgrade after
 * the other: everybody sees everything that was said, in order and once; the
 * process stays the same, and so does the number of its descriptors. Programs
 * that fail change nothing (hostile 68, 70, 71). The same by TLS, with keys that
 * change (hostile 88). The longest time that a line
 * took to another member is printed; all others but one are waiting for it,
 * too.
 *
 * BRBD names the daemon, DIALOG_TIMEOUT the patience, as for the dialogs;
 * UPGRADE_MEMBERS how many people there are ("100,1000,10000": one after the
 * other), UPGRADE_ROUNDS the number of upgrades.
 */
#include "config.h"

#include <sys/stat.h>

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/util.h"
#include "client.h"
#include "daemon.h"
#include "tls-client.h"
#include "unit/unit.h"

/* These come first. */
enum { SPEAKER, LISTENER, FLOODER, WITNESS, OTHERS };
/* And the others by turns. */
enum role { LIVE, ON_BREAK, SLOW, MID_LINE, TELNET, LIVE_TOO, ROLES };

#define FLOOD 600 /* lines, read at 20 a second */
#define WARM_UP 100 /* lines that wait for whoever is on break */
#define MISSED 20 /* lines before the end of a daemon */
#define MIDS 5 /* of those in mid-line, so many talk */

struct person {
	int fd;
	struct tls_client *tls; /* NULL: none */
	struct buf in;
	enum role role;
	unsigned next; /* the number of the line that they should see next */
	unsigned mid[MIDS]; /* the same of those in mid-line */
	unsigned answers; /* of a telnet */
	bool is_live;
	bool is_away;
	bool is_idle; /* does not read now */
};

static struct daemon d;
static struct person *people;
static struct pollfd *pfds;
static size_t people_count;
static char padding[500];
static int64_t patience_ms;
static unsigned rounds;
static unsigned said; /* lines */
static unsigned mids, mids_said; /* who is in mid-line, and lines of each */
static int64_t longest_us;
static char *dir, program[64];
static bool has_state; /* state-dir is set */
static char *tls_dir; /* of the certificate; NULL: there is no TLS */
static bool has_ended; /* a daemon, so that repeats are allowed */

/* The program */

/* Under its name at once, as a package manager does it. */
static void
install(const void *data, size_t len, mode_t mode)
{
	char *path = xasprintf("%s.new", program);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(rename(path, program), 0);
	free(path);
}

static void
install_brbd(void)
{
	const char *brbd = getenv("BRBD");
	struct buf data = BUF_INITIALIZER;
	int fd = open(brbd == NULL ? "src/brbd" : brbd, O_RDONLY);
	ssize_t n;

	ck_assert_int_ne(fd, -1);
	while ((n = read(fd, buf_reserve(&data, 65536), 65536)) > 0)
		data.len += (size_t)n;
	(void)close(fd);
	install(data.data, data.len, 0755);
	buf_fini(&data);
}

static void
start(void)
{
	char *state = has_state ? xasprintf(" -o state-dir=%s/state", dir) :
				  xstrdup("");
	char *tls = tls_dir == NULL ?
	    xstrdup("") :
	    xasprintf(",tls -o core-dumps=yes "
		      "-o tls-certificate=%s/certificate -o tls-key=%s/key",
		tls_dir, tls_dir);

	client_start_daemon(&d, dir, program,
	    "-l 127.0.0.1:0,line%s -o line-rate=20 -o line-burst=400 "
	    "-o accept-rate=0 -o max-per-address=0 -o history-size=8M "
	    "-o origin-rate=0 -o greeting-history=0 "
	    "-o stall-timeout=1h -o presence-window=1h -o max-members=%zu%s",
	    tls, people_count + 10, state);
	client_await_daemon(&d, patience_ms);
	free(state);
	free(tls);
}

/* Its open descriptors; 0 where that cannot be seen. */
static size_t
count_fds(void)
{
	char *path = xasprintf("/proc/%ld/fd", (long)d.pid);
	DIR *entries = opendir(path);
	size_t count = 0;

	free(path);
	if (entries == NULL)
		return 0;
	while (readdir(entries) != NULL)
		count++;
	(void)closedir(entries);
	return count;
}

/* People */

static void
type(struct person *p, const void *data, size_t len)
{
	ck_assert_int_eq(p->tls != NULL ? tls_client_send(p->tls, data, len) :
					  write(p->fd, data, len),
	    (ssize_t)len);
}

static void
enter(struct person *p)
{
	char nick[32];
	int len;

	p->fd = client_connect(&d, false, p->role == SLOW ? 2048 : 0);
	ck_assert_int_ne(p->fd, -1);
	if (tls_dir != NULL) {
		/* Hands are shaken at once. */
		ck_assert_int_eq(fcntl(p->fd, F_SETFL, 0), 0);
		p->tls = tls_client_new(p->fd, TLS_CLIENT_PLAIN);
		ck_assert_int_eq(fcntl(p->fd, F_SETFL, O_NONBLOCK), 0);
	}
	/* Guests leave nothing behind. */
	len = snprintf(nick, sizeof(nick), "/nick p%zu\n",
	    (size_t)(p - people));
	if (has_state)
		type(p, nick, (size_t)len);
}

static void
see_line(void *arg, char *line)
{
	struct person *p = arg;
	const char *text;
	unsigned number, mid;
	long long stamp;

	if (strcmp(line, "-- you are live") == 0)
		p->is_live = true;
	if (strncmp(line, "-- see you", 10) == 0)
		p->is_away = true;
	QUICK_ASSERT_MSG(strncmp(line, "!! ", 3) != 0, "an error: %s", line);
	QUICK_ASSERT_MSG(strstr(line, "no longer held") == NULL, "%s", line);
	if (line[0] != '[')
		return;
	text = strstr(line, "> ");
	QUICK_ASSERT_MSG(text != NULL, "nobody said this: %s", line);
	text += 2;
	if (sscanf(text, "t %u %lld ", &number, &stamp) == 2) {
		/* They may come again, and the speaker knows them all. */
		if (has_ended && (number < p->next || p == &people[SPEAKER]))
			return;
		QUICK_ASSERT_MSG(number == p->next, "%u came for %u", number,
		    p->next);
		QUICK_ASSERT_MSG(strstr(text, padding) != NULL,
		    "number %u came garbled to %zu (%zu): ...%s", number,
		    (size_t)(p - people), strlen(line),
		    strlen(line) > 100 ? line + strlen(line) - 100 : line);
		p->next++;
		if (p == &people[LISTENER] &&
		    client_now_us() - stamp > longest_us)
			longest_us = client_now_us() - stamp;
	} else if (sscanf(text, "m %u %u", &mid, &number) == 2) {
		QUICK_ASSERT_MSG(mid < MIDS, "nobody said this: %s", line);
		if (has_ended && (p->role == MID_LINE || number <= p->mid[mid]))
			return;
		QUICK_ASSERT_MSG(number == p->mid[mid] + 1, "%u came for %u",
		    number, p->mid[mid] + 1);
		p->mid[mid]++;
	} else if (sscanf(text, "f %u", &number) == 1) {
		QUICK_ASSERT_MSG(number == p->next, "%u came for %u", number,
		    p->next);
		p->next++;
	} else
		ck_abort_msg("nobody said this: %s", line);
}

/* A telnet's answers stand between the lines. */
static void
take_answers(struct person *p, char *data, size_t *len)
{
	size_t i, queued = 0;

	for (i = 0; i < *len; i++)
		if ((unsigned char)data[i] == 0xff && i + 2 < *len) {
			/* DO TIMING-MARK asks what was read. */
			if (memcmp(data + i + 1, "\xfd\x06", 2) != 0) {
				QUICK_ASSERT_MSG((unsigned char)data[i + 1] ==
					0xfc,
				    "no WONT");
				p->answers++;
			}
			i += 2;
		} else
			data[queued++] = data[i];
	*len = queued;
}

static bool
receive(struct person *p)
{
	ssize_t n;

	if (p->tls == NULL)
		return client_receive(p->fd, &p->in);
	do {
		n = tls_client_receive(p->tls, buf_reserve(&p->in, 16384),
		    16384);
		if (n > 0)
			p->in.len += (size_t)n;
	} while (n > 0);
	return n == -1 && errno == EAGAIN;
}

static void
see(struct person *p)
{
	QUICK_ASSERT_MSG(receive(p), "a connection ended: %s",
	    buf_cstr(&d.log));
	if (p->role == TELNET)
		take_answers(p, p->in.data, &p->in.len);
	client_take_lines(&p->in, see_line, p);
}

#define TYPE(p, literal) type(p, literal, sizeof(literal) - 1)

/* Reads what there is for all who read. */
static void
look_around(int timeout_ms)
{
	size_t i;

	for (i = 0; i < people_count; i++) {
		pfds[i].fd = people[i].is_idle ? -1 : people[i].fd;
		pfds[i].events = POLLIN;
	}
	(void)poll(pfds, people_count, timeout_ms);
	for (i = 0; i < people_count; i++)
		if (pfds[i].revents != 0)
			see(&people[i]);
	client_hear_daemon(&d);
	ck_assert_int_ne(d.log_fd, -1);
}

static void
wait_for(bool (*done)(const struct person *))
{
	int64_t end_us = client_now_us() + patience_ms * 1000;
	size_t i, left;

	for (;;) {
		for (i = 0, left = 0; i < people_count; i++)
			left += !done(&people[i]);
		if (left == 0)
			return;
		for (i = 0; i < people_count && done(&people[i]); i++)
			;
		ck_assert_msg(client_now_us() < end_us,
		    "%zu people still wait, the first is %zu, role %d, at %u "
		    "of %u: %s",
		    left, i, (int)people[i].role, people[i].next, said,
		    buf_cstr(&d.log));
		look_around(100);
	}
}

/* None is left over; the state's own is closed a moment after the upgrade. */
static void
wait_for_fds(size_t fds)
{
	int64_t end_us = client_now_us() + patience_ms * 1000;

	while (count_fds() != fds && client_now_us() < end_us)
		look_around(10);
	ck_assert_uint_eq(count_fds(), fds);
}

static bool
is_live(const struct person *p)
{
	return p->is_live;
}

static bool
is_where_wanted(const struct person *p)
{
	return p->is_away == (p->role == ON_BREAK);
}

/* Has p seen all? */
static bool
is_done(const struct person *p)
{
	unsigned i;

	if (p == &people[FLOODER])
		return true;
	if (p == &people[WITNESS])
		return p->next == FLOOD + 1;
	/* Their own lines they do not see. */
	for (i = 0; i < mids && p->role != MID_LINE; i++)
		if (p->mid[i] != mids_said)
			return false;
	return p == &people[SPEAKER] || p->next == said + 1;
}

static bool
is_done_or_away(const struct person *p)
{
	return p->is_away || is_done(p);
}

static void
say(void)
{
	char line[1024];
	int len;

	len = snprintf(line, sizeof(line), "t %u %lld %s\n", ++said,
	    (long long)client_now_us(), padding);
	type(&people[SPEAKER], line, (size_t)len);
}

/* Every so often, as the speaker may say 20 lines a second. */
static void
say_at_times(void)
{
	static int64_t last_us;

	if (client_now_us() - last_us < 60000)
		return;
	last_us = client_now_us();
	say();
}

/* Upgrades */

static unsigned
count_in_log(const char *text)
{
	const char *log = buf_cstr(&d.log);
	unsigned count = 0;

	while ((log = strstr(log, text)) != NULL) {
		count++;
		log++;
	}
	return count;
}

/* The longest that the daemon says it was not there for anybody. */
static double
longest_pause_ms(void)
{
	const char *log = buf_cstr(&d.log);
	double longest = 0, pause;

	while ((log = strstr(log, "pause_ms=")) != NULL) {
		log += strlen("pause_ms=");
		pause = strtod(log, NULL);
		if (pause > longest)
			longest = pause;
	}
	return longest;
}

/* Asks for an upgrade, and goes on talking until text is in the log. */
static void
upgrade(const char *text)
{
	unsigned before = count_in_log(text);
	int64_t end_us = client_now_us() + patience_ms * 1000;

	ck_assert_int_eq(kill(d.pid, SIGUSR2), 0);
	while (count_in_log(text) == before) {
		ck_assert_msg(client_now_us() < end_us, "never '%s': %s", text,
		    buf_cstr(&d.log));
		say_at_times();
		look_around(5);
	}
}

/* Before the upgrade each says half a word, and after it the other. */
static void
say_halves(bool is_first, unsigned round)
{
	char line[64];
	unsigned mid = 0;
	size_t i;
	int len;

	for (i = OTHERS; i < people_count; i++) {
		struct person *p = &people[i];

		if (p->role == MID_LINE && mid < MIDS) {
			if (is_first)
				len = snprintf(line, sizeof(line), "m %u", mid);
			else
				len = snprintf(line, sizeof(line), " %u\n",
				    round + 1);
			type(p, line, (size_t)len);
			mid++;
		} else if (p->role == TELNET && round < 200) {
			/* DO, and an option that was never asked for */
			line[0] = (char)(round + 1);
			if (is_first)
				TYPE(p, "\xff\xfd");
			else
				type(p, line, 1);
		} else if (p->role == ON_BREAK && is_first &&
		    i / ROLES % rounds == round) {
			/* In the midst of it when the other program comes. */
			TYPE(p, "/back\n");
			p->is_away = false;
			p->role = LIVE;
		}
	}
	mids = mid;
	mids_said += !is_first;
}

static void
flood(void)
{
	struct buf lines = BUF_INITIALIZER;
	int i;

	for (i = 1; i <= FLOOD; i++)
		buf_addf(&lines, "f %d\n", i);
	type(&people[FLOODER], lines.data, lines.len);
	buf_fini(&lines);
}

static void
gather(void)
{
	size_t i;

	for (i = 0; i < people_count; i++)
		people[i].fd = -1;
	for (i = 0; i < people_count; i++) {
		people[i].role = i < OTHERS ? LIVE : (enum role)(i % ROLES);
		people[i].next = 1;
		enter(&people[i]);
		if (i % 100 == 99)
			look_around(0);
	}
	wait_for(is_live);
	TYPE(&people[WITNESS], "/join flood\n");
	TYPE(&people[FLOODER], "/join flood\n");
	for (i = OTHERS; i < people_count; i++) {
		if (people[i].role == ON_BREAK)
			TYPE(&people[i], "/brb\n");
		people[i].is_idle = people[i].role == SLOW;
	}
	wait_for(is_where_wanted);
	flood();
	for (i = 0; i < WARM_UP; i++) {
		say();
		look_around(0);
	}
}

/* Programs that are no use: the old one carries on and says why. */
static void
fail_by_program(void)
{
	static const char exits[] = "#!/bin/sh\nexit 1\n",
			  crashes[] = "#!/bin/sh\nkill -SEGV $$\n";

	ck_assert_int_eq(unlink(program), 0);
	upgrade("No such file or directory");
	install("x", 1, 0644);
	upgrade(getuid() == 0 ? "the upgrade failed" : "Permission denied");
	install(exits, sizeof(exits) - 1, 0755);
	upgrade("ended with status 1");
	install(crashes, sizeof(crashes) - 1, 0755);
	upgrade("ended by signal 11");
	/* The settings are read by the new program. */
	install_brbd();
}

static void
fail_by_settings(void)
{
	char *path = xasprintf("%s/brbd.conf", dir);
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	(void)fputs("lobbby = hall\n", file);
	ck_assert_int_eq(fclose(file), 0);
	upgrade("no setting is called 'lobbby'");
	ck_assert_int_eq(truncate(path, 0), 0);
	free(path);
}

/* Half of them are on break when it ends, and have not seen the last lines. */
static void
end_and_come_back(bool is_killed)
{
	size_t i;

	for (i = OTHERS; i < people_count; i++)
		if (i % 2 == 0 && people[i].role != MID_LINE) {
			people[i].role = ON_BREAK;
			TYPE(&people[i], "/brb\n");
		}
	wait_for(is_where_wanted);
	for (i = 0; i < MISSED; i++)
		say();
	wait_for(is_done_or_away);
	if (is_killed) {
		ck_assert_int_eq(kill(d.pid, SIGKILL), 0);
		ck_assert_int_eq(daemon_reap(&d, patience_ms), 0);
		daemon_fini(&d);
	} else
		client_stop_daemon(&d, patience_ms);
	has_ended = true;
	start();
	for (i = 0; i < people_count; i++) {
		(void)close(people[i].fd);
		people[i].fd = -1;
		buf_reset(&people[i].in);
	}
	for (i = OTHERS; i < people_count; i++) {
		if (people[i].role == ON_BREAK)
			people[i].role = LIVE;
		people[i].is_away = false;
		enter(&people[i]);
	}
	enter(&people[LISTENER]);
	wait_for(is_done);
	enter(&people[SPEAKER]);
}

static void
leave(void)
{
	size_t i;

	for (i = 0; i < people_count; i++) {
		tls_client_free(people[i].tls);
		(void)close(people[i].fd);
		buf_fini(&people[i].in);
	}
	client_stop_daemon(&d, patience_ms);
	ck_assert_str_eq(unit_dir_names(dir),
	    has_state ? "brbd brbd.conf notify state" :
			"brbd brbd.conf notify");
	unit_dir_free(dir);
	free(people);
	free(pfds);
}

static void
run(size_t count)
{
	size_t i, fds;
	unsigned round;

	people_count = count;
	people = xcalloc(count, sizeof(*people));
	pfds = xcalloc(count, sizeof(*pfds));
	said = mids = mids_said = 0;
	has_ended = false;
	longest_us = 0;
	memset(padding, 'x', sizeof(padding) - 1);
	dir = unit_dir_new();
	(void)snprintf(program, sizeof(program), "%s/brbd", dir);
	install_brbd();
	start();
	gather();
	fds = count_fds();
	longest_us = 0;
	for (round = 0; round < rounds; round++) {
		for (i = 0; tls_dir != NULL && i < people_count; i += 7)
			tls_client_update(people[i].tls);
		say_halves(true, round);
		upgrade("upgraded: ");
		say_halves(false, round);
		wait_for_fds(fds);
	}
	/* The first is seen by a member, and all others are busy, too. */
	(void)printf("members=%zu upgrades=%u longest_wait_ms=%.1f "
		     "longest_pause_ms=%.1f\n",
	    count, rounds, (double)longest_us / 1000, longest_pause_ms());
	fail_by_program();
	fail_by_settings();
	upgrade("upgraded: ");
	wait_for_fds(fds);
	ck_assert_uint_eq(count_in_log("the upgrade failed"), 5);
	for (i = 0; i < people_count; i++) {
		people[i].is_idle = false;
		if (people[i].role == ON_BREAK)
			TYPE(&people[i], "/back\n");
	}
	wait_for(is_done);
	for (i = OTHERS; i < people_count; i++)
		if (people[i].role == TELNET && rounds < 200)
			ck_assert_uint_eq(people[i].answers, rounds);
	if (has_state) {
		end_and_come_back(true);
		end_and_come_back(false);
	}
	leave();
}

/* With the history in files, and everybody's bookmark in a journal; which is
 * read back at the end. */
START_TEST(test_state)
{
	(void)client_raise_nofile();
	has_state = true;
	run(60); /* fewer than may leave from one address */
}
END_TEST

START_TEST(test_upgrade)
{
	const char *members = getenv("UPGRADE_MEMBERS");
	char *list = xstrdup(members == NULL ? "1000" : members), *next = list;
	const char *word;
	size_t count, max = client_raise_nofile();

	has_state = false;
	while ((word = strsep(&next, ",")) != NULL) {
		count = (size_t)atoi(word);
		ck_assert_uint_gt(count, OTHERS + ROLES);
		if (count + 100 > max)
			count = max - 100;
		run(count);
	}
	free(list);
}
END_TEST

/* By TLS: keys, counters and half records are carried. */
START_TEST(test_tls)
{
	char *path, *key_path;

	(void)client_raise_nofile();
	has_state = false;
	tls_dir = unit_dir_new();
	path = xasprintf("%s/certificate", tls_dir);
	key_path = xasprintf("%s/key", tls_dir);
	ck_assert_int_eq(tls_client_certificate("localhost", 3600, path,
			     key_path),
	    0);
	run(300);
	unit_dir_free(tls_dir);
	tls_dir = NULL;
	free(path);
	free(key_path);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("upgrade");
	TCase *tc = unit_case(suite, "upgrade", NULL, NULL);

	patience_ms = client_patience_ms(6);
	rounds = client_setting("UPGRADE_ROUNDS", 5);
	tcase_set_timeout(tc, 3600);
	tcase_add_test(tc, test_upgrade);
	tcase_add_test(tc, test_state);
#ifdef HAVE_OPENSSL
	tcase_add_test(tc, test_tls);
#else
	(void)test_tls;
	(void)printf("skipped by TLS: built without OpenSSL\n");
#endif
	return unit_run(suite);
}

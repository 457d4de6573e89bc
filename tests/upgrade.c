/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A thousand people in all states, talk without a pause, and one upgrade after
 * the other: everybody sees everything that was said, in order and once; the
 * process stays the same, and so does the number of its descriptors. Programs
 * that fail change nothing (hostile 68, 70, 71). Some are programs with JSON,
 * some are logged in, and all or some come by TLS: with keys that change, halves
 * of records on their way, and hands that are being shaken (hostile 88).
 *
 * The longest time that a line took to another member is printed; all others but
 * one are waiting for it, too.
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
#define CUT 7 /* bytes of a record: the header, and two */

struct person {
	int fd;
	struct tls_client *tls; /* NULL: none */
	bool is_json, is_secure, has_account;
	char token[80]; /* of the account; "": not yet */
	struct buf in;
	enum role role;
	unsigned next; /* the number of the line that they should see next */
	unsigned mid[MIDS]; /* the same of those in mid-line */
	unsigned answers; /* of a telnet */
	bool is_live;
	bool is_away;
	bool is_idle; /* does not read now */
};

/* Who come by TLS just before an upgrade: */
enum {
	LATE_SHAKING, /* has said hello, and goes on when the upgrade has begun */
	LATE_HALF, /* has said half of it */
	LATE_SILENT, /* has said nothing */
	LATE_GOING, /* has said that it ends, and its socket is still there */
	LATE
};
struct late {
	int fd;
	struct tls_client *tls; /* NULL: not now */
	struct buf in;
	bool is_open;
};

static struct daemon d;
static struct late late[LATE];
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
static bool is_all_secure; /* everybody comes by TLS */
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

/* It verifies the first state, and also the last one, which it is handed all
 * keys with, but then it says that it cannot. */
static void
install_half_good(void)
{
	const char *brbd = getenv("BRBD");
	char *path = realpath(brbd == NULL ? "src/brbd" : brbd, NULL), *script;

	ck_assert_ptr_nonnull(path);
	script = xasprintf("#!/bin/sh\n"
			   "case $BRBD_UPGRADE in\n"
			   "*,verify*) '%s' \"$@\"; exit 1 ;;\n"
			   "esac\n"
			   "exec '%s' \"$@\"\n",
	    path, path);
	install(script, strlen(script), 0755);
	free(script);
	free(path);
}

static void
start(void)
{
	char *state = has_state ? xasprintf(" -o state-dir=%s/state", dir) :
				  xstrdup("");
	const char *tls = tls_dir == NULL ? "" : tls_client_options(tls_dir);

	client_start_daemon(&d, dir, program,
	    "-l 127.0.0.1:0,line%s -l 0.0.0.0:0 %s -o line-rate=20 -o line-burst=400 "
	    "-o accept-rate=0 -o max-per-address=0 -o history-size=8M "
	    "-o origin-rate=0 -o greeting-history=0 "
	    "-o stall-timeout=1h -o presence-window=1h -o max-members=%zu%s",
	    is_all_secure ? ",tls" : "", tls, people_count + 10, state);
	d.has_second = true;
	client_await_daemon(&d, patience_ms);
	free(state);
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

/* Who they are, unless they are guests, who leave nothing behind. */
static void
introduce(struct person *p)
{
	size_t i = (size_t)(p - people);
	struct buf hello = BUF_INITIALIZER;

	if (has_state && p->is_json)
		buf_addf(&hello, "{\"nick\":\"p%zu\"}\n", i);
	else if (has_state && p->token[0] != '\0')
		buf_addf(&hello, "/login p%zu %s\n", i, p->token);
	else if (has_state)
		buf_addf(&hello, "/nick p%zu\n", i);
	if (p->is_json)
		buf_addstr(&hello, "{\"join\":\"lobby\"}\n");
	else if (p->has_account && p->token[0] == '\0')
		buf_addstr(&hello, "/register\ncorrect horse\n");
	if (hello.len > 0)
		type(p, hello.data, hello.len);
	buf_fini(&hello);
}

/* The first port is for the line protocol alone, and for TLS if that is for all;
 * the second is for everything. */
static int
call(bool is_second, int rcvbuf)
{
	struct daemon at = d;
	int fd;

	if (is_second)
		at.port_ipv4 = d.port_second;
	fd = client_connect(&at, false, rcvbuf);
	ck_assert_int_ne(fd, -1);
	return fd;
}

static void
enter(struct person *p)
{
	p->fd = call(p->is_json || p->is_secure != is_all_secure,
	    p->role == SLOW ? 2048 : 0);
	if (p->is_secure) {
		/* Hands are shaken at once. */
		ck_assert_int_eq(fcntl(p->fd, F_SETFL, 0), 0);
		p->tls = tls_client_new(p->fd, TLS_CLIENT_PLAIN);
		ck_assert_int_eq(fcntl(p->fd, F_SETFL, O_NONBLOCK), 0);
	}
	introduce(p);
}

static void
leave_one(struct person *p)
{
	tls_client_free(p->tls);
	p->tls = NULL;
	(void)close(p->fd);
	p->fd = -1;
	buf_reset(&p->in);
}

/* What the line says that was said, or NULL; the server writes its objects in
 * one way. */
static char *
see_json(struct person *p, char *line)
{
	char ack[64], *text = strstr(line, "\"text\":\""), *end;
	unsigned number;

	QUICK_ASSERT_MSG(strncmp(line, "{\"failed\"", 9) != 0 &&
		strncmp(line, "{\"event\":\"gap\"", 14) != 0,
	    "an error: %s", line);
	if (sscanf(line, "{\"event\":\"ask\",\"token\":\"%u\"", &number) == 1) {
		(void)snprintf(ack, sizeof(ack), "{\"ack\":\"%u\"}\n", number);
		type(p, ack, strlen(ack));
	}
	if (strncmp(line, "{\"event\":\"live\"", 15) == 0)
		p->is_live = true;
	if (strncmp(line, "{\"event\":\"say\"", 14) != 0 || text == NULL)
		return NULL;
	text += strlen("\"text\":\"");
	if ((end = strchr(text, '"')) != NULL)
		*end = '\0';
	return text;
}

/* Whose account is being made. */
static void
see_account(struct person *p, const char *line)
{
	if (strstr(line, " is yours: nobody else can have it") != NULL)
		type(p, "/account token\n", strlen("/account token\n"));
	else
		(void)sscanf(line, "-- token %79[^:]:", p->token);
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
	if (p->has_account && p->token[0] == '\0')
		see_account(p, line);
	if (strncmp(line, "-- see you", 10) == 0)
		p->is_away = true;
	QUICK_ASSERT_MSG(strncmp(line, "!! ", 3) != 0, "an error: %s", line);
	QUICK_ASSERT_MSG(strstr(line, "no longer held") == NULL, "%s", line);
	if (p->is_json) {
		text = see_json(p, line);
		if (text == NULL)
			return;
	} else {
		if (line[0] != '[')
			return;
		text = strstr(line, "> ");
		QUICK_ASSERT_MSG(text != NULL, "nobody said this: %s", line);
		text += 2;
	}
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

static void
see(struct person *p)
{
	QUICK_ASSERT_MSG(client_receive_by(p->tls, p->fd, &p->in),
	    "the connection of %zu ended: %s", (size_t)(p - people),
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

/* Waits until the daemon holds no more than fds descriptors, and returns how
 * many it holds: the fewest there were is the limit of the next round. The
 * state's own is closed a moment after the upgrade, thus may be in any count. */
static size_t
wait_for_fds(size_t fds)
{
	int64_t end_us = client_now_us() + patience_ms * 1000;
	size_t now;

	while ((now = count_fds()) > fds && client_now_us() < end_us)
		look_around(10);
	ck_assert_uint_le(now, fds);
	return now;
}

static bool
is_live(const struct person *p)
{
	return p->is_live && (!p->has_account || p->token[0] != '\0');
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

/* Who has just come, or is about to go, when the other program comes. */

static void
late_go_on(struct late *l)
{
	if (l->tls != NULL)
		l->is_open = client_receive_by(l->tls, l->fd, &l->in);
}

static void
late_come(void)
{
	struct late *l;

	if (tls_dir == NULL)
		return;
	for (l = late; l < late + LATE; l++) {
		l->fd = call(!is_all_secure, 0);
		l->is_open = true;
		/* Where everything is spoken, who is silent is greeted. */
		l->tls = tls_client_new_limited(l->fd,
		    l == &late[LATE_SILENT] && is_all_secure ? 0 :
			l == &late[LATE_HALF] || l == &late[LATE_SILENT] ?
							       CUT :
							       SIZE_MAX);
	}
	l = &late[LATE_GOING];
	ck_assert_int_eq(fcntl(l->fd, F_SETFL, 0), 0);
	ck_assert_int_eq(tls_client_send(l->tls, "/who\n", 5), 5);
	ck_assert_int_eq(fcntl(l->fd, F_SETFL, O_NONBLOCK), 0);
	tls_client_shutdown(l->tls);
}

static bool
late_is_done(struct late *l)
{
	return l == &late[LATE_GOING] ?
	    !l->is_open :
	    strstr(buf_cstr(&l->in), "you are live\n") != NULL;
}

/* All are greeted, and who was going is gone. */
static void
late_finish(void)
{
	int64_t end_us = client_now_us() + patience_ms * 1000;
	struct late *l;

	if (tls_dir == NULL)
		return;
	for (l = late; l < late + LATE; l++) {
		tls_client_limit(l->tls, SIZE_MAX);
		while (!late_is_done(l)) {
			ck_assert_msg(client_now_us() < end_us &&
				(l->is_open || l == &late[LATE_GOING]),
			    "late %zu: %s: %s", (size_t)(l - late),
			    buf_cstr(&l->in), buf_cstr(&d.log));
			look_around(5);
			late_go_on(l);
		}
		tls_client_free(l->tls);
		l->tls = NULL;
		(void)close(l->fd);
		buf_fini(&l->in);
	}
}

/* Asks for an upgrade, and goes on talking until text is in the log. */
static void
upgrade(const char *text)
{
	unsigned before = count_in_log(text);
	unsigned asked = count_in_log("upgrading: ");
	int64_t end_us = client_now_us() + patience_ms * 1000;

	ck_assert_int_eq(kill(d.pid, SIGUSR2), 0);
	while (count_in_log(text) == before) {
		ck_assert_msg(client_now_us() < end_us, "never '%s': %s", text,
		    buf_cstr(&d.log));
		say_at_times();
		look_around(5);
		if (count_in_log("upgrading: ") > asked)
			late_go_on(&late[LATE_SHAKING]);
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
			len = snprintf(line, sizeof(line), "m %u", mid++);
			if (is_first && p->tls != NULL) {
				/* Half a record. */
				tls_client_limit(p->tls, CUT);
				ck_assert_int_eq(tls_client_send(p->tls, line,
						     (size_t)len),
				    -1);
				continue;
			}
			if (p->tls != NULL)
				tls_client_limit(p->tls, SIZE_MAX);
			if (is_first || p->tls != NULL)
				type(p, line, (size_t)len);
			if (!is_first) {
				len = snprintf(line, sizeof(line), " %u\n",
				    round + 1);
				type(p, line, (size_t)len);
			}
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

/* Some change their keys before an upgrade, and ask for ours; of the records that
 * say so, some are not whole. */
static void
change_keys(bool is_first)
{
	size_t i;

	for (i = 0; i < people_count; i += 7) {
		if (people[i].tls == NULL)
			continue;
		if (i % 14 == 0 && i >= OTHERS && people[i].role != TELNET)
			tls_client_limit(people[i].tls,
			    is_first ? CUT : SIZE_MAX);
		if (is_first)
			tls_client_update(people[i].tls);
		else if (!people[i].is_idle)
			see(&people[i]);
	}
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
		people[i].is_secure = is_all_secure ||
		    (tls_dir != NULL && i >= OTHERS && i % 4 >= 2);
#ifdef HAVE_JANSSON
		people[i].is_json = i >= OTHERS && i % (2 * ROLES) == LIVE_TOO;
#endif
		people[i].has_account = has_state &&
		    i % (2 * ROLES) == ROLES + LIVE_TOO;
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
	install_half_good();
	upgrade("step=verify");
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
	for (i = 0; i < people_count; i++)
		leave_one(&people[i]);
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
		leave_one(&people[i]);
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
	/* Whoever checked passwords is not handed over. */
	if (has_state)
		upgrade("upgraded: ");
	fds = count_fds();
	longest_us = 0;
	for (round = 0; round < rounds; round++) {
		late_come();
		change_keys(true);
		say_halves(true, round);
		upgrade("upgraded: ");
		change_keys(false);
		say_halves(false, round);
		late_finish();
		fds = wait_for_fds(fds);
	}
	/* The first is seen by a member, and all others are busy, too. */
	(void)printf("members=%zu upgrades=%u longest_wait_ms=%.1f "
		     "longest_pause_ms=%.1f\n",
	    count, rounds, (double)longest_us / 1000, longest_pause_ms());
	fail_by_program();
	fail_by_settings();
	upgrade("upgraded: ");
	(void)wait_for_fds(fds);
	ck_assert_uint_eq(count_in_log("the upgrade failed"), 6);
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

static void
begin(bool is_secure)
{
	(void)client_raise_nofile();
#ifdef HAVE_OPENSSL
	tls_dir = unit_dir_new();
#endif
	is_all_secure = is_secure;
}

static void
end(void)
{
	if (tls_dir != NULL)
		unit_dir_free(tls_dir);
	tls_dir = NULL;
	is_all_secure = false;
}

/* With the history in files, and everybody's bookmark in a journal; which is
 * read back at the end. */
START_TEST(test_state)
{
	begin(false);
	has_state = true;
	run(60); /* fewer than may leave from one address */
	end();
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

START_TEST(test_tls)
{
	begin(true);
	has_state = false;
	run(200);
	end();
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

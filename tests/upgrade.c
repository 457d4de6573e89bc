/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A thousand people in all states, talk without a pause, and one upgrade after
 * the other: everybody sees everything that was said, in order and once; the
 * process stays the same, and so does the number of its descriptors. Programs
 * that fail change nothing (hostile 68, 70, 71). Some are programs with JSON,
 * some come over WebSockets, with JSON or IRC and halves of frames on their way,
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
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/util.h"
#include "unit/unit.h"
#include "upgrade.h"

#define WARM_UP 100 /* lines that wait for whoever is on break */
#define MISSED 20 /* lines before the end of a daemon */

struct upgrade_world world;

static char *dir, program[64];
static char *tls_dir; /* of the certificate; NULL: there is no TLS */

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
	char *state = world.has_state ?
	    xasprintf(" -o state-dir=%s/state", dir) :
	    xstrdup("");
	const char *tls = tls_dir == NULL ? "" : tls_client_options(tls_dir);

	client_start_daemon(&world.d, dir, program,
	    "-l 127.0.0.1:0,line%s -l 0.0.0.0:0 %s -o line-rate=20 -o line-burst=400 "
	    "-o accept-rate=0 -o max-per-address=0 -o history-size=8M "
	    "-o origin-rate=0 -o greeting-history=0 "
	    "-o stall-timeout=1h -o presence-window=1h -o max-members=%zu%s",
	    world.is_all_secure ? ",tls" : "", tls, world.people_count + 10,
	    state);
	world.d.has_second = true;
	client_await_daemon(&world.d, world.patience_ms);
	free(state);
}

/* Its open descriptors; 0 where that cannot be seen. */
static size_t
count_fds(void)
{
	char *path = xasprintf("/proc/%ld/fd", (long)world.d.pid);
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

/* Waits until the daemon holds no more than fds descriptors, and returns how
 * many it holds: the fewest there were is the limit of the next round. The
 * state's own is closed a moment after the upgrade, thus may be in any count. */
static size_t
wait_for_fds(size_t fds)
{
	int64_t end_us = client_now_us() + world.patience_ms * 1000;
	size_t now;

	while ((now = count_fds()) > fds && client_now_us() < end_us)
		people_look_around(10);
	ck_assert_uint_le(now, fds);
	return now;
}

/* Upgrades */

static unsigned
count_in_log(const char *text)
{
	const char *log = buf_cstr(&world.d.log);
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
	const char *log = buf_cstr(&world.d.log);
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
	unsigned asked = count_in_log("upgrading: ");
	int64_t end_us = client_now_us() + world.patience_ms * 1000;

	ck_assert_int_eq(kill(world.d.pid, SIGUSR2), 0);
	while (count_in_log(text) == before) {
		ck_assert_msg(client_now_us() < end_us, "never '%s': %s", text,
		    people_log_end());
		people_say_at_times();
		people_look_around(5);
		if (count_in_log("upgrading: ") > asked)
			late_go_on();
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

	for (i = OTHERS; i < world.people_count; i++) {
		struct person *p = &world.people[i];

		if (p->role == MID_LINE && mid < MIDS && p->ws != NULL) {
			(void)snprintf(line, sizeof(line), "m %u %u", mid++,
			    round + 1);
			if (is_first)
				person_say_half(p, line, round);
			else
				person_say_rest(p);
		} else if (p->role == MID_LINE && mid < MIDS) {
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
				person_type(p, line, (size_t)len);
			if (!is_first) {
				len = snprintf(line, sizeof(line), " %u\n",
				    round + 1);
				person_type(p, line, (size_t)len);
			}
		} else if (p->role == SLOW && p->ws != NULL && is_first) {
			/* A sign of life, as they do not read any pings. */
			person_pong(p);
		} else if (p->role == TELNET && round < 200) {
			/* DO, and an option that was never asked for */
			line[0] = (char)(round + 1);
			if (is_first)
				TYPE(p, "\xff\xfd");
			else
				person_type(p, line, 1);
		} else if (p->role == ON_BREAK && is_first &&
		    i / ROLES % world.rounds == round) {
			/* In the midst of it when the other program comes. */
			person_back(p);
			p->is_away = false;
			p->role = LIVE;
		}
	}
	world.mids = mid;
	world.mids_said += !is_first;
}

/* Some change their keys before an upgrade, and ask for ours; of the records that
 * say so, some are not whole. */
static void
change_keys(bool is_first)
{
	size_t i;

	for (i = 0; i < world.people_count; i += 7) {
		if (world.people[i].tls == NULL)
			continue;
		if (i % 14 == 0 && i >= OTHERS &&
		    world.people[i].role != TELNET &&
		    world.people[i].ws == NULL)
			tls_client_limit(world.people[i].tls,
			    is_first ? CUT : SIZE_MAX);
		if (is_first)
			tls_client_update(world.people[i].tls);
		else if (!world.people[i].is_idle)
			person_see(&world.people[i]);
	}
}

static void
flood(void)
{
	struct buf lines = BUF_INITIALIZER;
	int i;

	for (i = 1; i <= FLOOD; i++)
		buf_addf(&lines, "f %d\n", i);
	person_type(&world.people[FLOODER], lines.data, lines.len);
	buf_fini(&lines);
}

/* What a person speaks, of those who come by turns. */
static enum speech
choose_speech(size_t i, enum role role)
{
	size_t turn = i / ROLES % 8;

	if (role == TELNET)
		return PLAIN;
#ifdef HAVE_JANSSON
	if (i % (2 * ROLES) == LIVE_TOO)
		return JSON;
	if (turn == 3 || turn == 6)
		return WS_JSON;
#endif
	return turn == 4 || turn == 5 ? WS_IRC : PLAIN;
}

static void
choose(struct person *p, size_t i)
{
	p->role = i < OTHERS ? LIVE : (enum role)(i % ROLES);
	p->next = p->next_private = 1;
	p->is_secure = world.is_all_secure ||
	    (world.has_tls && i >= OTHERS && i % 4 >= 2);
	p->has_account = world.has_state && i % (2 * ROLES) == ROLES + LIVE_TOO;
	if (i >= OTHERS && !p->has_account)
		p->speech = choose_speech(i, p->role);
	/* IRC has no break in which nothing comes. */
	if (p->speech == WS_IRC && p->role == ON_BREAK)
		p->role = LIVE;
}

/* Another session of one who is logged in, who is told something in private. */
static void
gather_twin(void)
{
	struct person *p = &world.people[world.people_count - 1];
	size_t i = OTHERS;

	while (!world.people[i].has_account)
		i++;
	ck_assert_uint_lt(i, OTHERS + 2 * ROLES);
	p->next = p->next_private = 1;
	p->twin = &world.people[i];
	person_enter(p);
	people_wait(person_is_live);
}

static void
gather(void)
{
	size_t i;

	for (i = 0; i < world.people_count; i++)
		world.people[i].fd = -1;
	for (i = 0; i + world.has_state < world.people_count; i++) {
		choose(&world.people[i], i);
		person_enter(&world.people[i]);
		if (i % 100 == 99)
			people_look_around(0);
	}
	people_wait(person_is_live);
	TYPE(&world.people[WITNESS], "/join flood\n");
	TYPE(&world.people[FLOODER], "/join flood\n");
	for (i = OTHERS; i < world.people_count; i++) {
		if (world.people[i].role == ON_BREAK)
			person_brb(&world.people[i]);
		world.people[i].is_idle = world.people[i].role == SLOW;
	}
	people_wait(person_is_where_wanted);
	if (world.has_state)
		gather_twin();
	flood();
	for (i = 0; i < WARM_UP; i++) {
		people_say();
		people_look_around(0);
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

/* Half of them, to whom something is told in private as well, are on break when it ends, and have not seen the last lines. */
static void
end_and_come_back(bool is_killed)
{
	size_t i;

	for (i = OTHERS; i < world.people_count; i++)
		if (i % 2 == 0 && world.people[i].fd != -1 &&
		    world.people[i].role != MID_LINE &&
		    world.people[i].speech != WS_IRC) {
			world.people[i].role = ON_BREAK;
			person_brb(&world.people[i]);
		}
	people_wait(person_is_where_wanted);
	people_tell();
	for (i = 0; i < MISSED; i++)
		people_say();
	people_wait(person_is_done_or_away);
	if (is_killed) {
		ck_assert_int_eq(kill(world.d.pid, SIGKILL), 0);
		ck_assert_int_eq(daemon_reap(&world.d, world.patience_ms), 0);
		daemon_fini(&world.d);
	} else
		client_stop_daemon(&world.d, world.patience_ms);
	world.has_ended = true;
	start();
	for (i = 0; i < world.people_count; i++)
		person_leave(&world.people[i]);
	for (i = OTHERS; i < world.people_count; i++) {
		if (world.people[i].role == ON_BREAK)
			world.people[i].role = LIVE;
		world.people[i].is_away = false;
		if (world.people[i].twin != NULL)
			continue;
		person_enter(&world.people[i]);
	}
	person_enter(&world.people[LISTENER]);
	people_wait(person_is_done);
	person_enter(&world.people[SPEAKER]);
}

static void
leave(void)
{
	size_t i;

	for (i = 0; i < world.people_count; i++)
		person_leave(&world.people[i]);
	client_stop_daemon(&world.d, world.patience_ms);
	ck_assert_str_eq(unit_dir_names(dir),
	    world.has_state ? "brbd brbd.conf notify state" :
			      "brbd brbd.conf notify");
	unit_dir_free(dir);
	free(world.people);
}

static void
run(size_t count)
{
	size_t i, fds;
	unsigned round;

	/* The last is a session of another's. */
	world.people_count = count + world.has_state;
	world.people = xcalloc(world.people_count, sizeof(*world.people));
	world.said = world.mids = world.mids_said = 0;
	world.has_ended = false;
	world.longest_us = 0;
	dir = unit_dir_new();
	(void)snprintf(program, sizeof(program), "%s/brbd", dir);
	install_brbd();
	start();
	gather();
	/* Whoever checked passwords is not handed over. */
	if (world.has_state)
		upgrade("upgraded: ");
	fds = count_fds();
	world.longest_us = 0;
	for (round = 0; round < world.rounds; round++) {
		late_come();
		people_tell();
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
	    count, world.rounds, (double)world.longest_us / 1000,
	    longest_pause_ms());
	fail_by_program();
	fail_by_settings();
	upgrade("upgraded: ");
	(void)wait_for_fds(fds);
	ck_assert_uint_eq(count_in_log("the upgrade failed"), 6);
	for (i = 0; i < world.people_count; i++) {
		world.people[i].is_idle = false;
		if (world.people[i].role == ON_BREAK)
			person_back(&world.people[i]);
	}
	people_wait(person_is_done);
	for (i = OTHERS; i < world.people_count; i++)
		if (world.people[i].role == TELNET && world.rounds < 200)
			ck_assert_uint_eq(world.people[i].answers,
			    world.rounds);
	if (world.has_state) {
		person_leave(&world.people[world.people_count - 1]);
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
	world.has_tls = true;
#endif
	world.is_all_secure = is_secure;
}

static void
end(void)
{
	if (tls_dir != NULL)
		unit_dir_free(tls_dir);
	tls_dir = NULL;
	world.has_tls = false;
	world.is_all_secure = false;
}

/* With the history in files, and everybody's bookmark in a journal; which is
 * read back at the end. */
START_TEST(test_state)
{
	begin(false);
	world.has_state = true;
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

	world.has_state = false;
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
	world.has_state = false;
	run(200);
	end();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("upgrade");
	TCase *tc = unit_case(suite, "upgrade", NULL, NULL);

	world.patience_ms = client_patience_ms(6);
	world.rounds = client_setting("UPGRADE_ROUNDS", 5);
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

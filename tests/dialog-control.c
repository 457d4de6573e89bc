/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The statements of a dialog about the daemon: its arguments and settings, its
 * start, its signals, its log and its end.
 */
#include "config.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dialog-pattern.h"
#include "dialog-script.h"

/* What everybody sees when the daemon is told to stop, as a pattern. */
#define CONTROL_LAST_LINE "-- the server is stopping"

/*
 * Settings for dialogs, unless these give them: nobody is slowed down, nothing
 * happens because time has passed, and it fits into a modest limit on open
 * files.
 */
static const char *const control_defaults[] = { "line-rate=0",
	"announce-rate=0", "presence-window=1h", "max-members=100",
	"greeting-delay=0", NULL };

/* Is it set in the settings' text: its name at the start of a line? */
static bool
control_is_in_settings(const struct script *s, const char *name, size_t len)
{
	const char *line = s->settings;

	for (;;) {
		line += strspn(line, " \t\n");
		if (*line == '\0')
			return false;
		if (strncmp(line, name, len) == 0 &&
		    strchr(" \t=+{", line[len]) != NULL)
			return true;
		line += strcspn(line, "\n");
	}
}

static bool
control_is_set(const struct script *s, const char *name, size_t len)
{
	for (size_t i = 0; i < s->arguments.count; i++) {
		const char *argument = s->arguments.items[i];

		if (strncmp(argument, name, len) == 0 && argument[len] == '=')
			return true;
	}
	return control_is_in_settings(s, name, len);
}

static bool
control_has_argument(const struct words *arguments, const char *argument)
{
	for (size_t i = 0; i < arguments->count; i++) {
		if (strcmp(arguments->items[i], argument) == 0)
			return true;
	}
	return false;
}

static const char *
control_program(const struct script *s)
{
	const char *brbd;

	if (s->clocks != NULL) {
		brbd = getenv("BRBD_CLOCKS");
		return brbd != NULL ? brbd : "tests/brbd-clock";
	}
	brbd = getenv("BRBD");
	return brbd != NULL ? brbd : "src/brbd";
}

/* The program, by the names in the environment, and the settings file. */
static void
control_add_program(struct script *s, struct words *argv,
    const struct words *arguments)
{
	const char *wrapper = getenv("DIALOG_WRAPPER");

	if (wrapper != NULL && words_split(argv, wrapper) == -1)
		stage_fail(&s->stage, NULL, "DIALOG_WRAPPER: unpaired quote");
	words_add(argv, control_program(s));
	if (!control_has_argument(arguments, "-f")) {
		char *path = xasprintf("%s/brbd.conf", s->stage.dir);

		words_add(argv, "-f");
		words_add(argv, path);
		free(path);
	}
}

static void
control_write_settings(struct script *s)
{
	char *path = xasprintf("%s/brbd.conf", s->stage.dir);
	FILE *file = fopen(path, "w");

	if (file == NULL || fputs(s->settings, file) == EOF ||
	    fclose(file) == EOF)
		stage_fail(&s->stage, NULL, "cannot write '%s'", path);
	free(path);
}

static void
control_add_listen(struct script *s, struct words *argv)
{
	char *socket_path;

	if (s->inherited_names.count > 0)
		return;
	if (control_has_argument(&s->arguments, "-l") ||
	    control_is_set(s, "listen", strlen("listen")))
		return;
	socket_path = xasprintf("unix:%s/s", s->stage.dir);
	words_add(argv, "-l");
	words_add(argv, socket_path);
	words_add(argv, "-l");
	words_add(argv, "localhost:0");
	words_add(argv, "-l");
	words_add(argv, "127.0.0.1:0,irc");
	s->stage.daemon.has_second = true;
	free(socket_path);
}

void
script_start(struct script *s)
{
	struct stage *st = &s->stage;
	char names[SCRIPT_NAMES_SIZE];
	struct daemon_setup setup = script_setup(s, names);
	struct words argv = { NULL, 0 };
	int64_t deadline;
	char *notify;

	if (s->is_started)
		return;
	s->is_started = true;
	control_write_settings(s);
	control_add_program(s, &argv, &s->arguments);
	control_add_listen(s, &argv);
	for (size_t i = 0; control_defaults[i] != NULL; i++) {
		const char *setting = control_defaults[i];

		if (control_is_set(s, setting, strcspn(setting, "=")))
			continue;
		words_add(&argv, "-o");
		words_add(&argv, setting);
	}
	for (size_t i = 0; i < s->arguments.count; i++)
		words_add(&argv, s->arguments.items[i]);
	notify = xasprintf("%s/notify", st->dir);
	setup.notify_path = notify;
	if (daemon_start(&st->daemon, argv.items, &setup) == -1)
		stage_fail(st, NULL, "cannot start '%s'", argv.items[0]);
	free(notify);
	words_fini(&argv);

	deadline = stage_deadline(st);
	while (!st->daemon.is_ready ||
	    (st->daemon.port_ipv4 == 0 && st->daemon.port_ipv6 == 0 &&
		st->daemon.unix_path == NULL) ||
	    (st->daemon.has_second && st->daemon.port_second == 0)) {
		if (stage_turn(st, deadline) == -1)
			stage_fail(st, NULL, "the daemon %s",
			    st->daemon.is_ready ?
				"does not log where it listens" :
				"does not become ready");
	}
}

/* A "quoted" or plain text at the end of a statement, expanded. */
static char *
control_text(struct script *s, const char *text)
{
	struct words words = { NULL, 0 };
	char *joined = script_expand(s, text);
	char *plain;

	if (joined[0] != '"')
		return joined;
	if (words_split(&words, joined) == -1 || words.count != 1)
		stage_fail(&s->stage, NULL, "one text in quotes, please");
	plain = xstrdup(words.items[0]);
	words_fini(&words);
	free(joined);
	return plain;
}

static void
control_signal(struct script *s, int number)
{
	script_start(s);
	if (number == SIGTERM || number == SIGINT)
		s->stage.is_end_expected = true;
	if (s->stage.daemon.pid == 0 || kill(s->stage.daemon.pid, number) == -1)
		stage_fail(&s->stage, NULL, "the daemon is not there");
}

/* Waits for a line in the log that contains text; goes on after that line. */
static void
control_wait_log(struct script *s, const char *text)
{
	struct stage *st = &s->stage;
	int64_t deadline = stage_deadline(st);
	char *wanted = control_text(s, text);

	script_start(s);
	for (;;) {
		const char *log = buf_cstr(&st->daemon.log);
		const char *found = strstr(log + s->log_read, wanted);
		const char *end = found == NULL ? NULL : strchr(found, '\n');

		if (end != NULL) {
			s->log_read = (size_t)(end + 1 - log);
			break;
		}
		if (st->daemon.log_fd == -1 || stage_turn(st, deadline) == -1)
			stage_fail(st, NULL,
			    "not in the log (after what was "
			    "found there before): %s",
			    wanted);
	}
	free(wanted);
}

static void
control_check_report(struct script *s)
{
	const char *report = daemon_find_report(&s->stage.daemon);

	if (report != NULL)
		stage_fail(&s->stage, NULL, "a checker reports: %.*s",
		    (int)strcspn(report, "\n"), report);
}

static void
control_check_status(struct script *s, struct daemon *d, int status)
{
	if (!WIFEXITED(d->status) || WEXITSTATUS(d->status) != status)
		stage_fail(&s->stage, NULL, "the exit status is not %d",
		    status);
}

static int
control_status(struct script *s, const char *text)
{
	if (!isdigit((unsigned char)text[0]) ||
	    (text[1] != '\0' && !isblank(text[1])))
		stage_fail(&s->stage, NULL, "an exit status, please");
	return text[0] - '0';
}

static void
control_wait_exit(struct script *s, const char *text)
{
	int status = control_status(s, text);

	script_start(s);
	stage_wait_end(&s->stage);
	control_check_status(s, &s->stage.daemon, status);
}

static void
control_limit(struct script *s, const char *text)
{
	const char *number = script_after(text, "nofile");
	uint64_t value;

	if (number == NULL || parse_number(number, 1000000, &value) == -1)
		stage_fail(&s->stage, NULL, "daemon limit nofile NUMBER");
	s->nofile = value;
}

/* Files that grow are refused: a full disk, as far as a process can play one.
 * The soft limit alone is set, so that it can be lifted. */
static void
control_fill_disk(struct script *s, bool is_full)
{
#ifdef __linux__
	struct rlimit limit;
	pid_t pid = s->stage.daemon.pid;

	if (prlimit(pid, RLIMIT_FSIZE, NULL, &limit) == -1)
		stage_fail(&s->stage, NULL, "prlimit: %s", strerror(errno));
	limit.rlim_cur = is_full ? 1 : limit.rlim_max;
	if (prlimit(pid, RLIMIT_FSIZE, &limit, NULL) == -1)
		stage_fail(&s->stage, NULL, "prlimit: %s", strerror(errno));
#else
	(void)is_full;
	stage_fail(&s->stage, NULL, "only where there is prlimit(2)");
#endif
}

static void
control_add_arguments(struct script *s, const char *text)
{
	char *expanded = script_expand(s, text);

	if (s->is_started)
		stage_fail(&s->stage, NULL, "the daemon runs already");
	if (words_split(&s->arguments, expanded) == -1)
		stage_fail(&s->stage, NULL, "unpaired quote");
	free(expanded);
}

void
script_begin_run(struct script *s, const struct words *argv, int status)
{
	struct stage *st = &s->stage;
	char names[SCRIPT_NAMES_SIZE];
	struct daemon_setup setup = script_setup(s, names);

	s->was_end_expected = st->is_end_expected;
	st->set_aside = st->daemon;
	daemon_init(&st->daemon);
	if (daemon_start(&st->daemon, argv->items, &setup) == -1)
		stage_fail(st, NULL, "cannot start '%s'", argv->items[0]);
	stage_wait_end(st);
	control_check_report(s);
	control_check_status(s, &st->daemon, status);
}

void
script_end_run(struct script *s)
{
	struct stage *st = &s->stage;

	daemon_fini(&st->daemon);
	st->daemon = st->set_aside;
	daemon_init(&st->set_aside);
	st->is_end_expected = s->was_end_expected;
}

/*
 * run STATUS "TEXT" [ARGUMENTS]: the program ends by itself. It is run beside
 * the stage's daemon, if there is one, and its output stands in for that one's
 * log if the test fails.
 */
void
script_run(struct script *s, const char *text)
{
	struct stage *st = &s->stage;
	int status = control_status(s, text);
	char *expanded = script_expand(s, text + 1);
	struct words words = { NULL, 0 }, argv = { NULL, 0 };

	if (words_split(&words, expanded) == -1 || words.count == 0)
		stage_fail(st, NULL, "run STATUS \"TEXT\" [ARGUMENTS]");
	if (!s->is_started)
		control_write_settings(s);
	control_add_program(s, &argv, &words);
	for (size_t i = 1; i < words.count; i++)
		words_add(&argv, words.items[i]);
	script_begin_run(s, &argv, status);
	if (strstr(buf_cstr(&st->daemon.log), words.items[0]) == NULL)
		stage_fail(st, NULL, "it did not print: %s", words.items[0]);
	script_end_run(s);
	words_fini(&words);
	words_fini(&argv);
	free(expanded);
}

char *
script_indented(struct script *s)
{
	struct buf raw = BUF_INITIALIZER;
	char *text;

	while (s->next < s->lines.count && isblank(*s->lines.items[s->next])) {
		const char *line = s->lines.items[s->next++];

		buf_addf(&raw, "%s\n", line + strspn(line, " \t"));
	}
	text = script_expand(s, buf_cstr(&raw));
	buf_fini(&raw);
	return text;
}

void
script_settings(struct script *s)
{
	free(s->settings);
	s->settings = script_indented(s);
	if (s->is_started)
		control_write_settings(s);
}

/* What must hold for the log of the daemon at its end. */
static void
control_check_log(struct script *s)
{
	const char *log = buf_cstr(&s->stage.daemon.log);

	control_check_report(s);
	for (const char *p = log; *p != '\0'; p++) {
		if (*p != '\n' && ((unsigned char)*p < ' ' || *p >= 0x7f))
			stage_fail(&s->stage, NULL,
			    "a byte in the log is not printable ASCII");
	}
	for (size_t i = 0; i < s->never_logged.count; i++) {
		if (strstr(log, s->never_logged.items[i]) != NULL)
			stage_fail(&s->stage, NULL, "this is in the log: %s",
			    s->never_logged.items[i]);
	}
}

static bool
control_is_last_line(const char *line, size_t len)
{
	return pattern_match(CONTROL_LAST_LINE, line, len) ||
	    pattern_match(CONTROL_LAST_LINE "{cr}", line, len);
}

/* Everything that a person got was expected; when the daemon was stopped by us,
 * but for its last words. */
static void
control_check_unread(struct script *s, struct actor *p, bool has_last_line)
{
	const char *line;
	size_t len;

	if (p->ignores_rest)
		return;
	line = actor_line(p, &len);
	/* As a NOTICE, and an ERROR. */
	while (p->is_irc && has_last_line && line != NULL &&
	    memmem(line, len, "the server is stopping", 22) != NULL) {
		actor_next_line(p);
		line = actor_line(p, &len);
	}
	if (has_last_line && !p->is_irc) {
		if (line == NULL || !control_is_last_line(line, len))
			stage_fail(&s->stage, p,
			    "%s should see, and nothing before it: %s", p->name,
			    CONTROL_LAST_LINE);
		actor_next_line(p);
	}
	if (p->in_read < p->in.len)
		stage_fail(&s->stage, p, "%s has unread lines", p->name);
}

/*
 * The daemon's end: everybody's connection ends as well, with nothing unread,
 * but for the last line if it was told to stop.
 */
static void
control_end(struct script *s, bool has_last_line)
{
	struct stage *st = &s->stage;
	int64_t deadline;
	struct actor *p;

	if (!st->daemon.has_ended)
		stage_wait_end(st);
	deadline = stage_deadline(st);
	TAILQ_FOREACH(p, &st->actors, entry) {
		while (p->fd != -1 && p->is_reading && !p->has_eof) {
			if (stage_turn(st, deadline) == -1)
				stage_fail(st, p, "%s is still connected",
				    p->name);
		}
		control_check_unread(s, p, has_last_line && p->fd != -1);
	}
	control_check_log(s);
}

/* The next statement that needs the daemon starts it anew. */
static void
control_end_run(struct script *s, int number)
{
	struct stage *st = &s->stage;
	struct actor *p;
	char *notify = xasprintf("%s/notify", st->dir);

	control_signal(s, number);
	st->is_end_expected = true;
	control_end(s, number == SIGTERM);
	if (number == SIGTERM)
		control_check_status(s, &st->daemon, 0);
	else if (!WIFSIGNALED(st->daemon.status))
		stage_fail(st, NULL, "the daemon ended before it was killed");
	TAILQ_FOREACH(p, &st->actors, entry)
		if (p->fd != -1)
			actor_close(p);
	daemon_fini(&st->daemon);
	(void)unlink(notify);
	free(notify);
	st->is_end_expected = false;
	s->is_started = false;
	s->log_read = s->notified_read = 0;
}

/* After its end: as if it had not been there, but for the people. */
static void
control_start_again(struct script *s)
{
	struct stage *st = &s->stage;
	char *notify;

	if (!s->is_started || !st->daemon.has_ended)
		return;
	control_check_log(s);
	notify = xasprintf("%s/notify", st->dir);
	(void)unlink(notify);
	free(notify);
	daemon_fini(&st->daemon);
	s->is_started = false;
	s->log_read = s->notified_read = 0;
	st->is_end_expected = false;
}

void
script_daemon(struct script *s, const char *text)
{
	static const struct {
		const char *word;
		int number;
	} signals[] = { { "hup", SIGHUP }, { "int", SIGINT },
		{ "term", SIGTERM }, { "usr1", SIGUSR1 } };
	const char *rest;
	char *copy;

	for (size_t i = 0; i < NITEMS(signals); i++) {
		if (strcmp(text, signals[i].word) == 0) {
			control_signal(s, signals[i].number);
			return;
		}
	}
	if (text[0] == '-') {
		control_add_arguments(s, text);
	} else if (strcmp(text, "start") == 0) {
		control_start_again(s);
		script_start(s);
	} else if (strcmp(text, "restart") == 0) {
		control_end_run(s, SIGTERM);
	} else if (strcmp(text, "kill") == 0) {
		control_end_run(s, SIGKILL);
	} else if ((rest = script_after(text, "limit")) != NULL) {
		control_limit(s, rest);
	} else if (strcmp(text, "disk-full") == 0) {
		script_start(s);
		control_fill_disk(s, true);
	} else if (strcmp(text, "disk-free") == 0) {
		control_fill_disk(s, false);
	} else if ((rest = script_after(text, "clocks")) != NULL) {
		script_clock(s, rest);
	} else if ((rest = script_after(text, "log")) != NULL) {
		control_wait_log(s, rest);
	} else if ((rest = script_after(text, "never-logs")) != NULL) {
		copy = control_text(s, rest);
		words_add(&s->never_logged, copy);
		free(copy);
	} else if ((rest = script_after(text, "forgets")) != NULL) {
		copy = control_text(s, rest);
		script_memory_forgets(s, copy);
		free(copy);
	} else if (strcmp(text, "has-key") == 0) {
		script_memory_has_key(s);
	} else if (strcmp(text, "forgets-key") == 0) {
		script_memory_forgets_key(s);
	} else if ((rest = script_after(text, "exit")) != NULL) {
		control_wait_exit(s, rest);
	} else {
		stage_fail(&s->stage, NULL, "not understood");
	}
}

void
script_finish(struct script *s)
{
	struct stage *st = &s->stage;
	bool has_last_line = false;

	if (!s->is_started)
		return;
	if (!st->daemon.has_ended && !st->is_end_expected) {
		control_signal(s, SIGTERM);
		has_last_line = true;
	}
	if (!st->daemon.has_ended) {
		stage_wait_end(st);
		control_check_status(s, &st->daemon, 0);
	}
	control_end(s, has_last_line);
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Saying: one text, lines of standard input, or what is to be told when a
 * command has failed. It ends when the server has answered all of it, so who
 * sees status 0 knows that it was said, and once.
 */
#include "config.h"

#include <sys/types.h>

#include <sys/wait.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "brb/script-impl.h"

#define SAY_UNSAID_MAX 64 /* lines that are read before the first is said */

static void
say_line(struct script *s, const char *text)
{
	char *clean;

	if (talk_say(s->talk, s->room, s->o->kind, text))
		return;
	clean = text_scrub_copy(text, TALK_TEXT_MAX);
	/* An empty line says nothing. */
	if (clean != NULL) {
		script_error(s, "not said: %s", clean);
		s->is_refused = true;
	}
	free(clean);
}

/* Keeps the last lines of a command. */
static void
say_keep(struct script *s, const char *text)
{
	size_t at = s->kept_next++ % SCRIPT_LAST_LINES;

	free(s->kept[at]);
	s->kept[at] = xstrdup(text);
}

static void
say_take_line(struct script *s)
{
	const char *line = buf_cstr(&s->typed);

	if (s->o->command != NULL)
		say_keep(s, line);
	else
		say_line(s, line);
	buf_reset(&s->typed);
}

static void
say_take(struct script *s, const char *data, size_t len)
{
	/* One that is too long is refused as a whole. */
	const size_t most = s->o->command != NULL ? SCRIPT_LINE_MAX :
						    TALK_TEXT_MAX + 1;
	size_t i;

	for (i = 0; i < len; i++)
		if (data[i] == '\n')
			say_take_line(s);
		else if (s->typed.len < most && data[i] != '\0')
			buf_addch(&s->typed, data[i]);
	if (s->o->command != NULL) {
		buf_add(&s->out, data, len);
		event_active(s->flush, EV_TIMEOUT, 0);
	}
}

/* Tells that the command has failed, and what it said last. */
static void
say_failure(struct script *s, int status)
{
	struct buf text = BUF_INITIALIZER;
	size_t i, first;

	for (i = 0; s->o->command[i] != NULL && text.len < 200; i++)
		buf_addf(&text, "%s%s", i == 0 ? "" : " ", s->o->command[i]);
	if (WIFSIGNALED(status))
		buf_addf(&text, ": killed by signal %d", WTERMSIG(status));
	else
		buf_addf(&text, ": exit status %d", WEXITSTATUS(status));
	s->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
					  WEXITSTATUS(status);
	say_line(s, buf_cstr(&text));
	buf_fini(&text);
	first = s->kept_next > SCRIPT_LAST_LINES ?
	    s->kept_next - SCRIPT_LAST_LINES :
	    0;
	for (i = first; i < s->kept_next; i++)
		say_line(s, s->kept[i % SCRIPT_LAST_LINES]);
}

static void
say_command_ended(struct script *s)
{
	int status = 0;

	while (waitpid(s->command, &status, 0) == -1 && errno == EINTR)
		;
	s->command = 0;
	if (status == 0) {
		s->is_ending = true;
		(void)event_base_loopbreak(s->base);
		return;
	}
	say_failure(s, status);
	talk_start(s->talk);
}

static void
say_eof(struct script *s)
{
	event_free(s->readable);
	s->readable = NULL;
	if (s->typed.len > 0)
		say_take_line(s);
	s->is_eof = true;
	if (s->o->command != NULL)
		say_command_ended(s);
	script_say_changed(s);
}

static void
say_readable_cb(evutil_socket_t fd, short what, void *arg)
{
	struct script *s = arg;
	char data[512];
	ssize_t n;

	(void)what;
	n = read(fd, data, sizeof(data));
	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		say_eof(s);
		return;
	}
	say_take(s, data, (size_t)n);
	if (s->o->command == NULL &&
	    talk_unsaid_lines(s->talk) >= SAY_UNSAID_MAX)
		(void)event_del(s->readable);
}

static void
say_read_from(struct script *s, int fd)
{
	s->readable = event_new(s->base, fd, EV_READ | EV_PERSIST,
	    say_readable_cb, s);
	if (s->readable == NULL)
		abort();
	if (event_add(s->readable, NULL) == -1)
		say_eof(s);
}

static void
say_start_command(struct script *s)
{
	int fds[2], null;

	if (pipe2(fds, O_CLOEXEC) == -1 || (s->command = fork()) == -1) {
		script_error(s, "cannot run '%s': %s", s->o->command[0],
		    strerror(errno));
		script_end(s, BRB_FAILED);
		return;
	}
	if (s->command == 0) {
		(void)signal(SIGPIPE, SIG_DFL); /* brb ignores it */
		null = open("/dev/null", O_RDONLY);
		(void)dup2(null, STDIN_FILENO);
		(void)dup2(fds[1], STDOUT_FILENO);
		(void)dup2(fds[1], STDERR_FILENO);
		(void)execvp(s->o->command[0], s->o->command);
		(void)fprintf(stderr, "cannot run '%s': %s\n", s->o->command[0],
		    strerror(errno));
		_exit(errno == ENOENT ? 127 : 126);
	}
	(void)close(fds[1]);
	s->command_fd = fds[0];
	say_read_from(s, fds[0]);
}

void
script_say_begin(struct script *s)
{
	s->room = xstrdup(room_name_meant(s->o->room));
	if (s->o->command != NULL)
		say_start_command(s);
	else
		talk_start(s->talk);
}

void
script_say_settled(struct script *s)
{
	if (s->o->command != NULL)
		return;
	if (s->o->text != NULL) {
		say_line(s, s->o->text);
		s->is_eof = true;
	} else
		say_read_from(s, STDIN_FILENO);
}

void
script_say_changed(struct script *s)
{
	size_t unsaid = talk_unsaid_lines(s->talk);

	if (s->readable != NULL && s->o->command == NULL &&
	    unsaid < SAY_UNSAID_MAX)
		(void)event_add(s->readable, NULL);
	if (s->is_eof && s->has_begun && unsaid == 0 && !s->is_ending)
		script_end(s,
		    s->status != 0    ? s->status :
			s->is_refused ? BRB_FAILED :
					BRB_DONE);
}

void
script_say_fini(struct script *s)
{
	size_t i;

	if (s->readable != NULL)
		event_free(s->readable);
	if (s->command_fd != -1)
		(void)close(s->command_fd);
	for (i = 0; i < SCRIPT_LAST_LINES; i++)
		free(s->kept[i]);
	buf_fini(&s->typed);
	free(s->room);
}

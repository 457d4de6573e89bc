/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The statements of a dialog about the service manager, which the test plays:
 * the environment of the daemon, the sockets that it is handed, and what it
 * tells. And those about a daemon that has detached, which leaves a file.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dialog-script.h"

/* Out of the way of where the daemon gets them. */
#define SERVICE_MANAGER_FIRST_FD 100

static int
service_manager_listen(const struct sockaddr *sa, socklen_t len, bool is_dual)
{
	int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int only = !is_dual;

	if (fd == -1 ||
	    (sa->sa_family == AF_INET6 &&
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only,
		    sizeof(only)) == -1) ||
	    bind(fd, sa, len) == -1 || listen(fd, 16) == -1)
		return -1;
	return fd;
}

static int
service_manager_open(struct script *s, const char *kind)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int pair[2];

	if (strcmp(kind, "tcp") == 0) {
		sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return service_manager_listen((struct sockaddr *)&sin,
		    sizeof(sin), false);
	}
	if (strcmp(kind, "dual") == 0)
		return service_manager_listen((struct sockaddr *)&sin6,
		    sizeof(sin6), true);
	if (strcmp(kind, "unix") == 0) {
		snprintf(sun.sun_path, sizeof(sun.sun_path), "%.90s/handed",
		    s->stage.dir);
		return service_manager_listen((struct sockaddr *)&sun,
		    sizeof(sun), false);
	}
	if (strcmp(kind, "file") == 0)
		return open("/dev/null", O_RDWR | O_CLOEXEC);
	if (strcmp(kind, "datagram") == 0)
		return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (strcmp(kind, "connected") == 0 &&
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0) {
		close(pair[1]);
		return pair[0];
	}
	errno = EINVAL;
	return -1;
}

/* Of a TCP socket; what {handed} stands for. */
static void
service_manager_note_port(struct script *s, int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
		return;
	if (ss.ss_family == AF_INET)
		s->inherited_port =
		    ntohs(((struct sockaddr_in *)&ss)->sin_port);
	else if (ss.ss_family == AF_INET6)
		s->inherited_port =
		    ntohs(((struct sockaddr_in6 *)&ss)->sin6_port);
}

/* hands-down KIND [NAME] */
static void
service_manager_hand_down(struct script *s, const char *text)
{
	struct words words = { NULL, 0 };
	size_t index = s->inherited_names.count;
	int fd;

	if (words_split(&words, text) == -1 || words.count == 0 ||
	    words.count > 2 || index == SCRIPT_INHERITED_MAX)
		stage_fail(&s->stage, NULL, "hands-down KIND [NAME]");
	fd = service_manager_open(s, words.items[0]);
	if (fd == -1)
		stage_fail(&s->stage, NULL, "cannot make a %s: %s",
		    words.items[0], strerror(errno));
	service_manager_note_port(s, fd);
	s->inherited[index] = fcntl(fd, F_DUPFD_CLOEXEC,
	    SERVICE_MANAGER_FIRST_FD);
	close(fd);
	if (s->inherited[index] == -1)
		stage_fail(&s->stage, NULL, "no descriptor: %s",
		    strerror(errno));
	words_add(&s->inherited_names,
	    words.count == 2 ? words.items[1] : "brbd.socket");
	words_fini(&words);
}

struct daemon_setup
script_setup(struct script *s, char *names)
{
	struct daemon_setup setup = {
		.nofile = s->nofile,
		.environment = s->environment.items,
		.fds = s->inherited,
		.fd_count = s->inherited_names.count,
		.fd_names = names,
	};
	char *end = names;

	*end = '\0';
	for (size_t i = 0; i < s->inherited_names.count; i++)
		end += snprintf(end, SCRIPT_NAMES_SIZE - (size_t)(end - names),
		    "%s%.30s", i == 0 ? "" : ":", s->inherited_names.items[i]);
	return setup;
}

/* Waits until it is told something with text in it; goes on after that. */
static void
service_manager_hear(struct script *s, const char *text)
{
	struct stage *st = &s->stage;
	int64_t deadline = stage_deadline(st);
	char *wanted = script_expand(s, text);

	script_start(s);
	for (;;) {
		const char *all = buf_cstr(&st->daemon.notified);
		const char *found = strstr(all + s->notified_read, wanted);

		if (found != NULL) {
			s->notified_read = (size_t)(found - all) +
			    strlen(wanted);
			break;
		}
		if (st->daemon.pid == 0 || stage_turn(st, deadline) == -1)
			stage_fail(st, NULL,
			    "the manager was not told: %s\n"
			    "    but, since then: %s",
			    wanted, all + s->notified_read);
	}
	free(wanted);
}

void
script_manager(struct script *s, const char *text)
{
	const char *rest;

	if ((rest = script_after(text, "environment")) != NULL) {
		char *expanded = script_expand(s, rest);

		words_fini(&s->environment);
		if (words_split(&s->environment, expanded) == -1)
			stage_fail(&s->stage, NULL, "unpaired quote");
		free(expanded);
	} else if (strcmp(text, "hands-down nothing") == 0) {
		script_manager_fini(s);
	} else if ((rest = script_after(text, "hands-down")) != NULL) {
		service_manager_hand_down(s, rest);
	} else if ((rest = script_after(text, "hears")) != NULL) {
		service_manager_hear(s, rest);
	} else {
		stage_fail(&s->stage, NULL, "not understood");
	}
}

void
script_manager_fini(struct script *s)
{
	for (size_t i = 0; i < s->inherited_names.count; i++)
		close(s->inherited[i]);
	words_fini(&s->inherited_names);
}

/* The whole of a small file, without its last LF; to be freed. NULL: none. */
static char *
service_manager_read_file(const char *path)
{
	char data[1024];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return NULL;
	n = read(fd, data, sizeof(data) - 1);
	close(fd);
	if (n < 0)
		return NULL;
	data[n] = '\0';
	data[strcspn(data, "\n")] = '\0';
	return xstrdup(data);
}

/* The file, and a directory for it, with the lines that follow. */
static void
service_manager_write_file(struct script *s, const char *path)
{
	char *text = script_indented(s), *dir = xstrdup(path);
	FILE *file;

	*strrchr(dir, '/') = '\0';
	(void)mkdir(dir, 0700);
	file = fopen(path, "w");
	if (file == NULL || fputs(text, file) == EOF || fclose(file) != 0)
		stage_fail(&s->stage, NULL, "cannot write %s", path);
	free(text);
	free(dir);
}

void
script_file(struct script *s, const char *text)
{
	struct words words = { NULL, 0 };
	char *expanded = script_expand(s, text), *content;

	if (words_split(&words, expanded) == -1 || words.count < 2)
		stage_fail(&s->stage, NULL,
		    "file PATH has TEXT, says, or is-gone");
	free(expanded);
	if (strcmp(words.items[1], "says") == 0) {
		service_manager_write_file(s, words.items[0]);
		words_fini(&words);
		return;
	}
	content = service_manager_read_file(words.items[0]);
	if (strcmp(words.items[1], "is-gone") == 0) {
		if (content != NULL)
			stage_fail(&s->stage, NULL, "it is there");
	} else if (strcmp(words.items[1], "has") == 0 && words.count == 3) {
		if (content == NULL || strcmp(content, words.items[2]) != 0)
			stage_fail(&s->stage, NULL, "it has: %s",
			    content == NULL ? "(it is not there)" : content);
	} else {
		stage_fail(&s->stage, NULL,
		    "file PATH has TEXT, says, or is-gone");
	}
	free(content);
	words_fini(&words);
}

void
script_detached(struct script *s, const char *text)
{
	struct stage *st = &s->stage;
	char *path = script_expand(s, text), *content;
	struct daemon detached;
	uint64_t pid;

	daemon_init(&detached);
	content = service_manager_read_file(path);
	if (content == NULL || parse_number(content, INT32_MAX, &pid) == -1)
		stage_fail(st, NULL, "no process id in %s", path);
	detached.pid = (pid_t)pid;
	if (kill(detached.pid, SIGTERM) == -1)
		stage_fail(st, NULL, "process %s is not there", content);
	if (daemon_reap(&detached, st->timeout_ms) == -1) {
		daemon_fini(&detached);
		stage_fail(st, NULL, "process %s did not end", content);
	}
	if (!WIFEXITED(detached.status) || WEXITSTATUS(detached.status) != 0)
		stage_fail(st, NULL, "its exit status is not 0");
	free(content);
	content = service_manager_read_file(path);
	if (content != NULL)
		stage_fail(st, NULL, "it has left its file behind");
	free(path);
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * brbctl(8) passes one request to the daemon's control socket and prints the
 * answer. It knows the verbs for --help, and so that a typo costs no
 * connection; the daemon does the rest. The answer is read to its end before
 * any of it is printed: a slow pager must not make the daemon give up on us,
 * and an answer that was cut off is not taken for a whole one. Only a backup,
 * which may be of any size, goes to its files as it comes.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "admin/brbctl-backup.h"
#include "admin/control-request.h"
#include "admin/verb.h"
#include "base/buf.h"
#include "base/nearest.h"
#include "base/util.h"

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

#define BRBCTL_TIMEOUT_MS 10000
#define BRBCTL_HOLD_MS 20000 /* for verbs that end the program */
#define BRBCTL_ANSWER_MAX ((size_t)1 << 30)
#define BRBCTL_OK "ok\n"
#define BRBCTL_ERROR "error\n"
#define BRBCTL_USAGE "usage: " /* an error of the command line */
#define BRBCTL_SOCKET RUNSTATEDIR "/brbd/control"

static const struct command brbctl_verbs[] = {
#define COMMAND(field, ...) { __VA_ARGS__ },
#include "admin/verbs.def"
#undef COMMAND
};

struct brbctl {
	const char *path;
	bool is_json;
	const struct command *verb;
	const char *directory; /* of a backup, or NULL */
	struct backup_writer *backup; /* once the server has said "ok" */
	int fd;
	int64_t deadline_ms;
	struct buf answer; /* what of it was not used yet */
};

static void
brbctl_usage(FILE *out)
{
	(void)fputs("usage: brbctl [-hjV] [-s SOCKET] VERB [ARGUMENT]...\n",
	    out);
}

static void
brbctl_help(void)
{
	char *head;
	size_t i;

	brbctl_usage(stdout);
	(void)puts(
	    "\n"
	    "Asks the chat room daemon brbd, or tells it what to do.\n"
	    "\n"
	    "  -s, --socket SOCKET   the daemon's control socket (" BRBCTL_SOCKET
	    ")\n"
	    "  -j, --json            print JSON\n"
	    "  -V, --version         print the version and exit\n"
	    "  -h, --help            print this and exit\n"
	    "\n"
	    "Verbs:\n");
	for (i = 0; i < NITEMS(brbctl_verbs); i++) {
		head = xasprintf("%s%s%s", brbctl_verbs[i].name,
		    brbctl_verbs[i].usage[0] == '\0' ? "" : " ",
		    brbctl_verbs[i].usage);
		(void)printf("  %-36s %s\n", head, brbctl_verbs[i].help);
		free(head);
	}
}

PRINTFLIKE(2, 3)
static _Noreturn void
brbctl_die(int status, const char *fmt, ...)
{
	va_list ap;

	(void)fputs("brbctl: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	exit(status);
}

/* Parses the command line. Exits on bad usage, help and --version. */
static void
brbctl_parse(struct brbctl *ctl, int argc, char *argv[])
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ "socket", required_argument, NULL, 's' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	/* "+" stops at the verb: what follows is its own, as in say "-- no". */
	while ((opt = getopt_long(argc, argv, "+hjs:V", longs, NULL)) != -1)
		switch (opt) {
		case 'j':
			ctl->is_json = true;
			break;
		case 's':
			ctl->path = optarg;
			break;
		case 'V':
			(void)puts("brbctl " PACKAGE_VERSION);
			exit(EXIT_FINE);
		case 'h':
			brbctl_help();
			exit(EXIT_FINE);
		default:
			brbctl_usage(stderr);
			exit(EXIT_USAGE);
		}
	if (optind == argc) {
		brbctl_usage(stderr);
		(void)fputs("brbctl help lists the verbs\n", stderr);
		exit(EXIT_USAGE);
	}
	if (strcmp(argv[optind], "help") == 0) {
		brbctl_help();
		exit(EXIT_FINE);
	}
}

/* Checks verb and arguments. Returns how many there are without --json. */
static int
brbctl_check_verb(struct brbctl *ctl, int argc, char *argv[])
{
	const struct command *verb = NULL;
	struct nearest nearest;
	size_t i;

	nearest_init(&nearest, argv[0]);
	for (i = 0; i < NITEMS(brbctl_verbs); i++) {
		nearest_offer(&nearest, brbctl_verbs[i].name);
		if (strcmp(brbctl_verbs[i].name, argv[0]) == 0)
			verb = &brbctl_verbs[i];
	}
	if (verb == NULL && nearest.name != NULL)
		brbctl_die(EXIT_USAGE,
		    "no verb is called '%s'; did you mean '%s'?", argv[0],
		    nearest.name);
	if (verb == NULL)
		brbctl_die(EXIT_USAGE,
		    "no verb is called '%s'; brbctl help lists them", argv[0]);
	/* No room, nobody, and no hash is called so. */
	if ((strcmp(verb->name, "export") == 0 ||
		strcmp(verb->name, "account") == 0) &&
	    argc > 1 &&
	    (strcmp(argv[argc - 1], "--json") == 0 ||
		strcmp(argv[argc - 1], "-j") == 0)) {
		ctl->is_json = true;
		argc--;
	}
	if (argc - 1 < verb->min_args || argc - 1 > verb->max_args)
		brbctl_die(EXIT_USAGE, "usage: brbctl %s%s%s", verb->name,
		    verb->usage[0] == '\0' ? "" : " ", verb->usage);
	ctl->verb = verb;
	if (strcmp(verb->name, "backup") == 0)
		ctl->directory = argv[1];
	return argc;
}

/* Builds the request: see control-request.h. */
static void
brbctl_build(struct brbctl *ctl, struct buf *request, int argc, char *argv[])
{
	int i;

	buf_addf(request, CONTROL_REQUEST_HEAD "%s\n",
	    ctl->is_json ? "json" : "text");
	for (i = 0; i < argc; i++) {
		if (argv[i][0] == '\0')
			brbctl_die(EXIT_USAGE, "an argument is empty");
		if (strchr(argv[i], '\n') != NULL)
			brbctl_die(EXIT_USAGE,
			    "an argument has more than one line");
		buf_addf(request, "%s\n", argv[i]);
	}
	buf_addch(request, '\n');
	if (request->len > CONTROL_REQUEST_MAX || argc > CONTROL_REQUEST_WORDS)
		brbctl_die(EXIT_USAGE, "that is too much at once");
}

static int64_t
brbctl_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
brbctl_set_deadline(struct brbctl *ctl)
{
	ctl->deadline_ms = brbctl_now_ms() +
	    (ctl->verb->flags & VERB_HOLDS ? BRBCTL_HOLD_MS :
					     BRBCTL_TIMEOUT_MS);
}

static void
brbctl_wait(struct brbctl *ctl, short events)
{
	struct pollfd polled = { .fd = ctl->fd, .events = events };
	int64_t left_ms;

	do {
		left_ms = ctl->deadline_ms - brbctl_now_ms();
		if (left_ms <= 0)
			brbctl_die(EXIT_FAILED,
			    "the server on %s does not answer", ctl->path);
	} while (poll(&polled, 1, (int)left_ms) < 1);
}

static void
brbctl_connect(struct brbctl *ctl)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	if (strlen(ctl->path) >= sizeof(sun.sun_path))
		brbctl_die(EXIT_USAGE, "%s: the path is too long for a socket",
		    ctl->path);
	memcpy(sun.sun_path, ctl->path, strlen(ctl->path) + 1);
	ctl->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (ctl->fd == -1 || fcntl(ctl->fd, F_SETFL, O_NONBLOCK) == -1)
		brbctl_die(EXIT_FAILED, "cannot make a socket: %s",
		    strerror(errno));
	if (connect(ctl->fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return;
	switch (errno) {
	case ENOENT:
	case ECONNREFUSED:
		brbctl_die(EXIT_FAILED,
		    "no server is listening on %s; is brbd running, with the "
		    "setting \"control\"?",
		    ctl->path);
	case EACCES:
	case EPERM:
		brbctl_die(EXIT_FAILED, "permission denied: %s", ctl->path);
	case EAGAIN:
		brbctl_die(EXIT_FAILED, "the server on %s does not answer",
		    ctl->path);
	default:
		brbctl_die(EXIT_FAILED, "cannot connect to %s: %s", ctl->path,
		    strerror(errno));
	}
}

/* Sends the request. An error is not the end: those refused are told so before
 * they have sent all. */
static void
brbctl_send(struct brbctl *ctl, const struct buf *request)
{
	size_t sent = 0;
	ssize_t n;

	while (sent < request->len) {
		n = send(ctl->fd, request->data + sent, request->len - sent,
		    MSG_NOSIGNAL);
		if (n > 0)
			sent += (size_t)n;
		else if (errno == EAGAIN)
			brbctl_wait(ctl, POLLOUT);
		else if (errno != EINTR)
			return;
	}
}

static bool
brbctl_begins(const struct brbctl *ctl, const char *word)
{
	size_t len = strlen(word);

	return ctl->answer.len >= len &&
	    memcmp(ctl->answer.data, word, len) == 0;
}

/* Checks that this was an answer: another socket may say anything. */
static void
brbctl_check_answer(struct brbctl *ctl)
{
	if (ctl->answer.len >= strlen(BRBCTL_ERROR) &&
	    !brbctl_begins(ctl, BRBCTL_OK) && !brbctl_begins(ctl, BRBCTL_ERROR))
		brbctl_die(EXIT_FAILED, "that is no control socket: %s",
		    ctl->path);
}

/* Writes the lines of a backup that have come, up to that with the full stop.
 * False: it has failed. */
static bool
brbctl_take_backup(struct brbctl *ctl)
{
	char *line = ctl->answer.data, *end = line + ctl->answer.len, *lf;
	bool is_fine = true;

	if (ctl->backup == NULL) {
		if (!brbctl_begins(ctl, BRBCTL_OK))
			return true;
		ctl->backup = backup_writer_new(ctl->directory);
		line += strlen(BRBCTL_OK);
	}
	while (is_fine && line < end && line[0] != '.' &&
	    (lf = memchr(line, '\n', (size_t)(end - line))) != NULL) {
		*lf = '\0';
		is_fine = backup_writer_take(ctl->backup, line);
		line = lf + 1;
	}
	ctl->answer.len = (size_t)(end - line);
	memmove(ctl->answer.data, line, ctl->answer.len);
	return is_fine;
}

static int
brbctl_finish_backup(struct brbctl *ctl)
{
	size_t files;
	char *error = backup_writer_finish(ctl->backup, &files);

	if (error != NULL)
		brbctl_die(EXIT_FAILED, "no backup was made: %s", error);
	(void)printf("%zu files are in %s\n", files, ctl->directory);
	if (fflush(stdout) != 0)
		brbctl_die(EXIT_FAILED, "cannot write: %s", strerror(errno));
	return EXIT_FINE;
}

/* Reads until the connection ends, which may be after the end of the answer. */
static void
brbctl_receive(struct brbctl *ctl)
{
	ssize_t n;

	for (;;) {
		n = recv(ctl->fd, buf_reserve(&ctl->answer, 65536), 65536, 0);
		if (n == 0)
			return;
		if (ctl->answer.len > BRBCTL_ANSWER_MAX)
			brbctl_die(EXIT_FAILED,
			    "the answer is of more than 1 GiB, which is too "
			    "much for brbctl");
		if (n > 0) {
			ctl->answer.len += (size_t)n;
			if (ctl->verb->flags & VERB_LONG)
				brbctl_set_deadline(ctl);
			if (ctl->backup == NULL)
				brbctl_check_answer(ctl);
			if (ctl->directory != NULL && !brbctl_take_backup(ctl))
				return;
		} else if (errno == EAGAIN)
			brbctl_wait(ctl, POLLIN);
		else if (errno != EINTR)
			return;
	}
}

/* An error that follows an answer replaces it: what the answer told of failed
 * later. */
static void
brbctl_take_back(struct brbctl *ctl)
{
	static const char error[] = "\n.\n" BRBCTL_ERROR;
	const char *body = buf_cstr(&ctl->answer), *found;
	size_t skipped;

	found = memmem(body, ctl->answer.len, error, strlen(error));
	if (found == NULL)
		return;
	skipped = (size_t)(found - body) + 3;
	ctl->answer.len -= skipped;
	memmove(ctl->answer.data, found + 3, ctl->answer.len);
}

/* Prints the lines between the first and the last. Returns the exit status. */
static int
brbctl_print(struct brbctl *ctl)
{
	const char *body, *line;
	size_t len, line_len;

	brbctl_take_back(ctl);
	body = buf_cstr(&ctl->answer);
	len = ctl->answer.len;
	if (len < 3 || memcmp(body + len - 3, "\n.\n", 3) != 0)
		brbctl_die(EXIT_FAILED, "the server on %s cut its answer off",
		    ctl->path);
	len -= 2;
	if (brbctl_begins(ctl, BRBCTL_OK)) {
		body += strlen(BRBCTL_OK);
		len -= strlen(BRBCTL_OK);
		if (fwrite(body, 1, len, stdout) != len || fflush(stdout) != 0)
			brbctl_die(EXIT_FAILED, "cannot write: %s",
			    strerror(errno));
		return EXIT_FINE;
	}
	if (!brbctl_begins(ctl, BRBCTL_ERROR))
		brbctl_die(EXIT_FAILED, "that is no control socket: %s",
		    ctl->path);
	body += strlen(BRBCTL_ERROR);
	len -= strlen(BRBCTL_ERROR);
	for (line = body; line < body + len; line += line_len + 1) {
		line_len = strcspn(line, "\n");
		(void)fprintf(stderr, "brbctl: %.*s\n", (int)line_len, line);
	}
	return strncmp(body, BRBCTL_USAGE, strlen(BRBCTL_USAGE)) == 0 ?
	    EXIT_USAGE :
	    EXIT_FAILED;
}

int
main(int argc, char *argv[])
{
	struct brbctl ctl = { .path = getenv("BRBCTL_SOCKET"), .fd = -1 };
	struct buf request = BUF_INITIALIZER;
	int status;

	if (ctl.path == NULL || ctl.path[0] == '\0')
		ctl.path = BRBCTL_SOCKET;
	brbctl_parse(&ctl, argc, argv);
	argc -= optind;
	argv += optind;
	argc = brbctl_check_verb(&ctl, argc, argv);
	brbctl_build(&ctl, &request, argc, argv);

	brbctl_set_deadline(&ctl);
	brbctl_connect(&ctl);
	brbctl_send(&ctl, &request);
	brbctl_receive(&ctl);
	status = ctl.backup != NULL ? brbctl_finish_backup(&ctl) :
				      brbctl_print(&ctl);
	(void)close(ctl.fd);
	buf_fini(&ctl.answer);
	buf_fini(&request);
	return status;
}

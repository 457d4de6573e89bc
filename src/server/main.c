/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The command line, the log, and detaching; all else is the server's.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/libutil.h>

#include "base/log.h"
#include "base/memfile.h"
#include "base/util.h"
#include "handoff/upgrade.h"
#include "net/inherit.h"
#include "options/options.h"
#include "server/server.h"

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

#define MAIN_DEFAULT_FILE SYSCONFDIR "/brbd/brbd.conf"

struct main_args {
	struct server_source source;
	const char *pid_file; /* or NULL */
	bool is_detach;
	bool is_test;
	struct upgrade_program program;
};

static void
main_usage(FILE *out)
{
	(void)fputs("usage: brbd [-dhtvV] [-f FILE] [-l LISTEN]... "
		    "[-o NAME=VALUE]...\n"
		    "            [--pid-file FILE]\n",
	    out);
}

static void
main_help(void)
{
	main_usage(stdout);
	(void)puts(
	    "\n"
	    "A chat room that remembers what you missed.\n"
	    "\n"
	    "  -l, --listen ADDR:PORT[,PROTOCOL]   where to listen, or "
	    "unix:PATH (localhost:4272)\n"
	    "  -f, --file FILE                     settings (" MAIN_DEFAULT_FILE
	    " if it exists)\n"
	    "  -o, --option NAME=VALUE             one setting\n"
	    "  -t, --test                          check the settings and exit\n"
	    "  -d, --detach                        run in the background\n"
	    "      --pid-file FILE                 hold the process id there\n"
	    "  -v, --verbose                       log more\n"
	    "  -V, --version                       print the version and exit\n"
	    "  -h, --help                          print this and exit\n"
	    "\n"
	    "Settings:\n");
	options_print_help(stdout);
}

static void
main_append(char ***list, size_t *count, char *item)
{
	*list = xreallocarray(*list, *count + 1, sizeof(**list));
	(*list)[(*count)++] = item;
}

/* Parses the command line. Exits on bad usage, --help and --version. */
static void
main_parse(struct main_args *args, int argc, char *argv[])
{
	enum { OPT_PID_FILE = 256 };
	static const struct option longs[] = {
		{ "detach", no_argument, NULL, 'd' },
		{ "file", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "listen", required_argument, NULL, 'l' },
		{ "option", required_argument, NULL, 'o' },
		{ "pid-file", required_argument, NULL, OPT_PID_FILE },
		{ "test", no_argument, NULL, 't' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	struct server_source *source = &args->source;
	int opt;

	while ((opt = getopt_long(argc, argv, "df:hl:o:tvV", longs, NULL)) !=
	    -1)
		switch (opt) {
		case 'd':
			args->is_detach = true;
			break;
		case 'f':
			source->path = optarg;
			break;
		case 'h':
			main_help();
			exit(EXIT_FINE);
		case 'l':
			main_append(&source->listens, &source->listen_count,
			    optarg);
			break;
		case 'o':
			main_append(&source->assignments,
			    &source->assignment_count, optarg);
			break;
		case 't':
			args->is_test = true;
			break;
		case 'v':
			source->is_verbose = true;
			break;
		case 'V':
			(void)puts(PACKAGE_STRING);
			exit(EXIT_FINE);
		case OPT_PID_FILE:
			args->pid_file = optarg;
			break;
		default:
			main_usage(stderr);
			exit(EXIT_USAGE);
		}
	if (optind < argc) {
		(void)fprintf(stderr, "brbd: '%s' is one argument too many\n",
		    argv[optind]);
		main_usage(stderr);
		exit(EXIT_USAGE);
	}
	if (source->path == NULL && access(MAIN_DEFAULT_FILE, F_OK) == 0)
		source->path = MAIN_DEFAULT_FILE;
}

/* Makes relative paths absolute or refuses them, since a detached server's
 * directory is /. */
static int
main_check_detach(struct main_args *args, const struct options *o,
    char file[PATH_MAX])
{
	size_t i;
	const char *spec;

	if (args->source.path != NULL) {
		if (realpath(args->source.path, file) == NULL) {
			(void)fprintf(stderr, "brbd: %s: %s\n",
			    args->source.path, strerror(errno));
			return -1;
		}
		args->source.path = file;
	}
	for (i = 0; i < o->listen.count; i++) {
		spec = o->listen.items[i];
		if (strncmp(spec, "unix:", 5) == 0 && spec[5] != '/') {
			(void)fprintf(stderr,
			    "brbd: '%s': with -d, give the whole path\n", spec);
			return -1;
		}
	}
	if (o->state_dir[0] != '\0' && o->state_dir[0] != '/') {
		(void)fprintf(stderr,
		    "brbd: state-dir '%s': with -d, give the whole path\n",
		    o->state_dir);
		return -1;
	}
	if (args->pid_file != NULL && args->pid_file[0] != '/') {
		(void)fprintf(stderr,
		    "brbd: '%s': with -d, give the whole path\n",
		    args->pid_file);
		return -1;
	}
	return 0;
}

/*
 * Detaches. Returns in the child, with the end of a pipe to report on; the
 * parent waits until the child is ready, and exits with the status that it
 * reports.
 */
static int
main_detach(void)
{
	int pipe_fds[2];
	unsigned char status = EXIT_FAILED;
	ssize_t n;
	pid_t pid;

	if (pipe(pipe_fds) == -1 || (pid = fork()) == -1) {
		(void)fprintf(stderr, "brbd: cannot detach: %s\n",
		    strerror(errno));
		exit(EXIT_FAILED);
	}
	if (pid > 0) {
		(void)close(pipe_fds[1]);
		do
			n = read(pipe_fds[0], &status, 1);
		while (n == -1 && errno == EINTR);
		_exit(n == 1 ? status : EXIT_FAILED);
	}
	(void)close(pipe_fds[0]);
	(void)fcntl(pipe_fds[1], F_SETFD, FD_CLOEXEC);
	(void)setsid();
	return pipe_fds[1];
}

/* Lets go of the terminal and of the waiting parent: the server is ready. */
static void
main_detached(int report_fd)
{
	const unsigned char status = EXIT_FINE;
	int fd;

	(void)!chdir("/");
	fd = open("/dev/null", O_RDWR);
	if (fd != -1) {
		(void)dup2(fd, STDIN_FILENO);
		(void)dup2(fd, STDOUT_FILENO);
		(void)dup2(fd, STDERR_FILENO);
		if (fd > STDERR_FILENO)
			(void)close(fd);
	}
	(void)!write(report_fd, &status, 1);
	(void)close(report_fd);
}

/*
 * Opens descriptors 0 to 2 if they are closed, so that no socket becomes one.
 */
static void
main_open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		(void)close(fd);
}

/* Opens and locks the pid file against a second instance; the pid is written
 * later. Returns NULL after logging an error. */
static struct pidfh *
main_open_pid_file(const char *path)
{
	struct pidfh *file;
	pid_t other = -1;

	file = pidfile_open(path, 0644, &other);
	if (file != NULL)
		return file;
	if (errno == EEXIST)
		log_error("another process holds the pid file: path=\"%s\" "
			  "pid=%ld",
		    path, (long)other);
	else
		log_error("cannot open the pid file '%s': %s", path,
		    strerror(errno));
	return NULL;
}

/* Removes the pid file that an earlier program in this process made, if it is
 * still the same file. */
static void
main_remove_pid_file(const char *path, int fd)
{
	struct stat ours, there;

	if (path != NULL && fstat(fd, &ours) == 0 && stat(path, &there) == 0 &&
	    ours.st_dev == there.st_dev && ours.st_ino == there.st_ino)
		(void)unlink(path);
	(void)close(fd);
}

/* Ignores SIGPIPE and the like: a failed write is handled as an error. */
static void
main_ignore_signals(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
}

/* Runs the server from ready to its end. */
static int
main_serve_on(const struct main_args *args, struct server *server)
{
	int result;

	server_set_program(server, &args->program);
	server_ready(server);
	result = server_run(server);
	server_free(server);
	log_info("stopped");
	return result == 0 ? EXIT_FINE : EXIT_FAILED;
}

static int
main_run(struct main_args *args, struct options *options,
    const struct inheritance *inherited, struct pidfh *pid_file)
{
	enum log_level level = server_log_level(&args->source, options);
	struct server *server;
	int report_fd = -1;

	if (args->is_detach)
		report_fd = main_detach();
	main_ignore_signals();
	log_libevent();
	server = server_new(&args->source, options, inherited, NULL);
	if (server == NULL)
		return EXIT_FAILED;
	if (pid_file != NULL) {
		if (pidfile_write(pid_file) == -1) {
			log_error("cannot write the pid file '%s': %s",
			    args->pid_file, strerror(errno));
			server_free(server);
			return EXIT_FAILED;
		}
		server_set_pid_fd(server, pidfile_fileno(pid_file));
	}
	log_info("ready: version=%s pid=%ld", PACKAGE_VERSION, (long)getpid());
	if (args->is_detach) {
		log_init(LOG_TARGET_SYSLOG, level);
		main_detached(report_fd);
		log_info("ready: version=%s pid=%ld", PACKAGE_VERSION,
		    (long)getpid());
	}
	return main_serve_on(args, server);
}

static int
main_serve(struct main_args *args, struct options *options)
{
	struct inheritance inherited;
	struct pidfh *pid_file = NULL;
	char *error = NULL;
	int result = EXIT_FAILED;

	log_init(log_guess_target(), server_log_level(&args->source, options));
	if (inheritance_take(&inherited, &error) == -1) {
		log_error("%s", error);
		free(error);
	} else if (args->pid_file == NULL ||
	    (pid_file = main_open_pid_file(args->pid_file)) != NULL)
		result = main_run(args, options, &inherited, pid_file);
	if (pid_file != NULL)
		(void)pidfile_remove(pid_file);
	inheritance_fini(&inherited);
	return result;
}

/* Checks, as the child of an earlier program, that all of its state can be
 * read. It must have no other effect; the output goes to that program. */
static _Noreturn void
main_verify(const struct main_args *args, struct options *options,
    const struct upgrade_order *order)
{
	const struct inheritance none = { .count = 0 };
	struct upgrade_map map;
	struct fields_in in;

	log_init(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	log_libevent();
	if (!upgrade_open(&map, &in, order) ||
	    server_new(&args->source, options, &none, &in) == NULL) {
		if (in.error != NULL)
			(void)fprintf(stderr,
			    "brbd: it cannot use the state: %s\n", in.error);
		_exit(EXIT_FAILED);
	}
	upgrade_confirm(&map);
	_exit(EXIT_FINE);
}

/* Goes on in an earlier program's place, with its process id and its state. */
static int
main_take_over(const struct main_args *args, struct options *options,
    const struct upgrade_order *order)
{
	const struct inheritance none = { .count = 0 };
	struct upgrade_map map;
	struct fields_in in;
	struct server *server = NULL;
	int result, pid_fd;

	log_init(args->is_detach ? LOG_TARGET_SYSLOG : log_guess_target(),
	    server_log_level(&args->source, options));
	log_libevent();
	main_ignore_signals();
	if (upgrade_open(&map, &in, order))
		server = server_new(&args->source, options, &none, &in);
	if (server == NULL) {
		log_error("cannot go on from the state of the program before: "
			  "%s",
		    in.error == NULL ? "see above" : in.error);
		_exit(EXIT_FAILED);
	}
	fields_in_fini(&in);
	upgrade_unmap(&map);
	/* Keys of TLS may have been in it. */
	memfile_wipe(order->fd);
	(void)close(order->fd);
	pid_fd = server_pid_fd(server);
	server_upgraded_ready(server);
	result = main_serve_on(args, server);
	if (pid_fd != -1)
		main_remove_pid_file(args->pid_file, pid_fd);
	return result;
}

static void
main_print_errors(const char *text)
{
	size_t len;

	for (; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		(void)fprintf(stderr, "brbd: %.*s\n", (int)len, text);
	}
}

/* The settings are fine, as far as they say themselves; are the places that they
 * name? */
static int
main_test(const struct options *options)
{
	struct option_errors errors = { NULL, 0 };
	int result = EXIT_FINE;

	server_warn_options(options);
	if (server_check_places(options, &errors) == -1) {
		main_print_errors(errors.text);
		result = EXIT_USAGE;
	} else
		(void)puts("the settings are fine");
	option_errors_fini(&errors);
	return result;
}

int
main(int argc, char *argv[])
{
	struct main_args args = { .is_detach = false };
	struct options options;
	struct option_errors errors = { NULL, 0 };
	char file[PATH_MAX], *program, *error = NULL;
	struct upgrade_order order;
	int result;

	main_open_standard();
	if (upgrade_order_take(&order, &error) == -1) {
		(void)fprintf(stderr, "brbd: %s\n", error);
		free(error);
		return EXIT_USAGE;
	}
	program = argc > 0 ? upgrade_resolve(argv[0]) : NULL;
	main_parse(&args, argc, argv);
	/* The next program must find it, whatever its directory is. */
	if (program != NULL)
		argv[0] = program;
	if (order.file != NULL)
		args.source.path = order.file;
	args.program.path = program;
	args.program.argv = argv;
	args.program.file = order.file;
	options_init(&options);
	if (server_load_options(&options, &args.source, &errors) == -1) {
		main_print_errors(errors.text);
		result = EXIT_USAGE;
	} else if (order.is_there && order.purpose != HANDOFF_TAKE)
		main_verify(&args, &options, &order);
	else if (order.is_there)
		result = main_take_over(&args, &options, &order);
	else if (args.is_test) {
		result = main_test(&options);
	} else if (args.is_detach &&
	    main_check_detach(&args, &options, file) == -1)
		result = EXIT_USAGE;
	else {
		/* With -d the path has been made absolute. */
		if (args.is_detach)
			args.program.file = args.source.path;
		result = main_serve(&args, &options);
	}
	option_errors_fini(&errors);
	options_fini(&options);
	free(args.source.assignments);
	free(args.source.listens);
	order.fd = -1;
	upgrade_order_fini(&order);
	free(program);
	return result;
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A worker waits for requests, and forks a child for each. The child may take
 * as long as it likes: a timer of its own ends it. So the worker has no signals
 * to handle and nothing to watch: it reads, waits and writes, and ends with its
 * input.
 *
 * Neither of them holds a descriptor of the server's: a server started after a
 * crash finds no address in use and no directory locked.
 */
#include "config.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif

#ifdef HAVE_CRYPT_H
#include <crypt.h>
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <bsd/unistd.h>

#include "net/verify-impl.h"

/*
 * Exit statuses that mean nothing else, such as a fault found by a sanitizer.
 */
enum { WORKER_EXIT_YES = 60, WORKER_EXIT_NO, WORKER_EXIT_UNKNOWN };

/* Hashes that are strong enough. Others use only eight characters of a
 * password, or can be tried a billion times a second. */
static const struct {
	const char *prefix;
	size_t len; /* of the part after the last $ */
} worker_kinds[] = {
	{ "$y$", 43 }, /* yescrypt */
	{ "$gy$", 43 }, /* gost-yescrypt */
	{ "$7$", 43 }, /* scrypt */
	{ "$2a$", 53 }, /* bcrypt, with its salt */
	{ "$2b$", 53 }, { "$2y$", 53 }, { "$6$", 86 }, /* sha512crypt */
	{ "$5$", 43 }, /* sha256crypt */
};

const char *
verify_check_hash(const char *hash)
{
	static const char base64[] = "./0123456789"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz";
	const char *last;
	size_t i, prefix_len;

	for (i = 0; i < NITEMS(worker_kinds); i++)
		if (strncmp(hash, worker_kinds[i].prefix,
			strlen(worker_kinds[i].prefix)) == 0)
			break;
	if (i == NITEMS(worker_kinds))
		return "it is no hash that is good enough: one starts with $y$, "
		       "$2b$ or $6$ (mkpasswd makes them)";
	prefix_len = strlen(worker_kinds[i].prefix);
	last = strrchr(hash, '$') + 1;
	if (strlen(hash) > VERIFY_HASH_MAX || last == hash + prefix_len ||
	    strlen(last) != worker_kinds[i].len ||
	    strspn(last, base64) != worker_kinds[i].len)
		return "the hash is damaged, or not all of it";
#ifdef CRYPT_CHECKSALT_AVAILABLE
	if (crypt_checksalt(hash) == CRYPT_SALT_INVALID)
		return "the hash is damaged, or of a kind that crypt(3) does "
		       "not know here";
#endif
	return NULL;
}

/* The child, which checks one request */

static void
worker_limit(int64_t limit_ms)
{
	const struct rlimit none = { 0, 0 };
	struct itimerval timer = { { 0, 0 },
		{ (time_t)(limit_ms / 1000),
		    (suseconds_t)(limit_ms % 1000 * 1000) } };
	rlim_t seconds = (rlim_t)(limit_ms / 1000 + 1);
	struct rlimit cpu = { seconds, seconds + 1 };

	/* A sandbox may forbid the limits; the timer suffices. */
	(void)setrlimit(RLIMIT_CPU, &cpu);
	(void)setrlimit(RLIMIT_CORE, &none); /* the password is in it */
	(void)setitimer(ITIMER_REAL, &timer, NULL);
#ifdef PR_SET_PDEATHSIG
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
}

/* What a new password's hash begins with: the best kind there is. */
static const char *
worker_salt(void)
{
#ifdef CRYPT_GENSALT_IMPLEMENTS_DEFAULT_PREFIX
	return crypt_gensalt(NULL, 0, NULL, 0);
#else
	static char salt[24] = "$6$";
	static const char base64[] = "./0123456789"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz";
	size_t i;

	for (i = 3; i < 3 + 16; i++)
		salt[i] = base64[arc4random_uniform(64)];
	return salt;
#endif
}

/* Without a verifier a password is as right as with one. */
static void
worker_make_scram(const struct verify_request *request,
    char out[SCRAM_TEXT_MAX + 1])
{
	struct scram_verifier v = { .iterations = request->scram_iterations };

	out[0] = '\0';
	if (v.iterations == 0)
		return;
	arc4random_buf(v.salt, sizeof(v.salt));
	if (scram_verifier_make(&v, request->password))
		scram_verifier_format(&v, out);
	explicit_bzero(&v, sizeof(v));
}

/* Writes what was made to fd: a hash, if it is new, and a verifier. */
static _Noreturn void
worker_tell(struct verify_request *request, const char *hash, int fd)
{
	struct verify_reply made;
	bool is_written;

	memset(&made, 0, sizeof(made));
	(void)strlcpy(made.hash, hash, sizeof(made.hash));
	worker_make_scram(request, made.scram);
	explicit_bzero(request->password, sizeof(request->password));
	is_written = write(fd, &made, sizeof(made)) == (ssize_t)sizeof(made);
	explicit_bzero(&made, sizeof(made));
	_exit(is_written ? WORKER_EXIT_YES : WORKER_EXIT_UNKNOWN);
}

static _Noreturn void
worker_make(struct verify_request *request, int fd)
{
	const char *salt = worker_salt(), *computed = NULL;

	if (salt != NULL)
		/* cppcheck-suppress cryptCalled ; there is one thread */
		computed = crypt(request->password, salt);
	if (computed == NULL || verify_check_hash(computed) != NULL)
		_exit(WORKER_EXIT_UNKNOWN);
	worker_tell(request, computed, fd);
}

static _Noreturn void
worker_compute(struct verify_request *request, int fd)
{
	const char *computed;
	int status;

	(void)close(STDIN_FILENO);
	worker_limit(request->limit_ms);
	if (request->is_new)
		worker_make(request, fd);
	/* cppcheck-suppress cryptCalled ; there is one thread */
	computed = crypt(request->password, request->hash);
	/* An ordinary comparison, as knowing how much of two hashes is equal
	 * does not help to find a password. */
	if (computed == NULL || computed[0] == '*')
		status = WORKER_EXIT_UNKNOWN;
	else if (strcmp(computed, request->hash) == 0)
		worker_tell(request, "", fd);
	else
		status = WORKER_EXIT_NO;
	explicit_bzero(request->password, sizeof(request->password));
	_exit(status);
}

static enum verify_answer
worker_answer(int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGALRM ||
			WTERMSIG(status) == SIGXCPU ?
		    VERIFY_ANSWER_LATE :
		    VERIFY_ANSWER_KILLED;
	switch (WEXITSTATUS(status)) {
	case WORKER_EXIT_YES:
		return VERIFY_ANSWER_YES;
	case WORKER_EXIT_NO:
		return VERIFY_ANSWER_NO;
	case WORKER_EXIT_UNKNOWN:
		return VERIFY_ANSWER_UNKNOWN;
	}
	return VERIFY_ANSWER_KILLED;
}

/* The worker */

/* What was made fits into a pipe, which is read when the child has ended. */
static enum verify_answer
worker_check(struct verify_request *request, struct verify_reply *reply)
{
	pid_t pid, ended;
	int status, fds[2];

	if (pipe(fds) == -1)
		return VERIFY_ANSWER_NO_PROCESS;
	pid = fork();
	if (pid == 0)
		worker_compute(request, fds[1]);
	explicit_bzero(request, sizeof(*request));
	(void)close(fds[1]);
	do {
		ended = pid == -1 ? -1 : waitpid(pid, &status, 0);
	} while (ended == -1 && pid != -1 && errno == EINTR);
	if (ended == pid && pid != -1)
		(void)!read(fds[0], reply, sizeof(*reply));
	(void)close(fds[0]);
	if (pid == -1)
		return VERIFY_ANSWER_NO_PROCESS;
	return ended == pid ? worker_answer(status) : VERIFY_ANSWER_KILLED;
}

static bool
worker_read(struct verify_request *request)
{
	char *to = (char *)request;
	size_t done;
	ssize_t n;

	for (done = 0; done < sizeof(*request); done += (size_t)n) {
		n = read(STDIN_FILENO, to + done, sizeof(*request) - done);
		if (n == -1 && errno == EINTR)
			n = 0;
		else if (n <= 0)
			return false;
	}
	return true;
}

/* Leaves all that the server has open, and its process group: a key pressed on
 * its terminal is not for us. */
static void
worker_leave(int fd)
{
	sigset_t none;
	int signo, null;

	for (signo = 1; signo < NSIG; signo++)
		(void)signal(signo, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setpgid(0, 0);
	(void)dup2(fd, STDIN_FILENO);
	null = open("/dev/null", O_RDWR);
	if (null == -1)
		_exit(1);
	(void)dup2(null, STDOUT_FILENO);
	(void)dup2(null, STDERR_FILENO);
	closefrom(STDERR_FILENO + 1);
	(void)!chdir("/");
}

_Noreturn void
verify_worker_run(int fd)
{
	struct verify_request request;
	struct verify_reply reply;

	worker_leave(fd);
	while (worker_read(&request)) {
		memset(&reply, 0, sizeof(reply));
		reply.answer = (char)worker_check(&request, &reply);
		if (write(STDIN_FILENO, &reply, sizeof(reply)) !=
		    (ssize_t)sizeof(reply))
			break;
		explicit_bzero(&reply, sizeof(reply));
	}
	_exit(0);
}

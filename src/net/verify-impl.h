/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What verify*.c share; of no concern to others.
 */
#ifndef VERIFY_IMPL_H
#define VERIFY_IMPL_H

#include <stdint.h>

#include "net/verify.h"

/* To a worker, whole; it has no other end than the program it comes from. */
struct verify_request {
	int64_t limit_ms;
	char hash[VERIFY_HASH_MAX + 1];
	char password[VERIFY_PASSWORD_MAX + 1];
};

/* And its answer, a byte. */
enum verify_answer {
	VERIFY_ANSWER_YES = 'y',
	VERIFY_ANSWER_NO = 'n',
	VERIFY_ANSWER_UNKNOWN = 'u', /* crypt(3) cannot compute it */
	VERIFY_ANSWER_LATE = 'l',
	VERIFY_ANSWER_KILLED = 'k',
	VERIFY_ANSWER_NO_PROCESS = 'p'
};

/*
 * What a worker does until the other end of fd, a stream socket, is closed. In
 * a new process, with all signals blocked.
 */
_Noreturn void verify_worker_run(int fd);

/* A worker's process, or 0 while there is none; for tests. */
int verify_worker_pid(const struct verify_queue *q, unsigned worker);

#endif

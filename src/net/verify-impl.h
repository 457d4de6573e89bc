/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Shared by verify*.c only.
 */
#ifndef VERIFY_IMPL_H
#define VERIFY_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "net/scram.h"
#include "net/verify.h"

/*
 * A request to a worker. It is sent as it is: the worker is the same program.
 */
struct verify_request {
	int64_t limit_ms;
	bool is_new; /* a hash is to be made */
	uint32_t scram_iterations; /* of a verifier to be made; 0: none */
	char hash[VERIFY_HASH_MAX + 1];
	char password[VERIFY_PASSWORD_MAX + 1];
};

/* The first byte of the answer to it. */
enum verify_answer {
	VERIFY_ANSWER_YES = 'y',
	VERIFY_ANSWER_NO = 'n',
	VERIFY_ANSWER_UNKNOWN = 'u', /* crypt(3) cannot compute it */
	VERIFY_ANSWER_LATE = 'l',
	VERIFY_ANSWER_KILLED = 'k',
	VERIFY_ANSWER_NO_PROCESS = 'p'
};

/* The answer, sent as it is, too. */
struct verify_reply {
	char answer; /* enum verify_answer */
	/* What was made; or "". */
	char hash[VERIFY_HASH_MAX + 1];
	char scram[SCRAM_TEXT_MAX + 1];
};

/* Runs a worker until the other end of fd, a stream socket, is closed. For a
 * new process, with all signals blocked. */
_Noreturn void verify_worker_run(int fd);

/* The process of a worker, or 0 if it has none; for tests. */
int verify_worker_pid(const struct verify_queue *q, unsigned worker);

#endif

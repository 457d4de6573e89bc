/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef REDIS_IMPL_H
#define REDIS_IMPL_H

#include <sys/socket.h>

#include <stdbool.h>

#include <hiredis/hiredis.h>

#include "base/buf.h"
#include "sharedlog/engine.h"
#include "sharedlog/redis.h"

/* For the files of this module alone. */

/* Each verb but ENGINE_RANGE is a script; they are loaded in this order, by
 * which a request names its own. */
enum redis_script {
	REDIS_EPOCH,
	REDIS_WHERE,
	REDIS_CHECK,
	REDIS_APPEND,
	REDIS_RECORDS,
	REDIS_CLAIM,
	REDIS_RELEASE,
	REDIS_RENEW,
	REDIS_RESIGN,
	REDIS_SCRIPTS
};
const char *redis_script(enum redis_script script);
#define REDIS_SHA_SIZE 41

/* Limits on what Redis may answer. */
#define REDIS_REPLY_MAX ((size_t)32 * 1024 * 1024)
#define REDIS_ELEMENTS_MAX 65536

struct redis_writer {
	const char *prefix;
	uint64_t log_entries;
	char sha[REDIS_SCRIPTS][REDIS_SHA_SIZE];
};

/* Adds the command of a request. */
void redis_write(struct buf *out, const struct redis_writer *w,
    const struct engine_request *r);
/* Adds a command of words, ended by NULL. */
void redis_write_words(struct buf *out, const char *const *words);
/* XREAD: count entries after each position, waiting block_ms at most. */
void redis_write_tail(struct buf *out, const struct redis_writer *w,
    const struct engine_position *list, size_t count, unsigned block_ms);
void redis_write_where(struct buf *out, const struct redis_writer *w);

/* A reader that takes no reply which is beyond the limits. */
redisReader *redis_reader_new(void);

/* What an error of Redis means. */
enum sharedlog_fault redis_fault(const char *text);

struct redis_answer {
	struct engine_answer a;
	struct sharedlog_entry *entries; /* its own, kept from use to use */
	size_t room;
	uint64_t nodes[ENGINE_NODES_MAX];
	unsigned damaged; /* entries that make no sense, and are left out */
};
void redis_answer_fini(struct redis_answer *answer);
/* Reads the reply to a request of that verb; what it says lives as long as
 * reply. False: it is none. */
bool redis_read(struct redis_answer *answer, enum engine_verb verb,
    const redisReply *reply);
/* Reads a reply to XREAD, and calls entry for each. Returns how many were
 * damaged; -1: it is no such reply. entry returns false to end that. */
typedef bool redis_entry(const char *log, const struct sharedlog_entry *entry,
    void *arg);
int redis_read_tail(const redisReply *reply, const char *prefix,
    redis_entry *entry, void *arg);

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What a Redis answers: the first byte says to what. Whatever it is, what is
 * read from it keeps the limits, and lies in the reply.
 */
#include "config.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifndef HAVE_HIREDIS

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)data;
	(void)size;
	return 0;
}

#else

#include <stdlib.h>
#include <string.h>

#include "history/history.h"
#include "sharedlog/redis-impl.h"

#define TO_TAIL (ENGINE_RESIGN + 1)

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* Reads all bytes, as a sanitizer would see each that is not there. */
static unsigned
sum(const void *data, size_t len)
{
	const unsigned char *bytes = data;
	unsigned total = 0;

	while (len-- > 0)
		total += *bytes++;
	return total;
}

static void
check_entry(const struct sharedlog_entry *e)
{
	require(e->number < HISTORY_NUMBER_MAX);
	require(e->msgid < HISTORY_NUMBER_MAX);
	require(e->key != NULL || e->data != NULL);
	require(e->key_len > 0 || e->key == NULL);
	require(sum(e->key, e->key_len) + sum(e->data, e->len) < UINT32_MAX);
}

static bool
tail_entry(const char *log, const struct sharedlog_entry *e, void *arg)
{
	(void)arg;
	require(log[0] != '\0');
	require(e->number != 0);
	if (e->node != 0)
		check_entry(e);
	return true;
}

static void
check_answer(enum engine_verb verb, const redisReply *reply)
{
	struct redis_answer answer = { 0 };
	size_t i;

	if (redis_read(&answer, verb, reply)) {
		require(answer.a.status < ENGINE_STATUSES);
		require(answer.a.node_count <= ENGINE_NODES_MAX);
		require(answer.a.wait_ms >= 0);
		for (i = 0; i < answer.a.entry_count; i++)
			if (answer.a.entries[i].key != NULL ||
			    verb == ENGINE_RANGE)
				check_entry(&answer.a.entries[i]);
	}
	redis_answer_fini(&answer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	redisReader *reader;
	void *reply;
	unsigned to;

	if (size == 0)
		return 0;
	to = data[0] % (TO_TAIL + 1);
	reader = redis_reader_new();
	(void)redisReaderFeed(reader, (const char *)data + 1, size - 1);
	while (redisReaderGetReply(reader, &reply) == REDIS_OK &&
	    reply != NULL) {
		const redisReply *r = reply;

		if (r->type == REDIS_REPLY_ERROR)
			require(redis_fault(r->str) != SHAREDLOG_FINE);
		else if (to == TO_TAIL)
			(void)redis_read_tail(reply, "brbd", tail_entry, NULL);
		else
			check_answer((enum engine_verb)to, reply);
		freeReplyObject(reply);
	}
	redisReaderFree(reader);
	return 0;
}

#endif

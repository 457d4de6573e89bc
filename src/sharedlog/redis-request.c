/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Requests as Redis' commands.
 */
#include "config.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history/history.h"
#include "sharedlog/redis-impl.h"

#define WORDS_MAX 24
#define RECORDS_STEP 100
#define JOINS_MAX 600 /* bytes: some 30 epochs in which the log was used */

/* A command, word by word; short ones are kept in it. */
struct command_words {
	const char *word[WORDS_MAX];
	size_t len[WORDS_MAX];
	size_t count;
	char kept[WORDS_MAX][48];
};

static void
add_bytes(struct command_words *c, const void *data, size_t len)
{
	assert(c->count < WORDS_MAX);
	c->word[c->count] = data == NULL ? "" : data;
	c->len[c->count++] = len;
}

static void
add_str(struct command_words *c, const char *s)
{
	add_bytes(c, s, s == NULL ? 0 : strlen(s));
}

static void
add_u64(struct command_words *c, uint64_t n)
{
	char *kept = c->kept[c->count];

	(void)snprintf(kept, sizeof(c->kept[0]), "%" PRIu64, n);
	add_str(c, kept);
}

/* A stream's id: EPOCH-LOW. */
static void
add_number(struct command_words *c, uint64_t n)
{
	char *kept = c->kept[c->count];

	(void)snprintf(kept, sizeof(c->kept[0]), "%" PRIu64 "-%" PRIu64,
	    n / HISTORY_EPOCH, n % HISTORY_EPOCH);
	add_str(c, kept);
}

static void
add_script(struct command_words *c, const struct redis_writer *w,
    enum redis_script script)
{
	c->count = 0;
	add_str(c, "EVALSHA");
	add_str(c, w->sha[script]);
	add_str(c, "0");
	add_str(c, w->prefix);
}

static void
finish(struct buf *out, const struct command_words *c)
{
	char *text;
	const char *words[WORDS_MAX];
	int len;

	memcpy(words, c->word, c->count * sizeof(words[0]));
	len = redisFormatCommandArgv(&text, (int)c->count, words, c->len);
	if (len == -1)
		abort(); /* out of memory, as xmalloc() */
	buf_add(out, text, (size_t)len);
	redisFreeCommand(text);
}

static void
add_append(struct command_words *c, const struct redis_writer *w,
    const struct engine_request *r)
{
	const struct sharedlog_entry *e = &r->entry;

	add_str(c, r->log);
	add_number(c, e->number);
	add_u64(c, e->node);
	add_u64(c, e->counter);
	if (e->msgid == 0)
		add_str(c, "");
	else
		add_number(c, e->msgid);
	add_bytes(c, e->key, e->key_len);
	add_bytes(c, e->data, e->len);
	add_str(c, e->data == NULL ? "0" : "1");
	add_str(c, r->name);
	add_u64(c, r->token);
	if (r->has_expected)
		add_number(c, r->expected);
	else
		add_str(c, "");
	add_u64(c, w->log_entries);
	add_u64(c, JOINS_MAX);
}

/* XRANGE, from what comes after the number. */
static void
redis_write_range(struct buf *out, const struct redis_writer *w,
    const struct engine_request *r)
{
	struct command_words c = { .count = 0 };
	char *stream = xasprintf("%s:log:%s", w->prefix, r->log);

	add_str(&c, "XRANGE");
	add_str(&c, stream);
	add_number(&c, r->entry.number + 1);
	add_number(&c, r->to);
	add_str(&c, "COUNT");
	add_u64(&c, r->max);
	finish(out, &c);
	free(stream);
}

void
redis_write(struct buf *out, const struct redis_writer *w,
    const struct engine_request *r)
{
	static const enum redis_script scripts[] = {
		[ENGINE_EPOCH] = REDIS_EPOCH,
		[ENGINE_CHECK] = REDIS_CHECK,
		[ENGINE_APPEND] = REDIS_APPEND,
		[ENGINE_RECORDS] = REDIS_RECORDS,
		[ENGINE_CLAIM] = REDIS_CLAIM,
		[ENGINE_RELEASE] = REDIS_RELEASE,
		[ENGINE_RENEW] = REDIS_RENEW,
		[ENGINE_RESIGN] = REDIS_RESIGN,
	};
	struct command_words c;
	char origin[48];

	if (r->verb == ENGINE_RANGE) {
		redis_write_range(out, w, r);
		return;
	}
	add_script(&c, w, scripts[r->verb]);
	if (r->verb != ENGINE_RECORDS) {
		add_u64(&c, r->epoch);
		add_u64(&c, r->era);
	}
	switch (r->verb) {
	case ENGINE_EPOCH:
		add_u64(&c, r->fresh_era);
		add_u64(&c, ENGINE_SETTLE_MS);
		add_u64(&c, ENGINE_GRACE_MS);
		add_u64(&c, ENGINE_EPOCH_MAX);
		break;
	case ENGINE_CHECK:
		add_str(&c, r->log);
		add_number(&c, r->entry.number);
		(void)snprintf(origin, sizeof(origin), "%" PRIu64 ":%" PRIu64,
		    r->entry.node, r->entry.counter);
		add_str(&c, origin);
		break;
	case ENGINE_APPEND:
		add_append(&c, w, r);
		break;
	case ENGINE_RECORDS:
		add_str(&c, r->log);
		add_u64(&c, r->cursor);
		add_u64(&c, RECORDS_STEP);
		break;
	case ENGINE_CLAIM:
	case ENGINE_RELEASE:
		add_u64(&c, r->entry.node);
		add_str(&c, r->name);
		add_u64(&c, r->token);
		add_str(&c, r->is_again ? "1" : "0");
		break;
	case ENGINE_RENEW:
		add_u64(&c, r->entry.node);
		add_u64(&c, ENGINE_LEASE_MS);
		add_u64(&c, ENGINE_NODES_MAX);
		break;
	case ENGINE_RESIGN:
		add_u64(&c, r->entry.node);
		break;
	case ENGINE_RANGE:
		break;
	}
	finish(out, &c);
}

void
redis_write_words(struct buf *out, const char *const *words)
{
	struct command_words c = { .count = 0 };

	while (*words != NULL)
		add_str(&c, *words++);
	finish(out, &c);
}

void
redis_write_where(struct buf *out, const struct redis_writer *w)
{
	struct command_words c;

	add_script(&c, w, REDIS_WHERE);
	finish(out, &c);
}

/* By hand, as there may be many words. */
static void
add_bulk(struct buf *out, const char *s)
{
	buf_addf(out, "$%zu\r\n%s\r\n", strlen(s), s);
}

void
redis_write_tail(struct buf *out, const struct redis_writer *w,
    const struct engine_position *list, size_t count, unsigned block_ms)
{
	char text[64];
	size_t i;

	buf_addf(out, "*%zu\r\n", 6 + 2 * count);
	add_bulk(out, "XREAD");
	add_bulk(out, "COUNT");
	add_bulk(out, "128");
	add_bulk(out, "BLOCK");
	(void)snprintf(text, sizeof(text), "%u", block_ms);
	add_bulk(out, text);
	add_bulk(out, "STREAMS");
	for (i = 0; i < count; i++)
		buf_addf(out, "$%zu\r\n%s:log:%s\r\n",
		    strlen(w->prefix) + 5 + strlen(list[i].log), w->prefix,
		    list[i].log);
	for (i = 0; i < count; i++) {
		(void)snprintf(text, sizeof(text), "%" PRIu64 "-%" PRIu64,
		    list[i].number / HISTORY_EPOCH,
		    list[i].number % HISTORY_EPOCH);
		add_bulk(out, text);
	}
}

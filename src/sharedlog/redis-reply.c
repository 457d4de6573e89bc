/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What Redis answers. It is not trusted: an entry that makes no sense is left
 * out, and counted; a reply that makes none ends the connection.
 */
#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "history/history.h"
#include "sharedlog/redis-impl.h"

static redisReplyObjectFunctions reader_functions;
static void *(*make_array)(const redisReadTask *, int);

/* The reader would reserve as much as a reply says to be coming. */
static void *
reader_array(const redisReadTask *task, int elements)
{
	return elements > REDIS_ELEMENTS_MAX ? NULL :
					       make_array(task, elements);
}

redisReader *
redis_reader_new(void)
{
	redisReader *reader = redisReaderCreate();

	if (reader == NULL)
		abort(); /* out of memory, as xmalloc() */
	if (make_array == NULL) {
		reader_functions = *reader->fn;
		make_array = reader_functions.createArray;
		reader_functions.createArray = reader_array;
	}
	reader->fn = &reader_functions;
	return reader;
}

/* The first word of an error says what it is. */
enum sharedlog_fault
redis_fault(const char *text)
{
	static const struct {
		const char *word;
		enum sharedlog_fault fault;
	} words[] = {
		{ "BUSY", SHAREDLOG_BUSY },
		{ "LOADING", SHAREDLOG_LOADING },
		{ "MASTERDOWN", SHAREDLOG_REPLICA },
		{ "MISCONF", SHAREDLOG_DISK },
		{ "NOAUTH", SHAREDLOG_DENIED },
		{ "NOPERM", SHAREDLOG_DENIED },
		{ "NOREPLICAS", SHAREDLOG_ALONE },
		{ "NOSCRIPT", SHAREDLOG_FORGOTTEN },
		{ "OOM", SHAREDLOG_FULL },
		{ "READONLY", SHAREDLOG_REPLICA },
		{ "UNBLOCKED", SHAREDLOG_REPLICA },
		{ "WRONGPASS", SHAREDLOG_DENIED },
	};
	size_t i, len;

	/* Of a script's error, some versions put theirs in front. */
	for (i = 0; i < NITEMS(words); i++) {
		len = strlen(words[i].word);
		if (strncmp(text, words[i].word, len) == 0 &&
		    !isalnum((unsigned char)text[len]))
			return words[i].fault;
	}
	for (i = 0; i < NITEMS(words); i++) {
		const char *at = strstr(text, words[i].word);

		if (at != NULL && at > text && at[-1] == '-')
			return words[i].fault;
	}
	return SHAREDLOG_ODD;
}

static const redisReply *
element(const redisReply *r, size_t i)
{
	return r != NULL && r->type == REDIS_REPLY_ARRAY && i < r->elements ?
	    r->element[i] :
	    NULL;
}

static bool
is_string(const redisReply *r)
{
	return r != NULL &&
	    (r->type == REDIS_REPLY_STRING || r->type == REDIS_REPLY_STATUS);
}

static bool
read_u64(const redisReply *r, uint64_t max, uint64_t *value)
{
	/* A NUL would end it early; then it is no number either. */
	return is_string(r) && strlen(r->str) == (size_t)r->len &&
	    parse_number(r->str, max, value) == 0;
}

/* "7-100", of len bytes. */
static bool
parse_id(const char *s, size_t len, uint64_t *number)
{
	char text[64], *dash;
	uint64_t epoch, low;

	if (len == 0 || len >= sizeof(text))
		return false;
	memcpy(text, s, len);
	text[len] = '\0';
	dash = strchr(text, '-');
	if (dash == NULL)
		return false;
	*dash = '\0';
	if (parse_number(text, ENGINE_EPOCH_MAX, &epoch) == -1 ||
	    parse_number(dash + 1, HISTORY_EPOCH - 1, &low) == -1)
		return false;
	*number = epoch * HISTORY_EPOCH + low;
	return true;
}

static bool
read_id(const redisReply *r, uint64_t *number)
{
	return is_string(r) && parse_id(r->str, (size_t)r->len, number);
}

static bool
read_origin(const redisReply *r, struct sharedlog_entry *e)
{
	char text[64], *colon;

	if (!is_string(r) || (size_t)r->len >= sizeof(text))
		return false;
	memcpy(text, r->str, (size_t)r->len);
	text[r->len] = '\0';
	colon = strchr(text, ':');
	if (colon == NULL)
		return false;
	*colon = '\0';
	return parse_number(text, UINT64_MAX, &e->node) == 0 &&
	    parse_number(colon + 1, UINT64_MAX, &e->counter) == 0 &&
	    e->node != 0 && e->counter != 0;
}

static bool
read_field(struct sharedlog_entry *e, const redisReply *name,
    const redisReply *value)
{
	uint64_t n;

	if (!is_string(name) || !is_string(value))
		return false;
	if (name->len != 1)
		return true; /* a later version's */
	switch (name->str[0]) {
	case 'o':
		return read_origin(value, e);
	case 'e':
		if (!read_u64(value, UINT32_MAX, &n))
			return false;
		e->era = (uint32_t)n;
		return true;
	case 'm':
		return read_id(value, &e->msgid);
	case 'k':
		e->key = value->str;
		e->key_len = (size_t)value->len;
		return e->key_len > 0 && e->key_len <= SHAREDLOG_KEY_MAX;
	case 'd':
		e->data = value->str;
		e->len = (size_t)value->len;
		return e->len <= SHAREDLOG_DATA_MAX;
	}
	return true;
}

/* [id, [field, value, ...]] */
static bool
read_entry(const redisReply *r, struct sharedlog_entry *e)
{
	const redisReply *fields = element(r, 1);
	size_t i;

	memset(e, 0, sizeof(*e));
	if (!read_id(element(r, 0), &e->number) || fields == NULL ||
	    fields->type != REDIS_REPLY_ARRAY || fields->elements % 2 != 0)
		return false;
	e->msgid = e->number;
	for (i = 0; i < fields->elements; i += 2)
		if (!read_field(e, fields->element[i], fields->element[i + 1]))
			return false;
	return e->node != 0 && e->number != 0 && e->msgid != 0 &&
	    (e->key != NULL || e->data != NULL);
}

void
redis_answer_fini(struct redis_answer *answer)
{
	free(answer->entries);
	answer->entries = NULL;
	answer->room = 0;
}

static void
make_room(struct redis_answer *answer, size_t count)
{
	if (count > answer->room) {
		answer->entries = xreallocarray(answer->entries, count,
		    sizeof(*answer->entries));
		answer->room = count;
	}
	answer->a.entries = answer->entries;
}

static bool
read_entries(struct redis_answer *answer, const redisReply *r)
{
	size_t i;

	if (r->type != REDIS_REPLY_ARRAY || r->elements > ENGINE_RANGE_MAX)
		return false;
	make_room(answer, r->elements);
	for (i = 0; i < r->elements; i++) {
		if (read_entry(r->element[i],
			&answer->entries[answer->a.entry_count]))
			answer->a.entry_count++;
		else
			answer->damaged++;
	}
	return true;
}

/* "7-100+value", or "7-100-" */
static bool
read_record(const redisReply *key, const redisReply *value,
    struct sharedlog_entry *e)
{
	size_t i = 0, len;

	memset(e, 0, sizeof(*e));
	if (!is_string(key) || !is_string(value) || key->len == 0 ||
	    (size_t)key->len > SHAREDLOG_KEY_MAX)
		return false;
	len = (size_t)value->len;
	while (i < len && isdigit((unsigned char)value->str[i]))
		i++;
	if (i < len && value->str[i] == '-')
		i++;
	while (i < len && isdigit((unsigned char)value->str[i]))
		i++;
	if (i == len || !parse_id(value->str, i, &e->msgid))
		return false;
	if (value->str[i] == '+') {
		e->data = value->str + i + 1;
		e->len = len - i - 1;
	} else if (value->str[i] != '-' || i + 1 != len) {
		return false;
	}
	e->number = e->msgid;
	e->key = key->str;
	e->key_len = (size_t)key->len;
	return true;
}

/* [OK, last, cursor, [key, value, ...]], as many as HSCAN thinks fit. */
static bool
read_records(struct redis_answer *answer, const redisReply *r)
{
	const redisReply *list = element(r, 3);
	size_t i;

	if (list == NULL || list->type != REDIS_REPLY_ARRAY ||
	    list->elements % 2 != 0 ||
	    !read_id(element(r, 1), &answer->a.number) ||
	    !read_u64(element(r, 2), UINT64_MAX, &answer->a.cursor))
		return false;
	make_room(answer, list->elements / 2);
	for (i = 0; i < list->elements; i += 2) {
		if (read_record(list->element[i], list->element[i + 1],
			&answer->entries[answer->a.entry_count]))
			answer->a.entry_count++;
		else
			answer->damaged++;
	}
	return true;
}

/* [OK, lapsed, [node, ...]] */
static bool
read_nodes(struct redis_answer *answer, const redisReply *r)
{
	const redisReply *list = element(r, 2);
	uint64_t lapsed;
	size_t i;

	if (list == NULL || list->type != REDIS_REPLY_ARRAY ||
	    list->elements > ENGINE_NODES_MAX ||
	    !read_u64(element(r, 1), 1, &lapsed))
		return false;
	answer->a.had_lapsed = lapsed == 1;
	for (i = 0; i < list->elements; i++)
		if (!read_u64(list->element[i], UINT64_MAX,
			&answer->nodes[answer->a.node_count++]))
			return false;
	return true;
}

static bool
read_status(const redisReply *r, enum engine_status *status)
{
	static const char *const words[ENGINE_STATUSES] = {
		[ENGINE_OK] = "OK",
		[ENGINE_FENCED] = "FENCED",
		[ENGINE_WAIT] = "WAIT",
		[ENGINE_LAPSED] = "LAPSED",
		[ENGINE_STALE] = "STALE",
		[ENGINE_TAKEN] = "TAKEN",
		[ENGINE_CONFLICT] = "CONFLICT",
		[ENGINE_DIVERGED] = "DIVERGED",
		[ENGINE_EXHAUSTED] = "EXHAUSTED",
	};
	size_t i;

	if (!is_string(r))
		return false;
	for (i = 0; i < ENGINE_STATUSES; i++)
		if (strcmp(r->str, words[i]) == 0) {
			*status = (enum engine_status)i;
			return true;
		}
	return false;
}

static bool
read_ok(struct redis_answer *answer, enum engine_verb verb, const redisReply *r)
{
	struct engine_answer *a = &answer->a;
	uint64_t era, wait;

	switch (verb) {
	case ENGINE_EPOCH:
		if (!read_u64(element(r, 1), ENGINE_EPOCH_MAX, &a->epoch) ||
		    !read_u64(element(r, 2), UINT32_MAX, &era) ||
		    !read_u64(element(r, 3), ENGINE_GRACE_MS, &wait) ||
		    a->epoch == 0)
			return false;
		a->era = (uint32_t)era;
		a->wait_ms = (int64_t)wait;
		return true;
	case ENGINE_APPEND:
		return read_id(element(r, 1), &a->number) && a->number != 0;
	case ENGINE_RECORDS:
		return read_records(answer, r);
	case ENGINE_RENEW:
		return read_nodes(answer, r);
	case ENGINE_CHECK:
	case ENGINE_CLAIM:
	case ENGINE_RELEASE:
	case ENGINE_RESIGN:
	case ENGINE_RANGE:
		break;
	}
	return true;
}

bool
redis_read(struct redis_answer *answer, enum engine_verb verb,
    const redisReply *r)
{
	struct engine_answer *a = &answer->a;
	uint64_t wait;

	memset(a, 0, sizeof(*a));
	answer->damaged = 0;
	a->nodes = answer->nodes;
	if (verb == ENGINE_RANGE)
		return read_entries(answer, r);
	if (!read_status(element(r, 0), &a->status))
		return false;
	switch (a->status) {
	case ENGINE_OK:
		return read_ok(answer, verb, r);
	case ENGINE_WAIT:
		if (!read_u64(element(r, 1), 10 * ENGINE_GRACE_MS, &wait))
			return false;
		a->wait_ms = (int64_t)wait;
		return true;
	case ENGINE_TAKEN:
		return read_u64(element(r, 1), UINT64_MAX, &a->number);
	case ENGINE_CONFLICT:
	case ENGINE_DIVERGED:
		return read_id(element(r, 1), &a->number);
	case ENGINE_FENCED:
	case ENGINE_LAPSED:
	case ENGINE_STALE:
	case ENGINE_EXHAUSTED:
	case ENGINE_STATUSES:
		break;
	}
	return true;
}

/* The log's name in a stream's, PREFIX:log:NAME; NULL: it is not one. */
static const char *
read_log_name(const redisReply *r, const char *prefix)
{
	static const char middle[] = ":log:";
	size_t len = strlen(prefix);

	if (!is_string(r) || strlen(r->str) != (size_t)r->len ||
	    strncmp(r->str, prefix, len) != 0 ||
	    strncmp(r->str + len, middle, sizeof(middle) - 1) != 0)
		return NULL;
	len += sizeof(middle) - 1;
	return r->str[len] == '\0' ? NULL : r->str + len;
}

/* [[stream, [entry, ...]], ...], or nil when none came in time. */
int
redis_read_tail(const redisReply *reply, const char *prefix, redis_entry *entry,
    void *arg)
{
	const redisReply *list;
	const char *log;
	size_t i, j;
	struct sharedlog_entry e;
	int damaged = 0;

	if (reply->type == REDIS_REPLY_NIL)
		return 0;
	if (reply->type != REDIS_REPLY_ARRAY)
		return -1;
	for (i = 0; i < reply->elements; i++) {
		log = read_log_name(element(reply->element[i], 0), prefix);
		list = element(reply->element[i], 1);
		if (log == NULL || list == NULL ||
		    list->type != REDIS_REPLY_ARRAY)
			return -1;
		for (j = 0; j < list->elements; j++) {
			if (!read_entry(list->element[j], &e)) {
				damaged++;
				if (e.number == 0)
					return -1;
				/* It is passed over, so it has to be told. */
				e.node = 0;
			}
			if (!entry(log, &e, arg))
				return damaged;
		}
	}
	return damaged;
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What is read: the tails of the logs that are followed, older entries, and
 * records. A log's tail is read only after the engine has said, in this epoch,
 * that what was read before is its own; else entries would be passed over in
 * silence that lie between the two.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "history/history.h"
#include "sharedlog/sharedlog-impl.h"

static struct sharedlog_log *
log_find(const struct sharedlog *sl, const char *name)
{
	struct sharedlog_log *log;

	LIST_FOREACH(log, &sl->logs, entry)
		if (strcmp(log->name, name) == 0)
			return log;
	return NULL;
}

static void
log_set_last(struct sharedlog_log *log, const struct sharedlog_entry *last)
{
	log->at = last == NULL ? 0 : last->number;
	log->at_node = last == NULL ? 0 : last->node;
	log->at_counter = last == NULL ? 0 : last->counter;
}

static void
log_check(struct sharedlog_log *log)
{
	struct engine_request what = {
		.verb = ENGINE_CHECK,
		.log = log->name,
		.entry = { .number = log->at,
		    .node = log->at_node,
		    .counter = log->at_counter },
	};

	log->check = xcalloc(1, sizeof(struct request));
	log->check->log = log;
	(void)sharedlog_send(log->sl, log->check, &what);
}

void
log_check_all(struct sharedlog *sl)
{
	struct sharedlog_log *log;

	LIST_FOREACH(log, &sl->logs, entry)
		log->is_joined = false;
}

void
log_send_all(struct sharedlog *sl)
{
	struct sharedlog_log *log;

	LIST_FOREACH(log, &sl->logs, entry)
		if (!log->is_joined && !log->is_diverged && log->check == NULL)
			log_check(log);
	sl->engine->ops->tail(sl->engine);
}

static void
log_checked(struct sharedlog *sl, struct sharedlog_log *log,
    const struct engine_answer *answer)
{
	log->check = NULL;
	if (answer->status == ENGINE_OK) {
		log->is_joined = true;
		sl->engine->ops->tail(sl->engine);
		sl->user->joined(log, sl->arg);
	} else if (answer->status == ENGINE_DIVERGED &&
	    answer->number < log->at) {
		log->is_diverged = true;
		sl->user->diverged(log, answer->number, sl->arg);
	} else {
		sharedlog_fail(sl, SHAREDLOG_ODD, "as to a log");
	}
}

/* Some records were read: asks for the next ones. */
static void
log_next_records(struct sharedlog *sl, const struct request *r, uint64_t cursor)
{
	struct engine_request what = {
		.verb = ENGINE_RECORDS,
		.log = r->what,
		.cursor = cursor,
	};
	struct request *next = xcalloc(1, sizeof(*next));

	next->read = r->read;
	next->arg = r->arg;
	next->what = xstrdup(r->what);
	next->last_change = r->last_change;
	next->is_next = true;
	(void)sharedlog_send(sl, next, &what);
}

void
log_answered(struct sharedlog *sl, struct request *r,
    const struct engine_answer *answer)
{
	bool is_more = r->verb == ENGINE_RECORDS && answer->cursor != 0;

	if (r->verb == ENGINE_CHECK) {
		if (r->log != NULL)
			log_checked(sl, r->log, answer);
		return;
	}
	if (r->verb == ENGINE_RECORDS && !r->is_next)
		r->last_change = answer->number;
	if (is_more)
		log_next_records(sl, r, answer->cursor);
	r->read(SHAREDLOG_FINE, answer->entries, answer->entry_count, is_more,
	    r->last_change, r->arg);
}

void
log_entry(struct sharedlog *sl, const char *name,
    const struct sharedlog_entry *entry)
{
	struct sharedlog_log *log = log_find(sl, name);

	/* It was asked for before the log was given up, or sought. */
	if (log == NULL || !log->is_joined || entry->number <= log->at)
		return;
	if (entry->node == 0) {
		log->at = entry->number;
		sl->counts.damaged++;
		return;
	}
	/* Others have found out first; what is before it may not be ours. */
	if (entry->number / HISTORY_EPOCH > sl->epoch ||
	    (entry->number / HISTORY_EPOCH == sl->epoch &&
		entry->era != sl->era)) {
		sharedlog_fail(sl, SHAREDLOG_FENCED, "");
		return;
	}
	log_set_last(log, entry);
	sl->user->entry(log, entry, sl->arg);
	pending_read(sl, name, entry);
}

size_t
log_positions(struct sharedlog *sl, const struct engine_position **list)
{
	const struct sharedlog_log *log;
	size_t count = 0;

	LIST_FOREACH(log, &sl->logs, entry) {
		if (!log->is_joined)
			continue;
		if (count == sl->position_room) {
			sl->position_room = count == 0 ? 16 : count * 2;
			sl->positions = xreallocarray(sl->positions,
			    sl->position_room, sizeof(*sl->positions));
		}
		sl->positions[count].log = log->name;
		sl->positions[count++].number = log->at;
	}
	*list = sl->positions;
	return count;
}

struct sharedlog_log *
sharedlog_follow(struct sharedlog *sl, const char *name,
    const struct sharedlog_entry *last, void *owner)
{
	size_t size = strlen(name) + 1;
	struct sharedlog_log *log = xcalloc(1, sizeof(*log) + size);

	assert(size > 1 && size - 1 <= SHAREDLOG_NAME_MAX &&
	    log_find(sl, name) == NULL);
	memcpy(log->name, name, size);
	log->sl = sl;
	log->owner = owner;
	log_set_last(log, last);
	LIST_INSERT_HEAD(&sl->logs, log, entry);
	if (sl->fault == SHAREDLOG_FINE)
		log_check(log);
	return log;
}

void
sharedlog_unfollow(struct sharedlog_log *log)
{
	struct sharedlog *sl = log->sl;
	struct pending *p;

	TAILQ_FOREACH(p, &sl->repairs, entry)
		if (p->log == log)
			p->log = NULL;
	TAILQ_FOREACH(p, &sl->appends, entry)
		if (p->log == log)
			p->log = NULL;
	if (log->check != NULL)
		log->check->log = NULL;
	LIST_REMOVE(log, entry);
	if (log->is_joined && sl->is_connected)
		sl->engine->ops->tail(sl->engine);
	free(log);
}

void *
sharedlog_owner(const struct sharedlog_log *log)
{
	return log->owner;
}

void
sharedlog_seek(struct sharedlog_log *log, const struct sharedlog_entry *last)
{
	assert(log->is_diverged && (last == NULL || last->number < log->at));
	log_set_last(log, last);
	log->is_diverged = false;
	if (log->sl->fault == SHAREDLOG_FINE)
		log_check(log);
}

static struct request *
log_read_request(sharedlog_read *read, void *arg)
{
	struct request *r = xcalloc(1, sizeof(*r));

	r->read = read;
	r->arg = arg;
	return r;
}

int
sharedlog_range(struct sharedlog_log *log, uint64_t after, uint64_t to,
    unsigned max, sharedlog_read *read, void *arg)
{
	struct engine_request what = {
		.verb = ENGINE_RANGE,
		.log = log->name,
		.entry = { .number = after },
		.to = to,
		.max = max < ENGINE_RANGE_MAX ? max : ENGINE_RANGE_MAX,
	};

	assert(max > 0);
	if (log->sl->fault != SHAREDLOG_FINE)
		return -1;
	(void)sharedlog_send(log->sl, log_read_request(read, arg), &what);
	return 0;
}

int
sharedlog_records(struct sharedlog_log *log, sharedlog_read *read, void *arg)
{
	struct engine_request what = { .verb = ENGINE_RECORDS,
		.log = log->name };
	struct request *r;

	if (log->sl->fault != SHAREDLOG_FINE)
		return -1;
	r = log_read_request(read, arg);
	r->what = xstrdup(log->name);
	(void)sharedlog_send(log->sl, r, &what);
	return 0;
}

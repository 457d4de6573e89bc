/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Redis as an engine. hiredis formats commands and reads replies; the two
 * connections are our own, so that they fit into the loop and a fault of either
 * one ends both. Decided against: hiredis' own connections (their callbacks are
 * not timed, and a request would have an allocation for each), and one
 * connection for both (XREAD BLOCK lets nothing else through).
 *
 * The tail waits for TAIL_BLOCK_MS at most, so a Redis that is stopped is found.
 * If a log is followed meanwhile, CLIENT UNBLOCK ends the wait. Before the first
 * wait it is asked whether the tail's Redis is the one of the requests: with a
 * proxy in between, it may be an older one.
 */
#include "config.h"

#include <sys/un.h>

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>

#include "base/log.h"
#include "net/callback.h"
#include "sharedlog/redis-impl.h"
#include "sharedlog/sharedlog.h"

#define TAIL_BLOCK_MS 2000
#define WATCH_MS 1000
#define VERB_UNBLOCK (-1) /* in the queue of verbs */

struct redis_conn {
	struct redis *redis;
	struct bufferevent *bev; /* NULL: there is none */
	redisReader *reader;
	unsigned setup; /* replies to what comes first that are missing */
	bool was_answered;
};

/* What the tail's connection waits for. */
enum redis_tail {
	TAIL_IDLE,
	TAIL_WHERE, /* whether it is the same Redis */
	TAIL_ENTRIES
};

struct redis {
	struct engine engine;
	struct event_base *base;
	struct clock *clock;
	struct event *watch;
	struct event *failed; /* made active: a connect has failed at once */
	int failed_errno;
	char *path, *user, *password, *prefix;
	char database[24];
	struct sockaddr_storage address;
	socklen_t address_len;
	struct redis_writer writer;
	struct redis_conn request, tail;
	uint64_t generation; /* of the connections */
	int64_t began_ms;
	uint64_t epoch; /* as answered to ENGINE_EPOCH */
	uint32_t era;
	int *verbs; /* without an answer, from verb_first on */
	size_t verb_first, verb_end, verb_room;
	enum redis_tail tail_state;
	bool is_tail_wanted;
	bool is_tail_same; /* TAIL_WHERE has said so */
	bool is_tail_stale; /* there is more to wait for */
	bool is_unblocking;
	int64_t tail_ms; /* when the tail's wait began */
	long long tail_id; /* CLIENT ID */
	struct buf out;
	struct log_limit damaged_limit;
	struct redis_answer answer;
};

static struct redis *
redis_of(struct engine *engine)
{
	return CONTAINER_OF(engine, struct redis, engine);
}

static void
redis_lose(struct redis *redis, enum sharedlog_fault fault, const char *detail)
{
	redis->engine.user->lost(fault, detail, redis->engine.arg);
}

/* ---------------------------------------------------------------- requests */

static void
verb_push(struct redis *redis, int verb)
{
	if (redis->verb_first == redis->verb_end)
		redis->verb_first = redis->verb_end = 0;
	if (redis->verb_end == redis->verb_room && redis->verb_first > 0) {
		redis->verb_end -= redis->verb_first;
		memmove(redis->verbs, redis->verbs + redis->verb_first,
		    redis->verb_end * sizeof(*redis->verbs));
		redis->verb_first = 0;
	}
	if (redis->verb_end == redis->verb_room) {
		redis->verb_room += 64;
		redis->verbs = xreallocarray(redis->verbs, redis->verb_room,
		    sizeof(*redis->verbs));
	}
	redis->verbs[redis->verb_end++] = verb;
}

/* Sends what is in out. */
static void
conn_flush(struct redis_conn *c)
{
	struct buf *out = &c->redis->out;

	if (bufferevent_write(c->bev, out->data, out->len) == -1)
		abort(); /* out of memory, as xmalloc() */
	buf_reset(out);
}

static void
redis_send(struct engine *engine, const struct engine_request *r)
{
	struct redis *redis = redis_of(engine);

	assert(redis->request.bev != NULL);
	redis_write(&redis->out, &redis->writer, r);
	conn_flush(&redis->request);
	verb_push(redis, (int)r->verb);
}

/* -------------------------------------------------------------------- the tail */

static void
tail_unblock(struct redis *redis)
{
	char id[24];
	const char *words[] = { "CLIENT", "UNBLOCK", id, NULL };

	(void)snprintf(id, sizeof(id), "%lld", redis->tail_id);
	redis_write_words(&redis->out, words);
	conn_flush(&redis->request);
	verb_push(redis, VERB_UNBLOCK);
	redis->is_unblocking = true;
}

static void
tail_wait(struct redis *redis)
{
	const struct engine_position *list;
	size_t count;

	redis->is_tail_stale = false;
	count = redis->engine.user->positions(&list, redis->engine.arg);
	if (count == 0)
		return;
	redis_write_tail(&redis->out, &redis->writer, list, count,
	    TAIL_BLOCK_MS);
	conn_flush(&redis->tail);
	redis->tail_state = TAIL_ENTRIES;
	redis->tail_ms = redis->clock->mono_ms;
}

/* Does what the tail has to do next. */
static void
tail_go(struct redis *redis)
{
	struct redis_conn *c = &redis->tail;

	if (!redis->is_tail_wanted || c->bev == NULL || c->setup > 0)
		return;
	if (redis->tail_state == TAIL_ENTRIES) {
		redis->is_tail_stale = true;
		if (!redis->is_unblocking)
			tail_unblock(redis);
	} else if (redis->tail_state == TAIL_IDLE && redis->is_tail_same) {
		tail_wait(redis);
	} else if (redis->tail_state == TAIL_IDLE) {
		redis_write_where(&redis->out, &redis->writer);
		conn_flush(c);
		redis->tail_state = TAIL_WHERE;
		redis->tail_ms = redis->clock->mono_ms;
	}
}

static void
redis_tail_(struct engine *engine)
{
	struct redis *redis = redis_of(engine);

	redis->is_tail_wanted = true;
	tail_go(redis);
}

struct tail_reading {
	struct redis *redis;
	uint64_t generation;
};

static bool
tail_entry(const char *log, const struct sharedlog_entry *entry, void *arg)
{
	struct tail_reading *reading = arg;
	struct redis *redis = reading->redis;

	redis->engine.user->entry(log, entry, redis->engine.arg);
	return redis->generation == reading->generation;
}

static void
tell_damaged(struct redis *redis, unsigned damaged)
{
	if (damaged > 0)
		log_limited(&redis->damaged_limit, redis->clock->mono_ms,
		    LOG_LEVEL_WARNING,
		    "shared log: entries make no sense, left out count=%u",
		    damaged);
}

/* Is the tail's Redis that of the requests? */
static bool
tail_is_same(const struct redis *redis, const redisReply *reply)
{
	char epoch[24], era[24];

	(void)snprintf(epoch, sizeof(epoch), "%" PRIu64, redis->epoch);
	(void)snprintf(era, sizeof(era), "%" PRIu32, redis->era);
	return reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 &&
	    reply->element[1]->type == REDIS_REPLY_STRING &&
	    reply->element[2]->type == REDIS_REPLY_STRING &&
	    strcmp(reply->element[1]->str, epoch) == 0 &&
	    strcmp(reply->element[2]->str, era) == 0;
}

static void
tail_reply(struct redis *redis, const redisReply *reply)
{
	struct tail_reading reading = { redis, redis->generation };
	enum redis_tail state = redis->tail_state;
	int damaged;

	if (state == TAIL_IDLE) {
		redis_lose(redis, SHAREDLOG_ODD, "a reply to nothing");
		return;
	}
	redis->tail_state = TAIL_IDLE;
	if (state == TAIL_WHERE) {
		redis->is_tail_same = tail_is_same(redis, reply);
		if (!redis->is_tail_same) {
			redis_lose(redis, SHAREDLOG_FENCED, "in the tail");
			return;
		}
	} else {
		damaged = redis_read_tail(reply, redis->prefix, tail_entry,
		    &reading);
		if (redis->generation != reading.generation)
			return;
		if (damaged == -1) {
			redis_lose(redis, SHAREDLOG_ODD, "as to the tail");
			return;
		}
		tell_damaged(redis, (unsigned)damaged);
	}
	if (redis->tail_state == TAIL_IDLE)
		tail_wait(redis);
}

/* ------------------------------------------------------------- the connections */

static void
unblock_reply(struct redis *redis, const redisReply *reply)
{
	redis->is_unblocking = false;
	/* It was on its way to wait: again, until it does not any more. */
	if (redis->is_tail_stale && redis->tail_state == TAIL_ENTRIES &&
	    reply->type == REDIS_REPLY_INTEGER && reply->integer == 0)
		tail_unblock(redis);
}

static void
request_reply(struct redis *redis, const redisReply *reply)
{
	struct redis_answer *answer = &redis->answer;
	int verb;

	if (redis->verb_first == redis->verb_end) {
		redis_lose(redis, SHAREDLOG_ODD, "a reply to nothing");
		return;
	}
	verb = redis->verbs[redis->verb_first++];
	if (verb == VERB_UNBLOCK) {
		unblock_reply(redis, reply);
		return;
	}
	if (!redis_read(answer, (enum engine_verb)verb, reply)) {
		redis_lose(redis, SHAREDLOG_ODD, "as to a request");
		return;
	}
	if (verb == ENGINE_EPOCH && answer->a.status == ENGINE_OK) {
		redis->epoch = answer->a.epoch;
		redis->era = answer->a.era;
	}
	tell_damaged(redis, answer->damaged);
	redis->engine.user->answered(&answer->a, redis->engine.arg);
}

/* The scripts come last on the one connection, the id on the other. */
static void
setup_reply(struct redis_conn *c, const redisReply *reply)
{
	struct redis *redis = c->redis;
	size_t left = --c->setup;

	if (c == &redis->tail) {
		if (left > 0)
			return;
		if (reply->type != REDIS_REPLY_INTEGER) {
			redis_lose(redis, SHAREDLOG_ODD, "as to CLIENT ID");
			return;
		}
		redis->tail_id = reply->integer;
		tail_go(redis);
		return;
	}
	if (left < REDIS_SCRIPTS) {
		if (reply->type != REDIS_REPLY_STRING ||
		    reply->len != REDIS_SHA_SIZE - 1) {
			redis_lose(redis, SHAREDLOG_ODD, "as to SCRIPT LOAD");
			return;
		}
		memcpy(redis->writer.sha[REDIS_SCRIPTS - 1 - left], reply->str,
		    REDIS_SHA_SIZE);
	}
	if (left == 0)
		redis->engine.user->connected(redis->engine.arg);
}

static void
conn_reply(struct redis_conn *c, const redisReply *reply)
{
	c->was_answered = true;
	if (reply->type == REDIS_REPLY_ERROR)
		redis_lose(c->redis, redis_fault(reply->str), reply->str);
	else if (c->setup > 0)
		setup_reply(c, reply);
	else if (c == &c->redis->tail)
		tail_reply(c->redis, reply);
	else
		request_reply(c->redis, reply);
}

/* Reads the replies that are whole. */
static void
conn_replies(struct redis_conn *c)
{
	struct redis *redis = c->redis;
	uint64_t generation = redis->generation;
	void *reply;

	while (redisReaderGetReply(c->reader, &reply) == REDIS_OK) {
		if (reply == NULL) {
			if (c->reader->len - c->reader->pos > REDIS_REPLY_MAX)
				redis_lose(redis, SHAREDLOG_ODD,
				    "a reply without end");
			return;
		}
		conn_reply(c, reply);
		freeReplyObject(reply);
		if (redis->generation != generation)
			return;
	}
	redis_lose(redis, SHAREDLOG_ODD, c->reader->errstr);
}

static void
conn_readable(struct redis_conn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	char bytes[16384];
	int n;

	while ((n = evbuffer_remove(in, bytes, sizeof(bytes))) > 0)
		if (redisReaderFeed(c->reader, bytes, (size_t)n) != REDIS_OK)
			break; /* the reader says why */
	conn_replies(c);
}

static void
conn_ended(struct redis_conn *c)
{
	redis_lose(c->redis,
	    c->was_answered ? SHAREDLOG_CUT : SHAREDLOG_UNREACHABLE, "");
}

BUFFER_CALLBACK(conn_readable, struct redis_conn, owner->redis->clock)
BUFFER_END_CALLBACK(conn_ended, struct redis_conn, owner->redis->clock)

static void
redis_failed(struct redis *redis)
{
	redis_lose(redis, SHAREDLOG_UNREACHABLE, strerror(redis->failed_errno));
}

static void
redis_watch(struct redis *redis)
{
	int64_t now = redis->clock->mono_ms;
	bool is_silent = false;

	if (redis->request.bev == NULL)
		return;
	if (redis->request.setup > 0 || redis->tail.setup > 0)
		is_silent = now - redis->began_ms > SHAREDLOG_SILENCE_MS;
	else if (redis->tail_state != TAIL_IDLE)
		is_silent = now - redis->tail_ms >
		    TAIL_BLOCK_MS + SHAREDLOG_SILENCE_MS;
	if (is_silent)
		redis_lose(redis, SHAREDLOG_SILENT, "");
}

CALLBACK(redis_failed, struct redis, owner->clock)
CALLBACK(redis_watch, struct redis, owner->clock)

static void
write_login(struct redis *redis, struct redis_conn *c)
{
	const char *named[] = { "AUTH", redis->user, redis->password, NULL };
	const char *plain[] = { "AUTH", redis->password, NULL };
	const char *select[] = { "SELECT", redis->database, NULL };

	c->setup = 0;
	if (redis->password != NULL) {
		redis_write_words(&redis->out,
		    redis->user == NULL ? plain : named);
		c->setup++;
	}
	if (strcmp(redis->database, "0") != 0) {
		redis_write_words(&redis->out, select);
		c->setup++;
	}
}

static void
write_scripts(struct redis *redis)
{
	size_t i;

	for (i = 0; i < REDIS_SCRIPTS; i++) {
		const char *words[] = { "SCRIPT", "LOAD",
			redis_script((enum redis_script)i), NULL };

		redis_write_words(&redis->out, words);
		redis->request.setup++;
	}
}

/* -1 with errno: it has failed at once. */
static int
conn_open(struct redis_conn *c)
{
	struct redis *redis = c->redis;
	int one = 1, saved;
	int fd = socket(redis->address.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)&redis->address,
		redis->address_len) == -1 &&
	    errno != EINPROGRESS) {
		saved = errno;
		(void)close(fd);
		errno = saved;
		return -1;
	}
	if (redis->path == NULL)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
		    sizeof(one));
	c->bev = bufferevent_socket_new(redis->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (c->bev == NULL)
		abort(); /* out of memory, as xmalloc() */
	c->reader = redis_reader_new();
	c->was_answered = false;
	bufferevent_setcb(c->bev, conn_readable_cb, NULL, conn_ended_cb, c);
	(void)bufferevent_enable(c->bev, EV_READ | EV_WRITE);
	return 0;
}

static void
conn_close(struct redis_conn *c)
{
	if (c->bev == NULL)
		return;
	bufferevent_free(c->bev);
	redisReaderFree(c->reader);
	c->bev = NULL;
	c->reader = NULL;
}

static void
redis_connect(struct engine *engine)
{
	struct redis *redis = redis_of(engine);
	const char *id[] = { "CLIENT", "ID", NULL };

	assert(redis->request.bev == NULL && redis->tail.bev == NULL);
	redis->began_ms = redis->clock->mono_ms;
	if (conn_open(&redis->request) == -1 || conn_open(&redis->tail) == -1) {
		redis->failed_errno = errno;
		event_active(redis->failed, 0, 0);
		return;
	}
	write_login(redis, &redis->request);
	write_scripts(redis);
	conn_flush(&redis->request);
	write_login(redis, &redis->tail);
	redis_write_words(&redis->out, id);
	redis->tail.setup++;
	conn_flush(&redis->tail);
}

static void
redis_disconnect(struct engine *engine)
{
	struct redis *redis = redis_of(engine);

	redis->generation++;
	(void)event_del(redis->failed);
	conn_close(&redis->request);
	conn_close(&redis->tail);
	redis->verb_first = redis->verb_end = 0;
	redis->tail_state = TAIL_IDLE;
	redis->is_tail_wanted = redis->is_tail_same = false;
	redis->is_tail_stale = redis->is_unblocking = false;
	redis->tail.setup = redis->request.setup = 0;
}

static void
redis_free(struct engine *engine)
{
	struct redis *redis = redis_of(engine);

	/* The last request, by which the node resigns, should get there. */
	if (redis->request.bev != NULL && redis->request.setup == 0)
		(void)evbuffer_write(bufferevent_get_output(redis->request.bev),
		    bufferevent_getfd(redis->request.bev));
	redis_disconnect(engine);
	event_free(redis->failed);
	event_free(redis->watch);
	buf_fini(&redis->out);
	redis_answer_fini(&redis->answer);
	free(redis->verbs);
	free(redis->path);
	free(redis->user);
	if (redis->password != NULL)
		explicit_bzero(redis->password, strlen(redis->password));
	free(redis->password);
	free(redis->prefix);
	free(redis);
}

static const struct engine_ops redis_ops = {
	.connect = redis_connect,
	.disconnect = redis_disconnect,
	.send = redis_send,
	.tail = redis_tail_,
	.free = redis_free,
};

/* -1 with errno: it is no address. */
static int
redis_set_address(struct redis *redis, const struct redis_place *place)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&redis->address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)v4;
	struct sockaddr_un *un = (struct sockaddr_un *)(void *)v4;

	if (place->path != NULL) {
		if (strlen(place->path) >= sizeof(un->sun_path)) {
			errno = ENAMETOOLONG;
			return -1;
		}
		un->sun_family = AF_UNIX;
		memcpy(un->sun_path, place->path, strlen(place->path) + 1);
		redis->address_len = sizeof(*un);
	} else if (inet_pton(AF_INET, place->host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(place->port);
		redis->address_len = sizeof(*v4);
	} else if (inet_pton(AF_INET6, place->host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(place->port);
		redis->address_len = sizeof(*v6);
	} else {
		errno = EINVAL;
		return -1;
	}
	return 0;
}

static char *
copy_or_null(const char *s)
{
	return s == NULL ? NULL : xstrdup(s);
}

struct engine *
redis_new(struct event_base *base, struct clock *clock,
    const struct redis_place *place)
{
	static const struct timeval watch = { WATCH_MS / 1000, 0 };
	struct redis *redis = xcalloc(1, sizeof(*redis));

	if (redis_set_address(redis, place) == -1) {
		free(redis);
		return NULL;
	}
	redis->engine.ops = &redis_ops;
	redis->base = base;
	redis->clock = clock;
	redis->path = copy_or_null(place->path);
	redis->user = copy_or_null(place->user);
	redis->password = copy_or_null(place->password);
	redis->prefix = xstrdup(place->prefix);
	(void)snprintf(redis->database, sizeof(redis->database), "%u",
	    place->database);
	redis->writer.prefix = redis->prefix;
	redis->writer.log_entries = place->log_entries;
	redis->request.redis = redis->tail.redis = redis;
	redis->watch = event_new(base, -1, EV_PERSIST, redis_watch_cb, redis);
	redis->failed = event_new(base, -1, 0, redis_failed_cb, redis);
	if (redis->watch == NULL || redis->failed == NULL ||
	    event_add(redis->watch, &watch) == -1)
		abort(); /* out of memory, as xmalloc() */
	return &redis->engine;
}

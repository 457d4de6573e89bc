/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The people of the test of upgrades: what they say, and what they have to see.
 */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit/unit.h"
#include "upgrade.h"

#define PADDING 499 /* bytes in a line */
#define LOG_END 2000 /* bytes */

static struct buf pongs; /* that are due */
static char padding[PADDING + 1];

/* Coming */

static void
send_now(struct person *p, const void *data, size_t len)
{
	ck_assert_int_eq(p->tls != NULL ? tls_client_send(p->tls, data, len) :
					  write(p->fd, data, len),
	    (ssize_t)len);
}

/* An answer to a ping waits until the message that was begun is whole. */
static void
send_bytes(struct person *p, const void *data, size_t len)
{
	if (p->half.len > 0)
		buf_add(&p->later, data, len);
	else
		send_now(p, data, len);
}

void
person_type(struct person *p, const void *data, size_t len)
{
	struct buf frames = BUF_INITIALIZER;

	if (p->ws == NULL) {
		send_bytes(p, data, len);
		return;
	}
	ws_client_add_lines(p->ws, &frames, data, len);
	if (frames.len > 0)
		send_bytes(p, frames.data, frames.len);
	buf_fini(&frames);
}

static bool
person_is_json(const struct person *p)
{
	return p->speech == JSON || p->speech == WS_JSON;
}

/* Who they are, unless they are guests, who leave nothing behind. */
static void
introduce(struct person *p)
{
	size_t i = (size_t)(p - world.people);
	struct buf hello = BUF_INITIALIZER;

	if (p->twin != NULL)
		buf_addf(&hello, "/login p%zu %s\n",
		    (size_t)(p->twin - world.people), p->twin->token);
	else if (p->speech == WS_IRC)
		buf_addf(&hello, "NICK p%zu\nUSER u 0 * :u\nJOIN #lobby\n", i);
	else if (world.has_state && person_is_json(p))
		buf_addf(&hello, "{\"nick\":\"p%zu\"}\n", i);
	else if (world.has_state && p->token[0] != '\0')
		buf_addf(&hello, "/login p%zu %s\n", i, p->token);
	else if (world.has_state)
		buf_addf(&hello, "/nick p%zu\n", i);
	if (person_is_json(p))
		buf_addstr(&hello, "{\"join\":\"lobby\"}\n");
	else if (p->has_account && p->token[0] == '\0')
		buf_addstr(&hello, "/register\ncorrect horse\n");
	if (hello.len > 0)
		person_type(p, hello.data, hello.len);
	buf_fini(&hello);
}

int
people_call(bool is_second, int rcvbuf)
{
	struct daemon at = world.d;
	int fd;

	if (is_second)
		at.port_ipv4 = world.d.port_second;
	fd = client_connect(&at, false, rcvbuf);
	ck_assert_int_ne(fd, -1);
	return fd;
}

static void
begin_websocket(struct person *p)
{
	struct buf request = BUF_INITIALIZER;

	p->ws = ws_client_new(p->speech == WS_JSON ? "brb.json" :
						     "text.ircv3.net",
	    &request);
	ws_client_answer(p->ws, &pongs);
	send_bytes(p, request.data, request.len);
	buf_fini(&request);
}

void
person_enter(struct person *p)
{
	p->fd = people_call(p->speech != PLAIN ||
		p->is_secure != world.is_all_secure,
	    p->role == SLOW ? 2048 : 0);
	if (p->is_secure) {
		/* Hands are shaken at once. */
		ck_assert_int_eq(fcntl(p->fd, F_SETFL, 0), 0);
		p->tls = tls_client_new(p->fd, TLS_CLIENT_PLAIN);
		ck_assert_int_eq(fcntl(p->fd, F_SETFL, O_NONBLOCK), 0);
	}
	if (p->speech == WS_JSON || p->speech == WS_IRC)
		begin_websocket(p);
	introduce(p);
}

void
person_leave(struct person *p)
{
	tls_client_free(p->tls);
	p->tls = NULL;
	ws_client_free(p->ws);
	p->ws = NULL;
	(void)close(p->fd);
	p->fd = -1;
	buf_fini(&p->raw);
	buf_fini(&p->in);
	buf_fini(&p->half);
	buf_fini(&p->later);
}

/* Breaks, and halves of what is said */

void
person_brb(struct person *p)
{
	if (person_is_json(p))
		TYPE(p, "{\"brb\":true}\n");
	else
		TYPE(p, "/brb\n");
}

void
person_back(struct person *p)
{
	if (person_is_json(p))
		TYPE(p, "{\"back\":true}\n");
	else
		TYPE(p, "/back\n");
}

/* In one frame or two, of which as much is sent as it takes to have it end
 * elsewhere each time; by TLS, sometimes in half a record. */
void
person_say_half(struct person *p, const char *text, unsigned round)
{
	char *message = xasprintf(p->speech == WS_JSON ? "{\"say\":\"%s\"}" :
							 "PRIVMSG #lobby :%s",
	    text);
	size_t len = strlen(message), cut;

	if (round % 3 == 1)
		ws_client_add_fragments(&p->half, message, len, len / 2);
	else
		ws_client_add_text(&p->half, message, len);
	free(message);
	if (p->tls != NULL && round % 2 == 1) {
		tls_client_limit(p->tls, CUT);
		ck_assert_int_eq(tls_client_send(p->tls, p->half.data,
				     p->half.len),
		    -1);
		return;
	}
	cut = 1 + 3 * round % (p->half.len - 1);
	send_now(p, p->half.data, cut);
	p->half.len -= cut;
	memmove(p->half.data, p->half.data + cut, p->half.len);
}

void
person_say_rest(struct person *p)
{
	if (p->tls != NULL)
		tls_client_limit(p->tls, SIZE_MAX);
	send_now(p, p->half.data, p->half.len);
	buf_reset(&p->half);
	if (p->later.len > 0)
		send_now(p, p->later.data, p->later.len);
	buf_reset(&p->later);
}

void
person_pong(struct person *p)
{
	struct buf frame = BUF_INITIALIZER;

	ws_client_add_frame(&frame, 0x8a, "", 0);
	send_bytes(p, frame.data, frame.len);
	buf_fini(&frame);
}

/* Seeing */

/* What the line says that was said, or NULL; the server writes its objects in
 * one way. */
static char *
see_json(struct person *p, char *line)
{
	char ack[64], *text = strstr(line, "\"text\":\""), *end;
	unsigned number;

	QUICK_ASSERT_MSG(strncmp(line, "{\"failed\"", 9) != 0 &&
		strncmp(line, "{\"event\":\"gap\"", 14) != 0,
	    "an error: %s", line);
	if (sscanf(line, "{\"event\":\"ask\",\"token\":\"%u\"", &number) == 1) {
		(void)snprintf(ack, sizeof(ack), "{\"ack\":\"%u\"}\n", number);
		person_type(p, ack, strlen(ack));
	}
	if (strncmp(line, "{\"event\":\"live\"", 15) == 0)
		p->is_live = true;
	if (strcmp(line, "{\"done\":\"brb\"}") == 0)
		p->is_away = true;
	if ((strncmp(line, "{\"event\":\"say\"", 14) != 0 &&
		strncmp(line, "{\"event\":\"msg\"", 14) != 0) ||
	    text == NULL)
		return NULL;
	text += strlen("\"text\":\"");
	if ((end = strchr(text, '"')) != NULL)
		*end = '\0';
	return text;
}

/* The same of a line of IRC. */
static char *
see_irc(struct person *p, char *line)
{
	char *text;

	QUICK_ASSERT_MSG(strncmp(line, "ERROR ", 6) != 0, "an error: %s", line);
	if (strncmp(line, "PING ", 5) == 0) {
		line[1] = 'O';
		person_type(p, line, strlen(line));
		TYPE(p, "\n");
	}
	if (strstr(line, " 366 ") != NULL)
		p->is_live = true;
	if ((text = strstr(line, " PRIVMSG #lobby :")) == NULL &&
	    (text = strstr(line, " PRIVMSG p")) == NULL)
		return NULL;
	text = strchr(text, ':') + 1;
	if (*text == '[' && strchr(text, ']') != NULL)
		text = strchr(text, ']') + 2; /* when it was said */
	/* What did not fit into the line before. */
	return text[strspn(text, "x")] == '\0' ? NULL : text;
}

/* Whose account is being made. */
static void
see_account(struct person *p, const char *line)
{
	if (strstr(line, " is yours: nobody else can have it") != NULL)
		person_type(p, "/account token\n", strlen("/account token\n"));
	else
		(void)sscanf(line, "-- token %79[^:]:", p->token);
}

static char *
see_plain(struct person *p, char *line)
{
	char *text;

	if (strcmp(line, "-- you are live") == 0)
		p->is_live = true;
	if (p->has_account && p->token[0] == '\0')
		see_account(p, line);
	if (strncmp(line, "-- see you", 10) == 0)
		p->is_away = true;
	QUICK_ASSERT_MSG(strncmp(line, "!! ", 3) != 0, "an error: %s", line);
	if (p->twin != NULL &&
	    strncmp(line, "-- you are logged in as ", 24) == 0)
		p->is_named = true;
	if (line[0] != '[' || strstr(line, " <you -> ") != NULL)
		return NULL;
	if ((text = strstr(line, " -> you> ")) != NULL)
		return text + strlen(" -> you> ");
	text = strstr(line, "> ");
	QUICK_ASSERT_MSG(text != NULL, "nobody said this: %s", line);
	return text + 2;
}

static void
see_text(struct person *p, const char *text)
{
	unsigned number, mid;
	long long stamp;

	if (sscanf(text, "t %u %lld ", &number, &stamp) == 2) {
		/* They may come again, and the speaker knows them all. */
		if (world.has_ended &&
		    (number < p->next || p == &world.people[SPEAKER]))
			return;
		QUICK_ASSERT_MSG(number == p->next, "%u came for %u", number,
		    p->next);
		QUICK_ASSERT_MSG(p->speech == WS_IRC ||
			strstr(text, padding) != NULL,
		    "number %u came garbled to %zu (%zu): ...%s", number,
		    (size_t)(p - world.people), strlen(text),
		    strlen(text) > 100 ? text + strlen(text) - 100 : text);
		p->next++;
		if (p == &world.people[LISTENER] &&
		    client_now_us() - stamp > world.longest_us)
			world.longest_us = client_now_us() - stamp;
	} else if (sscanf(text, "m %u %u", &mid, &number) == 2) {
		QUICK_ASSERT_MSG(mid < MIDS, "nobody said this: %s", text);
		if (world.has_ended &&
		    (p->role == MID_LINE || number <= p->mid[mid]))
			return;
		QUICK_ASSERT_MSG(number == p->mid[mid] + 1, "%u came for %u",
		    number, p->mid[mid] + 1);
		p->mid[mid]++;
	} else if (sscanf(text, "p %u", &number) == 1) {
		if (world.has_ended && number < p->next_private)
			return;
		QUICK_ASSERT_MSG(number == p->next_private,
		    "%u came in private for %u", number, p->next_private);
		p->next_private++;
	} else if (sscanf(text, "f %u", &number) == 1) {
		QUICK_ASSERT_MSG(number == p->next, "%u came for %u", number,
		    p->next);
		p->next++;
	} else
		ck_abort_msg("nobody said this: %s", text);
}

static void
see_line(void *arg, char *line)
{
	struct person *p = arg;
	char *text;

	QUICK_ASSERT_MSG(strstr(line, "no longer held") == NULL, "%s", line);
	text = person_is_json(p) ? see_json(p, line) :
	    p->speech == WS_IRC  ? see_irc(p, line) :
				   see_plain(p, line);
	if (text != NULL)
		see_text(p, text);
}

/* A telnet's answers stand between the lines. */
static void
take_answers(struct person *p, char *data, size_t *len)
{
	size_t i, queued = 0;

	for (i = 0; i < *len; i++)
		if ((unsigned char)data[i] == 0xff && i + 2 < *len) {
			/* DO TIMING-MARK asks what was read. */
			if (memcmp(data + i + 1, "\xfd\x06", 2) != 0) {
				QUICK_ASSERT_MSG((unsigned char)data[i + 1] ==
					0xfc,
				    "no WONT");
				p->answers++;
			}
			i += 2;
		} else
			data[queued++] = data[i];
	*len = queued;
}

const char *
people_log_end(void)
{
	const char *log = buf_cstr(&world.d.log);
	size_t len = strlen(log);

	return len > LOG_END ? log + len - LOG_END : log;
}

void
person_see(struct person *p)
{
	QUICK_ASSERT_MSG(client_receive_by(p->tls, p->fd,
			     p->ws != NULL ? &p->raw : &p->in),
	    "the connection of %zu ended: ...%s", (size_t)(p - world.people),
	    people_log_end());
	if (p->ws != NULL) {
		ws_client_take(p->ws, p->raw.data, p->raw.len, &p->in);
		buf_reset(&p->raw);
	}
	if (pongs.len > 0)
		send_bytes(p, pongs.data, pongs.len);
	buf_reset(&pongs);
	if (p->role == TELNET)
		take_answers(p, p->in.data, &p->in.len);
	client_take_lines(&p->in, see_line, p);
}

/* Reads what there is for all who read. */
void
people_look_around(int timeout_ms)
{
	static struct pollfd *pfds;
	size_t i;

	pfds = xreallocarray(pfds, world.people_count, sizeof(*pfds));
	for (i = 0; i < world.people_count; i++) {
		pfds[i].fd = world.people[i].is_idle ? -1 : world.people[i].fd;
		pfds[i].events = POLLIN;
	}
	(void)poll(pfds, world.people_count, timeout_ms);
	for (i = 0; i < world.people_count; i++)
		if (pfds[i].revents != 0)
			person_see(&world.people[i]);
	client_hear_daemon(&world.d);
	ck_assert_int_ne(world.d.log_fd, -1);
}

void
people_wait(bool (*done)(const struct person *))
{
	int64_t end_us = client_now_us() + world.patience_ms * 1000;
	size_t i, left;

	for (;;) {
		for (i = 0, left = 0; i < world.people_count; i++)
			left += !done(&world.people[i]);
		if (left == 0)
			return;
		for (i = 0; i < world.people_count && done(&world.people[i]);
		     i++)
			;
		ck_assert_msg(client_now_us() < end_us,
		    "%zu people still wait, the first is %zu, role %d, at %u "
		    "of %u: ...%s",
		    left, i, (int)world.people[i].role, world.people[i].next,
		    world.said, people_log_end());
		people_look_around(100);
	}
}

bool
person_is_live(const struct person *p)
{
	if (p->fd == -1)
		return true;
	if (p->twin != NULL)
		return p->is_named;
	return p->is_live && (!p->has_account || p->token[0] != '\0');
}

bool
person_is_where_wanted(const struct person *p)
{
	return p->is_away == (p->role == ON_BREAK);
}

/* Has p seen all? */
bool
person_is_done(const struct person *p)
{
	unsigned i;

	if (p == &world.people[FLOODER] || p->fd == -1)
		return true;
	if (p->next_private != (p->twin == NULL ? p : p->twin)->told + 1)
		return false;
	if (p == &world.people[WITNESS])
		return p->next == FLOOD + 1;
	/* Their own lines they do not see. */
	for (i = 0; i < world.mids && p->role != MID_LINE; i++)
		if (p->mid[i] != world.mids_said)
			return false;
	return p == &world.people[SPEAKER] || p->next == world.said + 1;
}

bool
person_is_done_or_away(const struct person *p)
{
	return p->is_away || person_is_done(p);
}

void
people_say(void)
{
	char line[1024];
	int len;

	memset(padding, 'x', PADDING);
	len = snprintf(line, sizeof(line), "t %u %lld %s\n", ++world.said,
	    (long long)client_now_us(), padding);
	person_type(&world.people[SPEAKER], line, (size_t)len);
}

/* Every so often, as the speaker may say 20 lines a second. */
void
people_say_at_times(void)
{
	static int64_t last_us;

	if (client_now_us() - last_us < 60000)
		return;
	last_us = client_now_us();
	people_say();
}

void
people_tell(void)
{
	char line[64];
	size_t i;
	int len;

	for (i = OTHERS; world.has_state && i < OTHERS + 2 * ROLES; i++) {
		len = snprintf(line, sizeof(line), "/msg p%zu p %u\n", i,
		    ++world.people[i].told);
		person_type(&world.people[SPEAKER], line, (size_t)len);
	}
}

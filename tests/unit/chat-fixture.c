/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * See chat-fixture.h. The dialects are terse, so that a test shows what it
 * expects.
 */
#include "config.h"

#include <sys/socket.h>

#include <netinet/in.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/handoff.h"
#include "base/tlv.h"
#include "chat-fixture.h"
#include "room/client.h"
#include "room/clients.h"
#include "room/cursor.h"
#include "room/deliver.h"
#include "room/directory.h"
#include "room/rename.h"
#include "room/publish.h"
#include "room/room.h"
#include "room/roommates.h"

static void
fake_render_names(struct buf *out, const char *what, const char *const *names,
    size_t count)
{
	size_t i;

	if (count == 0)
		return;
	buf_addstr(out, what);
	for (i = 0; i < count && i < PRESENCE_NAMES; i++)
		buf_addf(out, " %s", names[i]);
	if (count > PRESENCE_NAMES)
		buf_addf(out, " +%zu", count - PRESENCE_NAMES);
}

static void
fake_render_text(struct buf *out, const struct event *e)
{
	if (e->text_len > 0)
		buf_addf(out, " (%.*s)", (int)e->text_len, e->text);
}

static const char *
fake_author(const struct event *e)
{
	return e->is_own ? "you" : e->nick;
}

static void
fake_render(const struct dialect *dialect, struct buf *out,
    const struct event *e)
{
	static const char *const live[] = { "live", "live after past",
		"live after catchup" };
	size_t i;

	(void)dialect;
	switch (e->kind) {
	case EVENT_SAY:
		buf_addf(out, "%llu %s: %.*s", (unsigned long long)e->number,
		    fake_author(e), (int)e->text_len, e->text);
		break;
	case EVENT_ME:
		buf_addf(out, "%llu * %s %.*s", (unsigned long long)e->number,
		    fake_author(e), (int)e->text_len, e->text);
		break;
	case EVENT_NOTICE:
		buf_addf(out, "%llu notice %s: %.*s",
		    (unsigned long long)e->number, e->nick, (int)e->text_len,
		    e->text);
		break;
	case EVENT_TOPIC:
		buf_addf(out, "%llu topic by %s", (unsigned long long)e->number,
		    e->nick);
		fake_render_text(out, e);
		break;
	case EVENT_PRESENCE:
		fake_render_names(out, "came", e->presence->came,
		    e->presence->came_count);
		if (e->presence->came_count && e->presence->left_count)
			buf_addstr(out, "; ");
		fake_render_names(out, "left", e->presence->left,
		    e->presence->left_count);
		break;
	case EVENT_LEFT:
		buf_addf(out, "left %s", e->nick);
		fake_render_text(out, e);
		break;
	case EVENT_WENT:
		buf_addf(out, "went %s %s", e->nick, e->other);
		break;
	case EVENT_NICK:
		buf_addf(out, "nick %s %s", e->other, e->nick);
		break;
	case EVENT_BREAK:
		buf_addf(out, "break %s", e->nick);
		fake_render_text(out, e);
		break;
	case EVENT_BACK:
		buf_addf(out, "back %s %lld", e->nick,
		    (long long)e->duration_ms);
		fake_render_text(out, e);
		break;
	case EVENT_OPERATOR:
		buf_addf(out, "operator: %.*s", (int)e->text_len, e->text);
		break;
	case EVENT_KICK:
		buf_addf(out, "kick %s %s", e->nick == NULL ? "-" : e->nick,
		    e->other);
		fake_render_text(out, e);
		break;
	case EVENT_MODE:
		buf_addf(out, "mode %s %.*s", e->nick == NULL ? "-" : e->nick,
		    (int)e->text_len, e->text);
		break;
	case EVENT_PRIVATE:
		buf_addf(out, "private%s %s: %.*s",
		    e->is_notice ? " notice" : "", e->nick, (int)e->text_len,
		    e->text);
		break;
	case EVENT_SYNC_JOIN:
	case EVENT_SYNC_PART:
	case EVENT_CTCP:
	case EVENT_TAGS:
	case EVENT_INVITE:
	case EVENT_SYNC_QUIT:
	case EVENT_SYNC_RENAME:
	case EVENT_SYNC_AWAY:
	case EVENT_SYNC_SETNAME:
	case EVENT_SYNC_ACCOUNT:
		return;
	case EVENT_PRIVATE_SENT:
		buf_addf(out, "sent %s", e->other);
		break;
	case EVENT_QUEUED:
		buf_addf(out, "kept %llu%s", (unsigned long long)e->count,
		    e->is_repeat ? " repeated" : "");
		if (e->total > 0)
			buf_addf(out, " lost %llu",
			    (unsigned long long)e->total);
		break;
	case EVENT_WELCOME:
		buf_addf(out, "welcome %s %lld %llu", e->nick,
		    (long long)e->duration_ms, (unsigned long long)e->count);
		for (i = 0; i < e->tally->names; i++)
			buf_addf(out, " %s=%llu", e->tally->nick[i],
			    (unsigned long long)e->tally->count[i]);
		if (e->tally->others > 0)
			buf_addf(out, " others=%llu/%llu",
			    (unsigned long long)e->tally->others,
			    (unsigned long long)e->tally->others_count);
		if (e->mentions > 0)
			buf_addf(out, " mentions=%llu",
			    (unsigned long long)e->mentions);
		if (e->total > 0)
			buf_addf(out, " repeats=%llu",
			    (unsigned long long)e->total);
		if (e->seen > 0)
			buf_addf(out, " seen=%llu",
			    (unsigned long long)e->seen);
		break;
	case EVENT_REPEATS:
		buf_addf(out, "repeats %llu", (unsigned long long)e->count);
		break;
	case EVENT_NEW:
		buf_addf(out, "new");
		break;
	case EVENT_GAP:
		buf_addf(out, "gap %llu%s", (unsigned long long)e->count,
		    e->is_uncertain ? "+" : "");
		break;
	case EVENT_DATE:
		buf_addf(out, "date");
		break;
	case EVENT_PAST:
		buf_addf(out, "past %llu of %llu", (unsigned long long)e->count,
		    (unsigned long long)e->total);
		break;
	case EVENT_PAST_END:
		buf_addf(out, "end");
		break;
	case EVENT_LIVE:
		buf_addf(out, "%s", live[e->live]);
		break;
	case EVENT_WAITING:
		buf_addf(out, "waiting %s %llu", e->other,
		    (unsigned long long)e->count);
		if (e->total > e->count)
			buf_addf(out, " of %llu", (unsigned long long)e->total);
		break;
	case EVENT_UNREAD:
		buf_addf(out, "unread %s %llu", e->other,
		    (unsigned long long)e->count);
		break;
	case EVENT_READ:
		buf_addf(out, "read %s %llu",
		    e->room == NULL ? e->other : e->room,
		    (unsigned long long)e->number);
		break;
	}
	buf_addch(out, '\n');
}

static void
fake_render_other(const struct dialect *dialect, struct buf *out,
    const struct event *e)
{
	buf_addch(out, '~');
	fake_render(dialect, out, e);
}

/* As in IRC: what is for people to read is not told to a client. */
static void
fake_render_tracker(const struct dialect *dialect, struct buf *out,
    const struct event *e)
{
	(void)dialect;
	switch (e->kind) {
	case EVENT_SYNC_JOIN:
		buf_addf(out, "join %s", e->nick);
		break;
	case EVENT_SYNC_PART:
		buf_addf(out, "part %s", e->nick);
		fake_render_text(out, e);
		break;
	case EVENT_CTCP:
	case EVENT_TAGS:
		buf_addf(out, "tags %s %s", e->nick, e->tags);
		break;
	case EVENT_INVITE:
		buf_addf(out, "invite %s %s", e->nick, e->other);
		break;
	case EVENT_SYNC_QUIT:
		buf_addf(out, "quit %s", e->nick);
		fake_render_text(out, e);
		break;
	case EVENT_SYNC_RENAME:
		buf_addf(out, "rename %s %s", e->other, e->nick);
		break;
	case EVENT_SYNC_AWAY:
		buf_addf(out, "%s %s", e->text == NULL ? "here" : "away",
		    e->nick);
		fake_render_text(out, e);
		break;
	case EVENT_SYNC_SETNAME:
	case EVENT_SYNC_ACCOUNT:
		buf_addf(out, "setname %s", e->nick);
		fake_render_text(out, e);
		break;
	case EVENT_SAY:
	case EVENT_ME:
	case EVENT_NOTICE:
	case EVENT_TOPIC:
	case EVENT_OPERATOR:
	case EVENT_KICK:
	case EVENT_MODE:
	case EVENT_PRIVATE:
	case EVENT_PRIVATE_SENT:
	case EVENT_UNREAD:
	case EVENT_READ:
		fake_render(dialect, out, e);
		return;
	case EVENT_PRESENCE:
	case EVENT_LEFT:
	case EVENT_WENT:
	case EVENT_NICK:
	case EVENT_BREAK:
	case EVENT_BACK:
	case EVENT_QUEUED:
	case EVENT_WELCOME:
	case EVENT_REPEATS:
	case EVENT_NEW:
	case EVENT_GAP:
	case EVENT_DATE:
	case EVENT_PAST:
	case EVENT_PAST_END:
	case EVENT_LIVE:
	case EVENT_WAITING:
		return;
	}
	buf_addch(out, '\n');
}

static void
fake_render_tracker_other(const struct dialect *dialect, struct buf *out,
    const struct event *e)
{
	size_t before = out->len;

	buf_addch(out, '~');
	fake_render_tracker(dialect, out, e);
	if (out->len == before + 1)
		out->len = before;
}

struct chat_fixture fx;
struct fake ana, bob, cy;

const struct dialect fake_dialect = {
	.name = "fake",
	.render = fake_render,
};
const struct dialect fake_dialect_tracker = {
	.name = "tracker",
	.render = fake_render_tracker,
	.tracks_members = true,
};
const struct dialect fake_dialect_tracker_other = {
	.name = "tracker other",
	.render = fake_render_tracker_other,
	.tracks_members = true,
};
const struct dialect fake_dialect_other = {
	.name = "other",
	.render = fake_render_other,
};
const struct dialect fake_dialect_follower = {
	.name = "follower",
	.render = fake_render_tracker,
	.tracks_members = true,
	.follows = true,
};

static void
fixture_wake(void *arg)
{
	(void)arg;
}

void
fixture_init_options(struct chat_fixture *fixture)
{
	memset(fixture, 0, sizeof(*fixture));
	fixture->clock.mono_ms = 1000000;
	fixture->clock.wall_ms = 1780401600000; /* 2 June 2026, noon UTC */
	options_init(&fixture->options);
	fixture->options.announce_rate.count = 0;
	fixture->options.max_sessions = 1; /* check_clients.c has more */
	deadlines_init(&fixture->deadlines, NULL, NULL);
}

void
fixture_init(struct chat_fixture *fixture)
{
	chat_init(&fixture->chat, &fixture->clock, &fixture->options,
	    &fixture->deadlines, fixture_wake, fixture);
}

void
fixture_fini(struct chat_fixture *fixture)
{
	chat_fini(&fixture->chat);
	ck_assert_uint_eq(fixture->chat.queued_bytes, 0);
	ck_assert(RB_EMPTY(&fixture->chat.returning));
	ck_assert_int_eq(deadlines_next(&fixture->deadlines), -1);
	options_fini(&fixture->options);
}

void
fixture_settle(struct chat_fixture *fixture)
{
	int turns;

	for (turns = 0; publish_turn(&fixture->chat); turns++)
		ck_assert_int_lt(turns, 100000);
}

void
fixture_pass(struct chat_fixture *fixture, int64_t ms)
{
	int64_t end_ms = fixture->clock.mono_ms + ms, next_ms;

	while ((next_ms = deadlines_next(&fixture->deadlines)) != -1 &&
	    next_ms <= end_ms) {
		if (next_ms > fixture->clock.mono_ms) {
			fixture->clock.wall_ms += next_ms -
			    fixture->clock.mono_ms;
			fixture->clock.mono_ms = next_ms;
		}
		deadlines_run(&fixture->deadlines, fixture->clock.mono_ms);
		fixture_settle(fixture);
	}
	fixture->clock.wall_ms += end_ms - fixture->clock.mono_ms;
	fixture->clock.mono_ms = end_ms;
}

static int
fake_deliver(void *sink, const char *data, size_t len, uint64_t batch)
{
	struct fake *f = sink;

	(void)batch;
	ck_assert_uint_gt(len, 0);
	ck_assert_int_eq(data[len - 1], '\n');
	if (f->is_full)
		return -1;
	f->deliveries++;
	f->handed += len;
	if (f->on_deliver != NULL)
		f->on_deliver(f, data, len);
	else
		buf_add(&f->seen, data, len);
	return 0;
}

static uint64_t
fake_handed(const struct client *client)
{
	const struct fake *f = client->session;

	return f->handed;
}

static size_t
fake_unsent(const struct client *client)
{
	const struct fake *f = client->session;

	return f->unsent;
}

static void
fake_caught_up(struct cursor *c)
{
	struct fake *f = c->client->session;

	f->caught_up++;
	if (c->needs_names) {
		f->names++;
		if (f->on_names != NULL)
			f->on_names(f, c->ms);
	}
	(void)roommates_names_sent(c);
}

static void
fake_replaced(struct client *client)
{
	struct fake *f = client->session;

	f->was_replaced = true;
	f->m = NULL;
}

static void
fake_moved(struct client *client)
{
	struct fake *f = client->session;

	f->m = client->member;
	f->client = client;
}

static void
fake_event(struct client *client, const struct event *event)
{
	struct fake *f = client->session;

	fake_render_tracker(client->dialect, &f->seen, event);
}

static void
fake_joined(struct client *client, struct membership *ms)
{
	struct fake *f = client->session;

	room_attend(ms, client, ROOM_JOIN_CATCHUP);
	membership_cursor(ms, client)->is_following = true;
	buf_addf(&f->seen, "joined %s\n", ms->room->name);
}

static const struct client_ops fake_ops = {
	.deliver = fake_deliver,
	.handed = fake_handed,
	.unsent = fake_unsent,
	.caught_up = fake_caught_up,
	.replaced = fake_replaced,
	.moved = fake_moved,
	.joined = fake_joined,
	.event = fake_event,
};

void
fake_init_with(struct chat_fixture *fixture, struct fake *f, int host,
    const struct dialect *dialect)
{
	struct sockaddr_in sin;

	memset(f, 0, sizeof(*f));
	if (host < 0)
		f->credential = credential_from_uid((uid_t)-host);
	else {
		memset(&sin, 0, sizeof(sin));
		sin.sin_family = AF_INET;
		sin.sin_addr.s_addr = htonl(0xc0000200 + (uint32_t)host);
		f->credential =
		    credential_from_address((struct sockaddr *)&sin);
	}
	f->m = member_new(&fixture->chat, &f->credential, &fake_ops, f, f,
	    dialect);
	f->client = &f->m->client;
}

void
fake_init(struct chat_fixture *fixture, struct fake *f, int host)
{
	fake_init_with(fixture, f, host, &fake_dialect);
	(void)room_join(fixture->chat.lobby, f->m, ROOM_JOIN_CATCHUP);
}

void
fake_init_tracker(struct chat_fixture *fixture, struct fake *f, int host,
    const char *nick)
{
	int result;

	fake_init_with(fixture, f, host, &fake_dialect_tracker);
	result = fake_nick(f, nick);
	ck_assert(result == RENAME_DONE || result == RENAME_RETURNED);
}

void
fake_enter_tracker(struct chat_fixture *fixture, struct fake *f, int host,
    const char *nick)
{
	fake_init_tracker(fixture, f, host, nick);
	(void)room_join(fixture->chat.lobby, f->m, ROOM_JOIN_QUIET);
	fixture_settle(fixture);
	buf_reset(&f->seen);
}

void
fixture_setup_empty(void)
{
	memset(&ana, 0, sizeof(ana));
	memset(&bob, 0, sizeof(bob));
	memset(&cy, 0, sizeof(cy));
	fixture_init_options(&fx);
	fixture_init(&fx);
}

void
fixture_setup(void)
{
	fixture_setup_empty();
	fake_enter(&fx, &ana, 1, "ana");
	fake_enter(&fx, &bob, 2, "bob");
	(void)fake_saw(&fx, &ana);
}

void
fixture_teardown(void)
{
	fake_fini(&ana);
	fake_fini(&bob);
	fake_fini(&cy);
	fixture_fini(&fx);
}

struct membership *
fake_join(struct chat_fixture *fixture, struct fake *f, const char *name)
{
	return room_join(chat_get_room(&fixture->chat, name), f->m,
	    ROOM_JOIN_QUIET);
}

struct membership *
fake_in(struct chat_fixture *fixture, const struct fake *f, const char *name)
{
	struct membership *ms = member_in(f->m,
	    chat_get_room(&fixture->chat, name));

	ck_assert_ptr_nonnull(ms);
	return ms;
}

void
fake_enter(struct chat_fixture *fixture, struct fake *f, int host,
    const char *nick)
{
	fake_init(fixture, f, host);
	ck_assert_int_ne(fake_nick(f, nick), RENAME_REFUSED);
	ck_assert_str_eq(f->m->nick, nick);
	fixture_pass(fixture, fixture->options.presence_window);
	buf_reset(&f->seen);
}

void
fake_fini(struct fake *f)
{
	if (f->m != NULL)
		fake_quit(f, NULL);
	buf_fini(&f->seen);
}

void
fake_quit(struct fake *f, const char *text)
{
	struct member *m = f->m;

	f->m = NULL;
	if (client_has_others(f->client)) {
		member_pause(f->client, f->unsent);
		client_quit(f->client, text);
	} else
		member_depart(m, ROOM_LEAVE_QUIT, text);
}

static const struct dialect *
fixture_find_dialect(const char *name)
{
	static const struct dialect *const dialects[] = { &fake_dialect,
		&fake_dialect_other, &fake_dialect_tracker,
		&fake_dialect_tracker_other, &fake_dialect_follower };
	size_t i;

	for (i = 0; i < NITEMS(dialects); i++)
		if (strcmp(dialects[i]->name, name) == 0)
			return dialects[i];
	return NULL;
}

bool
fixture_hand_over(struct chat_fixture *fixture, struct chat_fixture *next,
    struct fake *people, size_t count)
{
	struct fields_out out = HANDOFF_OUT_INITIALIZER;
	struct buf blob = BUF_INITIALIZER;
	struct fields_in in;
	struct tlv item;
	size_t i;
	uint8_t *numbers = xcalloc(count + 1, sizeof(*numbers));
	bool is_good;

	fixture_settle(fixture);
	deliver_all(&fixture->chat);
	ck_assert_int_eq(chat_save(&fixture->chat, &out), 0);
	fixture_init_options(next);
	next->clock = fixture->clock;
	fixture_init(next);
	handoff_seal(&out, &blob);
	is_good = handoff_open(&in, blob.data, blob.len, HANDOFF_TAKE);
	ck_assert(is_good);
	for (i = 0; i < in.fd_count; i++) {
		in.fds[i] = dup(in.fds[i]); /* the other fixture has its own */
		ck_assert_int_ne(in.fds[i], -1);
	}
	for (i = 0; i < count; i++)
		numbers[i] = people[i].client->number;
	while (is_good && tlv_next(&in.items, &item))
		is_good = chat_load(&next->chat, &in, &item,
		    fixture_find_dialect);
	for (i = 0; is_good && i < count; i++) {
		struct fake *f = &people[i];

		memset(&f->seen, 0, sizeof(f->seen));
		f->m = directory_find(&next->chat.directory, f->m->nick);
		ck_assert_ptr_nonnull(f->m);
		member_attach(f->m, numbers[i], &fake_ops, f, f);
		f->client = member_client_of(f->m, f);
	}
	is_good = is_good && chat_load_end(&next->chat, &in);
	handoff_close_rest(&in);
	fields_in_fini(&in);
	fields_out_fini(&out);
	buf_fini(&blob);
	free(numbers);
	return is_good;
}

void
fake_lose(struct fake *f)
{
	struct member *m = f->m;

	f->m = NULL;
	if (client_has_others(f->client))
		client_lost(f->client, f->unsent);
	else
		member_lost(m, f->unsent);
}

void
fake_drain(struct fake *f)
{
	f->is_full = false;
	if (f->m != NULL)
		member_drained(f->client);
}

struct membership *
fake_here(const struct fake *f)
{
	struct membership *ms;

	SLIST_FOREACH(ms, &f->m->memberships, in_member)
		if (membership_cursor(ms, f->client) != NULL)
			return ms;
	return NULL;
}

void
fake_say(struct fake *f, const char *text)
{
	client_acts(f->client);
	fake_say_in(fake_here(f), text);
}

void
fake_speak(struct membership *ms, struct event *event)
{
	presence_show(&ms->room->presence, ms);
	room_publish(ms->room, event, ms);
}

void
fake_say_in(struct membership *ms, const char *text)
{
	struct event event = {
		.kind = EVENT_SAY,
		.text = text,
		.text_len = strlen(text),
	};

	fake_speak(ms, &event);
}

int
fake_tell(struct fake *to, struct fake *from, const char *text)
{
	return fake_tell_bytes(to->m, from, text, strlen(text));
}

int
fake_tell_bytes(struct member *to, struct fake *from, const char *text,
    size_t len)
{
	struct event event = {
		.kind = EVENT_PRIVATE,
		.text = text,
		.text_len = len,
	};

	return (int)member_tell(to, from->m, &event);
}

int
fake_nick(struct fake *f, const char *nick)
{
	const struct member *clash;
	enum rename result;

	client_acts(f->client);
	result = rename_member(f->m, nick, &clash);
	if (result == RENAME_JOINS)
		(void)client_move(f->client,
		    directory_find(&f->m->chat->directory, nick));
	return (int)result;
}

const char *
fake_saw(struct chat_fixture *fixture, struct fake *f)
{
	static struct buf last;

	fixture_settle(fixture);
	buf_reset(&last);
	buf_add(&last, f->seen.data, f->seen.len);
	buf_reset(&f->seen);
	return buf_cstr(&last);
}

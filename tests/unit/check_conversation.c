/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Conversations: who has which, what is new to whom, what is told to the state
 * layer and when, how many there may be, and when they go. A week passes by an
 * injected clock.
 */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "actions/actions.h"
#include "base/age.h"
#include "base/handoff.h"
#include "base/log.h"
#include "base/walk.h"
#include "chat-fixture.h"
#include "history/history-file.h"
#include "ring.h"
#include "room/client.h"
#include "room/conversation-impl.h"
#include "room/conversing.h"
#include "room/forget.h"
#include "room/person.h"
#include "room/publish.h"
#include "state/state.h"
#include "unit.h"

#define ALL (&fx.chat.conversations)
#define DAY_MS ((int64_t)86400000)

/* What is stored of them, as the state layer would: the last record of each. */
static struct ring_dir dir;
static unsigned changes, forgotten;
static uint64_t told_next; /* as of the last change */
static bool is_disk_full;

static char *
file_name(uint64_t id)
{
	return xasprintf("talk-%016llx.ring", (unsigned long long)id);
}

static int
file_open(struct history *h, uint64_t id, size_t size, void *arg)
{
	char error[HISTORY_FILE_ERROR_SIZE], *name = file_name(id);
	int result = -1;

	(void)arg;
	if (!is_disk_full)
		result = history_file_open_growing(h, dir.fd, name, size, error,
		    sizeof(error));
	free(name);
	return result;
}

static void
file_remove(uint64_t id, void *arg)
{
	char *name = file_name(id);

	(void)arg;
	ck_assert(unlinkat(dir.fd, name, 0) == 0 || is_disk_full);
	free(name);
}

static const struct conversation_files files = {
	.open = file_open,
	.remove = file_remove,
};

static void
note_change(const struct conversation *c, void *arg)
{
	(void)arg;
	changes++;
	told_next = c->next_number;
}

static void
note_forgotten(const struct conversation *c, void *arg)
{
	(void)c;
	(void)arg;
	forgotten++;
}

static const struct conversation_watch watch = {
	.changed = note_change,
	.forgotten = note_forgotten,
};

static void
setup(void)
{
	log_init(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	ring_dir_init(&dir);
	fixture_setup();
	ALL->watch = &watch;
	changes = forgotten = 0;
	is_disk_full = false;
}

static void
teardown(void)
{
	fixture_teardown();
	ring_dir_fini(&dir);
}

static enum msg
msg(struct fake *from, struct fake *to, const char *text)
{
	struct event event = {
		.kind = EVENT_PRIVATE, .text = text, .text_len = strlen(text)
	};

	return action_msg(from->m, to->m, &event, true);
}

static enum msg
msg_absent(struct fake *from, const char *nick, const char *text)
{
	struct event event = {
		.kind = EVENT_PRIVATE, .text = text, .text_len = strlen(text)
	};
	struct conversation_party to;

	return action_msg_absent(from->m, nick, &event, true, &to);
}

/* f's end of their conversation with nick. */
static struct conversation_end *
end_of(const struct fake *f, const char *nick)
{
	return conversing_named(&fx.chat, f->m, nick);
}

/* All that f is shown of it: "ana>one;<two". */
static const char *
read_all(const struct fake *f, const char *nick)
{
	static struct buf out;
	struct conversation_end *end = end_of(f, nick);
	struct history_cursor at;
	struct event event;
	struct history *h;

	buf_reset(&out);
	if (end == NULL)
		return "none";
	h = conversation_history(ALL, conversation_of_end(end));
	ck_assert_ptr_nonnull(h);
	at = history_oldest(h);
	while (history_read(h, &at, &event)) {
		if (event.kind == EVENT_GAP) {
			buf_addstr(&out, "gap;");
			continue;
		}
		ck_assert(conversation_event(end, &event));
		ck_assert_uint_ne(event.msgid, 0);
		buf_addf(&out, "%s%.*s;",
		    event.kind == EVENT_PRIVATE ? "<" : ">",
		    (int)event.text_len, event.text);
	}
	return buf_cstr(&out);
}

/* At the end of a turn. */
static uint64_t
news(const struct fake *f, const char *nick)
{
	struct conversation_end *end = end_of(f, nick);

	conversing_settle(ALL);
	return end == NULL ? 0 : conversation_new_count(end);
}

static uint64_t
untold(const struct fake *f, const struct conversation_end *end)
{
	return conversing_untold(ALL, member_client(f->m), end);
}

START_TEST(test_present)
{
	ck_assert_int_eq(msg(&ana, &bob, "one"), MSG_SENT);
	ck_assert_int_eq(msg(&bob, &ana, "two"), MSG_SENT);
	ck_assert_str_eq(read_all(&ana, "bob"), ">one;<two;");
	ck_assert_str_eq(read_all(&bob, "ANA"), "<one;>two;");
	ck_assert_uint_eq(news(&ana, "bob") + news(&bob, "ana"), 0);
	ck_assert_uint_eq(ALL->count, 1);
	/* Notes to oneself are one's own, and never new. */
	ck_assert_int_eq(msg(&ana, &ana, "note"), MSG_SENT);
	ck_assert_str_eq(read_all(&ana, "ana"), ">note;");
	ck_assert_uint_eq(news(&ana, "ana"), 0);
	ck_assert_uint_eq(ALL->count, 2);
	/* A guest is told and has nothing. */
	fake_init(&fx, &cy, 3);
	ck_assert_int_eq(msg(&cy, &ana, "psst"), MSG_SENT);
	ck_assert_int_eq(msg(&ana, &cy, "what"), MSG_SENT);
	ck_assert_int_eq(msg_absent(&cy, "zed", "x"), MSG_NOBODY);
	ck_assert_uint_eq(ALL->count, 2);
}
END_TEST

/* That they have it is written down after what waits for them is: a crash in
 * between has it be new. */
START_TEST(test_handed)
{
	struct conversation_end *end;

	ck_assert_int_eq(msg(&ana, &bob, "one"), MSG_SENT);
	ck_assert_int_eq(msg(&ana, &bob, "two"), MSG_SENT);
	end = end_of(&bob, "ana");
	ck_assert_uint_eq(untold(&bob, end), 0);
	ck_assert_uint_eq(conversation_new_count(end), 2);
	conversing_confirm(ALL);
	ck_assert_uint_eq(conversation_new_count(end), 2);
	(void)publish_turn(&fx.chat);
	ck_assert_uint_eq(conversation_new_count(end), 0);
	ck_assert(TAILQ_EMPTY(&ALL->shown));
	/* What is new before it stays so. */
	fake_fini(&bob);
	ck_assert_int_eq(msg_absent(&ana, "bob", "three"), MSG_KEPT);
	fake_init(&fx, &bob, 2);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	ck_assert_int_eq(msg(&ana, &bob, "four"), MSG_SENT);
	(void)publish_turn(&fx.chat);
	ck_assert_uint_eq(news(&bob, "ana"), 2);
}
END_TEST

START_TEST(test_absent)
{
	struct conversation_party own;

	fake_fini(&bob);
	ck_assert_int_eq(msg_absent(&ana, "zed", "x"), MSG_NOBODY);
	ck_assert_int_eq(msg_absent(&ana, "Bob", "one"), MSG_KEPT);
	ck_assert_int_eq(msg_absent(&ana, "bob", "two"), MSG_KEPT);
	/* The same nick from elsewhere. */
	fake_init(&fx, &cy, 3);
	ck_assert_int_eq(fake_nick(&cy, "bob"), RENAME_DONE);
	ck_assert(conversing_party(cy.m, &own));
	ck_assert_ptr_null(conversation_next(ALL, &own, NULL));
	ck_assert_str_eq(read_all(&cy, "ana"), "none");
	/* What is said to the nick now is said to who has it. */
	ck_assert_int_eq(msg(&ana, &cy, "who?"), MSG_SENT);
	ck_assert_str_eq(read_all(&cy, "ana"), "<who?;");
	ck_assert_uint_eq(ALL->count, 2);
	ck_assert_int_eq(fake_nick(&cy, "cy"), RENAME_DONE);
	ck_assert_str_eq(read_all(&cy, "ana"), "<who?;");

	fake_init(&fx, &bob, 2);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	ck_assert_uint_eq(news(&bob, "ana"), 2);
	ck_assert_str_eq(read_all(&bob, "ana"), "<one;<two;");
	/* Reading alone is nothing; having been shown it, and speaking, is. */
	ck_assert_uint_eq(news(&bob, "ana"), 2);
	ck_assert_int_eq(msg(&ana, &bob, "three"), MSG_SENT);
	ck_assert_uint_eq(news(&bob, "ana"), 3);
	ck_assert_int_eq(msg(&bob, &ana, "yes"), MSG_SENT);
	ck_assert_uint_eq(news(&bob, "ana"), 0);
}
END_TEST

/* What was shown is read once it has arrived. */
START_TEST(test_shown)
{
	struct conversation_end *end;
	uint64_t next;

	fake_fini(&bob);
	ck_assert_int_eq(msg_absent(&ana, "bob", "one"), MSG_KEPT);
	ck_assert_int_eq(msg_absent(&ana, "bob", "two"), MSG_KEPT);
	fake_init(&fx, &bob, 2);
	(void)fake_nick(&bob, "bob");
	end = end_of(&bob, "ana");
	next = conversation_of_end(end)->next_number;
	/* Not the first that is new: there is a gap before it. */
	bob.handed += 100;
	conversing_show(ALL, &bob.m->client, end, end->read + 1, next);
	conversing_confirm(ALL);
	ck_assert_uint_eq(news(&bob, "ana"), 2);
	conversing_show(ALL, &bob.m->client, end, end->read, next);
	bob.unsent = 1;
	conversing_confirm(ALL);
	ck_assert_uint_eq(news(&bob, "ana"), 2);
	fake_lose(&bob);
	fake_init(&fx, &bob, 2);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	ck_assert_uint_eq(news(&bob, "ana"), 2);
	end = end_of(&bob, "ana");
	bob.handed = 100;
	conversing_show(ALL, &bob.m->client, end, end->read, next);
	bob.unsent = 0;
	conversing_confirm(ALL);
	ck_assert_uint_eq(news(&bob, "ana"), 0);
}
END_TEST

/* With a nick of one's own, people stay who they are. */
START_TEST(test_renamed)
{
	ck_assert_int_eq(msg(&ana, &bob, "one"), MSG_SENT);
	ck_assert_int_eq(fake_nick(&bob, "rob"), RENAME_DONE);
	ck_assert_str_eq(read_all(&ana, "rob"), ">one;");
	ck_assert_str_eq(read_all(&bob, "ana"), "<one;");
	ck_assert_int_eq(msg(&bob, &ana, "two"), MSG_SENT);
	ck_assert_str_eq(read_all(&ana, "rob"), ">one;<two;");
	ck_assert_str_eq(read_all(&ana, "bob"), "none");
	ck_assert_uint_eq(ALL->count, 1);
	/* Two conversations with the same person stay two. */
	fake_init(&fx, &cy, 2);
	ck_assert_int_eq(fake_nick(&cy, "bob"), RENAME_DONE);
	ck_assert_int_eq(msg(&ana, &cy, "three"), MSG_SENT);
	fake_fini(&bob);
	ck_assert_int_eq(fake_nick(&cy, "rob"), RENAME_RETURNED);
	ck_assert_str_eq(read_all(&cy, "ana"), "<one;>two;");
	ck_assert_uint_eq(ALL->count, 2);
}
END_TEST

START_TEST(test_account)
{
	struct walk_budget few = walk_few(1);
	struct login_answer answer;
	struct account *a;
	uint64_t id;
	const struct registrant who = {
		.m = bob.m,
		.address = &bob.m->address,
		.nick = "bob",
	};

	ck_assert_int_eq(msg(&ana, &bob, "one"), MSG_SENT);
	ck_assert_int_eq(msg(&bob, &bob, "note"), MSG_SENT);
	ck_assert_int_eq(action_register(&fx.chat, &who, "hash", &answer),
	    LOGIN_DONE);
	a = member_account(bob.m);
	ck_assert_ptr_nonnull(a);
	id = a->id;
	ck_assert_str_eq(read_all(&bob, "ana"), "<one;");
	ck_assert_str_eq(read_all(&bob, "bob"), ">note;");
	fake_fini(&bob);
	/* It is theirs wherever they come from, and nobody else's. */
	ck_assert_int_eq(msg_absent(&ana, "bob", "two"), MSG_KEPT);
	fake_init(&fx, &cy, 9);
	ck_assert_int_eq(fake_nick(&cy, "carl"), RENAME_DONE);
	ck_assert_ptr_null(action_addressee(&fx.chat, "bob"));
	action_login(cy.m, a, NULL, &answer);
	ck_assert_ptr_eq(action_addressee(&fx.chat, "bob"), cy.m);
	ck_assert_str_eq(read_all(&cy, "ana"), "<one;<two;");
	ck_assert_uint_eq(news(&cy, "ana"), 1);
	fake_fini(&cy);
	/* And gone for both once it is forgotten. */
	while (!conversations_forget(ALL, id, &few))
		few = walk_few(1);
	ck_assert_uint_eq(ALL->count, 0);
	ck_assert_str_eq(read_all(&ana, "bob"), "none");
}
END_TEST

START_TEST(test_limits)
{
	char nick[NICK_SIZE];
	struct fake f;
	int i;

	fx.options.max_conversations = CONVERSATIONS_BEGUN_MAX + 1;
	for (i = 0; i <= CONVERSATIONS_BEGUN_MAX; i++) {
		fake_init(&fx, &f, 10 + i);
		(void)snprintf(nick, sizeof(nick), "away%c%c", 'a' + i / 26,
		    'a' + i % 26);
		ck_assert_int_eq(fake_nick(&f, nick), RENAME_DONE);
		fake_fini(&f);
		ck_assert_int_eq(msg_absent(&ana, nick, "x"),
		    i < CONVERSATIONS_BEGUN_MAX ? MSG_KEPT :
						  MSG_BEGUN_TOO_MANY);
	}
	/* Others begin theirs while there may be any. */
	ck_assert_int_eq(msg_absent(&bob, "awayaa", "x"), MSG_KEPT);
	ck_assert_int_eq(msg_absent(&bob, "awayab", "x"),
	    MSG_CONVERSATIONS_FULL);
	ck_assert_int_eq(msg_absent(&ana, "awayaa", "x"), MSG_KEPT);
	ck_assert_int_eq(msg(&ana, &bob, "live"), MSG_SENT);
	ck_assert_str_eq(read_all(&ana, "bob"), "none");
	ck_assert_uint_eq(ALL->count, CONVERSATIONS_BEGUN_MAX + 1);
}
END_TEST

/* Lets time pass, which counts in full, and does what falls due. */
static void
pass_days(int days)
{
	struct walk_budget many = walk_few(1000000);
	int64_t ms = days * DAY_MS;

	fx.clock.mono_ms += ms;
	fx.clock.wall_ms += ms;
	ck_assert(conversations_tidy(ALL, &many));
}

START_TEST(test_a_week)
{
	char text[32];
	int i;

	ALL->files = &files;
	fx.options.retention = 30 * DAY_MS;
	fake_fini(&bob);
	for (i = 1; i <= 7; i++) {
		(void)snprintf(text, sizeof(text), "day %d", i);
		ck_assert_int_eq(msg_absent(&ana, "bob", text), MSG_KEPT);
		pass_days(1);
		/* Nobody has it open in between. */
		ck_assert_uint_eq(ALL->open_count, 0);
	}
	fake_init(&fx, &bob, 2);
	(void)fake_nick(&bob, "bob");
	ck_assert_uint_eq(news(&bob, "ana"), 7);
	ck_assert_str_eq(read_all(&bob, "ana"),
	    "<day 1;<day 2;<day 3;<day 4;<day 5;<day 6;<day 7;");
	/* What is older than retention is not held, the rest is. */
	pass_days(26);
	ck_assert_str_eq(read_all(&bob, "ana"), "<day 4;<day 5;<day 6;<day 7;");
	pass_days(31);
	ck_assert_uint_eq(ALL->count, 0);
	ck_assert_uint_eq(forgotten, 1);
	ck_assert_str_eq(read_all(&bob, "ana"), "none");
}
END_TEST

/* The state layer knows of a message before it is there; what it does not know
 * is found in the ring. */
START_TEST(test_crash)
{
	struct conversation_end *end;
	struct conversation *c, old;

	ALL->files = &files;
	fake_fini(&bob);
	ck_assert_int_eq(msg_absent(&ana, "bob", "one"), MSG_KEPT);
	end = end_of(&ana, "bob");
	c = conversation_of_end(end);
	ck_assert_uint_eq(told_next, 2);
	old = *c;
	ck_assert_int_eq(msg_absent(&ana, "bob", "two"), MSG_KEPT);
	pass_days(1);
	ck_assert_ptr_null(c->ring);
	/* An older record, as the journal may have it after a power cut. */
	c->next_number = old.next_number;
	ck_assert_ptr_nonnull(conversation_history(ALL, c));
	ck_assert_uint_eq(c->next_number, 3);
	pass_days(1);
	/* And a newer one: what it tells of is lost, and said to be. */
	c->next_number = 5;
	changes = 0;
	ck_assert_str_eq(read_all(&ana, "bob"), ">one;>two;gap;");
	ck_assert_uint_gt(c->next_number, 5);
	ck_assert_uint_eq(told_next, c->next_number);
	ck_assert_uint_eq(changes, 1);
}
END_TEST

START_TEST(test_disk_full)
{
	ALL->files = &files;
	fake_fini(&bob);
	is_disk_full = true;
	ck_assert_int_eq(msg_absent(&ana, "bob", "one"), MSG_NOT_KEPT);
	ck_assert_uint_eq(ALL->count, 0);
	is_disk_full = false;
	ck_assert_int_eq(msg_absent(&ana, "bob", "one"), MSG_KEPT);
	pass_days(1);
	is_disk_full = true;
	ck_assert_int_eq(msg_absent(&ana, "bob", "two"), MSG_NOT_KEPT);
	ck_assert_uint_eq(ALL->count, 1);
	/* Who is here is told all the same. */
	fake_init(&fx, &bob, 2);
	(void)fake_nick(&bob, "bob");
	(void)fake_saw(&fx, &bob);
	ck_assert_int_eq(msg(&ana, &bob, "three"), MSG_SENT);
	ck_assert_ptr_nonnull(strstr(fake_saw(&fx, &bob), "three"));
	is_disk_full = false;
	ck_assert_str_eq(read_all(&bob, "ana"), "<one;");
}
END_TEST

/* With more in use than may be open, each is still right. */
START_TEST(test_many_open)
{
	char nick[NICK_SIZE];
	struct fake f;
	int i, round;

	ALL->files = &files;
	for (i = 0; i < CONVERSATIONS_OPEN_MAX + 8; i++) {
		fake_init(&fx, &f, 10 + i);
		(void)snprintf(nick, sizeof(nick), "away%c%c", 'a' + i / 26,
		    'a' + i % 26);
		(void)fake_nick(&f, nick);
		fake_fini(&f);
	}
	for (round = 0; round < 3; round++)
		for (i = 0; i < CONVERSATIONS_OPEN_MAX + 8; i++) {
			(void)snprintf(nick, sizeof(nick), "away%c%c",
			    'a' + i / 26, 'a' + i % 26);
			ck_assert_int_eq(msg_absent(&ana, nick, nick),
			    MSG_KEPT);
			ck_assert_uint_le(ALL->open_count,
			    CONVERSATIONS_OPEN_MAX);
		}
	ck_assert_str_eq(read_all(&ana, "awayaa"), ">awayaa;>awayaa;>awayaa;");
	/* One that nobody has open takes little. */
	ck_assert_uint_le(malloc_usable_size(TAILQ_FIRST(&ALL->all)) + 8, 300);
}
END_TEST

START_TEST(test_hand_over)
{
	static struct chat_fixture next;
	struct fake people[2];
	struct conversation_party own;
	struct conversation_end *end;
	char *text;

	ck_assert_int_eq(msg(&ana, &bob, "one"), MSG_SENT);
	fake_fini(&bob);
	ck_assert_int_eq(msg_absent(&ana, "bob", "two"), MSG_KEPT);
	text = xstrdup(read_all(&ana, "bob"));
	people[0] = ana;
	ck_assert(fixture_hand_over(&fx, &next, people, 1));
	ck_assert_uint_eq(next.chat.conversations.count, 1);
	ck_assert(conversing_party(people[0].m, &own));
	end = conversation_next(&next.chat.conversations, &own, NULL);
	ck_assert_ptr_nonnull(end);
	ck_assert_uint_eq(conversation_new_count(conversation_other(end)), 1);
	ck_assert_uint_eq(conversation_new_count(end), 0);
	ck_assert_uint_eq(
	    history_count(conversation_history(&next.chat.conversations,
		conversation_of_end(end))),
	    2);
	ck_assert_str_eq(text, ">one;>two;");
	free(text);
	fake_fini(&people[0]);
	fixture_fini(&next);
}
END_TEST

/* Opens the state directory; returns how long that took. */
static int64_t
open_state(struct state *state)
{
	struct timespec begin, end;

	fixture_init_options(&fx);
	free(fx.options.state_dir);
	fx.options.state_dir = xasprintf("%s/state", dir.path);
	fixture_init(&fx);
	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &begin), 0);
	ck_assert_int_eq(state_open(state, &fx.chat, &fx.chat.bans), 0);
	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &end), 0);
	return (end.tv_sec - begin.tv_sec) * 1000 +
	    (end.tv_nsec - begin.tv_nsec) / 1000000;
}

static void
close_state(struct state *state)
{
	state_stop(state);
	chat_fini(&fx.chat);
	state_close(state);
	options_fini(&fx.options);
}

static void
make_conversation(struct state *state, unsigned i)
{
	struct conversation c = { .id = i + 1, .next_number = 2 };
	char *name;
	int fd;

	(void)snprintf(c.ends[0].party.folded, NICK_SIZE, "ana%u", i);
	(void)snprintf(c.ends[1].party.folded, NICK_SIZE, "bob%u", i);
	memcpy(c.ends[0].party.nick, c.ends[0].party.folded, NICK_SIZE);
	memcpy(c.ends[1].party.nick, c.ends[1].party.folded, NICK_SIZE);
	c.ends[0].read = c.ends[1].read = 1;
	c.used_ms = clock_age_ms(&fx.clock);
	ck_assert(conversation_restore(ALL, &c,
	    origins_get(&fx.chat.origins, &c.ends[0].party.credential), NULL));
	conversation_changed(ALL, TAILQ_LAST(&ALL->all, conversation_queue));
	name = state_talk_name(c.id);
	fd = openat(state->dir.dir_fd, name, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_ne(fd, -1);
	close(fd);
	free(name);
}

/* Starting does not open what nobody needs. How long 10,000 conversations take,
 * is told: it ought to be less than 300 ms. */
START_TEST(test_many_on_disk)
{
	static struct state state;
	unsigned i;
	int64_t none_ms, many_ms;

	ring_dir_init(&dir);
	log_init(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	none_ms = open_state(&state);
	for (i = 0; i < 10000; i++)
		make_conversation(&state, i);
	close_state(&state);
	many_ms = open_state(&state);
	ck_assert_uint_eq(ALL->count, 10000);
	ck_assert_uint_eq(ALL->open_count, 0);
	log_set_level(LOG_LEVEL_INFO);
	log_info("a start took %lld ms, with 10000 conversations %lld ms",
	    (long long)none_ms, (long long)many_ms);
	log_set_level(LOG_LEVEL_ERROR);
	close_state(&state);
	ring_dir_fini(&dir);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "conversation", setup, teardown);

	tcase_add_test(tc, test_present);
	tcase_add_test(tc, test_handed);
	tcase_add_test(tc, test_absent);
	tcase_add_test(tc, test_shown);
	tcase_add_test(tc, test_renamed);
	tcase_add_test(tc, test_account);
	tcase_add_test(tc, test_limits);
	tcase_add_test(tc, test_a_week);
	tcase_add_test(tc, test_crash);
	tcase_add_test(tc, test_disk_full);
	tcase_add_test(tc, test_many_open);
	tcase_add_test(tc, test_hand_over);
	tc = unit_case(s, "conversation_start", NULL, NULL);
	tcase_set_timeout(tc, 120);
	tcase_set_tags(tc, "slow");
	tcase_add_test(tc, test_many_on_disk);
}

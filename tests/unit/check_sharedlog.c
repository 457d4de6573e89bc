/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A log that nodes share, over an engine in memory that fails on demand.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake-engine.h"
#include "history/history.h"
#include "sharedlog-model.h"
#include "sharedlog/sharedlog.h"
#include "unit.h"

/* Long enough for a reconnect, an epoch's settling and what waits for it. */
#define A_WHILE_MS 20000

/* What a node was told, as text: "fine; entry hi 1; said 1; ". */
struct node {
	struct sharedlog *sl;
	struct fake_link *link;
	struct sharedlog_log *log;
	char told[2048];
	struct sharedlog_entry newest;
};

static struct fake_world world;
static struct node ana, bob;

static void tell(struct node *node, const char *fmt, ...) PRINTFLIKE(2, 3);
static void
tell(struct node *node, const char *fmt, ...)
{
	size_t len = strlen(node->told);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(node->told + len, sizeof(node->told) - len, fmt, ap);
	va_end(ap);
}

/* "2.7" is the seventh of the second epoch. */
static const char *
number_str(uint64_t number)
{
	static char text[2][48];
	static size_t next;
	char *s = text[next++ % 2];

	(void)snprintf(s, sizeof(text[0]), "%llu.%llu",
	    (unsigned long long)(number / HISTORY_EPOCH),
	    (unsigned long long)(number % HISTORY_EPOCH));
	return s;
}

static void
told_state(enum sharedlog_fault fault, void *arg)
{
	tell(arg, fault == SHAREDLOG_FINE ? "fine; " : "%s; ",
	    sharedlog_fault_str(fault));
}

static void
told_entry(struct sharedlog_log *log, const struct sharedlog_entry *e,
    void *arg)
{
	struct node *node = arg;

	ck_assert_ptr_eq(sharedlog_owner(log), node);
	node->newest = *e;
	tell(node, "entry ");
	if (e->key != NULL)
		tell(node, "%.*s=", (int)e->key_len, e->key);
	tell(node, "%.*s %s", (int)e->len,
	    e->data == NULL ? "" : (const char *)e->data,
	    number_str(e->number));
	if (e->msgid != e->number)
		tell(node, " was %s", number_str(e->msgid));
	tell(node, "; ");
}

static void
told_diverged(struct sharedlog_log *log, uint64_t bound, void *arg)
{
	struct sharedlog_entry last = { .number = bound };

	tell(arg, "diverged %s; ", number_str(bound));
	sharedlog_seek(log, bound == 0 ? NULL : &last);
}

static void
told_joined(struct sharedlog_log *log, void *arg)
{
	(void)log;
	tell(arg, "joined; ");
}

static void
told_name_lost(const char *name, void *arg)
{
	tell(arg, "%s lost; ", name);
}

static void
told_nodes(const uint64_t *nodes, size_t count, void *arg)
{
	(void)nodes;
	(void)count;
	(void)arg;
}

static const struct sharedlog_user user = {
	.state = told_state,
	.entry = told_entry,
	.diverged = told_diverged,
	.joined = told_joined,
	.name_lost = told_name_lost,
	.nodes = told_nodes,
};

static void
told_done(enum sharedlog_end end, uint64_t number, void *arg)
{
	static const char *const ends[] = { "said", "name lost", "conflict",
		"unknown" };

	tell(arg, "%s %s; ", ends[end], number_str(number));
}

static void
told_claimed(enum sharedlog_claim_end end, void *arg)
{
	static const char *const ends[] = { "held", "taken", "wait", "away" };

	tell(arg, "%s; ", ends[end]);
}

static void
told_read(enum sharedlog_fault fault, const struct sharedlog_entry *entries,
    size_t count, bool is_more, uint64_t last_change, void *arg)
{
	size_t i;

	if (fault != SHAREDLOG_FINE) {
		tell(arg, "no entries; ");
		return;
	}
	for (i = 0; i < count; i++) {
		if (entries[i].key != NULL)
			tell(arg, "%.*s=", (int)entries[i].key_len,
			    entries[i].key);
		tell(arg, "%.*s ", (int)entries[i].len,
		    entries[i].data == NULL ? "-" :
					      (const char *)entries[i].data);
	}
	tell(arg, is_more ? "more; " : "end %s; ", number_str(last_change));
}

/* Runs for a while, and compares what the node was told meanwhile. */
#define ASSERT_TOLD(node, text) \
	do { \
		ck_assert_str_eq((node)->told, text); \
		(node)->told[0] = '\0'; \
	} while (0)

static void
node_start(struct node *node, uint64_t number)
{
	node->link = fake_link_new(&world);
	node->sl = sharedlog_new(&node->link->engine, &world.clock,
	    &world.deadlines, &user, node, number, 0, 0);
	node->log = sharedlog_follow(node->sl, "lobby", NULL, node);
}

static void
say(struct node *node, const char *name, const char *text)
{
	if (sharedlog_append(node->log, name, text, strlen(text), told_done,
		node) == -1)
		tell(node, "refused; ");
}

static void
claim(struct node *node, const char *name)
{
	if (sharedlog_claim(node->sl, name, told_claimed, node) == -1)
		tell(node, "refused; ");
}

static void
run(int64_t ms)
{
	fake_world_run(&world, ms);
}

static void
setup(void)
{
	memset(&ana, 0, sizeof(ana));
	memset(&bob, 0, sizeof(bob));
	fake_world_init(&world, 1);
	node_start(&ana, 1);
	node_start(&bob, 2);
	run(A_WHILE_MS);
	ASSERT_TOLD(&ana, "fine; joined; ");
	ASSERT_TOLD(&bob, "fine; joined; ");
}

static void
teardown(void)
{
	sharedlog_free(ana.sl);
	sharedlog_free(bob.sl);
	fake_world_fini(&world);
}

START_TEST(an_append_comes_back_before_it_is_said)
{
	say(&ana, NULL, "hi");
	ASSERT_TOLD(&ana, "");
	run(10);
	ASSERT_TOLD(&ana, "entry hi 1.1; said 1.1; ");
	ASSERT_TOLD(&bob, "entry hi 1.1; ");
	ck_assert_uint_eq(bob.newest.node, 1);
	ck_assert_uint_eq(bob.newest.counter, 1);
}
END_TEST

START_TEST(without_an_engine_nothing_is_taken)
{
	world.is_down = true;
	fake_link_cut(ana.link);
	say(&ana, NULL, "hi");
	claim(&ana, "ana");
	ck_assert_int_eq(sharedlog_range(ana.log, 0, 1, 1, told_read, &ana),
	    -1);
	ASSERT_TOLD(&ana,
	    "the connection to the engine was lost; refused; refused; ");
	run(1000);
	ASSERT_TOLD(&ana, "the engine cannot be reached; ");
	world.is_down = false;
	run(A_WHILE_MS);
	ASSERT_TOLD(&ana, "fine; ");
	say(&ana, NULL, "hi");
	run(10);
	ASSERT_TOLD(&ana, "entry hi 1.1; said 1.1; ");
}
END_TEST

/* The answer is lost, or the request: whichever, it is said once. */
START_TEST(what_was_sent_is_said_once)
{
	unsigned i;

	for (i = 0; i < 20; i++) {
		ana.link->delay_ms = 3;
		say(&ana, NULL, "hi");
		run(i % 7);
		fake_link_cut(ana.link);
		say(&ana, NULL, "no");
		/* Until the next connect would be at once again. */
		run(A_WHILE_MS);
	}
	ck_assert_uint_eq(bob.newest.number, HISTORY_EPOCH + 20);
	ck_assert_uint_gt(world.twice, 0);
}
END_TEST

START_TEST(a_name_is_one_node_s)
{
	claim(&ana, "ana");
	run(10);
	ASSERT_TOLD(&ana, "held; ");
	claim(&bob, "ana");
	run(10);
	ASSERT_TOLD(&bob, "taken; ");
	say(&bob, "ana", "it is me");
	ASSERT_TOLD(&bob, "refused; ");
	say(&ana, "ana", "hi");
	sharedlog_release(ana.sl, "ana");
	run(10);
	ASSERT_TOLD(&ana, "entry hi 1.1; said 1.1; ");
	claim(&bob, "ana");
	run(10);
	ASSERT_TOLD(&bob, "entry hi 1.1; held; ");
}
END_TEST

/* A node that was stopped for long finds its name given away, and what it says
 * for it is not said. */
START_TEST(a_lease_ends)
{
	claim(&ana, "ana");
	run(10);
	ana.link->is_cut = true;
	fake_link_cut(ana.link);
	run(ENGINE_LEASE_MS);
	claim(&bob, "ana");
	run(10);
	ASSERT_TOLD(&bob, "held; ");
	ana.told[0] = '\0';
	ana.link->is_cut = false;
	run(A_WHILE_MS);
	ASSERT_TOLD(&ana, "fine; ana lost; ");
	ck_assert(!sharedlog_holds(ana.sl, "ana"));
}
END_TEST

START_TEST(after_a_loss_names_wait_for_who_held_them)
{
	claim(&ana, "ana");
	run(10);
	fake_world_restart(&world, true);
	ana.told[0] = bob.told[0] = '\0';
	run(1000);
	claim(&bob, "ana");
	claim(&bob, "cy");
	run(10);
	ASSERT_TOLD(&bob, "fine; joined; wait; wait; ");
	ck_assert(sharedlog_holds(ana.sl, "ana"));
	run(ENGINE_GRACE_MS);
	claim(&bob, "ana");
	claim(&bob, "cy");
	run(10);
	ASSERT_TOLD(&bob, "taken; held; ");
}
END_TEST

/* FLUSHALL while nobody says anything is found at the next renewal. */
START_TEST(what_was_seen_is_appended_again)
{
	struct sharedlog_entry lost;

	say(&ana, NULL, "one");
	say(&ana, NULL, "two");
	run(10);
	lost = bob.newest;
	ana.told[0] = bob.told[0] = '\0';
	fake_world_flush(&world);
	run(SHAREDLOG_RENEW_MS + 100);
	ASSERT_TOLD(&bob,
	    "the engine has begun a new epoch; fine; "
	    "diverged 0.0; joined; ");
	ck_assert_int_eq(sharedlog_repair(bob.log, &lost, told_done, &bob), 0);
	ck_assert_int_eq(sharedlog_repair(ana.log, &lost, told_done, &ana), 0);
	say(&ana, NULL, "three");
	run(A_WHILE_MS);
	ASSERT_TOLD(&ana,
	    "the engine has begun a new epoch; fine; "
	    "diverged 0.0; joined; said 2.2; entry two 2.2 was "
	    "1.2; entry three 2.3; said 2.3; ");
	ASSERT_TOLD(&bob, "said 2.2; entry two 2.2 was 1.2; entry three 2.3; ");
}
END_TEST

START_TEST(records_are_what_was_put_last)
{
	uint64_t none = 0, first;

	ck_assert_int_eq(sharedlog_put(ana.log, "topic", 5, "tea", 3, &none,
			     told_done, &ana),
	    0);
	run(10);
	ASSERT_TOLD(&ana, "entry topic=tea 1.1; said 1.1; ");
	ASSERT_TOLD(&bob, "entry topic=tea 1.1; ");
	first = bob.newest.msgid;
	ck_assert_int_eq(sharedlog_put(bob.log, "topic", 5, "milk", 4, &none,
			     told_done, &bob),
	    0);
	run(10);
	ASSERT_TOLD(&bob, "conflict 1.1; ");
	ck_assert_int_eq(sharedlog_put(bob.log, "topic", 5, NULL, 0, &first,
			     told_done, &bob),
	    0);
	ck_assert_int_eq(sharedlog_put(bob.log, "a", 1, "1", 1, NULL, told_done,
			     &bob),
	    0);
	run(10);
	ASSERT_TOLD(&bob,
	    "entry topic= 1.2; said 1.2; entry a=1 1.3; "
	    "said 1.3; ");
	ck_assert_int_eq(sharedlog_records(ana.log, told_read, &ana), 0);
	ana.told[0] = '\0';
	run(10);
	ASSERT_TOLD(&ana, "topic= a=1 end 1.3; ");
}
END_TEST

START_TEST(older_entries_are_read)
{
	say(&ana, NULL, "one");
	say(&ana, NULL, "two");
	say(&ana, NULL, "three");
	run(10);
	bob.told[0] = '\0';
	ck_assert_int_eq(sharedlog_range(bob.log, HISTORY_EPOCH + 1,
			     HISTORY_EPOCH + 3, 9, told_read, &bob),
	    0);
	ck_assert_int_eq(sharedlog_range(bob.log, 0, HISTORY_EPOCH + 3, 1,
			     told_read, &bob),
	    0);
	run(10);
	ASSERT_TOLD(&bob, "two three end 0.0; one end 0.0; ");
	ck_assert_int_eq(sharedlog_range(bob.log, 0, 1, 1, told_read, &bob), 0);
	fake_link_cut(bob.link);
	ASSERT_TOLD(&bob,
	    "the connection to the engine was lost; no entries; ");
}
END_TEST

/* An engine that answers nothing is given up; one that refuses says why. */
START_TEST(faults_are_told)
{
	world.is_stopped = true;
	say(&ana, NULL, "hi");
	run(SHAREDLOG_SILENCE_MS + 2000);
	ASSERT_TOLD(&ana, "the engine does not answer; ");
	world.is_stopped = false;
	run(A_WHILE_MS);
	ASSERT_TOLD(&ana, "fine; entry hi 1.1; said 1.1; ");
	world.fault = SHAREDLOG_ALONE;
	say(&ana, NULL, "ho");
	run(3000);
	ASSERT_TOLD(&ana, "the engine has too few replicas; ");
	world.fault = SHAREDLOG_FINE;
	run(A_WHILE_MS);
	ASSERT_TOLD(&ana, "fine; entry ho 1.2; said 1.2; ");
}
END_TEST

/* Who waits for longer than anybody would is told that nobody knows. */
START_TEST(pending_does_not_last_for_ever)
{
	say(&ana, NULL, "hi");
	world.is_down = true;
	fake_link_cut(ana.link);
	run(SHAREDLOG_PENDING_MS + 2000);
	ck_assert_ptr_nonnull(strstr(ana.told, "unknown 0.0; "));
}
END_TEST

static struct engine *
model_engine(size_t node, void *arg)
{
	struct fake_link *link = fake_link_new(&world);

	(void)node;
	(void)arg;
	link->delay_ms = (int64_t)fake_random(&world, 20);
	link->tail_delay_ms = (int64_t)fake_random(&world, 20);
	return &link->engine;
}

static struct fake_link *
any_link(void)
{
	struct fake_link *link = world.links;
	uint64_t n = fake_random(&world, MODEL_NODES);

	while (n-- > 0 && link->next != NULL)
		link = link->next;
	return link;
}

/* Something fails, or is mended. */
static void
something_happens(struct model *m)
{
	size_t node = (size_t)fake_random(&world, m->node_count);

	if (world.links == NULL) {
		model_start(m, node);
		return;
	}
	switch (fake_random(&world, 14)) {
	case 0:
	case 1:
		fake_link_cut(any_link());
		break;
	case 2:
		fake_world_restart(&world, false);
		break;
	case 3:
		fake_world_restart(&world, true);
		break;
	case 4:
		fake_world_flush(&world);
		break;
	case 5:
		fake_world_replicate(&world);
		break;
	case 6:
		fake_world_fail_over(&world);
		break;
	case 7:
		world.is_stopped = !world.is_stopped;
		break;
	case 8:
		world.is_down = !world.is_down;
		break;
	case 9:
		world.fault = fake_random(&world, 2) == 0 ? SHAREDLOG_FINE :
							    SHAREDLOG_FULL;
		break;
	case 10:
		any_link()->is_cut = fake_random(&world, 2) == 0;
		break;
	case 11:
		any_link()->tail_delay_ms = (int64_t)fake_random(&world, 3000);
		break;
	case 12:
		model_kill(m, node);
		break;
	case 13:
		model_start(m, node);
		break;
	}
}

static void
all_is_mended(struct model *m)
{
	struct fake_link *link;
	size_t i;

	world.is_stopped = world.is_down = false;
	world.fault = SHAREDLOG_FINE;
	for (i = 0; i < m->node_count; i++)
		model_start(m, i);
	for (link = world.links; link != NULL; link = link->next) {
		link->is_cut = false;
		link->tail_delay_ms = 5;
	}
}

static uint64_t
model_runs(uint64_t usual)
{
	const char *runs = getenv("BRBD_MODEL_RUNS");
	uint64_t n;

	return runs != NULL && parse_number(runs, 1000000, &n) == 0 ? n : usual;
}

START_TEST(whatever_fails_the_log_is_one)
{
	struct model m;
	uint64_t seed, runs = model_runs(60), step, waits;
	uint64_t said = 0, repaired = 0, lost = 0, late = 0, taken = 0;

	for (seed = 1; seed <= runs; seed++) {
		fake_world_init(&world, seed);
		model_init(&m, &world.clock, &world.deadlines, model_engine,
		    NULL, 2 + seed % 3, seed);
		run(16000);
		for (step = 0; step < 300; step++) {
			model_act(&m);
			if (fake_random(&world, 30) == 0)
				something_happens(&m);
			run((int64_t)fake_random(&world, 200));
		}
		all_is_mended(&m);
		for (waits = 0; waits < 200 && !model_is_settled(&m); waits++)
			run(1000);
		QUICK_ASSERT_MSG(model_is_settled(&m),
		    "seed %llu does not settle", (unsigned long long)seed);
		model_check(&m);
		said += m.said;
		repaired += m.repaired;
		lost += m.names_lost;
		late += m.late;
		taken += m.taken;
		model_fini(&m);
		fake_world_fini(&world);
	}
	printf("%llu said, %llu repaired, %llu under another msgid than "
	       "somebody saw, %llu names lost, %llu taken\n",
	    (unsigned long long)said, (unsigned long long)repaired,
	    (unsigned long long)late, (unsigned long long)lost,
	    (unsigned long long)taken);
	ck_assert_uint_gt(said, runs);
	ck_assert_uint_gt(repaired, runs);
	ck_assert_uint_gt(lost + taken, 0);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *c = unit_case(s, "nodes", setup, teardown);

	tcase_add_test(c, an_append_comes_back_before_it_is_said);
	tcase_add_test(c, without_an_engine_nothing_is_taken);
	tcase_add_test(c, what_was_sent_is_said_once);
	tcase_add_test(c, a_name_is_one_node_s);
	tcase_add_test(c, a_lease_ends);
	tcase_add_test(c, after_a_loss_names_wait_for_who_held_them);
	tcase_add_test(c, what_was_seen_is_appended_again);
	tcase_add_test(c, records_are_what_was_put_last);
	tcase_add_test(c, older_entries_are_read);
	tcase_add_test(c, faults_are_told);
	tcase_add_test(c, pending_does_not_last_for_ever);
	c = unit_case(s, "model", NULL, NULL);
	tcase_add_test(c, whatever_fails_the_log_is_one);
}

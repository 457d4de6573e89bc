/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CHAT_FIXTURE_H
#define CHAT_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "options/options.h"
#include "room/chat.h"
#include "room/member.h"

/*
 * A chat without sockets, for tests of the room layer: time stands still unless
 * a test moves it, and the members are fakes, which write down what they are
 * handed.
 */
struct chat_fixture {
	struct clock clock;
	struct options options;
	struct deadlines deadlines;
	struct chat chat;
};

struct fake {
	struct member *m; /* NULL: gone */
	struct client *client; /* of it */
	struct buf seen; /* since the last fake_saw() */
	bool is_full; /* deliver() refuses */
	bool was_replaced;
	unsigned caught_up;
	unsigned names; /* how many of these were with needs_names */
	uint64_t handed; /* bytes */
	size_t unsent; /* the last of these, which a loss destroys */
	unsigned deliveries;
	struct credential credential;
	/* Called with each delivery, and before names++, if set. */
	void (*on_deliver)(struct fake *f, const char *data, size_t len);
	void (*on_names)(struct fake *f, struct membership *ms);
	void *arg;
};

/* options may have been changed before the call. */
void fixture_init_options(struct chat_fixture *fixture);
void fixture_init(struct chat_fixture *fixture);
void fixture_fini(struct chat_fixture *fixture);

/* Ends turns until nothing is left to do. */
void fixture_settle(struct chat_fixture *fixture);
/* Lets time pass, running what falls due. */
void fixture_pass(struct chat_fixture *fixture, int64_t ms);

/* Makes a guest from 192.0.2.HOST (or uid -HOST if host is below 0) in
 * no room. */
void fake_init_with(struct chat_fixture *fixture, struct fake *f, int host,
    const struct dialect *dialect);
/* Makes one in the lobby, with the plain dialect. */
void fake_init(struct chat_fixture *fixture, struct fake *f, int host);
/* Makes one in the lobby, called nick; all know them, and they have seen
 * nothing yet. */
void fake_enter(struct chat_fixture *fixture, struct fake *f, int host,
    const char *nick);
/* Makes somebody with a dialect that tracks members, and that nick, in no room;
 * or in the lobby, having seen nothing yet. */
void fake_init_tracker(struct chat_fixture *fixture, struct fake *f, int host,
    const char *nick);
void fake_enter_tracker(struct chat_fixture *fixture, struct fake *f, int host,
    const char *nick);
/* Makes f join, quietly, the room of that name, which is made if needed; and
 * finds f's membership there. */
struct membership *fake_join(struct chat_fixture *fixture, struct fake *f,
    const char *name);
struct membership *fake_in(struct chat_fixture *fixture, const struct fake *f,
    const char *name);
void fake_fini(struct fake *f); /* quits if still there */
void fake_quit(struct fake *f, const char *text);
void fake_lose(struct fake *f);
void fake_drain(struct fake *f);
void fake_say(struct fake *f, const char *text);
void fake_say_in(struct membership *ms, const char *text);
void fake_speak(struct membership *ms, struct event *event);
/* enum member_tell */
int fake_tell(struct fake *to, struct fake *from, const char *text);
int fake_tell_bytes(struct member *to, struct fake *from, const char *text,
    size_t len);
struct membership *fake_here(const struct fake *f);
int fake_nick(struct fake *f, const char *nick); /* enum rename */

/*
 * What was seen since the last call, in lines such as "3 ana: hi", "came ana",
 * "live"; calls fixture_settle() first. For ck_assert_str_eq(). Valid until the
 * next call.
 */
const char *fake_saw(struct chat_fixture *fixture, struct fake *f);

/* Hands the chat over to next, which is made: copies of the connected fakes go
 * on there as who they were, having seen nothing. False: next refused it. */
bool fixture_hand_over(struct chat_fixture *fixture, struct chat_fixture *next,
    struct fake *people, size_t count);

/*
 * Most tests begin with ana and bob, who know one another, in the lobby of fx:
 * fixture_setup() and fixture_teardown() are a checked fixture of check's. The
 * teardown releases ana, bob and cy, whether or not a test has made them; the
 * empty setup makes nobody.
 */
extern struct chat_fixture fx;
extern struct fake ana, bob, cy;
void fixture_setup(void);
void fixture_setup_empty(void);
void fixture_teardown(void);

extern const struct dialect fake_dialect;
/* Is told of joins, parts and quits, and not of what is for people to read. */
extern const struct dialect fake_dialect_tracker;
extern const struct dialect fake_dialect_tracker_other; /* with a "~" */
/* Like the tracker, and in all rooms that the person is in. */
extern const struct dialect fake_dialect_follower;
extern const struct dialect fake_dialect_other; /* lines begin with "~" */

#endif

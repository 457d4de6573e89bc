/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef HOUSE_H
#define HOUSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "options/options.h"
#include "room/chat.h"
#include "room/member.h"

/*
 * The room layer without sockets: time stands still unless a test moves it, and
 * people are fakes who write down what they are handed.
 */
struct handoff_out;

struct house {
	struct clock clock;
	struct options options;
	struct deadlines deadlines;
	struct chat chat;
};

struct fake {
	struct member *m; /* NULL: gone */
	struct buf seen; /* since the last fake_saw() */
	bool is_full; /* deliver() refuses */
	bool was_replaced;
	unsigned caught_up;
	unsigned names; /* and of these, how often with needs_names */
	uint64_t handed; /* bytes */
	size_t unsent; /* of them, bytes that will not arrive if it is lost */
	unsigned deliveries;
	struct credential credential;
	/* Called with each delivery, and before names++, if set. */
	void (*on_deliver)(struct fake *f, const char *data, size_t len);
	void (*on_names)(struct fake *f, struct membership *ms);
	void *arg;
};

/* options may have been changed before. */
void house_init_options(struct house *h);
void house_init(struct house *h);
void house_fini(struct house *h);

/* Ends turns until nothing is left to do. */
void house_settle(struct house *h);
/* Lets time pass, running what falls due. */
void house_pass(struct house *h, int64_t ms);

/* A guest from 192.0.2.HOST (or uid HOST if host is below 0) in no room. */
void fake_init_with(struct house *h, struct fake *f, int host,
    const struct dialect *dialect);
/* The same in the lobby. */
void fake_init(struct house *h, struct fake *f, int host);
/* The same, called nick. Nothing has been seen, and all know them. */
void fake_enter(struct house *h, struct fake *f, int host, const char *nick);
/*
 * Somebody with an dialect that tracks members, and that nick, in no room; the
 * same in the lobby, having seen nothing yet.
 */
void fake_init_exact(struct house *h, struct fake *f, int host,
    const char *nick);
void fake_enter_exact(struct house *h, struct fake *f, int host,
    const char *nick);
/* Joins, quietly, the room of that name, which is made; and is in it. */
struct membership *fake_join(struct house *h, struct fake *f, const char *name);
struct membership *fake_in(struct house *h, const struct fake *f,
    const char *name);
void fake_fini(struct fake *f); /* and quits if still there */
void fake_quit(struct fake *f, const char *text);
void fake_lose(struct fake *f);
void fake_drain(struct fake *f);
void fake_say(struct fake *f, const char *text);
void fake_say_in(struct membership *ms, const char *text);
/* enum member_tell */
int fake_tell(struct fake *to, struct fake *from, const char *text);
int fake_tell_bytes(struct member *to, struct fake *from, const char *text,
    size_t len);
struct membership *fake_here(const struct fake *f);
int fake_nick(struct fake *f, const char *nick); /* enum directory_rename */

/*
 * What was seen since the last call, lines such as "3 ana: hi", "came ana",
 * "live"; settles first. Compare with ck_assert_str_eq(). Valid until the next
 * call.
 */
const char *fake_saw(struct house *h, struct fake *f);

/*
 * Carries the chat to the next program: house_load() makes it again in a new
 * one, where the fakes, all who are connected, go on as who they were.
 */
void house_save(struct house *h, struct handoff_out *out);
bool house_load(struct house *h, const struct handoff_out *out,
    struct fake *fakes, size_t count);

extern const struct dialect house_dialect;
/* Told of joins, parts, quits, and not of what is for people to read. */
extern const struct dialect house_dialect_exact;
extern const struct dialect house_dialect_exact_other; /* with a "~" */
extern const struct dialect house_dialect_other; /* lines begin with "~" */

#endif

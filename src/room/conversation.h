/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CONVERSATION_H
#define CONVERSATION_H

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/credential.h"
#include "base/nick.h"
#include "base/util.h"
#include "history/history.h"

struct chat;
struct client;
struct clock;
struct conversation_ring;
struct conversation_shown;
struct event;
struct fields_in;
struct fields_out;
struct member;
struct options;
struct origin;
struct origins;
struct tlv;
struct walk_budget;

/*
 * A conversation is what two people have said to each other in private: a small
 * ring, and for each of the two how far they have read. It is kept for people
 * who can be recognised when they are back: by their account, or by a nick and
 * the credential with which they have it. So whoever has that nick later, from
 * elsewhere, has no part in it.
 *
 * There may be many thousands, of which few are in use: only those have their
 * ring open. What is known of the others is in struct conversation, and in a
 * journal.
 */

/* One account, or one origin, may have begun so many that there are. */
#define CONVERSATIONS_BEGUN_MAX 50
/* Rings that are open at once, and for how long without use. Without files all
 * of them are. */
#define CONVERSATIONS_OPEN_MAX 32
#define CONVERSATION_IDLE_MS 60000
/* Of a ring; on the disk it begins with HISTORY_STEP. */
#define CONVERSATION_SIZE 65536

/* Somebody who can be recognised. */
struct conversation_party {
	struct credential credential;
	char folded[NICK_SIZE]; /* "": an account, whatever they are called */
	char nick[NICK_SIZE]; /* what they were last called, for people */
};

struct conversation_end {
	RB_ENTRY(conversation_end) by_party; /* and by that at the other end */
	struct conversation_party party;
	bool is_second; /* of a conversation's ends */
	/* The number of the first message that they were not handed yet, nor
	 * have asked for. Who says something has read what came before. */
	uint64_t read;
};

struct conversation {
	TAILQ_ENTRY(conversation) entry;
	struct conversation_end ends[2]; /* the first has begun it */
	struct conversation_ring *ring; /* NULL: not open */
	struct origin *origin; /* whose share it is, held */
	uint64_t id; /* random; of its file */
	uint64_t next_number; /* the ring's, also if that is not open */
	int64_t time_ms; /* of the newest message, as the ring has it */
	int64_t used_ms; /* of the age clock: when that was */
	/* The ring was opened in this run, and not closed for good. */
	bool is_unclosed;
};

/* What a client was shown, and may not have arrived; or, without one, what
 * somebody was handed in this turn: conversing.h */
struct conversation_shown {
	TAILQ_ENTRY(conversation_shown) entry;
	const struct client *client;
	struct conversation_end *end;
	uint64_t number; /* they have read all below it */
	uint64_t position; /* once so much has arrived */
};

RB_HEAD(conversation_tree, conversation_end);
TAILQ_HEAD(conversation_queue, conversation);
TAILQ_HEAD(conversation_rings, conversation_ring);
TAILQ_HEAD(conversation_shown_queue, conversation_shown);

/* How rings get into files, if they are to outlive the process. */
struct conversation_files {
	/* -1: the reason has been logged. */
	int (*open)(struct history *h, uint64_t id, size_t size, void *arg);
	void (*remove)(uint64_t id, void *arg);
	void *arg;
};

/* An observer who stores what has changed; it must not call back. */
struct conversation_watch {
	void (*changed)(const struct conversation *c, void *arg);
	void (*forgotten)(const struct conversation *c, void *arg);
	void *arg;
};

struct conversations {
	struct conversation_tree by_party;
	struct conversation_queue all; /* the oldest first */
	struct conversation_rings open; /* the last used is the last */
	struct conversation_shown_queue shown; /* and may not have arrived */
	const struct clock *clock;
	const struct options *options;
	struct origins *origins;
	const struct conversation_files *files; /* NULL: in memory */
	const struct conversation_watch *watch; /* or NULL */
	struct conversation *tidied; /* the next to be looked at, or NULL */
	struct conversation *saved; /* the same, in a snapshot */
	size_t count;
	size_t open_count;
};

void conversations_init(struct conversations *all, const struct clock *clock,
    const struct options *options, struct origins *origins);
/* Closes the files for good, which waits for the disk. */
void conversations_fini(struct conversations *all);

static inline struct conversation *
conversation_of_end(const struct conversation_end *end)
{
	uintptr_t first = (uintptr_t)(end - end->is_second);

	return (void *)(first - offsetof(struct conversation, ends));
}

/* The other end; of notes to oneself, the second is never anybody's. */
static inline struct conversation_end *
conversation_other(const struct conversation_end *end)
{
	return &conversation_of_end(end)->ends[!end->is_second];
}

/* Of what is in it, how many messages are new to whose end it is. */
static inline uint64_t
conversation_new_count(const struct conversation_end *end)
{
	return history_distance(end->read,
	    conversation_of_end(end)->next_number);
}

/* The end of one in their conversation with other; NULL: there is none. */
struct conversation_end *conversation_find(const struct conversations *all,
    const struct conversation_party *one,
    const struct conversation_party *other);
/* The next of one's conversations (NULL: the first), as their end of it; NULL:
 * no more. */
struct conversation_end *conversation_next(const struct conversations *all,
    const struct conversation_party *one, const struct conversation_end *after);

/* The first conversation behind that of the two, in some order that stays; with
 * both empty the first of all. NULL: no more. */
struct conversation *conversation_after(const struct conversations *all,
    const struct conversation_party *one,
    const struct conversation_party *other);

enum conversation_say {
	CONVERSATION_SAID,
	CONVERSATIONS_FULL, /* max-conversations */
	CONVERSATIONS_BEGUN, /* CONVERSATIONS_BEGUN_MAX */
	CONVERSATION_NOT_KEPT /* the disk does not take it */
};

/*
 * Adds event, an EVENT_PRIVATE by from with its author and nick, and gives it
 * its time and a msgid. It is new to to until conversing_hand(). The share
 * is that of origin, if the conversation begins with it. On failure nothing has
 * changed. *end becomes that of to.
 */
enum conversation_say conversation_say(struct conversations *all,
    const struct conversation_party *from, const struct conversation_party *to,
    struct origin *origin, struct event *event,
    struct conversation_end **end) MUST_CHECK;

/*
 * Has from said event to to, under event->id, which is not NULL and of
 * event->id_key? Then its msgid and time are those of then. It goes through all
 * that is held.
 */
bool conversation_has_said(struct conversations *all,
    const struct conversation_party *from, const struct conversation_party *to,
    struct event *event) MUST_CHECK;

/* They have read all below that number. */
void conversation_read(struct conversations *all, struct conversation_end *end,
    uint64_t number);

/* The messages, until another one's are asked for; NULL: they cannot be
 * opened, and why was logged. */
struct history *conversation_history(struct conversations *all,
    struct conversation *c);
/* Makes event, which was read there, what whose end it is may be shown: an
 * EVENT_PRIVATE or EVENT_PRIVATE_SENT. False: it is no message. */
bool conversation_event(const struct conversation_end *end,
    struct event *event);
/* The message with that msgid. False: none. */
bool conversation_find_msgid(const struct history *h, uint64_t msgid,
    struct history_cursor *at);

/* from is called to from now on, if those have no conversation with the same
 * people. */
void conversations_rename(struct conversations *all,
    const struct conversation_party *from, const struct conversation_party *to);
/* Those of an account that is forgotten are gone for both. False: some are
 * left. */
bool conversations_forget(struct conversations *all, uint64_t account,
    struct walk_budget *budget);

/* Drops what is older than retention, and closes what is not used. False: some
 * is left to be looked at. */
bool conversations_tidy(struct conversations *all, struct walk_budget *budget);

void conversation_drop_shown(struct conversations *all,
    struct conversation_shown *shown);

/* Starts writing what is new to the disk, without waiting. -1 with errno. */
int conversations_writeback(struct conversations *all) MUST_CHECK;

/*
 * As fields.h has it: what is on the disk, and for the next program; and made
 * from either again. False: in->error says why.
 */
void conversation_save(const struct conversation *c, struct fields_out *out);
void conversations_save(const struct conversations *all,
    struct fields_out *out);
bool conversation_load(struct conversations *all, struct fields_in *in,
    const struct tlv *item) MUST_CHECK;
/* Takes over one that was read; false: its people have one. */
bool conversation_restore(struct conversations *all,
    const struct conversation *got, struct origin *origin,
    const struct history *history) MUST_CHECK;

#endif

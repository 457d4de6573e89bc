/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef MODEL_H
#define MODEL_H

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bucket.h"
#include "base/buf.h"
#include "base/cloak.h"
#include "base/clock.h"
#include "base/credential.h"
#include "base/deadline.h"
#include "base/nick.h"
#include "base/origins.h"
#include "history/event.h"
#include "history/history.h"
#include "options/options.h"
#include "room/account.h"
#include "room/bans.h"
#include "room/conversation.h"
#include "room/model-person.h"
#include "room/tally.h"

/*
 * The data of the room layer, and how it hangs together. Each part names the
 * module that changes it; all others only read it.
 *
 *   chat ──── room ──── history (the ring)
 *    │         │  │
 *    │         │  └──── audience ──── slot ─┐ live, by dialect
 *    │         │                            │
 *    │         └──────── membership ◄───────┘ a cursor in the ring
 *    │                       │
 *    ├──── directory ──── member ──── person ──── bookmark ──► room
 *    │                                  │
 *    └──── departed_set ─ departed ─────┘ people who left, and may come back
 */

struct chat;
struct client;
struct cursor;
struct departed;
struct departed_owner;
struct member;
struct membership;
struct piece;
struct pieces;
struct presence_item;
struct presence_left;
struct replay;
struct room;

/* Who is here: member.h */

/* What the room layer asks of the session behind a client. None of these may
 * call back into the room layer before it returns. */
struct client_ops {
	/*
	 * Hands over rendered, whole lines. -1: too much is unsent already, or
	 * the connection is ending; nothing was taken, and member_drained()
	 * follows when there is room again. The hot path: only sink, the
	 * client's, is passed. A batch is a number that no other bytes had, or
	 * 0: these go to nobody else.
	 */
	int (*deliver)(void *sink, const char *data, size_t len,
	    uint64_t batch);
	/* Bytes handed over so far, and how many of the last ones the client's
	 * program may not have read. */
	uint64_t (*handed)(const struct client *client);
	size_t (*unsent)(const struct client *client);
	/* Marks whole lines of a room's past as such, where the protocol can.
	 * May be NULL. */
	void (*mark_past)(const struct client *client, struct buf *lines,
	    const char *room);
	/*
	 * Nothing is left to show in one of their rooms. If needs_names is set,
	 * what their client believes about who is there is wrong: list the
	 * names, and clear it.
	 */
	void (*caught_up)(struct cursor *c);
	/* Another session with the same credential has taken the member's nick
	 * and place: say so and close. The caller frees the member right
	 * after. */
	void (*replaced)(struct client *client);
	/* The session's client is this one from now on, of another member. */
	void (*moved)(struct client *client);

	/* What the actions ask (actions.h), outside any walk. */

	/* Tell them of what they did themselves, or of what somebody did to them,
	 * at once. */
	void (*event)(struct client *client, const struct event *event);
	/* Tell them that they are invited, as the event says; false: they do not
	 * read what they are sent, and were not told. */
	bool (*invited)(struct client *client, const struct event *event);
	/* They were put out of a room, as the event (EVENT_KICK) says: tell them,
	 * and if they have to be in some room, see to that. It may free the
	 * member. */
	void (*kicked)(struct client *client, const struct event *event);
	/* They are in a room, by another of their clients, and this one follows
	 * them there: room_attend(). For dialects that follow. */
	void (*joined)(struct client *client, struct membership *ms);
	/* Somebody ends it: tell them this line, and close. The caller
	 * frees the member or the client right after. */
	void (*ended)(struct client *client, const char *line);
};

/*
 * One client of a person: a session, as the room layer sees it. A person has
 * one or several (clients.h), each with cursors of its own. The last stays
 * without ops when its connection is lost, as long as the person does.
 */
struct client {
	SLIST_ENTRY(client) in_member;
	struct member *member;
	const struct client_ops *ops; /* NULL: the connection is lost */
	void *session; /* for ops */
	void *sink; /* for ops->deliver() */
	const struct dialect *dialect;
	/* handed.h: private messages that were handed over, and may not have
	 * arrived. */
	struct queued_list handed;
	uint64_t checkpoint_handed; /* bytes handed over at the checkpoint */
	uint8_t handed_count;
	bool has_queued_handed; /* some of handed are in the journal */
	/* So is, of a room that was left, a place before the bookmark's, as not
	 * all had certainly arrived. */
	bool has_unread_left;
	bool was_told_repeats; /* that private messages are repeated */
	uint64_t id_secret; /* ids.h; 0: its messages have no ids */
	uint64_t roommates_walk; /* roommates.c: the last walk that met it */
	uint32_t handed_dropped; /* from before handed, and not known to have
				  * arrived: there were too many */
	uint8_t number; /* no other client of the member has it */
	bool is_paused; /* it is on break: nothing is delivered */
	struct credential address; /* where it comes from */
	uint64_t device; /* devices.h */
	int64_t since_ms; /* monotonic: since when it is on break */
};
SLIST_HEAD(client_list, client);

/* The way of a room's lines to a cursor: deliver.c and pump.c */
struct delivery {
	TAILQ_ENTRY(cursor) in_pump; /* if is_pumped */
	struct audience *audience; /* live: those who share the bytes */
	uint32_t slot; /* the index there */
	bool is_pumped; /* in the pump's queue */
	bool is_blocked; /* waiting for member_drained() */
	bool is_resuming; /* becomes live at the end of chat_load_end() */
};

/* How far what was handed over has arrived: acked.c */
struct acked {
	uint64_t number; /* certainly read up to here */
	uint64_t mark; /* the cursor at the member's checkpoint */
	/* For the state layer: what it has written, or ACKED_LIVE. */
	uint64_t persisted;
};

/* Whether their client hears of each arrival and departure: roommates.c */
struct tracking {
	LIST_ENTRY(cursor) in_room; /* if is_tracking */
	/* Greater than that of all who came, or got the names, earlier. */
	uint64_t arrival;
};

/*
 * Where somebody reads in a room: the number of the next message that they have
 * not been handed yet. Each part belongs to one module.
 *
 *   live       delivery has an audience; the cursor is the room's turn_start,
 *              and at is out of date until they are behind
 *   behind     a slow reader, or a replay is running: in the pump's queue, or
 *              waiting until their output has drained (is_blocked: only after
 *              deliver() has refused something)
 *   paused     the client is on break: the cursor stays
 */
struct cursor {
	SLIST_ENTRY(cursor) in_membership;
	struct membership *ms;
	struct client *client;
	struct history_cursor at; /* cursor.h */
	uint64_t own_from; /* own lines from here on are not shown */
	/* Messages below may have been seen: an earlier connection was handed
	 * them. */
	uint64_t repeat_until;
	/* The person has read all before it here, as far as that has arrived:
	 * what they were shown when they last spoke, or a catch-up ended.
	 * membership_read() */
	uint64_t read;
	bool is_following; /* another of their clients has joined */
	uint8_t number; /* the client's, on the way between programs */
	/* Of tracking, where they take no room: the client's dialect tracks
	 * members, and its list of names is out of date. */
	bool is_tracking;
	bool needs_names;
	struct shown shown; /* repeat.c */
	struct delivery delivery;
	struct replay *replay; /* replay.c: the catch-up that runs, or NULL */
	struct acked acked;
	struct tracking tracking;
};
TAILQ_HEAD(cursor_queue, cursor);
LIST_HEAD(tracker_list, cursor);
SLIST_HEAD(cursor_list, cursor);

/* A member in a room. They read there with one cursor for each of their clients
 * that is there. */
struct membership {
	SLIST_ENTRY(membership) in_member;
	TAILQ_ENTRY(membership) in_room;
	struct member *member;
	struct room *room;
	struct cursor_list cursors;
	struct cursor cursor; /* one of them, if it has a membership */
	uint64_t read; /* with clients that are not there any more */
	struct presence_item *arrival; /* presence.c: pending, or NULL */
	/* Clients that track members know that they are here; and so do all
	 * others, which implies the former. presence.c */
	bool is_joined;
	bool is_announced;
	bool takes_place; /* or take them for somebody known to be here */
	bool is_op; /* rank.h; both are kept with their bookmark */
	bool is_voiced;
};
SLIST_HEAD(membership_list, membership);
TAILQ_HEAD(membership_queue, membership);

/* IRC's user modes. */
enum member_flag {
	MEMBER_BOT = 1 << 0, /* B */
	MEMBER_INVISIBLE = 1 << 1, /* i */
	MEMBER_WALLOPS = 1 << 2, /* w: listens to them */
	MEMBER_OPER = 1 << 3, /* o: operator of the server */
	/* R: only who is logged in, or accepted, may write to them. */
	MEMBER_ACCOUNTS_ONLY = 1 << 4,
	MEMBER_FLAGS = (1 << 5) - 1
};

/* What announce-rate limits, each by itself. */
enum announce {
	ANNOUNCE_PERSON, /* nick, real name, breaks: their rooms are told */
	ANNOUNCE_TOPIC,
	ANNOUNCES
};

#define MEMBER_USER_MAX 10 /* bytes */
#define MEMBER_REALNAME_MAX 150
#define MEMBER_HOST_SIZE CLOAK_SIZE

/* Somebody who may write to a member with MEMBER_ACCOUNTS_ONLY without being
 * logged in, until they leave or take another nick: accepted.h. */
struct accepted {
	SLIST_ENTRY(accepted) entry;
	uint64_t id; /* the member's */
	char nick[NICK_SIZE];
};
SLIST_HEAD(accepted_list, accepted);

/* What those who only listen do not have: member-more.h */
struct member_more {
	struct member *member;
	LIST_ENTRY(member_more) in_ignorers; /* if is_ignorer */
	struct bucket announce[ANNOUNCES];
	struct spent said; /* bytes in rings: crowd.h */
	struct accepted_list accepted; /* the last one first */
	struct typed_secret *typed; /* typed-secret.h; or NULL */
};

/* A person who is here, or whose connection was lost less than departure-delay
 * ago. */
struct member {
	RB_ENTRY(member) by_nick;
	RB_ENTRY(member) by_skeleton;
	TAILQ_ENTRY(member) in_lost; /* if their connection is lost */
	struct chat *chat;
	struct client_list clients; /* who did something last comes first */
	struct client client; /* one of them, if it has a member */
	struct membership_list memberships;
	struct person person;
	struct member_more *more; /* member-more.h; or NULL */
	char *user; /* IRC's user name; NULL: a plain client */
	char *realname; /* NULL: the same as the nick */
	char *break_text; /* or NULL; of a break, or while away */
	int64_t break_since_ms; /* monotonic; for the same */
	int64_t lost_since_ms;
	int64_t active_ms; /* when they last said something */
	uint64_t id; /* never used again; not 0 */
	/* deliver.c: the last turn of a room in which they did something. */
	uint64_t acted_turn;
	uint32_t
	    skeleton; /* directory.c: checksum of what the nick looks like */
	struct credential credential; /* whose place it is: their identity */
	struct credential address; /* where they come from: never an account */
	struct origin *origin; /* of the identity, whose share it is; held */
	uint8_t flags; /* enum member_flag */
	bool is_guest;
	/* All of their clients that are connected are; or were, when the last
	 * was lost. */
	bool is_on_break;
	/* Shown as on break, but reading; never with is_on_break. */
	bool is_away;
	bool is_break_told; /* others were told that they are away */
	bool is_lost;
	bool is_ignorer; /* in chat->ignorers */
	bool was_ignorer; /* or was, in this connection */
	bool is_known; /* has said or done something that others see */
	/* For the moment of the login: what they have in this connection is not
	 * their account's yet. */
	bool is_logging_in;
	char nick[NICK_SIZE];
	char folded[NICK_SIZE];
	/* The stand-in for where they come from (cloak.h). It is always the
	 * same for an origin, also after a restart if there is a journal. */
	char host[MEMBER_HOST_SIZE];
};

/* IRC's user name; plain people have a stand-in. */
#define MEMBER_PLAIN_USER "plain"
static inline const char *
member_user(const struct member *m)
{
	return m->user == NULL ? MEMBER_PLAIN_USER : m->user;
}

/* m's membership in room, or NULL. People are in few rooms. */
static inline struct membership *
member_in(const struct member *m, const struct room *room)
{
	struct membership *ms;

	SLIST_FOREACH(ms, &m->memberships, in_member)
		if (ms->room == room)
			return ms;
	return NULL;
}

/* On break or away, which looks the same to others. */
static inline bool
member_is_away(const struct member *m)
{
	return m->is_on_break || m->is_away;
}

/* Is m away; or was, is lost, and the others were not told of an end? */
static inline bool
member_looks_away(const struct member *m)
{
	return member_is_away(m) || m->is_break_told;
}

/* What others are shown of a break: its text, or this. */
#define MEMBER_AWAY_TEXT "be right back"
static inline const char *
member_away_text(const struct member *m)
{
	return m->break_text == NULL ? MEMBER_AWAY_TEXT : m->break_text;
}

/* Who is gone: departed.h */

struct departed {
	RB_ENTRY(departed) by_name;
	TAILQ_ENTRY(departed) by_age;
	TAILQ_ENTRY(departed) in_owner;
	RB_ENTRY(departed) by_rank; /* in owner */
	struct departed_owner *owner;
	struct person person;
	int64_t left_ms; /* monotonic: when they left, or went on break */
	int64_t made_ms; /* of the age clock: when this was made */
	bool is_passer; /* has never said a word, nor gone on break */
	char folded[NICK_SIZE];
};

RB_HEAD(departed_tree, departed);
RB_HEAD(departed_owner_tree, departed_owner);
RB_HEAD(departed_ranks, departed);
TAILQ_HEAD(departed_queue, departed);

struct departed_set {
	struct chat *chat;
	struct departed_tree by_name;
	struct departed_owner_tree owners;
	struct departed_queue by_age; /* the oldest first */
	size_t count;
};

/* What is allowed in a room: modes.h */

#define MODES_KEY_MAX 23
#define MODES_MASK_MAX 120 /* bytes */
#define MODES_INVITATIONS_MAX 64 /* for one room; the oldest go */

/* There is a list for each of the letters b, e, I. */
enum modes_list { MODES_BANS, MODES_EXEMPTIONS, MODES_INVITED, MODES_LISTS };

struct mode_mask {
	TAILQ_ENTRY(mode_mask) entry;
	int64_t set_ms; /* wall clock */
	/* The nick of whoever set it at that time, or "server". */
	char by[NICK_SIZE];
	/* The account that is meant, whatever it is called; 0: it is a pattern.
	 * mask has the name of that time, so see mode_mask_str(). */
	uint64_t account;
	/* nick!user@host with * and ?, or "$a:ACCOUNT". In the lists b and e,
	 * "$m:nick!user@host" is about speaking only: IRC's extban,
	 * EXTBAN=$,am. */
	char mask[MODES_MASK_MAX + 1];
};
TAILQ_HEAD(mode_mask_list, mode_mask);

struct modes {
	unsigned flags; /* enum room_flag */
	uint32_t limit; /* 0: none */
	struct mode_mask_list lists[MODES_LISTS]; /* the oldest first */
	size_t counts[MODES_LISTS];
	uint64_t invitations[MODES_INVITATIONS_MAX]; /* ids of members */
	size_t invitation_count;
	int64_t made_ms; /* wall clock: when the room was made */
	char key[MODES_KEY_MAX + 1]; /* "": none */
	/* In the journal, as somebody made the room or changed them. Otherwise
	 * the settings give them at the next start. */
	bool is_persisted;
};

/* Who has come and gone, and is not announced yet: presence.h */

RB_HEAD(presence_tree, presence_left);
RB_HEAD(presence_returning, presence_left);
TAILQ_HEAD(presence_queue, presence_item);

struct presence {
	struct room *room;
	struct presence_tree by_nick; /* who has left */
	struct presence_queue queue; /* the oldest first */
	struct deadline deadline;
	size_t count; /* in the queue */
};

/* The way out of a room: deliver.h */

/*
 * Where a line ends in an audience's bytes, and whose it is: it is not sent to
 * its author (whose terminal shows it already), nor to people who ignore them,
 * unless it tells who is here.
 */
struct segment {
	size_t end;
	uint64_t author; /* 0: nobody's */
	uint64_t number; /* of the message; 0: live only */
	uint64_t known_from; /* the event's */
	uint8_t via; /* the number of the author's client */
	bool is_for_others; /* and for the author's other clients */
	bool is_said; /* hidden from those who ignore the author */
	char folded[NICK_SIZE];
};

/*
 * What the delivery needs to know of somebody live. Slots lie side by side, so
 * that the way to a socket is one step: between two deliveries the kernel
 * pushes everything else out of the cache.
 */
struct slot {
	int (*deliver)(void *sink, const char *data, size_t len,
	    uint64_t batch);
	void *sink;
	struct cursor *cursor;
	bool has_acted; /* some of the turn's lines are their own */
	bool is_ignorer; /* or of somebody whom they ignore */
};

/* All who are live in a room with the same dialect. The turn's lines are
 * rendered here once, when they are published. */
struct audience {
	LIST_ENTRY(audience) entry;
	const struct dialect *dialect;
	struct slot *slots; /* in no order */
	uint32_t count;
	uint32_t cap;
	struct buf lines;
	struct segment *segments;
	size_t segment_count;
	size_t segment_cap;
	bool has_names; /* some lines are event_is_of_names() */
};

/* What numbers a room's messages, if the room does not do so: a log that several
 * servers share. shared.h */
struct room_log {
	/* Asks for a number for an event that has author, nick, via and
	 * time_ms: room_said() follows, with a number, node and counter. -1: it
	 * cannot be asked now, and nothing follows. */
	int (*append)(struct room_log *log, const struct event *event);
	void (*closed)(struct room_log *log); /* the room goes */
};

/* A room: a ring, and the cursors of those who are here. room.h */
struct room {
	RB_ENTRY(room) by_name;
	TAILQ_ENTRY(room) in_dirty;
	struct chat *chat;
	struct history history;
	struct room_log *log; /* NULL: the room numbers its messages */
	struct pieces *pieces; /* pieces.h: while somebody reads the past */
	/* The first message of the turn: the cursor of everybody live. */
	struct history_cursor turn_start;
	/* The state layer's: all who are stored as live have certainly read up
	 * to the first; the other was turn_start at the last look. */
	uint64_t low_water;
	uint64_t looked;
	/* If is_dirty: the number of its turn, and the last turn of another room
	 * that has to be handed out before. deliver.c */
	uint64_t turn;
	uint64_t turn_after;
	bool is_dirty; /* has lines not handed out yet */
	bool is_permanent;
	bool is_unkept; /* though there are files: not on the disk */
	bool is_kept_out; /* unkept for good: another history has its file */
	bool is_handed_over; /* its history is another program's: chat_load() */
	LIST_HEAD(, audience) audiences;
	struct membership_queue people; /* in the order in which they came */
	size_t people_count;
	size_t live_count;
	struct tracker_list trackers; /* those with is_tracking */
	size_t tracker_count;
	struct bookmark_list bookmarks;
	struct device_place_list places;
	struct presence presence;
	int64_t
	    used_ms; /* of the age clock: when somebody came, spoke or left */
	int64_t said_ms; /* monotonic time of the newest message */
	/* crowd.h: bytes that were said lately; and the room for origin_spent(),
	 * which no other room has or had. */
	struct spent said;
	uint64_t key;
	struct origin *maker; /* whose room it is, held; or NULL */
	TAILQ_ENTRY(room) in_crowded;
	bool is_crowded;
	struct modes modes;
	char *topic; /* or NULL */
	char topic_by[NICK_SIZE]; /* nick of whoever set it, as it was then */
	int64_t topic_ms; /* wall clock of setting it; 0: unknown */
	char name[ROOM_NAME_SIZE]; /* folded */
};

RB_HEAD(room_tree, room);
TAILQ_HEAD(room_queue, room);

/* How many messages are new to somebody with this cursor, without those below
 * repeat_until. */
static inline uint64_t
room_new_count(const struct room *room, const struct history_cursor *cursor,
    uint64_t repeat_until)
{
	uint64_t from = cursor->number;

	if (from < repeat_until)
		from = repeat_until;
	return history_distance(from, room->history.next_number);
}

/* Everybody who is here, by nick and by what the nick looks like:
 * directory.h */
RB_HEAD(directory_nicks, member);
RB_HEAD(directory_skeletons, member);

/* Somebody who gave up a nick: whowas.h */
struct whowas_entry {
	int64_t until_ms; /* wall clock: when they gave it up */
	char nick[NICK_SIZE];
	char folded[NICK_SIZE];
	char user[MEMBER_USER_MAX + 1]; /* "": a plain client */
	char host[MEMBER_HOST_SIZE];
	char realname[MEMBER_REALNAME_MAX + 1]; /* "": the same as the nick */
};

struct whowas {
	struct whowas_entry *entries; /* a ring; NULL: empty */
	uint64_t count; /* entries ever added */
};

/*
 * An observer of who comes and goes by name. Its functions are called in the
 * middle of the room layer's work, and must not call back into it. Somebody
 * whose connection is lost has the nick until they leave for good; one whose
 * place is taken over never gives it up.
 */
struct directory_watch {
	/* m has a nick that nobody had before; nobody has nick any more. */
	void (*used)(const struct member *m, void *arg);
	void (*freed)(const char *nick, void *arg);
	/* roommates_tell() has told those for whom roommates_was_told() is
	 * true. */
	void (*shown)(const struct member *m, const struct event *event,
	    void *arg);
	void *arg;
};

struct directory {
	struct directory_nicks by_nick;
	struct directory_skeletons by_skeleton;
	const struct directory_watch *watch; /* or NULL */
	/* Or NULL: m, whose nick another member gets next. */
	const struct member *replaced;
	struct whowas whowas;
	size_t count;
	size_t present_max; /* the most who were connected at once */
	size_t invisible_count; /* of those who are connected */
	size_t oper_count;
	uint64_t last_id;
	uint64_t last_guest;
};

/* Who shares a room with somebody: roommates.h */

/* The lines of one event, in each dialect that was needed so far. */
struct roommates_lines {
	const struct dialect *dialect;
	size_t start;
	size_t end;
	uint64_t batch; /* client_ops.deliver() */
};

struct roommates {
	/* Number of the last walk: roommates_walk in struct client. */
	uint64_t walk;
	struct buf out;
	struct roommates_lines *lines;
	size_t count;
	size_t cap;
};

/* The chat: all rooms, everybody who is here, and bookmarks of those who left.
 * chat.h */

/* An observer who stores what has to outlive the process. None of its functions
 * may call back into the room layer. watch.h calls them. */
struct chat_watch {
	/* Something has changed about the person with this nick and credential,
	 * who is here, departed, or neither. */
	void (*person)(const char *folded, const struct credential *credential,
	    void *arg);
	/* The same, and a crash may lose it, if it was only a moment ago. */
	void (*person_a_bit)(const char *folded,
	    const struct credential *credential, void *arg);
	/* Of a member, and it has to be written before this returns. */
	void (*person_now)(struct member *m, void *arg);
	void (*said)(void *arg); /* a numbered message */
	void (*topic)(const struct room *room, void *arg);
	void (*modes)(const struct room *room, void *arg);
	void (*forgotten)(const struct room *room, void *arg); /* for good */
	void (*counted)(void *arg); /* an id or guest's number was given */
	void (*turn_ended)(void *arg);
	void *arg;
};

/* How rooms' histories get into files, if they are to outlive the process. */
struct room_files {
	/* Opens the room's history, or begins one. On -1 h is unchanged, and
	 * the reason has been logged. */
	int (*open)(struct history *h, const char *room, size_t size,
	    void *arg);
	/* Is h, which another program has opened, that file? */
	bool (*has)(const struct history *h, const char *room, void *arg);
	/* The room is gone for good. h, its history, is still open; a file of
	 * that name in which h is not open belongs to others. */
	void (*remove)(const struct history *h, const char *room, void *arg);
	void *arg;
};

TAILQ_HEAD(lost_queue, member);

/* Accounts that go: forget.h */

TAILQ_HEAD(forgotten_queue, forgotten);

struct forget {
	struct chat *chat;
	struct forgotten_queue queue;
	struct walk walk;
};

TAILQ_HEAD(piece_queue, piece);

struct chat {
	const struct clock *clock;
	const struct options *options;
	struct deadlines *deadlines;
	/* asks for publish_turn() at the turn's end */
	void (*wake)(void *arg);
	void *wake_arg;

	const struct chat_watch *watch; /* or NULL */
	const struct room_files *files; /* NULL: in memory */
	struct room_tree by_name;
	size_t count;
	struct room *lobby;
	struct origins origins; /* where people come from */
	struct directory directory;
	struct departed_set departed;
	struct bans bans; /* who may not come in */
	struct accounts accounts;
	struct forget forget; /* accounts that go */
	struct conversations conversations;
	LIST_HEAD(, member_more) ignorers;
	struct lost_queue lost; /* the longest lost first */
	size_t lost_count;
	struct deadline lost_due; /* when the first of them leaves */
	size_t queued_bytes;
	struct deadline tidy_due; /* old bookmarks and rooms */
	struct walk tidy;
	char tidied[ROOM_NAME_SIZE]; /* up to that room */
	uint64_t tidied_account; /* and that account */
	bool has_old; /* a room has more to drop */
	struct cloak_key host_key; /* persisted where there is a journal */
	uint64_t last_msgid; /* of private messages; only grows */
	uint64_t last_arrival; /* a count over all rooms */
	/* presence.h: who has left a room that they will be in again. */
	struct presence_returning returning;

	/* The turn. */
	struct room_queue dirty; /* in the order of their turns */
	uint64_t last_turn;
	struct cursor_queue pump;
	struct piece_queue pieces; /* the latest used first */
	size_t piece_bytes;
	struct room_queue crowded; /* crowd.h */
	uint64_t last_key; /* of a room */
	unsigned actors; /* how many live people acted in this turn */
	struct buf scratch;
	struct tally tally; /* of the catch-up being counted */
	struct cursor *tally_owner; /* or NULL */
	struct roommates roommates;

	/* Counters for the state report. */
	uint64_t messages;
	uint64_t deliveries; /* a turn's lines to one member count as one */
	uint64_t last_batch; /* of client_ops.deliver() */
	uint64_t fell_behind;
	uint64_t gaps;
};

/* The account that m is logged in to, or NULL. */
static inline struct account *
member_account(const struct member *m)
{
	return accounts_of(&m->chat->accounts, &m->credential);
}

/* Since when m has not been reading, in monotonic time; now if they are. */
static inline int64_t
member_away_since_ms(const struct member *m)
{
	if (m->is_on_break)
		return m->break_since_ms;
	if (m->is_lost)
		return m->lost_since_ms;
	return m->chat->clock->mono_ms;
}

#endif

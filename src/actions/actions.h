/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef ACTIONS_H
#define ACTIONS_H

#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/credential.h"
#include "base/util.h"
#include "history/event.h"
#include "room/bans.h"
#include "room/modes.h"
#include "room/rename.h"
#include "room/room.h"

/*
 * What one may do: a file for each action, where its rule stands, once for all
 * protocols. A protocol parses what its client sent, calls the action, and
 * words what comes back: an enum, of which the first means that it was done.
 * When it was not, nothing has changed.
 *
 * Texts are scrubbed. The actor hears of what they did through
 * client_ops.event, where the order matters: before what it leads to.
 */

struct chat;
struct member;
struct membership;

/* say.c: to a room. */
enum say {
	SAID,
	SAY_HIDDEN, /* a secret room, which they must not hear of */
	SAY_ON_BREAK,
	SAY_FORBIDDEN, /* *why tells */
	SAY_NO_CTCP, /* C */
	SAY_TOO_LONG /* fits was false */
};
/*
 * m says something: EVENT_SAY, EVENT_ME, EVENT_NOTICE or EVENT_CTCP with a
 * text, and perhaps tags; or EVENT_TAGS. With a status of '@' or '+' it is an
 * EVENT_PRIVATE, only to those in the room who have at least that. fits: the
 * protocol could write it. The rest of event is filled in, for an echo.
 */
enum say action_say(struct member *m, struct room *room, struct event *event,
    bool fits, enum modes_speak *why) MUST_CHECK;

/* msg.c: to one person. */
enum msg {
	MSG_SENT,
	MSG_QUEUED, /* they are told when they are back */
	MSG_ON_BREAK, /* who sends it is */
	MSG_TOO_LONG, /* fits was false */
	MSG_QUEUE_FULL
};
/* event as for member_tell(), which fills it in. Who is ignored is not told
 * so: it looks sent. */
enum msg action_msg(struct member *m, struct member *to, struct event *event,
    bool fits) MUST_CHECK;

/* nick.c */
enum nick {
	NICK_CHANGED, /* who came back to their place, too */
	NICK_SAME,
	NICK_BANNED, /* from the server: ban */
	NICK_FORBIDDEN, /* by a ban in a room that they are in: room */
	NICK_INVALID, /* nick_check() says why */
	NICK_TAKEN, /* clash has it */
	NICK_LOOKALIKE, /* it looks like that of clash */
	NICK_TOO_OFTEN /* member_announce_wait_ms() says how long */
};
struct nick_answer {
	const struct ban *ban;
	const struct room *room; /* or where they are operator by it; or NULL */
	const struct member *clash;
};
/* Would somebody from there, who is not here yet, get this nick? */
enum nick action_nick_check(struct chat *chat,
    const struct credential *credential, const char *nick,
    struct nick_answer *answer) MUST_CHECK;
/*
 * m takes another nick, and with it the place that is kept under it: see
 * directory_rename(). m is told by an EVENT_SYNC_RENAME.
 */
enum nick action_nick(struct member *m, const char *nick,
    struct nick_answer *answer) MUST_CHECK;

/* join.c */
enum join {
	JOIN_MAY,
	JOIN_IS_THERE,
	JOIN_BAD_NAME, /* room_name_check() says why */
	JOIN_NO_NEW_ROOMS, /* room-create */
	JOIN_ROOMS_FULL, /* max-rooms */
	JOIN_FORBIDDEN /* *why tells */
};
/* May m come into the room of that name? It is made if there is none. *room is
 * set if it is there; key may be NULL. */
enum join action_join_check(struct member *m, const char *name, const char *key,
    struct room **room, enum modes_admit *why) MUST_CHECK;
/* m, who may, comes in; from: a room that they leave for it, or NULL. */
struct membership *action_join(struct member *m, struct room *room,
    enum room_join how, struct membership *from);
/* ms leaves; the member is told by an EVENT_SYNC_PART. text may be NULL. */
void action_leave(struct membership *ms, const char *text);

/* topic.c */
enum topic {
	TOPIC_SET,
	TOPIC_ON_BREAK,
	TOPIC_NOT_OPERATOR, /* t */
	TOPIC_NONE, /* there is none to be removed */
	TOPIC_TOO_LONG, /* TOPIC_MAX */
	TOPIC_TOO_OFTEN /* member_announce_wait_ms() says how long */
};
/* NULL removes it. The member is told by an EVENT_TOPIC. */
enum topic action_topic(struct membership *ms, const char *text) MUST_CHECK;

/* brb.c: breaks, and being away. Texts: BREAK_TEXT_MAX bytes, or NULL. */
enum brb {
	BRB_DONE,
	BRB_CHANGED, /* the text alone: they were on break */
	BRB_NOT_AWAY, /* there is nothing to come back from */
	BRB_ON_BREAK, /* which ends by action_back() alone */
	BRB_TOO_LONG
};
enum brb action_brb(struct member *m, const char *text) MUST_CHECK;
/* The member is told by an EVENT_BACK. */
enum brb action_back(struct member *m, const char *text) MUST_CHECK;
/* member_away() */
enum brb action_away(struct member *m, const char *text) MUST_CHECK;

/* kick.c */
enum kick { KICK_DONE, KICK_NOT_OPERATOR, KICK_NOT_THERE };
#define KICK_TEXT_MAX 300 /* bytes */
/*
 * m is put out of the room that by is in. The others see EVENT_KICK, by is told
 * the same, and m by client_ops.kicked, which may end their session. by and m
 * may be freed. Call it outside any walk over members or sessions.
 */
enum kick action_kick(struct membership *by, struct member *m,
    const char *text) MUST_CHECK;

/* invite.c */
enum invite {
	INVITED,
	INVITED_AWAY, /* and not told: they are on break or not connected */
	INVITED_SLOW, /* nor are those who do not read what they are sent */
	INVITE_ON_BREAK,
	INVITE_NOT_OPERATOR, /* i */
	INVITE_IS_THERE
};
/* ms asks m to come into the room, which it opens for m if ms is operator. m,
 * and clients there that want to know, are told by EVENT_INVITE. */
enum invite action_invite(struct membership *ms, struct member *m) MUST_CHECK;

/* end.c: the five ways in which a member leaves the server. */

/* They said so. Frees m. */
void action_quit(struct member *m, const char *text);
/* The connection is gone; has_closed: they had closed their end of it. The last
 * unsent bytes may not have arrived. May free m. */
void action_lost(struct member *m, bool has_closed, size_t unsent);
/* They are told line, if they are connected, and the others text. Frees m. */
void action_put_out(struct member *m, const char *line, const char *text);
/* The server stops: nobody is told, the place is kept. Frees m. */
void action_stop(struct member *m, size_t unsent);
/* The fifth, in directory_rename(): another session takes their place. */

/* admit.c: who may be connected, and who may come in. */
enum admit {
	ADMITTED,
	ADMIT_FULL, /* max-members */
	ADMIT_ADDRESS, /* max-per-address */
	ADMIT_BANNED, /* *ban */
	ADMIT_LOCKED, /* nobody new comes in */
	ADMITS
};
/* Returns "full", "address", "banned" or "locked". */
const char *admit_str(enum admit why);

/* All connections from one address. */
struct admit_origin {
	RB_ENTRY(admit_origin) entry;
	struct credential credential;
	size_t count;
};
RB_HEAD(admit_origins, admit_origin);

struct admission {
	struct chat *chat;
	struct admit_origins origins;
	size_t count; /* connections */
	uint64_t refused[ADMITS];
	bool is_locked;
};

/* May one more connect from there? */
enum admit admit_connection(struct admission *a,
    const struct credential *credential, const struct ban **ban) MUST_CHECK;
/* May who is connected come in, or has that changed since? */
enum admit admit_entry(struct admission *a, const struct credential *credential,
    const struct ban **ban) MUST_CHECK;
/* It has connected, and is connected no more. */
struct admit_origin *admit_add(struct admission *a,
    const struct credential *credential);
void admit_remove(struct admission *a, struct admit_origin *origin);

/* ban.c: from the server. */
enum ban_result {
	BAN_DONE,
	BAN_BAD_SUBJECT, /* *why tells */
	BAN_NOBODY, /* is called so, and nobody can be */
	BAN_TOO_MANY, /* BANS_MAX */
	BAN_NONE /* there is none of that subject */
};
#define BAN_FOR_MAX_MS INT64_C(315360000000) /* 10 years */
/*
 * whom as in ban_subject_parse(): of a nick whose holder is here the holder's
 * credential is banned as well; of a guest's nick, which is never given again,
 * only that. for_ms 0: without end. Those whom it reaches are to be put out:
 * ban_enforce(). *ban is valid until the next call.
 */
enum ban_result action_ban(struct chat *chat, const char *whom, int64_t for_ms,
    const char *reason, const struct ban **ban, const char **why) MUST_CHECK;
enum ban_result action_unban(struct chat *chat, const char *whom,
    struct ban_subject *subject, const char **why) MUST_CHECK;
/* Puts out whoever is here and banned, with these words: see
 * action_put_out(). Returns how many were connected. */
size_t ban_enforce(struct chat *chat, const char *line, const char *text);

#endif

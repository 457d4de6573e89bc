/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef ACTIONS_H
#define ACTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/credential.h"
#include "base/origins.h"
#include "base/util.h"
#include "history/event.h"
#include "room/attempts.h"
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
struct client;
struct member;
struct membership;

/* say.c: saying something in a room. */
enum say {
	SAID,
	SAID_BEFORE, /* under the same id */
	SAY_HIDDEN, /* a secret room, of which they must not know */
	SAY_ON_BREAK,
	SAY_FORBIDDEN, /* *why says by what */
	SAY_NO_CTCP, /* C */
	SAY_SECRET, /* it looks like a password */
	SAY_TOO_LONG, /* fits was false */
	SAY_TOO_MANY_LINES /* action_max_lines() */
};
#define SAY_SECRET_TEXT \
	"that looks like a password: nobody was told, and nothing is kept; " \
	"if it is none, say it in other words"
/* Is text, scrubbed, a password that went astray, as base/secret.h knows them, or
 * the one that m has just given? */
bool action_is_secret(const struct member *m, const char *text, size_t len);
/*
 * m says something: EVENT_SAY, EVENT_ME, EVENT_NOTICE or EVENT_CTCP with a
 * text, and perhaps tags; or EVENT_TAGS. The text is that of
 * text_scrub_lines(). With a status of '@' or '+' it is an
 * EVENT_PRIVATE, only to those in the room who have at least that. fits: the
 * protocol could write it. With an id that their client has given to the same
 * before (ids.h), it is not said again, whatever has changed since. With is_aside
 * m is not in room, but action_aside() has let them. The rest of event is filled
 * in, for an echo.
 */
enum say action_say(struct member *m, struct room *room, struct event *event,
    bool fits, enum modes_speak *why) MUST_CHECK;

/* How many lines the event's text may have in that room; in private it has
 * one. */
size_t action_max_lines(const struct room *room, const struct event *event);

/* msg.c: saying something to one person. */
enum msg {
	MSG_SENT,
	MSG_QUEUED, /* they get it when they are back */
	MSG_SAID_BEFORE, /* under the event's id: client_has_told() */
	MSG_ON_BREAK, /* the sender is */
	MSG_SECRET, /* it is the password that they have just given */
	MSG_TOO_LONG, /* fits was false */
	MSG_ACCOUNTS_ONLY, /* member_accepts(): they do not */
	MSG_QUEUE_FULL,
	/* Of somebody who is not here: */
	MSG_KEPT, /* it is in the conversation, for when they are back */
	MSG_NOBODY, /* nor has been here, as far as is known */
	MSG_GUEST, /* the sender is one, so nothing can be kept */
	MSG_CONVERSATIONS_FULL, /* max-conversations */
	MSG_BEGUN_TOO_MANY, /* CONVERSATIONS_BEGUN_MAX */
	MSG_NOT_KEPT /* the disk does not take it */
};
/* What the last four mean, to follow "bob is ". */
const char *msg_str(enum msg why);
/* Who is meant by nick and is here; or NULL. */
struct member *action_addressee(struct chat *chat, const char *nick);
/* event is as for member_tell(), which fills it in. Ignored people are not told
 * that they are: it looks sent. Whom m writes to may answer (accepted.h). */
#define MSG_ACCOUNTS_ONLY_TEXT \
	"takes private messages only from who is logged in"
enum msg action_msg(struct member *m, struct member *to, struct event *event,
    bool fits) MUST_CHECK;
/* As action_msg(), to somebody who is not here. *to, but for MSG_NOBODY, is who
 * is meant; event has what it points to. */
enum msg action_msg_absent(struct member *m, const char *nick,
    struct event *event, bool fits, struct conversation_party *to) MUST_CHECK;

/* nick.c */
enum nick {
	NICK_CHANGED, /* perhaps with a return to what was left under it */
	NICK_SAME,
	NICK_BANNED, /* from the server: ban */
	NICK_FORBIDDEN, /* by a ban in one of their rooms: room */
	NICK_INVALID, /* nick_check() says why */
	NICK_TAKEN, /* clash has it */
	NICK_LOOKALIKE, /* it looks like that of clash */
	NICK_OWNED, /* it is owner's, or looks like it; m is not logged in */
	NICK_TOO_OFTEN, /* ANNOUNCE_PERSON: member_announce_wait_ms() */
	/* clash is they themselves, in max-sessions sessions already */
	NICK_TOO_MANY
};
struct nick_answer {
	const struct ban *ban;
	/* Also the room in which it makes them operator; or NULL. */
	const struct room *room;
	const struct member *clash;
	const struct account_nick *owner;
	/* Who they are then: m, or those whom they are already in another
	 * session, to which this one has come: clients.h. */
	struct member *member;
};
/* Would somebody with this credential, who is not here yet, get this nick? */
enum nick action_nick_check(struct chat *chat,
    const struct credential *credential, const char *nick,
    struct nick_answer *answer) MUST_CHECK;
/* Gives m another nick, and what was left under it: see rename_member(). m
 * is told by EVENT_SYNC_RENAME. If it is theirs, with a strong credential, and
 * they are here under it, the client with which they ask comes to them there; m
 * may be freed: see answer->member. */
enum nick action_nick(struct member *m, const char *nick,
    struct nick_answer *answer) MUST_CHECK;

/* account.c: logging in, and making an account. */

/* A password of a new account. */
#define PASSWORD_MIN 8
#define PASSWORD_MAX 500
/* NULL, or what is wrong with it. */
const char *password_check(const char *password) MUST_CHECK;

enum login_purpose {
	LOGIN_TO, /* an account */
	LOGIN_REGISTER, /* making one of one's nick */
	LOGIN_PASSWORD, /* changing one's own */
	LOGIN_CONFIRM /* showing who one is, before that */
};

enum login {
	LOGIN_DONE,
	LOGIN_VERIFY, /* the password has to be compared with try->hash */
	LOGIN_WRONG, /* there is no such account, or it is not its password */
	LOGIN_TOO_OFTEN, /* wait_ms: too many wrong ones */
	LOGIN_AGAIN, /* it cannot be found out now */
	LOGIN_ALREADY, /* they are logged in */
	LOGIN_BANNED, /* the account is: ban */
	LOGIN_INSECURE, /* others can read it on its way */
	LOGIN_NO_PASSWORD, /* none was given */
	LOGIN_UNCONFIRMED, /* the present password has to come first */
	/* About making one: */
	LOGIN_BAD_PASSWORD, /* password_check() */
	LOGIN_NOT_ALLOWED, /* the setting register */
	LOGIN_NO_NICK, /* a guest has nothing to own */
	LOGIN_TAKEN, /* somebody owns the nick, or one that looks like it */
	LOGIN_NAMED, /* room-operator has the nick: an admin makes it */
	LOGIN_FULL /* max-accounts */
};

/* What is to be found out. Wipe it afterwards. */
struct login_try {
	char name[NICK_SIZE];
	char hash[ACCOUNT_HASH_MAX + 1];
	unsigned char token[PROOF_BYTES]; /* by which they came in; or zeros */
	uint64_t id; /* 0: there is no such account */
	int64_t wait_ms;
	bool may_wait; /* or less, if others that are tried now are right */
	bool is_real; /* else a right password is wrong */
	bool is_counted; /* as an attempt that is not ended */
	bool is_known; /* and so: see struct attempt_subject */
};

/* What came of it. */
struct login_answer {
	const struct account *account;
	int64_t last_ms; /* wall clock: their last login; 0: none */
	int64_t wait_ms;
	uint32_t failures; /* wrong passwords since then */
	const struct ban *ban;
	enum nick nick; /* why they have another than wanted, or NICK_SAME */
	struct nick_answer nick_answer;
};

/*
 * Somebody from there says that they own the account of name, and gives a
 * secret: a token, which is LOGIN_DONE at once, or a password. Whether that is
 * right is told to action_login_verified(), which returns the account, or NULL;
 * that it could not be found out, or that nobody waits for it any more, to
 * action_login_end().
 */
enum login action_login_check(struct chat *chat,
    const struct credential *address, const char *name, const char *secret,
    struct login_try *try) MUST_CHECK;
struct account *action_login_verified(struct chat *chat,
    const struct credential *address, struct login_try *try,
    bool is_right) MUST_CHECK;
void action_login_end(struct chat *chat, const struct credential *address,
    struct login_try *try, enum attempt_end how);
/* The owner of a has come from there, by p or a password (NULL): answer tells
 * how it was since the last time. */
void action_logged_in(struct chat *chat, const struct credential *address,
    struct account *a, struct account_proof *p, struct login_answer *answer);
/* m, who is not logged in, is so now: their place is the account's. If their
 * nick is none of its, they take this one, unless it is NULL. Then m may be
 * freed, as by action_nick(). */
void action_login(struct member *m, const struct account *a, const char *nick,
    struct login_answer *answer);

/* Who makes an account: m of the nick that they have or, m being NULL, somebody
 * who comes from there and has said what they want to be called. */
struct registrant {
	struct member *m;
	const struct credential *address;
	const char *nick;
};
/*
 * May they make one? LOGIN_DONE: yes. When they try, they may have to wait so
 * long; else it counts. action_register() makes it, with the hash of the
 * password, and logs m in.
 */
enum login action_register_check(struct chat *chat,
    const struct registrant *who) MUST_CHECK;
int64_t action_register_wait_ms(struct chat *chat,
    const struct credential *address) MUST_CHECK;
/* The same for changing the password of a. */
int64_t action_change_wait_ms(struct chat *chat,
    const struct account *a) MUST_CHECK;
enum login action_register(struct chat *chat, const struct registrant *who,
    const char *hash, struct login_answer *answer) MUST_CHECK;

enum account_add {
	ACCOUNT_ADDED,
	ACCOUNT_BAD_NICK, /* nobody can have it */
	ACCOUNT_OWNED, /* or what it looks like */
	ACCOUNT_HELD, /* somebody is called so now */
	ACCOUNT_NAMED, /* room-operator has it: an admin makes it */
	ACCOUNTS_FULL
};
/* Can nick become an account's (NULL: a new one's)? holder may have it. address
 * is where whoever asks comes from; NULL: they run this server. */
enum account_add action_account_check(struct chat *chat,
    const struct account *a, const char *nick, const struct member *holder,
    const struct credential *address) MUST_CHECK;

/* Puts out who is logged in to a, and forgets it: see forget.h. The messages lose
 * its name if unnames. */
void action_forget(struct chat *chat, struct account *a, bool unnames);

/* join.c */
enum join {
	JOIN_MAY,
	JOIN_IS_THERE,
	JOIN_BAD_NAME, /* room_name_check() says why */
	JOIN_NO_NEW_ROOMS, /* room-create */
	JOIN_ROOMS_FULL, /* max-rooms */
	JOIN_TOO_MANY_ROOMS, /* max-rooms-per-address */
	JOIN_FORBIDDEN /* *why tells */
};
/* May m enter the room of that name? It is made if necessary. *room is set if
 * it exists; key may be NULL. */
enum join action_join_check(struct member *m, const char *name, const char *key,
    struct room **room, enum modes_admit *why) MUST_CHECK;
enum aside {
	ASIDE_MAY,
	ASIDE_NO_ROOM, /* or none that they may know of */
	ASIDE_FORBIDDEN /* *why tells */
};
/* May m, who is not in the room of that name, read there or say something as if
 * they were? They may if they could come in. *room is set unless there is
 * none. */
enum aside action_aside(struct member *m, const char *name, const char *key,
    struct room **room, enum modes_admit *why) MUST_CHECK;
/* Lets m enter with the client that acts, who may; from is a room that this
 * leaves for it, or NULL. The person's clients that follow come in as well. */
struct membership *action_join(struct member *m, struct room *room,
    enum room_join how, struct membership *from);
/* Makes the client that acts leave, and the member, if no other of their clients
 * has joined; who leaves is told by EVENT_SYNC_PART. text may be NULL. */
void action_leave(struct membership *ms, const char *text);

/* topic.c */
enum topic {
	TOPIC_SET,
	TOPIC_ON_BREAK,
	TOPIC_NOT_OPERATOR, /* t */
	TOPIC_NONE, /* there is no topic to remove */
	TOPIC_TOO_LONG, /* TOPIC_MAX */
	TOPIC_SECRET, /* it looks like a password */
	TOPIC_TOO_OFTEN /* ANNOUNCE_TOPIC: member_announce_wait_ms() */
};
/* Sets the topic; NULL removes it. The member is told by EVENT_TOPIC. */
enum topic action_topic(struct membership *ms, const char *text) MUST_CHECK;

/* brb.c: breaks, and being away. Texts are of BREAK_TEXT_MAX bytes at most, or
 * NULL. */
enum brb_of {
	BRB_OF_ONE, /* of the session with which it is asked */
	BRB_OF_ALL /* of all that the person has */
};
enum brb {
	BRB_DONE,
	/* That session is on break; but others read, clients_reading(), so
	 * nobody was told. */
	BRB_PAUSED,
	BRB_CHANGED, /* only the text: they were on break */
	BRB_NOT_AWAY, /* they are neither on break nor away */
	BRB_ON_BREAK, /* which only action_back() ends */
	BRB_TOO_LONG,
	BRB_SECRET /* the text looks like a password */
};
/* What people type for BRB_OF_ALL, instead of a text. */
bool action_brb_is_all(const char *text);
/* The other sessions that go on break with it are told by EVENT_BREAK. */
enum brb action_brb(struct client *client, enum brb_of of,
    const char *text) MUST_CHECK;
/* All that come back are told by EVENT_BACK. */
enum brb action_back(struct client *client, enum brb_of of,
    const char *text) MUST_CHECK;
/* See member_away(). */
enum brb action_away(struct member *m, const char *text) MUST_CHECK;

/* kick.c */
enum kick { KICK_DONE, KICK_NOT_OPERATOR, KICK_ON_BREAK, KICK_NOT_THERE };
#define KICK_TEXT_MAX 300 /* bytes */
/*
 * m (NULL: nobody has that nick) is put out of the room that by is in. The
 * others see EVENT_KICK, by is told the same, and m by client_ops.kicked, which
 * may end their session. by and m may be freed. Call it outside any walk over
 * members or sessions.
 */
enum kick action_kick(struct membership *by, struct member *m,
    const char *text) MUST_CHECK;

/* invite.c */
enum invite {
	INVITED,
	INVITED_AWAY, /* and not told: they are on break or lost */
	INVITED_SLOW, /* and not told: they do not read */
	INVITE_ON_BREAK,
	INVITE_NOT_OPERATOR, /* i */
	INVITE_IS_THERE
};
/* ms invites m; if ms is operator, that opens the room for m. m, and clients in
 * the room that want to know, are told by EVENT_INVITE. */
enum invite action_invite(struct membership *ms, struct member *m) MUST_CHECK;

/*
 * read.c: client says that its person has read all before number, and nothing from
 * there on, in the room of ms; or, which only moves on, in a conversation. It is
 * cut to what is held, and returned. The person's other clients are told by
 * EVENT_READ.
 */
uint64_t action_read(const struct client *client, struct membership *ms,
    uint64_t number);
uint64_t action_read_private(const struct client *client,
    struct conversation_end *end, uint64_t number);

/* devices.c: the sessions of somebody. */
enum device_end {
	DEVICE_ENDED,
	DEVICE_NONE, /* there is none with that number */
	DEVICE_SELF /* it is the one that asks */
};
/* Whose sessions m may list and end: their own, and those of who has that nick
 * with the same strong credential. NULL: not theirs, or nobody's. */
struct member *action_devices_of(struct member *m, const char *nick) MUST_CHECK;
/* client asks to end that of of with the number, which is that of a client plus
 * 1. With the last, of leaves, and is freed. */
enum device_end action_device_end(const struct client *client,
    struct member *of, uint64_t number) MUST_CHECK;

/* end.c: the five ways in which members leave the server. */

/* They said so, to that client, which member_pause() was called for. Frees it;
 * the member leaves with the last one. */
void action_quit(struct client *client, const char *text);
/* The connection is gone, and its last unsent bytes may not have arrived.
 * has_closed: the peer had closed its end. May free the client's member. */
void action_lost(struct client *client, bool has_closed, size_t unsent);
/* An operator ends it: line is told to them, if they are connected, and text to
 * the others. Frees m. */
void action_put_out(struct member *m, const char *line, const char *text);
/* The server stops: nobody is told, and bookmarks stay. Frees the client
 * or, with the last one, its member. */
void action_stop(struct client *client, size_t unsent);
/* The fifth way is in rename_member(): another session takes their place. */

/* admit.c: who may connect, and who may enter. */
enum admit {
	ADMITTED,
	ADMIT_FULL, /* max-members */
	ADMIT_ADDRESS, /* max-per-address */
	ADMIT_BANNED, /* *ban */
	ADMIT_LOCKED, /* nobody new is admitted */
	ADMITS
};
/* Returns "full", "address", "banned" or "locked". */
const char *admit_str(enum admit why);

struct admission {
	struct chat *chat;
	size_t count; /* connections */
	uint64_t refused[ADMITS];
	bool is_locked;
};

/* May one more connect from there? */
enum admit admit_connection(struct admission *a,
    const struct credential *credential, const struct ban **ban) MUST_CHECK;
/* Is it a gateway's (the setting webirc), which has no limit of connections?
 * password: and is that its password? NULL: whatever it is. */
bool admit_is_gateway(const struct admission *a,
    const struct credential *credential, const char *password) MUST_CHECK;
/* Is it a Unix user's who is believed about keys of ssh (trusted-ssh), and has no
 * limit of connections either? */
bool admit_may_tell_key(const struct admission *a,
    const struct credential *credential) MUST_CHECK;
/* May somebody who is connected, and logged in to account (NULL: to none),
 * enter? Much may have changed since they connected. */
enum admit admit_entry(struct admission *a, const struct credential *credential,
    const struct account *account, const struct ban **ban) MUST_CHECK;
/* Count a connection, and stop counting it. */
struct origin *admit_add(struct admission *a,
    const struct credential *credential);
void admit_remove(struct admission *a, struct origin *origin);
/*
 * Whose a connection of origin is once it is logged in to the account: its
 * owner's, whatever comes from the same address; or still origin's, where the
 * account has as many as an address may, or the origin has lent to so many
 * accounts lately that it could be one person's way around the limits. is_lent:
 * that was found out before.
 */
struct origin *admit_share(struct admission *a, struct origin *origin,
    uint64_t account, bool is_lent);

/* ban.c: bans from the server. */
enum ban_result {
	BAN_DONE,
	BAN_BAD_SUBJECT, /* *why says what is wrong */
	BAN_NOBODY, /* nobody has that nick, or can have it */
	BAN_TOO_MANY, /* BANS_MAX */
	BAN_NONE /* there is no ban of that subject */
};
#define BAN_FOR_MAX_MS INT64_C(315360000000) /* 10 years */
/*
 * Bans whom: see ban_subject_parse(), or "account:NAME". With the nick of
 * somebody who is here, their origin and their account are banned as well; with
 * a guest's nick, which is never given again, only those. With the nick of an
 * account whose owner is not here, the account is. for_ms 0: without end. *ban
 * is valid until the next call. Whoever is here is for action_end_banned().
 */
enum ban_result action_ban(struct chat *chat, const char *whom, int64_t for_ms,
    const char *reason, const struct ban **ban, const char **why) MUST_CHECK;
enum ban_result action_unban(struct chat *chat, const char *whom,
    struct ban_subject *subject, const char **why) MUST_CHECK;
/* The ban of that account (NULL: none), or NULL. */
const struct ban *action_account_ban(struct chat *chat,
    const struct account *a) MUST_CHECK;
/* Puts out m if they are banned, and tells them. True: m is freed. */
bool action_end_banned(struct member *m) MUST_CHECK;

/* scram.c */
struct scram_verifier;
/* The verifier of the account of that name; false: a made-up one, which is the
 * same each time, and nobody's. */
bool action_scram_verifier(const struct chat *chat, const char *name,
    struct scram_verifier *v) MUST_CHECK;
/* Keeps the verifier that was made when a's password was right, "" being none,
 * as the setting says: or takes it away. */
void action_scram_keep(struct chat *chat, struct account *a,
    const char *verifier);

#endif

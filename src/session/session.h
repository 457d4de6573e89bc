/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SESSION_H
#define SESSION_H

#include <sys/types.h>

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actions/actions.h"
#include "base/bucket.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/credential.h"
#include "base/deadline.h"
#include "base/log.h"
#include "base/walk.h"
#include "base/util.h"
#include "net/conn.h"
#include "net/listener.h"
#include "room/chat.h"

struct fields_in;
struct fields_out;
struct client;
struct dialect;
struct irc_watched;
struct member;
struct scram;
struct session_login;
struct search_query;
struct session_probe;
struct session_search;
struct protocol;
struct tlv;
struct verify_queue;

TAILQ_HEAD(session_list, session);
LIST_HEAD(session_probes, session_probe);

/* Everybody who is connected. */
struct sessions {
	struct net *net;
	struct chat *chat;
	const struct options *options;
	struct verify_queue *verify; /* set by the owner; or NULL */
	struct admission admission;
	struct session_list list;
	size_t unentered_count; /* sessions without a member so far */
	int64_t started_ms; /* monotonic: the server's start */
	struct buf text; /* scratch for one line's text */
	struct log_limit refused_log[ADMITS];
	struct log_limit oper_log; /* for failed attempts at OPER */
	struct log_limit password_log; /* for wrong irc-passwords */
	struct log_limit tls_log; /* for TLS where it cannot begin */
	struct log_limit login_log; /* for wrong passwords of accounts */
	uint64_t logins[PROOF_KINDS]; /* of this process */
	/* session-login.c: who waits for others to be computed. */
	TAILQ_HEAD(, session_login) logins_waiting;
	size_t logins_waiting_count;
	struct buf reply; /* scratch for session_notice() */
	struct buf out; /* scratch for a protocol's lines */
	struct buf answer; /* scratch: the answer to one line of IRC */
	size_t line_start; /* where its last line begins */
	struct irc_watched *watched; /* irc-monitor.c; or NULL */
	/* session-confirm.c: the walk over all, and where it goes on. */
	struct deadline confirm_due;
	struct walk confirm_walk;
	struct session *confirm_next;
	bool is_in_doubt; /* somebody had something to confirm */
	struct session_probes probes; /* session-probe.c */
	/* Members who are banned: the walk, and whom it has looked at. */
	struct walk ban_walk;
	char ban_after[NICK_SIZE];
	uint64_t banned_ended; /* connections */
	uint64_t searches;
	uint64_t throttled;
	/* Of these: for what all from their address sent, and for what was said
	 * in a room. */
	uint64_t origin_throttled, room_throttled;
};

/* A client: a connection, and the member that it speaks for. */
struct session {
	TAILQ_ENTRY(session) entry;
	struct sessions *all;
	struct conn *conn;
	/* NULL before session_enter(), and once they have left. */
	struct member *member;
	const struct protocol *protocol;
	struct credential address; /* where it comes from: never an account */
	struct origin *origin; /* whose share it is; it holds the connection */
	struct bucket lines; /* flood control */
	/* Monotonic: when the next line may be handled, since all from the same
	 * origin share their lines. */
	int64_t turn_ms;
	/* When reading goes on; NULL: it is not paused. */
	struct deadline *throttle;
	void *state; /* the protocol's own; or NULL */
	/* session-login.c: a password is awaited or compared; or NULL. */
	struct session_login *login;
	/* Monotonic: until then their owner was surely there. */
	int64_t proved_until_ms;
	/* session-search.c, or NULL; before session_enter(), of who has logged in
	 * already, what with: devices.h. */
	union {
		struct session_search *search;
		uint64_t device;
	};
	uint64_t account; /* id: they have logged in; 0: not */
	/* session-confirm.c: if is_asked, the output up to which the client was
	 * asked whether it has read it; or since when (monotonic) it has some
	 * to confirm, or 0. */
	union {
		uint64_t asked;
		int64_t doubt_ms;
	};
	int64_t since_ms : 48; /* monotonic: when they were admitted */
	bool is_asked : 1;
	bool has_entered : 1; /* it has or had a member */
	bool has_left : 1; /* the member is gone; the connection will end */
	bool is_held : 1; /* session_hold() */
	bool is_eof : 1; /* no more input; show the rest and close */
	bool has_spoken : 1; /* a line came that is not empty */
	/* They came to a proxy on this machine by TLS. */
	bool is_behind_tls : 1;
	bool began_too_long : 1; /* before that, one that was too long */
	bool is_sniffed : 1; /* the port serves all protocols */
	bool knows_utf8 : 1; /* they were told that a line was not UTF-8 */
	bool was_told_wait : 1; /* that a line waits */
	/* session-probe.c: it waits for another's sign of life; it was asked for
	 * one, now or not long ago. */
	bool is_probing : 1;
	bool is_probed : 1;
};

/* The pointers are the caller's and outlive all. */
void sessions_init(struct sessions *all, struct net *net, struct chat *chat,
    const struct options *options);
void sessions_fini(struct sessions *all); /* all must have ended */

/* Takes over the accepted fd: makes a session or, if there are too many, they
 * are banned, or the server is locked, sends one line that says so. */
void session_accept(struct sessions *all, int fd,
    const struct listener_peer *peer);

/* Takes over the accepted fd of one who connects too often, and is told so. */
void session_turn_away(struct sessions *all, int fd,
    const struct listener_peer *peer);

/*
 * Gives s a member, in no room yet: a guest, who is written to in this dialect.
 * False: they may not enter; they were told, and the connection is closed. For
 * protocols.
 */
bool session_enter(struct session *s, const struct dialect *dialect) MUST_CHECK;

/* s, which has not entered yet, is a gateway's: who stands behind it comes from
 * there. If they may not, they are told, and the connection is closed. */
void session_relayed(struct session *s, const struct credential *address);

/*
 * The Unix user that s comes as has told by which key of ssh the person came to
 * it. If it is believed, and s has done nothing yet, s comes from that key from
 * now on and has another member, again a guest, who is written to in this
 * dialect; unless they may not come in, in which case they are told, and the
 * connection is closed. For protocols.
 */
enum session_key {
	SESSION_KEY_TAKEN,
	SESSION_KEY_NOT_TRUSTED,
	SESSION_KEY_LATE, /* one was told, a nick taken or a room entered */
	SESSION_KEY_REFUSED /* and closed */
};
enum session_key session_take_key(struct session *s,
    const struct credential *key, const struct dialect *dialect) MUST_CHECK;

/* Has all whom a new ban reaches closed, entered or not, by ban_walk, which counts
 * them in banned_ended. */
void sessions_end_banned(struct sessions *all);

/* The client of its person that s, which has a member, is. */
struct client *session_client(const struct session *s);

/* Is s, which has a member, on break? Others of its person may not be. */
bool session_is_on_break(const struct session *s);

/* To be called before something is done for s that is not called by its line:
 * what its person does now, they do with it. */
void session_acts(struct session *s);

/* Marks that s has no member any more, and will end. The member is the
 * caller's. */
void session_set_left(struct session *s);

/* Makes s speak protocol, and opens that. For protocols. */
void session_become(struct session *s, const struct protocol *protocol);

/*
 * s, a guest who has done nothing, speaks protocol from now on, as its line has
 * shown; nobody hears of the guest. Where the port does not serve that
 * protocol, the client is told so in its own way, and closed. For protocols.
 */
void session_switch(struct session *s, const struct protocol *protocol);

/* Tells everybody text and closes; output is flushed for flush_ms at most. At
 * once, and not in slices: there is nobody whom that holds up. */
void sessions_close_all(struct sessions *all, const char *text,
    int64_t flush_ms);

/* Is all output written? */
bool sessions_are_flushed(const struct sessions *all);

/* Ends all sessions at once, at exit: their members leave without a word. */
void sessions_free_all(struct sessions *all);

/* Send this client one line, in its protocol's way: a notice, or an error that
 * says what is wrong and what to do. The text must be scrubbed already. */
void session_notice(struct session *s, const char *fmt, ...) PRINTFLIKE(2, 3);
void session_error(struct session *s, const char *fmt, ...) PRINTFLIKE(2, 3);

/*
 * The client has answered what protocol->ask() asked: it has read all up to
 * token, if that is what conn_sent() was then. Any other is ignored.
 */
void session_confirmed(struct session *s, uint64_t token);
/* The client has said, before it was asked, that it will answer: so its silence
 * tells that it is not there any more. */
void session_will_answer(struct session *s);

/*
 * Who is behind s: session-login.c. All of these end with the protocol's
 * logged_in(), now or later; until then no more input is handled.
 */
/* The account that s is logged in to, or NULL; before session_enter(), too. And
 * whose place s has, or will have. */
struct account *session_account(const struct session *s);
struct credential session_identity(const struct session *s);
/* Can nobody read what s sends? Else no secrets are taken. */
bool session_is_private(const struct session *s);
/* What s has logged in with is p (NULL: a password), or will be from the next
 * time on: so its device is known by that. */
void session_comes_with(struct session *s, const struct account_proof *p);
/* Logs s in to the account of that name by a password or token. */
void session_login(struct session *s, const char *name, const char *secret);
/*
 * The same by SCRAM (net/scram.h), in three steps: what x is challenged with; its
 * last message, which is told as a login that has failed, by logged_in(), or
 * proves the account that is returned, with the server's own proof in out; and
 * the login to that, by its id, once the client has seen this. False: there is
 * no such account any more.
 */
void session_scram_challenge(struct session *s, struct scram *x,
    struct buf *out);
struct account *session_scram_finish(struct session *s, struct scram *x,
    const char *text, size_t len, struct buf *out) MUST_CHECK;
bool session_scram_done(struct session *s, uint64_t id,
    const char *name) MUST_CHECK;
/* The same by what the connection shows: a certificate's key, a Unix user or a
 * key of ssh.
 * False: it shows no owner
 * of that nick (NULL: of any account), and nothing was told. */
bool session_login_by_connection(struct session *s, const char *name);
/* Whose account the connection shows, or NULL. Would it? And: is s logged in to
 * the account that the connection shows, which owns that nick (NULL: any)? */
struct account *session_shown_account(const struct session *s);
bool session_may_log_in(const struct session *s, const char *name);
bool session_proves_account(const struct session *s, const char *name);
/* Makes an account, or changes the password; s has a member. */
void session_set_password(struct session *s, enum login_purpose purpose,
    const char *password);
/* Makes an account of a nick for s, which has no member yet. */
void session_register_early(struct session *s, const char *nick,
    const char *password);
/* Changes the password, if present is the one that they have; or whatever it is
 * if they have just shown who they are. */
void session_change_password(struct session *s, const char *present,
    const char *password);
/* The next line is no line of chat, as it may be a password, though none was
 * asked for. */
void session_shun_password(struct session *s);
/* Asks for a password, for people who type; and takes the line after that,
 * which is no line of chat. False: none was asked for. */
void session_ask_password(struct session *s, enum login_purpose purpose,
    const char *name);
bool session_take_password(struct session *s, const char *text, size_t len);
/* What s is asked for; and that is given up, and s not told. */
enum login_prompt {
	LOGIN_PROMPT_NONE,
	LOGIN_PROMPT_PRESENT, /* the password that they have */
	LOGIN_PROMPT_NEW
};
enum login_prompt session_prompt(const struct session *s);
void session_end_prompt(struct session *s);

/* Charges so many tokens for the line being handled. */
void session_charge(struct session *s, unsigned cost);

/*
 * Stops reading s until session_release(), since the answer to a line takes
 * time and further lines wait for it. The caller makes sure that this ends,
 * also in the next program of this process.
 */
void session_hold(struct session *s);
void session_release(struct session *s);

/*
 * Searches what is said where s is (room/search.h), which takes time: s is held,
 * and protocol->found() is called. All that run are ended early, before they
 * would go over to the next program.
 */
void session_search(struct session *s, const struct search_query *query);
void sessions_end_searches(struct sessions *all);

/*
 * Asks whether holder, who has the nick that s wants, is still there, if s comes
 * from the same place. True: s is held, and protocol->take_nick() is called when
 * that is known, within some seconds. False: the nick is taken.
 */
bool session_probe(struct session *s, const struct member *holder,
    const char *nick) MUST_CHECK;

/* For who says that they leave, before they are answered: they are alive, and
 * read all that was sent to them. */
void session_vouch(struct session *s);

/*
 * The end: text is the last that the client hears, in the protocol's goodbye;
 * what is queued is flushed, and the connection closed. session_quit() also has
 * the member leave, if there is one; the others see shown, or, if that is NULL,
 * only that they left.
 */
void session_close(struct session *s, const char *text);
void session_quit(struct session *s, const char *text, const char *shown);
/* The two parts of that: from the first on nothing is delivered. What is
 * answered between them need not arrive. */
void session_pause(struct session *s);
void session_leave(struct session *s, const char *text, const char *shown);

/* How long s has to wait before the next change that others are told of. */
void session_wait_str(const struct session *s, enum announce what,
    char out[CLOCK_DURATION_SIZE]);

/*
 * For the next program in this process (handoff.h): who is connected, bans, and
 * the lock; and all that again, an item after the other, when the members are
 * there. What is not about sessions is passed over.
 */
void sessions_save(const struct sessions *all, struct fields_out *out);
bool sessions_load(struct sessions *all, struct fields_in *in,
    const struct tlv *item) MUST_CHECK;

#endif

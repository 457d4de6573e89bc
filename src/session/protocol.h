/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>

#include "actions/actions.h"
#include "history/event.h"
#include "net/conn.h"

struct buf;
struct fields_in;
struct fields_out;
struct cursor;
struct membership;
struct room;
struct search;
struct session;
struct tlv;

/* What the first line of a client tells of a protocol. */
enum first_line {
	FIRST_LINE_NOT, /* it cannot be that protocol's */
	/* It can; and who was greeted as a person may have typed it. */
	FIRST_LINE_EARLY,
	/* The same, and it is as likely to be a person's mistake: what they
	 * meant is /LINE. */
	FIRST_LINE_PERHAPS,
	FIRST_LINE_SURE /* no person types that */
};

/* A protocol: how one kind of client talks. */
struct protocol {
	const char *name; /* in -l ADDR:PORT,NAME */
	const char *alpn; /* TLS's name of it (RFC 7301); or NULL */
	/* Finds one of its dialects by name; or NULL. NULL if it has none. */
	const struct dialect *(*find_dialect)(const char *name);

	/* What does text, the whole first line of a client, tell? NULL: it
	 * never tells anything. */
	enum first_line (*first_line)(const char *text, size_t len);

	/* The connection is there, with nobody behind it yet: greet, call
	 * session_enter(), now or when it is known who it is, and join. */
	void (*open)(struct session *s);
	/* The session is being freed: free what state points to. May
	 * be NULL. */
	void (*close)(struct session *s);
	/* A line came in: raw bytes, writable. has_cr: a CR stood before the
	 * LF. */
	void (*line)(struct session *s, char *text, size_t len, bool has_cr);
	/* Would this line, if it is handled now, add something to what room
	 * keeps? Asked when so much was said there that some have to wait.
	 * NULL: no line would. */
	bool (*says_in)(struct session *s, const char *text, size_t len,
	    const struct room *room);
	/* A line over the limit was dropped. */
	void (*too_long)(struct session *s);
	/* What was refused while they did not read may be sent again. May be
	 * NULL. */
	void (*drained)(struct session *s);
	/* Ask the client something that it answers when it has read all that it
	 * was sent, and call session_confirmed() then. May be NULL. */
	void (*ask)(struct session *s);
	/* What session_probe() asked is known: tries once more to give s this
	 * nick, and answers. NULL: nobody is asked. */
	void (*take_nick)(struct session *s, const char *nick);
	/* The client will send no more. May be NULL. */
	void (*eof)(struct session *s);
	/* See session_notice() and session_error(). */
	void (*notice)(struct session *s, const char *text);
	void (*error)(struct session *s, const char *text);
	/* See event and invited in struct client_ops. */
	void (*event)(struct session *s, const struct event *event);
	/* See joined in struct client_ops. NULL: its dialects do not follow. */
	void (*joined)(struct session *s, struct membership *ms);
	/* See mark_past in struct client_ops. May be NULL. */
	void (*mark_past)(struct session *s, struct buf *lines,
	    const char *room);
	/* See caught_up in struct client_ops. May be NULL. */
	void (*caught_up)(struct cursor *c);
	/* Sends the last line before the connection is closed. May be NULL. */
	void (*goodbye)(struct session *s, const char *text);
	/* See kicked in struct client_ops. It may end the session. */
	void (*kicked)(struct session *s, const struct event *event);
	/* What came of logging in: see session_login(). May be NULL. */
	void (*logged_in)(struct session *s, enum login_purpose purpose,
	    enum login result, const struct login_answer *answer);
	/* What session_search() has found. */
	void (*found)(struct session *s, const struct search *search);
	/* Who logs in takes a nick of the account as well. */
	bool takes_nick;
	/* People type commands with a slash in front: texts name them so. */
	bool has_slash;
	/* They are not let in: say so; goodbye follows. NULL: as an error. */
	void (*refused)(struct session *s, enum admit why, const char *text);
	/* The line, with its end, for a raw socket that cannot be served.
	 * Returns a static buffer. */
	const char *(*refusal)(const char *text);
	/*
	 * For the next program in this process: adds what state points to, in
	 * an item that the caller opens and closes; and makes it again, for a
	 * session that has all else; item without data: none was added.
	 * False: in->error says why.
	 * May be NULL.
	 */
	void (*save)(const struct session *s, struct fields_out *out);
	bool (*load)(struct session *s, struct fields_in *in,
	    const struct tlv *item);
};

/*
 * All protocols that people use, NULL-terminated; the server layer fills it
 * (server/protocols.c). A client that says nothing, or nothing that one of them
 * claims, speaks the first.
 */
extern const struct protocol *const protocol_table[];

/* The protocol of a client until its real one is known (session-sniff.c). */
extern const struct protocol protocol_sniff;

/* Asks all protocols about a client's first line: who claims it, and how? NULL
 * with FIRST_LINE_NOT. */
const struct protocol *protocol_by_first_line(const char *text, size_t len,
    enum first_line *claim);

/* Which protocol a client wants that has named one by ALPN; or NULL. */
const struct protocol *protocol_by_alpn(const char *alpn);

/* Finds a dialect by its name in any protocol; or NULL. */
const struct dialect *protocol_find_dialect(const char *name);

/*
 * The protocol for what follows the address in a listen specification: a name,
 * or names separated by commas, or "" for all; with several, the first line
 * decides among all. NULL: there is no such protocol. "tls" and "plain"
 * among them say only what TLS there is; together they are no specification.
 */
const struct protocol *protocol_find(const char *names);
enum conn_tls_use protocol_tls_use(const char *names);

#endif

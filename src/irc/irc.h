/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef IRC_H
#define IRC_H

/*
 * What the files of the IRC protocol (protocol-irc.c, irc-*.c) share; of no
 * concern to others. "Modern" is the Modern IRC Client Protocol document.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/command.h"
#include "base/deadline.h"
#include "base/fields.h"
#include "base/nick.h"
#include "base/util.h"
#include "history/event.h"
#include "irc/irc-message.h"
#include "room/member.h"
#include "room/room.h"
#include "session/protocol.h"
#include "session/session.h"

/* Capabilities (IRCv3): irc-cap.c. Those that change how events are rendered
 * come first: irc_dialect(). */
enum irc_cap {
	IRC_CAP_SERVER_TIME = 1 << 0,
	IRC_CAP_MESSAGE_TAGS = 1 << 1,
	IRC_CAP_EXTENDED_JOIN = 1 << 2,
	IRC_CAP_AWAY_NOTIFY = 1 << 3,
	IRC_CAP_SETNAME = 1 << 4,
	IRC_CAP_INVITE_NOTIFY = 1 << 5,
	IRC_CAP_ACCOUNT_NOTIFY = 1 << 6,
	IRC_CAP_ACCOUNT_TAG = 1 << 7,
	IRC_CAP_MULTILINE = 1 << 8,
	IRC_CAPS_RENDERED = (1 << 9) - 1,
	IRC_CAP_STS = 0, /* nobody has it: it is only told */

	IRC_CAP_CAP_NOTIFY = 1 << 9,
	IRC_CAP_CHGHOST = 1 << 10,
	IRC_CAP_CHATHISTORY = 1 << 11,
	IRC_CAP_EVENT_PLAYBACK = 1 << 12,
	IRC_CAP_READ_MARKER = 1 << 13,
	IRC_CAP_ECHO_MESSAGE = 1 << 14,
	IRC_CAP_EXTENDED_MONITOR = 1 << 15,
	IRC_CAP_LABELED_RESPONSE = 1 << 16,
	IRC_CAP_MULTI_PREFIX = 1 << 17,
	IRC_CAP_NO_IMPLICIT_NAMES = 1 << 18,
	IRC_CAP_STANDARD_REPLIES = 1 << 19,
	IRC_CAP_USERHOST_IN_NAMES = 1 << 20,
	IRC_CAP_SASL = 1 << 21,
	IRC_CAP_ACCOUNT_REGISTRATION = 1 << 22,
	IRC_CAP_SEARCH = 1 << 23,
	IRC_CAP_BATCH = 1 << 24
};

/* An entry of irc-cap.c's table, which ends with a name of NULL. */
struct irc_cap_entry {
	const char *name;
	enum irc_cap cap;
	const char *value; /* or NULL */
	const char *help; /* for the manual: what it gives */
};
extern const struct irc_cap_entry irc_cap_table[];

#define IRC_LABEL_MAX 64 /* bytes: labeled-response */
/* How long registering may take, in time and lines. */
#define IRC_REGISTRATION_MS 30000
#define IRC_REGISTRATION_LINES 64
#define IRC_TEXT_MAX 300 /* bytes of texts of KILL, WALLOPS, QUIT and such */
#define IRC_WORD_MAX 64 /* bytes of a peer's word in an answer about it */
#define IRC_HISTORY_MAX 100 /* messages of one CHATHISTORY */
#define IRC_TARGETS_MAX 4 /* of one PRIVMSG, KICK, JOIN...: TARGMAX */
#define IRC_MONITOR_MAX 100 /* nicks that one client may watch */

struct irc_monitor;
struct irc_multiline;
struct irc_sasl;
struct search;

/* How a login that is under way was asked for. */
enum irc_login {
	IRC_LOGIN_BY_NOTHING,
	IRC_LOGIN_BY_SASL,
	IRC_LOGIN_BY_PASS,
	IRC_LOGIN_BY_REGISTER,
	IRC_LOGIN_BY_ACCOUNT
};

/* An IRC client: session->state. */
struct irc {
	uint32_t caps; /* enum irc_cap: enabled */
	unsigned cap_version; /* of CAP LS; 0: none was given */
	bool is_negotiating; /* CAP END is awaited */
	bool is_registered;
	bool nick_is_taken; /* the one wanted last, which so is not nick */
	uint8_t tenths; /* of a line: charged and not yet taken */
	unsigned lines; /* before the registration */
	/* The registration's; later, for irc_oper_lost(). */
	struct deadline deadline;
	char nick[NICK_SIZE]; /* wanted, before the registration */
	char *password; /* before the registration; or NULL */
	char *user; /* before the registration */
	char *realname;
	/* While a line is answered: */
	bool is_answering;
	char label[IRC_LABEL_MAX + 1]; /* escaped as it came; "": none */
	uint64_t batches; /* count, for their reference tags */
	struct irc_monitor *monitor; /* irc-monitor.c; NULL: watches nobody */
	char *search_label; /* irc-search.c: of the one under way; or NULL */
	void *oper; /* irc-oper.c: a check under way; or NULL */
	struct irc_sasl *sasl; /* irc-sasl.c: what has come so far; or NULL */
	struct irc_multiline *multiline; /* irc-multiline.c: a batch, or NULL */
	uint8_t login_by; /* enum irc_login */
	int64_t left_ms; /* of the deadline, while a password is compared */
};

static inline struct irc *
irc_of(const struct session *s)
{
	return s->state;
}

static inline bool
irc_has(const struct session *s, enum irc_cap cap)
{
	return (irc_of(s)->caps & (uint32_t)cap) != 0;
}

/* The session behind m if it is an IRC client, else NULL. */
struct session *irc_session_of(const struct member *m);
/* See joined in protocol.h. */
void irc_joined(struct session *s, struct membership *ms);

/*
 * Does text, the whole first line of a client, begin as an IRC client does?
 * CAP, PASS, NICK, USER and the like, with as many parameters as they have:
 * "NICK bob" does, perhaps; "NICK is my dog" and "NICKY hello" do not.
 * (irc-sniff.c)
 */
enum first_line irc_first_line(const char *text, size_t len);

/* protocol-irc.c, irc-handoff.c: see protocol.h. */
extern const struct protocol protocol_irc;
void irc_state_new(struct session *s);
void irc_save(const struct session *s, struct fields_out *out);
bool irc_load(struct session *s, struct fields_in *in,
    const struct tlv *item) MUST_CHECK;

/* Commands */

struct irc_command {
	struct command command;
	/* msg is not scrubbed; it lives until the return. */
	void (*run)(struct session *s, struct irc_message *msg);
};

/* A row for each command (commands.def); it ends with a name of NULL. */
extern const struct irc_command irc_commands[];
const struct irc_command *irc_command_find(const char *name); /* or NULL */

#define COMMAND(field, ...) \
	void irc_##field##_run(struct session *s, struct irc_message *msg);
#include "irc/commands.def"
#undef COMMAND

/* Answers: irc-reply.c */

/*
 * Make a line of the answer to what s has sent or, if nothing is being
 * answered, a line by itself. irc_begin() returns a buffer with the source
 * (":server " or from's ":nick!user@host "); the caller adds the rest of the
 * line without CR LF, and calls irc_end().
 */
struct buf *irc_begin(struct session *s, const struct member *from);
void irc_end(struct session *s);
/* As irc_begin(), for a line without a source. */
struct buf *irc_begin_bare(struct session *s);

/* Sends ":server NUM nick rest"; cut if it is too long. */
void irc_numeric(struct session *s, unsigned number, const char *fmt, ...)
    PRINTFLIKE(3, 4);
/* Sends ":server rest". */
void irc_line(struct session *s, const char *fmt, ...) PRINTFLIKE(2, 3);
/* Sends s an event that others are told as well. */
void irc_event(struct session *s, const struct event *event);
/* As irc_event(), as if s had these capabilities. */
void irc_event_as(struct session *s, const struct event *event, uint32_t caps);
/* Sends "FAIL command code context :text" (standard-replies); context may be
 * "". */
void irc_fail(struct session *s, const char *command, const char *code,
    const char *context, const char *fmt, ...) PRINTFLIKE(5, 6);

/* Sends "NUM nick what :text"; what is as a peer gave it, and cut if
 * necessary. */
void irc_about(struct session *s, unsigned number, const char *what,
    const char *fmt, ...) PRINTFLIKE(4, 5);
/* The same, with the room that it is about: "NUM nick what #room :text". */
void irc_about_in(struct session *s, unsigned number, const char *what,
    const struct room *room, const char *text);
/* Frequent numerics (Modern, "Numerics"). */
void irc_no_such_nick(struct session *s, const char *nick); /* 401 */
void irc_no_such_channel(struct session *s, const char *name); /* 403 */
void irc_not_on_channel(struct session *s, const char *name); /* 442 */
void irc_need_more_params(struct session *s, const char *command); /* 461 */

/*
 * A list on as many lines as it takes, none if it is empty: "NUM nick before"
 * and the items with a separator between. before is such as ":".
 */
struct irc_list {
	struct session *session;
	unsigned number;
	char separator;
	struct buf before;
	struct buf items; /* of the next line */
};
void irc_list_begin(struct irc_list *l, struct session *s, unsigned number,
    char separator, const char *before, ...) PRINTFLIKE(5, 6);
void irc_list_add(struct irc_list *l, const char *item);
void irc_list_end(struct irc_list *l);

/* A batch (IRCv3 batch) inside the answer: lines up to irc_batch_end() get its
 * tag. Without the capability there is none. fmt is "type params". */
struct irc_batch {
	size_t start; /* where it begins in the answer */
	char reference[24]; /* "": none */
};
void irc_batch_begin(struct session *s, struct irc_batch *batch,
    const char *fmt, ...) PRINTFLIKE(3, 4);
void irc_batch_end(struct session *s, struct irc_batch *batch);

/* Puts lines, of the past of room, into a batch of their own; see protocol.h. */
void irc_mark_past(struct session *s, struct buf *lines, const char *room);

/* Enclose the answer to one line. */
void irc_answer_begin(struct session *s, const struct irc_message *msg);
void irc_answer_end(struct session *s);

/* Begins the late answer to a line that had this label; ends with
 * irc_answer_end(). */
void irc_answer_resume(struct session *s, const char *label);

/* Charges s so many tenths of a line for what it has asked for. */
void irc_charge(struct session *s, unsigned tenths);

/* How numerics call s: their nick, or "*". */
const char *irc_nick(const struct session *s);

/* Several lines as one message: irc-multiline.c */

/* Is msg, a PRIVMSG, NOTICE or TAGMSG, of a batch? It was handled, then. */
bool irc_multiline_takes(struct session *s, const struct irc_message *msg);
void irc_multiline_free(struct irc *irc);
/* Adds the capability's value, with "=". */
void irc_multiline_add_limits(const struct session *s, struct buf *out);
extern const struct fields irc_multiline_fields;
/* Says text, which may be anything but have no NUL, as one message; of the tags
 * those for clients. False: there is no text to say (irc-talk.c). */
bool irc_say_lines(struct session *s, const char *target, bool is_notice,
    const char *tags, const char *text);

/* Rendering: irc-render.c */

/* The dialect for these capabilities. */
const struct dialect *irc_dialect(uint32_t caps);
const struct dialect *irc_find_dialect(const char *name); /* or NULL */
#define IRC_DIALECTS ((size_t)IRC_CAPS_RENDERED + 1)

/* The real name of m; those who gave none have a stand-in. */
static inline const char *
irc_realname(const struct member *m)
{
	return m->realname == NULL ? m->nick : m->realname;
}

/* Adds "nick!user@host". */
void irc_add_mask(struct buf *out, const struct member *m);
/* Adds "2026-06-02T14:02:11.123Z" (server-time). */
void irc_add_time(struct buf *out, int64_t wall_ms);

/* Registration: irc-register.c, irc-cap.c */

/* Sends a PING: see protocol.h. */
void irc_ask(struct session *s);
void irc_forget_password(struct irc *irc);
/* See protocol.h. */
void irc_take_nick(struct session *s, const char *nick);
/* Registers s if all that is needed has come. */
void irc_register_try(struct session *s);

/* irc-info.c */
void irc_send_isupport(struct session *s);
void irc_send_lusers(struct session *s);
void irc_send_motd(struct session *s);
const char *irc_server(const struct session *s); /* our name as a server */
/* Is target this server, or somebody who is here? Otherwise s is told 402. NULL
 * or empty means this server. */
bool irc_is_here(struct session *s, const char *target);

/* irc-who.c */
/* May s know that ms is in its room? */
bool irc_may_see_in(const struct session *s, const struct membership *ms);
int64_t irc_idle_s(const struct member *m);

/* Channels: irc-channel.c, irc-names.c */

/* The room for a channel's name ("#kitchen" in any case), or NULL. */
struct room *irc_find_room(const struct session *s, const char *channel);
/* Sends 353 and 366: who is in room, as far as s may see. */
void irc_send_names(struct session *s, struct room *room);
/* Charges s for the names of room; to be called if they asked for them. */
void irc_charge_names(struct session *s, const struct room *room);
/* Returns "@", "+", "@+" (with multi-prefix), or "". */
const char *irc_prefixes(const struct session *s, const struct membership *ms);
/* May s know that room exists? (+s) */
bool irc_may_see_room(const struct session *s, const struct room *room);
/* Sends "NUM nick #room :text". */
void irc_room_numeric(struct session *s, unsigned number,
    const struct room *room, const char *text);

/*
 * Tells that s may not do something now, and why, where there is no numeric for
 * it: by FAIL or, without that capability, by NOTICE. room is what it is about.
 */
void irc_refuse(struct session *s, const char *command, const char *code,
    const struct room *room, const char *fmt, ...) PRINTFLIKE(5, 6);
/* Refuses what cannot be done on break. */
void irc_on_break(struct session *s, const char *command,
    const struct room *room);

/* Makes an event of s in room, without a number, for irc_event(). */
struct event irc_own_event(const struct session *s, enum event_kind kind,
    const struct room *room);

/*
 * The room for channel if s may know of it, and in *ms s's membership there.
 * NULL after an error: 403 or, with has_to_be_in, 442. Otherwise *ms may be
 * NULL.
 */
struct room *irc_open_room(struct session *s, const char *channel,
    bool has_to_be_in, struct membership **ms);

/* Sends 332 and 333; nothing if there is no topic. */
void irc_send_topic(struct session *s, const struct room *room);

/* History: irc-history.c, irc-reference.c, irc-marker.c */

/*
 * How a client names a message: by its time,
 * "timestamp=2026-06-02T14:02:11.123Z" (milliseconds are optional), or by its
 * msgid, "msgid=kitchen-812".
 */
struct irc_reference {
	uint64_t number; /* of the message in its room; 0: by time */
	int64_t time_ms;
};
enum irc_reference_result {
	IRC_REFERENCE_OK,
	IRC_REFERENCE_BAD, /* malformed */
	IRC_REFERENCE_TYPE, /* of another kind: "foo=..." */
	IRC_REFERENCE_ELSEWHERE /* not the msgid of a message in that room */
};
enum irc_reference_result irc_reference_parse(struct irc_reference *ref,
    const char *text, const char *room) MUST_CHECK;
/* Parses the msgid of a message in private, "msgid=6434a1b2c3d4e", perhaps of a
 * part of it. */
bool irc_parse_private_msgid(const char *text, uint64_t *msgid) MUST_CHECK;
/* Parses "2026-06-02T14:02:11.123Z", with or without ".123" (server-time). */
bool irc_parse_time(const char *text, int64_t *wall_ms) MUST_CHECK;
/* Can anybody have this nick? Guests' nicks count, too. */
bool irc_is_nick(const char *name);
/* Sends how far they have read in room, if they want to know (read-marker):
 * after JOIN and before 366. */
void irc_send_marker(struct session *s, const struct room *room);
/* The same when another session of theirs has moved it, as the event says. */
void irc_event_read(struct session *s, const struct event *event);
/* They are on break, though they did not ask for it here. */
void irc_send_on_break(struct session *s);

/* irc-monitor.c */
void irc_monitor_free(struct session *s);
void irc_monitor_drained(struct session *s); /* to be called when s reads on */
/* Fields of struct irc; in->arg is the session. */
void irc_monitor_put(struct fields_out *out, const struct field *f,
    const void *base);
bool irc_monitor_get(struct fields_in *in, const struct field *f, void *base,
    const struct tlv *item) MUST_CHECK;

/* irc-oper.c: gives up waiting for a check. */
void irc_oper_cancel(struct session *s);
/* Saves that a check is awaited. The next program, which will get no answer,
 * calls irc_oper_lost() once it runs. Does nothing without a check. */
void irc_oper_put(struct fields_out *out, const struct field *f,
    const void *base);
bool irc_oper_get(struct fields_in *in, const struct field *f, void *base,
    const struct tlv *item) MUST_CHECK;
void irc_oper_lost(struct session *s);

/* irc-sasl.c */
extern const struct fields irc_sasl_fields;
void irc_sasl_free(struct irc *irc);
/* What s can log in by: "PLAIN,EXTERNAL". */
const char *irc_sasl_mechanisms(const struct session *s);
/* May REGISTER come before the registration of the connection (the value
 * before-connect of draft/account-registration)? Not past a password for all. */
bool irc_registers_early(const struct session *s);
/* Was PASS given a nick and its password? Then that is looked at, and
 * irc_register_try() is called when it is known. */
bool irc_pass_logs_in(struct session *s) MUST_CHECK;
/* See struct protocol. */
void irc_found(struct session *s, const struct search *search);
void irc_logged_in(struct session *s, enum login_purpose purpose,
    enum login result, const struct login_answer *answer);

/* irc-mode.c: sets flags (enum member_flag) of s, and tells them what
 * changed. */
void irc_set_user_modes(struct session *s, unsigned flags);

#endif

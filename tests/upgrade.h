/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef UPGRADE_H
#define UPGRADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "client.h"
#include "daemon.h"
#include "unit/ws-client.h"

/* What the parts of the test of upgrades share: see upgrade.c. */

/* These come first. */
enum { SPEAKER, LISTENER, FLOODER, WITNESS, OTHERS };
/* And the others by turns. */
enum role { LIVE, ON_BREAK, SLOW, MID_LINE, TELNET, LIVE_TOO, ROLES };
/* What they speak: over a WebSocket are the last two. */
enum speech { PLAIN, JSON, WS_JSON, WS_IRC };

#define FLOOD 600 /* lines, read at 20 a second */
#define MIDS 6 /* of those in mid-line, so many talk */
#define CUT 7 /* bytes of a record: the header, and two */

struct person {
	int fd;
	struct tls_client *tls; /* NULL: none */
	struct ws_client *ws; /* the same */
	enum speech speech;
	bool is_secure, has_account;
	char token[80]; /* of the account; "": not yet */
	struct buf raw; /* what came over a WebSocket */
	struct buf in; /* lines */
	struct buf half; /* what is left of a message, half of which was sent */
	struct buf later; /* frames, which may not stand within that */
	enum role role;
	unsigned next; /* the number of the line that they should see next */
	unsigned mid[MIDS]; /* the same of those in mid-line */
	unsigned answers; /* of a telnet */
	unsigned told, next_private; /* by the speaker, and seen: the next */
	struct person *twin; /* another session of the same person */
	bool is_named; /* of that one */
	bool is_live;
	bool is_away;
	bool is_idle; /* does not read now */
};

/* The server, and what is known of it. */
struct upgrade_world {
	struct daemon d;
	int64_t patience_ms;
	bool has_state; /* state-dir is set */
	bool has_tls;
	bool is_all_secure; /* everybody comes by TLS */
	bool has_ended; /* a daemon, so that repeats are allowed */
	struct person *people;
	size_t people_count;
	unsigned said; /* lines */
	unsigned mids, mids_said; /* who is in mid-line, and lines of each */
	unsigned rounds;
	int64_t longest_us; /* that a line took to the listener */
};
extern struct upgrade_world world;

/* People: upgrade-people.c */

/* A descriptor that is connected to the first port, or the second: the first is
 * for the line protocol alone, and for TLS if that is for all; the second is for
 * everything. */
int people_call(bool is_second, int rcvbuf);
/* Comes, and says who they are. */
void person_enter(struct person *p);
void person_leave(struct person *p);
void person_type(struct person *p, const void *data, size_t len);
#define TYPE(p, literal) person_type(p, literal, sizeof(literal) - 1)
/* Goes on a break, or comes back from it. */
void person_brb(struct person *p);
void person_back(struct person *p);
/* Says text, of which only a part is sent before the upgrade, and the rest after
 * it: of a message in frames. */
void person_say_half(struct person *p, const char *text, unsigned round);
void person_say_rest(struct person *p);
/* Sends a sign of life over a WebSocket, without any text. */
void person_pong(struct person *p);
/* Reads what there is, and checks it. */
void person_see(struct person *p);

bool person_is_live(const struct person *p);
bool person_is_where_wanted(const struct person *p);
/* Has p seen all? */
bool person_is_done(const struct person *p);
bool person_is_done_or_away(const struct person *p);

/* Reads what there is for all who read. */
void people_look_around(int timeout_ms);
void people_wait(bool (*done)(const struct person *));
/* As much of the server's log, at its end, as a message of check can have. */
const char *people_log_end(void);
/* The speaker says a numbered line; in the second case, every so often. */
void people_say(void);
void people_say_at_times(void);
/* The speaker tells some of them something in private, if they have names. */
void people_tell(void);

/* Who come by TLS just before an upgrade: upgrade-late.c */

void late_come(void);
/* Whose hands are being shaken, as the upgrade has begun. */
void late_go_on(void);
/* All are greeted, and who was going is gone. */
void late_finish(void);

#endif

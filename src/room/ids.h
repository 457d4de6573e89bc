/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef IDS_H
#define IDS_H

#include <stdbool.h>

#include "base/util.h"
#include "history/event.h"

/*
 * A program that was cut off does not know whether what it said last was said.
 * So it may give each message an id of its own, and say it again under the same
 * id until it is answered: it is said once. The id stands in the ring, for as
 * long as the message is held, so this survives whatever the ring does.
 *
 * An id counts for one program only. It is known again, over another
 * connection, by a secret that it chooses. Who is logged in, or has a uid, is
 * known by that as well: to nobody else the same secret is of any use. Others
 * have the secret alone, as nick and address change with the network; so it has
 * to be long enough to be nobody else's. It is never shown, nor are ids, but to
 * whom they belong to.
 */
#define CLIENT_SECRET_MIN 16 /* bytes; of printable ASCII without blanks */
#define CLIENT_SECRET_MAX 64

struct client;
struct conversation_party;
struct room;

/* What it says from now on may have ids. -1: it cannot be that. */
int client_set_secret(struct client *client, const char *secret) MUST_CHECK;

/*
 * Makes the event's id, of HISTORY_ID_MAX bytes at most, one of this client,
 * which has set its secret. True: it has said just this in this room already,
 * and the event's number and time are those of then.
 */
bool client_has_said(const struct client *client, const struct room *room,
    struct event *event) MUST_CHECK;

/* The same of what it has said to one person; the event has its msgid and time
 * then. Nothing is known of what nobody keeps, as one of them is a guest. */
bool client_has_told(const struct client *client,
    const struct conversation_party *to, struct event *event) MUST_CHECK;

/* Has the event, read from a history, an id of this client? */
bool client_has_id(const struct client *client, const struct event *event);

#endif

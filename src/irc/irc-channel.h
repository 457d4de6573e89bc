/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef IRC_CHANNEL_H
#define IRC_CHANNEL_H

/*
 * What the files of the channel commands (irc-channel.c, irc-join.c,
 * irc-names.c, irc-list.c, irc-mode.c) share; of no concern to others.
 */

#include "irc/irc.h"

/* "NUM nick #room :text" */
void irc_room_numeric(struct session *s, unsigned number,
    const struct room *room, const char *text);

/*
 * What s may not do now, and why, where no numeric says so: a FAIL, or, to who
 * does not know these, a NOTICE. room: what it is about.
 */
void irc_refuse(struct session *s, const char *command, const char *code,
    const struct room *room, const char *fmt, ...) PRINTFLIKE(5, 6);

/* Something that s does in room, without a number, for irc_event(). */
struct event irc_own_event(const struct session *s, enum event_kind kind,
    const struct room *room);

/*
 * The room of that name if s may know of it, and what s is there, or NULL with
 * an error told: 403, and if has_to_be_in, 442. *ms may be NULL without that.
 */
struct room *irc_open_room(struct session *s, const char *channel,
    bool has_to_be_in, struct membership **ms);

/* 332 and 333; nothing if there is no topic. */
void irc_send_topic(struct session *s, const struct room *room);

/* The handlers. */
void irc_join_run(struct session *s, struct irc_message *msg);
void irc_part_run(struct session *s, struct irc_message *msg);
void irc_names_run(struct session *s, struct irc_message *msg);
void irc_list_run(struct session *s, struct irc_message *msg);
void irc_mode_run(struct session *s, struct irc_message *msg);

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef WATCH_H
#define WATCH_H

#include "room/model.h"

/* Tells struct chat_watch, if there is one, what has changed. The room layer
 * knows nothing about the watch, which is the state layer's. */

static inline void
watch_person_changed(const struct chat *chat, const char *folded,
    const struct credential *credential)
{
	const struct chat_watch *watch = chat->watch;

	if (watch != NULL)
		watch->person(folded, credential, watch->arg);
}

/* Nothing is stored of guests. */
static inline void
watch_member_changed(const struct member *m)
{
	if (!m->is_guest)
		watch_person_changed(m->chat, m->folded, &m->credential);
}

/* In something that changes often, and is no loss if it is some seconds old
 * after a crash. */
static inline void
watch_member_changed_a_bit(const struct member *m)
{
	const struct chat_watch *watch = m->chat->watch;

	if (watch != NULL && !m->is_guest)
		watch->person_a_bit(m->folded, &m->credential, watch->arg);
}

/* Before something is done that a crash must not hide. */
static inline void
watch_member_write(struct member *m)
{
	const struct chat_watch *watch = m->chat->watch;

	if (watch != NULL && !m->is_guest)
		watch->person_now(m, watch->arg);
}

static inline void
watch_said(const struct chat *chat)
{
	if (chat->watch != NULL)
		chat->watch->said(chat->watch->arg);
}

static inline void
watch_topic_changed(const struct room *room)
{
	const struct chat_watch *watch = room->chat->watch;

	if (watch != NULL)
		watch->topic(room, watch->arg);
}

static inline void
watch_modes_changed(const struct room *room)
{
	const struct chat_watch *watch = room->chat->watch;

	if (watch != NULL)
		watch->modes(room, watch->arg);
}

static inline void
watch_room_forgotten(const struct room *room)
{
	const struct chat_watch *watch = room->chat->watch;

	if (watch != NULL)
		watch->forgotten(room, watch->arg);
}

static inline void
watch_counted(const struct chat *chat)
{
	if (chat->watch != NULL)
		chat->watch->counted(chat->watch->arg);
}

static inline void
watch_turn_ended(const struct chat *chat)
{
	if (chat->watch != NULL)
		chat->watch->turn_ended(chat->watch->arg);
}

#endif

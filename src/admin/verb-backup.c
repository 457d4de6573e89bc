/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * backup: a copy of the state directory, made while people talk. It goes to
 * brbctl as text, which writes the files: the server itself may write to its
 * state directory alone, and is not the user who asks.
 *
 *     file room-lobby.ring 1052672
 *     data 6272...     in hexadecimal
 *     skip 1024        so many zeros
 *     at 917504        what follows goes there, also back
 *     gone             what was copied of this file is to be removed
 *     done 3           files, all of which are whole
 *
 * The people come before the rooms and the conversations: whoever reads on
 * meanwhile is shown some lines again after a return to the backup, and misses
 * none. All is copied by and by. A journal only grows; when a new one has been
 * begun, its file begins anew: it is named again. A room is as it was when its
 * file was begun, but for what it drops meanwhile.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin.h"
#include "admin/verb.h"
#include "state/journal.h"

#define BACKUP_PIECE 16384
#define BACKUP_CHUNK 2048

enum backup_step {
	BACKUP_PEOPLE,
	BACKUP_BANS,
	BACKUP_ACCOUNTS,
	BACKUP_TALKS,
	BACKUP_ROOMS,
	BACKUP_CONVERSATIONS
};

struct backup {
	enum backup_step step;
	bool is_in_file;
	size_t files;
	size_t offset; /* in the file that is being copied, */
	size_t size; /* which has so many bytes */
	size_t zeros; /* before offset, and not told yet */
	uint64_t generation; /* of the journal */
	struct history_image
	    image; /* of the room that is copied, or the last */
	uint64_t room_key; /* whether it is still the same */
	char room[ROOM_NAME_SIZE];
	/* The conversation, as the room before. */
	struct conversation_party one, other;
	uint64_t talk_id;
};

static void
backup_begin_file(struct buf *out, struct backup *b, const char *name)
{
	buf_addf(out, "file %s %zu\n", name, b->size);
	b->is_in_file = true;
	b->offset = b->zeros = 0;
}

static void
backup_end_file(struct backup *b)
{
	b->is_in_file = false;
	b->generation = 0;
	b->files++;
}

static void
backup_add(struct buf *out, struct backup *b, const unsigned char *data,
    size_t len)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	b->offset += len;
	for (i = 0; i < len && data[i] == 0; i++)
		continue;
	if (i == len) {
		b->zeros += len;
		return;
	}
	if (b->zeros > 0)
		buf_addf(out, "skip %zu\n", b->zeros);
	b->zeros = 0;
	buf_addstr(out, "data ");
	for (i = 0; i < len; i++) {
		buf_addch(out, digits[data[i] >> 4]);
		buf_addch(out, digits[data[i] & 15]);
	}
	buf_addch(out, '\n');
}

/* A piece of the journal; false, with errno, if it cannot be read. */
static bool
backup_journal(struct buf *out, struct backup *b, const struct journal *journal,
    const char *name)
{
	unsigned char chunk[BACKUP_CHUNK];
	ssize_t n;

	if (journal == NULL) {
		errno = EIO; /* it could not be opened: the log has it */
		return false;
	}
	n = journal_read(journal, &b->generation, &b->size,
	    b->is_in_file ? b->offset : 0, chunk, sizeof(chunk));
	if (n == -1 && errno == EAGAIN && b->is_in_file) {
		b->is_in_file = false;
		b->generation = 0;
		return true;
	}
	if (n == -1)
		return false;
	if (!b->is_in_file)
		backup_begin_file(out, b, name);
	backup_add(out, b, chunk, (size_t)n);
	if (b->offset == b->size) {
		backup_end_file(b);
		b->step++;
	}
	return true;
}

/* Begins with the next room. False: there are no more. */
static bool
backup_next_room(struct buf *out, struct backup *b, struct chat *chat)
{
	const struct room *room;
	char *name;

	do {
		room = chat_room_after(chat, b->room);
		if (room == NULL)
			return false;
		memcpy(b->room, room->name, sizeof(b->room));
	} while (room->is_unkept);
	b->room_key = room->key;
	history_image_begin(&b->image, &room->history);
	b->size = history_image_size(&b->image);
	name = state_ring_name(room->name);
	backup_begin_file(out, b, name);
	free(name);
	return true;
}

/* The same for conversations. */
static bool
backup_next_talk(struct buf *out, struct backup *b, struct conversations *all)
{
	struct conversation *c;
	const struct history *h;
	char *name;

	do {
		c = conversation_after(all, &b->one, &b->other);
		if (c == NULL)
			return false;
		b->one = c->ends[0].party;
		b->other = c->ends[1].party;
		h = conversation_history(all, c);
	} while (h == NULL); /* the log has it */
	b->talk_id = c->id;
	history_image_begin(&b->image, h);
	b->size = history_image_size(&b->image);
	name = state_talk_name(c->id);
	backup_begin_file(out, b, name);
	free(name);
	return true;
}

/* The ring of the conversation that is copied; NULL: it was removed
 * meanwhile. */
static const struct history *
backup_talk_ring(const struct backup *b, struct conversations *all)
{
	const struct conversation_end *end;
	struct conversation *c;

	end = conversation_find(all, &b->one, &b->other);
	c = end == NULL ? NULL : conversation_of_end(end);
	return c == NULL || c->id != b->talk_id ? NULL :
						  conversation_history(all, c);
}

static const struct history *
backup_room_ring(const struct backup *b, struct chat *chat)
{
	const struct room *room = chat_find_room(chat, b->room);

	return room == NULL || room->key != b->room_key ? NULL : &room->history;
}

/* A piece of the ring; NULL: it is no more. */
static void
backup_ring(struct buf *out, struct backup *b, const struct history *h)
{
	unsigned char chunk[BACKUP_CHUNK];
	size_t n, offset;

	if (h == NULL) {
		buf_addstr(out, "gone\n");
		b->is_in_file = false;
		return;
	}
	n = history_image_read(&b->image, h, chunk, sizeof(chunk), &offset);
	if (n == 0) {
		backup_end_file(b);
		return;
	}
	if (offset != b->offset) {
		buf_addf(out, "at %zu\n", offset);
		b->zeros = 0;
		b->offset = offset;
	}
	backup_add(out, b, chunk, n);
}

/* False: there is nothing left. */
static bool
backup_go_on(struct buf *out, struct backup *b, const struct state *state,
    bool *is_fine)
{
	switch (b->step) {
	case BACKUP_PEOPLE:
		*is_fine = backup_journal(out, b, state->people, "people.0");
		return true;
	case BACKUP_BANS:
		*is_fine = backup_journal(out, b, state->ban_journal, "bans.0");
		return true;
	case BACKUP_ACCOUNTS:
		*is_fine = backup_journal(out, b, state->accounts,
		    "accounts.0");
		return true;
	case BACKUP_TALKS:
		*is_fine = backup_journal(out, b, state->talks, "talks.0");
		return true;
	case BACKUP_ROOMS:
		if (b->is_in_file)
			backup_ring(out, b, backup_room_ring(b, state->chat));
		else if (!backup_next_room(out, b, state->chat))
			b->step++;
		return true;
	case BACKUP_CONVERSATIONS:
		break;
	}
	if (!b->is_in_file)
		return backup_next_talk(out, b, &state->chat->conversations);
	backup_ring(out, b, backup_talk_ring(b, &state->chat->conversations));
	return true;
}

enum verb_result
verb_run_backup(struct verb_call *call)
{
	const struct state *state = call->admin->state;
	struct backup *b = call->state;
	struct buf *out = &call->out;
	bool is_fine = true;

	if (b == NULL && !state->is_open)
		return verb_fail(call,
		    "there is nothing to copy: state-dir is empty");
	if (b == NULL && state_error(state) != 0)
		return verb_fail(call,
		    "not all of the state is on the disk: %s",
		    strerror(state_error(state)));
	if (b == NULL)
		call->state = b = xcalloc(1, sizeof(*b));
	while (is_fine && out->len < BACKUP_PIECE &&
	    walk_may_take(call->budget))
		if (!backup_go_on(out, b, state, &is_fine)) {
			buf_addf(out, "done %zu\n", b->files);
			return VERB_DONE;
		}
	if (is_fine)
		return VERB_MORE;
	buf_addf(out, "failed %s\n", strerror(errno));
	return VERB_DONE;
}

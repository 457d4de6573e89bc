/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * backup: a copy of the state directory, made while people talk. It goes to
 * brbctl as text, which writes the files: the server itself may write to its
 * state directory alone, and is not the user who asks.
 *
 *     file room-lobby.ring 1052672
 *     data 6272...     in hexadecimal
 *     skip 917504      so many zeros
 *     done 3           files, all of which are whole
 *
 * The people come before the rooms: whoever reads on meanwhile is shown some
 * lines again after a return to the backup, and misses none. A room is copied
 * in one go, to memory; a journal by and by, since it only grows, and from its
 * start when a new one has been begun. A file that is named twice begins anew.
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
#define BACKUP_HEAD 256 /* bytes before the image of a room */

enum backup_step { BACKUP_PEOPLE, BACKUP_BANS, BACKUP_ACCOUNTS, BACKUP_ROOMS };

/* The verb's state, and behind it the image of a room: one piece of memory. */
struct backup {
	enum backup_step step;
	bool is_in_file;
	size_t files;
	size_t offset; /* in the file that is being copied, */
	size_t size; /* which has so many bytes */
	size_t zeros; /* before offset, and not told yet */
	uint64_t generation; /* of the journal */
	char last[ROOM_NAME_SIZE];
};
_Static_assert(sizeof(struct backup) <= BACKUP_HEAD, "the image lies behind");

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

/* Takes the image of the next room. False: there are no more. */
static bool
backup_next_room(struct verb_call *call)
{
	struct chat *chat = call->admin->sessions->chat;
	const struct room *room;
	struct backup *b = call->state, *next;
	char *name;

	do {
		room = chat_room_after(chat, b->last);
		if (room == NULL)
			return false;
		memcpy(b->last, room->name, sizeof(b->last));
	} while (room->is_unkept);
	b->size = history_image_size(&room->history);
	next = xcalloc(1, BACKUP_HEAD + b->size);
	*next = *b;
	free(b);
	call->state = next;
	history_image(&room->history, (char *)next + BACKUP_HEAD);
	name = state_ring_name(room->name);
	backup_begin_file(&call->out, next, name);
	free(name);
	return true;
}

static void
backup_room(struct buf *out, struct backup *b)
{
	const unsigned char *image = (const unsigned char *)b + BACKUP_HEAD;
	size_t len = b->size - b->offset;

	backup_add(out, b, image + b->offset,
	    len < BACKUP_CHUNK ? len : BACKUP_CHUNK);
	if (b->offset == b->size)
		backup_end_file(b);
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
		call->state = xcalloc(1, BACKUP_HEAD);
	while (is_fine && out->len < BACKUP_PIECE &&
	    walk_may_take(call->budget)) {
		b = call->state;
		switch (b->step) {
		case BACKUP_PEOPLE:
			is_fine = state->people != NULL &&
			    backup_journal(out, b, state->people, "people.0");
			break;
		case BACKUP_BANS:
			is_fine = state->ban_journal != NULL &&
			    backup_journal(out, b, state->ban_journal,
				"bans.0");
			break;
		case BACKUP_ACCOUNTS:
			is_fine = state->accounts != NULL &&
			    backup_journal(out, b, state->accounts,
				"accounts.0");
			break;
		case BACKUP_ROOMS:
			if (b->is_in_file) {
				backup_room(out, b);
			} else if (!backup_next_room(call)) {
				buf_addf(out, "done %zu\n", b->files);
				return VERB_DONE;
			}
			break;
		}
	}
	if (is_fine)
		return VERB_MORE;
	buf_addf(out, "failed %s\n", strerror(errno));
	return VERB_DONE;
}

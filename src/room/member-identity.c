/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What IRC clients tell of themselves, and what everybody is told of where
 * somebody comes from. Plain clients have none of the former; what is shown for
 * them is the protocol's.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/util.h"
#include "room/chat.h"
#include "room/member.h"
#include "room/roommates.h"

static void
member_set_string(char **field, const char *text, size_t max)
{
	char *copy = text == NULL ?
	    NULL :
	    xstrndup(text, text_cut(text, strlen(text), max));

	free(*field);
	*field = copy;
}

void
member_set_user(struct member *m, const char *user)
{
	member_set_string(&m->user, user, MEMBER_USER_MAX);
}

void
member_set_realname(struct member *m, const char *realname)
{
	struct event event = { .kind = EVENT_SYNC_SETNAME };

	member_set_string(&m->realname, realname, MEMBER_REALNAME_MAX);
	event.text = m->realname == NULL ? m->nick : m->realname;
	event.text_len = strlen(event.text);
	roommates_tell(m, &event);
}

void
member_set_flags(struct member *m, unsigned flags)
{
	struct directory *directory = &m->chat->directory;

	assert(!m->is_lost && (flags & ~(unsigned)MEMBER_FLAGS) == 0);
	directory_count_flags(directory, m, false);
	m->flags = flags;
	directory_count_flags(directory, m, true);
}

void
member_host(const struct member *m, char out[MEMBER_HOST_SIZE])
{
	cloak_str(&m->chat->host_key, &m->credential, out);
}

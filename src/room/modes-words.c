/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Modes in words: each sentence says what is wrong, and what to do, but for
 * commands, which are each protocol's own.
 */
#include "config.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "room/modes-impl.h"
#include "room/modes-words.h"

#define MODES_SENTENCE_SIZE 512
#define MODES_SHOWN_MAX 60 /* bytes shown of what was typed */

PRINTFLIKE(1, 2)
static const char *
modes_sentence(const char *fmt, ...)
{
	static char sentence[MODES_SENTENCE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	return sentence;
}

const char *
modes_admit_str(enum modes_admit why, const struct room *room)
{
	switch (why) {
	case MODES_ADMITTED:
		break;
	case MODES_BANNED:
		return modes_sentence("you are banned from %s; only one of its "
				      "operators can let you in",
		    room->name);
	case MODES_NOT_LOGGED_IN:
		return modes_sentence("%s is only for those who are logged in "
				      "to an account",
		    room->name);
	case MODES_INVITE_ONLY:
		return modes_sentence("%s is only for those who are invited; "
				      "ask one of its operators",
		    room->name);
	case MODES_BAD_KEY:
		return modes_sentence("%s needs the right key", room->name);
	case MODES_FULL:
		return modes_sentence("%s is full (limit %lu); try again later",
		    room->name, (unsigned long)room->modes.limit);
	}
	assert(0 && "they are admitted");
	return "";
}

const char *
modes_speak_str(enum modes_speak why, const struct room *room)
{
	switch (why) {
	case MODES_MAY_SPEAK:
		break;
	case MODES_SPEAK_EXTERNAL:
		return modes_sentence("you cannot speak in %s: only those who "
				      "are in it can (mode n); join it first",
		    room->name);
	case MODES_SPEAK_BANNED:
		return modes_sentence("you cannot speak in %s: you are banned; "
				      "only its operators can change that",
		    room->name);
	case MODES_SPEAK_MODERATED:
		return modes_sentence("you cannot speak in %s: only operators "
				      "and those with voice can (mode m)",
		    room->name);
	}
	assert(0 && "they may speak");
	return "";
}

/* How much of a parameter to show, as a printf() precision. */
static int
modes_shown(const char *param)
{
	return (int)text_cut(param, strlen(param), MODES_SHOWN_MAX);
}

bool
modes_has_operator(const struct room *room)
{
	const struct membership *ms;

	TAILQ_FOREACH(ms, &room->people, in_room)
		if (ms->is_op)
			return true;
	return false;
}

const char *
mode_error_str(enum mode_error why, const struct mode_change *change,
    const struct room *room)
{
	const char *param = change == NULL || change->param == NULL ?
	    "" :
	    change->param;

	switch (why) {
	case MODE_NOT_OPERATOR:
		if (!modes_has_operator(room))
			return modes_sentence("only operators of %s can do "
					      "that, and none is here; whoever "
					      "runs the server can do it, too",
			    room->name);
		return modes_sentence("only operators of %s can do that",
		    room->name);
	case MODE_ON_BREAK:
		return "you are on break";
	case MODE_UNKNOWN:
		return modes_sentence("there is no mode \"%c\"; there are b e "
				      "I i k l m n o r s t v w C N",
		    change->letter);
	case MODE_NO_PARAM:
		return modes_sentence("mode %c needs %s behind the letters",
		    change->letter,
		    change->letter == 'k'     ? "a key" :
			change->letter == 'l' ? "a number" :
						"a nick");
	case MODE_NO_SUCH_NICK:
		return modes_sentence("no one here is called \"%.*s\"",
		    modes_shown(param), param);
	case MODE_NOT_IN_ROOM:
		return modes_sentence("%.*s is not in %s", modes_shown(param),
		    param, room->name);
	case MODE_LIST_FULL:
		return modes_sentence("%s has %d masks of mode %c already; "
				      "remove some first",
		    room->name, MODES_LIST_MAX, change->letter);
	case MODE_BAD_KEY:
		return modes_sentence("a key is 1 to %d of ASCII without "
				      "blanks and commas, and does not start "
				      "with a colon",
		    MODES_KEY_MAX);
	case MODE_BAD_LIMIT:
		return modes_sentence("a limit is a number from 1 to %d",
		    MODES_LIMIT_MAX);
	case MODE_BAD_MASK:
		return modes_sentence("\"%.*s\" is no mask; it is "
				      "nick!user@host, with * for any "
				      "characters, %d bytes at most",
		    modes_shown(param), param, MODES_MASK_MAX);
	case MODE_OTHER_MASK:
		return modes_sentence(
		    "\"%.*s\" is no mask here; $a:NAME is an "
		    "account, $a:* is all, $m:MASK keeps from "
		    "speaking, and mode r keeps out who has no "
		    "account",
		    modes_shown(param), param);
	case MODE_NO_ACCOUNT:
		return modes_sentence("\"%.*s\" names no account that there "
				      "is, and would let in whoever makes it; "
				      "only a ban can be of such a name",
		    modes_shown(param), param);
	case MODE_NOT_IN_LOBBY:
		return modes_sentence("%s cannot have mode %c, as everybody "
				      "arrives there",
		    room->name, change->letter);
	}
	assert(0 && "no such error");
	return "";
}

void
modes_str(const struct room *room, bool shows_key, struct buf *out)
{
	const struct modes *modes = &room->modes;
	const char *letter;

	buf_addch(out, '+');
	for (letter = "CNiklmnrstw"; *letter != '\0'; letter++)
		if ((modes->flags & modes_flag_find(*letter)) != 0 ||
		    (*letter == 'k' && modes->key[0] != '\0') ||
		    (*letter == 'l' && modes->limit != 0))
			buf_addch(out, *letter);
	if (modes->key[0] != '\0')
		buf_addf(out, " %s", shows_key ? modes->key : "*");
	if (modes->limit != 0)
		buf_addf(out, " %lu", (unsigned long)modes->limit);
}

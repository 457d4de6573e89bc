/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Nicks are ASCII on purpose. A line shows <ana>, and nothing else tells who
 * that is, so a nick must be typed on any keyboard and told from any other at a
 * glance; all of Unicode would need the tables of UTS #39, and still be argued
 * about. People can write their names in their own script in the text of a
 * message. Letters are compared by their bytes and not by the locale's rules,
 * in which I and i may be different letters (Turkish).
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "base/nick.h"
#include "base/util.h"

/*
 * Names that speak for the server, for those who run it, or for several people
 * (the sender of "<you -> ana>" is nobody else). Also nickserv and chanserv, to
 * which people send passwords, out of habit or by a script of their IRC client.
 * The lobby's name is not here: it is a setting, and no line is said by a room.
 */
static const char *const nick_reserved[] = { "server", "system", "brbd",
	"admin", "administrator", "root", "operator", "moderator", "sysop",
	"nickserv", "chanserv", "authserv", "userserv", "you", "me", "everyone",
	"here", "nobody", "anonymous" };

/* Reserved only as spelled: Ali would look like all. */
static const char *const nick_reserved_exactly[] = { "all" };

static const char nick_guest[] = "guest";

static bool
nick_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char
nick_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool
room_name_is_char(char c)
{
	return nick_is_letter(c) || (c >= '0' && c <= '9') || c == '_' ||
	    c == '-';
}

bool
nick_is_char(char c)
{
	return room_name_is_char(c) ||
	    (c != '\0' && strchr("[]\\`^{|}", c) != NULL);
}

bool
nick_is_wellformed(const char *nick)
{
	const char *p;

	for (p = nick; *p != '\0'; p++)
		if (!nick_is_char(*p))
			return false;
	return p > nick;
}

static enum nick_check
nick_check_form(const char *name, size_t max_len, bool starts_well,
    bool (*is_char)(char c))
{
	if (*name == '\0')
		return NICK_EMPTY;
	if (strnlen(name, max_len + 1) > max_len)
		return NICK_TOO_LONG;
	if (!starts_well)
		return NICK_BAD_START;
	for (; *name != '\0'; name++) {
		if (!is_char(*name))
			return NICK_BAD_CHARACTER;
	}
	return NICK_OK;
}

/* How closely a name is looked at. */
enum nick_look {
	NICK_AS_WRITTEN,
	NICK_GLANCE /* ignores case, and more letters are alike */
};

/* Is it in capitals, at least two besides those that may be an l? */
static bool
nick_is_capitals(const char *name)
{
	int capitals = 0;

	for (; *name != '\0'; name++) {
		if (*name >= 'a' && *name <= 'z' && *name != 'l')
			return false;
		capitals += *name >= 'A' && *name <= 'Z' && *name != 'I';
	}
	return capitals >= 2;
}

static char
nick_draw_char(char c, enum nick_look look, bool is_capitals)
{
	switch (c) {
	case 'I':
	case 'l':
	case '1':
	case '|':
		return is_capitals ? 'I' : 'l';
	case 'L':
	case 'i':
		return look == NICK_GLANCE ? 'l' : c;
	case '0':
		return 'o';
	case '_':
		return look == NICK_GLANCE ? '-' : c;
	default:
		return nick_lower(c);
	}
}

/*
 * A pair and the letter that it looks like cannot be told apart anywhere, so
 * the drawing must be the same for every way of dividing a run into them: vvv,
 * vw and wv all become "wv". Hence runs of v and w are counted in v. An n pairs
 * with the one r before it, so rn needs no such care. No step writes more than
 * it has read.
 */
static void
nick_draw(char *out, const char *name, enum nick_look look)
{
	bool is_capitals = look == NICK_AS_WRITTEN && nick_is_capitals(name);
	bool is_free = true; /* no vowel precedes */
	const char *start = name;
	size_t strokes;
	char c, drawn;

	while (*name != '\0') {
		c = nick_lower(*name);
		if (is_free && (c == 'v' || c == 'w')) {
			for (strokes = 0; c == 'v' || c == 'w';
			     c = nick_lower(*++name))
				strokes += c == 'v' ? 1 : 2;
			for (; strokes >= 2; strokes -= 2)
				*out++ = 'w';
			if (strokes == 1)
				*out++ = 'v';
			continue;
		}
		if (is_free && c == 'r' && nick_lower(name[1]) == 'n') {
			*out++ = 'm';
			name += 2;
			continue;
		}
		drawn = nick_draw_char(*name, look, is_capitals);
		/* At the beginning an l is an I, rather. */
		is_free = look == NICK_GLANCE ||
		    (strchr("aeiouyI", drawn) == NULL &&
			(drawn != 'l' || name != start));
		*out++ = drawn;
		name++;
	}
	*out = '\0';
}

static bool
nick_is_reserved(const char *folded, const char *skeleton)
{
	char other[NICK_SIZE];
	size_t i;

	for (i = 0; i < NITEMS(nick_reserved); i++) {
		nick_draw(other, nick_reserved[i], NICK_GLANCE);
		if (strcmp(skeleton, other) == 0)
			return true;
	}
	for (i = 0; i < NITEMS(nick_reserved_exactly); i++) {
		if (strcmp(folded, nick_reserved_exactly[i]) == 0)
			return true;
	}
	return false;
}

/* Is it guest1, or guestl, which looks like it? (The skeleton has l for 1.) */
static bool
nick_is_guest(const char *skeleton)
{
	const size_t prefix = sizeof(nick_guest) - 1;
	const char *number = skeleton + prefix;

	return strncmp(skeleton, nick_guest, prefix) == 0 && *number != '\0' &&
	    number[strspn(number, "lo0123456789")] == '\0';
}

enum nick_check
nick_check(const char *nick)
{
	char folded[NICK_SIZE], skeleton[NICK_SIZE];
	enum nick_check check;

	check = nick_check_form(nick, NICK_MAX,
	    nick_is_char(*nick) && *nick != '-' && (*nick < '0' || *nick > '9'),
	    nick_is_char);
	if (check != NICK_OK)
		return check;
	nick_fold(folded, nick);
	nick_draw(skeleton, nick, NICK_GLANCE);
	if (nick_is_reserved(folded, skeleton))
		return NICK_RESERVED;
	if (nick_is_guest(skeleton))
		return NICK_GUEST;
	return NICK_OK;
}

enum nick_check
room_name_check(const char *name)
{
	return nick_check_form(name, ROOM_NAME_MAX, nick_is_letter(*name),
	    room_name_is_char);
}

#define NICK_STR(x) #x
#define NICK_NUMBER(x) NICK_STR(x)
#define NICK_FORM \
	"nicks are 1 to " NICK_NUMBER( \
	    NICK_MAX) " of A-Z a-z 0-9 _ - []\\`^{|}, and do not start with 0-9 or -"
#define ROOM_NAME_FORM \
	"names of rooms are 1 to " NICK_NUMBER( \
	    ROOM_NAME_MAX) " of A-Z a-z 0-9 _ -, and start with a letter"

const char *
nick_check_str(enum nick_check why)
{
	switch (why) {
	case NICK_EMPTY:
	case NICK_BAD_START:
	case NICK_BAD_CHARACTER:
		return NICK_FORM;
	case NICK_TOO_LONG:
		return "that nick is too long; " NICK_FORM;
	case NICK_RESERVED:
		return "that nick is reserved, or looks like one that is; "
		       "choose another nick";
	case NICK_GUEST:
		return "guest and a number is for newcomers; choose another "
		       "nick";
	case NICK_OK:
		break;
	}
	assert(0 && "a nick without a fault");
}

const char *
room_name_check_str(enum nick_check why)
{
	switch (why) {
	case NICK_EMPTY:
	case NICK_BAD_START:
	case NICK_BAD_CHARACTER:
		return ROOM_NAME_FORM;
	case NICK_TOO_LONG:
		return "that name is too long; " ROOM_NAME_FORM;
	case NICK_RESERVED:
	case NICK_GUEST:
	case NICK_OK:
		break;
	}
	assert(0 && "a room name without a fault");
}

void
nick_fold(char *out, const char *name)
{
	for (; *name != '\0'; name++)
		*out++ = nick_lower(*name);
	*out = '\0';
}

void
nick_skeleton(char *out, const char *name)
{
	nick_draw(out, name, NICK_AS_WRITTEN);
}

const char *
room_name_meant(const char *typed)
{
	return *typed == '#' ? typed + 1 : typed;
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * How clients name a message: by its time or its msgid. Times are parsed as
 * strictly as server-time writes them; strptime() would accept much else.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "irc/irc.h"

/* Parses exactly count digits and moves *s on. -1: there are fewer. */
static int
reference_digits(const char **s, int count)
{
	int value = 0;

	for (; count > 0; count--, (*s)++) {
		if (**s < '0' || **s > '9')
			return -1;
		value = value * 10 + (**s - '0');
	}
	return value;
}

static bool
reference_number(const char **s, int count, int min, int max, int *value,
    char end)
{
	*value = reference_digits(s, count);
	if (*value < min || *value > max || **s != end)
		return false;
	(*s)++;
	return true;
}

bool
irc_parse_time(const char *text, int64_t *wall_ms)
{
	struct tm tm = { .tm_isdst = 0 };
	int ms = 0, month;

	if (!reference_number(&text, 4, 0, 9999, &tm.tm_year, '-') ||
	    !reference_number(&text, 2, 1, 12, &month, '-') ||
	    !reference_number(&text, 2, 1, 31, &tm.tm_mday, 'T') ||
	    !reference_number(&text, 2, 0, 23, &tm.tm_hour, ':') ||
	    !reference_number(&text, 2, 0, 59, &tm.tm_min, ':'))
		return false;
	/* 60 is a leap second. */
	tm.tm_sec = reference_digits(&text, 2);
	if (*text == '.') {
		text++;
		ms = reference_digits(&text, 3);
	}
	if (tm.tm_sec < 0 || tm.tm_sec > 60 || ms == -1 ||
	    strcmp(text, "Z") != 0)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon = month - 1;
	*wall_ms = (int64_t)timegm(&tm) * 1000 + ms;
	return true;
}

/* Parses "kitchen-812" or a part of a message, "kitchen-812.1". */
static enum irc_reference_result
reference_parse_msgid(struct irc_reference *ref, const char *text,
    const char *room)
{
	size_t len = strlen(room);
	char digits[24];
	const char *end;
	uint64_t part;

	if (strncmp(text, room, len) != 0 || text[len] != '-')
		return IRC_REFERENCE_ELSEWHERE;
	text += len + 1;
	end = strchrnul(text, '.');
	if ((size_t)(end - text) >= sizeof(digits) ||
	    (*end == '.' && parse_number(end + 1, UINT32_MAX, &part) == -1))
		return IRC_REFERENCE_ELSEWHERE;
	memcpy(digits, text, (size_t)(end - text));
	digits[end - text] = '\0';
	if (parse_number(digits, UINT64_MAX, &ref->number) == -1 ||
	    ref->number == 0)
		return IRC_REFERENCE_ELSEWHERE;
	return IRC_REFERENCE_OK;
}

bool
irc_parse_private_msgid(const char *text, uint64_t *msgid)
{
	char *end;

	if (strncmp(text, "msgid=", 6) != 0 || text[6] == '\0' ||
	    strspn(text + 6, "0123456789abcdef") != strcspn(text + 6, "."))
		return false;
	errno = 0;
	*msgid = strtoull(text + 6, &end, 16);
	return errno == 0;
}

enum irc_reference_result
irc_reference_parse(struct irc_reference *ref, const char *text,
    const char *room)
{
	memset(ref, 0, sizeof(*ref));
	if (strncmp(text, "timestamp=", 10) == 0)
		return irc_parse_time(text + 10, &ref->time_ms) ?
		    IRC_REFERENCE_OK :
		    IRC_REFERENCE_BAD;
	if (strncmp(text, "msgid=", 6) == 0 && text[6] != '\0')
		return reference_parse_msgid(ref, text + 6, room);
	return strchr(text, '=') == NULL ? IRC_REFERENCE_BAD :
					   IRC_REFERENCE_TYPE;
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * On a mismatch, matching goes back to the last '*' only: had an earlier one
 * taken more, the last could have taken it as well. So no match takes longer
 * than the product of both lengths, where trying every way would double with
 * each star.
 *
 * nick!user@host is compared part by part and never put together: names hold no
 * separators and a mask has one of each, so the result is the same, and no
 * buffer is needed.
 *
 * Decided against: fnmatch(), which has brackets; regular expressions; a '?'
 * that takes a character of several bytes, since masks are compared with ASCII
 * only, and Modern IRC means octets.
 */
#include "config.h"

#include <string.h>

#include "base/mask.h"

struct mask_part {
	const char *text;
	size_t len;
};

static char
mask_fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Is mask at a '\' that makes the next byte an ordinary one? */
static bool
mask_is_escape(const char *mask, const char *end)
{
	return *mask == '\\' && end - mask > 1 &&
	    (mask[1] == '*' || mask[1] == '?');
}

/* How many bytes of mask (not at a '*') match c; 0 if they do not. */
static size_t
mask_take(const char *mask, const char *end, char c)
{
	if (mask == end)
		return 0;
	if (mask_is_escape(mask, end))
		return mask[1] == c ? 2 : 0;
	return *mask == '?' || mask_fold(*mask) == mask_fold(c) ? 1 : 0;
}

static bool
mask_match_part(const char *mask, const char *end, const char *s)
{
	const char *after_star = NULL, *resume = NULL;
	size_t n;

	while (*s != '\0') {
		if (mask < end && *mask == '*') {
			after_star = ++mask;
			resume = s;
			continue;
		}
		n = mask_take(mask, end, *s);
		if (n > 0) {
			mask += n;
			s++;
		} else if (after_star != NULL) {
			mask = after_star;
			s = ++resume; /* the star takes one more byte */
		} else {
			return false;
		}
	}
	while (mask < end && *mask == '*')
		mask++;
	return mask == end;
}

bool
mask_match(const char *mask, const char *s)
{
	return mask_match_part(mask, mask + strlen(mask), s);
}

bool
mask_match_user(const char *mask, const char *nick, const char *user,
    const char *host)
{
	const char *bang = strchr(mask, '!'), *at;

	if (bang == NULL || (at = strchr(bang, '@')) == NULL)
		return false;
	return mask_match_part(mask, bang, nick) &&
	    mask_match_part(bang + 1, at, user) && mask_match(at + 1, host);
}

/* Appends part, or '*' for an empty one, to the n bytes of out. Returns the new
 * length, or MASK_SIZE if that is too long. */
static size_t
mask_add(char *out, size_t n, struct mask_part part)
{
	const char *p = part.len > 0 ? part.text : "*";
	const char *end = p + (part.len > 0 ? part.len : 1);
	bool was_star = false, is_star;

	for (; p < end && n < MASK_SIZE; p++) {
		is_star = *p == '*';
		if (is_star && was_star)
			continue;
		was_star = is_star;
		if (mask_is_escape(p, end)) {
			out[n++] = *p++;
			if (n == MASK_SIZE)
				break;
		}
		out[n++] = *p;
	}
	return n;
}

static bool
mask_is_printable_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return true;
}

/* Splits by '!' and '@'. Returns -1 if there are more of them, or in another
 * order. */
static int
mask_split(const char *in, struct mask_part *nick, struct mask_part *user,
    struct mask_part *host)
{
	const char *bang = strchr(in, '!'), *at = strchr(in, '@');
	const char *end = in + strlen(in);
	const char *user_start = bang != NULL ? bang + 1 : in;

	if (bang != NULL && strchr(bang + 1, '!') != NULL)
		return -1;
	if (at != NULL && (at < user_start || strchr(at + 1, '@') != NULL))
		return -1;

	if (bang == NULL && at == NULL) {
		/* A nick holds neither '.' nor ':'. */
		struct mask_part *only = strpbrk(in, ".:") ? host : nick;

		*only = (struct mask_part){ in, (size_t)(end - in) };
		return 0;
	}
	if (bang != NULL)
		*nick = (struct mask_part){ in, (size_t)(bang - in) };
	user->text = user_start;
	user->len = (size_t)((at != NULL ? at : end) - user_start);
	if (at != NULL)
		*host = (struct mask_part){ at + 1, (size_t)(end - at - 1) };
	return 0;
}

int
mask_normalize(char out[MASK_SIZE], const char *in)
{
	struct mask_part nick = { NULL, 0 }, user = nick, host = nick;
	struct mask_part bang = { "!", 1 }, at = { "@", 1 };
	size_t n;

	if (*in == '\0' || !mask_is_printable_ascii(in) ||
	    mask_split(in, &nick, &user, &host) == -1)
		return -1;
	n = mask_add(out, 0, nick);
	n = mask_add(out, n, bang);
	n = mask_add(out, n, user);
	n = mask_add(out, n, at);
	n = mask_add(out, n, host);
	/* A leading ':' would make the mask the rest of an IRC line. */
	if (n == MASK_SIZE || out[0] == ':')
		return -1;
	out[n] = '\0';
	return 0;
}

bool
mask_is_extended(const char *in)
{
	size_t len = strcspn(in, ":!@");

	/* What has a ':' otherwise is an IPv6 address. */
	return *in == '$' || *in == '~' ||
	    (in[len] == ':' && strspn(in, "0123456789abcdefABCDEF*?") < len);
}

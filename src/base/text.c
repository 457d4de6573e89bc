/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Where texts may be cut, and what is in them. What peers send becomes text in
 * text-scrub.c.
 *
 * Grapheme clusters are found by a machine of our own over libunistring's
 * properties, since its functions for strings part families and flags, or want
 * the whole string at once.
 */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include <unicase.h>
#include <unictype.h>
#include <unigbrk.h>
#include <unistr.h>

#include "base/text-impl.h"
#include "base/text.h"

bool
text_is_between(ucs4_t c, ucs4_t first, ucs4_t last)
{
	return c >= first && c <= last;
}

bool
text_is_virama(ucs4_t c)
{
	return c >= 0x80 && uc_combining_class(c) == UC_CCC_VR;
}

bool
text_is_picture(ucs4_t c)
{
	return c >= 0x80 && uc_is_property_extended_pictographic(c);
}

static bool
text_is_flag_letter(ucs4_t c)
{
	return text_is_between(c, 0x1f1e6, 0x1f1ff);
}

size_t
text_decode(ucs4_t *c, const char *s, size_t len)
{
	int n = len > 0 ? u8_mbtoucr(c, (const uint8_t *)s, len) : 0;

	return n > 0 ? (size_t)n : 0;
}

/* Is c written into one with what stands before the virama? */
static bool
text_is_conjunct(ucs4_t virama, ucs4_t c)
{
	return virama != 0 && c >= 0x80 && uc_script(c) == uc_script(virama) &&
	    uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L);
}

bool
text_cluster_breaks(struct text_cluster *k, ucs4_t c)
{
	bool is_ascii = c < 0x80 && k->last < 0x80;
	bool is_picture = text_is_picture(c), breaks;

	if (k->last == 0 || is_ascii)
		breaks = true;
	else if (k->last == TEXT_ZWJ &&
	    (text_is_conjunct(k->virama, c) || (k->is_picture && is_picture)))
		breaks = false;
	else if (text_is_flag_letter(k->last) && text_is_flag_letter(c))
		breaks = !k->is_half_flag;
	else
		breaks = uc_is_grapheme_break(k->last, c);
	k->is_picture = is_picture || (k->is_picture && !breaks);
	k->virama = c == TEXT_ZWJ && text_is_virama(k->last) ? k->last : 0;
	k->is_half_flag = breaks && text_is_flag_letter(c);
	k->last = c;
	return breaks;
}

/* The start of the character to which byte i of s (valid UTF-8) belongs. */
static size_t
text_character_start(const char *s, size_t i)
{
	while (i > 0 && ((unsigned char)s[i] & 0xc0) == 0x80)
		i--;
	return i;
}

size_t
text_cluster(const char *s, size_t len)
{
	struct text_cluster cluster = { 0 };
	size_t at, c_len;
	ucs4_t c;

	for (at = 0; at < len; at += c_len) {
		c_len = text_decode(&c, s + at, len - at);
		if (c_len == 0) {
			c_len = 1;
			c = 0xfffd;
		}
		if (text_cluster_breaks(&cluster, c) && at > 0)
			break;
	}
	return at;
}

size_t
text_cut(const char *s, size_t len, size_t max_bytes)
{
	struct text_cluster cluster = { 0 };
	size_t cut = len, at, c_len;
	ucs4_t c;

	if (len > max_bytes) {
		/* Between two ASCII characters there is always a border. */
		at = max_bytes;
		while (at > 0 && ((s[at] | s[at - 1]) & 0x80) != 0)
			at--;
		cut = at;
		for (; at <= max_bytes; at += c_len) {
			c_len = text_decode(&c, s + at, len - at);
			if (c_len == 0) { /* no UTF-8 */
				c_len = 1;
				c = 0xfffd;
			}
			if (text_cluster_breaks(&cluster, c))
				cut = at;
		}
		if (cut == 0) /* a cluster longer than allowed */
			cut = text_character_start(s, max_bytes);
	}
	while (cut > 0 && s[cut - 1] == ' ')
		cut--;
	return cut;
}

size_t
text_replace_bad(char *out, const char *in, size_t len)
{
	size_t at, out_len = 0, c_len;
	ucs4_t unused;

	for (at = 0; at<len; at += c_len> 0 ? c_len : 1) {
		c_len = text_decode(&unused, in + at, len - at);
		if (c_len > 0) {
			memcpy(out + out_len, in + at, c_len);
			out_len += c_len;
		} else {
			memcpy(out + out_len, TEXT_REPLACEMENT, 3);
			out_len += 3;
		}
	}
	return out_len;
}

/* Most text is ASCII, of which eight bytes are looked at in one go. */
bool
text_is_utf8(const char *s, size_t len)
{
	uint64_t eight;
	size_t i;

	for (i = 0; len - i >= sizeof(eight); i += sizeof(eight)) {
		memcpy(&eight, s + i, sizeof(eight));
		if ((eight & UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	return u8_check((const uint8_t *)s + i, len - i) == NULL;
}

size_t
text_line(const char *s, size_t len, size_t *next)
{
	const char *end = len == 0 ? NULL : memchr(s, '\n', len);

	*next = end == NULL ? len : (size_t)(end - s) + 1;
	return end == NULL ? len : (size_t)(end - s);
}

size_t
text_count_lines(const char *s, size_t len)
{
	size_t at, next, count = 0;

	for (at = 0; at < len; at += next) {
		(void)text_line(s + at, len - at, &next);
		count++;
	}
	return count;
}

bool
text_has_harmless_lines(const char *s, size_t len)
{
	size_t at, next, line_len = 1;
	bool is_after_empty = false;

	for (at = 0; at < len; at += next) {
		line_len = text_line(s + at, len - at, &next);
		if (!text_is_harmless(s + at, line_len) ||
		    (line_len == 0 && (at == 0 || is_after_empty)))
			return false;
		is_after_empty = line_len == 0;
	}
	return len == 0 || s[len - 1] != '\n';
}

bool
text_is_harmless(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + len;

	if (!text_is_utf8(s, len))
		return false;
	/* Bytes looked at after a first byte exist. */
	for (; p < end; p++) {
		if (*p < ' ' || *p == 0x7f)
			return false;
		if (*p == 0xc2 && p[1] < 0xa0)
			return false; /* U+0080 to U+009F */
		if (*p != 0xe2)
			continue;
		if (p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae)
			return false; /* U+2028 to U+202E */
		if (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)
			return false; /* U+2066 to U+2069 */
	}
	return true;
}

size_t
text_fold(char *out, const char *s, size_t len)
{
	size_t i, c_len, out_len = 0;
	ucs4_t c;
	int n;

	for (i = 0; i < len; i += c_len) {
		if ((unsigned char)s[i] < 0x80) {
			out[out_len++] = (char)(s[i] >= 'A' && s[i] <= 'Z' ?
				s[i] | 0x20 :
				s[i]);
			c_len = 1;
			continue;
		}
		c_len = text_decode(&c, s + i, len - i);
		n = c_len == 0 ?
		    -1 :
		    u8_uctomb((uint8_t *)out + out_len, uc_tolower(c), 4);
		if (n > 0) {
			out_len += (size_t)n;
			continue;
		}
		out[out_len++] = s[i];
		c_len = 1;
	}
	return out_len;
}

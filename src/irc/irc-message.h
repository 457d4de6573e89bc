/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef IRC_MESSAGE_H
#define IRC_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"

struct buf;

/*
 * One line of IRC: Modern IRC, "Message Format" (https://modern.ircdocs.horse),
 * and the IRCv3 specification "Message Tags" (message-tags). Here it is only
 * parsed; what it means is others' matter.
 */
#define IRC_PARAMS_MAX 15
/* Bytes of a line without CR LF and tags. */
#define IRC_LINE_MAX 510
/* Bytes of a client's tags, between '@' and ' '; a server may add as many
 * (message-tags, "Size limit"). */
#define IRC_TAGS_MAX 4094
/* All that a client may send before CR LF, in bytes. */
#define IRC_INPUT_MAX (1 + IRC_TAGS_MAX + 1 + IRC_LINE_MAX)

enum irc_result {
	IRC_OK,
	IRC_EMPTY, /* nothing, or blanks only: to be ignored */
	IRC_BAD, /* malformed; see irc_message_parse() */
	IRC_TAGS_TOO_LONG, /* 417; so is the next */
	IRC_TOO_LONG
};

/* The parts point into the line that was parsed, and are terminated. */
struct irc_message {
	char *tags; /* without '@', not unescaped; NULL: none */
	char *source; /* without ':'; NULL: none. Not to be believed */
	char *command; /* upper case letters, or three digits */
	int argc;
	char *argv[IRC_PARAMS_MAX + 1]; /* NULL after the last */
};

/*
 * Parses line, len bytes without its end; it is changed in place, and line[len]
 * becomes NUL. The bytes may be anything: NUL, CR and LF, which no part of a
 * message may hold, make it IRC_BAD. Whether the parts are UTF-8 is not
 * checked.
 *
 * The last of IRC_PARAMS_MAX parameters takes the rest of the line, with or
 * without ':' before it (RFC 2812 section 2.3.1), so nothing is lost.
 *
 * *m is set with any result; parts not found or not looked for are NULL. The
 * tags are set (for a label) with IRC_TOO_LONG, and with IRC_BAD except because
 * of those three bytes; a bad command is set as it came.
 */
enum irc_result irc_message_parse(struct irc_message *m, char *line,
    size_t len) MUST_CHECK;

/* A tag; both parts are slices of the tags in which it was found. */
struct irc_tag {
	const char *key;
	size_t key_len;
	const char *value; /* escaped; empty and missing are the same */
	size_t value_len;
};

/*
 * The tag at *pos, which begins as the tags (or NULL: none) and is moved on;
 * false after the last. Empty ones (";;") are passed over; keys are not checked
 * (message-tags, "Format"), and may occur more than once.
 */
bool irc_tags_next(const char **pos, struct irc_tag *tag);

/* Finds the last tag with this key, which is the one that counts. */
bool irc_tags_find(const char *tags, const char *key, struct irc_tag *tag);

/* Adds the value of tag to out, unescaped; it may hold any byte but NUL. Adds
 * nothing if it is not UTF-8 (message-tags, "Format"). */
void irc_tag_value(struct buf *out, const struct irc_tag *tag);

/*
 * Adds those of tags (from irc_message_parse(), or NULL) that clients may send
 * to each other, as "+a=b;+c", for irc_add_tags() or event->tags: the last of
 * each key, sorted by key, escaped anew, without "=" before an empty value.
 * Keys that message-tags does not allow are left out, as are tags with a value
 * that is not text_is_harmless(). What is added is no longer than tags. Returns
 * how many there are.
 */
size_t irc_tags_client_only(struct buf *out, const char *tags);

/*
 * Adds value, escaped (message-tags, "Escaping values"). It must hold no NUL.
 */
void irc_add_escaped(struct buf *out, const char *value, size_t len);

/*
 * Build the tags of a line that starts at start, which was out->len before
 * them. irc_add_tag() adds "@" or ";" and a tag (value NULL or empty: only its
 * key); irc_add_tags() adds several as they are ("a=b;+c"; NULL or empty:
 * none); irc_add_tags_end() adds the blank if there were any. A server's own
 * come first (message-tags, "Client-only tags"), at most IRC_TAGS_MAX bytes.
 */
void irc_add_tag(struct buf *out, size_t start, const char *key,
    const char *value);
void irc_add_tags(struct buf *out, size_t start, const char *tags);
void irc_add_tags_end(struct buf *out, size_t start);

/*
 * Adds a blank and word as a parameter that is not the last. word may be
 * anything from a peer: it is added up to its first blank, without leading ':',
 * max_bytes at most (of whole characters), or as "*" if nothing is left or it
 * is not UTF-8.
 */
void irc_add_middle(struct buf *out, const char *word, size_t max_bytes);

/*
 * How many bytes of text (UTF-8, len bytes) go on a line with room for
 * max_bytes (IRC_SPLIT_MIN at least): all if they fit, else up to a blank if
 * there is one in the last third, else up to a character, with its marks as
 * text_cut() has it. *next is where to go on, past the blanks at the break; it
 * is len when text is done. Never 0 unless len is. Bytes that are not UTF-8 are
 * cut anywhere.
 */
#define IRC_SPLIT_MIN 16
size_t irc_split(const char *text, size_t len, size_t max_bytes, size_t *next);

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Lines of IRC taken apart, their tags, and what lines are put together from.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/util.h"
#include "irc/irc-message.h"
#include "unit.h"

/* Adds the value of the tag with this key; returns whether there is one. */
static bool
tags_value(struct buf *out, const char *tags, const char *key)
{
	struct irc_tag tag;

	if (!irc_tags_find(tags, key, &tag))
		return false;
	irc_tag_value(out, &tag);
	return true;
}

static struct buf out;
static char *line; /* the one that message points into */
static struct irc_message message;

static void
setup(void)
{
	out = (struct buf)BUF_INITIALIZER;
	line = NULL;
}

static void
teardown(void)
{
	buf_fini(&out);
	free(line);
}

/* Parses a copy of the exact size, so that a sanitizer sees any excess. */
static enum irc_result
check_parse(const char *text, size_t len)
{
	free(line);
	line = xmalloc(len + 1);
	memcpy(line, text, len);
	line[len] = '\n';
	return irc_message_parse(&message, line, len);
}

static enum irc_result
check_parse_str(const char *text)
{
	return check_parse(text, strlen(text));
}

/* Fills a line: what is before, count times c, what is behind. */
static enum irc_result
check_parse_run(const char *before, char c, size_t count, const char *behind)
{
	char *text;
	enum irc_result result;

	text = xmalloc(count + 1);
	memset(text, c, count);
	text[count] = '\0';
	buf_reset(&out);
	buf_addf(&out, "%s%s%s", before, text, behind);
	free(text);
	result = check_parse(out.data, out.len);
	buf_reset(&out);
	return result;
}

/* The parts of message, each in brackets: tags, source, command, parameters. */
static const char *
check_parts(void)
{
	int i;

	buf_reset(&out);
	if (message.tags != NULL)
		buf_addf(&out, "@[%s]", message.tags);
	if (message.source != NULL)
		buf_addf(&out, ":[%s]", message.source);
	buf_addstr(&out, message.command);
	for (i = 0; i < message.argc; i++)
		buf_addf(&out, "[%s]", message.argv[i]);
	ck_assert_ptr_null(message.argv[message.argc]);
	return buf_cstr(&out);
}

static const struct check_line {
	const char *in, *parts;
} check_lines[] = {
	{ "PING", "PING" },
	{ "ping", "PING" },
	{ "PrivMsg #a b", "PRIVMSG[#a][b]" },
	{ "001 a :b", "001[a][b]" },
	{ "PRIVMSG #a :b c", "PRIVMSG[#a][b c]" },
	{ "PRIVMSG #a ::-)", "PRIVMSG[#a][:-)]" },
	{ "PRIVMSG #a :", "PRIVMSG[#a][]" },
	{ "PRIVMSG #a : ", "PRIVMSG[#a][ ]" },
	{ "PRIVMSG #a :  b  ", "PRIVMSG[#a][  b  ]" },
	{ "CAP REQ :sasl  foo ", "CAP[REQ][sasl  foo ]" },
	{ "a b:c :d :e", "A[b:c][d :e]" },
	{ "TOPIC #a :", "TOPIC[#a][]" },
	{ "A :", "A[]" },
	/* blanks (Modern IRC: one or more) */
	{ "PRIVMSG   #a    b  ", "PRIVMSG[#a][b]" },
	{ "  PING  x", "PING[x]" },
	{ "PING   :x", "PING[x]" },
	{ "PING\tx", NULL },
	{ "PING x\ty", "PING[x\ty]" },
	/* sources */
	{ ":bob!b@c PRIVMSG #a :b", ":[bob!b@c]PRIVMSG[#a][b]" },
	{ ":bob   PING", ":[bob]PING" },
	{ "::: PING", ":[::]PING" },
	{ ":bob", NULL },
	{ ":bob  ", NULL },
	{ ":", NULL },
	{ ": PING", NULL },
	{ ":a :b", NULL },
	/* tags */
	{ "@a=b;+c PING x", "@[a=b;+c]PING[x]" },
	{ "@a=b :bob PING", "@[a=b]:[bob]PING" },
	{ "@a=b    :bob   PING", "@[a=b]:[bob]PING" },
	{ "@a=@b;:c PING", "@[a=@b;:c]PING" },
	{ "@ PING", "@[]PING" }, /* no key is refused */
	{ "@;;=; PING", "@[;;=;]PING" },
	{ "@a", NULL }, /* without a command: hostile 57 */
	{ "@a ", NULL },
	{ "@a :bob", NULL },
	{ "@", NULL },
	{ "@ ", NULL },
	{ "@@", NULL },
	{ "@a @b PING", NULL },
	{ " @a PING", NULL }, /* must be the first character */
	/* commands */
	{ "PING2", NULL },
	{ "01", NULL },
	{ "0011", NULL },
	{ "00a", NULL },
	{ "PING:x", NULL },
	{ "/join #a", NULL },
	{ "GET / HTTP/1.1", "GET[/][HTTP/1.1]" },
	{ "P\xc3\xb6NG", NULL },
	{ "*", NULL },
	/* whatever it is (hostile 57, 58): told apart by others */
	{ "PRIVMSG a :\x01"
	  "ACTION",
	    "PRIVMSG[a][\x01"
	    "ACTION]" },
	{ "PRIVMSG a :\x01", "PRIVMSG[a][\x01]" },
	{ "PRIVMSG a,,b, \x02x\x03"
	  "4",
	    "PRIVMSG[a,,b,][\x02x\x03"
	    "4]" },
	{ "PRIVMSG a :\xff\xc3", "PRIVMSG[a][\xff\xc3]" },
	{ "MODE %s %n", "MODE[%s][%n]" },
};

START_TEST(test_lines)
{
	const struct check_line *l = &check_lines[_i];
	enum irc_result result = check_parse_str(l->in);

	if (l->parts == NULL) {
		ck_assert_int_eq(result, IRC_BAD);
	} else {
		ck_assert_int_eq(result, IRC_OK);
		ck_assert_str_eq(check_parts(), l->parts);
	}
}
END_TEST

START_TEST(test_empty)
{
	ck_assert_int_eq(check_parse_str(""), IRC_EMPTY);
	ck_assert_int_eq(check_parse_str(" "), IRC_EMPTY);
	ck_assert_int_eq(check_parse_run("", ' ', 9000, ""), IRC_EMPTY);
	ck_assert_ptr_null(message.command);
	ck_assert_ptr_null(message.argv[0]);
}
END_TEST

/* Up to 14 are words, what is left is the last. Hostile 57. */
START_TEST(test_many_params)
{
	static const char fourteen[] = "a b c d e f g h i j k l m n";
	static const struct check_line lasts[] = {
		{ "", "" },
		{ " ", "" },
		{ " o", "[o]" },
		{ "  o  ", "[o]" },
		{ " o p", "[o p]" },
		{ " o :p  q ", "[o :p  q]" },
		{ " :o", "[o]" },
		{ " :", "[]" },
		{ " : o p ", "[ o p ]" },
		{ " o p q r s t u v w x y z", "[o p q r s t u v w x y z]" },
	};
	const char *parts;
	size_t i;

	for (i = 0; i < NITEMS(lasts); i++) {
		buf_reset(&out);
		buf_addf(&out, "X %s%s", fourteen, lasts[i].in);
		ck_assert_int_eq(check_parse(out.data, out.len), IRC_OK);
		ck_assert_int_eq(message.argc, *lasts[i].parts ? 15 : 14);
		parts = check_parts();
		ck_assert_str_eq(parts + strlen("X") + strlen("[a]") * 14,
		    lasts[i].parts);
	}
	ck_assert_int_eq(check_parse_run("X", ' ', 1, fourteen), IRC_OK);
	ck_assert_int_eq(message.argc, 14);
}
END_TEST

START_TEST(test_bytes_refused)
{
	static const char bytes[] = { '\0', '\r', '\n' };
	char text[] = "@a=b :c PING d :e f";
	size_t i, at;

	for (i = 0; i < NITEMS(bytes); i++) {
		for (at = 0; at < strlen(text); at++) {
			char copy[sizeof(text)];

			memcpy(copy, text, sizeof(text));
			copy[at] = bytes[i];
			ck_assert_int_eq(check_parse(copy, sizeof(copy) - 1),
			    IRC_BAD);
			ck_assert_ptr_null(message.tags);
			ck_assert_ptr_null(message.command);
			ck_assert_int_eq(message.argc, 0);
		}
	}
	ck_assert_int_eq(check_parse("", 1), IRC_BAD);
	ck_assert_int_eq(check_parse("\r", 1), IRC_BAD);
	ck_assert_int_eq(check_parse("PING\0", 5), IRC_BAD);
}
END_TEST

/* What an answer may need is there. */
START_TEST(test_bad_parts)
{
	ck_assert_int_eq(check_parse_str("@label=x :bob b@d c"), IRC_BAD);
	ck_assert_str_eq(message.tags, "label=x");
	ck_assert_str_eq(message.source, "bob");
	ck_assert_str_eq(message.command, "b@d");
	ck_assert_int_eq(message.argc, 0);
	ck_assert_int_eq(check_parse_str("@label=x"), IRC_BAD);
	ck_assert_str_eq(message.tags, "label=x");
	ck_assert_ptr_null(message.command);
}
END_TEST

START_TEST(test_length)
{
	size_t rest = IRC_LINE_MAX - strlen("PING ");

	ck_assert_int_eq(check_parse_run("PING ", 'x', rest, ""), IRC_OK);
	ck_assert_uint_eq(strlen(message.argv[0]), rest);
	ck_assert_int_eq(check_parse_run("PING ", 'x', rest + 1, ""),
	    IRC_TOO_LONG);
	ck_assert_ptr_null(message.command);
	ck_assert_int_eq(check_parse_run("PING ", 'x', rest, " "),
	    IRC_TOO_LONG);

	/* Tags do not count, but the blanks behind the first. */
	ck_assert_int_eq(check_parse_run("@a=b PING ", 'x', rest, ""), IRC_OK);
	ck_assert_int_eq(check_parse_run("@label=b  PING ", 'x', rest, ""),
	    IRC_TOO_LONG);
	ck_assert_str_eq(message.tags, "label=b");
	ck_assert_int_eq(check_parse_run(":b PING ", 'x', rest, ""),
	    IRC_TOO_LONG);
}
END_TEST

/* message-tags, "Size limit"; hostile 57. */
START_TEST(test_tags_length)
{
	size_t most = IRC_TAGS_MAX - strlen("+a=");

	ck_assert_int_eq(check_parse_run("@+a=", 'x', most, " PING"), IRC_OK);
	ck_assert_uint_eq(strlen(message.tags), IRC_TAGS_MAX);
	ck_assert_str_eq(message.command, "PING");
	ck_assert_int_eq(check_parse_run("@+a=", 'x', most + 1, " PING"),
	    IRC_TAGS_TOO_LONG);
	ck_assert_ptr_null(message.tags);
	ck_assert_int_eq(check_parse_run("@+a=", 'x', 8191 + 1 - 5, " PING"),
	    IRC_TAGS_TOO_LONG);
	ck_assert_int_eq(check_parse_run("@", 'x', most + 1, ""), IRC_BAD);
	ck_assert_int_eq(check_parse_run("@", 'x', 8191 + 1, ""),
	    IRC_TAGS_TOO_LONG);

	buf_reset(&out);
	buf_addf(&out, "@%0*d PING %0*d", IRC_TAGS_MAX, 1,
	    IRC_LINE_MAX - (int)strlen("PING "), 1);
	ck_assert_uint_eq(out.len, IRC_INPUT_MAX);
	ck_assert_int_eq(check_parse(out.data, out.len), IRC_OK);
}
END_TEST

/* Key by key, the values as they mean. */
static const char *
check_values(const char *tags)
{
	struct irc_tag tag;

	buf_reset(&out);
	while (irc_tags_next(&tags, &tag)) {
		buf_addf(&out, "[%.*s|", (int)tag.key_len, tag.key);
		irc_tag_value(&out, &tag);
		buf_addch(&out, ']');
	}
	return buf_cstr(&out);
}

START_TEST(test_tags)
{
	static const struct check_line tags[] = {
		{ "", "" },
		{ ";;", "" },
		{ "a", "[a|]" },
		{ "a=", "[a|]" },
		{ "id=123AB;rose", "[id|123AB][rose|]" }, /* Modern IRC's */
		{ "url=;netsplit=tur,ty", "[url|][netsplit|tur,ty]" },
		{ ";a=1;;+b.c/d=2;", "[a|1][+b.c/d|2]" },
		{ "a==b=c", "[a|=b=c]" },
		{ "=a", "[|a]" },
		{ "a=1;a=2", "[a|1][a|2]" },
		/* message-tags, "Escaping values" and its example */
		{ "e=raw+:=,escaped\\:\\s\\\\", "[e|raw+:=,escaped; \\]" },
		{ "e=\\r\\n", "[e|\r\n]" },
		{ "e=test\\", "[e|test]" },
		{ "e=\\;f=\\", "[e|][f|]" },
		{ "e=\\b\\\\b\\=", "[e|b\\b=]" },
		{ "e=\\\xc3\xb6", "[e|\xc3\xb6]" },
		{ "e=\xc3\xb6\xe2\x82\xac", "[e|\xc3\xb6\xe2\x82\xac]" },
		/* no UTF-8: nothing instead of something else */
		{ "e=a\xc3;f=b", "[e|][f|b]" },
		{ "e=\xc3\\\xb6", "[e|]" },
	};
	const char *pos = NULL;
	struct irc_tag tag;
	size_t i;

	for (i = 0; i < NITEMS(tags); i++)
		ck_assert_str_eq(check_values(tags[i].in), tags[i].parts);
	ck_assert(!irc_tags_next(&pos, &tag));
}
END_TEST

START_TEST(test_tags_find)
{
	static const char tags[] = "Label=no;label=1;labels=no;+label=no;"
				   "label=a\\:b;labe=no";
	struct irc_tag tag;

	ck_assert(tags_value(&out, tags, "label"));
	ck_assert_str_eq(buf_cstr(&out), "a;b");
	ck_assert(irc_tags_find(tags, "label", &tag));
	ck_assert_uint_eq(tag.value_len, strlen("a\\:b"));
	ck_assert_ptr_eq(tag.value, strstr(tags, "a\\:b"));
	ck_assert(!irc_tags_find(tags, "LABEL", &tag));
	ck_assert(!irc_tags_find(tags, "lab", &tag));
	ck_assert(!irc_tags_find(NULL, "label", &tag));
	buf_reset(&out);
	ck_assert(!tags_value(&out, tags, "x"));
	ck_assert(tags_value(&out, "x", "x"));
	ck_assert_uint_eq(out.len, 0);
}
END_TEST

START_TEST(test_client_only)
{
	static const struct {
		const char *in, *tags;
		size_t count;
	} tags[] = {
		{ "", "", 0 },
		{ "a=b;label=c", "", 0 },
		{ "+a", "+a", 1 },
		{ "+a=", "+a", 1 },
		{ "+a=\\", "+a", 1 },
		{ "+a=b;c=d;+e", "+a=b;+e", 2 },
		{ "+e;+a=b", "+a=b;+e", 2 }, /* sorted */
		{ "+b=1;+a=2;+b=3;+a;+bb=4", "+a;+b=3;+bb=4", 3 },
		{ "+draft/reply=x;+example.com/foo-2=1",
		    "+draft/reply=x;+example.com/foo-2=1", 2 },
		/* no keys */
		{ "+;+=a;+/a;+a/;+a/b/c;+a_b;++a;+a.b;+\xc3\xb6;+a b/c;+.;+ok",
		    "+ok", 1 },
		/* escaped anew */
		{ "+a=\\:\\s\\r\\n\\\\", "+a=\\:\\s\\r\\n\\\\", 1 },
		{ "+a=\\b\\c=\\\\\\", "+a=bc=\\\\", 1 },
		{ "+b=\xc3\xb6;+c=\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa7",
		    "+b=\xc3\xb6;+c=\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa7",
		    2 },
		/* what is not UTF-8, or does something to a terminal */
		{ "+a=\xff;+b=\xc3\xb6", "+b=\xc3\xb6", 1 },
		{ "+a=x\x1b[2J;+b=\x7f;+c=\xc2\x9b"
		  "2J;+d=\xe2\x80\xae;+e=\1;+ok",
		    "+ok", 1 },
		{ "+a=b;+a=\x1b", "", 0 },
	};
	size_t i;

	for (i = 0; i < NITEMS(tags); i++) {
		buf_reset(&out);
		ck_assert_uint_eq(irc_tags_client_only(&out, tags[i].in),
		    tags[i].count);
		ck_assert_str_eq(buf_cstr(&out), tags[i].tags);
	}
	buf_reset(&out);
	ck_assert_uint_eq(irc_tags_client_only(&out, NULL), 0);
	ck_assert_uint_eq(out.len, 0);
}
END_TEST

/* As many as fit. */
START_TEST(test_client_only_many)
{
	struct buf tags = BUF_INITIALIZER;
	size_t i, most = (IRC_TAGS_MAX + 1) / 3;

	for (i = 0; i < most; i++)
		buf_addf(&tags, "%s+%c", i == 0 ? "" : ";", "yxa"[i % 3]);
	ck_assert_uint_eq(tags.len, IRC_TAGS_MAX);
	ck_assert_uint_eq(irc_tags_client_only(&out, buf_cstr(&tags)), 3);
	ck_assert_str_eq(buf_cstr(&out), "+a;+x;+y");
	buf_fini(&tags);
}
END_TEST

START_TEST(test_build)
{
	size_t start;

	buf_addstr(&out, "before");
	start = out.len;
	irc_add_tags(&out, start, NULL);
	irc_add_tags(&out, start, "");
	irc_add_tags_end(&out, start);
	ck_assert_str_eq(buf_cstr(&out), "before");

	irc_add_tag(&out, start, "label", "a; b");
	irc_add_tag(&out, start, "bot", NULL);
	irc_add_tag(&out, start, "x", "");
	irc_add_tags(&out, start, "+c=d;+e");
	irc_add_tags_end(&out, start);
	ck_assert_str_eq(buf_cstr(&out),
	    "before@label=a\\:\\sb;bot;x;+c=d;+e ");

	buf_reset(&out);
	irc_add_escaped(&out, "\\;\r\n b\xc3\xb6", 8);
	ck_assert_str_eq(buf_cstr(&out), "\\\\\\:\\r\\n\\sb\xc3\xb6");
}
END_TEST

START_TEST(test_middle)
{
	static const struct {
		const char *word, *out;
		size_t max_bytes;
	} words[] = {
		{ "bob", " bob", 10 },
		{ "bob", " bo", 2 },
		{ "", " *", 10 },
		{ ":", " *", 10 },
		{ " bob", " *", 10 },
		{ "bob 433 x", " bob", 10 },
		{ ":::bob :x", " bob", 10 },
		{ "b:c", " b:c", 10 },
		{ "\xc3\xb6\xc3\xb6", " \xc3\xb6", 3 },
		{ "\xc3\xb6", " *", 1 },
		{ "b\xc3", " *", 10 },
	};
	size_t i;

	for (i = 0; i < NITEMS(words); i++) {
		buf_reset(&out);
		irc_add_middle(&out, words[i].word, words[i].max_bytes);
		ck_assert_str_eq(buf_cstr(&out), words[i].out);
	}
}
END_TEST

/* The pieces of text, a line each. */
static const char *
check_pieces(const char *text, size_t len, size_t max_bytes)
{
	size_t n, next;

	buf_reset(&out);
	for (; len > 0; text += next, len -= next) {
		n = irc_split(text, len, max_bytes, &next);
		ck_assert(n >= 1 && n <= max_bytes && n <= next && next <= len);
		buf_add(&out, text, n);
		buf_addch(&out, '\n');
	}
	return buf_cstr(&out);
}

#define OE "\xc3\xb6"
#define EURO "\xe2\x82\xac"
#define ACUTE "\xcc\x81"
#define FLAG "\U0001F1E9\U0001F1EA"
#define THUMB "\U0001F44D\U0001F3FD"

START_TEST(test_split)
{
	static const struct {
		const char *text, *pieces;
		size_t max_bytes;
	} texts[] = {
		{ "", "", 16 },
		{ "0123456789abcdef", "0123456789abcdef\n", 16 },
		{ "0123456789abcde ", "0123456789abcde \n", 16 },
		{ "0123456789abcdefg", "0123456789abcdef\ng\n", 16 },
		/* at blanks, which are not sent */
		{ "0123456789abcdef g", "0123456789abcdef\ng\n", 16 },
		{ "0123456789abcde  g", "0123456789abcde\ng\n", 16 },
		{ "0123456789abcdef   ", "0123456789abcdef\n", 16 },
		{ "0123456789ab defgh", "0123456789ab\ndefgh\n", 16 },
		{ "0123456789a    fgh", "0123456789a\nfgh\n", 16 },
		{ "0123456789a    f h", "0123456789a    f\nh\n", 16 },
		{ "012 456 89ab de gh", "012 456 89ab de\ngh\n", 16 },
		/* but not in the first two thirds */
		{ "0123456789 bcdefgh", "0123456789 bcdef\ngh\n", 16 },
		{ "01234567890 cdefgh", "01234567890\ncdefgh\n", 16 },
		{ "        89abcdefgh", "        89abcdef\ngh\n", 16 },
		/* whole characters, with their marks */
		{ "0123456789abcde" OE, "0123456789abcde\n" OE "\n", 16 },
		{ "0123456789abcd" EURO, "0123456789abcd\n" EURO "\n", 16 },
		{ "0123456789abc" EURO "x", "0123456789abc" EURO "\nx\n", 16 },
		{ "0123456789abcde\xf0\x9f\x98\x80",
		    "0123456789abcde\n\xf0\x9f\x98\x80\n", 16 },
		{ "0123456789abcdo" ACUTE, "0123456789abcd\no" ACUTE "\n", 16 },
		{ OE OE OE OE OE OE OE OE OE,
		    OE OE OE OE OE OE OE OE "\n" OE "\n", 17 },
		{ FLAG FLAG FLAG, FLAG FLAG "\n" FLAG "\n", 20 },
		{ "a" FLAG FLAG, "a" FLAG "\n" FLAG "\n", 16 },
		{ THUMB THUMB THUMB, THUMB THUMB "\n" THUMB "\n", 23 },
	};
	size_t i;

	for (i = 0; i < NITEMS(texts); i++)
		ck_assert_str_eq(check_pieces(texts[i].text,
				     strlen(texts[i].text), texts[i].max_bytes),
		    texts[i].pieces);
}
END_TEST

/* Are pieces the same as text but for blanks, and UTF-8 if it is? */
static bool
check_is_whole(const char *pieces, const char *text)
{
	bool is_utf8 = text_is_utf8(text, strlen(text));
	const char *p;

	for (p = pieces; is_utf8 && *p != '\0'; p += strcspn(p, "\n") + 1)
		if (!text_is_utf8(p, strcspn(p, "\n")))
			return false;
	for (;; pieces++, text++) {
		pieces += strspn(pieces, " \n");
		text += strspn(text, " ");
		if (*pieces != *text)
			return false;
		if (*text == '\0')
			return true;
	}
}

static const char *const check_repeated[] = { "x", " ", OE, EURO, ACUTE,
	"o" ACUTE, FLAG, THUMB, "ab ", "\xf0\x9f\x98\x80", "\x80", "\xff",
	OE "  ", "a\x80\x80\x80\x80\x80\x80" };

/* Nothing that is no blank is lost, whatever it is. */
START_TEST(test_split_all)
{
	static const size_t sizes[] = { 16, 17, 18, 19, 23, 100, 333, 400 };
	struct buf text = BUF_INITIALIZER;
	size_t i;

	for (i = 0; i < NITEMS(sizes); i++) {
		buf_reset(&text);
		while (text.len < 900)
			buf_addstr(&text, check_repeated[_i]);
		ck_assert(check_is_whole(check_pieces(buf_cstr(&text), text.len,
					     sizes[i]),
		    buf_cstr(&text)));
	}
	buf_fini(&text);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "irc_message", setup, teardown);

	tcase_add_loop_test(tc, test_lines, 0, NITEMS(check_lines));
	tcase_add_test(tc, test_empty);
	tcase_add_test(tc, test_many_params);
	tcase_add_test(tc, test_bytes_refused);
	tcase_add_test(tc, test_bad_parts);
	tcase_add_test(tc, test_length);
	tcase_add_test(tc, test_tags_length);
	tcase_add_test(tc, test_tags);
	tcase_add_test(tc, test_tags_find);
	tcase_add_test(tc, test_client_only);
	tcase_add_test(tc, test_client_only_many);
	tcase_add_test(tc, test_build);
	tcase_add_test(tc, test_middle);
	tcase_add_test(tc, test_split);
	tcase_add_loop_test(tc, test_split_all, 0, NITEMS(check_repeated));
}

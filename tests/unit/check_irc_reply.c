/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Answers: labels (IRCv3 labeled-response) on none, one and several lines,
 * batches in them, lines that are too long, and what a peer said in an answer.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "irc/irc-message.h"
#include "irc/irc.h"
#include "mini-server.h"
#include "room/modes.h"
#include "unit.h"

static struct mini_server mini;
static int fd;
static struct buf seen = BUF_INITIALIZER;

/* Types line and returns what comes of it, until the next call. */
static const char *
ask(const char *line)
{
	char *text = xasprintf("%s\r\n", line);

	buf_reset(&seen);
	mini_type(fd, text);
	free(text);
	mini_run(&mini);
	mini_read(fd, &seen);
	return buf_cstr(&seen);
}

/* bob, with these capabilities. */
static void
enter(const char *caps)
{
	char *line =
	    xasprintf("CAP REQ :%s\r\nNICK bob\r\nUSER bob 0 * :Bob\r\nCAP END",
		caps);

	ck_assert_ptr_nonnull(strstr(ask(line), " 422 bob "));
	free(line);
}

static void
setup(void)
{
	mini_init(&mini);
	free(mini.options.server_name);
	mini.options.server_name = xstrdup("irc.example");
	fd = mini_connect_to(&mini, 1, "irc");
}

static void
teardown(void)
{
	(void)close(fd);
	mini_fini(&mini);
	buf_fini(&seen);
}

#define S ":irc.example "

START_TEST(test_labels)
{
	enter("labeled-response batch");
	ck_assert_str_eq(ask("PING a"), S "PONG irc.example :a\r\n");
	/* None, one, several. */
	ck_assert_str_eq(ask("@label=x PONG a"), "@label=x " S "ACK\r\n");
	ck_assert_str_eq(ask("@label=x PING a"),
	    "@label=x " S "PONG irc.example :a\r\n");
	ck_assert_str_eq(ask("@label=x MONITOR L"),
	    "@label=x " S "733 bob :End of MONITOR list\r\n");
	ck_assert_str_eq(ask("@label=x LINKS"),
	    "@label=x " S "BATCH +1 labeled-response\r\n"
	    "@batch=1 " S
	    "364 bob irc.example irc.example :0 a room that remembers\r\n"
	    "@batch=1 " S "365 bob * :End of /LINKS list\r\n" S "BATCH -1\r\n");
	/* An error is an answer as well. */
	ck_assert_str_eq(ask("@label=x WHOIS"),
	    "@label=x " S "461 bob WHOIS :Not enough parameters\r\n");
	ck_assert_str_eq(ask("@label=x nonsense"),
	    "@label=x " S "421 bob NONSENSE :Unknown command\r\n");
	/* The next has none of it. */
	ck_assert_str_eq(ask("PONG a"), "");
}
END_TEST

START_TEST(test_bad_labels)
{
	char longest[IRC_LABEL_MAX + 1], line[160], shown[160];

	enter("labeled-response batch");
	memset(longest, 'x', IRC_LABEL_MAX);
	longest[IRC_LABEL_MAX] = '\0';
	(void)snprintf(line, sizeof(line), "@label=%s PING a", longest);
	(void)snprintf(shown, sizeof(shown),
	    "@label=%s " S "PONG irc.example :a\r\n", longest);
	ck_assert_str_eq(ask(line), shown);
	(void)snprintf(line, sizeof(line), "@label=%sx PING a", longest);
	ck_assert_str_eq(ask(line), S "PONG irc.example :a\r\n");
	/* As it came, or not at all. */
	ck_assert_str_eq(ask("@label=a\\sb\\: PING a"),
	    "@label=a\\sb\\: " S "PONG irc.example :a\r\n");
	ck_assert_str_eq(ask("@label=a\002b PING a"),
	    S "PONG irc.example :a\r\n");
	ck_assert_str_eq(ask("@label= PING a"), S "PONG irc.example :a\r\n");
	ck_assert_str_eq(ask("@label=a;label=b PING a"),
	    "@label=b " S "PONG irc.example :a\r\n");
}
END_TEST

START_TEST(test_without_capability)
{
	enter("batch message-tags");
	ck_assert_str_eq(ask("@label=x PING a"), S "PONG irc.example :a\r\n");
	ck_assert_str_eq(ask("@label=x PONG a"), "");
}
END_TEST

/* A batch of its own gets the label, and no other around it. */
START_TEST(test_batch)
{
	enter("labeled-response batch draft/chathistory");
	(void)ask("JOIN #kitchen");
	(void)ask("PRIVMSG #kitchen :one");
	(void)ask("PRIVMSG #kitchen :two");
	ck_assert_str_eq(ask("@label=x CHATHISTORY LATEST #kitchen * 9"),
	    "@label=x " S "BATCH +1 chathistory #kitchen\r\n"
	    "@batch=1 :bob!*@* PRIVMSG #kitchen :one\r\n"
	    "@batch=1 :bob!*@* PRIVMSG #kitchen :two\r\n" S "BATCH -1\r\n");
	ck_assert_str_eq(ask("CHATHISTORY LATEST #kitchen * 1"),
	    S "BATCH +2 chathistory #kitchen\r\n"
	      "@batch=2 :bob!*@* PRIVMSG #kitchen :two\r\n" S "BATCH -2\r\n");
	ck_assert_str_eq(ask("@label=y CHATHISTORY LATEST ana * 9"),
	    "@label=y " S "BATCH +3 chathistory ana\r\n" S "BATCH -3\r\n");
	(void)ask("CAP REQ -batch");
	ck_assert_str_eq(ask("CHATHISTORY LATEST #kitchen * 1"),
	    ":bob!*@* PRIVMSG #kitchen :two\r\n");
}
END_TEST

/* Their own line comes back with the label; what others say has none. */
START_TEST(test_echo)
{
	const char *text;
	int other = mini_connect_to(&mini, 2, "irc");

	enter("labeled-response batch echo-message");
	(void)ask("JOIN #kitchen");
	mini_type(other,
	    "NICK ana\r\nUSER ana 0 * :Ana\r\nJOIN #kitchen\r\n"
	    "PRIVMSG #kitchen :hi\r\n");
	mini_run(&mini);
	text = ask("@label=x PRIVMSG #kitchen :hello");
	ck_assert_ptr_nonnull(strstr(text, "PRIVMSG #kitchen :hi\r\n"));
	ck_assert_int_eq(*text, ':');
	text = strstr(text, "@label=x :bob!bob@");
	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(strstr(text, " PRIVMSG #kitchen :hello\r\n"));
	ck_assert_ptr_null(strstr(text, ":hi\r\n"));
	(void)close(other);
	mini_run(&mini);
}
END_TEST

/* The msgid of the last line that came, until the next call. */
static const char *
last_msgid(int from)
{
	static char id[3][64];
	static unsigned next;
	struct buf text = BUF_INITIALIZER;
	const char *found;

	next = (next + 1) % NITEMS(id);
	mini_read(from, &text);
	found = strstr(buf_cstr(&text), "msgid=");
	ck_assert_ptr_nonnull(found);
	ck_assert_int_eq(sscanf(found, "msgid=%63[0-9a-f]", id[next]), 1);
	ck_assert_ptr_null(strstr(found + 1, "msgid="));
	buf_fini(&text);
	return id[next];
}

/* What goes to several in a room is one message, with one msgid. */
START_TEST(test_status)
{
	int ana = mini_connect_to(&mini, 2, "irc");
	int cy = mini_connect_to(&mini, 3, "irc");
	const char *to_ana, *to_cy;

	enter("message-tags echo-message");
	(void)ask("JOIN #kitchen");
	mini_type(ana,
	    "CAP REQ message-tags\r\nNICK ana\r\nUSER ana 0 * :Ana\r\n"
	    "CAP END\r\nJOIN #kitchen\r\n");
	mini_type(cy,
	    "CAP REQ message-tags\r\nNICK cy\r\nUSER cy 0 * :Cy\r\n"
	    "CAP END\r\nJOIN #kitchen\r\n");
	mini_run(&mini);
	(void)ask("MODE #kitchen +vv ana cy");
	mini_read(ana, &seen);
	mini_read(cy, &seen);
	mini_type(fd, "PRIVMSG +#kitchen :psst\r\n");
	mini_run(&mini);
	to_ana = last_msgid(ana);
	to_cy = last_msgid(cy);
	ck_assert_str_eq(to_ana, to_cy);
	ck_assert_str_eq(to_ana, last_msgid(fd));
	(void)close(ana);
	(void)close(cy);
	mini_run(&mini);
}
END_TEST

/* A line is cut, at a character, rather than too long. */
START_TEST(test_long)
{
	char line[IRC_LINE_MAX + 1] = "PING :";
	const char *answer;
	size_t i, len;

	enter("batch");
	for (i = strlen(line); i + 2 < sizeof(line); i += 2)
		memcpy(line + i, "\xc3\xa4", 3);
	answer = ask(line);
	len = strlen(answer);
	ck_assert_uint_le(len, IRC_LINE_MAX + 2);
	ck_assert_uint_ge(len, IRC_LINE_MAX + 2 - 1);
	ck_assert_str_eq(answer + len - 4, "\xc3\xa4\r\n");
}
END_TEST

static const struct {
	const char *line;
	const char *answer;
} quoted[] = {
	{ "PING :a\002b\033[1m\177", S "PONG irc.example :a?b?[1m?\r\n" },
	/* As a parameter it cannot be taken for anything else. */
	{ "WHO :a b", S "315 bob a :End of WHO list\r\n" },
	{ "WHO ::a", S "315 bob a :End of WHO list\r\n" },
	{ "WHO ::", S "315 bob * :End of WHO list\r\n" },
	{ "LINKS :x y", S "365 bob x :End of /LINKS list\r\n" },
	{ "MOTD :: x", S "402 bob * :No such server\r\n" },
	{ "WHOIS ana :a,b", S "402 bob ana :No such server\r\n" },
	{ "CAP :x y", S "410 bob x :Invalid CAP command\r\n" },
};

START_TEST(test_quoted)
{
	enter("batch");
	ck_assert_str_eq(ask(quoted[_i].line), quoted[_i].answer);
}
END_TEST

/* No more of it than IRC_WORD_MAX bytes. */
START_TEST(test_about_long)
{
	char line[300] = "HELP ", shown[300] = S "524 bob ";
	size_t at = strlen(line), to = strlen(shown);

	enter("batch");
	memset(line + at, 'x', 200);
	memset(shown + to, 'x', IRC_WORD_MAX);
	memcpy(shown + to + IRC_WORD_MAX, " :There is no help", 19);
	ck_assert_mem_eq(ask(line), shown, strlen(shown));
}
END_TEST

/* 004 has each mode that 005 has, and no other. */
START_TEST(test_modes)
{
	static const char letters[] = MODES_CHANMODES;
	const char *text = strstr(ask("NICK bob\r\nUSER bob 0 * :Bob"),
		       " 004 "),
		   *c;
	char people[16], chat[32], params[32];
	size_t count = 0, with_param = 0;

	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(sscanf(text, " 004 bob irc.example %*s %15s %31s %31s",
			     people, chat, params),
	    3);
	ck_assert_str_eq(people, "BRiow");
	for (c = MODES_CHANMODES "ov"; *c != '\0'; c++) {
		if (*c == ',')
			continue;
		ck_assert_ptr_nonnull(strchr(chat, *c));
		count++;
	}
	ck_assert_uint_eq(strlen(chat), count);
	/* The last of the four kinds has none. */
	for (c = letters; c < strrchr(letters, ','); c++)
		if (*c != ',') {
			ck_assert_ptr_nonnull(strchr(params, *c));
			with_param++;
		}
	ck_assert_uint_eq(strlen(params), with_param + strlen("ov"));
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "answers", setup, teardown);

	tcase_add_test(tc, test_labels);
	tcase_add_test(tc, test_bad_labels);
	tcase_add_test(tc, test_without_capability);
	tcase_add_test(tc, test_batch);
	tcase_add_test(tc, test_echo);
	tcase_add_test(tc, test_status);
	tcase_add_test(tc, test_long);
	tcase_add_loop_test(tc, test_quoted, 0, (int)NITEMS(quoted));
	tcase_add_test(tc, test_about_long);
	tcase_add_test(tc, test_modes);
}

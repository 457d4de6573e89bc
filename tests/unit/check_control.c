/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The control socket's requests, and who may make them.
 */
#include "config.h"

#include <sys/socket.h>

#include <check.h>
#include <grp.h>
#include <string.h>
#include <unistd.h>

#include "admin/control-request.h"
#include "admin/peercred.h"
#include "admin/verb.h"
#include "base/util.h"
#include "unit.h"

static const struct {
	const char *data;
	enum control_parse result;
	const char *words; /* with | between */
	bool is_json;
} requests[] = {
	{ "brbctl 1 text\nstatus\n\n", CONTROL_PARSE_OK, "status", false },
	{ "brbctl 1 json\nkick\nbob\ntoo loud\n\n", CONTROL_PARSE_OK,
	    "kick|bob|too loud", true },
	{ "brbctl 1 text\nsay\n\x1b[31mx \n\nmore", CONTROL_PARSE_OK, "say|x",
	    false },
	{ "brbctl 1 text\nsay\nx\r\n\n", CONTROL_PARSE_OK, "say|x", false },
	{ "", CONTROL_PARSE_MORE, NULL, false },
	{ "brbctl 1", CONTROL_PARSE_MORE, NULL, false },
	{ "brbctl 1 text\nstatus\n", CONTROL_PARSE_MORE, NULL, false },
	{ "\n", CONTROL_PARSE_BAD, NULL, false },
	{ "brbctl 1 texts\n", CONTROL_PARSE_BAD, NULL, false },
	{ "brbctl 1 \n", CONTROL_PARSE_BAD, NULL, false },
	{ "brbctl 1 tex\n", CONTROL_PARSE_BAD, NULL, false },
	{ "brbctl 2 text\n", CONTROL_PARSE_BAD, NULL, false },
	{ "brbctl 1 text\n\n", CONTROL_PARSE_BAD, NULL, false },
	{ "brbctl 1 text\nsay\n\xc3\n\n", CONTROL_PARSE_BAD, NULL, false },
	{ "brbctl 1 text\nsay\n\xe2\x80\xae\n\n", CONTROL_PARSE_BAD, NULL,
	    false },
};

START_TEST(test_request)
{
	const char *data = requests[_i].data;
	struct control_request r;
	char joined[256] = "";
	int i;

	ck_assert_int_eq(control_request_parse(&r, data, strlen(data), false),
	    requests[_i].result);
	if (requests[_i].result == CONTROL_PARSE_OK) {
		for (i = 0; i < r.count; i++) {
			strcat(joined, i == 0 ? "" : "|");
			strcat(joined, r.words[i]);
		}
		ck_assert_ptr_null(r.words[r.count]);
		ck_assert_str_eq(joined, requests[_i].words);
		ck_assert(r.is_json == requests[_i].is_json);
		ck_assert_ptr_null(r.error);
	} else {
		ck_assert((r.error != NULL) ==
		    (requests[_i].result == CONTROL_PARSE_BAD));
	}
	control_request_fini(&r);
	/* No more will come: then it is no request. */
	if (requests[_i].result == CONTROL_PARSE_MORE) {
		ck_assert_int_eq(control_request_parse(&r, data, strlen(data),
				     true),
		    CONTROL_PARSE_BAD);
		ck_assert_ptr_nonnull(r.error);
	}
}
END_TEST

START_TEST(test_nul)
{
	struct control_request r;

	ck_assert_int_eq(control_request_parse(&r, "brb\0", 4, false),
	    CONTROL_PARSE_BAD);
}
END_TEST

START_TEST(test_many_words)
{
	struct buf data = BUF_INITIALIZER;
	struct control_request r;
	int i;

	buf_addstr(&data, "brbctl 1 text\n");
	for (i = 0; i < CONTROL_REQUEST_WORDS; i++)
		buf_addstr(&data, "x\n");
	buf_addch(&data, '\n');
	ck_assert_int_eq(control_request_parse(&r, data.data, data.len, false),
	    CONTROL_PARSE_OK);
	ck_assert_int_eq(r.count, CONTROL_REQUEST_WORDS);
	control_request_fini(&r);
	data.len--;
	buf_addstr(&data, "x\n\n");
	ck_assert_int_eq(control_request_parse(&r, data.data, data.len, false),
	    CONTROL_PARSE_BAD);
	buf_fini(&data);
}
END_TEST

/* The table: what --help and the manual say is there, and fits. */
START_TEST(test_verbs)
{
	const struct verb *verb;
	size_t len;

	for (verb = verb_table; verb->run != NULL; verb++) {
		ck_assert_ptr_eq(verb_find(verb->command.name), verb);
		ck_assert_int_le(verb->command.min_args,
		    verb->command.max_args);
		ck_assert((verb->command.max_args == 0) ==
		    (verb->command.usage[0] == '\0'));
		ck_assert_uint_le(strlen(verb->command.name) +
			strlen(verb->command.usage),
		    36);
		len = strlen(verb->command.help);
		ck_assert_uint_gt(len, 0);
		ck_assert_uint_le(len, 41); /* --help has 80 columns */
		ck_assert(verb->command.help[len - 1] != '.');
		len = strlen(verb->command.manual);
		ck_assert(strchr(".)", verb->command.manual[len - 1]) != NULL);
	}
	ck_assert_ptr_null(verb_find("stat"));
	ck_assert_ptr_null(verb_find("STATUS"));
	ck_assert_ptr_null(verb_find(""));
}
END_TEST

START_TEST(test_access)
{
	uid_t members[] = { 1001, 1002 };
	struct peercred_rule all = { .self = 990,
		.has_group = true,
		.group = 50,
		.members = members,
		.member_count = 2 };
	struct peercred_rule none = { .self = 990 };
	static const struct {
		struct peercred peer;
		bool with_group, without;
	} cases[] = {
		{ { .uid = 0, .gid = 7, .knows_groups = true }, true, true },
		{ { .uid = 990, .gid = 7, .knows_groups = true }, true, true },
		{ { .uid = 1000, .gid = 50, .knows_groups = true }, true,
		    false },
		{ { .uid = 1000,
		      .gid = 7,
		      .groups = { 49, 50 },
		      .group_count = 2,
		      .knows_groups = true },
		    true, false },
		{ { .uid = 1000,
		      .gid = 7,
		      .groups = { 49, 50 },
		      .group_count = 1,
		      .knows_groups = true },
		    false, false },
		{ { .uid = 1002, .gid = 7, .knows_groups = true }, false,
		    false },
		{ { .uid = 1002, .gid = 7 }, true, false },
		{ { .uid = 1003, .gid = 7 }, false, false },
		/* Group 0 is nothing special. */
		{ { .uid = 1003, .gid = 0 }, false, false },
	};

	for (size_t i = 0; i < NITEMS(cases); i++) {
		ck_assert(peercred_allows(&all, &cases[i].peer) ==
		    cases[i].with_group);
		ck_assert(peercred_allows(&none, &cases[i].peer) ==
		    cases[i].without);
	}
}
END_TEST

START_TEST(test_access_group)
{
	const struct group *group = getgrgid(getgid());
	struct peercred_rule access;
	struct peercred peer;
	int fds[2];

	ck_assert_ptr_null(peercred_rule_init(&access, ""));
	ck_assert(!access.has_group);
	peercred_rule_fini(&access);
	ck_assert_ptr_nonnull(peercred_rule_init(&access, "no such group"));
	ck_assert(!access.has_group);
	peercred_rule_fini(&access);
	if (group != NULL) {
		ck_assert_ptr_null(peercred_rule_init(&access, group->gr_name));
		ck_assert_uint_eq(access.group, getgid());
		peercred_rule_fini(&access);
	}

	/* We are at the other end ourselves. */
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(peercred_get(&peer, fds[0]), 0);
	ck_assert_uint_eq(peer.uid, geteuid());
	ck_assert_uint_eq(peer.gid, getegid());
#ifdef SO_PEERGROUPS
	if (peer.knows_groups)
		ck_assert_int_eq((int)peer.group_count, getgroups(0, NULL));
#endif
	close(fds[0]);
	close(fds[1]);
	ck_assert_int_eq(peercred_get(&peer, fds[0]), -1);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "control", NULL, NULL);

	tcase_add_loop_test(tc, test_request, 0, (int)NITEMS(requests));
	tcase_add_test(tc, test_nul);
	tcase_add_test(tc, test_many_words);
	tcase_add_test(tc, test_verbs);
	tcase_add_test(tc, test_access);
	tcase_add_test(tc, test_access_group);
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Bans: what is understood, whom it reaches, when it ends.
 */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fields.h"
#include "base/log.h"
#include "room/bans.h"
#include "state/bans-journal.h"
#include "unit.h"

static struct bans bans;

static void
setup(void)
{
	setenv("TZ", "UTC", 1);
	bans_init(&bans);
}

static void
teardown(void)
{
	bans_fini(&bans);
}

static struct credential
origin(const char *text)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &sin.sin_addr) == 1)
		return credential_from_address((struct sockaddr *)&sin);
	ck_assert_int_eq(inet_pton(AF_INET6, text, &sin6.sin6_addr), 1);
	return credential_from_address((struct sockaddr *)&sin6);
}

static const struct ban *
add(const char *whom, int64_t now_ms, int64_t until_ms)
{
	struct ban_subject subject;

	ck_assert_ptr_null(ban_subject_parse(&subject, whom));
	return bans_add(&bans, &subject, "spam", now_ms, until_ms);
}

static bool
drop(const char *whom)
{
	struct ban_subject subject;

	ck_assert_ptr_null(ban_subject_parse(&subject, whom));
	return bans_remove(&bans, &subject, 0);
}

static bool
expire(int64_t now_ms)
{
	struct walk_budget all = { .now_us = NULL };

	return bans_expire(&bans, now_ms, &all);
}

static bool
is_banned(const char *address, int64_t now_ms)
{
	const struct credential c = origin(address);

	return bans_match(&bans, &c, now_ms) != NULL;
}

static const struct {
	const char *text;
	const char *shown; /* NULL: refused */
} subjects[] = {
	{ "192.0.2.1", "192.0.2.1" },
	{ "192.0.2.77/24", "192.0.2.0/24" },
	{ "192.0.2.77/31", "192.0.2.76/31" },
	{ "192.0.2.1/0", "0.0.0.0/0" },
	{ "192.0.2.1/32", "192.0.2.1" },
	{ "::ffff:192.0.2.1", "192.0.2.1" },
	{ "::ffff:192.0.2.1/120", "192.0.2.0/24" },
	{ "2001:db8:0:1:2:3:4:5", "2001:db8:0:1::/64" },
	{ "2001:db8:0:1::/65", "2001:db8:0:1::/64" },
	{ "2001:db8:ffff::/33", "2001:db8:8000::/33" },
	{ "2001:db8::/32", "2001:db8::/32" },
	{ "::/0", "::/0" },
	{ "uid:0", "uid:0" },
	{ "uid:4294967294", "uid:4294967294" },
	{ "SHA256:uNiVztksCsDhcc0u9e8BrmYHLLkkFEeQKfrHHMQSDX8",
	    "SHA256:uNiVztksCsDhcc0u9e8B" },
	{ "Bob", "Bob" },
	{ "guest7", "guest7" },
	{ "", NULL },
	{ "192.0.2", NULL },
	{ "192.0.2.1/33", NULL },
	{ "192.0.2.1/", NULL },
	{ "192.0.2.1/-1", NULL },
	{ "192.0.2.1/8/8", NULL },
	{ "/24", NULL },
	{ "2001:db8::/129", NULL },
	{ "2001:db8::1%lo", NULL },
	{ "[2001:db8::1]", NULL },
	{ "2001:db8:0000:0000:0000:0000:0000:0000:0000:0000:0001", NULL },
	{ "uid:", NULL },
	{ "uid:-1", NULL },
	{ "uid:4294967295", NULL },
	{ "uid:1x", NULL },
	{ "SHA256:uNiVztksCsDhcc0u9e8", NULL },
	{ "admin", NULL },
	{ "9lives", NULL },
	{ "bob\n", NULL },
	{ "abcdefghijklmnopqrstu", NULL },
};

START_TEST(test_subject)
{
	struct ban_subject s;
	const char *why = ban_subject_parse(&s, subjects[_i].text);
	char shown[BAN_STR_SIZE];

	if (subjects[_i].shown == NULL) {
		ck_assert_ptr_nonnull(why);
		return;
	}
	ck_assert_msg(why == NULL, "%s: %s", subjects[_i].text, why);
	ban_subject_str(&s, shown);
	ck_assert_str_eq(shown, subjects[_i].shown);
}
END_TEST

START_TEST(test_address)
{
	ck_assert(!is_banned("192.0.2.1", 0));
	ck_assert_ptr_nonnull(add("192.0.2.1", 0, 0));
	ck_assert(is_banned("192.0.2.1", 0));
	ck_assert(is_banned("::ffff:192.0.2.1", 0));
	ck_assert(!is_banned("192.0.2.2", 0));
	ck_assert(!is_banned("2001:db8::1", 0));
	ck_assert(drop("192.0.2.1"));
	ck_assert(!drop("192.0.2.1"));
	ck_assert(!is_banned("192.0.2.1", 0));
}
END_TEST

START_TEST(test_prefix)
{
	ck_assert_ptr_nonnull(add("198.51.100.0/22", 0, 0));
	ck_assert(is_banned("198.51.103.255", 0));
	ck_assert(!is_banned("198.51.104.0", 0));
	ck_assert_ptr_nonnull(add("2001:db8::/32", 0, 0));
	ck_assert(is_banned("2001:db8:ffff::1", 0));
	ck_assert(!is_banned("2001:db9::1", 0));
	/* One does not lift the other. */
	ck_assert(!drop("198.51.100.0"));
	ck_assert(!drop("198.51.100.0/23"));
	ck_assert(drop("198.51.101.0/22"));
	ck_assert(!is_banned("198.51.103.255", 0));
	ck_assert_ptr_nonnull(add("0.0.0.0/0", 0, 0));
	ck_assert(is_banned("203.0.113.9", 0));
	/* A uid has four bytes, too. */
	struct credential uid = credential_from_uid(1000);
	ck_assert_ptr_null(bans_match(&bans, &uid, 0));
	ck_assert_ptr_nonnull(add("uid:1000", 0, 0));
	ck_assert_ptr_nonnull(bans_match(&bans, &uid, 0));
	uid = credential_from_uid(1001);
	ck_assert_ptr_null(bans_match(&bans, &uid, 0));
}
END_TEST

START_TEST(test_nick)
{
	struct ban_subject subject;
	const struct credential home = origin("192.0.2.1");
	char shown[BAN_STR_SIZE];

	ck_assert_ptr_nonnull(add("Bob", 0, 0));
	ck_assert_ptr_nonnull(bans_match_nick(&bans, "bOB", 0));
	/* Looks like it. */
	ck_assert_ptr_nonnull(bans_match_nick(&bans, "b0b", 0));
	ck_assert_ptr_null(bans_match_nick(&bans, "bobby", 0));
	ck_assert_ptr_null(bans_match_nick(&bans, "a-nick-that-is-far-too-long",
	    0));
	ck_assert(!is_banned("192.0.2.1", 0));

	/* Renewed when he is here; and two at one address. */
	ck_assert_ptr_null(ban_subject_parse(&subject, "bob"));
	ban_subject_add_holder(&subject, &home);
	ban_subject_str(&subject, shown);
	ck_assert_str_eq(shown, "bob (192.0.2.1)");
	ck_assert_ptr_nonnull(bans_add(&bans, &subject, "", 0, 0));
	ck_assert_uint_eq(bans.count, 1);
	ck_assert_ptr_nonnull(add("192.0.2.1", 0, 0));
	ck_assert_uint_eq(bans.count, 2);
	ck_assert(drop("BOB"));
	ck_assert_ptr_null(bans_match_nick(&bans, "bob", 0));
	ck_assert(is_banned("192.0.2.1", 0));
	ck_assert(drop("192.0.2.1"));
	ck_assert(!is_banned("192.0.2.1", 0));

	/* A guest's nick is not given again: the next guest7 is another. */
	ck_assert_ptr_null(ban_subject_parse(&subject, "guest7"));
	ban_subject_add_holder(&subject, &home);
	ck_assert_ptr_nonnull(bans_add(&bans, &subject, "", 0, 0));
	ck_assert_ptr_null(bans_match_nick(&bans, "guest7", 0));
	ck_assert(drop("192.0.2.1"));
}
END_TEST

/* Whose the nick is, whatever they are called and from wherever they come. */
START_TEST(test_account)
{
	struct ban_subject subject;
	char shown[BAN_STR_SIZE];

	ck_assert_ptr_null(ban_subject_parse(&subject, "bob"));
	subject.account = 7;
	ban_subject_str(&subject, shown);
	ck_assert_str_eq(shown, "bob (account)");
	ck_assert_ptr_nonnull(bans_add(&bans, &subject, "", 0, 100));
	ck_assert_ptr_nonnull(bans_match_account(&bans, 7, 99));
	ck_assert_ptr_null(bans_match_account(&bans, 6, 99));
	ck_assert_ptr_null(bans_match_account(&bans, 8, 99));
	ck_assert_ptr_null(bans_match_account(&bans, 0, 99));
	/* Another one of the same account, and this one ends. */
	ck_assert_ptr_null(ban_subject_parse(&subject, "robert"));
	subject.account = 7;
	ck_assert_ptr_nonnull(bans_add(&bans, &subject, "", 0, 0));
	ck_assert_str_eq(bans_match_account(&bans, 7, 100)->subject.nick,
	    "robert");
	ck_assert_uint_eq(bans.count, 1);
	/* Renewed as one of the nick alone. */
	ck_assert_ptr_nonnull(add("ROBERT", 100, 0));
	ck_assert_ptr_null(bans_match_account(&bans, 7, 100));
	ck_assert_uint_eq(bans.count, 1);
}
END_TEST

/* One that has ended is as good as lifted, wherever it is come upon. */
START_TEST(test_end)
{
	ck_assert_ptr_nonnull(add("192.0.2.1", 100, 200));
	ck_assert_ptr_nonnull(add("bob", 100, 200));
	ck_assert_ptr_nonnull(add("192.0.2.3", 100, 200));
	ck_assert_ptr_nonnull(add("192.0.2.4", 100, 0));
	ck_assert(is_banned("192.0.2.1", 199));
	ck_assert(!is_banned("192.0.2.1", 200));
	ck_assert_uint_eq(bans.count, 3);
	ck_assert_ptr_nonnull(bans_match_nick(&bans, "bob", 199));
	ck_assert_ptr_null(bans_match_nick(&bans, "bob", 200));
	ck_assert_uint_eq(bans.count, 2);
	ck_assert(expire(200));
	ck_assert_uint_eq(bans.count, 1);
	ck_assert(is_banned("192.0.2.4", INT64_MAX));
	/* Renewed: the later word counts. */
	ck_assert_ptr_nonnull(add("192.0.2.4", 100, 300));
	ck_assert_uint_eq(bans.count, 1);
	ck_assert(!is_banned("192.0.2.4", 300));
}
END_TEST

/* Many that have ended are dropped in portions. */
START_TEST(test_many_end)
{
	struct walk_budget few = walk_few(10);
	struct ban_subject subject;
	char text[32];
	unsigned i;

	for (i = 0; i < 200; i++) {
		(void)snprintf(text, sizeof(text), "192.0.2.%u", i);
		ck_assert_ptr_nonnull(add(text, 100, 200));
	}
	ck_assert(!bans_expire(&bans, 200, &few));
	ck_assert_uint_eq(bans.count, 190);
	ck_assert_ptr_nonnull(add("198.51.100.1", 200, 0));
	ck_assert_uint_gt(bans.count, 1);
	ck_assert_uint_lt(bans.count, 190);
	/* Lifting one that has ended is lifting none. */
	ck_assert_ptr_null(ban_subject_parse(&subject, "192.0.2.199"));
	ck_assert(!bans_remove(&bans, &subject, 200));
	ck_assert(expire(200));
	ck_assert_uint_eq(bans.count, 1);
}
END_TEST

START_TEST(test_sentence)
{
	/* Tue 2 Jun 2026 14:02 */
	const struct clock clock = { .wall_ms = INT64_C(1780408920000),
		.mono_ms = 1000 };
	const int64_t now_ms = clock_age_ms(&clock);
	const int64_t day_ms = INT64_C(86400000);
	struct ban_subject subject;
	char *s;

	s = ban_sentence(add("192.0.2.1", now_ms, now_ms + day_ms), &clock);
	ck_assert_str_eq(s, "banned until 3 Jun 14:02 (spam)");
	free(s);
	s = ban_sentence(add("192.0.2.1", now_ms, now_ms + 365 * day_ms),
	    &clock);
	ck_assert_str_eq(s, "banned until 2 Jun 2027 14:02 (spam)");
	free(s);
	s = ban_sentence(add("192.0.2.1", now_ms, 0), &clock);
	ck_assert_str_eq(s, "banned (spam)");
	free(s);
	ck_assert_ptr_null(ban_subject_parse(&subject, "bob"));
	s = ban_sentence(bans_add(&bans, &subject, "", now_ms, 0), &clock);
	ck_assert_str_eq(s, "banned");
	free(s);
}
END_TEST

/* No more than BANS_MAX, but one may be renewed, and one that ended gives way.
 * A reason is cut. */
START_TEST(test_limits)
{
	struct ban_subject subject;
	const struct ban *ban;
	char text[32], reason[2 * BAN_REASON_MAX];

	for (unsigned i = 0; i < BANS_MAX; i++) {
		snprintf(text, sizeof(text), "10.%u.%u.1", i / 250, i % 250);
		ck_assert_ptr_nonnull(add(text, 0, i == 7 ? 50 : 0));
	}
	ck_assert_ptr_null(add("192.0.2.1", 0, 0));
	ck_assert_ptr_nonnull(add("10.0.1.1", 0, 0));
	ck_assert_ptr_nonnull(add("192.0.2.1", 50, 0));
	ck_assert_uint_eq(bans.count, BANS_MAX);

	memset(reason, 'x', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	ck_assert_ptr_null(ban_subject_parse(&subject, "10.0.1.1"));
	ban = bans_add(&bans, &subject, reason, 50, 0);
	ck_assert_uint_eq(strlen(ban->reason), BAN_REASON_MAX);
}
END_TEST

/* All of a ban is kept; what ended or was lifted is not. */
START_TEST(test_kept)
{
	char *dir = unit_dir_new(), shown[BAN_STR_SIZE];
	struct ban_subject both;
	const struct credential home = origin("2001:db8:0:1::1");
	const struct ban *ban;
	struct journal *journal;
	char *error = NULL;
	int fd;

	fd = open(dir, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ge(fd, 0);
	journal = journal_open(fd, "bans", bans_loaded, bans_snapshot, &bans,
	    &error);
	ck_assert_ptr_nonnull(journal);
	bans_set_journal(&bans, journal);
	ck_assert_ptr_null(ban_subject_parse(&both, "bob"));
	ban_subject_add_holder(&both, &home);
	both.account = 7;
	ck_assert_ptr_nonnull(bans_add(&bans, &both, "\xc3\xa4rger", 5, 0));
	ck_assert_ptr_nonnull(add("192.0.2.0/24", 5, 100));
	ck_assert_ptr_nonnull(add("uid:1000", 5, 0));
	ck_assert_ptr_nonnull(add("192.0.2.9", 5, 50));
	ck_assert_ptr_nonnull(add("eve", 5, 0));
	ck_assert(drop("eve"));
	ck_assert(expire(60));
	/* As after a kill -9: nobody closes the journal in order. */
	teardown();
	journal_close(journal);

	setup();
	journal = journal_open(fd, "bans", bans_loaded, bans_snapshot, &bans,
	    &error);
	ck_assert_ptr_nonnull(journal);
	ck_assert_uint_eq(bans.count, 3);
	ban = bans_match_nick(&bans, "BOB", 60);
	ck_assert_ptr_nonnull(ban);
	ck_assert_ptr_eq(bans_match(&bans, &home, 60), ban);
	ban_subject_str(&ban->subject, shown);
	ck_assert_str_eq(shown, "bob (account, 2001:db8:0:1::/64)");
	ck_assert_ptr_eq(bans_match_account(&bans, 7, 60), ban);
	ck_assert_str_eq(ban->reason, "\xc3\xa4rger");
	ck_assert_int_eq(ban->made_ms, 5);
	ck_assert(is_banned("192.0.2.9", 99));
	ck_assert(!is_banned("192.0.2.9", 100));
	ck_assert_ptr_nonnull(add("192.0.2.1", 60, 0));
	ck_assert_uint_eq(TAILQ_LAST(&bans.list, ban_queue)->id, 4);
	journal_close(journal);
	close(fd);
	ck_assert_str_eq(unit_dir_names(dir), "bans.0 bans.1");
	unit_dir_free(dir);
}
END_TEST

/* Does what is in out become a ban, from the disk and handed over alike? */
static bool
loads(const struct buf *out)
{
	static const enum fields_use uses[] = { FIELDS_DISK, FIELDS_HANDOFF };
	const struct tlv item = { .data = (unsigned char *)out->data,
		.len = out->len };
	bool results[NITEMS(uses)];
	size_t i;

	for (i = 0; i < NITEMS(uses); i++) {
		struct fields_in in = { .use = uses[i] };

		bans_fini(&bans);
		results[i] = bans_load(&bans, &in, &item) != NULL;
		ck_assert_int_eq(results[i], in.error == NULL);
		ck_assert_uint_eq(bans.count, results[i]);
		fields_in_fini(&in);
	}
	ck_assert_int_eq(results[0], results[1]);
	return results[0];
}

/* A record of these, which is then changed. */
static void
ban_bytes(struct buf *out, const char *nick, const struct credential *origin,
    uint64_t prefix, int64_t made_ms)
{
	buf_reset(out);
	tlv_put_u64(out, 1, 1);
	if (nick != NULL)
		tlv_put_str(out, 2, nick);
	if (origin != NULL) {
		tlv_put_u64(out, 3, 1);
		tlv_put_bytes(out, 4, origin, sizeof(*origin));
		tlv_put_u64(out, 5, prefix);
	}
	tlv_put_i64(out, 9, made_ms);
	tlv_put_str(out, 8, "spam");
}

/* What makes no sense bans nobody. */
START_TEST(test_garbled)
{
	struct buf out = BUF_INITIALIZER;
	struct credential c = origin("192.0.2.1"), uid = credential_from_uid(1);

	log_init(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	buf_addstr(&out, "\x01\x00\xff");
	ck_assert(!loads(&out));
	ban_bytes(&out, NULL, NULL, 0, 5);
	ck_assert(!loads(&out));
	/* An origin without its prefix, which would be everybody; with too long
	 * a one, or one that leaves bits; of no known kind; a uid's half. */
	ban_bytes(&out, NULL, &c, 32, 5);
	ck_assert(loads(&out));
	ban_bytes(&out, NULL, &c, 0, 5);
	ck_assert(!loads(&out));
	ban_bytes(&out, NULL, &c, 33, 5);
	ck_assert(!loads(&out));
	ban_bytes(&out, NULL, &c, 24, 5);
	ck_assert(!loads(&out));
	ban_bytes(&out, NULL, &uid, 32, 5);
	ck_assert(loads(&out));
	ban_bytes(&out, NULL, &uid, 31, 5);
	ck_assert(!loads(&out));
	c.kind = CREDENTIAL_UID + 1;
	ban_bytes(&out, NULL, &c, 32, 5);
	ck_assert(!loads(&out));
	/* A nick that nobody can have, and a guest's, who may be away. */
	ban_bytes(&out, "admin", NULL, 0, 5);
	ck_assert(!loads(&out));
	ban_bytes(&out, "b b", NULL, 0, 5);
	ck_assert(!loads(&out));
	ban_bytes(&out, "guest7", NULL, 0, 5);
	ck_assert(loads(&out));
	/* Made before there was a time. */
	ban_bytes(&out, "bob", NULL, 0, INT64_MIN);
	ck_assert(!loads(&out));
	ban_bytes(&out, "bob", NULL, 0, 5);
	ck_assert(loads(&out));
	/* A reason twice; an id after which there is none; and none. */
	tlv_put_str(&out, 8, "ham");
	ck_assert(!loads(&out));
	ban_bytes(&out, "bob", NULL, 0, 5);
	memset(out.data + TLV_HEADER, 0xff, 8);
	ck_assert(!loads(&out));
	memset(out.data + TLV_HEADER, 0, 8);
	ck_assert(!loads(&out));
	/* The same twice. */
	ban_bytes(&out, "bob", NULL, 0, 5);
	bans_loaded("1", 1, out.data, out.len, &bans);
	bans_loaded("1", 1, out.data, out.len, &bans);
	ck_assert_uint_eq(bans.count, 1);
	/* Another with the same id. */
	ban_bytes(&out, NULL, &uid, 32, 5);
	bans_loaded("2", 1, out.data, out.len, &bans);
	ck_assert_uint_eq(bans.count, 1);
	buf_fini(&out);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "all", setup, teardown);

	tcase_add_loop_test(tc, test_subject, 0, NITEMS(subjects));
	tcase_add_test(tc, test_address);
	tcase_add_test(tc, test_prefix);
	tcase_add_test(tc, test_nick);
	tcase_add_test(tc, test_account);
	tcase_add_test(tc, test_end);
	tcase_add_test(tc, test_many_end);
	tcase_add_test(tc, test_sentence);
	tcase_add_test(tc, test_limits);
	tcase_add_test(tc, test_kept);
	tcase_add_test(tc, test_garbled);
}

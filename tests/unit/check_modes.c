/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Modes of rooms: what is parsed, changed, told, allowed and stored.
 */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/origin.h"
#include "base/util.h"
#include "chat-fixture.h"
#include "room/modes-change.h"
#include "room/modes-words.h"
#include "room/modes.h"
#include "room/person.h"
#include "room/rank.h"
#include "room/rename.h"
#include "room/room.h"
#include "unit.h"

static struct room *kitchen;
static struct buf reported;

static void
go(struct fake *f, struct room *room)
{
	struct membership *behind = fake_here(f);

	room_leave(behind, ROOM_LEAVE_WENT, room->name);
	(void)rank_joined(room_join(room, f->m, ROOM_JOIN_CATCHUP));
	member_show(f->m);
}

/* All three in the kitchen that ana has made. */
static void
setup(void)
{
	fixture_setup();
	fake_enter(&fx, &cy, 2, "cy");
	ck_assert_int_eq(chat_open_room(&fx.chat, "kitchen", &kitchen),
	    CHAT_ROOM_MADE);
	go(&ana, kitchen);
	go(&bob, kitchen);
	go(&cy, kitchen);
	(void)fake_saw(&fx, &ana);
	(void)fake_saw(&fx, &bob);
	(void)fake_saw(&fx, &cy);
}

static void
teardown(void)
{
	fixture_teardown();
	buf_fini(&reported);
}

/* Changing */

static void
report_error(enum mode_error why, const struct mode_change *change, void *arg)
{
	ck_assert_ptr_eq(arg, &fx);
	ck_assert_uint_gt(strlen(mode_error_str(why, change, kitchen)), 0);
	buf_addf(&reported, "!%d%c ", (int)why, change->letter);
}

static void
report_list(enum modes_list list, void *arg)
{
	ck_assert_ptr_eq(arg, &fx);
	buf_addf(&reported, "list %c ", modes_list_letter(list));
}

static void
report_applied(const char *text, void *arg)
{
	ck_assert_ptr_eq(arg, &fx);
	buf_addf(&reported, "%s ", text);
}

static const struct mode_report report = { report_error, report_list,
	report_applied, &fx };

/* By f, or by the server: what was reported. */
static const char *
change(struct fake *f, const char *line)
{
	char copy[4096], *argv[64], *p = copy;
	int argc = 0;

	ck_assert_uint_lt(strlen(line), sizeof(copy));
	memcpy(copy, line, strlen(line) + 1);
	while (p != NULL && argc < 64)
		argv[argc++] = strsep(&p, " ");
	buf_reset(&reported);
	modes_change(kitchen, f == NULL ? NULL : member_in(f->m, kitchen), argc,
	    argv, &report);
	return buf_cstr(&reported);
}

static const char *
shown(void)
{
	static struct buf text;

	buf_reset(&text);
	modes_str(kitchen, true, &text);
	return buf_cstr(&text);
}

START_TEST(test_parser)
{
	char letters[] = "+ov-b+", params[4][2] = { "a", "b", "c", "d" };
	char *argv[] = { letters, params[0], params[1], params[2], params[3] };
	char bare[] = "okb+l-lk", *bare_argv[] = { bare };
	char bytes[] = "-\xc3\xa9\xff\x01 m", *bytes_argv[] = { bytes };
	struct mode_parser p;
	struct mode_change c;

	mode_parser_init(&p, 5, argv);
	ck_assert(mode_parser_next(&p, &c));
	ck_assert(c.is_set && c.letter == 'o');
	ck_assert_str_eq(c.param, "a");
	ck_assert(mode_parser_next(&p, &c));
	ck_assert(c.is_set && c.letter == 'v');
	ck_assert_str_eq(c.param, "b");
	ck_assert(mode_parser_next(&p, &c));
	ck_assert(!c.is_set && c.letter == 'b');
	ck_assert_str_eq(c.param, "c");
	ck_assert(!mode_parser_next(&p, &c));

	mode_parser_init(&p, 1, bare_argv);
	while (mode_parser_next(&p, &c))
		ck_assert_ptr_null(c.param);
	mode_parser_init(&p, 0, NULL);
	ck_assert(!mode_parser_next(&p, &c));

	/* A letter of UTF-8, a byte that is none, a control, a blank: four. */
	mode_parser_init(&p, 1, bytes_argv);
	for (int i = 0; i < 4; i++) {
		ck_assert(mode_parser_next(&p, &c));
		ck_assert(!c.is_set && c.letter == '?');
	}
	ck_assert(mode_parser_next(&p, &c));
	ck_assert_int_eq(c.letter, 'm');
	ck_assert(!mode_parser_next(&p, &c));
}
END_TEST

START_TEST(test_change)
{
	ck_assert_str_eq(shown(), "+n");
	ck_assert_str_eq(change(&ana, "+tov-n bob bob"), "+tov-n bob bob ");
	ck_assert_str_eq(shown(), "+t");
	ck_assert_str_eq(fake_saw(&fx, &bob), "mode ana +tov-n bob bob\n");
	ck_assert_str_eq(fake_saw(&fx, &ana), ""); /* was told by the report */
	ck_assert(member_in(bob.m, kitchen)->is_op);
	ck_assert(member_in(bob.m, kitchen)->is_voiced);
	/* What changes nothing is not told. */
	ck_assert_str_eq(change(&ana, "+tov-n bob bob"), "");
	ck_assert_str_eq(change(&ana, "+tm BOB"), "+m ");
	ck_assert_str_eq(change(&ana, "+m-m"), "-m ");
	ck_assert_str_eq(change(&ana, "+kl sesame 10"), "+kl sesame 10 ");
	ck_assert_str_eq(shown(), "+klt sesame 10");
	ck_assert_str_eq(change(&ana, "+kl sesame 10"), "");
	ck_assert_str_eq(change(&ana, "-lk+l nothing 5"), "-lk+l * 5 ");
	ck_assert_str_eq(change(&ana, "+b bob"), "+b bob!*@* ");
	ck_assert_str_eq(change(&ana, "+b BOB!*@*"), "");
	ck_assert_str_eq(change(&ana, "be-b+I BOB"), "list e list b list I ");
	ck_assert_str_eq(change(&ana, "-b BOB"), "-b bob!*@* ");
	ck_assert_str_eq(change(NULL, "+m"), "+m ");
	(void)fake_saw(&fx, &ana);
	ck_assert_str_eq(change(NULL, "-m"), "-m ");
	ck_assert_str_eq(fake_saw(&fx, &ana), "mode - -m\n");
}
END_TEST

START_TEST(test_errors)
{
	char line[256];

	/* Lists are for all; and they are told once that it takes more. */
	ck_assert_str_eq(change(&bob, "beI"), "list b list e list I ");
	ck_assert_str_eq(change(&bob, "+mto-b bob x"), "!0m ");
	ck_assert_str_eq(change(&bob, "+xb"), "!1x list b ");
	ck_assert_str_eq(fake_saw(&fx, &ana), "");
	ck_assert_str_eq(change(&ana, "+xm-y"), "!1x !1y +m ");
	ck_assert_str_eq(change(&ana, "+o"), "!2o ");
	ck_assert_str_eq(change(&ana, "+k"), "!2k ");
	ck_assert_str_eq(change(&ana, "+l"), "!2l ");
	ck_assert_str_eq(change(&ana, "+ov nobody nobody"), "!3o !3v ");
	go(&cy, fx.chat.lobby);
	ck_assert_str_eq(change(&ana, "+o cy"), "!4o ");
	ck_assert_str_eq(change(&ana, "+k a,b"), "!6k ");
	ck_assert_str_eq(change(&ana, "+k :ab"), "!6k ");
	ck_assert_str_eq(change(&ana, "+k \xc3\xa9"), "!6k ");
	ck_assert_str_eq(change(&ana, "+k a\x01"), "!6k ");
	ck_assert_str_eq(change(&ana, "+k "), "!6k ");
	ck_assert_str_eq(change(&ana, "+k 12345678901234567890123"),
	    "+k 12345678901234567890123 ");
	ck_assert_str_eq(change(&ana, "+k 123456789012345678901234"), "!6k ");
	ck_assert_str_eq(change(&ana, "+l 0"), "!7l ");
	ck_assert_str_eq(change(&ana, "+l -1"), "!7l ");
	ck_assert_str_eq(change(&ana, "+l 1x"), "!7l ");
	ck_assert_str_eq(change(&ana, "+l "), "!7l ");
	ck_assert_str_eq(change(&ana, "+l 99999999999999999999"), "!7l ");
	ck_assert_str_eq(change(&ana, "+b "), "!8b ");
	ck_assert_str_eq(change(&ana, "+b a!b!c"), "!8b ");
	ck_assert_str_eq(change(&ana, "-b \x01"), "!8b ");
	memset(line, 'x', sizeof(line));
	memcpy(line, "+b ", 3);
	line[3 + MODES_MASK_MAX] = '\0';
	ck_assert_str_eq(change(&ana, line), "!8b ");
	line[3 + MODES_MASK_MAX - 4] = '\0'; /* !*@* comes to it */
	ck_assert_uint_gt(strlen(change(&ana, line)), MODES_MASK_MAX);
	/* Who gives it up may do what came with it. */
	ck_assert_str_eq(change(&ana, "-o+v ana ana"), "-o+v ana ana ");
	ck_assert_str_eq(change(&ana, "+o ana"), "!0o ");
}
END_TEST

START_TEST(test_lobby)
{
	kitchen = fx.chat.lobby;
	ck_assert_str_eq(change(NULL, "+imkl x 5"), "!9i !9k !9l +m ");
	ck_assert_str_eq(change(NULL, "-imkl x"), "-m ");
}
END_TEST

/* An event has 12 parameters and MODES_TEXT_MAX bytes at most; nothing is lost
 * by that. */
START_TEST(test_split)
{
	char line[4096] = "+";
	const char *p;
	size_t i, len, letters;

	ck_assert_str_eq(change(&ana,
			     "+bbbbbbbbbbbbbt 1 2 3 4 5 6 7 8 9 a b c d"),
	    "+bbbbbbbbbbbb 1!*@* 2!*@* 3!*@* 4!*@* 5!*@* 6!*@* 7!*@* 8!*@* "
	    "9!*@* a!*@* b!*@* c!*@* +bt d!*@* ");
	ck_assert_uint_eq(kitchen->modes.counts[MODES_BANS], 13);
	for (i = 0; i < 12; i++)
		line[1 + i] = 'e';
	for (i = 0; i < 12; i++)
		(void)snprintf(line + strlen(line), 130, " %02zu%0100d", i, 7);
	(void)fake_saw(&fx, &bob);
	(void)change(&ana, line);
	for (p = fake_saw(&fx, &bob), letters = 0; *p != '\0'; p += len + 1) {
		len = strcspn(p, "\n");
		ck_assert_uint_le(len, strlen("mode ana ") + MODES_TEXT_MAX);
		letters += strspn(p + strlen("mode ana +"), "e");
	}
	ck_assert_uint_eq(letters, 12);
	ck_assert_uint_eq(kitchen->modes.counts[MODES_EXEMPTIONS], 12);
}
END_TEST

START_TEST(test_list_full)
{
	char line[32];
	int i;

	for (i = 0; i < MODES_LIST_MAX; i++) {
		(void)snprintf(line, sizeof(line), "+b x%d", i);
		ck_assert(strncmp(change(&ana, line), "+b", 2) == 0);
	}
	ck_assert_str_eq(change(&ana, "+b more"), "!5b ");
	ck_assert_str_eq(change(&ana, "+b x1"), "");
	ck_assert_str_eq(change(&ana, "+e more"), "+e more!*@* ");
	ck_assert_str_eq(change(&ana, "-b+b x7 more"), "-b+b x7!*@* more!*@* ");
}
END_TEST

START_TEST(test_nonsense)
{
	char line[600];
	const char *said;
	size_t i;

	memset(line, 'o', sizeof(line));
	line[0] = '+';
	line[sizeof(line) - 1] = '\0';
	said = change(&ana, line); /* each o lacks its nick */
	ck_assert_uint_eq(strlen(said), strlen("!2o ") * (sizeof(line) - 2));
	ck_assert_uint_eq(strspn(said, "!2o "), strlen(said));
	ck_assert_str_eq(shown(), "+n");
	for (i = 1; i + 1 < sizeof(line); i++)
		line[i] = (char)(i * 37 % 255 + 1);
	/* Every byte, and among them those of modes. */
	said = change(&ana, line);
	ck_assert_ptr_nonnull(strstr(said, "!1& !1K !1p "));
	ck_assert_ptr_nonnull(strstr(said, " !6k "));
	ck_assert_ptr_nonnull(strstr(said, " +tNs "));
	ck_assert_str_eq(shown(), "+Nnst");
	ck_assert_str_eq(change(&ana, ""), "");
	ck_assert_str_eq(change(&ana, "+-+-+-"), "");
	ck_assert_str_eq(change(&ana, " +m"), "");
	ck_assert_str_eq(shown(), "+Nnst");
}
END_TEST

/* Asking */

START_TEST(test_admit)
{
	go(&bob, fx.chat.lobby);
	ck_assert_int_eq(modes_admit(kitchen, bob.m, NULL), MODES_ADMITTED);
	(void)change(&ana, "+lkib 2 sesame bob");
	ck_assert_int_eq(modes_admit(kitchen, bob.m, "sesame"), MODES_BANNED);
	(void)change(&ana, "+e *!*@*");
	ck_assert_int_eq(modes_admit(kitchen, bob.m, "sesame"),
	    MODES_INVITE_ONLY);
	(void)change(&ana, "+I b?b");
	ck_assert_int_eq(modes_admit(kitchen, bob.m, NULL), MODES_BAD_KEY);
	ck_assert_int_eq(modes_admit(kitchen, bob.m, "Sesame"), MODES_BAD_KEY);
	ck_assert_int_eq(modes_admit(kitchen, bob.m, "sesame"), MODES_FULL);
	(void)change(&ana, "+l 3");
	ck_assert_int_eq(modes_admit(kitchen, bob.m, "sesame"), MODES_ADMITTED);

	/* An operator's invitation, once. */
	(void)change(&ana, "-e+l *!*@* 1");
	modes_invite(member_in(cy.m, kitchen), bob.m);
	ck_assert_int_eq(modes_admit(kitchen, bob.m, NULL), MODES_BANNED);
	modes_invite(member_in(ana.m, kitchen), bob.m);
	ck_assert_int_eq(modes_admit(kitchen, bob.m, NULL), MODES_ADMITTED);
	go(&bob, kitchen);
	ck_assert(!modes_is_invited(kitchen, bob.m));
	go(&bob, fx.chat.lobby);
	ck_assert_int_eq(modes_admit(kitchen, bob.m, NULL), MODES_BANNED);

	/* A bookmark as operator overrides everything but a ban. */
	go(&ana, fx.chat.lobby);
	ck_assert_int_eq(modes_admit(kitchen, ana.m, NULL), MODES_ADMITTED);
	(void)change(NULL, "+b ana");
	ck_assert_int_eq(modes_admit(kitchen, ana.m, NULL), MODES_BANNED);
}
END_TEST

START_TEST(test_speak)
{
	struct membership *ms;

	ms = member_in(bob.m, kitchen);
	ck_assert_int_eq(modes_may_speak(kitchen, bob.m, ms), MODES_MAY_SPEAK);
	ck_assert(modes_may_set_topic(ms));
	ck_assert(modes_may_invite(ms));
	ck_assert_ptr_null(modes_forbids_nick(bob.m));
	(void)change(&ana, "+mtib bob");
	ck_assert_int_eq(modes_may_speak(kitchen, bob.m, ms),
	    MODES_SPEAK_BANNED);
	ck_assert(!modes_may_set_topic(ms));
	ck_assert(!modes_may_invite(ms));
	ck_assert_ptr_eq(modes_forbids_nick(bob.m), kitchen);
	(void)change(&ana, "+v bob");
	ck_assert_int_eq(modes_may_speak(kitchen, bob.m, ms), MODES_MAY_SPEAK);
	ck_assert_ptr_null(modes_forbids_nick(bob.m));
	(void)change(&ana, "-v+e bob b*");
	ck_assert_int_eq(modes_may_speak(kitchen, bob.m, ms),
	    MODES_SPEAK_MODERATED);
	ck_assert_int_eq(modes_may_speak(kitchen, ana.m,
			     member_in(ana.m, kitchen)),
	    MODES_MAY_SPEAK);

	go(&bob, fx.chat.lobby);
	ck_assert_int_eq(modes_may_speak(kitchen, bob.m, NULL),
	    MODES_SPEAK_EXTERNAL);
	(void)change(&ana, "-n");
	ck_assert_int_eq(modes_may_speak(kitchen, bob.m, NULL),
	    MODES_SPEAK_MODERATED);
	(void)change(&ana, "-m");
	ck_assert_int_eq(modes_may_speak(kitchen, bob.m, NULL),
	    MODES_MAY_SPEAK);
	(void)change(&ana, "-e b*");
	ck_assert_int_eq(modes_may_speak(kitchen, bob.m, NULL),
	    MODES_SPEAK_BANNED);
}
END_TEST

START_TEST(test_masks)
{
	char mask[MODES_MASK_MAX + 1], host[MEMBER_HOST_SIZE];

	/* bob and cy come from the same address, ana from another. */
	modes_ban_mask(kitchen, bob.m, mask);
	ck_assert_str_eq(mask, "bob!*@*");
	go(&cy, fx.chat.lobby);
	memcpy(host, bob.m->host, sizeof(host));
	modes_ban_mask(kitchen, bob.m, mask);
	ck_assert_str_eq(mask + strlen("*!*@"), host);
	buf_reset(&reported);
	modes_apply(kitchen, member_in(ana.m, kitchen),
	    &(struct mode_change){ true, 'b', mask }, 1, &report);
	ck_assert(modes_is_banned(kitchen, bob.m));
	ck_assert(modes_is_banned(kitchen, cy.m));
	ck_assert(!modes_is_banned(kitchen, ana.m));
	ck_assert_str_eq(modes_find_ban(kitchen, cy.m)->mask, mask);
	ck_assert(modes_has_mask(kitchen, MODES_BANS, mask));
	ck_assert(!modes_has_mask(kitchen, MODES_EXEMPTIONS, mask));
	ck_assert_str_eq(TAILQ_FIRST(&kitchen->modes.lists[MODES_BANS])->by,
	    "ana");
	/* The user of plain people, with the ~ that IRC shows or without. */
	(void)change(NULL, "+b *!~plain@*");
	ck_assert(modes_is_banned(kitchen, ana.m));
	(void)change(NULL, "-b+b *!~plain@* *!plain@*");
	ck_assert(modes_is_banned(kitchen, ana.m));
}
END_TEST

static void
log_in(struct fake *f, const struct account *a)
{
	struct credential identity = credential_from_account(a->id);

	member_set_identity(f->m, &identity);
}

/* A mask of an account follows it and not its name (hostile 84). */
START_TEST(test_mask_account)
{
	struct accounts *all = &fx.chat.accounts;
	struct account *rob = accounts_add(all, "bob", 1);
	struct account *other;
	char text[MODES_MASK_MAX + 1];
	uint64_t id;

	ck_assert_ptr_nonnull(rob);
	id = rob->id;
	ck_assert(account_add_nick(all, rob, "robert", 1));
	log_in(&bob, rob);
	/* Only a ban can be of a name that is nobody's yet. */
	ck_assert_str_eq(change(&ana, "+eI $a:nobody $a:nobody"), "!11e !11I ");
	ck_assert_str_eq(change(&ana, "+b $a:nobody"), "+b $a:nobody ");
	ck_assert_str_eq(change(&ana, "-b $a:NOBODY"), "-b $a:nobody ");
	ck_assert_int_eq(MODE_NO_ACCOUNT, 11);
	ck_assert_str_eq(change(&ana, "+be $a:ROBERT $m:$a:robert"),
	    "+be $a:bob $m:$a:bob ");
	ck_assert_str_eq(change(&ana, "+b $a:bob"), "");
	ck_assert(modes_is_banned(kitchen, bob.m));
	ck_assert(!modes_is_banned(kitchen, cy.m));

	/* The alias is the name now, and then the old name is another's. */
	ck_assert(account_set_name(all, rob, "robert"));
	ck_assert(account_remove_nick(all, rob, "bob"));
	other = accounts_add(all, "bob", 2);
	ck_assert_ptr_nonnull(other);
	log_in(&cy, other);
	ck_assert(modes_is_banned(kitchen, bob.m));
	ck_assert(!modes_is_banned(kitchen, cy.m));
	mode_mask_str(kitchen, modes_find_ban(kitchen, bob.m), text);
	ck_assert_str_eq(text, "$a:robert");
	ck_assert(!modes_has_mask(kitchen, MODES_BANS, "$a:bob"));
	ck_assert(modes_has_mask(kitchen, MODES_BANS, "$a:robert"));
	ck_assert(modes_has_mask(kitchen, MODES_EXEMPTIONS, "$m:$a:robert"));
	ck_assert_str_eq(change(&ana, "-b $a:bob"), "");
	ck_assert_str_eq(change(&ana, "+b $a:bob"), "+b $a:bob ");
	ck_assert(modes_is_banned(kitchen, cy.m));

	/* It is forgotten with its account; a pattern is of names. */
	ck_assert_str_eq(change(&ana, "+b $a:x*"), "+b $a:x* ");
	modes_forget_account(kitchen, id);
	accounts_forget(all, rob);
	ck_assert_uint_eq(kitchen->modes.counts[MODES_BANS], 2);
	ck_assert_uint_eq(kitchen->modes.counts[MODES_EXEMPTIONS], 0);
	ck_assert_str_eq(change(&ana, "-b $a:bob"), "-b $a:bob ");
	ck_assert(!modes_is_banned(kitchen, cy.m));
}
END_TEST

START_TEST(test_secret)
{
	(void)change(&ana, "+s");
	ck_assert(modes_may_see(kitchen, bob.m));
	go(&bob, fx.chat.lobby);
	ck_assert(modes_may_see(kitchen, bob.m)); /* has a bookmark */
	ck_assert(!modes_may_see(fx.chat.lobby, bob.m) ==
	    modes_has(fx.chat.lobby, ROOM_SECRET));
	fake_quit(&bob, NULL);
	fake_fini(&bob);
	fake_enter(&fx, &bob, 9, "rob");
	ck_assert(!modes_may_see(kitchen, bob.m));
}
END_TEST

START_TEST(test_invitations_max)
{
	struct member m = { .id = 1000 };

	for (; m.id < 1000 + MODES_INVITATIONS_MAX; m.id++)
		modes_invite(member_in(ana.m, kitchen), &m);
	m.id = 1000;
	modes_invite(member_in(ana.m, kitchen), &m); /* the newest now */
	m.id = 5000;
	modes_invite(member_in(ana.m, kitchen), &m);
	ck_assert_uint_eq(kitchen->modes.invitation_count,
	    MODES_INVITATIONS_MAX);
	ck_assert(modes_is_invited(kitchen, &m));
	m.id = 1000;
	ck_assert(modes_is_invited(kitchen, &m));
	m.id = 1001;
	ck_assert(!modes_is_invited(kitchen, &m));
}
END_TEST

/* Operators */

START_TEST(test_joined)
{
	ck_assert(member_in(ana.m, kitchen)->is_op);
	ck_assert(!member_in(bob.m, kitchen)->is_op);

	/* While ana has a bookmark, nobody else gets it; ana has it again. */
	go(&ana, fx.chat.lobby);
	go(&bob, fx.chat.lobby);
	go(&cy, fx.chat.lobby);
	go(&cy, kitchen);
	ck_assert(!member_in(cy.m, kitchen)->is_op);
	go(&ana, kitchen);
	ck_assert(member_in(ana.m, kitchen)->is_op);
	go(&ana, fx.chat.lobby);
	go(&cy, fx.chat.lobby);

	/* Also when ana has left, and is back. */
	fake_quit(&ana, NULL);
	fake_fini(&ana);
	go(&cy, kitchen);
	ck_assert(!member_in(cy.m, kitchen)->is_op);
	fake_init(&fx, &ana, 1);
	ck_assert_int_eq(fake_nick(&ana, "ana"), RENAME_RETURNED);
	go(&ana, kitchen);
	ck_assert(member_in(ana.m, kitchen)->is_op);

	/* Nobody is operator: who comes into the empty room is. */
	(void)change(&ana, "-o ana");
	go(&ana, fx.chat.lobby);
	go(&cy, fx.chat.lobby);
	go(&bob, kitchen);
	ck_assert(member_in(bob.m, kitchen)->is_op);
	go(&cy, kitchen);
	ck_assert(!member_in(cy.m, kitchen)->is_op);
}
END_TEST

/* Whoever returns to this very room is again what the bookmark says. */
START_TEST(test_regained)
{
	(void)change(&ana, "+v ana");
	fake_lose(&ana);
	fake_fini(&ana);
	fake_init(&fx, &ana, 1);
	go(&ana, kitchen);
	ck_assert(!member_in(ana.m, kitchen)->is_op);
	(void)fake_saw(&fx, &ana);
	ck_assert_int_eq(fake_nick(&ana, "ana"), RENAME_RETURNED);
	ck_assert(member_in(ana.m, kitchen)->is_op);
	ck_assert(member_in(ana.m, kitchen)->is_voiced);
}
END_TEST

START_TEST(test_named)
{
	static const char named[5][32] = { "lobby ana",
		"KITCHEN Bob@192.0.2.0/24", "kitchen cy@192.0.2.77",
		"kitchens ana", "kitchen zoe" };
	char *items[5];
	size_t i;

	for (i = 0; i < NITEMS(items); i++)
		items[i] = xstrdup(named[i]);
	fx.options.room_operator.items = items;
	fx.options.room_operator.count = 5;
	fx.chat.lobby->is_permanent = true;
	go(&ana, fx.chat.lobby);
	ck_assert(member_in(ana.m, fx.chat.lobby)->is_op);
	go(&cy, fx.chat.lobby);
	ck_assert(!member_in(cy.m, fx.chat.lobby)->is_op);
	go(&bob, fx.chat.lobby);
	(void)change(NULL, "+bk *!*@* sesame");
	ck_assert_int_eq(modes_admit(kitchen, bob.m, NULL), MODES_ADMITTED);
	ck_assert_int_eq(modes_admit(kitchen, cy.m, NULL), MODES_BANNED);
	go(&bob, kitchen);
	ck_assert(member_in(bob.m, kitchen)->is_op);
	go(&cy, kitchen);
	ck_assert(!member_in(cy.m, kitchen)->is_op);
	ck_assert_int_eq(fake_nick(&cy, "zoe"), RENAME_DONE);
	ck_assert_ptr_eq(rank_renamed(cy.m), kitchen);
	ck_assert(member_in(cy.m, kitchen)->is_op);
	ck_assert_ptr_null(rank_renamed(cy.m));
	fx.options.room_operator.items = NULL;
	fx.options.room_operator.count = 0;
	for (i = 0; i < NITEMS(items); i++)
		free(items[i]);
}
END_TEST

START_TEST(test_kick)
{
	struct event event;

	(void)change(&ana, "+o bob");
	(void)fake_saw(&fx, &cy);
	room_kick(member_in(bob.m, kitchen), member_in(ana.m, kitchen), "out",
	    &event);
	ck_assert_int_eq(event.kind, EVENT_KICK);
	ck_assert_str_eq(event.nick, "ana");
	ck_assert_str_eq(event.other, "bob");
	ck_assert_str_eq(event.room, "kitchen");
	ck_assert_str_eq(fake_saw(&fx, &cy), "kick ana bob (out)\n");
	ck_assert_ptr_null(member_in(bob.m, kitchen));
	ck_assert_ptr_nonnull(person_bookmark(&bob.m->person, kitchen));
	ck_assert(!person_bookmark(&bob.m->person, kitchen)->is_op);
	room_kick(member_in(cy.m, kitchen), NULL, NULL, &event);
	ck_assert_str_eq(fake_saw(&fx, &ana), "kick - cy\n");
	(void)room_join(fx.chat.lobby, bob.m, ROOM_JOIN_CATCHUP);
	(void)room_join(fx.chat.lobby, cy.m, ROOM_JOIN_CATCHUP);
}
END_TEST

/* Keeping */

static bool
load(struct room *room, enum fields_use use, const struct buf *data, size_t len)
{
	struct fields_in in = { .use = use };
	const struct tlv item = { .data = (unsigned char *)data->data,
		.len = len };
	bool is_good = modes_load(room, &in, &item);

	ck_assert_int_eq(is_good, in.error == NULL);
	fields_in_fini(&in);
	return is_good;
}

START_TEST(test_record)
{
	struct fields_out out = { .use = FIELDS_HANDOFF };
	struct fields_out again = { .use = FIELDS_HANDOFF };
	struct buf *first = &out.data;
	struct modes *modes;
	struct room *den;
	size_t len;

	ck_assert_ptr_nonnull(accounts_add(&fx.chat.accounts, "bob", 1));
	(void)change(&ana, "+klstbeIb-n sesame 10 x y z $a:bob");
	modes_invite(member_in(ana.m, kitchen), bob.m);
	modes = &kitchen->modes;
	modes->made_ms = 12345;
	modes_save(modes, &out);
	ck_assert_int_eq(chat_open_room(&fx.chat, "den", &den), CHAT_ROOM_MADE);
	ck_assert(load(den, FIELDS_HANDOFF, first, first->len));
	modes_save(&den->modes, &again);
	ck_assert_uint_eq(first->len, again.data.len);
	ck_assert_mem_eq(first->data, again.data.data, first->len);
	ck_assert_str_eq(den->modes.key, "sesame");
	ck_assert_int_eq(den->modes.made_ms, 12345);
	ck_assert(modes_is_invited(den, bob.m));
	ck_assert(modes_has_mask(den, MODES_BANS, "$a:bob"));

	/* In the journal there are no invitations, whose ids mean nothing. */
	buf_reset(first);
	out.use = FIELDS_DISK;
	modes_save(modes, &out);
	ck_assert(load(den, FIELDS_DISK, first, first->len));
	ck_assert_uint_eq(den->modes.invitation_count, 0);
	ck_assert(den->modes.is_persisted);

	/* Whole or not at all: cut off anywhere, it is what it would be, less
	 * some items, or nothing. */
	for (len = 0; len < first->len; len++)
		if (!load(den, FIELDS_DISK, first, len)) {
			ck_assert_uint_eq(den->modes.flags, ROOM_NO_EXTERNAL);
			ck_assert_str_eq(den->modes.key, "");
			ck_assert_uint_eq(den->modes.counts[MODES_BANS], 0);
		}
	/* What the lobby cannot have it does not get. */
	ck_assert(load(fx.chat.lobby, FIELDS_DISK, first, first->len));
	ck_assert_str_eq(fx.chat.lobby->modes.key, "");
	ck_assert_uint_eq(fx.chat.lobby->modes.limit, 0);
	ck_assert(modes_has(fx.chat.lobby, ROOM_SECRET));
	fields_out_fini(&out);
	fields_out_fini(&again);
}
END_TEST

START_TEST(test_room_modes)
{
	struct room *den;

	free(fx.options.room_modes);
	fx.options.room_modes = xstrdup("+imnstCN");
	ck_assert_int_eq(chat_open_room(&fx.chat, "den", &den), CHAT_ROOM_MADE);
	kitchen = den;
	ck_assert_str_eq(shown(), "+CNimnst");
	free(fx.options.room_modes);
	fx.options.room_modes = xstrdup("+");
	ck_assert_int_eq(chat_open_room(&fx.chat, "den2", &kitchen),
	    CHAT_ROOM_MADE);
	ck_assert_str_eq(shown(), "+");
}
END_TEST

START_TEST(test_origins)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct credential c;
	struct room_operator op;

	ck_assert_int_eq(inet_pton(AF_INET, "192.0.2.7", &sin.sin_addr), 1);
	c = credential_from_address((struct sockaddr *)&sin);
	ck_assert_ptr_null(room_operator_parse(&op, "Kitchen  Bob"));
	ck_assert_str_eq(op.room, "kitchen");
	ck_assert(room_operator_is(&op, "bob", &c));
	ck_assert(!room_operator_is(&op, "rob", &c));
	ck_assert_ptr_null(room_operator_parse(&op, "a bob@192.0.2.0/29"));
	ck_assert(room_operator_is(&op, "bob", &c));
	ck_assert_ptr_null(room_operator_parse(&op, "a bob@192.0.2.0/30"));
	ck_assert(!room_operator_is(&op, "bob", &c));
	ck_assert_ptr_null(room_operator_parse(&op, "a bob@uid:1000"));
	ck_assert(!room_operator_is(&op, "bob", &c));
	c = credential_from_uid(1000);
	ck_assert(room_operator_is(&op, "bob", &c));
	ck_assert_ptr_nonnull(room_operator_parse(&op, ""));
	ck_assert_ptr_nonnull(room_operator_parse(&op, "kitchen"));
	ck_assert_ptr_nonnull(room_operator_parse(&op, "kitchen "));
	ck_assert_ptr_nonnull(room_operator_parse(&op, " bob"));
	ck_assert_ptr_nonnull(room_operator_parse(&op, "kitchen bob@"));
	ck_assert_ptr_nonnull(room_operator_parse(&op, "kitchen guest7"));
	ck_assert_ptr_nonnull(room_operator_parse(&op, "kitchen a b"));
	ck_assert_ptr_nonnull(room_operator_parse(&op, "kitchen a@b@c"));
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "modes", setup, teardown);

	tcase_add_test(tc, test_parser);
	tcase_add_test(tc, test_change);
	tcase_add_test(tc, test_errors);
	tcase_add_test(tc, test_lobby);
	tcase_add_test(tc, test_split);
	tcase_add_test(tc, test_list_full);
	tcase_add_test(tc, test_nonsense);
	tcase_add_test(tc, test_admit);
	tcase_add_test(tc, test_speak);
	tcase_add_test(tc, test_masks);
	tcase_add_test(tc, test_mask_account);
	tcase_add_test(tc, test_secret);
	tcase_add_test(tc, test_invitations_max);
	tcase_add_test(tc, test_joined);
	tcase_add_test(tc, test_regained);
	tcase_add_test(tc, test_named);
	tcase_add_test(tc, test_kick);
	tcase_add_test(tc, test_record);
	tcase_add_test(tc, test_room_modes);
	tcase_add_test(tc, test_origins);
}

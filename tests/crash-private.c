/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What wanda tells some of the others in private while the daemon is killed:
 * numbers, so that each can be missed.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "crash.h"

#define PRIVATE_MAX 400 /* messages to one, which the ring holds */
#define PRIVATE_STEP 5 /* of the lines, one is told in private */
#define PRIVATE_AHEAD 20 /* fewer messages than are kept for one on break */

/* Who is told something in private. */
static const char *const addressees[] = { "andy", "bert", "tim", "lisa", "tess",
#ifdef HAVE_JANSSON
	"jay", "jo",
#endif
	"iris" };
#define ANDY 0

/* In private, as wanda knows, and how many she has told each. */
static bool was_sent[NITEMS(addressees)][PRIVATE_MAX + 1];
static unsigned told[NITEMS(addressees)];
static unsigned in_private; /* the last that the conversation has */
static bool is_reading_private; /* at the end */
static unsigned long privates, private_repeats;

/* What wanda has told somebody is sent; or, at the end, in the history. */
void
private_told(const struct person *p, const char *nick, unsigned number)
{
	size_t i = 0;

	ck_assert_ptr_eq(p, &people[0]);
	ck_assert_uint_le(number, PRIVATE_MAX);
	while (strcmp(addressees[i], nick) != 0)
		ck_assert_uint_lt(++i, NITEMS(addressees));
	if (!is_reading_private) {
		was_sent[i][number] = true;
		return;
	}
	ck_assert_msg(number > in_private, "the conversation has %u after %u",
	    number, in_private);
	for (in_private++; in_private < number; in_private++)
		ck_assert_msg(!was_sent[i][in_private],
		    "the conversation lacks %u", in_private);
	privates++;
}

static size_t
person_addressee(const struct person *p)
{
	size_t i = 0;

	while (strcmp(addressees[i], cast[p - people].nick) != 0)
		ck_assert_uint_lt(++i, NITEMS(addressees));
	return i;
}

/* Of what wanda does not know that it was sent, some may be missing. */
void
private_heard(struct person *p, unsigned number)
{
	const char *nick = cast[p - people].nick;
	size_t i = person_addressee(p);

	ck_assert_uint_le(number, PRIVATE_MAX);
	if (i == ANDY)
		return;
	if (number <= p->last_private) {
		ck_assert_msg(p->in_private_repeats,
		    "%s is told %u again, and nothing says so", nick, number);
		private_repeats++;
		return;
	}
	while (++p->last_private < number) {
		p->lacking += was_sent[i][p->last_private];
		ck_assert_msg(p->lacking <= p->unread,
		    "%s is told %u, and neither of nor about %u", nick, number,
		    p->last_private);
	}
}

static struct person *
person_named(const char *nick)
{
	size_t i = 0;

	while (strcmp(cast[i].nick, nick) != 0)
		i++;
	return &people[i];
}

/* How many wait for that addressee, of what wanda knows to be sent. */
static unsigned
wanda_waits_for(size_t i)
{
	unsigned number = person_named(addressees[i])->last_private, count = 0;

	while (++number <= told[i])
		count += was_sent[i][number];
	return count;
}

/* Not more than is kept. */
void
private_tell(unsigned posted)
{
	size_t i = posted / PRIVATE_STEP % NITEMS(addressees);
	char line[48];

	if (posted % PRIVATE_STEP != 0 || told[i] >= PRIVATE_MAX ||
	    (i != ANDY && wanda_waits_for(i) >= PRIVATE_AHEAD))
		return;
	(void)snprintf(line, sizeof(line), "/msg %s %u\n", addressees[i],
	    ++told[i]);
	person_type(&people[0], line);
}

/* Everything that wanda knows to be sent has been seen. */
void
private_check(void)
{
	struct person *p;
	size_t i;

	for (i = 0; i < NITEMS(addressees); i++) {
		if (i == ANDY)
			continue;
		p = person_named(addressees[i]);
		while (++p->last_private <= PRIVATE_MAX)
			p->lacking += was_sent[i][p->last_private];
		ck_assert_msg(p->lacking <= p->unread,
		    "%s was told neither of nor about the last", addressees[i]);
	}
}

/* A slow machine may not have come to it. */
static bool
wanda_has_told_andy(void)
{
	unsigned number;

	for (number = 0; number <= told[ANDY]; number++)
		if (was_sent[ANDY][number])
			return true;
	return false;
}

bool
private_reads_conversation(void)
{
	is_reading_private = wanda_has_told_andy();
	return is_reading_private;
}

void
private_check_conversation(void)
{
	for (in_private++; in_private <= PRIVATE_MAX; in_private++)
		ck_assert_msg(!was_sent[ANDY][in_private],
		    "the conversation lacks %u", in_private);
}

unsigned long
private_count(unsigned long *repeats)
{
	unsigned long count = privates;
	size_t i;

	for (i = 0; i < NITEMS(addressees); i++)
		if (i != ANDY)
			count += person_named(addressees[i])->last_private;
	*repeats = private_repeats;
	return count;
}

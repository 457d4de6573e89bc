/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A line is in flight until everybody awake has it: each sender has at most so
 * many (-w), so no server's queues or flood control is what we measure, and a
 * slow server is slow, not lossy. Whatever part of its window is free, a
 * sender writes at once.
 *
 * Each member has to get each line, once and in each sender's order. A line's
 * 63 characters begin with who sent it and its number, "@SSSS NNNNNNNN ", and
 * end what comes, whatever a server puts before them; lines that are not ours
 * are skipped.
 */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "members.h"
#include "settings.h"
#include "talk.h"
#include "trial.h"
#include "usage.h"

enum {
	TALK_STAMP = 15,
	TALK_SYNC = SETTINGS_SENDERS_MAX, /* the sender in lines that look who
					   * is live */
	TALK_RETRY_MS = 50,
	TALK_AWAKE_MS = 1000 /* nothing more comes for who was asleep */
};

/* A line that not everybody has. */
struct flight {
	int64_t sent_ns;
	unsigned left;
};

struct sender {
	struct member *member;
	uint32_t next; /* the number of the next line */
	struct flight *flights; /* a ring of window */
	char *out; /* what the socket did not take */
	size_t out_len;
};

static struct {
	struct sender *senders;
	uint32_t *expected; /* a line's number, for each member and sender */
	unsigned receivers; /* of one line, who are awake */
	unsigned in_flight;
	unsigned turn; /* whose it is, with is_in_turns */
	struct talk_figures *figures; /* NULL: nothing counts */
} state;

void
talk_init(void)
{
	struct sender *s;
	unsigned i;

	state.senders = trial_alloc(settings.senders, sizeof(*state.senders));
	state.expected = trial_alloc((size_t)settings.members *
		settings.senders,
	    sizeof(*state.expected));
	state.receivers = members.wakers - (settings.is_echo ? 0 : 1);
	for (i = 0; i < settings.senders; i++) {
		s = &state.senders[i];
		s->member = members_spread(i, settings.senders);
		s->member->self.is_sender = true;
		s->flights = trial_alloc(settings.window, sizeof(*s->flights));
		s->out = trial_alloc(settings.window, DIALECT_SAY_MAX);
	}
}

/* Lines in */

/* So many hexadecimal digits, or -1. */
static int64_t
talk_parse_hex(const char *s, int digits)
{
	int64_t n = 0;
	int digit;

	for (; digits > 0; digits--, s++) {
		if (*s >= '0' && *s <= '9')
			digit = *s - '0';
		else if (*s >= 'a' && *s <= 'f')
			digit = *s - 'a' + 10;
		else
			return -1;
		n = n * 16 + digit;
	}
	return n;
}

static uint32_t *
talk_expected(const struct member *m, int64_t who)
{
	return &state.expected[(size_t)m->self.number * settings.senders +
	    (size_t)who];
}

/* Whoever was asleep may have missed some, but gets none twice. */
static void
talk_sleeper_heard(struct member *m, int64_t who, uint32_t number)
{
	uint32_t *expected = talk_expected(m, who);

	if (number < *expected || number >= state.senders[who].next ||
	    (number > *expected && !members.have_slept)) {
		trial.wrong++;
		return;
	}
	m->missed += number - *expected;
	*expected = number + 1;
}

static void
talk_delivered(struct member *m, int64_t who, uint32_t number)
{
	struct sender *s;
	struct flight *f;
	uint32_t *expected;

	if (who >= settings.senders || m->self.is_aside) {
		trial.wrong++;
		return;
	}
	if (m->is_sleeper) {
		talk_sleeper_heard(m, who, number);
		return;
	}
	s = &state.senders[who];
	f = &s->flights[number % settings.window];
	expected = talk_expected(m, who);
	if (number != *expected || number >= s->next || f->left == 0) {
		trial.wrong++;
		return;
	}
	(*expected)++;
	if (state.figures != NULL) {
		state.figures->deliveries++;
		latency_add(&state.figures->latency, trial.now_ns - f->sent_ns);
	}
	if (--f->left == 0)
		state.in_flight--;
}

/* "... 120 earlier messages are no longer held" */
static void
talk_hear_gap(struct member *m, const char *text, size_t len)
{
	static const char what[] = " earlier message";
	const char *at = memmem(text, len, what, sizeof(what) - 1);

	if (at == NULL)
		return;
	while (at > text && at[-1] >= '0' && at[-1] <= '9')
		at--;
	m->told += strtoull(at, NULL, 10);
}

static void
talk_hear(struct member *m, const char *text, size_t len)
{
	const char *stamp = text + len - DIALECT_TEXT_LEN;
	int64_t who, number;

	if (len < DIALECT_TEXT_LEN || stamp[0] != '@') {
		if (m->is_sleeper)
			talk_hear_gap(m, text, len);
		return;
	}
	who = talk_parse_hex(stamp + 1, 4);
	number = talk_parse_hex(stamp + 6, 8);
	if (who == -1 || number == -1)
		return;
	if (who != TALK_SYNC)
		talk_delivered(m, who, (uint32_t)number);
	else if (!m->is_synced) {
		m->is_synced = true;
		members.synced++;
	}
}

static void
talk_was_read(const struct member *m)
{
	if (state.figures != NULL && !m->is_sleeper)
		state.figures->reads++;
}

const struct members_listener talk_listener = { talk_hear, talk_was_read };

/* Lines out */

/* Returns the length, with what the dialect puts around it. */
static size_t
talk_make_line(char *out, unsigned who, uint32_t number)
{
	static const char text[] =
	    "the quick brown fox jumps over the lazy dog, oh.";
	char line[DIALECT_TEXT_LEN + 1];

	static_assert(sizeof(text) == DIALECT_TEXT_LEN - TALK_STAMP + 1,
	    "a line is not of its length");
	(void)snprintf(line, sizeof(line), "@%04x %08lx %s", who & 0xffff,
	    (unsigned long)number, text);
	return settings.dialect->say(out, line);
}

static void
talk_flush(struct sender *s)
{
	size_t left = members_write(s->member, s->out, s->out_len);

	memmove(s->out, s->out + s->out_len - left, left);
	s->out_len = left;
}

static bool
talk_has_lines_left(void)
{
	return settings.lines == 0 || state.figures == NULL ||
	    state.figures->lines < settings.lines;
}

/* All that the window has room for, at once. */
static void
talk_send(struct sender *s)
{
	unsigned who = (unsigned)(s - state.senders), i;
	size_t before = s->out_len;
	struct flight *f;

	for (i = 0; i < settings.window && talk_has_lines_left(); i++) {
		f = &s->flights[s->next % settings.window];
		/* What was not taken belongs to lines in flight, so that all
		 * have room. */
		if (f->left > 0 ||
		    s->out_len > (settings.window - 1) * DIALECT_SAY_MAX)
			break;
		s->out_len += talk_make_line(s->out + s->out_len, who,
		    s->next++);
		f->left = state.receivers;
		state.in_flight++;
		if (state.figures != NULL)
			state.figures->lines++;
	}
	if (s->out_len > before) {
		trial.now_ns = trial_clock_ns();
		for (; i > 0; i--)
			s->flights[(s->next - i) % settings.window].sent_ns =
			    trial.now_ns;
	}
	if (s->out_len > 0)
		talk_flush(s);
}

static void
talk_turn(bool is_over)
{
	unsigned i;

	if (is_over) {
		for (i = 0; i < settings.senders; i++)
			if (state.senders[i].out_len > 0)
				talk_flush(&state.senders[i]);
	} else if (settings.is_in_turns) {
		if (state.in_flight == 0)
			talk_send(&state.senders[state.turn++ %
			    settings.senders]);
	} else {
		for (i = 0; i < settings.senders; i++)
			talk_send(&state.senders[i]);
	}
}

void
talk(struct talk_figures *figures, double talk_s)
{
	double cpu_s = settings.pid > 0 ? usage_cpu_s(settings.pid) : 0;
	int64_t start_ns = trial_clock_ns();
	bool is_over = false;

	state.figures = figures;
	trial.now_ns = start_ns;
	do {
		if (trial_since_s(start_ns) >= talk_s || !talk_has_lines_left())
			is_over = true;
		talk_turn(is_over);
		if (state.in_flight > 0)
			(void)members_poll(TRIAL_QUIET_MS);
		trial_check_limit("lost-or-late");
	} while (!is_over || state.in_flight > 0);
	state.figures = NULL;
	if (figures == NULL)
		return;
	figures->talk_s += trial_since_s(start_ns);
	if (settings.pid > 0)
		figures->cpu_s += usage_cpu_s(settings.pid) - cpu_s;
}

/*
 * Again and again, since the line may have been said before a server had
 * accepted everybody, and less and less often, since it may be slow;
 * members_settle() waits for all of them.
 */
void
talk_synchronize(void)
{
	struct member *m = state.senders[0].member;
	int64_t retry_ns, wait_ns = TALK_RETRY_MS * NS_PER_MS;
	char line[DIALECT_SAY_MAX];
	uint32_t number;

	if (!settings.is_echo) {
		m->is_synced = true;
		members.synced++;
	}
	for (number = 0; members.synced < settings.members; number++) {
		if (members_write(m, line,
			talk_make_line(line, TALK_SYNC, number)) > 0)
			trial_gave_up("does-not-read");
		retry_ns = trial_clock_ns() + wait_ns;
		wait_ns *= 2;
		while (members.synced < settings.members &&
		    trial_clock_ns() < retry_ns) {
			(void)members_poll(TALK_RETRY_MS / 10);
			trial_check_limit("not-all-are-live");
		}
	}
}

/* Sleep */

void
talk_fall_asleep(void)
{
	members_sleep();
}

/* How many lines they have not got; with is_given_up, these never come. */
static uint64_t
talk_sleepers_lack(bool is_given_up)
{
	struct member *m = members.list + settings.members - settings.sleepers;
	uint64_t lack = 0;
	uint32_t *expected;
	unsigned i, who;

	for (i = 0; i < settings.sleepers; i++, m++)
		for (who = 0; who < settings.senders && !m->is_dropped; who++) {
			expected = talk_expected(m, who);
			lack += state.senders[who].next - *expected;
			if (!is_given_up)
				continue;
			m->missed += state.senders[who].next - *expected;
			*expected = state.senders[who].next;
		}
	return lack;
}

void
talk_wake_up(void)
{
	struct member *m = members.list + settings.members - settings.sleepers;
	unsigned i;

	members_wake();
	trial.now_ns = trial_clock_ns();
	while (talk_sleepers_lack(false) > 0 &&
	    trial_clock_ns() - trial.now_ns < TALK_AWAKE_MS * NS_PER_MS) {
		(void)members_poll(TRIAL_QUIET_MS);
		trial_check_limit("sleepers-never-quiet");
	}
	(void)talk_sleepers_lack(true);
	members_settle();
	for (i = 0; i < settings.sleepers; i++, m++)
		if (settings.is_gap_told &&
		    (m->is_dropped || m->missed != m->told))
			trial.wrong++;
}

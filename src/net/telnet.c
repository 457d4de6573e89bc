/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A state machine, a byte at a time, as only clients that have sent an IAC come
 * here. It speaks no option at all, which every telnet accepts, and so leaves
 * the terminal in its line mode, which suits a chat. Decided against: window
 * size and terminal type, for which the plain protocol has no use.
 */
#include "config.h"

#include <string.h>

#include "net/telnet.h"

/* RFC 854 */
enum {
	TELNET_SE = 240,
	TELNET_AYT = 246,
	TELNET_EC = 247,
	TELNET_EL = 248,
	TELNET_SB = 250,
	TELNET_WILL = 251,
	TELNET_WONT = 252,
	TELNET_DO = 253,
	TELNET_DONT = 254
};

#define TELNET_ECHO 1 /* RFC 857 */
#define TELNET_TIMING_MARK 6 /* RFC 860 */

/* What terminals without telnet send to erase. */
#define TELNET_BACKSPACE '\b'
#define TELNET_KILL '\025' /* ^U */

enum telnet_state {
	TELNET_TEXT,
	TELNET_COMMAND, /* after IAC */
	TELNET_OPTION, /* after IAC and a verb: WILL, WONT, DO, DONT */
	TELNET_SUB, /* between IAC SB and IAC SE */
	TELNET_SUB_COMMAND /* after an IAC therein */
};

void
telnet_init(struct telnet *t)
{
	memset(t, 0, sizeof(*t));
	t->state = TELNET_TEXT;
}

bool
telnet_is_valid(const struct telnet *t)
{
	return t->state <= TELNET_SUB_COMMAND;
}

/* Sets the option's bit. Was it set before? */
static bool
telnet_mark(uint8_t bits[32], uint8_t option)
{
	uint8_t bit = (uint8_t)(1 << (option & 7));
	bool was_set = bits[option >> 3] & bit;

	bits[option >> 3] |= bit;
	return was_set;
}

static void
telnet_refuse(struct telnet *t, uint8_t option, struct buf *reply)
{
	uint8_t verb;

	if (option == TELNET_TIMING_MARK && t->is_asked &&
	    (t->verb == TELNET_WILL || t->verb == TELNET_WONT)) {
		t->is_asked = false;
		t->has_mark = true;
		return;
	}
	/* That is what TELNET_HIDE asked for. */
	if (option == TELNET_ECHO && t->verb == TELNET_DO && t->is_hiding)
		return;
	if (t->verb == TELNET_DO) {
		/* A mark in the stream rather than a state: each one waits for
		 * its answer. */
		if (telnet_mark(t->refused_do, option) &&
		    option != TELNET_TIMING_MARK)
			return;
		verb = TELNET_WONT;
	} else if (t->verb == TELNET_WILL) {
		if (telnet_mark(t->refused_will, option))
			return;
		verb = TELNET_DONT;
	} else {
		return; /* WONT and DONT: it is off already */
	}
	buf_addch(reply, (char)TELNET_IAC);
	buf_addch(reply, (char)verb);
	buf_addch(reply, (char)option);
}

/* Handles the byte after an IAC. Returns how many bytes it adds to out, at most
 * one. */
static size_t
telnet_command(struct telnet *t, uint8_t byte, char *out, struct buf *reply)
{
	t->state = TELNET_TEXT;
	switch (byte) {
	case TELNET_WILL:
	case TELNET_WONT:
	case TELNET_DO:
	case TELNET_DONT:
		t->verb = byte;
		t->state = TELNET_OPTION;
		return 0;
	case TELNET_SB:
		t->state = TELNET_SUB;
		return 0;
	case TELNET_EC:
		*out = TELNET_BACKSPACE;
		return 1;
	case TELNET_EL:
		*out = TELNET_KILL;
		return 1;
	case TELNET_IAC:
		*out = (char)byte;
		return 1;
	case TELNET_AYT:
		buf_addstr(reply, TELNET_YES);
		return 0;
	default:
		return 0; /* NOP, DM, IP...: nothing to do */
	}
}

size_t
telnet_filter(struct telnet *t, char *out, const char *in, size_t len,
    struct buf *reply)
{
	size_t out_len = 0;

	for (size_t i = 0; i < len; i++) {
		uint8_t byte = (uint8_t)in[i];

		switch ((enum telnet_state)t->state) {
		case TELNET_TEXT:
			if (byte == TELNET_IAC)
				t->state = TELNET_COMMAND;
			else
				out[out_len++] = in[i];
			break;
		case TELNET_COMMAND:
			out_len += telnet_command(t, byte, out + out_len,
			    reply);
			break;
		case TELNET_OPTION:
			telnet_refuse(t, byte, reply);
			t->state = TELNET_TEXT;
			break;
		case TELNET_SUB:
			if (byte == TELNET_IAC)
				t->state = TELNET_SUB_COMMAND;
			break;
		case TELNET_SUB_COMMAND:
			/* Any command but SE means that SE was left out. */
			if (byte == TELNET_IAC)
				t->state = TELNET_SUB;
			else
				out_len += telnet_command(t, byte,
				    out + out_len, reply);
			break;
		}
	}
	return out_len;
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * For session-login*.c alone.
 */
#ifndef SESSION_LOGIN_IMPL_H
#define SESSION_LOGIN_IMPL_H

#include "session/session-impl.h"

enum login_step {
	LOGIN_STEP_PROMPT, /* a password is awaited */
	LOGIN_STEP_LATE, /* nobody waits for it any more */
	LOGIN_STEP_HASH /* it is compared, or a hash of it is made; or waits */
};

struct session_login {
	struct session *session;
	uint8_t step; /* enum login_step */
	bool is_typed; /* the password, at a prompt */
	uint8_t purpose; /* enum login_purpose */
	char name[NICK_SIZE]; /* of the account that is meant */
	struct deadline due;
	struct verify *verify; /* NULL: it was the previous program's */
	struct login_try try;
	int64_t wait_ms; /* see struct login_answer */
	TAILQ_ENTRY(session_login) waiting; /* if secret is set */
	char *secret; /* what is to be tried when it is its turn */
	char *next; /* LOGIN_CONFIRM: the new password; NULL: it is asked for */
};

/* s->login becomes a new one; who had another before gives that up. */
struct session_login *login_new(struct session *s, enum login_purpose purpose,
    enum login_step step, const char *name);
void login_free(struct session_login *l);

/* Whether s may do that at all; nick is of the account to be made. */
enum login login_may(const struct session *s, enum login_purpose purpose,
    const char *nick);
/* Tries a password or token for l->name: now, or when others are done. */
void login_begin(struct session_login *l, const char *secret);
/* The end of it: tells the client. */
void login_end(struct session *s, enum login_purpose purpose, enum login result,
    struct login_answer *answer);

/* So that it is not said when it is typed once more. */
void login_note(struct session *s, const char *secret);
/* Whoever types may do so for a prompt that is not there, or once more: the next
 * line is no line of chat. for_ms 0: whenever it comes. */
void login_shun(struct session *s, enum login_purpose purpose, int64_t for_ms);

#endif

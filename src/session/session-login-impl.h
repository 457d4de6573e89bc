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
/* The session waits for it no more, and may begin another; l is freed by
 * login_wipe(). */
void login_detach(struct session_login *l);
void login_wipe(struct session_login *l);
/* Frees a secret, or NULL, and leaves nothing of it in memory. */
void login_forget(char *secret);

/* Whether s may do that at all; nick is of the account to be made. */
enum login login_may(const struct session *s, enum login_purpose purpose,
    const char *nick);
/* Tries a password or token for l->name: now, or when others are done. */
void login_begin(struct session_login *l, const char *secret);
/* Has the hash computed, which takes a moment. */
void login_compute(struct session_login *l, const char *secret);
/* s is the owner of a, as p (NULL: the password) has shown; but the account may
 * be banned. */
void login_done(struct session *s, struct account *a, struct account_proof *p,
    const char *nick);
void login_refused(struct session *s, const struct session_login *l,
    enum login result);
/* It is surely the owner who is there now. */
void login_is_proved(struct session *s);
/* The end of it: tells the client. */
void login_end(struct session *s, enum login_purpose purpose, enum login result,
    struct login_answer *answer);

/* session-login-password.c: s, which makes an account of that nick; and who asks
 * to change the password has given the present one. */
struct registrant login_registrant(const struct session *s, const char *nick);
void login_confirmed(struct session_login *l);

/* So that it is not said when it is typed once more. */
void login_note(struct session *s, const char *secret);
/* Whoever types may do so for a prompt that is not there, or once more: the next
 * line is no line of chat. for_ms 0: whenever it comes. */
void login_shun(struct session *s, enum login_purpose purpose, int64_t for_ms);

#endif

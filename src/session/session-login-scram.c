/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Logging in by SCRAM. What the client proves is looked at here and now, as it
 * takes no time.
 */
#include "config.h"

#include <string.h>

#include "net/scram.h"
#include "session/session-login-impl.h"

void
session_scram_challenge(struct session *s, struct scram *x, struct buf *out)
{
	struct scram_verifier v;

	(void)!action_scram_verifier(s->all->chat, x->name, &v);
	scram_challenge(x, &v, NULL, out);
	explicit_bzero(&v, sizeof(v));
}

struct account *
session_scram_finish(struct session *s, struct scram *x, const char *text,
    size_t len, struct buf *out)
{
	struct session_login *l = login_new(s, LOGIN_TO, LOGIN_STEP_HASH,
	    x->name);
	struct chat *chat = s->all->chat;
	struct account *a = NULL;
	struct scram_verifier v;
	enum login result = LOGIN_ALREADY;
	bool is_real, is_right;

	if (session_account(s) == NULL)
		result = action_login_check(chat, &s->address, x->name, "",
		    &l->try);
	l->wait_ms = l->try.wait_ms;
	if (result == LOGIN_VERIFY) {
		is_real = action_scram_verifier(chat, x->name, &v);
		is_right = scram_finish(x, &v, text, len, out);
		explicit_bzero(&v, sizeof(v));
		a = action_login_verified(chat, &s->address, &l->try,
		    is_real && is_right);
		result = LOGIN_WRONG;
	}
	login_detach(l);
	if (a == NULL)
		login_refused(s, l, result);
	login_wipe(l);
	return a;
}

bool
session_scram_done(struct session *s, uint64_t id, const char *name)
{
	struct account *a = accounts_find_id(&s->all->chat->accounts, id);

	if (a == NULL || session_account(s) != NULL)
		return false;
	login_done(s, a, NULL, name);
	return true;
}

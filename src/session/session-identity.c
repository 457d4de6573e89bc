/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Who a session is: nobody yet, the member that it became, or an account; and
 * what the connection proves by itself, so that no password is needed.
 */
#include "config.h"

#include "net/conn.h"
#include "room/devices.h"
#include "session/session-login-impl.h"

bool
session_is_private(const struct session *s)
{
	return conn_is_secure(s->conn) || s->is_behind_tls ||
	    credential_is_local(&s->address);
}

/* What the connection itself proves, whatever the client says: the key of its
 * certificate, its Unix user, or the key of ssh that one who is believed told. */
static struct account_proof *
login_proof(const struct session *s)
{
	const uint8_t *key = conn_tls_key(s->conn);
	unsigned char bytes[PROOF_BYTES];

	if (key != NULL)
		return accounts_find_proof(&s->all->chat->accounts, PROOF_KEY,
		    key);
	if (s->address.kind != CREDENTIAL_UID &&
	    s->address.kind != CREDENTIAL_SSH)
		return NULL;
	proof_of_origin(bytes, &s->address);
	return accounts_find_proof(&s->all->chat->accounts,
	    s->address.kind == CREDENTIAL_UID ? PROOF_UID : PROOF_SSH, bytes);
}

struct account *
session_account(const struct session *s)
{
	if (s->member != NULL)
		return member_account(s->member);
	return s->account == 0 ?
	    NULL :
	    accounts_find_id(&s->all->chat->accounts, s->account);
}

struct credential
session_identity(const struct session *s)
{
	const struct account *a = session_account(s);

	if (s->member != NULL)
		return s->member->credential;
	return a == NULL ? s->address : credential_from_account(a->id);
}

struct account *
session_shown_account(const struct session *s)
{
	struct account_proof *p = login_proof(s);

	return p == NULL ? NULL : p->account;
}

void
session_comes_with(struct session *s, const struct account_proof *p)
{
	uint64_t device = device_of(p, &s->address);

	if (s->member != NULL)
		session_client(s)->device = device;
	else if (!s->has_entered)
		s->device = device;
}

/* What of the connection lets s into the account of name. */
static struct account_proof *
login_proof_of(const struct session *s, const char *name)
{
	struct account_proof *p = login_proof(s);

	return p == NULL || (name != NULL && !account_owns(p->account, name)) ?
	    NULL :
	    p;
}

bool
session_may_log_in(const struct session *s, const char *name)
{
	return session_account(s) == NULL && login_proof_of(s, name) != NULL;
}

bool
session_proves_account(const struct session *s, const char *name)
{
	const struct account_proof *p = login_proof_of(s, name);

	return p != NULL && p->account == session_account(s);
}

bool
session_login_by_connection(struct session *s, const char *name)
{
	struct account_proof *p = login_proof_of(s, name);

	if (p == NULL || session_account(s) != NULL)
		return false;
	login_done(s, p->account, p,
	    name == NULL ? account_name(p->account) : name);
	return true;
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Logging in: AUTHENTICATE (IRCv3 sasl-3.2; RFC 4616 for PLAIN, RFC 4422 for
 * EXTERNAL, net/scram.h for SCRAM-SHA-256), "PASS nick:password" for clients
 * without SASL, REGISTER (draft/account-registration), and ACCOUNT, which is our
 * own. A password may be a token. While one is compared, the time for
 * registering stands still.
 *
 * Decided against: a second login in one connection (907): what the first has
 * read would be the second's. EXTERNAL for who is logged in by just that, as a
 * connection does by itself when it registers, changes nothing and is 903.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/fields.h"
#include "irc/irc.h"
#include "net/scram.h"
#include "room/client.h"
#include "session/session-account.h"

#define SASL_CHUNK 400 /* characters; a shorter one is the last */
#define SASL_MAX 1200 /* characters: more than the longest password takes */

enum sasl_mechanism { SASL_PLAIN = 1, SASL_EXTERNAL, SASL_SCRAM };

struct irc_sasl {
	uint8_t mechanism; /* enum sasl_mechanism */
	struct buf text; /* so far, in base64 */
	/* Of SCRAM: */
	struct scram scram;
	bool is_challenged;
	uint64_t proved; /* the account's id; 0: not yet */
	int64_t password_ms; /* when the password was made that proved it */
};

static const struct field sasl_list[] = {
	{ FIELD_UINT(1, struct irc_sasl, mechanism), .max = SASL_SCRAM },
	{ FIELD_BUF(2, struct irc_sasl, text) },
	{ FIELD_STRUCT(3, struct irc_sasl, scram, &scram_fields) },
	{ FIELD_BOOL(4, struct irc_sasl, is_challenged) },
	{ FIELD_UINT(5, struct irc_sasl, proved) },
	{ FIELD_INT(6, struct irc_sasl, password_ms) },
};
const struct fields irc_sasl_fields = { FIELDS("SASL", struct irc_sasl,
    sasl_list) };

void
irc_sasl_free(struct irc *irc)
{
	if (irc->sasl == NULL)
		return;
	if (irc->sasl->text.len > 0)
		explicit_bzero(irc->sasl->text.data, irc->sasl->text.len);
	buf_fini(&irc->sasl->text);
	scram_fini(&irc->sasl->scram);
	free(irc->sasl);
	irc->sasl = NULL;
}

static bool
sasl_has_external(const struct session *s)
{
	return s->address.kind == CREDENTIAL_UID ||
	    conn_tls_key(s->conn) != NULL;
}

static bool
sasl_has_scram(const struct session *s)
{
	return s->all->options->scram == SCRAM_YES;
}

const char *
irc_sasl_mechanisms(const struct session *s)
{
	if (sasl_has_scram(s))
		return sasl_has_external(s) ? "PLAIN,EXTERNAL," SCRAM_NAME :
					      "PLAIN," SCRAM_NAME;
	return sasl_has_external(s) ? "PLAIN,EXTERNAL" : "PLAIN";
}

/* What comes of it */

/* 900: who they are now. */
static void
sasl_send_account(struct session *s)
{
	const struct irc *irc = irc_of(s);
	const struct account *a = session_account(s);
	struct buf *out;

	if (a == NULL)
		return;
	out = irc_begin(s, NULL);
	buf_addf(out, "900 %s ", irc_nick(s));
	if (s->member != NULL)
		irc_add_mask(out, s->member);
	else
		buf_addf(out, "%s!%s@*", irc_nick(s),
		    irc->user == NULL ? "*" : irc->user);
	buf_addf(out, " %s :You are now logged in as %s", account_name(a),
	    account_name(a));
	irc_end(s);
}

static void
sasl_answer(struct session *s, enum login result, const char *text)
{
	if (result == LOGIN_DONE) {
		sasl_send_account(s);
		irc_numeric(s, 903, ":SASL authentication successful");
	} else if (result == LOGIN_ALREADY)
		irc_numeric(s, 907, ":You have already authenticated");
	else
		irc_numeric(s, 904, ":SASL authentication failed: %s", text);
}

static const char *
register_code(enum login result)
{
	switch (result) {
	case LOGIN_ALREADY:
		return "ALREADY_AUTHENTICATED";
	case LOGIN_BAD_PASSWORD:
		return "WEAK_PASSWORD";
	case LOGIN_TAKEN:
		return "ACCOUNT_EXISTS";
	case LOGIN_NO_NICK:
		return "NEED_NICK";
	case LOGIN_DONE:
	case LOGIN_VERIFY:
	case LOGIN_WRONG:
	case LOGIN_TOO_OFTEN:
	case LOGIN_AGAIN:
	case LOGIN_INSECURE:
	case LOGIN_NO_PASSWORD:
	case LOGIN_UNCONFIRMED:
	case LOGIN_NOT_ALLOWED:
	case LOGIN_BANNED:
	case LOGIN_NAMED:
	case LOGIN_FULL:
		break;
	}
	return "TEMPORARILY_UNAVAILABLE";
}

static void
register_answer(struct session *s, enum login result, const char *text)
{
	if (result != LOGIN_DONE) {
		irc_fail(s, "REGISTER", register_code(result), irc_nick(s),
		    "%s", text);
		return;
	}
	irc_line(s, "REGISTER SUCCESS %s :%s", account_name(session_account(s)),
	    text);
	sasl_send_account(s);
}

/* The time for registering goes on. */
static void
sasl_resume(struct session *s)
{
	struct irc *irc = irc_of(s);

	if (irc->is_registered || irc->deadline.is_set)
		return;
	deadline_set(s->all->net->deadlines, &irc->deadline,
	    s->all->net->clock->mono_ms +
		(irc->left_ms > 0 ? irc->left_ms : IRC_REGISTRATION_MS));
	irc->left_ms = 0;
}

static void
sasl_pause(struct session *s, enum irc_login by)
{
	struct irc *irc = irc_of(s);

	irc->login_by = (uint8_t)by;
	if (irc->is_registered || !irc->deadline.is_set)
		return;
	irc->left_ms = irc->deadline.at_ms - s->all->net->clock->mono_ms;
	deadline_clear(s->all->net->deadlines, &irc->deadline);
}

void
irc_logged_in(struct session *s, enum login_purpose purpose, enum login result,
    const struct login_answer *answer)
{
	struct irc *irc = irc_of(s);
	bool is_late = !irc->is_answering;
	enum irc_login by = irc->login_by;
	struct buf text = BUF_INITIALIZER;

	irc->login_by = IRC_LOGIN_BY_NOTHING;
	sasl_resume(s);
	session_login_text(s, purpose, result, answer, &text);
	if (is_late)
		irc_answer_begin(s, NULL);
	switch (by) {
	case IRC_LOGIN_BY_SASL:
		sasl_answer(s, result, buf_cstr(&text));
		break;
	case IRC_LOGIN_BY_REGISTER:
		register_answer(s, result, buf_cstr(&text));
		break;
	case IRC_LOGIN_BY_PASS:
		if (result != LOGIN_DONE)
			irc_numeric(s, 464, ":Password incorrect: %s",
			    buf_cstr(&text));
		/* FALLTHROUGH */
	case IRC_LOGIN_BY_NOTHING:
		if (result == LOGIN_DONE)
			sasl_send_account(s);
		break;
	case IRC_LOGIN_BY_ACCOUNT:
		session_notice(s, "%s", buf_cstr(&text));
		break;
	}
	if (result == LOGIN_DONE && purpose == LOGIN_TO && answer->failures > 0)
		session_notice(s, "%s", buf_cstr(&text));
	buf_fini(&text);
	if (by == IRC_LOGIN_BY_PASS)
		irc_register_try(s);
	if (is_late && s->state != NULL && irc->is_answering)
		irc_answer_end(s);
}

/* AUTHENTICATE */

static void
sasl_plain(struct session *s, char *data, size_t len)
{
	const char *authzid = data, *name, *password;
	const char *end = data + len;

	name = memchr(data, '\0', len);
	password = name == NULL ?
	    NULL :
	    memchr(name + 1, '\0', (size_t)(end - name - 1));
	if (password == NULL || password == name + 1 || password + 1 == end ||
	    memchr(password + 1, '\0', (size_t)(end - password - 1)) != NULL) {
		irc_numeric(s, 904,
		    ":SASL authentication failed: that is not PLAIN");
		return;
	}
	name++;
	password++;
	/* Nobody acts for another. */
	if (*authzid != '\0' && strcasecmp(authzid, name) != 0) {
		irc_numeric(s, 904,
		    ":SASL authentication failed: you can only be yourself");
		return;
	}
	sasl_pause(s, IRC_LOGIN_BY_SASL);
	session_login(s, name, password);
}

static void
sasl_external(struct session *s, const char *data, size_t len)
{
	const char *name = len == 0 ? NULL : data;
	bool is_name = memchr(data, '\0', len) == NULL;

	if (is_name && session_proves_account(s, name)) {
		sasl_answer(s, LOGIN_DONE, "");
		return;
	}
	sasl_pause(s, IRC_LOGIN_BY_SASL);
	if (is_name && session_login_by_connection(s, name))
		return;
	irc_of(s)->login_by = IRC_LOGIN_BY_NOTHING;
	sasl_resume(s);
	irc_numeric(s, 904,
	    ":SASL authentication failed: your connection shows no account "
	    "of that name");
}

/* Sends what the mechanism answers, cut up as what comes. */
static void
sasl_send(struct session *s, struct buf *data)
{
	char *text = xcalloc(1, BASE64_ENCODED_SIZE(data->len)), *p = text;
	size_t left, n;

	base64_encode(text, (const unsigned char *)buf_cstr(data), data->len);
	left = strlen(text);
	do {
		n = left < SASL_CHUNK ? left : SASL_CHUNK;
		buf_addf(irc_begin_bare(s), "AUTHENTICATE %.*s",
		    n == 0 ? 1 : (int)n, n == 0 ? "+" : p);
		irc_end(s);
		p += n;
		left -= n;
	} while (n == SASL_CHUNK);
	explicit_bzero(text, strlen(text));
	free(text);
}

/* client-first-message; true: it is over. */
static bool
sasl_scram_begin(struct session *s, const char *data, size_t len)
{
	struct irc_sasl *sasl = irc_of(s)->sasl;
	const char *why = scram_begin(&sasl->scram, data, len);
	struct buf out = BUF_INITIALIZER;

	if (why != NULL) {
		irc_numeric(s, 904, ":SASL authentication failed: %s", why);
		return true;
	}
	session_scram_challenge(s, &sasl->scram, &out);
	sasl_send(s, &out);
	buf_fini(&out);
	sasl->is_challenged = true;
	return false;
}

/* client-final-message; true: it was wrong, which was told. */
static bool
sasl_scram_prove(struct session *s, const char *data, size_t len)
{
	struct irc_sasl *sasl = irc_of(s)->sasl;
	struct buf out = BUF_INITIALIZER;
	const struct account *a;

	irc_of(s)->login_by = IRC_LOGIN_BY_SASL;
	a = session_scram_finish(s, &sasl->scram, data, len, &out);
	if (a != NULL) {
		sasl->proved = a->id;
		sasl->password_ms = account_password(a)->made_ms;
		sasl_send(s, &out);
	}
	buf_fini(&out);
	return a == NULL;
}

/* Is the password that was proved the account's still? */
static bool
sasl_scram_holds(const struct session *s, const struct irc_sasl *sasl)
{
	const struct account *a = accounts_find_id(&s->all->chat->accounts,
	    sasl->proved);
	const struct account_proof *p = a == NULL ? NULL : account_password(a);

	return p != NULL && p->made_ms == sasl->password_ms;
}

/* Returns true when it is over. */
static bool
sasl_scram(struct session *s, const char *data, size_t len)
{
	struct irc_sasl *sasl = irc_of(s)->sasl;

	if (!sasl->is_challenged)
		return sasl_scram_begin(s, data, len);
	if (sasl->proved == 0)
		return sasl_scram_prove(s, data, len);
	/* The client has seen that the server knows the password, too. */
	irc_of(s)->login_by = IRC_LOGIN_BY_SASL;
	if (len > 0 || !sasl_scram_holds(s, sasl) ||
	    !session_scram_done(s, sasl->proved, sasl->scram.name))
		sasl_answer(s, LOGIN_WRONG, "it did not end as it should");
	return true;
}

/* All has come: takes it apart. */
static void
sasl_finish(struct session *s)
{
	struct irc *irc = irc_of(s);
	struct irc_sasl *sasl = irc->sasl;
	unsigned char data[SASL_MAX / 4 * 3 + 1];
	bool is_over = true;
	ssize_t len;

	len = base64_decode(data, sasl->text.data, sasl->text.len);
	if (len == -1)
		irc_numeric(s, 904,
		    ":SASL authentication failed: that is not base64");
	else {
		data[len] = '\0';
		switch ((enum sasl_mechanism)sasl->mechanism) {
		case SASL_PLAIN:
			sasl_plain(s, (char *)data, (size_t)len);
			break;
		case SASL_EXTERNAL:
			sasl_external(s, (char *)data, (size_t)len);
			break;
		case SASL_SCRAM:
			is_over = sasl_scram(s, (char *)data, (size_t)len);
			break;
		}
	}
	explicit_bzero(data, sizeof(data));
	if (is_over)
		irc_sasl_free(irc);
	else
		buf_reset(&sasl->text);
}

static void
sasl_begin(struct session *s, const char *name)
{
	struct irc *irc = irc_of(s);
	enum sasl_mechanism mechanism = 0;

	if (strcasecmp(name, "PLAIN") == 0)
		mechanism = SASL_PLAIN;
	else if (strcasecmp(name, "EXTERNAL") == 0)
		mechanism = SASL_EXTERNAL;
	else if (strcasecmp(name, SCRAM_NAME) == 0 && sasl_has_scram(s))
		mechanism = SASL_SCRAM;
	if (session_account(s) != NULL &&
	    (mechanism != SASL_EXTERNAL || !session_proves_account(s, NULL)))
		irc_numeric(s, 907, ":You have already authenticated");
	else if (!session_is_private(s))
		irc_numeric(s, 904, ":SASL authentication failed: %s",
		    SESSION_INSECURE_TEXT);
	else if (mechanism == 0) {
		irc_numeric(s, 908, "%s :are available SASL mechanisms",
		    irc_sasl_mechanisms(s));
		irc_numeric(s, 904, ":SASL authentication failed");
	} else {
		irc->sasl = xcalloc(1, sizeof(*irc->sasl));
		irc->sasl->mechanism = (uint8_t)mechanism;
		buf_addstr(irc_begin_bare(s), "AUTHENTICATE +");
		irc_end(s);
	}
}

void
irc_authenticate_run(struct session *s, struct irc_message *msg)
{
	struct irc *irc = irc_of(s);
	struct irc_sasl *sasl = irc->sasl;
	char *text = msg->argv[0];
	size_t len = strlen(text);

	if (sasl == NULL && strcmp(text, "*") != 0)
		sasl_begin(s, text);
	else if (strcmp(text, "*") == 0) {
		irc_sasl_free(irc);
		irc_numeric(s, 906, ":SASL authentication aborted");
	} else if (len > SASL_CHUNK) {
		irc_sasl_free(irc);
		irc_numeric(s, 905, ":SASL message too long");
	} else if (sasl->text.len + len > SASL_MAX) {
		irc_sasl_free(irc);
		irc_numeric(s, 904, ":SASL authentication failed: too long");
	} else {
		if (strcmp(text, "+") != 0)
			buf_add(&sasl->text, text, len);
		if (len < SASL_CHUNK)
			sasl_finish(s);
	}
	explicit_bzero(text, len);
}

/* PASS */

bool
irc_pass_logs_in(struct session *s)
{
	struct irc *irc = irc_of(s);
	char *name = irc->password, *secret;

	if (name == NULL || session_account(s) != NULL ||
	    (secret = strchr(name, ':')) == NULL ||
	    strcmp(name, s->all->options->irc_password) == 0)
		return false;
	*secret = '\0';
	if (accounts_find(&s->all->chat->accounts, name) == NULL) {
		*secret = ':';
		return false;
	}
	irc->password = NULL;
	sasl_pause(s, IRC_LOGIN_BY_PASS);
	session_login(s, name, secret + 1);
	explicit_bzero(secret + 1, strlen(secret + 1));
	free(name);
	return true;
}

/* REGISTER, VERIFY and ACCOUNT */

static void
register_refuse_name(struct session *s, const char *name)
{
	struct buf context = BUF_INITIALIZER;

	irc_add_middle(&context, name, IRC_WORD_MAX);
	irc_fail(s, "REGISTER", "ACCOUNT_NAME_MUST_BE_NICK",
	    buf_cstr(&context) + 1, "An account is called like your nick");
	buf_fini(&context);
}

/* Before the connection is registered: the nick is wanted, and nobody else's; or
 * it was refused just now, as that is what it is. */
static void
register_without_nick(struct session *s)
{
	if (irc_of(s)->nick_is_taken)
		irc_fail(s, "REGISTER", "ACCOUNT_EXISTS", "*",
		    "That nick is somebody else's; NICK with another one first");
	else
		irc_fail(s, "REGISTER", "NEED_NICK", "*",
		    "NICK first: an account is called like your nick");
}

bool
irc_registers_early(const struct session *s)
{
	return *s->all->options->irc_password == '\0';
}

void
irc_register_run(struct session *s, struct irc_message *msg)
{
	const struct irc *irc = irc_of(s);
	const char *name = msg->argv[0];
	const char *nick = s->member != NULL ? s->member->nick : irc->nick;
	char *password = msg->argv[2];

	if (s->member == NULL && !irc_registers_early(s))
		irc_fail(s, "REGISTER", "COMPLETE_CONNECTION_REQUIRED", "*",
		    "Finish connecting first");
	else if (*nick == '\0')
		register_without_nick(s);
	else if (strcmp(name, "*") != 0 && strcasecmp(name, nick) != 0)
		register_refuse_name(s, name);
	else {
		sasl_pause(s, IRC_LOGIN_BY_REGISTER);
		if (s->member != NULL)
			session_set_password(s, LOGIN_REGISTER, password);
		else
			session_register_early(s, nick, password);
	}
	explicit_bzero(password, strlen(password));
}

void
irc_verify_run(struct session *s, struct irc_message *msg)
{
	(void)msg;
	irc_fail(s, "VERIFY",
	    s->member == NULL ? "COMPLETE_CONNECTION_REQUIRED" : "INVALID_CODE",
	    irc_nick(s), "Nothing has to be verified here");
}

void
irc_account_run(struct session *s, struct irc_message *msg)
{
	char *password;

	if (msg->argc == 2 && strcasecmp(msg->argv[0], "PASSWORD") == 0) {
		password = msg->argv[1];
		irc_of(s)->login_by = IRC_LOGIN_BY_ACCOUNT;
		session_set_password(s, LOGIN_PASSWORD, password);
		explicit_bzero(password, strlen(password));
	} else if (msg->argc == 3 &&
	    strcasecmp(msg->argv[0], "PASSWORD") == 0) {
		irc_of(s)->login_by = IRC_LOGIN_BY_ACCOUNT;
		session_change_password(s, msg->argv[1], msg->argv[2]);
		explicit_bzero(msg->argv[1], strlen(msg->argv[1]));
		explicit_bzero(msg->argv[2], strlen(msg->argv[2]));
	} else if (msg->argc == 1 && strcasecmp(msg->argv[0], "PASSWORD") == 0)
		irc_need_more_params(s, "ACCOUNT");
	else
		session_account_run(s, msg->argc, msg->argv);
}

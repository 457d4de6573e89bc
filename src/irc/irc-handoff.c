/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What an IRC client has said about itself, on its way from one program to the
 * next. What is about the person is the member's (member-handoff.c).
 */
#include "config.h"

#include "base/fields.h"
#include "irc/irc.h"

static void
irc_put_deadline(struct fields_out *out, const struct field *f,
    const void *base)
{
	const struct irc *irc = base;

	if (irc->deadline.is_set)
		tlv_put_i64(&out->data, f->tag, irc->deadline.at_ms);
}

static bool
irc_get_deadline(struct fields_in *in, const struct field *f, void *base,
    const struct tlv *item)
{
	const struct session *s = in->arg;
	struct irc *irc = base;
	int64_t at_ms;

	(void)f;
	if (!tlv_get_i64(item, &at_ms))
		return false;
	deadline_set(s->all->net->deadlines, &irc->deadline, at_ms);
	return true;
}

static bool
irc_check(struct fields_in *in, void *base)
{
	const struct session *s = in->arg;
	const struct irc *irc = base;

	if ((irc->user == NULL) != (irc->realname == NULL) ||
	    (irc->oper != NULL && !irc->is_registered))
		return false;
	if (s->has_left)
		return s->member == NULL;
	return irc->is_registered == (s->member != NULL);
}

static const struct field irc_list[] = {
	{ FIELD_UINT(1, struct irc, caps) },
	{ FIELD_UINT(2, struct irc, cap_version), .max = 1000 },
	{ FIELD_BOOL(3, struct irc, is_negotiating) },
	{ FIELD_BOOL(4, struct irc, is_registered) },
	{ FIELD_UINT(5, struct irc, lines) },
	{ FIELD_STRING(6, struct irc, nick) },
	{ FIELD_TEXT(7, struct irc, user, MEMBER_USER_MAX) },
	{ FIELD_TEXT(8, struct irc, realname, MEMBER_REALNAME_MAX) },
	{ FIELD_TEXT(9, struct irc, password, IRC_LINE_MAX) },
	{ FIELD_UINT(10, struct irc, batches) },
	{ FIELD_OTHER(11, "monitor", irc_monitor_put, irc_monitor_get) },
	/* The last: an answer to OPER is due instead of the registration. */
	{ FIELD_OTHER(12, "deadline", irc_put_deadline, irc_get_deadline) },
	{ FIELD_OTHER(13, "oper", irc_oper_put, irc_oper_get) },
	{ FIELD_POINTER(14, struct irc, sasl, &irc_sasl_fields) },
	{ FIELD_UINT(15, struct irc, login_by), .max = IRC_LOGIN_BY_ACCOUNT },
	{ FIELD_INT(16, struct irc, left_ms) },
	{ FIELD_POINTER(17, struct irc, multiline, &irc_multiline_fields) },
};
static const struct fields irc_fields = {
	FIELDS("an IRC client", struct irc, irc_list),
	.check = irc_check,
};

void
irc_save(const struct session *s, struct fields_out *out)
{
	fields_put(out, &irc_fields, irc_of(s));
}

bool
irc_load(struct session *s, struct fields_in *in, const struct tlv *item)
{
	bool is_good;

	irc_state_new(s);
	if (item->data == NULL)
		return fields_fail(in, "an IRC client is not there");
	in->arg = s;
	is_good = fields_get(in, &irc_fields, item, irc_of(s));
	in->arg = NULL;
	return is_good;
}

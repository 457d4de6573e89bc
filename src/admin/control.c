/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A request comes in through oneshot.c, which bounds it, is parsed by
 * control-request.c, and carried out by the verbs' handlers (verb.h), which may
 * be called many times. peercred.c decides who may ask.
 *
 * Decided against: a protocol of the session layer, with members who have a
 * special right. A mistake in it would be a way from the room to the server's
 * controls.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/admin.h"
#include "admin/control-request.h"
#include "admin/control.h"
#include "admin/oneshot.h"
#include "admin/peercred.h"
#include "admin/verb.h"
#include "base/log.h"
#include "net/listener-spec.h"
#include "net/listener.h"

#define CONTROL_END ".\n"

struct control {
	struct net *net;
	struct admin *admin;
	struct listeners *listeners; /* NULL: closed for good */
	struct oneshots oneshots;
	struct control_client *upgrader; /* waits for an upgrade, or NULL */
	struct peercred_rule access;
	struct peercred_rule next_access; /* from prepare to commit */
	struct listener_access before; /* the socket file's access before */
	struct log_limit limit;
};

struct control_client {
	struct control *control;
	struct control_request request;
	struct verb_call call;
	uid_t uid;
	bool has_begun;
};

/* Carrying out a request */

static enum oneshot_answer
control_fail(struct buf *out, const char *why)
{
	buf_addf(out, "error\n%s\n" CONTROL_END, why);
	return ONESHOT_DONE;
}

/* Finds the verb. Returns NULL, or what is wrong with it or its arguments; the
 * caller frees it. */
static char *
control_find_verb(struct control_client *c)
{
	struct verb_call *call = &c->call;
	const struct verb *verb = verb_find(c->request.words[0]);

	if (verb == NULL)
		return xasprintf("no verb is called \"%s\"",
		    c->request.words[0]);
	call->admin = c->control->admin;
	call->verb = verb;
	call->argv = c->request.words + 1;
	call->argc = c->request.count - 1;
	call->is_json = c->request.is_json;
	json_init(&call->json, &call->out);
	if (call->argc < verb->command.min_args ||
	    call->argc > verb->command.max_args)
		return xasprintf("usage: brbctl %s%s%s", verb->command.name,
		    verb->command.usage[0] == '\0' ? "" : " ",
		    verb->command.usage);
	if (call->is_json && (verb->command.flags & VERB_TEXT))
		return xasprintf("%s has no JSON", verb->command.name);
	return NULL;
}

static enum oneshot_answer
control_run(struct control_client *c, struct buf *out)
{
	struct verb_call *call = &c->call;
	enum verb_result result;

	buf_reset(&call->out);
	result = call->verb->run(call);
	if (!c->has_begun) {
		if (call->verb->command.flags & VERB_ACTS)
			log_info("control: verb=%s uid=%lu result=%s",
			    call->verb->command.name, (unsigned long)c->uid,
			    result == VERB_FAILED ? "error" : "ok");
		if (result == VERB_FAILED)
			return control_fail(out, buf_cstr(&call->out));
		buf_addstr(out, "ok\n");
		c->has_begun = true;
	}
	buf_add(out, call->out.data, call->out.len);
	if (result == VERB_MORE)
		return call->verb->command.flags & VERB_LONG ? ONESHOT_LONG :
							       ONESHOT_MORE;
	buf_addstr(out, CONTROL_END);
	if (result != VERB_HOLD)
		return ONESHOT_DONE;
	if (call->verb->run == verb_run_upgrade)
		c->control->upgrader = c;
	return ONESHOT_HOLD;
}

static enum oneshot_answer
control_answer(struct buf *out, struct walk_budget *budget, void *arg)
{
	struct control_client *c = arg;
	char *error;

	if (c->request.error != NULL)
		return control_fail(out, c->request.error);
	if (c->call.verb == NULL) {
		error = control_find_verb(c);
		if (error != NULL) {
			(void)control_fail(out, error);
			free(error);
			return ONESHOT_DONE;
		}
	}
	c->call.budget = budget;
	return control_run(c, out);
}

static bool
control_request(const char *data, size_t len, bool is_full, void *arg)
{
	struct control_client *c = arg;

	return control_request_parse(&c->request, data, len, is_full) !=
	    CONTROL_PARSE_MORE;
}

static void
control_ended(void *arg)
{
	struct control_client *c = arg;

	if (c->control->upgrader == c)
		c->control->upgrader = NULL;
	control_request_fini(&c->request);
	buf_fini(&c->call.out);
	free(c->call.state);
	free(c);
}

static const struct oneshot_kind control_kind = {
	.max_clients = CONTROL_CLIENTS_MAX,
	.max_request = CONTROL_REQUEST_MAX,
	.timeout_ms = CONTROL_TIMEOUT_MS,
	.hold_ms = CONTROL_HOLD_MS,
	.busy = "error\ntoo many are asking at once; try again\n" CONTROL_END,
	.request = control_request,
	.answer = control_answer,
	.ended = control_ended,
};

static void
control_accepted(int fd, const struct listener_peer *unused, void *arg)
{
	struct control *control = arg;
	struct peercred peer;
	struct control_client *c;

	(void)unused; /* it is for members */
	if (peercred_get(&peer, fd) == -1) {
		(void)close(fd);
		return;
	}
	if (!peercred_allows(&control->access, &peer)) {
		log_limited(&control->limit, control->net->clock->mono_ms,
		    LOG_LEVEL_WARNING, "control: refused: uid=%lu",
		    (unsigned long)peer.uid);
		oneshot_refuse(fd,
		    "error\nyou may not use this socket\n" CONTROL_END);
		return;
	}
	c = xcalloc(1, sizeof(*c));
	c->control = control;
	c->uid = peer.uid;
	oneshot_accept(&control->oneshots, fd, c);
}

/* The socket */

struct control *
control_new(struct net *net, struct admin *admin)
{
	struct control *control = xcalloc(1, sizeof(*control));
	const char *why;

	control->net = net;
	control->admin = admin;
	control->listeners = listeners_new(net, control_accepted, control);
	listeners_set_purpose(control->listeners, "control");
	oneshots_init(&control->oneshots, net, &control_kind);
	why = peercred_rule_init(&control->access, "");
	(void)why; /* cannot fail without a group */
	return control;
}

void
control_free(struct control *control)
{
	if (control == NULL)
		return;
	oneshots_fini(&control->oneshots);
	listeners_free(control->listeners);
	peercred_rule_fini(&control->access);
	free(control);
}

struct listeners *
control_listeners(const struct control *control)
{
	return control->listeners;
}

void
control_close(struct control *control)
{
	listeners_free(control->listeners);
	control->listeners = NULL;
}

void
control_upgrade_failed(struct control *control, const char *why)
{
	struct buf out = BUF_INITIALIZER;

	if (control->upgrader == NULL)
		return;
	(void)control_fail(&out, why);
	oneshots_take_back(&control->oneshots, control->upgrader,
	    buf_cstr(&out));
	buf_fini(&out);
}

bool
control_is_flushed(const struct control *control)
{
	return oneshots_are_flushed(&control->oneshots);
}

int
control_check_options(const struct options *o, struct option_errors *errors)
{
	struct listener_spec spec;
	const char *why;
	char *text;
	int result = 0;

	if (o->control[0] != '\0') {
		text = xasprintf(LISTENER_UNIX_PREFIX "%s", o->control);
		why = listener_spec_parse(&spec, text);
		if (o->control[0] != '/')
			why = "the path has to be absolute";
		else if (strchr(o->control, ',') != NULL)
			why = "there is a comma in the path";
		if (why != NULL) {
			option_errors_add(errors, "%s: control '%s': %s",
			    options_where(o, &o->control), o->control, why);
			result = -1;
		}
		listener_spec_fini(&spec);
		free(text);
	}
	if ((why = peercred_check_group(o->control_group)) != NULL) {
		option_errors_add(errors, "%s: control-group '%s': %s",
		    options_where(o, &o->control_group), o->control_group, why);
		result = -1;
	}
	return result;
}

int
control_prepare(struct control *control, const struct options *o, char **error)
{
	char *text = xasprintf(LISTENER_UNIX_PREFIX "%s", o->control);
	char *where = (char *)(uintptr_t)options_where(o, &o->control);
	struct option_list specs = { .items = &text,
		.where = &where,
		.count = o->control[0] == '\0' ? 0 : 1 };
	struct listener_access files = { .mode = 0600, .group = (gid_t)-1 };
	const char *why = peercred_rule_init(&control->next_access,
	    o->control_group);
	int result = -1;

	if (control->next_access.has_group) {
		files.mode = 0660;
		files.group = control->next_access.group;
	}
	if (why == NULL && specs.count > 0 &&
	    !peercred_can_give(&control->next_access))
		why = "the server is not in that group itself (under systemd, "
		      "SupplementaryGroups= has it be so)";
	control->before = listeners_set_access(control->listeners, files);
	if (why != NULL)
		*error = xasprintf("%s: control-group '%s': %s",
		    options_where(o, &o->control_group), o->control_group, why);
	else
		result = listeners_prepare(control->listeners, &specs, error);
	if (result == -1) {
		(void)listeners_set_access(control->listeners, control->before);
		peercred_rule_fini(&control->next_access);
	}
	free(text);
	return result;
}

void
control_commit(struct control *control)
{
	listeners_commit(control->listeners);
	peercred_rule_fini(&control->access);
	control->access = control->next_access;
	memset(&control->next_access, 0, sizeof(control->next_access));
}

void
control_revert(struct control *control)
{
	listeners_revert(control->listeners);
	(void)listeners_set_access(control->listeners, control->before);
	peercred_rule_fini(&control->next_access);
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The state of the whole server on its way from one program to the next, and
 * the upgrade that takes it there. The server must be at rest: all that was
 * said has been handed out, and ended sessions are freed.
 *
 * Not handed over: the settings, which are read again, so that an upgrade is a
 * reload as well; the loop's recent past (batching.c); counts of log limits.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "room/deliver.h"
#include "server/server-impl.h"
#include "session/protocol.h"

static void
server_put_state_dir(struct fields_out *out, const struct field *f,
    const void *base)
{
	const struct server *server = base;

	tlv_put_str(&out->data, f->tag, server->options.state_dir);
}

/* Is the state handed over for our state directory (or for none, as here)? */
static bool
server_get_state_dir(struct fields_in *in, const struct field *f, void *base,
    const struct tlv *item)
{
	const struct server *server = base;
	const char *dir = server->options.state_dir;

	(void)f;
	if (strlen(dir) == item->len && memcmp(dir, item->data, item->len) == 0)
		return true;
	return fields_fail(in,
	    "the setting state-dir takes a restart to "
	    "change");
}

static bool
server_age_check(struct fields_in *in, void *base)
{
	(void)in;
	return age_is_sound(base);
}

static const struct field age_list[] = {
	{ FIELD_INT(1, struct age, ahead_ms) },
	{ FIELD_INT(2, struct age, sure_wall_ms) },
	{ FIELD_INT(3, struct age, sure_age_ms) },
	{ FIELD_INT(4, struct age, offset_ms) },
	{ FIELD_INT(5, struct age, stands_ms) },
	{ FIELD_INT(6, struct age, jump_ms) },
	{ FIELD_BOOL(7, struct age, is_synchronised) },
};
static const struct fields age_fields = {
	FIELDS("the age clock", struct age, age_list),
	.check = server_age_check,
};

static const struct field server_list[] = {
	{ FIELD_INT(1, struct server, admin.started_mono_ms) },
	{ FIELD_INT(2, struct server, admin.started_wall_ms) },
	{ FIELD_UINT(3, struct server, upgrades) },
	{ FIELD_INT(4, struct server, upgrade_us) },
	{ FIELD_FD(5, struct server, pid_fd, FIELDS_FD_FILE) },
	/* With other bounds the counts have no meaning. */
	{ FIELD_NUMBERS(6, struct server, timing.callbacks.counts) },
	{ FIELD_UINT(7, struct server, timing.callbacks.count) },
	{ FIELD_INT(8, struct server, timing.callbacks.sum_ns) },
	{ FIELD_INT(9, struct server, timing.callbacks.max_ns) },
	{ FIELD_STRING(10, struct server, timing.longest) },
	{ FIELD_OTHER(11, "state_dir", server_put_state_dir,
	    server_get_state_dir) },
	{ FIELD_STRUCT(12, struct server, age, &age_fields) },
};
static const struct fields server_fields = { FIELDS("the server", struct server,
    server_list) };

/* Writing */

/* Hands out all that is left, and frees all that has ended. */
static void
server_settle(struct server *server)
{
	do {
		deliver_all(&server->chat);
		conn_reap(&server->net);
	} while (!TAILQ_EMPTY(&server->chat.dirty));
}

static int
server_save(struct fields_out *out, char **error, void *arg)
{
	struct server *server = arg;

	server->upgrade_us = clock_now_us();
	gate_open(server->gate);
	sessions_end_searches(&server->sessions);
	server_settle(server);
	persist_flush(&server->state.persist);
	fields_put_item(out, HANDOFF_SERVER, &server_fields, server);
	net_save(&server->net, out);
	listeners_save(server->listeners, HANDOFF_LISTENER, out);
	listeners_save(control_listeners(server->control),
	    HANDOFF_CONTROL_LISTENER, out);
	listeners_save(exporter_listeners(server->exporter),
	    HANDOFF_METRICS_LISTENER, out);
	if (chat_save(&server->chat, out) == -1) {
		*error = xasprintf("cannot hand over a history: %s",
		    strerror(errno));
		return -1;
	}
	sessions_save(&server->sessions, out);
	return 0;
}

/* Reading */

static bool
server_knows_protocol(const char *protocols)
{
	return protocol_find(protocols) != NULL;
}

static bool
server_knows_none(const char *protocols)
{
	return protocols[0] == '\0';
}

static bool
server_load_item(struct server *server, struct fields_in *in,
    const struct tlv *item)
{
	switch (item->tag) {
	case HANDOFF_SERVER:
		return fields_get(in, &server_fields, item, server);
	case HANDOFF_NET:
		return net_load(&server->net, in, item);
	case HANDOFF_LISTENER:
		return listeners_load(server->listeners, in, item,
		    server_knows_protocol);
	case HANDOFF_CONTROL_LISTENER:
		return listeners_load(control_listeners(server->control), in,
		    item, server_knows_none);
	case HANDOFF_METRICS_LISTENER:
		return listeners_load(exporter_listeners(server->exporter), in,
		    item, server_knows_none);
	default:
		return chat_load(&server->chat, in, item,
			   protocol_find_dialect) &&
		    sessions_load(&server->sessions, in, item);
	}
}

bool
server_load(struct server *server, struct fields_in *in)
{
	struct tlv_reader r = in->items;
	struct tlv item;

	while (tlv_next(&r, &item))
		if (!server_load_item(server, in, &item))
			return false;
	if (r.is_bad)
		return fields_fail(in, "it is cut off");
	if (!chat_load_end(&server->chat, in))
		return false;
	server->has_inherited = listeners_have_inherited(server->listeners);
	server->upgrades++;
	return true;
}

void
server_upgraded_ready(const struct server *server)
{
	if (server->upgrades == 0)
		return;
	log_info("upgraded: version=%s pid=%ld members=%zu upgrades=%llu "
		 "pause_ms=%lld.%03lld",
	    PACKAGE_VERSION, (long)getpid(), server->sessions.admission.count,
	    (unsigned long long)server->upgrades,
	    (long long)((clock_now_us() - server->upgrade_us) / 1000),
	    (long long)((clock_now_us() - server->upgrade_us) % 1000));
}

/* The upgrade */

static void
server_upgrade_begin(void *arg)
{
	struct server *server = arg;

	size_t count = net_tls_hold(&server->net);

	if (count > 0)
		log_info("closed connections: reason=\"their TLS handshakes "
			 "were not over when the server was upgraded\" "
			 "count=%zu",
		    count);
	/* The next program would inherit children that it does not know of. */
	verify_stop(server->verify);
	service_manager_reloading(&server->service_manager);
	service_manager_hand_over(&server->service_manager);
}

static void
server_upgrade_cancel(void *arg)
{
	struct server *server = arg;

	service_manager_take_back(&server->service_manager);
	service_manager_ready(&server->service_manager);
}

static bool
server_upgrade_is_ready(void *arg)
{
	struct server *server = arg;

	return net_tls_hold(&server->net) == 0;
}

static void
server_upgrade_done(const char *error, void *arg)
{
	struct server *server = arg;

	if (error == NULL)
		return;
	net_tls_release(&server->net);
	control_upgrade_failed(server->control, error);
}

int
server_init_upgrade(struct server *server)
{
	const struct upgrade_owner owner = {
		.save = server_save,
		.begin = server_upgrade_begin,
		.cancel = server_upgrade_cancel,
		.done = server_upgrade_done,
		.arg = server,
		.is_ready = server_upgrade_is_ready,
	};

	server->upgrade = upgrade_new(server->base, &server->clock,
	    &server->deadlines, &server->program, &owner);
	if (server->upgrade != NULL)
		return 0;
	log_error("cannot set up the event loop: %s", strerror(ENOMEM));
	return -1;
}

bool
server_upgrade(struct server *server)
{
	if (server->is_stopping) {
		log_warning("no upgrade: the server is stopping");
		return false;
	}
	if (!upgrade_start(server->upgrade)) {
		log_warning("no upgrade: one is under way");
		return false;
	}
	log_info("upgrading: program=\"%s\"",
	    server->program.path == NULL ? "" : server->program.path);
	return true;
}

void
server_set_program(struct server *server, const struct upgrade_program *program)
{
	server->program = *program;
}

void
server_set_pid_fd(struct server *server, int fd)
{
	server->pid_fd = fd;
}

int
server_pid_fd(const struct server *server)
{
	return server->pid_fd;
}

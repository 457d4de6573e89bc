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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/tlv.h"
#include "server/server-impl.h"
#include "session/protocol.h"

/* These numbers are in blobs: never change or reuse one. */
enum {
	SERVER_TAG_STARTED_MONO = 1,
	SERVER_TAG_STARTED_WALL = 2,
	SERVER_TAG_UPGRADES = 3,
	SERVER_TAG_BEGAN = 4,
	SERVER_TAG_PID_FILE = 5,
	SERVER_TAG_TURNS = 6, /* a histogram: the counts */
	SERVER_TAG_TURNS_COUNT = 7,
	SERVER_TAG_TURNS_SUM = 8,
	SERVER_TAG_TURNS_MAX = 9,
	SERVER_TAG_STATE_DIR = 10,
	SERVER_TAG_TURNS_LONGEST = 11
};

static const struct handoff_field server_fields[] = {
	HANDOFF_INT(SERVER_TAG_STARTED_MONO, struct server,
	    admin.started_mono_ms),
	HANDOFF_INT(SERVER_TAG_STARTED_WALL, struct server,
	    admin.started_wall_ms),
	HANDOFF_UINT(SERVER_TAG_UPGRADES, struct server, upgrades, UINT64_MAX),
	HANDOFF_INT(SERVER_TAG_BEGAN, struct server, upgrade_us),
	HANDOFF_UINT(SERVER_TAG_TURNS_COUNT, struct server,
	    timing.callbacks.count, UINT64_MAX),
	HANDOFF_INT(SERVER_TAG_TURNS_SUM, struct server,
	    timing.callbacks.sum_ns),
	HANDOFF_INT(SERVER_TAG_TURNS_MAX, struct server,
	    timing.callbacks.max_ns),
};

/* Writing */

/* Hands out all that is left, and frees all that has ended. */
static void
server_settle(struct server *server)
{
	do {
		chat_flush(&server->chat);
		conn_reap(&server->net);
	} while (!TAILQ_EMPTY(&server->chat.dirty));
}

static void
server_save_turns(const struct histogram *turns, struct buf *data)
{
	size_t mark = tlv_open(data, SERVER_TAG_TURNS), i;
	unsigned char count[8];

	for (i = 0; i < NITEMS(turns->counts); i++) {
		le_put64(count, turns->counts[i]);
		buf_add(data, count, sizeof(count));
	}
	tlv_close(data, mark);
}

static int
server_save(struct fields_out *out, char **error, void *arg)
{
	struct server *server = arg;
	struct buf *data = &out->data;
	size_t mark;

	server->upgrade_us = clock_now_us();
	server_settle(server);
	persist_turn(&server->chat);
	mark = tlv_open(data, HANDOFF_SERVER);
	handoff_put(data, server_fields, NITEMS(server_fields), server);
	server_save_turns(&server->timing.callbacks, data);
	tlv_put_str(data, SERVER_TAG_TURNS_LONGEST, server->timing.longest);
	if (server->pid_fd != -1)
		fields_put_fd(out, SERVER_TAG_PID_FILE, server->pid_fd);
	tlv_put_str(data, SERVER_TAG_STATE_DIR, server->options.state_dir);
	tlv_close(data, mark);
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
server_load_turns(struct histogram *turns, const struct tlv *item)
{
	size_t i;

	/* With other bounds the counts have no meaning. */
	if (item->len != sizeof(turns->counts))
		return false;
	for (i = 0; i < NITEMS(turns->counts); i++)
		turns->counts[i] = le_get64(item->data + 8 * i);
	return true;
}

/* Is the state handed over for our state directory (or for none, as here)? */
static bool
server_is_state_dir(const struct server *server, const struct tlv *item)
{
	const char *dir = server->options.state_dir;

	return strlen(dir) == item->len &&
	    memcmp(dir, item->data, item->len) == 0;
}

static bool
server_load_own(struct server *server, struct fields_in *in,
    const struct tlv *outer)
{
	struct tlv_reader r;
	struct tlv item;
	bool is_good = true;

	tlv_enter(outer, &r);
	while (is_good && tlv_next(&r, &item))
		if (item.tag == SERVER_TAG_PID_FILE) {
			is_good = server->pid_fd == -1;
			if (is_good)
				server->pid_fd = fields_get_fd(in, &item,
				    FIELDS_FD_FILE);
			is_good &= server->pid_fd != -1;
		} else if (item.tag == SERVER_TAG_STATE_DIR) {
			if (!server_is_state_dir(server, &item))
				return fields_fail(in,
				    "the setting state-dir "
				    "takes a restart to "
				    "change");
		} else if (item.tag == SERVER_TAG_TURNS_LONGEST)
			is_good = tlv_get_str(&item, server->timing.longest,
			    sizeof(server->timing.longest));
		else if (item.tag == SERVER_TAG_TURNS)
			is_good = server_load_turns(&server->timing.callbacks,
			    &item);
		else
			is_good = handoff_get(&item, server_fields,
			    NITEMS(server_fields), server);
	if (is_good && !r.is_bad)
		return true;
	return fields_fail(in, "what is about the server is malformed");
}

static bool
server_load_item(struct server *server, struct fields_in *in,
    const struct tlv *item)
{
	switch (item->tag) {
	case HANDOFF_SERVER:
		return server_load_own(server, in, item);
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
	    PACKAGE_VERSION, (long)getpid(), server->sessions.count,
	    (unsigned long long)server->upgrades,
	    (long long)((clock_now_us() - server->upgrade_us) / 1000),
	    (long long)((clock_now_us() - server->upgrade_us) % 1000));
}

/* The upgrade */

static void
server_upgrade_begin(void *arg)
{
	struct server *server = arg;

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

static void
server_upgrade_done(const char *error, void *arg)
{
	struct server *server = arg;

	if (error != NULL)
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

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The server owns everything and ties the layers together: settings, signals,
 * what the control socket asks for, from start to stop. The loop is
 * server-loop.c's.
 */
#include "config.h"

#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "admin/admin.h"
#include "admin/control.h"
#include "admin/exporter.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/log.h"
#include "base/util.h"
#include "net/conn.h"
#include "net/inherit.h"
#include "net/listener.h"
#include "net/scram.h"
#include "net/service-manager.h"
#include "net/sts.h"
#include "net/tls-context.h"
#include "net/verify.h"
#include "room/chat.h"
#include "server/server-impl.h"
#include "server/server.h"
#include "session/protocol.h"
#include "session/session.h"

#define SERVER_STOP_FLUSH_MS 2000
#define SERVER_STOP_LINGER_MS 300
#define SERVER_STOP_LOOK_MS 50

/* Settings */

static void
server_log_restart_only(const char *name, void *arg)
{
	struct buf *names = arg;

	buf_addf(names, "%s%s", names->len == 0 ? "" : ", ", name);
	log_warning("setting needs a restart to change: name=%s", name);
}

/* Opens what o listens on, in three places, all or nothing. With inherited
 * sockets, the default address is not opened. */
static int
server_listen(struct server *server, const struct options *o, char **error)
{
	const struct option_list none = { NULL, NULL, 0 };
	bool is_default = o->listen.where[0] == NULL;

	if (listeners_prepare(server->listeners,
		server->has_inherited && is_default ? &none : &o->listen,
		error) == -1)
		return -1;
	if (control_prepare(server->control, o, error) == -1) {
		listeners_revert(server->listeners);
		return -1;
	}
	if (exporter_prepare(server->exporter, o, error) == -1) {
		control_revert(server->control);
		listeners_revert(server->listeners);
		return -1;
	}
	listeners_commit(server->listeners);
	control_commit(server->control);
	exporter_commit(server->exporter);
	return 0;
}

/* What an inherited socket speaks: its name, unless that is one which
 * systemd.socket(5) gives by default. NULL: not a protocol of ours. */
static const char *
server_inherited_protocols(const char *name)
{
	const char *dot = strrchr(name, '.');

	if (strcmp(name, "unknown") == 0 ||
	    (dot != NULL && strcmp(dot, ".socket") == 0))
		return "";
	return protocol_find(name) == NULL ? NULL : name;
}

static int
server_adopt(struct server *server, const struct inheritance *in)
{
	const char *protocols;
	size_t i;

	for (i = 0; i < in->count; i++) {
		protocols = server_inherited_protocols(in->items[i].name);
		if (protocols == NULL) {
			log_error("cannot listen on the inherited descriptor "
				  "%d: no protocol is called '%.80s'; there "
				  "is: " PROTOCOL_NAMES,
			    in->items[i].fd, in->items[i].name);
			return -1;
		}
		if (listeners_adopt(server->listeners, in->items[i].fd,
			protocols) == -1) {
			log_error("cannot listen on the inherited descriptor "
				  "%d: %s",
			    in->items[i].fd, strerror(errno));
			return -1;
		}
		server->has_inherited = true;
	}
	return 0;
}

/* Keeps the keys of TLS from core dumps and debuggers. It is to be done before
 * there are any, also those that an earlier program left. */
static void
server_hide_memory(const struct options *o)
{
#ifdef PR_SET_DUMPABLE
	if (o->tls_certificate[0] != '\0' && o->core_dumps == CORE_DUMPS_NO)
		(void)prctl(PR_SET_DUMPABLE, 0);
#else
	(void)o;
#endif
}

/* Starts what checks passwords, if the settings need it. */
static void
server_prepare_verify(struct server *server)
{
	verify_set_scram(server->verify,
	    server->options.scram == SCRAM_YES ? SCRAM_ITERATIONS : 0);
	if (server->options.oper.count > 0)
		verify_prepare(server->verify);
	else
		verify_stop(server->verify);
}

static void
server_set_people_level(const struct server *server)
{
	log_set_people_level(server->options.log_people ==
		    OPTION_LOG_PEOPLE_INFO ?
		LOG_LEVEL_INFO :
		LOG_LEVEL_DEBUG);
}

/* The second half of a reload, in which nothing can fail. */
static void
server_reload_done(struct server *server, struct options *fresh,
    struct tls_context *context, struct buf *names)
{
	enum log_level before, after;

	before = server_log_level(server->source, &server->options);
	after = server_log_level(server->source, fresh);
	options_changed_restart_only(&server->options, fresh,
	    server_log_restart_only, names);
	options_keep_restart_only(fresh, &server->options);
	options_swap(&server->options, fresh);
	server_hide_memory(&server->options);
	net_set_tls(&server->net, context);
	(void)!sts_is_safe(&server->net); /* which warns */
	server_set_people_level(server);
	chat_reconfigure(&server->chat);
	server_prepare_verify(server);
	server_warn_options(&server->options);
	server->is_reload_failed = false;
	/* Logged by whichever of the two levels logs more. */
	log_set_level(after > before ? after : before);
	log_info("settings reloaded");
	log_set_level(after);
}

/* Reloads all or nothing: the new settings are parsed, checked and listened on
 * first. On false nothing has changed, and why has a line for each error. */
static bool
server_reload(struct server *server, struct buf *why)
{
	struct options fresh;
	struct tls_context *context = NULL;
	struct option_errors errors = { NULL, 0 };
	char *line, *next, *error = NULL;
	bool is_done = false;

	service_manager_reloading(&server->service_manager);
	server->is_reload_failed = true;
	options_init(&fresh);
	if (server_load_options(&fresh, server->source, &errors) == -1 ||
	    server_check_reload(&fresh, &server->options, &errors) == -1) {
		for (line = next = errors.text;
		     next != NULL && *next != '\0';) {
			line = strsep(&next, "\n");
			log_error("%s", line);
			buf_addf(why, "%s\n", line);
		}
		log_error("settings were not reloaded: errors=%zu",
		    errors.count);
	} else if (tls_context_new(&fresh, &context, &error) == -1 ||
	    server_listen(server, &fresh, &error) == -1) {
		tls_context_free(context);
		log_error("settings were not reloaded: %s", error);
		buf_addf(why, "%s\n", error);
		free(error);
	} else {
		server_reload_done(server, &fresh, context, why);
		is_done = true;
	}
	option_errors_fini(&errors);
	options_fini(&fresh);
	service_manager_ready(&server->service_manager);
	return is_done;
}

/* Signals */

/* Checks from time to time whether the last words have reached everybody. */
static void
server_stop_cb(void *arg)
{
	struct server *server = arg;

	if (server->flushed_ms == 0 &&
	    sessions_are_flushed(&server->sessions) &&
	    control_is_flushed(server->control))
		server->flushed_ms = server->clock.mono_ms;
	/* Who closes in turn has read all: a moment for that. */
	if (server->clock.mono_ms >= server->stop_ms ||
	    (server->flushed_ms > 0 &&
		(server->sessions.admission.count == 0 ||
		    server->clock.mono_ms - server->flushed_ms >=
			SERVER_STOP_LINGER_MS)))
		event_base_loopbreak(server->base);
	else
		deadline_set(&server->deadlines, &server->stop,
		    server->clock.mono_ms + SERVER_STOP_LOOK_MS);
}

static void
server_stop(struct server *server, const char *why)
{
	if (server->is_stopping) {
		event_base_loopbreak(server->base);
		return;
	}
	server->is_stopping = true;
	upgrade_cancel(server->upgrade);
	log_info("stopping: %s members=%zu", why,
	    server->sessions.admission.count);
	service_manager_stopping(&server->service_manager);
	listeners_free(server->listeners);
	server->listeners = NULL;
	proxies_free(server->proxies);
	server->proxies = NULL;
	gate_free(server->gate);
	server->gate = NULL;
	control_close(server->control);
	exporter_close(server->exporter);
	sessions_close_all(&server->sessions, "the server is stopping",
	    SERVER_STOP_FLUSH_MS);
	server->stop_ms = server->clock.mono_ms + SERVER_STOP_FLUSH_MS;
	deadline_set(&server->deadlines, &server->stop,
	    server->clock.mono_ms + SERVER_STOP_LOOK_MS);
	server_wake(server);
}

static void
server_log_state(struct server *s)
{
	struct room *room;
	uint64_t refused = 0;
	int i;

	for (i = ADMITTED + 1; i < ADMITS; i++)
		refused += s->sessions.admission.refused[i];
	log_info("state: members=%zu lost=%zu bookmarks=%zu rooms=%zu "
		 "messages=%llu deliveries=%llu writes=%llu bytes_in=%llu "
		 "bytes_out=%llu fell_behind=%llu gaps=%llu throttled=%llu "
		 "refused=%llu kept_bytes=%zu bans=%zu is_locked=%d "
		 "log_lost=%lu",
	    s->sessions.admission.count, s->chat.lost_count,
	    s->chat.departed.count, s->chat.count,
	    (unsigned long long)s->chat.messages,
	    (unsigned long long)s->chat.deliveries,
	    (unsigned long long)s->net.writes,
	    (unsigned long long)s->net.bytes_in,
	    (unsigned long long)s->net.bytes_out,
	    (unsigned long long)s->chat.fell_behind,
	    (unsigned long long)s->chat.gaps,
	    (unsigned long long)s->sessions.throttled,
	    (unsigned long long)refused, s->chat.queued_bytes,
	    s->chat.bans.count, s->sessions.admission.is_locked, log_lost());
	for (room = NULL; (room = chat_next_room(&s->chat, room)) != NULL;)
		log_info("room: name=%s members=%zu live=%zu messages=%llu "
			 "used=%zu size=%zu next=%llu",
		    room->name, room->people_count, room->live_count,
		    (unsigned long long)history_count(&room->history),
		    history_used(&room->history), room->history.size,
		    (unsigned long long)room->history.next_number);
}

static void
server_reload_now(struct server *server)
{
	struct buf why = BUF_INITIALIZER;

	if (!server->is_stopping)
		(void)server_reload(server, &why);
	buf_fini(&why);
}

void
server_signal(struct server *server, int signo)
{
	switch (signo) {
	case SIGTERM:
		server_stop(server, "signal=TERM");
		break;
	case SIGINT:
		server_stop(server, "signal=INT");
		break;
	case SIGHUP:
		server_reload_now(server);
		break;
	case SIGUSR1:
		server_log_state(server);
		break;
	case SIGUSR2:
		(void)server_upgrade(server);
		break;
	}
}

static void
server_admit(int fd, const struct listener_peer *peer, void *arg)
{
	struct server *server = arg;

	session_accept(&server->sessions, fd, peer);
}

static void
server_turn_away(int fd, const struct listener_peer *peer, void *arg)
{
	struct server *server = arg;

	session_turn_away(&server->sessions, fd, peer);
}

/* It is known who comes. */
static void
server_known(int fd, const struct listener_peer *peer, void *arg)
{
	struct server *server = arg;

	gate_enter(server->gate, fd, peer);
}

static void
server_accepted(int fd, const struct listener_peer *peer, void *arg)
{
	struct server *server = arg;

	if (proxy_is_trusted(&server->options, &peer->credential))
		proxies_take(server->proxies, fd, peer);
	else
		server_known(fd, peer, server);
}

/* From the control socket */

static bool
server_admin_reload(struct buf *why, void *arg)
{
	struct server *server = arg;

	if (!server->is_stopping)
		return server_reload(server, why);
	buf_addstr(why, "the server is stopping\n");
	return false;
}

static void
server_admin_stop(void *arg)
{
	struct server *server = arg;

	/* Stopping twice would cut off the answer to the first one. */
	if (!server->is_stopping)
		server_stop(server, "by=control");
}

static bool
server_admin_upgrade(void *arg)
{
	return server_upgrade(arg);
}

static void
server_init_admin(struct server *server)
{
	server->admin.sessions = &server->sessions;
	server->admin.state = &server->state;
	server->admin.options = &server->options;
	server->admin.timing = &server->timing;
	server->admin.started_mono_ms = server->clock.mono_ms;
	server->admin.started_wall_ms = server->clock.wall_ms;
	server->admin.reload = server_admin_reload;
	server->admin.stop = server_admin_stop;
	server->admin.upgrade = server_admin_upgrade;
	server->admin.arg = server;
}

/* Writes the one line of "systemctl status". */
static void
server_status(struct buf *out, void *arg)
{
	const struct server *server = arg;

	if (server->is_stopping)
		buf_addstr(out, "Stopping: ");
	buf_addf(out, "connections=%zu rooms=%zu",
	    server->sessions.admission.count, server->chat.count);
	if (server->sessions.admission.is_locked)
		buf_addstr(out, "; locked");
	if (state_error(&server->state) != 0)
		buf_addf(out, "; the state is not kept: %s",
		    strerror(state_error(&server->state)));
	if (server->is_reload_failed)
		buf_addstr(out, "; the last reload failed, the log says why");
}

/* From start to end */

static bool
server_begin_tls(struct server *server)
{
	struct tls_context *context;
	char *error;

	if (tls_context_new(&server->options, &context, &error) == 0) {
		net_set_tls(&server->net, context);
		(void)!sts_is_safe(&server->net); /* which warns */
		return true;
	}
	log_error("%s", error);
	free(error);
	return false;
}

static bool
server_begin(struct server *server)
{
	char *error = NULL;

	if (server_listen(server, &server->options, &error) == 0)
		return true;
	log_error("%s", error);
	free(error);
	return false;
}

/* Goes on in another program's place. An address that cannot be listened on is
 * logged only: those who are here must not suffer for it. */
static bool
server_begin_again(struct server *server, struct fields_in *carried)
{
	char *error = NULL;

	if (!server_load(server, carried))
		return false;
	if (carried->purpose != HANDOFF_TAKE)
		return true;
	handoff_close_on_exec(carried);
	handoff_close_rest(carried);
	state_resume(&server->state, &server->chat, &server->chat.bans);
	upgrade_unblock_signals();
	if (server_listen(server, &server->options, &error) == -1) {
		server->is_reload_failed = true;
		log_error("the addresses are those from before: %s", error);
		free(error);
	}
	return true;
}

static void
server_age_cb(void *arg)
{
	struct server *server = arg;
	const struct clock *clock = &server->clock;

	age_look(&server->age, clock->mono_ms, clock->wall_ms, age_kernel_ms());
	state_put_age(&server->state);
	deadline_set(&server->deadlines, &server->age_due,
	    clock->mono_ms + AGE_LOOK_MS);
}

struct server *
server_new(const struct server_source *source, struct options *options,
    const struct inheritance *inherited, struct fields_in *carried)
{
	struct server *server;

	server = xcalloc(1, sizeof(*server));
	server->source = source;
	server->pid_fd = -1;
	options_init(&server->options);
	options_swap(&server->options, options);
	server_hide_memory(&server->options);
	server_set_people_level(server);
	clock_update(&server->clock);
	age_begin(&server->age, server->clock.mono_ms, server->clock.wall_ms);
	server->clock.age = &server->age;
	deadline_init(&server->stop, server_stop_cb, server);
	deadline_init(&server->age_due, server_age_cb, server);
	if (server_init_loop(server,
		carried == NULL || carried->purpose == HANDOFF_TAKE) == -1) {
		log_error("cannot set up the event loop: %s", strerror(errno));
		server_free(server);
		return NULL;
	}
	server->verify = verify_queue_new(server->base, &server->clock,
	    &server->deadlines);
	/* Forked before there are rooms and people, whose memory it would
	 * share. */
	if (carried == NULL || carried->purpose == HANDOFF_TAKE) {
		server_prepare_verify(server);
		server_warn_options(&server->options);
	}
	if (net_init(&server->net, server->base, &server->clock,
		&server->deadlines, &server->options, server_wake,
		server) == -1) {
		log_error("cannot set up the event loop: %s", strerror(errno));
		server_free(server);
		return NULL;
	}
	chat_init(&server->chat, &server->clock, &server->options,
	    &server->deadlines, server_wake, server);
	sessions_init(&server->sessions, &server->net, &server->chat,
	    &server->options);
	server->sessions.verify = server->verify;
	service_manager_init(&server->service_manager, &server->clock,
	    &server->deadlines, server_status, server);
	server->has_rooms = true;
	if (carried == NULL &&
	    state_open(&server->state, &server->chat, &server->chat.bans) ==
		-1) {
		server_free(server);
		return NULL;
	}
	server->listeners = listeners_new(&server->net, server_accepted,
	    server);
	server->proxies = proxies_new(&server->net, server_known, server);
	server->gate = gate_new(&server->net, &server->chat.origins,
	    server_admit, server_turn_away, server);
	server_init_admin(server);
	server->control = control_new(&server->net, &server->admin);
	server->exporter = exporter_new(&server->net, &server->admin);
	if (!server_begin_tls(server) ||
	    server_adopt(server, inherited) == -1 ||
	    server_init_upgrade(server) == -1 ||
	    (carried == NULL && !server_begin(server))) {
		server_free(server);
		return NULL;
	}
	/* A half-loaded state is left as it is: the process ends. */
	if (carried != NULL && !server_begin_again(server, carried))
		return NULL;
	if (carried == NULL || carried->purpose == HANDOFF_TAKE)
		server_age_cb(server);
	return server;
}

void
server_ready(struct server *server)
{
	service_manager_ready(&server->service_manager);
}

int
server_run(struct server *server)
{
	if (event_base_dispatch(server->base) == -1) {
		log_error("the event loop failed: %s", strerror(errno));
		return -1;
	}
	return 0;
}

void
server_free(struct server *server)
{
	if (server == NULL)
		return;
	if (server->listeners != NULL)
		listeners_free(server->listeners);
	proxies_free(server->proxies);
	gate_free(server->gate);
	control_free(server->control);
	exporter_free(server->exporter);
	upgrade_free(server->upgrade);
	if (server->has_rooms) {
		deadline_clear(&server->deadlines, &server->stop);
		deadline_clear(&server->deadlines, &server->age_due);
		service_manager_fini(&server->service_manager);
		sessions_free_all(&server->sessions);
		state_stop(&server->state);
		sessions_fini(&server->sessions);
		chat_fini(&server->chat);
		state_close(&server->state);
		net_fini(&server->net);
	}
	verify_queue_free(server->verify);
	server_fini_loop(server);
	options_fini(&server->options);
	free(server);
	libevent_global_shutdown();
}

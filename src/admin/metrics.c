/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Metrics are counted where things happen (net, rooms, sessions) and written
 * here. The names follow Prometheus' conventions: base units, _total for what
 * only grows, process_* as in its client libraries. Rooms are a label, since
 * max-rooms bounds them; nicks and addresses are not bounded, and nobody's
 * business.
 */
#include "config.h"

#include <string.h>

#include "admin/admin.h"
#include "admin/metrics.h"
#include "base/process.h"
#include "net/tls-context.h"
#include "net/verify.h"
#include "room/modes.h"

#define METRICS_PIECE 8192

void
metrics_init(struct metrics *m, struct admin *admin)
{
	memset(m, 0, sizeof(*m));
	m->admin = admin;
}

static void
metrics_head(struct buf *out, const char *name, const char *type,
    const char *help)
{
	buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
metrics_add(struct buf *out, const char *type, const char *name,
    const char *help, uint64_t value)
{
	metrics_head(out, name, type, help);
	buf_addf(out, "%s %llu\n", name, (unsigned long long)value);
}

#define metrics_counter(out, ...) metrics_add(out, "counter", __VA_ARGS__)
#define metrics_gauge(out, ...) metrics_add(out, "gauge", __VA_ARGS__)

static void
metrics_add_members(struct metrics *m, struct buf *out)
{
	const struct clock *clock = m->admin->sessions->net->clock;
	const struct sessions *sessions = m->admin->sessions;
	const struct chat *chat = sessions->chat;
	int i;

	metrics_head(out, "brbd_build_info", "gauge",
	    "The version that is running, as a label.");
	buf_addf(out, "brbd_build_info{version=\"%s\"} 1\n", PACKAGE_VERSION);
	metrics_head(out, "brbd_members", "gauge",
	    "People who are here, by what they are doing.");
	for (i = 0; i < MEMBER_ACTIVITIES; i++)
		buf_addf(out, "brbd_members{state=\"%s\"} %zu\n",
		    member_activity_str((enum member_activity)i),
		    m->stats.counts[i]);
	metrics_head(out, "brbd_sessions", "gauge",
	    "Connections of those who are here, by what they speak, over what.");
	for (i = 0; i < MEMBER_PROTOCOLS; i++) {
		buf_addf(out,
		    "brbd_sessions{protocol=\"%s\",transport=\"tcp\"} %zu\n",
		    member_protocol_names[i],
		    m->stats.sessions[i] - m->stats.websockets[i]);
		buf_addf(out,
		    "brbd_sessions{protocol=\"%s\",transport=\"websocket\"} "
		    "%zu\n",
		    member_protocol_names[i], m->stats.websockets[i]);
	}
	metrics_gauge(out, "brbd_connections",
	    "Connections of people, those that are being closed too.",
	    sessions->admission.count);
	metrics_gauge(out, "brbd_connections_limit",
	    "How many connections there may be (max-members).",
	    m->admin->options->max_members);
	metrics_gauge(out, "brbd_bookmarks",
	    "Places of people who have left that are kept.",
	    chat->departed.count);
	metrics_gauge(out, "brbd_kept_bytes",
	    "Memory of private messages that wait for their addressees.",
	    chat->queued_bytes);
	metrics_gauge(out, "brbd_rooms", "Rooms that there are.", chat->count);
	metrics_gauge(out, "brbd_bans", "Bans that are in force.",
	    sessions->chat->bans.count);
	metrics_gauge(out, "brbd_state_failing",
	    "Whether the disk is full or fails, so that not all is kept.",
	    state_error(m->admin->state) != 0);
	metrics_gauge(out, "brbd_rooms_without_file",
	    "Rooms whose history is not on the disk, though state-dir is set.",
	    m->admin->state->unkept_rooms);
	metrics_gauge(out, "brbd_clock_synchronised",
	    "Whether the kernel says that the clock is right.",
	    clock->age->is_synchronised);
	metrics_gauge(out, "brbd_expiry_waits_seconds",
	    "For how long nothing expires, since the clock has jumped.",
	    (uint64_t)(age_waits_ms(clock->age, clock->mono_ms) + 999) / 1000);
	metrics_gauge(out, "brbd_locked", "Whether nobody new comes in.",
	    sessions->admission.is_locked);
}

static void
metrics_add_traffic(struct metrics *m, struct buf *out)
{
	const struct sessions *sessions = m->admin->sessions;
	const struct chat *chat = sessions->chat;
	const struct net *net = sessions->net;
	int i;

	metrics_counter(out, "brbd_messages_total",
	    "Messages that were said, in all rooms.", chat->messages);
	metrics_counter(out, "brbd_deliveries_total",
	    "Turns' lines handed to a member.", chat->deliveries);
	metrics_counter(out, "brbd_writes_total",
	    "Writes to the sockets of members.", net->writes);
	metrics_counter(out, "brbd_received_bytes_total",
	    "Bytes read from members.", net->bytes_in);
	metrics_counter(out, "brbd_sent_bytes_total",
	    "Bytes written to members.", net->bytes_out);
	metrics_counter(out, "brbd_fell_behind_total",
	    "How often a member read too slowly to be live.",
	    chat->fell_behind);
	metrics_counter(out, "brbd_gaps_total",
	    "How often a member was told that messages are no longer held.",
	    chat->gaps);
	metrics_counter(out, "brbd_searches_total", "Searches in what is held.",
	    sessions->searches);
	metrics_counter(out, "brbd_throttled_total",
	    "How often a member was read more slowly since they sent too "
	    "fast.",
	    sessions->throttled);
	metrics_counter(out, "brbd_throttled_origins_total",
	    "How often that was for what all from their address sent.",
	    sessions->origin_throttled);
	metrics_counter(out, "brbd_throttled_rooms_total",
	    "How often that was for what was said in a room lately.",
	    sessions->room_throttled);
	metrics_head(out, "brbd_refused_connections_total", "counter",
	    "Connections that were not let in, by why.");
	for (i = ADMITTED + 1; i < ADMITS; i++)
		buf_addf(out,
		    "brbd_refused_connections_total{reason=\"%s\"} %llu\n",
		    admit_str((enum admit)i),
		    (unsigned long long)sessions->admission.refused[i]);
	metrics_head(out, "brbd_logins_total", "counter",
	    "Logins to accounts, by what.");
	for (i = PROOF_PASSWORD; i < PROOF_KINDS; i++)
		buf_addf(out, "brbd_logins_total{by=\"%s\"} %llu\n",
		    proof_kind_str((enum proof_kind)i),
		    (unsigned long long)sessions->logins[i]);
	if (sessions->verify != NULL)
		metrics_counter(out, "brbd_password_hashes_total",
		    "Hashes of passwords that were computed.",
		    verify_count(sessions->verify));
	metrics_head(out, "brbd_accept_pauses_total", "counter",
	    "How often nobody was accepted for a while, by why.");
	buf_addf(out,
	    "brbd_accept_pauses_total{reason=\"rate\"} %llu\n"
	    "brbd_accept_pauses_total{reason=\"resources\"} %llu\n",
	    (unsigned long long)net->accept_pauses_rate,
	    (unsigned long long)net->accept_pauses_resources);
}

static void
metrics_add_tls(struct buf *out, const struct net *net)
{
	const struct net_tls *tls = &net->tls;
	int i;

	metrics_counter(out, "brbd_tls_handshakes_total",
	    "TLS handshakes that came to a good end.", tls->stats.handshakes);
	metrics_head(out, "brbd_tls_failures_total", "counter",
	    "TLS handshakes that did not, by why.");
	for (i = 0; i < TLS_FAILURES; i++)
		buf_addf(out, "brbd_tls_failures_total{reason=\"%s\"} %llu\n",
		    tls_failure_str((enum tls_failure)i),
		    (unsigned long long)tls->stats.failures[i]);
	metrics_head(out, "brbd_tls_old_versions_total", "counter",
	    "Clients that know only older versions of TLS.");
	for (i = 0; i < TLS_OLD_VERSIONS; i++)
		buf_addf(out,
		    "brbd_tls_old_versions_total{version=\"%s\"} %llu\n",
		    net_tls_old_versions[i],
		    (unsigned long long)tls->stats.old_versions[i]);
	metrics_counter(out, "brbd_tls_broken_total",
	    "Connections that were closed for what is no TLS, later.",
	    tls->stats.broken);
	if (tls->context == NULL)
		return;
	metrics_head(out, "brbd_tls_certificate_expiry_seconds", "gauge",
	    "The time until the certificate expires.");
	buf_addf(out, "brbd_tls_certificate_expiry_seconds %lld\n",
	    (long long)(tls_context_expires_s(tls->context) -
		net->clock->wall_ms / 1000));
}

static void
metrics_add_web(struct buf *out, const struct net *net)
{
	const struct net_web *web = &net->web;
	size_t i;

	metrics_counter(out, "brbd_websockets_broken_total",
	    "WebSockets that were closed for what breaks RFC 6455.",
	    web->broken);
	metrics_head(out, "brbd_http_answers_total", "counter",
	    "Answers to requests of HTTP; 1xx are WebSockets that began.");
	for (i = 0; i < NITEMS(web->answers); i++)
		buf_addf(out,
		    "brbd_http_answers_total{status=\"%zuxx\"} %llu\n", i + 1,
		    (unsigned long long)web->answers[i]);
	metrics_head(out, "brbd_http_refused_total", "counter",
	    "Requests that were not let in, by what was wrong.");
	for (i = 0; i < NET_WEB_REFUSALS; i++)
		buf_addf(out, "brbd_http_refused_total{reason=\"%s\"} %llu\n",
		    net_web_refusals[i], (unsigned long long)web->refused[i]);
}

static void
metrics_add_turns(struct buf *out, const struct timing *timing)
{
	static const char name[] = "brbd_turn_duration_seconds";
	const struct histogram *h = &timing->callbacks;
	uint64_t count = 0;
	size_t i;

	metrics_head(out, name, "histogram",
	    "How long the loop was held by each of its callbacks.");
	for (i = 0; i < HISTOGRAM_BUCKETS; i++) {
		count += h->counts[i];
		buf_addf(out, "%s_bucket{le=\"%g\"} %llu\n", name,
		    (double)histogram_bounds_ns[i] / 1e9,
		    (unsigned long long)count);
	}
	buf_addf(out, "%s_bucket{le=\"+Inf\"} %llu\n", name,
	    (unsigned long long)h->count);
	buf_addf(out, "%s_sum %.9f\n%s_count %llu\n", name,
	    (double)h->sum_ns / 1e9, name, (unsigned long long)h->count);
	metrics_head(out, "brbd_turn_longest_seconds", "gauge",
	    "The longest of them, with the name of the callback as a label.");
	buf_addf(out, "brbd_turn_longest_seconds{callback=\"%s\"} %.9f\n",
	    timing->longest, (double)h->max_ns / 1e9);
}

static void
metrics_add_process(struct metrics *m, struct buf *out)
{
	struct process_usage usage;

	process_usage(&usage);
	metrics_head(out, "process_cpu_seconds_total", "counter",
	    "Time on the processor, user and system.");
	buf_addf(out, "process_cpu_seconds_total %.6f\n", usage.cpu_s);
	metrics_head(out, "process_start_time_seconds", "gauge",
	    "When the process was started, in Unix time.");
	buf_addf(out, "process_start_time_seconds %.3f\n",
	    (double)m->admin->started_wall_ms / 1000);
	if (usage.resident_bytes > 0) {
		metrics_gauge(out, "process_resident_memory_bytes",
		    "Memory that is resident.", usage.resident_bytes);
		metrics_gauge(out, "process_virtual_memory_bytes",
		    "Memory that is mapped.", usage.virtual_bytes);
	}
	if (usage.open_fds > 0)
		metrics_gauge(out, "process_open_fds",
		    "Descriptors that are open.", usage.open_fds);
	if (usage.max_fds > 0)
		metrics_gauge(out, "process_max_fds",
		    "Descriptors that may be open.", usage.max_fds);
}

/* The rooms, one family after another, as the format demands. */

static const struct {
	const char *name;
	const char *help;
} metrics_families[] = {
	{ "brbd_room_members", "People in the room." },
	{ "brbd_room_history_messages", "Messages that the history holds." },
	{ "brbd_room_history_bytes", "What of the history is filled." },
	{ "brbd_room_history_limit_bytes", "The size of the history." },
};

static uint64_t
metrics_of_room(const struct room *room, size_t family)
{
	const uint64_t values[NITEMS(metrics_families)] = {
		room->people_count,
		history_count(&room->history),
		history_used(&room->history),
		room->history.size,
	};

	return values[family];
}

static bool
metrics_add_rooms(struct metrics *m, struct buf *out,
    struct walk_budget *budget)
{
	struct chat *chat = m->admin->sessions->chat;
	const struct room *room;
	const char *name;

	for (; m->family < NITEMS(metrics_families); m->family++) {
		name = metrics_families[m->family].name;
		if (m->last[0] == '\0')
			metrics_head(out, name, "gauge",
			    metrics_families[m->family].help);
		while ((room = chat_room_after(chat, m->last)) != NULL) {
			memcpy(m->last, room->name, sizeof(m->last));
			if (modes_has(room, ROOM_SECRET))
				continue; /* not even that there is one */
			/* Room names hold nothing that needs escaping. */
			buf_addf(out, "%s{room=\"%s\"} %llu\n", name,
			    room->name,
			    (unsigned long long)metrics_of_room(room,
				m->family));
			if (out->len >= METRICS_PIECE || !walk_may_take(budget))
				return true;
		}
		m->last[0] = '\0';
	}
	return false;
}

bool
metrics_render(struct metrics *m, struct buf *out, struct walk_budget *budget)
{
	if (member_stats_take(&m->stats, &m->admin->sessions->chat->directory,
		budget))
		return true;
	if (!m->has_numbers) {
		m->has_numbers = true;
		metrics_add_members(m, out);
		metrics_add_traffic(m, out);
		metrics_add_tls(out, m->admin->sessions->net);
		metrics_add_web(out, m->admin->sessions->net);
		metrics_add_turns(out, m->admin->timing);
		metrics_add_process(m, out);
		return true;
	}
	return metrics_add_rooms(m, out, budget);
}

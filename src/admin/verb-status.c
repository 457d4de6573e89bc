/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The verb status: members are counted, then come the numbers, then the rooms,
 * each in as many pieces as it takes.
 */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "admin/admin.h"
#include "admin/member-stats.h"
#include "admin/verb.h"
#include "base/clock.h"
#include "base/process.h"
#include "net/tls-context.h"

#define STATUS_PIECE 8192

/* The addresses that use most, by what was said lately and then by their
 * connections. */
#define STATUS_ORIGINS 3
struct status_origin {
	struct credential credential;
	uint64_t said, connections, rooms, places, kept;
};

struct status {
	struct member_stats stats;
	struct credential last_origin;
	bool has_last_origin;
	bool has_origins;
	size_t origin_count;
	struct status_origin origins[STATUS_ORIGINS]; /* the heaviest first */
	bool has_numbers; /* the numbers are written; rooms follow */
	char last[ROOM_NAME_SIZE];
};

static size_t
status_members(const struct member_stats *stats)
{
	size_t members = 0;
	int i;

	for (i = 0; i < MEMBER_ACTIVITIES; i++)
		if (i != MEMBER_LOST)
			members += stats->counts[i];
	return members;
}

/* Adds the counters. */
static void
status_add_counts_json(struct verb_call *call)
{
	const struct sessions *sessions = call->admin->sessions;
	const struct chat *chat = sessions->chat;
	const struct net *net = sessions->net;
	struct json *j = &call->json;
	int i;

	json_number(j, "connections", sessions->admission.count);
	json_number(j, "connections_limit", call->admin->options->max_members);
	json_bool(j, "locked", sessions->admission.is_locked);
	json_number(j, "bans", sessions->chat->bans.count);
	json_number(j, "bookmarks", chat->departed.count);
	json_number(j, "conversations", chat->conversations.count);
	json_number(j, "messages", chat->messages);
	json_number(j, "deliveries", chat->deliveries);
	json_number(j, "writes", net->writes);
	json_number(j, "received_bytes", net->bytes_in);
	json_number(j, "sent_bytes", net->bytes_out);
	json_number(j, "fell_behind", chat->fell_behind);
	json_number(j, "gaps", chat->gaps);
	json_number(j, "throttled", sessions->throttled);
	json_object_open(j, "refused");
	for (i = ADMITTED + 1; i < ADMITS; i++)
		json_number(j, admit_str((enum admit)i),
		    sessions->admission.refused[i]);
	json_object_close(j);
	json_object_open(j, "accept_pauses");
	json_number(j, "rate", net->accept_pauses_rate);
	json_number(j, "resources", net->accept_pauses_resources);
	json_object_close(j);
}

static void
status_add_tls_json(struct verb_call *call)
{
	const struct net_tls *tls = &call->admin->sessions->net->tls;
	struct json *j = &call->json;
	int i;

	if (tls->context == NULL) {
		json_none(j, "tls");
		return;
	}
	json_object_open(j, "tls");
	json_text(j, "names", tls_context_names(tls->context));
	json_number(j, "expires",
	    (uint64_t)tls_context_expires_s(tls->context));
	json_number(j, "handshakes", tls->stats.handshakes);
	json_object_open(j, "failures");
	for (i = 0; i < TLS_FAILURES; i++)
		json_number(j, tls_failure_str((enum tls_failure)i),
		    tls->stats.failures[i]);
	json_object_close(j);
	json_object_close(j);
}

/* Adds value, unless it is 0: the system does not tell it. */
static void
status_add_known(struct json *j, const char *key, uint64_t value)
{
	if (value > 0)
		json_number(j, key, value);
	else
		json_none(j, key);
}

static void
status_add_usage(struct buf *out, const struct process_usage *usage)
{
	if (usage->resident_bytes > 0)
		buf_addf(out, "memory: %.1f MiB resident",
		    (double)usage->resident_bytes / 1048576);
	else
		buf_addstr(out, "memory: unknown");
	if (usage->open_fds > 0)
		buf_addf(out, "; %llu descriptors open\n",
		    (unsigned long long)usage->open_fds);
	else
		buf_addstr(out, "; how many descriptors are open is unknown\n");
}

static void
status_add_json(struct verb_call *call, const struct member_stats *stats,
    const struct process_usage *usage)
{
	const struct admin *admin = call->admin;
	const struct clock *clock = admin->sessions->net->clock;
	const struct timing *timing = admin->timing;
	const struct histogram *turns = &timing->callbacks;
	struct json *j = &call->json;
	int i;

	json_object_open(j, NULL);
	json_text(j, "version", PACKAGE_VERSION);
	json_number(j, "pid", (uint64_t)getpid());
	json_seconds(j, "uptime_seconds",
	    clock->mono_ms - admin->started_mono_ms);
	json_object_open(j, "members");
	for (i = 0; i < MEMBER_ACTIVITIES; i++)
		json_number(j, member_activity_str((enum member_activity)i),
		    stats->counts[i]);
	json_object_close(j);
	status_add_counts_json(call);
	json_object_open(j, "state");
	json_bool(j, "on_disk", admin->state->is_open);
	if (state_error(admin->state) == 0)
		json_none(j, "error");
	else
		json_text(j, "error", strerror(state_error(admin->state)));
	json_number(j, "rooms_without_file", admin->state->unkept_rooms);
	json_object_close(j);
	json_object_open(j, "clock");
	json_bool(j, "synchronised", clock->age->is_synchronised);
	json_seconds(j, "expiry_waits_seconds",
	    age_waits_ms(clock->age, clock->mono_ms));
	json_object_close(j);
	status_add_tls_json(call);
	status_add_known(j, "resident_bytes", usage->resident_bytes);
	status_add_known(j, "open_fds", usage->open_fds);
	json_object_open(j, "turn_seconds");
	json_number(j, "count", turns->count);
	json_decimal(j, "p50", (double)histogram_quantile_ns(turns, 50) / 1e9);
	json_decimal(j, "p99", (double)histogram_quantile_ns(turns, 99) / 1e9);
	json_decimal(j, "max", (double)turns->max_ns / 1e9);
	json_text(j, "longest", timing->longest);
	json_object_close(j);
}

static const char *
status_s(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void
status_add_traffic(struct verb_call *call)
{
	const struct sessions *sessions = call->admin->sessions;
	const struct chat *chat = sessions->chat;
	const struct net *net = sessions->net;
	struct buf *out = &call->out;
	int i;

	buf_addf(out,
	    "traffic: %llu message%s, %llu deliver%s, %llu write%s, %llu bytes "
	    "in, %llu out\n",
	    (unsigned long long)chat->messages, status_s(chat->messages),
	    (unsigned long long)chat->deliveries,
	    chat->deliveries == 1 ? "y" : "ies",
	    (unsigned long long)net->writes, status_s(net->writes),
	    (unsigned long long)net->bytes_in,
	    (unsigned long long)net->bytes_out);
	buf_addf(out, "held up: %llu fell behind, %llu gap%s, %llu throttled\n",
	    (unsigned long long)chat->fell_behind,
	    (unsigned long long)chat->gaps, status_s(chat->gaps),
	    (unsigned long long)sessions->throttled);
	buf_addstr(out, "refused:");
	for (i = ADMITTED + 1; i < ADMITS; i++)
		buf_addf(out, "%s %llu %s", i == ADMITTED + 1 ? "" : ",",
		    (unsigned long long)sessions->admission.refused[i],
		    admit_str((enum admit)i));
	buf_addf(out,
	    "; accepting paused %llu time%s for the rate, %llu for lack of "
	    "resources\n",
	    (unsigned long long)net->accept_pauses_rate,
	    status_s(net->accept_pauses_rate),
	    (unsigned long long)net->accept_pauses_resources);
}

static void
status_add_state(struct buf *out, const struct state *state)
{
	int error = state_error(state);

	if (!state->is_open)
		buf_addstr(out, "state: in memory only (state-dir is empty)\n");
	else if (error == 0)
		buf_addstr(out, "state: kept on the disk\n");
	else
		buf_addf(out,
		    "state: NOT ALL IS KEPT ON THE DISK: %s; rooms without a "
		    "file: %zu\n",
		    strerror(error), state->unkept_rooms);
}

static void
status_add_clock(struct buf *out, const struct clock *clock)
{
	const struct age *age = clock->age;
	int64_t jump_ms = age->jump_ms;
	char by[CLOCK_DURATION_SIZE], left[CLOCK_DURATION_SIZE];

	buf_addf(out, "clock: %s",
	    age->is_synchronised ?
		"synchronised" :
		"not synchronised, so time that the server is off does not "
		"count");
	if (age_waits_ms(age, clock->mono_ms) > 0) {
		clock_duration(jump_ms < 0 ? -jump_ms : jump_ms, by);
		clock_duration(age_waits_ms(age, clock->mono_ms), left);
		buf_addf(out,
		    "; IT HAS JUMPED %s by %s: nothing expires for %s",
		    jump_ms < 0 ? "back" : "ahead", by, left);
	}
	buf_addch(out, '\n');
}

static void
status_add_tls(struct buf *out, const struct net *net)
{
	const struct net_tls *tls = &net->tls;
	time_t expires_s;
	uint64_t failed = 0;
	struct tm tm;
	char date[16];
	int64_t days;
	int i;

	if (tls->context == NULL)
		return;
	for (i = 0; i < TLS_FAILURES; i++)
		failed += tls->stats.failures[i];
	expires_s = (time_t)tls_context_expires_s(tls->context);
	(void)gmtime_r(&expires_s, &tm);
	(void)strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	days = (expires_s - net->clock->wall_ms / 1000) / 86400;
	buf_addf(out,
	    "TLS: %s, until %s (%lld day%s); %llu handshake%s, %llu "
	    "failed\n",
	    tls_context_names(tls->context), date, (long long)days,
	    days == 1 ? "" : "s", (unsigned long long)tls->stats.handshakes,
	    status_s(tls->stats.handshakes), (unsigned long long)failed);
}

static void
status_add_text(struct verb_call *call, const struct member_stats *stats,
    const struct process_usage *usage)
{
	const struct admin *admin = call->admin;
	const struct chat *chat = admin->sessions->chat;
	const struct timing *timing = admin->timing;
	const struct histogram *turns = &timing->callbacks;
	char uptime[CLOCK_DURATION_SIZE];
	struct buf *out = &call->out;

	clock_duration(admin->sessions->net->clock->mono_ms -
		admin->started_mono_ms,
	    uptime);
	buf_addf(out, "%s: up %s, pid %ld%s\n", PACKAGE_STRING, uptime,
	    (long)getpid(),
	    admin->sessions->admission.is_locked ? ", locked" : "");
	buf_addf(out,
	    "members: %zu of %llu (%zu live, %zu on break, %zu slow, %zu "
	    "catching up), and %zu lost\n",
	    status_members(stats),
	    (unsigned long long)admin->options->max_members,
	    stats->counts[MEMBER_LIVE], stats->counts[MEMBER_ON_BREAK],
	    stats->counts[MEMBER_SLOW], stats->counts[MEMBER_CATCHING_UP],
	    stats->counts[MEMBER_LOST]);
	buf_addf(out, "places kept: %zu of %llu; bans: %zu\n",
	    chat->departed.count,
	    (unsigned long long)admin->options->max_bookmarks,
	    admin->sessions->chat->bans.count);
	buf_addf(out, "conversations kept: %zu of %llu\n",
	    chat->conversations.count,
	    (unsigned long long)admin->options->max_conversations);
	status_add_state(out, admin->state);
	status_add_clock(out, admin->sessions->net->clock);
	status_add_tls(out, admin->sessions->net);
	status_add_traffic(call);
	status_add_usage(out, usage);
	buf_addf(out,
	    "turns of the loop: %llu, half of them within %.2f ms, 99%% within "
	    "%.2f ms, the longest %.2f ms (%s)\n",
	    (unsigned long long)turns->count,
	    (double)histogram_quantile_ns(turns, 50) / 1e6,
	    (double)histogram_quantile_ns(turns, 99) / 1e6,
	    (double)turns->max_ns / 1e6, timing->longest);
}

static void
status_add_room(struct verb_call *call, const struct room *room)
{
	const struct history *h = &room->history;
	struct json *j = &call->json;

	if (!call->is_json) {
		buf_addf(&call->out,
		    "  %s: %zu here, %llu message%s held, history %.0f%% full\n",
		    room->name, room->people_count,
		    (unsigned long long)history_count(h),
		    status_s(history_count(h)),
		    100.0 * (double)history_used(h) / (double)h->size);
		return;
	}
	json_object_open(j, NULL);
	json_text(j, "name", room->name);
	json_number(j, "members", room->people_count);
	json_number(j, "messages_held", history_count(h));
	json_number(j, "history_bytes", history_used(h));
	json_number(j, "history_limit_bytes", h->size);
	json_object_close(j);
}

static bool
status_origin_is_heavier(const struct status_origin *a,
    const struct status_origin *b)
{
	return a->said != b->said ? a->said > b->said :
				    a->connections > b->connections;
}

static void
status_take_origin(struct status *status, const struct origin *o)
{
	const struct status_origin taken = {
		.credential = o->credential,
		.said = origin_said(o),
		.connections = o->held[ORIGIN_CONNECTIONS],
		.rooms = o->held[ORIGIN_ROOMS],
		.places = o->held[ORIGIN_PASSERS] + o->held[ORIGIN_PLACES],
		.kept = o->held[ORIGIN_KEPT],
	};
	size_t i = status->origin_count;

	if (i == STATUS_ORIGINS) {
		if (!status_origin_is_heavier(&taken, &status->origins[i - 1]))
			return;
		i--;
	} else
		status->origin_count++;
	for (;
	     i > 0 && status_origin_is_heavier(&taken, &status->origins[i - 1]);
	     i--)
		status->origins[i] = status->origins[i - 1];
	status->origins[i] = taken;
}

/* True: there are more. */
static bool
status_take_origins(struct status *status, struct origins *all,
    struct walk_budget *budget)
{
	const struct origin *o;

	while (!status->has_origins) {
		o = origins_after(all,
		    status->has_last_origin ? &status->last_origin : NULL);
		status->has_origins = o == NULL;
		if (o == NULL)
			break;
		status->last_origin = o->credential;
		status->has_last_origin = true;
		status_take_origin(status, o);
		if (!walk_may_take(budget))
			return true;
	}
	return false;
}

static void
status_add_origins(struct verb_call *call, const struct status *status)
{
	const struct status_origin *o;
	struct json *j = &call->json;
	char from[CREDENTIAL_STR_SIZE];

	if (call->is_json)
		json_array_open(j, "origins");
	else
		buf_addstr(&call->out, "who uses most:\n");
	for (o = status->origins; o < status->origins + status->origin_count;
	     o++) {
		accounts_str(&call->admin->sessions->chat->accounts,
		    &o->credential, from);
		if (!call->is_json) {
			buf_addf(&call->out,
			    "  %s: %llu connection%s, %llu bytes said lately, "
			    "%llu room%s made, %llu place%s, %llu bytes "
			    "kept\n",
			    from, (unsigned long long)o->connections,
			    status_s(o->connections),
			    (unsigned long long)o->said,
			    (unsigned long long)o->rooms, status_s(o->rooms),
			    (unsigned long long)o->places, status_s(o->places),
			    (unsigned long long)o->kept);
			continue;
		}
		json_object_open(j, NULL);
		json_text(j, "from", from);
		json_number(j, "connections", o->connections);
		json_number(j, "said_bytes", o->said);
		json_number(j, "rooms", o->rooms);
		json_number(j, "places", o->places);
		json_number(j, "kept_bytes", o->kept);
		json_object_close(j);
	}
	if (call->is_json) {
		json_array_close(j);
		json_array_open(j, "rooms");
	} else
		buf_addf(&call->out, "rooms: %zu of %llu\n",
		    call->admin->sessions->chat->count,
		    (unsigned long long)call->admin->options->max_rooms);
}

enum verb_result
verb_run_status(struct verb_call *call)
{
	struct chat *chat = call->admin->sessions->chat;
	struct status *status = call->state;
	struct process_usage usage;
	const struct room *room;

	if (status == NULL)
		call->state = status = xcalloc(1, sizeof(*status));
	if (member_stats_take(&status->stats, &chat->directory, call->budget))
		return VERB_MORE;
	if (status_take_origins(status, &chat->origins, call->budget))
		return VERB_MORE;
	if (!status->has_numbers) {
		process_usage(&usage);
		if (call->is_json)
			status_add_json(call, &status->stats, &usage);
		else
			status_add_text(call, &status->stats, &usage);
		status_add_origins(call, status);
		status->has_numbers = true;
	}
	while ((room = chat_room_after(chat, status->last)) != NULL) {
		if (call->out.len >= STATUS_PIECE ||
		    !walk_may_take(call->budget))
			return VERB_MORE;
		memcpy(status->last, room->name, sizeof(status->last));
		status_add_room(call, room);
	}
	return verb_end_list(call);
}

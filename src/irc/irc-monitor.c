/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * MONITOR (IRCv3 monitor): clients watch nicks and are told when they come and
 * go; with extended-monitor also what people who share a room are told.
 *
 *   session ──► struct irc_monitor ──► watch ──► nick ◄── struct irc_watched
 *
 * All watched nicks are in one tree, so that an event of one nick costs only as
 * much as those who watch it. The room layer calls a hook (directory.h), which
 * is set while anything is watched; it knows nothing of sessions.
 *
 * Each watch remembers what its client was last told. A client that does not
 * read is not told, which bounds its output, and is told what has changed when
 * it reads on: nobody is left with a wrong list.
 */
#include "config.h"

#include <assert.h>
#include <bsd/string.h>
#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fields.h"
#include "base/nick.h"
#include "base/util.h"
#include "irc/irc.h"
#include "net/conn.h"
#include "room/directory.h"
#include "room/roommates.h"
#include "session/session.h"

#define MONITOR_REFUSED_BYTES 300 /* of what did not fit, in 734 */

struct monitor_nick;

struct monitor_watch {
	LIST_ENTRY(monitor_watch) in_session;
	LIST_ENTRY(monitor_watch) in_nick;
	struct session *session;
	struct monitor_nick *nick;
	bool is_told_online; /* as far as the client knows */
	char shown[NICK_SIZE]; /* as typed by the client, or as seen */
};

/* A nick that somebody watches. */
struct monitor_nick {
	RB_ENTRY(monitor_nick) entry;
	LIST_HEAD(, monitor_watch) watches;
	bool is_online;
	char folded[NICK_SIZE];
};

RB_HEAD(monitor_nicks, monitor_nick);

/* The watches of one client. */
struct irc_monitor {
	LIST_HEAD(, monitor_watch) watches;
	size_t count;
};

/* All that is watched: sessions->watched. */
struct irc_watched {
	struct monitor_nicks nicks;
	struct directory_watch hook;
	struct buf line; /* scratch */
};

static int
monitor_nick_cmp(const struct monitor_nick *a, const struct monitor_nick *b)
{
	return strcmp(a->folded, b->folded);
}

RB_GENERATE_INTERNAL(monitor_nicks, monitor_nick, entry, monitor_nick_cmp,
    UNUSED static)

static struct monitor_nick *
monitor_find(struct irc_watched *watched, const char *nick)
{
	struct monitor_nick key;

	if (strlen(nick) > NICK_MAX)
		return NULL;
	nick_fold(key.folded, nick);
	return RB_FIND(monitor_nicks, &watched->nicks, &key);
}

/* Telling */

/* Sends ":server NUM nick :text", and not as part of an answer. False: they do
 * not read. */
static bool
monitor_send(struct irc_watched *watched, struct session *s, unsigned number,
    const char *text)
{
	struct buf *line = &watched->line;

	buf_reset(line);
	buf_addf(line, ":%s %03u %s :%s\r\n", irc_server(s), number,
	    irc_nick(s), text);
	return conn_send(s->conn, line->data, line->len) == 0;
}

/* Tells w's client the present state, unless it knows it. */
static void
monitor_tell(struct irc_watched *watched, struct monitor_watch *w)
{
	struct session *s = w->session;
	const struct member *m;
	struct buf who = BUF_INITIALIZER;

	if (w->is_told_online == w->nick->is_online || s->has_left)
		return;
	if (w->nick->is_online) {
		m = directory_find(&s->all->chat->directory, w->nick->folded);
		assert(m != NULL);
		irc_add_mask(&who, m);
		(void)strlcpy(w->shown, m->nick, sizeof(w->shown));
	} else
		buf_addstr(&who, w->shown);
	if (monitor_send(watched, s, w->nick->is_online ? 730 : 731,
		buf_cstr(&who)))
		w->is_told_online = w->nick->is_online;
	buf_fini(&who);
}

void
irc_monitor_drained(struct session *s)
{
	struct irc_monitor *monitor = irc_of(s)->monitor;
	struct monitor_watch *w;

	if (monitor == NULL)
		return;
	LIST_FOREACH(w, &monitor->watches, in_session)
		monitor_tell(s->all->watched, w);
}

/* The nick is in use now, or no more. */
static void
monitor_changed(struct irc_watched *watched, const char *name, bool is_online)
{
	struct monitor_nick *nick = monitor_find(watched, name);
	struct monitor_watch *w;

	if (nick == NULL)
		return;
	nick->is_online = is_online;
	LIST_FOREACH(w, &nick->watches, in_nick) {
		if (!is_online)
			(void)strlcpy(w->shown, name, sizeof(w->shown));
		monitor_tell(watched, w);
	}
}

static void
monitor_used_cb(const struct member *m, void *arg)
{
	monitor_changed(arg, m->folded, true);
}

static void
monitor_freed_cb(const char *name, void *arg)
{
	monitor_changed(arg, name, false);
}

/* extended-monitor: those told as roommates are not told again. */
static bool
monitor_is_for(const struct session *s, const struct member *m,
    enum event_kind kind)
{
	if (s->has_left || s->member == NULL || s->member == m ||
	    !irc_has(s, IRC_CAP_EXTENDED_MONITOR) ||
	    roommates_was_told(s->member))
		return false;
	return (kind == EVENT_SYNC_AWAY && irc_has(s, IRC_CAP_AWAY_NOTIFY)) ||
	    (kind == EVENT_SYNC_SETNAME && irc_has(s, IRC_CAP_SETNAME)) ||
	    (kind == EVENT_SYNC_ACCOUNT && irc_has(s, IRC_CAP_ACCOUNT_NOTIFY));
}

static void
monitor_told_cb(const struct member *m, const struct event *event, void *arg)
{
	struct irc_watched *watched = arg;
	struct monitor_nick *nick = monitor_find(watched, m->folded);
	struct monitor_watch *w;
	struct buf *line = &watched->line;

	if (nick == NULL)
		return;
	LIST_FOREACH(w, &nick->watches, in_nick) {
		if (!monitor_is_for(w->session, m, event->kind))
			continue;
		buf_reset(line);
		dialect_render(irc_dialect(irc_of(w->session)->caps), line,
		    event);
		/* Those who do not read will ask again, if they care. */
		(void)!conn_send(w->session->conn, line->data, line->len);
	}
}

/* Watching */

static struct irc_watched *
monitor_watched(struct sessions *all)
{
	struct irc_watched *watched = all->watched;

	if (watched != NULL)
		return watched;
	watched = xcalloc(1, sizeof(*watched));
	RB_INIT(&watched->nicks);
	watched->hook.used = monitor_used_cb;
	watched->hook.freed = monitor_freed_cb;
	watched->hook.shown = monitor_told_cb;
	watched->hook.arg = watched;
	all->watched = watched;
	all->chat->directory.watch = &watched->hook;
	return watched;
}

/* Called when nobody watches anything any more. */
static void
monitor_watched_end(struct sessions *all)
{
	if (all->watched == NULL || !RB_EMPTY(&all->watched->nicks))
		return;
	all->chat->directory.watch = NULL;
	buf_fini(&all->watched->line);
	free(all->watched);
	all->watched = NULL;
}

static struct monitor_nick *
monitor_nick_get(struct sessions *all, const char *name)
{
	struct irc_watched *watched = monitor_watched(all);
	struct monitor_nick *nick = monitor_find(watched, name);

	if (nick != NULL)
		return nick;
	nick = xcalloc(1, sizeof(*nick));
	nick_fold(nick->folded, name);
	nick->is_online = directory_find(&all->chat->directory, name) != NULL;
	LIST_INIT(&nick->watches);
	RB_INSERT(monitor_nicks, &watched->nicks, nick);
	return nick;
}

static struct monitor_watch *
monitor_find_watch(struct session *s, const char *name)
{
	const struct irc_monitor *monitor = irc_of(s)->monitor;
	struct monitor_watch *w;
	char folded[NICK_SIZE];

	if (monitor == NULL || strlen(name) > NICK_MAX)
		return NULL;
	nick_fold(folded, name);
	LIST_FOREACH(w, &monitor->watches, in_session)
		if (strcmp(w->nick->folded, folded) == 0)
			return w;
	return NULL;
}

/* Adds a watch that s does not have; there is room. */
static struct monitor_watch *
monitor_add(struct session *s, const char *name)
{
	struct irc *irc = irc_of(s);
	struct monitor_watch *w = xcalloc(1, sizeof(*w));

	if (irc->monitor == NULL) {
		irc->monitor = xcalloc(1, sizeof(*irc->monitor));
		LIST_INIT(&irc->monitor->watches);
	}
	w->session = s;
	w->nick = monitor_nick_get(s->all, name);
	w->is_told_online = w->nick->is_online;
	(void)strlcpy(w->shown, name, sizeof(w->shown));
	LIST_INSERT_HEAD(&irc->monitor->watches, w, in_session);
	LIST_INSERT_HEAD(&w->nick->watches, w, in_nick);
	irc->monitor->count++;
	return w;
}

static void
monitor_remove(struct monitor_watch *w)
{
	struct session *s = w->session;
	struct monitor_nick *nick = w->nick;

	LIST_REMOVE(w, in_session);
	LIST_REMOVE(w, in_nick);
	irc_of(s)->monitor->count--;
	free(w);
	if (LIST_EMPTY(&nick->watches)) {
		RB_REMOVE(monitor_nicks, &s->all->watched->nicks, nick);
		free(nick);
	}
}

void
irc_monitor_free(struct session *s)
{
	struct irc *irc = irc_of(s);
	struct monitor_watch *w;

	if (irc->monitor == NULL)
		return;
	while ((w = LIST_FIRST(&irc->monitor->watches)) != NULL)
		monitor_remove(w);
	free(irc->monitor);
	irc->monitor = NULL;
	monitor_watched_end(s->all);
}

/* The command */

/* The lines of 730 and 731. */
struct monitor_status {
	struct irc_list online, offline;
};

static void
monitor_status_begin(struct monitor_status *status, struct session *s)
{
	irc_list_begin(&status->online, s, 730, ',', ":");
	irc_list_begin(&status->offline, s, 731, ',', ":");
}

static void
monitor_status_add(struct monitor_status *status, struct monitor_watch *w)
{
	struct session *s = w->session;
	struct buf who = BUF_INITIALIZER;

	w->is_told_online = w->nick->is_online;
	if (w->nick->is_online) {
		irc_add_mask(&who,
		    directory_find(&s->all->chat->directory, w->nick->folded));
		irc_list_add(&status->online, buf_cstr(&who));
	} else
		irc_list_add(&status->offline, w->shown);
	buf_fini(&who);
}

static void
monitor_status_end(struct monitor_status *status)
{
	irc_list_end(&status->online);
	irc_list_end(&status->offline);
}

/* Sends 734: name, and the rest of the list, could not be added. */
static void
monitor_full(struct session *s, const char *name, const char *rest)
{
	struct buf names = BUF_INITIALIZER;
	struct buf *out;

	buf_addf(&names, "%s%s%s", name, rest == NULL ? "" : ",",
	    rest == NULL ? "" : rest);
	out = irc_begin(s, NULL);
	buf_addf(out, "734 %s %d", irc_nick(s), IRC_MONITOR_MAX);
	irc_add_middle(out, buf_cstr(&names), MONITOR_REFUSED_BYTES);
	buf_addstr(out, " :Monitor list is full.");
	irc_end(s);
	buf_fini(&names);
}

static void
monitor_plus(struct session *s, char *names)
{
	struct irc *irc = irc_of(s);
	struct monitor_status status;
	struct monitor_watch *w;
	char *rest = names, *name;

	monitor_status_begin(&status, s);
	while ((name = strsep(&rest, ",")) != NULL) {
		if (*name == '\0')
			continue;
		/* Nobody can have such a nick. Masks are no nicks, either
		 * (monitor, "MONITOR Command"). */
		if (!irc_is_nick(name))
			continue;
		w = monitor_find_watch(s, name);
		if (w == NULL && irc->monitor != NULL &&
		    irc->monitor->count >= IRC_MONITOR_MAX) {
			monitor_full(s, name, rest);
			break;
		}
		if (w == NULL)
			w = monitor_add(s, name);
		monitor_status_add(&status, w);
	}
	monitor_status_end(&status);
}

static void
monitor_minus(struct session *s, char *names)
{
	struct monitor_watch *w;
	char *name;

	while ((name = strsep(&names, ",")) != NULL) {
		w = monitor_find_watch(s, name);
		if (w != NULL)
			monitor_remove(w);
	}
	if (irc_of(s)->monitor != NULL && irc_of(s)->monitor->count == 0)
		irc_monitor_free(s);
}

static void
monitor_show_list(struct session *s)
{
	const struct irc_monitor *monitor = irc_of(s)->monitor;
	struct irc_list list;
	struct monitor_watch *w;

	irc_list_begin(&list, s, 732, ',', ":");
	if (monitor != NULL)
		LIST_FOREACH(w, &monitor->watches, in_session)
			irc_list_add(&list, w->shown);
	irc_list_end(&list);
	irc_numeric(s, 733, ":End of MONITOR list");
}

static void
monitor_show_status(struct session *s)
{
	const struct irc_monitor *monitor = irc_of(s)->monitor;
	struct monitor_status status;
	struct monitor_watch *w;

	if (monitor == NULL)
		return;
	monitor_status_begin(&status, s);
	LIST_FOREACH(w, &monitor->watches, in_session)
		monitor_status_add(&status, w);
	monitor_status_end(&status);
}

void
irc_monitor_run(struct session *s, struct irc_message *msg)
{
	const char *what = msg->argv[0];
	char letter = what[0] != '\0' && what[1] == '\0' ? what[0] : '\0';

	if ((letter == '+' || letter == '-') && msg->argc < 2) {
		irc_need_more_params(s, "MONITOR");
		return;
	}
	switch (letter) {
	case '+':
		monitor_plus(s, msg->argv[1]);
		break;
	case '-':
		monitor_minus(s, msg->argv[1]);
		break;
	case 'C':
	case 'c':
		irc_monitor_free(s);
		break;
	case 'L':
	case 'l':
		monitor_show_list(s);
		break;
	case 'S':
	case 's':
		monitor_show_status(s);
		break;
	default:
		irc_numeric(s, 400,
		    "MONITOR :It takes +, -, C, L or S; see HELP MONITOR");
		break;
	}
}

/* Upgrades */

static const struct field watch_list[] = {
	{ FIELD_STRING(1, struct monitor_watch, shown) },
	{ FIELD_BOOL(2, struct monitor_watch, is_told_online) },
};
static const struct fields watch_fields = { FIELDS("a watched nick",
    struct monitor_watch, watch_list) };

void
irc_monitor_put(struct fields_out *out, const struct field *f, const void *base)
{
	const struct irc *irc = base;
	const struct monitor_watch *w;

	if (irc->monitor != NULL)
		LIST_FOREACH(w, &irc->monitor->watches, in_session)
			fields_put_item(out, f->tag, &watch_fields, w);
}

bool
irc_monitor_get(struct fields_in *in, const struct field *f, void *base,
    const struct tlv *item)
{
	struct session *s = in->arg;
	const struct irc *irc = base;
	struct monitor_watch got;

	(void)f;
	memset(&got, 0, sizeof(got));
	if (!fields_get(in, &watch_fields, item, &got) ||
	    !irc_is_nick(got.shown) ||
	    monitor_find_watch(s, got.shown) != NULL ||
	    (irc->monitor != NULL && irc->monitor->count >= IRC_MONITOR_MAX))
		return false;
	monitor_add(s, got.shown)->is_told_online = got.is_told_online;
	return true;
}

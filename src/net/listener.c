/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Listening sockets, and what they share. Decided against: libevent's
 * evconnlistener, which accepts until nobody waits, so a connect flood keeps it
 * busy (hostile 43), and reports every error to its owner.
 *
 * A reload opens the new sockets beside the old ones, and closes old ones only
 * when all of the new set is open. So a reload that fails changes nothing, and
 * one that keeps an address never stops listening there. The kernel refuses
 * *:4272 beside localhost:4272 unless both agree to share the port
 * (SO_REUSEPORT). They do so only while the new one is being bound; else
 * another server could come in beside us unnoticed.
 *
 * An address that no interface has, as that of a network which is not up yet,
 * is bound all the same (IP_FREEBIND), so that nothing has to be tried again;
 * but not if that is so for all that we would listen on.
 */
#include "config.h"

#include <sys/socket.h>

#include <netdb.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <bsd/sys/queue.h>
#include <bsd/unistd.h>

#include "net/callback.h"
#include "net/listener-impl.h"

/* How long accepting pauses when there are no descriptors left. */
#define LISTENER_EXHAUSTED_MS 100

/* Tries to find a port that is free on all addresses of a name. */
#define LISTENER_PORT_TRIES 16

/* Everybody who can reach the directory may connect. */
static const struct listener_access listener_everybody = { 0666, (gid_t)-1 };

/* Accepting */

void
listeners_update(struct listeners *all)
{
	bool is_open = !all->gate.is_set;
	struct listener *l;

	TAILQ_FOREACH(l, &all->open, entry) {
		if (is_open)
			event_add(l->event, NULL);
		else
			event_del(l->event);
	}
}

static void
listeners_gate_cb(void *arg)
{
	listeners_update(arg);
}

static void
listeners_hold(struct listeners *all, int64_t ms)
{
	deadline_set(all->net->deadlines, &all->gate,
	    all->net->clock->mono_ms + ms);
	listeners_update(all);
}

static void
listeners_open_spare(struct listeners *all)
{
	if (all->spare_fd == -1)
		all->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int
listener_accept(struct listener *l, struct sockaddr_storage *ss)
{
	socklen_t len = sizeof(*ss);
	int fd;

#ifdef HAVE_ACCEPT4
	fd = accept4(l->fd, (struct sockaddr *)ss, &len,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
	fd = accept(l->fd, (struct sockaddr *)ss, &len);
	if (fd != -1 && listener_set_flags(fd) == -1) {
		close(fd);
		errno = ECONNABORTED;
		return -1;
	}
#endif
	return fd;
}

/* Handles an error of accept(). Is it worth trying again at once? */
static bool
listener_accept_failed(struct listener *l, int error)
{
	struct listeners *all = l->all;
	struct sockaddr_storage ss;
	int fd;

	switch (error) {
	case EAGAIN:
#if EWOULDBLOCK != EAGAIN
	case EWOULDBLOCK:
#endif
		return false;
	/* These concern only the connection in question: accept(2), and hostile
	 * 45. */
	case EINTR:
	case ECONNABORTED:
	case EPERM:
	case EPROTO:
	case ENOPROTOOPT:
	case EOPNOTSUPP:
	case ENETDOWN:
	case ENETUNREACH:
	case EHOSTDOWN:
	case EHOSTUNREACH:
#ifdef ENONET
	case ENONET:
#endif
		return true;
	case EMFILE:
	case ENFILE:
		/* Hostile 44. */
		if (all->spare_fd != -1) {
			close(all->spare_fd);
			all->spare_fd = -1;
			if ((fd = listener_accept(l, &ss)) != -1)
				close(fd);
			listeners_open_spare(all);
		}
		break;
	default:
		break; /* ENOBUFS, ENOMEM */
	}
	log_limited(&all->limit, all->net->clock->mono_ms, LOG_LEVEL_WARNING,
	    "cannot accept on %s: %s", l->name, strerror(error));
	all->net->accept_pauses_resources++;
	listeners_hold(all, LISTENER_EXHAUSTED_MS);
	return false;
}

static void
listener_admit(struct listener *l, int fd, const struct sockaddr_storage *ss)
{
	struct listener_peer peer = { .protocols = l->protocols };
	uid_t uid;
	gid_t unused;

	if (l->is_unix) {
		if (getpeereid(fd, &uid, &unused) == -1) {
			log_debug("cannot tell who connects to %s: %s", l->name,
			    strerror(errno));
			close(fd);
			return;
		}
		peer.credential = credential_from_uid(uid);
	} else {
		peer.credential =
		    credential_from_address((const struct sockaddr *)ss);
		peer.is_tcp = true;
	}
	l->all->accepted(fd, &peer, l->all->arg);
}

static void
listener_accept_some(struct listener *l)
{
	struct listeners *all = l->all;
	struct sockaddr_storage ss;
	int fd;

	listeners_open_spare(all);
	for (int n = 0; n < LISTENER_ACCEPTS_PER_TURN; n++) {
		if ((fd = listener_accept(l, &ss)) == -1) {
			if (!listener_accept_failed(l, errno))
				return;
			continue;
		}
		listener_admit(l, fd, &ss);
	}
}

CALLBACK(listener_accept_some, struct listener, owner->all->net->clock)

/* The set of sockets */

struct listeners *
listeners_new(struct net *net, listener_accepted *accepted, void *arg)
{
	struct listeners *all = xcalloc(1, sizeof(*all));

	all->net = net;
	all->accepted = accepted;
	all->arg = arg;
	all->spare_fd = -1;
	all->access = listener_everybody;
	TAILQ_INIT(&all->open);
	TAILQ_INIT(&all->fresh);
	deadline_init(&all->gate, listeners_gate_cb, all);
	listeners_open_spare(all);
	return all;
}

static void
listener_queue_free(struct listener_queue *queue)
{
	struct listener *l;

	while ((l = TAILQ_FIRST(queue)) != NULL) {
		TAILQ_REMOVE(queue, l, entry);
		listener_free(l);
	}
}

void
listeners_free(struct listeners *all)
{
	if (all == NULL)
		return;
	listener_queue_free(&all->open);
	listener_queue_free(&all->fresh);
	deadline_clear(all->net->deadlines, &all->gate);
	if (all->spare_fd != -1)
		close(all->spare_fd);
	free(all);
}

static void
listener_keep(struct listener *l, const struct listener_spec *spec)
{
	l->next_address = xstrdup(spec->address);
	l->next_protocols = xstrdup(spec->protocols);
}

/* Keeps what was opened for the same text. Was there any? */
static bool
listeners_keep(struct listeners *all, const struct listener_spec *spec)
{
	struct listener *l;
	bool is_open = false;

	TAILQ_FOREACH(l, &all->open, entry) {
		if (strcmp(l->address, spec->address) == 0 &&
		    l->next_address == NULL) {
			listener_keep(l, spec);
			is_open = true;
		}
	}
	return is_open;
}

/* The listener that takes connections to sa already, or NULL. */
static struct listener *
listeners_find_bound(struct listeners *all, const struct sockaddr *sa)
{
	struct listener *l;

	TAILQ_FOREACH(l, &all->open, entry) {
		if (listener_covers(l, sa))
			return l;
	}
	return NULL;
}

/* Has ai occurred before in list, as 127.0.0.1 does with some /etc/hosts? */
static bool
listener_is_repeated(const struct addrinfo *list, const struct addrinfo *ai)
{
	for (const struct addrinfo *a = list; a != ai; a = a->ai_next) {
		if (a->ai_addrlen == ai->ai_addrlen &&
		    memcmp(a->ai_addr, ai->ai_addr, ai->ai_addrlen) == 0)
			return true;
	}
	return false;
}

/* Makes those of ours that are in sa's way share the port with it, or stops
 * that. */
static bool
listeners_share(struct listeners *all, const struct sockaddr *sa,
    bool is_shared)
{
	struct listener *l;
	bool any = false;

	TAILQ_FOREACH(l, &all->open, entry) {
		if (!l->is_unix && l->inherited_protocols == NULL &&
		    l->next_address == NULL &&
		    listener_is_in_the_way((struct sockaddr *)&l->bound, sa)) {
			listener_share(l, is_shared);
			any = true;
		}
	}
	return any;
}

/* Binds a new one. Returns NULL with errno. */
static struct listener *
listeners_bind(struct listeners *all, const struct listener_spec *spec,
    const struct addrinfo *ai, in_port_t *port, enum listener_bind how)
{
	struct listener *l = listener_new(all, spec);
	int error = 0;

	if (listener_bind_tcp(l, ai->ai_addr, ai->ai_addrlen, port, how) == 0)
		return l;
	error = errno;
	listener_free(l);
	l = NULL;
	if (error == EADDRINUSE && listeners_share(all, ai->ai_addr, true)) {
		l = listener_new(all, spec);
		if (listener_bind_tcp(l, ai->ai_addr, ai->ai_addrlen, port,
			LISTENER_BIND_SHARED) == -1) {
			error = errno;
			listener_free(l);
			l = NULL;
		}
		(void)listeners_share(all, ai->ai_addr, false);
	}
	errno = error;
	return l;
}

/* Opens, or keeps, a socket for each address in list. Appends to fresh, even
 * when it fails. Returns 0, or -1 with errno. */
static int
listeners_open_list(struct listeners *all, const struct listener_spec *spec,
    const struct addrinfo *list, enum listener_bind how,
    struct listener_queue *fresh)
{
	in_port_t port = 0; /* the first one's; the others follow it */
	bool any = false;
	int error = EADDRNOTAVAIL;
	struct listener *l;

	for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next) {
		if (listener_is_repeated(list, ai))
			continue;
		l = listeners_find_bound(all, ai->ai_addr);
		if (l != NULL) {
			/* One inherited may cover several addresses. */
			if (l->next_address == NULL)
				listener_keep(l, spec);
			else if (l->inherited_protocols == NULL) {
				errno = EADDRINUSE;
				return -1;
			}
			any = true;
			continue;
		}
		l = listeners_bind(all, spec, ai, &port, how);
		if (l != NULL) {
			l->is_absent = how == LISTENER_BIND_ABSENT;
			TAILQ_INSERT_TAIL(fresh, l, entry);
			any = true;
			continue;
		}
		error = errno;
		if (error != EAFNOSUPPORT && error != EADDRNOTAVAIL) {
			errno = error;
			return -1;
		}
	}
	errno = error;
	return any ? 0 : -1;
}

static const char *
listeners_open_tcp(struct listeners *all, const struct listener_spec *spec,
    struct listener_queue *fresh)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV },
			*list;
	struct listener_queue opened = TAILQ_HEAD_INITIALIZER(opened);
	enum listener_bind how = LISTENER_BIND_ALONE;
	int tries = LISTENER_PORT_TRIES, result, error = 0;

	if (spec->is_bracketed)
		hints.ai_flags |= AI_NUMERICHOST;
	result = getaddrinfo(spec->host, spec->port, &hints, &list);
	if (result != 0 && spec->host != NULL &&
	    strcasecmp(spec->host, "localhost") == 0) {
		/* localhost is this machine even where nothing says so (RFC
		 * 6761 section 6.3): no host and not passive means loopback. */
		hints.ai_flags = AI_NUMERICSERV;
		result = getaddrinfo(NULL, spec->port, &hints, &list);
	}
	if (result != 0)
		return result == EAI_SYSTEM ? strerror(errno) :
					      gai_strerror(result);

	while ((result = listeners_open_list(all, spec, list, how, &opened)) ==
	    -1) {
		error = errno;
		listener_queue_free(&opened);
		/* The network may come up later than we do. */
		if (error == EADDRNOTAVAIL && how == LISTENER_BIND_ALONE) {
			how = LISTENER_BIND_ABSENT;
			continue;
		}
		/* Port 0: the first address's port may be taken on the next. */
		if (error != EADDRINUSE || atoi(spec->port) != 0 ||
		    --tries == 0)
			break;
	}
	freeaddrinfo(list);
	if (result == -1)
		return strerror(error);
	TAILQ_CONCAT(fresh, &opened, entry);
	return NULL;
}

static const char *
listeners_open_unix(struct listeners *all, const struct listener_spec *spec,
    struct listener_queue *fresh)
{
	struct listener *l = listener_new(all, spec);
	const char *why = listener_bind_unix(l, spec->path);

	if (why != NULL)
		listener_free(l);
	else
		TAILQ_INSERT_TAIL(fresh, l, entry);
	return why;
}

/* A reload could not tell the two from each other. */
#define LISTENER_TWICE_CHOSEN \
	"given twice; an address can have one port that the system chooses (0)"

static const char *
listeners_open(struct listeners *all, const struct option_list *texts,
    size_t index, struct listener_queue *fresh)
{
	struct listener_spec spec;
	const char *why = listener_spec_parse(&spec, texts->items[index]);
	size_t len;

	for (size_t i = 0; why == NULL && i < index; i++) {
		len = strcspn(texts->items[i], ",");
		if (strlen(spec.address) == len &&
		    strncmp(texts->items[i], spec.address, len) == 0)
			why = spec.port != NULL && strcmp(spec.port, "0") == 0 ?
			    LISTENER_TWICE_CHOSEN :
			    "given twice";
	}
	if (why == NULL && !listeners_keep(all, &spec))
		why = spec.path != NULL ?
		    listeners_open_unix(all, &spec, fresh) :
		    listeners_open_tcp(all, &spec, fresh);
	listener_spec_fini(&spec);
	return why;
}

void
listeners_revert(struct listeners *all)
{
	struct listener *l;

	listener_queue_free(&all->fresh);
	TAILQ_FOREACH(l, &all->open, entry) {
		free(l->next_address);
		free(l->next_protocols);
		l->next_address = l->next_protocols = NULL;
	}
}

/* Logs "listening on x" or "listening for control on x". */
static void
listeners_log(const struct listeners *all, const char *what,
    const struct listener *l)
{
	log_info("%s%s%s on %s", what, all->purpose == NULL ? "" : " for ",
	    all->purpose == NULL ? "" : all->purpose, l->name);
}

/* Cannot fail: the events exist already. */
void
listeners_commit(struct listeners *all)
{
	struct listener *l, *next;

	TAILQ_FOREACH_SAFE(l, &all->open, entry, next) {
		/* Inherited ones stay, as they were at the start. */
		if (l->next_address == NULL && l->inherited_protocols != NULL) {
			l->next_address = xstrdup(l->name);
			l->next_protocols = xstrdup(l->inherited_protocols);
		}
		if (l->next_address == NULL) {
			TAILQ_REMOVE(&all->open, l, entry);
			listeners_log(all, "no longer listening", l);
			listener_free(l);
			continue;
		}
		free(l->address);
		free(l->protocols);
		l->address = l->next_address;
		l->protocols = l->next_protocols;
		l->next_address = l->next_protocols = NULL;
		if (listener_update_access(l) == -1)
			log_error("cannot change who may connect to %s: %s",
			    l->name, strerror(errno));
	}
	TAILQ_FOREACH(l, &all->fresh, entry) {
		listeners_log(all, "listening", l);
		if (l->is_absent)
			log_warning("no interface has the address yet; it is "
				    "served as soon as one has: listen=%s",
			    l->name);
	}
	TAILQ_CONCAT(&all->open, &all->fresh, entry);
	listeners_update(all);
}

const char *
listener_make_event(struct listener *l)
{
	l->event = event_new(l->all->net->base, l->fd, EV_READ | EV_PERSIST,
	    listener_accept_some_cb, l);
	if (l->event == NULL)
		return strerror(ENOMEM);
	event_priority_set(l->event, NET_PRIORITY_INPUT);
	return NULL;
}

/* Is fresh's port shared with another socket for good? Each would get some of
 * the connections. */
static bool
listeners_is_shared(struct listeners *all, const struct listener *fresh)
{
	const struct listener *l;

	TAILQ_FOREACH(l, &all->open, entry) {
		if (!fresh->is_unix && !l->is_unix && l->next_address != NULL &&
		    listener_is_in_the_way((const struct sockaddr *)&l->bound,
			(const struct sockaddr *)&fresh->bound))
			return true;
	}
	return false;
}

/* The first of the new ones, if none of all can be reached yet: that is taken
 * for a mistake. Else NULL. */
static const struct listener *
listeners_all_absent(const struct listeners *all)
{
	const struct listener *l;

	TAILQ_FOREACH(l, &all->open, entry)
		if (l->next_address != NULL || l->inherited_protocols != NULL)
			return NULL;
	TAILQ_FOREACH(l, &all->fresh, entry)
		if (!l->is_absent)
			return NULL;
	return TAILQ_FIRST(&all->fresh);
}

static char *
listeners_error(const struct option_list *specs, size_t index, const char *why)
{
	char *text = listener_spec_error(specs->items[index], why), *error;

	if (specs->where[index] == NULL)
		return text;
	error = xasprintf("%s: %s", specs->where[index], text);
	free(text);
	return error;
}

int
listeners_adopt(struct listeners *all, int fd, const char *protocols)
{
	struct listener *l = listener_new_inherited(all, fd, protocols);

	if (l == NULL)
		return -1;
	if (listener_make_event(l) != NULL) {
		l->fd = -1;
		listener_free(l);
		errno = ENOMEM;
		return -1;
	}
	TAILQ_INSERT_TAIL(&all->open, l, entry);
	log_info("listening on %s (inherited)", l->name);
	listeners_update(all);
	return 0;
}

int
listeners_prepare(struct listeners *all, const struct option_list *specs,
    char **error)
{
	const char *why = NULL;
	const struct listener *absent;
	struct listener *l;
	size_t i;

	for (i = 0; i < specs->count; i++) {
		if ((why = listeners_open(all, specs, i, &all->fresh)) != NULL)
			goto fail;
		TAILQ_FOREACH(l, &all->fresh, entry) {
			if (l->event == NULL &&
			    (why = listener_make_event(l)) != NULL)
				goto fail;
		}
	}
	TAILQ_FOREACH(l, &all->fresh, entry) {
		if (listeners_is_shared(all, l)) {
			*error = listener_spec_error(l->address,
			    strerror(EADDRINUSE));
			goto revert;
		}
	}
	absent = listeners_all_absent(all);
	if (absent == NULL)
		return 0;
	*error = listener_spec_error(absent->address, strerror(EADDRNOTAVAIL));
	goto revert;

fail:
	*error = listeners_error(specs, i, why);
revert:
	listeners_revert(all);
	return -1;
}

bool
listeners_have_inherited(const struct listeners *all)
{
	const struct listener *l;

	TAILQ_FOREACH(l, &all->open, entry) {
		if (l->inherited_protocols != NULL)
			return true;
	}
	return false;
}

void
listeners_set_purpose(struct listeners *all, const char *purpose)
{
	all->purpose = purpose;
}

struct listener_access
listeners_set_access(struct listeners *all, struct listener_access access)
{
	struct listener_access before = all->access;

	all->access = access;
	return before;
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Sockets that listen, and the gate that they share. Not libevent's
 * evconnlistener: it accepts until nobody is left, which a connect flood never
 * lets happen (hostile 43), and takes every error to its owner.
 *
 * A new set of sockets is opened beside the old one, and only when all of it is
 * there the old ones that are not in it are closed. So a reload that fails
 * changes nothing, and one that keeps an address never stops listening there.
 * What it cannot do is widen localhost:4272 to *:4272, since the kernel
 * refuses the second beside the first; that needs a restart.
 */

#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>

#include <netdb.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <bsd/string.h>
#include <bsd/sys/queue.h>
#include <bsd/unistd.h>

#include "listener-spec.h"
#include "listener.h"
#include "log.h"

#define LISTENER_BACKLOG 4096

/* How long to accept nobody when there are no descriptors left. */
#define LISTENER_EXHAUSTED_MS 100

/* Whoever reaches the directory may join. */
static const struct listener_access listener_everybody = { 0666, (gid_t)-1 };

/* Tries to find a port that is free on all addresses of a name. */
#define LISTENER_PORT_TRIES 16

TAILQ_HEAD(listener_queue, listener);

struct listener {
	TAILQ_ENTRY(listener) entry;
	struct listeners *all;
	int fd;
	struct event *event; /* NULL until it is in use */
	char *name; /* as bound */
	char *address; /* as in the spec */
	char *protocols;
	char *next_address; /* what a reload makes of the two; */
	char *next_protocols; /* NULL: the socket is not in it */
	bool is_unix;
	char *path; /* and the file that is ours there */
	dev_t dev;
	ino_t ino;
	struct listener_access access; /* that it has */
	struct sockaddr_storage bound; /* TCP */
};

struct listeners {
	struct net *net;
	listener_accepted *accepted;
	void *arg;
	const char *purpose; /* NULL: they are for people */
	struct listener_access access;
	struct listener_queue open;
	struct listener_queue fresh; /* between prepare and commit */
	struct bucket bucket;
	struct deadline gate; /* set: accept nobody until then */
	bool is_paused; /* by listeners_pause() */
	int spare_fd; /* or -1 */
	struct log_limit limit;
};

/* One socket */

static struct listener *
listener_new(struct listeners *all, const struct listener_spec *spec)
{
	struct listener *l = xcalloc(1, sizeof(*l));

	l->all = all;
	l->fd = -1;
	l->address = xstrdup(spec->address);
	l->protocols = xstrdup(spec->protocols);
	return l;
}

/* Is the file ours? Another server may have taken the place. */
static bool
listener_has_file(const struct listener *l)
{
	struct stat st;

	return l->path != NULL && lstat(l->path, &st) == 0 &&
	    st.st_dev == l->dev && st.st_ino == l->ino;
}

static void
listener_free(struct listener *l)
{
	if (l->event != NULL)
		event_free(l->event);
	if (listener_has_file(l))
		unlink(l->path);
	if (l->fd != -1)
		close(l->fd);
	free(l->name);
	free(l->address);
	free(l->protocols);
	free(l->next_address);
	free(l->next_protocols);
	free(l->path);
	free(l);
}

static int
listener_set_flags(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		return -1;
	return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* A socket that does not block and is closed on exec, or -1. */
static int
listener_socket(int family)
{
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd != -1 && listener_set_flags(fd) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Makes way for a socket at path. Returns what is wrong, or NULL. */
static const char *
listener_remove_stale(const struct sockaddr_un *sun)
{
	struct stat st;
	int fd, error = 0;

	if (lstat(sun->sun_path, &st) == -1)
		return errno == ENOENT ? NULL : strerror(errno);
	if (!S_ISSOCK(st.st_mode))
		return "there is a file that is no socket";
	if ((fd = listener_socket(AF_UNIX)) == -1)
		return strerror(errno);
	if (connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == -1)
		error = errno;
	close(fd);
	if (error == 0 || error == EAGAIN || error == EINPROGRESS)
		return "another server answers there";
	if (error != ECONNREFUSED && error != ENOENT)
		return strerror(error);
	if (unlink(sun->sun_path) == -1 && errno != ENOENT)
		return strerror(errno);
	return NULL;
}

/* Whose group the file at path is, and who may connect. */
static int
listener_apply_access(struct listener *l, const char *path)
{
	const struct listener_access *access = &l->all->access;

	/* Nobody who may now is let in with a group that may not. */
	if (access->group != (gid_t)-1 &&
	    (chmod(path, 0600) == -1 ||
		lchown(path, (uid_t)-1, access->group) == -1))
		return -1;
	if (chmod(path, access->mode) == -1)
		return -1;
	l->access = *access;
	return 0;
}

static const char *
listener_bind_unix(struct listener *l, const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const char *why;
	struct stat st;

	strlcpy(sun.sun_path, path, sizeof(sun.sun_path));
	if ((why = listener_remove_stale(&sun)) != NULL)
		return why;
	if ((l->fd = listener_socket(AF_UNIX)) == -1)
		return strerror(errno);
	if (bind(l->fd, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    lstat(path, &st) == -1)
		return strerror(errno);
	l->is_unix = true;
	l->path = xstrdup(path);
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	l->name = xasprintf(LISTENER_UNIX_PREFIX "%s", path);
	/* Nobody can connect before listen(). */
	if (listener_apply_access(l, path) == -1 ||
	    listen(l->fd, LISTENER_BACKLOG) == -1)
		return strerror(errno);
	return NULL;
}

static in_port_t *
listener_port(struct sockaddr_storage *ss)
{
	if (ss->ss_family == AF_INET6)
		return &((struct sockaddr_in6 *)ss)->sin6_port;
	return &((struct sockaddr_in *)ss)->sin_port;
}

static char *
listener_tcp_name(const struct sockaddr_storage *ss, socklen_t len)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (getnameinfo((const struct sockaddr *)ss, len, host, sizeof(host),
		port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return xstrdup("unknown");
	return xasprintf(ss->ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
	    port);
}

/*
 * Binds to sa, but to port (network order) unless that is 0. Returns 0 and
 * *port as bound; or -1 with errno.
 */
static int
listener_bind_tcp(struct listener *l, const struct sockaddr *sa, socklen_t len,
    in_port_t *port)
{
	struct sockaddr_storage *ss = &l->bound;
	const int on = 1;

	memcpy(ss, sa, len);
	if (*port != 0)
		*listener_port(ss) = *port;
	if ((l->fd = listener_socket(ss->ss_family)) == -1 ||
	    setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1)
		return -1;
	if (ss->ss_family == AF_INET6 &&
	    setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == -1)
		return -1;
	if (bind(l->fd, (struct sockaddr *)ss, len) == -1 ||
	    listen(l->fd, LISTENER_BACKLOG) == -1 ||
	    getsockname(l->fd, (struct sockaddr *)ss, &len) == -1)
		return -1;
	*port = *listener_port(ss);
	l->name = listener_tcp_name(ss, len);
	return 0;
}

/* Port 0 is no address: it equals none. */
static bool
listener_is_same_address(const struct sockaddr *a, const struct sockaddr *b)
{
	const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)b;
	const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)b;

	if (a->sa_family != b->sa_family)
		return false;
	if (a->sa_family == AF_INET)
		return a4->sin_port == b4->sin_port && a4->sin_port != 0 &&
		    a4->sin_addr.s_addr == b4->sin_addr.s_addr;
	return a6->sin6_port == b6->sin6_port && a6->sin6_port != 0 &&
	    a6->sin6_scope_id == b6->sin6_scope_id &&
	    IN6_ARE_ADDR_EQUAL(&a6->sin6_addr, &b6->sin6_addr);
}

/* Accepting */

static void
listeners_update(struct listeners *all)
{
	bool is_open = !all->is_paused && !all->gate.is_set;
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

/* accept() failed. Is there any sense in trying again at once? */
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
	/*
	 * The fate of one who was about to connect: accept(2), and hostile 45.
	 */
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

static int
listener_peer_uid(int fd, uid_t *uid)
{
#ifdef SO_PEERCRED
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1)
		return -1;
	*uid = cred.uid;
	return 0;
#else
	gid_t unused;

	return getpeereid(fd, uid, &unused);
#endif
}

static void
listener_admit(struct listener *l, int fd, const struct sockaddr_storage *ss)
{
	struct listener_peer peer = { .protocols = l->protocols };
	uid_t uid;

	if (l->is_unix) {
		if (listener_peer_uid(fd, &uid) == -1) {
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
	struct rate rate = { 0, 1000 };
	int64_t now_ms = all->net->clock->mono_ms, wait_ms;
	struct sockaddr_storage ss;
	int fd;

	if (all->purpose == NULL)
		rate = all->net->options->accept_rate;
	listeners_open_spare(all);
	for (int n = 0; n < LISTENER_ACCEPTS_PER_TURN && !all->is_paused; n++) {
		wait_ms = bucket_wait_ms(&all->bucket, rate, rate.count,
		    now_ms);
		if (wait_ms > 0) {
			all->net->accept_pauses_rate++;
			listeners_hold(all, wait_ms);
			return;
		}
		if ((fd = listener_accept(l, &ss)) == -1) {
			if (!listener_accept_failed(l, errno))
				return;
			continue;
		}
		(void)bucket_take(&all->bucket, rate, rate.count, now_ms, 1);
		listener_admit(l, fd, &ss);
	}
}

static void
listener_cb(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;

	(void)fd;
	(void)what;
	clock_update(l->all->net->clock);
	listener_accept_some(l);
}

/* The set of them */

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
	bucket_init(&all->bucket, net->options->accept_rate.count,
	    net->clock->mono_ms);
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

/* Takes over what was opened for the same text. Was there any? */
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

static struct listener *
listeners_find_bound(struct listeners *all, const struct sockaddr *sa)
{
	struct listener *l;

	TAILQ_FOREACH(l, &all->open, entry) {
		if (!l->is_unix &&
		    listener_is_same_address((struct sockaddr *)&l->bound, sa))
			return l;
	}
	return NULL;
}

/* An address may come up twice, as 127.0.0.1 does with some /etc/hosts. */
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

/*
 * Opens, or keeps, a socket for each address in list. Appends to fresh, also
 * when it fails. Returns 0, or -1 with errno.
 */
static int
listeners_open_list(struct listeners *all, const struct listener_spec *spec,
    const struct addrinfo *list, struct listener_queue *fresh)
{
	in_port_t port = 0; /* the first's, for all of them */
	bool any = false;
	int error = EADDRNOTAVAIL;
	struct listener *l;

	for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next) {
		if (listener_is_repeated(list, ai))
			continue;
		l = listeners_find_bound(all, ai->ai_addr);
		if (l != NULL) {
			if (l->next_address != NULL) {
				errno = EADDRINUSE;
				return -1;
			}
			listener_keep(l, spec);
			any = true;
			continue;
		}
		l = listener_new(all, spec);
		if (listener_bind_tcp(l, ai->ai_addr, ai->ai_addrlen, &port) ==
		    0) {
			TAILQ_INSERT_TAIL(fresh, l, entry);
			any = true;
			continue;
		}
		error = errno;
		listener_free(l);
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
	int tries = LISTENER_PORT_TRIES, result, error = 0;

	if (spec->is_bracketed)
		hints.ai_flags |= AI_NUMERICHOST;
	result = getaddrinfo(spec->host, spec->port, &hints, &list);
	if (result != 0 && spec->host != NULL &&
	    strcasecmp(spec->host, "localhost") == 0) {
		/* It is this machine also where nothing says so (RFC 6761
		 * section 6.3): no host, not passive, is the loopback. */
		hints.ai_flags = AI_NUMERICSERV;
		result = getaddrinfo(NULL, spec->port, &hints, &list);
	}
	if (result != 0)
		return result == EAI_SYSTEM ? strerror(errno) :
					      gai_strerror(result);

	while ((result = listeners_open_list(all, spec, list, &opened)) == -1) {
		error = errno;
		listener_queue_free(&opened);
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
			why = "given twice";
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

/* A socket that stays may have to let in others than before. */
static void
listener_update_access(struct listener *l)
{
	if (!listener_has_file(l) ||
	    (l->access.mode == l->all->access.mode &&
		l->access.group == l->all->access.group))
		return;
	if (listener_apply_access(l, l->path) == -1)
		log_error("cannot change who may connect to %s: %s", l->name,
		    strerror(errno));
}

/* "", or " for control". */
static void
listeners_log(const struct listeners *all, const char *what,
    const struct listener *l)
{
	log_info("%s%s%s on %s", what, all->purpose == NULL ? "" : " for ",
	    all->purpose == NULL ? "" : all->purpose, l->name);
}

/* Cannot fail: the events are there already. */
void
listeners_commit(struct listeners *all)
{
	struct listener *l, *next;

	TAILQ_FOREACH_SAFE(l, &all->open, entry, next) {
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
		listener_update_access(l);
	}
	TAILQ_FOREACH(l, &all->fresh, entry)
		listeners_log(all, "listening", l);
	TAILQ_CONCAT(&all->open, &all->fresh, entry);
	listeners_update(all);
}

static const char *
listener_make_event(struct listener *l)
{
	l->event = event_new(l->all->net->base, l->fd, EV_READ | EV_PERSIST,
	    listener_cb, l);
	if (l->event == NULL)
		return strerror(ENOMEM);
	event_priority_set(l->event, NET_PRIORITY_INPUT);
	return NULL;
}

int
listeners_prepare(struct listeners *all, const struct option_list *specs,
    char **error)
{
	const char *why = NULL;
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
	return 0;

fail:
	*error = listener_spec_error(specs->items[i], why);
	listeners_revert(all);
	return -1;
}

int
listeners_set(struct listeners *all, const struct option_list *specs,
    char **error)
{
	if (listeners_prepare(all, specs, error) == -1)
		return -1;
	listeners_commit(all);
	return 0;
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

size_t
listeners_count(const struct listeners *all)
{
	const struct listener *l;
	size_t count = 0;

	TAILQ_FOREACH(l, &all->open, entry)
		count++;
	return count;
}

const char *
listeners_name(const struct listeners *all, size_t index)
{
	const struct listener *l;

	TAILQ_FOREACH(l, &all->open, entry) {
		if (index-- == 0)
			return l->name;
	}
	return NULL;
}

void
listeners_pause(struct listeners *all)
{
	all->is_paused = true;
	listeners_update(all);
}

void
listeners_resume(struct listeners *all)
{
	all->is_paused = false;
	listeners_update(all);
}

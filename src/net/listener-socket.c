/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * One listening socket: opened here, or inherited. An inherited one belongs to
 * whoever opened it: its file is not removed, and closing our descriptor leaves
 * connections in its queue to the next server.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <netdb.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "net/listener-impl.h"

#define LISTENER_BACKLOG 4096

struct listener *
listener_new(struct listeners *all, const struct listener_spec *spec)
{
	struct listener *l = xcalloc(1, sizeof(*l));

	l->all = all;
	l->fd = -1;
	l->address = xstrdup(spec->address);
	l->protocols = xstrdup(spec->protocols);
	return l;
}

/* Is the file ours? Another server may have replaced it. */
static bool
listener_has_file(const struct listener *l)
{
	struct stat st;

	return l->path != NULL && lstat(l->path, &st) == 0 &&
	    st.st_dev == l->dev && st.st_ino == l->ino;
}

void
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
	free(l->inherited_protocols);
	free(l->path);
	free(l);
}

int
listener_set_flags(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		return -1;
	return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* Makes a non-blocking, close-on-exec socket, or -1. */
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

/* Removes a stale socket file at path. Returns what is wrong, or NULL. */
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

/* Sets the group and mode of the file at path. */
static int
listener_apply_access(struct listener *l, const char *path)
{
	const struct listener_access *access = &l->all->access;

	/* The mode is narrowed first, so that no wrong group gets in for a
	 * moment. */
	if (access->group != (gid_t)-1 &&
	    (chmod(path, 0600) == -1 ||
		lchown(path, (uid_t)-1, access->group) == -1))
		return -1;
	if (chmod(path, access->mode) == -1)
		return -1;
	l->access = *access;
	return 0;
}

int
listener_update_access(struct listener *l)
{
	if (!listener_has_file(l) ||
	    (l->access.mode == l->all->access.mode &&
		l->access.group == l->all->access.group))
		return 0;
	return listener_apply_access(l, l->path);
}

const char *
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

void
listener_share(const struct listener *l, bool is_shared)
{
#ifdef SO_REUSEPORT
	const int value = is_shared;

	/* If this fails, so will bind(), which is reported. */
	(void)setsockopt(l->fd, SOL_SOCKET, SO_REUSEPORT, &value,
	    sizeof(value));
#else
	(void)l;
	(void)is_shared;
#endif
}

/* Or -1 with errno. */
static int
listener_bind_freely(const struct listener *l)
{
#ifdef IP_FREEBIND
	const int on = 1;

	/* It is for both families. */
	return setsockopt(l->fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on));
#else
	(void)l;
	errno = EADDRNOTAVAIL;
	return -1;
#endif
}

int
listener_bind_tcp(struct listener *l, const struct sockaddr *sa, socklen_t len,
    in_port_t *port, enum listener_bind how)
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
	listener_share(l, how == LISTENER_BIND_SHARED);
	if (how == LISTENER_BIND_ABSENT && listener_bind_freely(l) == -1)
		return -1;
	if (bind(l->fd, (struct sockaddr *)ss, len) == -1 ||
	    listen(l->fd, LISTENER_BACKLOG) == -1 ||
	    getsockname(l->fd, (struct sockaddr *)ss, &len) == -1)
		return -1;
	listener_share(l, false);
	*port = *listener_port(ss);
	l->name = listener_tcp_name(ss, len);
	return 0;
}

/* For two TCP addresses. One with port 0 equals none. */
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

/* The port, in network order, of an IPv4 or IPv6 address. *is_wild: it stands
 * for all addresses. */
static in_port_t
listener_look(const struct sockaddr *sa, bool *is_wild)
{
	const struct sockaddr_in *s4 = (const void *)sa;
	const struct sockaddr_in6 *s6 = (const void *)sa;

	if (sa->sa_family == AF_INET) {
		*is_wild = s4->sin_addr.s_addr == htonl(INADDR_ANY);
		return s4->sin_port;
	}
	*is_wild = IN6_IS_ADDR_UNSPECIFIED(&s6->sin6_addr);
	return s6->sin6_port;
}

bool
listener_is_in_the_way(const struct sockaddr *a, const struct sockaddr *b)
{
	bool is_a_wild, is_b_wild;
	in_port_t port = listener_look(a, &is_a_wild);

	return a->sa_family == b->sa_family && port != 0 &&
	    port == listener_look(b, &is_b_wild) &&
	    (is_a_wild || is_b_wild || listener_is_same_address(a, b));
}

bool
listener_covers(const struct listener *l, const struct sockaddr *sa)
{
	const struct sockaddr *bound = (const struct sockaddr *)&l->bound;
	bool is_wild, unused;
	in_port_t port;

	if (l->is_unix)
		return false;
	if (listener_is_same_address(bound, sa))
		return true;
	/* Ours are exactly as narrow as their address says; an inherited one
	 * may cover more, and nothing can be opened beside it. */
	port = listener_look(bound, &is_wild);
	return l->inherited_protocols != NULL && is_wild &&
	    port == listener_look(sa, &unused) &&
	    (l->is_dual || bound->sa_family == sa->sa_family);
}

static char *
listener_unix_name(const struct sockaddr_storage *ss, socklen_t len)
{
	const struct sockaddr_un *sun = (const void *)ss;
	const size_t begin = offsetof(struct sockaddr_un, sun_path);
	size_t path_len = len > begin ? len - begin : 0;

	if (path_len > 0 && sun->sun_path[0] == '\0')
		return xasprintf(LISTENER_UNIX_PREFIX "@%.*s",
		    (int)path_len - 1, sun->sun_path + 1);
	return xasprintf(LISTENER_UNIX_PREFIX "%.*s", (int)path_len,
	    sun->sun_path);
}

int
listener_describe(struct listener *l)
{
	struct sockaddr_storage *ss = &l->bound;
	socklen_t len = sizeof(*ss), only_len = sizeof(int);
	int only = 1;
	bool is_wild;

	memset(ss, 0, sizeof(*ss));
	if (getsockname(l->fd, (struct sockaddr *)ss, &len) == -1)
		return -1;
	l->is_unix = ss->ss_family == AF_UNIX;
	free(l->name);
	l->name = l->is_unix ? listener_unix_name(ss, len) :
			       listener_tcp_name(ss, len);
	if (ss->ss_family == AF_INET6) {
		(void)listener_look((struct sockaddr *)ss, &is_wild);
		if (getsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &only,
			&only_len) == 0)
			l->is_dual = is_wild && only == 0;
	}
	return 0;
}

struct listener *
listener_new_inherited(struct listeners *all, int fd, const char *protocols)
{
	struct listener *l = xcalloc(1, sizeof(*l));

	l->all = all;
	l->fd = fd;
	if (listener_describe(l) == -1) {
		free(l);
		return NULL;
	}
	l->address = xstrdup(l->name);
	l->protocols = xstrdup(protocols);
	l->inherited_protocols = xstrdup(protocols);
	return l;
}

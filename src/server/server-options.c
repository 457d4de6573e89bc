/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Checks of the settings that no module can make alone.
 */
#include "config.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "admin/control.h"
#include "admin/exporter.h"
#include "base/log.h"
#include "net/listener-spec.h"
#include "net/scram.h"
#include "net/tls-context.h"
#include "room/opers.h"
#include "server/server-impl.h"
#include "session/protocol.h"
#include "web/web.h"

/* Descriptors for other things than members and rooms: the standard ones, log,
 * listeners, libevent, brbctl. */
#define SERVER_RESERVED_FDS 64

/* Raises the soft limit on open files to the hard one, and returns it. */
static rlim_t
server_raise_files(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		return RLIM_INFINITY;
	if (rl.rlim_cur != rl.rlim_max) {
		rl.rlim_cur = rl.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &rl) == -1 &&
		    getrlimit(RLIMIT_NOFILE, &rl) == -1)
			return RLIM_INFINITY;
	}
	return rl.rlim_cur;
}

static int
server_check_files(const struct options *o, struct option_errors *errors)
{
	rlim_t files = server_raise_files();

	/* Each room's history is a file, or a memory file. */
	if (files == RLIM_INFINITY ||
	    o->max_members + o->max_rooms + SERVER_RESERVED_FDS <= files)
		return 0;
	option_errors_add(errors,
	    "%s: max-members %llu and max-rooms %llu do not fit into the limit on "
	    "open files, %llu, of which %d are needed otherwise: lower the "
	    "ones or raise the other",
	    options_where_of(o, &o->max_members, &o->max_rooms),
	    (unsigned long long)o->max_members,
	    (unsigned long long)o->max_rooms, (unsigned long long)files,
	    SERVER_RESERVED_FDS);
	return -1;
}

static int
server_check_listen(const struct options *o, const char *text,
    const char *where, struct option_errors *errors)
{
	struct listener_spec spec;
	const char *why;
	int result = 0;

	why = listener_spec_parse(&spec, text);
	if (why != NULL) {
		option_errors_add(errors, "%s: listen '%s': %s", where, text,
		    why);
		result = -1;
	} else if (protocol_find(spec.protocols) == NULL) {
		option_errors_add(errors,
		    "%s: listen '%s': no protocol is called '%s'; there is: " PROTOCOL_NAMES,
		    where, text, spec.protocols);
		result = -1;
	}
	if (result == 0 && protocol_tls_use(spec.protocols) == CONN_TLS_ONLY &&
	    (o->tls_certificate[0] == '\0' || spec.path != NULL)) {
		option_errors_add(errors, "%s: listen '%s': %s", where, text,
		    spec.path != NULL ? "there is no TLS on Unix sockets" :
					"tls needs a tls-certificate");
		result = -1;
	}
	listener_spec_fini(&spec);
	return result;
}

/* Can the certificate be used now? */
static int
server_check_tls(const struct options *o, struct option_errors *errors)
{
	struct tls_context *context;
	char *error;

	if (o->tls_certificate[0] == '\0' && o->tls_key[0] != '\0') {
		option_errors_add(errors,
		    "%s: tls-key is of no use without tls-certificate",
		    options_where(o, &o->tls_key));
		return -1;
	}
	if (o->scram == SCRAM_YES && !scram_is_available()) {
		option_errors_add(errors,
		    "%s: scram needs OpenSSL, which this brbd is built "
		    "without",
		    options_where(o, &o->scram));
		return -1;
	}
	if (o->tls_certificate[0] == '\0' && o->sts_port != 0) {
		option_errors_add(errors,
		    "%s: sts-port needs a tls-certificate",
		    options_where(o, &o->sts_port));
		return -1;
	}
	if (tls_context_new(o, &context, &error) == 0) {
		tls_context_free(context);
		return 0;
	}
	option_errors_add(errors, "%s", error);
	free(error);
	return -1;
}

int
server_load_options(struct options *o, const struct server_source *source,
    struct option_errors *errors)
{
	size_t i;
	int result = 0;

	if (options_load(o, source->path, source->assignments,
		source->assignment_count, source->listens, source->listen_count,
		errors) == -1)
		return -1;
	for (i = 0; i < o->listen.count; i++)
		if (o->listen.where[i] != NULL &&
		    server_check_listen(o, o->listen.items[i],
			o->listen.where[i], errors) == -1)
			result = -1;
	if (control_check_options(o, errors) == -1)
		result = -1;
	if (exporter_check_options(o, errors) == -1)
		result = -1;
	if (opers_check_options(o, errors) == -1)
		result = -1;
	if (web_check_options(o, errors) == -1)
		result = -1;
	if (server_check_files(o, errors) == -1)
		result = -1;
	if (server_check_tls(o, errors) == -1)
		result = -1;
	return result;
}

/* Why nothing can be made at that path, or NULL: it may be there, or its
 * directory is; or that is made when the server is started, as systemd does. */
static const char *
server_why_not_there(const char *path, struct stat *st)
{
	const char *slash = strrchr(path, '/');
	char *parent;
	const char *why = NULL;

	memset(st, 0, sizeof(*st));
	if (stat(path, st) == 0)
		return NULL;
	memset(st, 0, sizeof(*st));
	if (errno != ENOENT)
		return strerror(errno);
	parent = slash == NULL ? xstrdup(".") :
				 xstrndup(path, (size_t)(slash - path) + 1);
	if (stat(parent, st) == 0 && !S_ISDIR(st->st_mode))
		why = strerror(ENOTDIR);
	else if (st->st_mode == 0)
		log_warning("it is not there, nor is the directory that it "
			    "would be made in: path=\"%s\"",
		    path);
	memset(st, 0, sizeof(*st));
	free(parent);
	return why;
}

static const char *
server_check_state_dir(const char *path)
{
	struct stat st;
	const char *why = server_why_not_there(path, &st);

	if (why != NULL || st.st_mode == 0)
		return why;
	if (!S_ISDIR(st.st_mode))
		return strerror(ENOTDIR);
	return (st.st_mode & (S_IWGRP | S_IWOTH)) != 0 ?
	    "others may write to it (chmod go-w helps)" :
	    NULL;
}

static const char *
server_check_control(const char *path)
{
	struct stat st;
	const char *why = server_why_not_there(path, &st);

	if (why != NULL || st.st_mode == 0 || S_ISSOCK(st.st_mode))
		return why;
	return "it is there, and no socket";
}

int
server_check_places(const struct options *o, struct option_errors *errors)
{
	const char *why;
	int result = 0;

	if (o->state_dir[0] != '\0' &&
	    (why = server_check_state_dir(o->state_dir)) != NULL) {
		option_errors_add(errors, "%s: state-dir '%s': %s",
		    options_where(o, &o->state_dir), o->state_dir, why);
		result = -1;
	}
	if (o->control[0] != '\0' &&
	    (why = server_check_control(o->control)) != NULL) {
		option_errors_add(errors, "%s: control '%s': %s",
		    options_where(o, &o->control), o->control, why);
		result = -1;
	}
	return result;
}

/* Is the file, of a place such as "FILE:LINE", readable for everybody? */
static bool
server_is_file_open(const char *where)
{
	const char *colon = strrchr(where, ':');
	char *path;
	struct stat st;
	bool is_open;

	path = xstrndup(where,
	    colon == NULL ? strlen(where) : (size_t)(colon - where));
	is_open = stat(path, &st) == 0 && (st.st_mode & S_IROTH) != 0;
	if (is_open)
		log_warning("everybody may read the hashes of passwords in "
			    "the settings (chgrp to the server's group and "
			    "chmod 640 help): path=\"%s\"",
		    path);
	free(path);
	return is_open;
}

/*
 * Warns of a file of password hashes that others can read. Not an error: there
 * may be a reason, a directory above may be closed, and a good hash may be
 * seen.
 */
static void
server_warn_hashes(const struct options *o)
{
	size_t i;

	for (i = 0; i < o->oper.count; i++)
		if (strncmp(o->oper.where[i], "-o ", 3) != 0 &&
		    server_is_file_open(o->oper.where[i]))
			return;
}

static bool
server_is_for_irc(const char *text)
{
	struct listener_spec spec;
	bool result = listener_spec_parse(&spec, text) == NULL &&
	    protocol_find(spec.protocols) != NULL &&
	    strcmp(protocol_find(spec.protocols)->name, "irc") == 0;

	listener_spec_fini(&spec);
	return result;
}

/* Warns only, since systemd's sockets may speak another protocol. */
static void
server_warn_password(const struct options *o)
{
	size_t i;

	if (*o->irc_password == '\0')
		return;
	for (i = 0; i < o->listen.count; i++)
		if (server_is_for_irc(o->listen.items[i]))
			return;
	log_warning("irc-password guards only a port that is for IRC alone, "
		    "and listen has none (ADDR:PORT,irc is one)");
}

void
server_warn_options(const struct options *o)
{
	server_warn_hashes(o);
	server_warn_password(o);
}

int
server_check_reload(const struct options *fresh, const struct options *in_force,
    struct option_errors *errors)
{
	if (fresh->output_limit >= 4 * in_force->max_line)
		return 0;
	option_errors_add(errors,
	    "%s: output-limit must be at least 4 times the max-line in force, "
	    "%llu bytes",
	    options_where(fresh, &fresh->output_limit),
	    (unsigned long long)in_force->max_line);
	return -1;
}

enum log_level
server_log_level(const struct server_source *source,
    const struct options *options)
{
	if (source->is_verbose)
		return LOG_LEVEL_DEBUG;
	switch ((enum option_log_level)options->log_level) {
	case OPTION_LOG_ERROR:
		return LOG_LEVEL_ERROR;
	case OPTION_LOG_WARNING:
		return LOG_LEVEL_WARNING;
	case OPTION_LOG_INFO:
		return LOG_LEVEL_INFO;
	case OPTION_LOG_DEBUG:
		return LOG_LEVEL_DEBUG;
	}
	assert(0 && "no such level");
	return LOG_LEVEL_INFO;
}

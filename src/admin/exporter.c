/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Metrics are for those who can connect to this machine's own addresses or a
 * Unix socket, and for nobody else: only these are listened on. Whoever wants
 * them elsewhere puts a proxy in front.
 */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "admin/admin.h"
#include "admin/exporter.h"
#include "admin/metrics.h"
#include "admin/oneshot.h"
#include "net/http.h"
#include "net/listener-spec.h"
#include "net/listener.h"

struct exporter {
	struct net *net;
	struct admin *admin;
	struct listeners *listeners; /* NULL: closed for good */
	struct oneshots oneshots;
};

struct exporter_client {
	struct exporter *exporter;
	struct metrics metrics;
	struct buf piece;
	enum http_status status;
	bool is_1_1;
	bool has_head;
};

static bool
exporter_request(const char *data, size_t len, bool is_full, void *arg)
{
	struct exporter_client *c = arg;
	struct http_request rq;

	c->status = http_parse(data, len, is_full, &rq);
	c->is_1_1 = rq.is_1_1;
	if (c->status == HTTP_OK && !http_text_is(&rq.path, EXPORTER_PATH))
		c->status = HTTP_NOT_FOUND;
	else if (c->status == HTTP_OK && rq.method != HTTP_GET)
		c->status = HTTP_BAD_METHOD;
	return c->status != HTTP_MORE;
}

static enum oneshot_answer
exporter_answer(struct buf *out, struct walk_budget *budget, void *arg)
{
	struct exporter_client *c = arg;
	bool is_more;

	if (!c->has_head) {
		http_add_head(out, c->status, c->is_1_1, METRICS_TYPE,
		    c->exporter->net->clock->wall_ms);
		c->has_head = true;
		if (c->status != HTTP_OK)
			return ONESHOT_DONE;
	}
	buf_reset(&c->piece);
	is_more = metrics_render(&c->metrics, &c->piece, budget);
	if (c->piece.len > 0 && c->is_1_1)
		http_add_chunk_size(out, c->piece.len);
	buf_add(out, c->piece.data, c->piece.len);
	if (c->piece.len > 0 && c->is_1_1)
		buf_addstr(out, http_chunk_end);
	if (is_more)
		return ONESHOT_MORE;
	if (c->is_1_1) {
		http_add_chunk_size(out, 0);
		buf_addstr(out, http_chunk_end);
	}
	return ONESHOT_DONE;
}

static void
exporter_ended(void *arg)
{
	struct exporter_client *c = arg;

	buf_fini(&c->piece);
	free(c);
}

static const struct oneshot_kind exporter_kind = {
	.max_clients = EXPORTER_CLIENTS_MAX,
	.max_request = HTTP_REQUEST_MAX,
	.timeout_ms = EXPORTER_TIMEOUT_MS,
	.busy = "HTTP/1.1 503 Service Unavailable\r\n"
		"Connection: close\r\nContent-Length: 0\r\n\r\n",
	.request = exporter_request,
	.answer = exporter_answer,
	.ended = exporter_ended,
};

static void
exporter_accepted(int fd, const struct listener_peer *peer, void *arg)
{
	struct exporter *exporter = arg;
	struct exporter_client *c = xcalloc(1, sizeof(*c));

	(void)peer;
	c->exporter = exporter;
	metrics_init(&c->metrics, exporter->admin);
	oneshot_accept(&exporter->oneshots, fd, c);
}

struct exporter *
exporter_new(struct net *net, struct admin *admin)
{
	struct exporter *exporter = xcalloc(1, sizeof(*exporter));

	exporter->net = net;
	exporter->admin = admin;
	exporter->listeners = listeners_new(net, exporter_accepted, exporter);
	listeners_set_purpose(exporter->listeners, "metrics");
	oneshots_init(&exporter->oneshots, net, &exporter_kind);
	return exporter;
}

void
exporter_free(struct exporter *exporter)
{
	if (exporter == NULL)
		return;
	oneshots_fini(&exporter->oneshots);
	listeners_free(exporter->listeners);
	free(exporter);
}

struct listeners *
exporter_listeners(const struct exporter *exporter)
{
	return exporter->listeners;
}

void
exporter_close(struct exporter *exporter)
{
	listeners_free(exporter->listeners);
	exporter->listeners = NULL;
}

/* Settings */

static bool
exporter_is_loopback(const struct listener_spec *spec)
{
	struct in_addr address;

	if (spec->host == NULL)
		return false;
	if (spec->is_bracketed)
		return strcmp(spec->host, "::1") == 0;
	if (strcasecmp(spec->host, "localhost") == 0)
		return true;
	return inet_pton(AF_INET, spec->host, &address) == 1 &&
	    ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET;
}

int
exporter_check_options(const struct options *o, struct option_errors *errors)
{
	struct listener_spec spec;
	const char *why;
	size_t i;
	int result = 0;

	for (i = 0; i < o->metrics.count; i++) {
		why = listener_spec_parse(&spec, o->metrics.items[i]);
		if (why == NULL && spec.protocols[0] != '\0')
			why = "there is no choice of protocols here";
		else if (why == NULL && spec.path != NULL &&
		    spec.path[0] != '/')
			why = "the path has to be absolute";
		else if (why == NULL && spec.path == NULL &&
		    !exporter_is_loopback(&spec))
			why = "only localhost, 127.x.x.x, [::1] and unix:PATH "
			      "are allowed";
		if (why != NULL) {
			option_errors_add(errors, "%s: metrics '%s': %s",
			    o->metrics.where[i], o->metrics.items[i], why);
			result = -1;
		}
		listener_spec_fini(&spec);
	}
	return result;
}

int
exporter_prepare(struct exporter *exporter, const struct options *o,
    char **error)
{
	return listeners_prepare(exporter->listeners, &o->metrics, error);
}

void
exporter_commit(struct exporter *exporter)
{
	listeners_commit(exporter->listeners);
}

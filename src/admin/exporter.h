/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef EXPORTER_H
#define EXPORTER_H

#include "base/util.h"
#include "net/conn.h"
#include "options/options.h"

/* Serves the metrics over HTTP: GET /metrics, and nothing else. */
struct exporter;
struct admin;
struct listeners;

#define EXPORTER_CLIENTS_MAX 4
#define EXPORTER_TIMEOUT_MS 5000
#define EXPORTER_PATH "/metrics"

/* These are as in control.h; it is the last to prepare, so it has no revert. */
struct exporter *exporter_new(struct net *net, struct admin *admin);
void exporter_free(struct exporter *exporter);

/* Its sockets, or NULL once it is closed. */
struct listeners *exporter_listeners(const struct exporter *exporter);
int exporter_check_options(const struct options *o,
    struct option_errors *errors) MUST_CHECK;
int exporter_prepare(struct exporter *exporter, const struct options *o,
    char **error) MUST_CHECK;
void exporter_commit(struct exporter *exporter);
void exporter_close(struct exporter *exporter);

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef WEB_H
#define WEB_H

#include "base/util.h"
#include "options/options.h"

/*
 * The protocol of browsers: HTTP/1.1 for the files of the page, which are in
 * the program, and the way into a WebSocket, over which the other protocols
 * are spoken. Nobody stands behind a connection that speaks it.
 */
extern const struct protocol protocol_web;

/* Checks the settings about it: 0, or -1 with errors. */
int web_check_options(const struct options *o,
    struct option_errors *errors) MUST_CHECK;

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef STORE_H
#define STORE_H

#include "base/util.h"

/*
 * What brb keeps between its runs: a directory of small files that nobody else
 * can read, $XDG_CONFIG_HOME/brb or ~/.config/brb. All of it can be done
 * without: where it cannot be read or written, brb says so and goes on.
 */

#define STORE_FILE_MAX 65536 /* bytes */

/* The path of a file there; the caller frees it. NULL: there is no home. */
char *store_path(const char *name) MUST_CHECK;
/* Its content, terminated; the caller frees it. NULL: there is none, or errno
 * says what is wrong. */
char *store_read(const char *name) MUST_CHECK;
/* Replaces it as a whole, so that it is never half there; makes the directory.
 * -1: errno says what is wrong, and the old one is still there. */
int store_write(const char *name, const char *content) MUST_CHECK;

/*
 * Files with a line for each server: "SERVER VALUE". The value for a server, or
 * NULL, with errno ENOENT if there is none; the caller frees it. And sets it; -1
 * as above.
 */
char *store_get(const char *name, const char *server) MUST_CHECK;
int store_set(const char *name, const char *server,
    const char *value) MUST_CHECK;

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SDNOTIFY_H
#define SDNOTIFY_H

/* Takes NOTIFY_SOCKET and unsets it, so that no child can speak in our name. */
void sdnotify_take(void);

/*
 * Sends state ("READY=1", "STOPPING=1") to the NOTIFY_SOCKET that was taken, a
 * path or, with '@', an abstract name, as sd_notify(3) does. Does nothing if
 * there is none. Never blocks. Returns 0, or -1 with errno.
 */
int sdnotify(const char *state);

/* Returns what sdnotify_take() took, or NULL. */
const char *sdnotify_socket(void);

#endif

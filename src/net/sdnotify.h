/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SDNOTIFY_H
#define SDNOTIFY_H

/* Takes NOTIFY_SOCKET, and unsets it: no child is to speak in our name. */
void sdnotify_take(void);

/*
 * Send state ("READY=1", "STOPPING=1") to the socket that NOTIFY_SOCKET named,
 * as sd_notify(3) does; a path or, with '@', an abstract name. Does nothing
 * when it was unset. Never blocks. Returns 0, or -1 with errno.
 */
int sdnotify(const char *state);

/* What sdnotify_take() took, or NULL. */
const char *sdnotify_socket(void);

#endif

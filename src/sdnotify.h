/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SDNOTIFY_H
#define SDNOTIFY_H

/*
 * Send state ("READY=1", "STOPPING=1") to the socket that NOTIFY_SOCKET names,
 * as sd_notify(3) does; a path or, with '@', an abstract name. Does nothing
 * when it is unset. Never blocks. Returns 0, or -1 with errno.
 */
int sdnotify(const char *state);

#endif

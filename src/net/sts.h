/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef STS_H
#define STS_H

#include <stdbool.h>

#include "base/util.h"

struct net;

/*
 * Strict transport security (IRCv3 sts): clients are told to come by TLS, and
 * to do nothing else for sts-duration.
 *
 * May they be told now? Not without an sts-port; nor if the certificate expires
 * before a client would forget: then a warning is logged, once in a while, as
 * such clients could no longer come at all.
 */
bool sts_is_safe(struct net *net) MUST_CHECK;

#endif

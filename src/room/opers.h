/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef OPERS_H
#define OPERS_H

#include <stdbool.h>

#include "base/credential.h"
#include "base/nick.h"
#include "base/util.h"
#include "net/verify.h"
#include "options/options.h"

/*
 * Who may become operator of the server, as the setting oper says: "NAME HASH"
 * or "NAME HASH ORIGIN". The same name may stand there for several origins.
 */

/* What has to be asked of verify_start(). */
struct oper {
	char name[NICK_SIZE]; /* as in the settings; "" unless is_real */
	char hash[VERIFY_HASH_MAX + 1];
	bool is_real; /* else VERIFY_YES means no */
};

/*
 * False: nobody who comes from there can be an operator, and nothing needs to
 * be verified; that depends on the origin alone. Else verify out->hash even if
 * !is_real, for a name that does not exist or is not for this origin: then it
 * is another's hash, which takes as long, so that the time does not tell which
 * names there are. Names are compared without regard to case.
 */
bool opers_find(struct oper *out, const struct option_list *settings,
    const char *name, const struct credential *credential) MUST_CHECK;

/* Lines for each that is wrong, and then -1. They do not show the hash, which
 * may be a password that somebody took for one. */
int opers_check_options(const struct options *o,
    struct option_errors *errors) MUST_CHECK;

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PERSON_MORE_H
#define PERSON_MORE_H

#include "room/model.h"

/* What few people have; it is made if necessary. */
struct person_more *person_more(struct person *p);

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PERSON_RECORD_H
#define PERSON_RECORD_H

#include "base/fields.h"
#include "room/model.h"

/*
 * Writes down somebody who is here, as who is gone is written: their
 * memberships become bookmarks. One has a number, or BOOKMARK_LIVE: then how
 * far they surely had read is the room's low-water mark, which is kept for all
 * of them at once (persist.h).
 */
void person_record_put(struct fields_out *out, const struct member *m);

#endif

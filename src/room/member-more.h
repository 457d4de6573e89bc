/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef MEMBER_MORE_H
#define MEMBER_MORE_H

struct member;
struct member_more;

/* Returns m->more, which is made when it is first needed; it is m's. */
struct member_more *member_more(struct member *m);

#endif

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Tables of fields: what is written comes back, for the disk and handed over,
 * and whatever the bytes are, what is read is within its limits.
 */
#include "config.h"

#include <bsd/sys/queue.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/credential.h"
#include "base/fields.h"
#include "unit.h"

struct leaf {
	TAILQ_ENTRY(leaf) entry;
	uint16_t number;
	size_t len;
	char text[];
};

struct twig {
	LIST_ENTRY(twig) entry;
	char name[8];
	unsigned char buds[2];
};

struct inner {
	int32_t degrees;
	char *note;
};

struct tree {
	uint8_t small;
	bool is_tall;
	int64_t planted_ms;
	int64_t wall_ms;
	char name[8];
	char *motto;
	unsigned char bytes[4];
	uint64_t rings[3];
	uint64_t years[4];
	size_t year_count;
	struct credential owner;
	struct buf sap;
	int fd;
	struct inner inner;
	struct inner *other;
	TAILQ_HEAD(leaves_head, leaf) leaves;
	LIST_HEAD(, twig) twigs;
	unsigned hidden : 3;
};

static const struct clock then = { .mono_ms = 1000, .wall_ms = 501000 };
static const struct clock now = { .mono_ms = 200, .wall_ms = 501000 };

static bool
is_lower(const char *s)
{
	return s[strspn(s, "abcdefghijklmnopqrstuvwxyz")] == '\0';
}

static bool
add_leaf(struct fields_in *in, const struct field *f, void *base, void *element)
{
	struct tree *tree = base;
	struct leaf *leaf = element;

	(void)f;
	ck_assert_ptr_eq(in->last, TAILQ_LAST(&tree->leaves, leaves_head));
	if (leaf->number == 13)
		return false;
	TAILQ_INSERT_TAIL(&tree->leaves, leaf, entry);
	return true;
}

static bool
add_twig(struct fields_in *in, const struct field *f, void *base, void *element)
{
	struct tree *tree = base;
	struct twig *twig = element, *last = in->last;

	(void)f;
	if (last == NULL)
		LIST_INSERT_HEAD(&tree->twigs, twig, entry);
	else
		LIST_INSERT_AFTER(last, twig, entry);
	return true;
}

static void
put_hidden(struct fields_out *out, const struct field *f, const void *base)
{
	const struct tree *tree = base;

	tlv_put_u64(&out->data, f->tag, tree->hidden);
}

static bool
get_hidden(struct fields_in *in, const struct field *f, void *base,
    const struct tlv *item)
{
	struct tree *tree = base;
	uint64_t u;

	(void)in;
	(void)f;
	if (!tlv_get_u64(item, 7, &u))
		return false;
	tree->hidden = (unsigned)u & 7;
	return true;
}

static bool
tree_check(struct fields_in *in, void *base)
{
	const struct tree *tree = base;

	return tree->small != 99 || in->arg == NULL;
}

static const struct field leaf_list[] = {
	{ FIELD_UINT(1, struct leaf, number) },
	{ FIELD_TAIL(2, struct leaf, text, len, 10) },
};
static const struct fields leaf_fields = { FIELDS("a leaf", struct leaf,
    leaf_list) };
static const struct field twig_list[] = {
	{ FIELD_STRING(1, struct twig, name), .is_needed = true },
	{ FIELD_BYTES(2, struct twig, buds), .is_needed = true },
};
static const struct fields twig_fields = { FIELDS("a twig", struct twig,
    twig_list) };
static const struct field inner_list[] = {
	{ FIELD_INT(1, struct inner, degrees) },
	{ FIELD_TEXT(2, struct inner, note, 4) },
};
static const struct fields inner_fields = { FIELDS("a knot", struct inner,
    inner_list) };
static const struct field tree_list[] = {
	{ FIELD_UINT(1, struct tree, small) },
	{ FIELD_BOOL(2, struct tree, is_tall) },
	{ FIELD_TIME(3, struct tree, planted_ms) },
	{ FIELD_INT(4, struct tree, wall_ms), .only = FIELDS_HANDOFF },
	{ FIELD_STRING(5, struct tree, name), .check = is_lower,
	    .is_needed = true },
	{ FIELD_TEXT(6, struct tree, motto, 8), .may_be_bad = true,
	    .check = is_lower },
	{ FIELD_BYTES(7, struct tree, bytes) },
	{ FIELD_NUMBERS(8, struct tree, rings) },
	{ FIELD_COUNTED(9, struct tree, years, year_count) },
	{ FIELD_CREDENTIAL(10, struct tree, owner) },
	{ FIELD_BUF(11, struct tree, sap) },
	{ FIELD_FD(12, struct tree, fd, FIELDS_FD_FILE),
	    .only = FIELDS_HANDOFF },
	{ FIELD_STRUCT(13, struct tree, inner, &inner_fields) },
	{ FIELD_POINTER(14, struct tree, other, &inner_fields) },
	{ FIELD_LIST(15, struct tree, leaves, &leaf_fields, struct leaf, entry,
	      add_leaf),
	    .may_be_bad = true, .max = 3 },
	{ FIELD_LIST(16, struct tree, twigs, &twig_fields, struct twig, entry,
	    add_twig) },
	{ FIELD_OTHER(17, "hidden", put_hidden, get_hidden) },
};
static const struct fields tree_fields = {
	FIELDS("a tree", struct tree, tree_list),
	.check = tree_check,
};

static void
tree_init(struct tree *tree)
{
	memset(tree, 0, sizeof(*tree));
	tree->fd = -1;
	TAILQ_INIT(&tree->leaves);
	LIST_INIT(&tree->twigs);
}

static void
tree_free(struct tree *tree)
{
	struct leaf *leaf;
	struct twig *twig;

	while ((leaf = TAILQ_FIRST(&tree->leaves)) != NULL) {
		TAILQ_REMOVE(&tree->leaves, leaf, entry);
		free(leaf);
	}
	while ((twig = LIST_FIRST(&tree->twigs)) != NULL) {
		LIST_REMOVE(twig, entry);
		free(twig);
	}
	fields_clear(&tree_fields, tree);
}

static void
tree_add_leaf(struct tree *tree, uint16_t number, const char *text)
{
	struct leaf *leaf = xcalloc(1, sizeof(*leaf) + strlen(text) + 1);

	leaf->number = number;
	leaf->len = strlen(text);
	memcpy(leaf->text, text, leaf->len);
	TAILQ_INSERT_TAIL(&tree->leaves, leaf, entry);
}

static void
tree_fill(struct tree *tree)
{
	struct twig *twig;
	char name;

	tree_init(tree);
	tree->small = 200;
	tree->is_tall = true;
	tree->planted_ms = 400;
	tree->wall_ms = -7;
	memcpy(tree->name, "oak", 4);
	tree->motto = xstrdup("steady");
	memcpy(tree->bytes, "\0\1\2\3", 4);
	tree->rings[2] = UINT64_MAX;
	tree->years[0] = 1900;
	tree->years[1] = 2000;
	tree->year_count = 2;
	tree->owner = credential_from_uid(7);
	buf_addstr(&tree->sap, "sticky");
	tree->inner.degrees = -3;
	tree->inner.note = xstrdup("");
	tree->other = xcalloc(1, sizeof(*tree->other));
	tree->hidden = 5;
	tree_add_leaf(tree, 1, "one");
	tree_add_leaf(tree, 2, "two");
	for (name = 'b'; name >= 'a'; name--) {
		twig = xcalloc(1, sizeof(*twig));
		twig->name[0] = name;
		LIST_INSERT_HEAD(&tree->twigs, twig, entry);
	}
}

static bool
get(enum fields_use use, const struct buf *data, struct tree *tree,
    char **error)
{
	const struct tlv item = { .data = (unsigned char *)data->data,
		.len = data->len };
	struct fields_in in = { .use = use, .clock = &now };
	bool is_good;

	tree_init(tree);
	is_good = fields_get(&in, &tree_fields, &item, tree);
	ck_assert_int_eq(is_good, in.error == NULL);
	*error = in.error;
	in.error = NULL;
	fields_in_fini(&in);
	return is_good;
}

START_TEST(test_same)
{
	static const enum fields_use uses[] = { FIELDS_DISK, FIELDS_HANDOFF };
	struct fields_out out = { .use = uses[_i], .clock = &then };
	struct fields_out again = { .use = uses[_i], .clock = &now };
	struct tree tree, got, moved;
	char *error;

	tree_fill(&tree);
	fields_put(&out, &tree_fields, &tree);
	ck_assert_msg(get(uses[_i], &out.data, &got, &error), "%s", error);
	ck_assert_uint_eq(got.small, 200);
	ck_assert(got.is_tall);
	/* The machine was started anew meanwhile: 600 ms before now. */
	ck_assert_int_eq(got.planted_ms,
	    uses[_i] == FIELDS_DISK ? 200 - 600 : 400);
	ck_assert_int_eq(got.wall_ms, uses[_i] == FIELDS_DISK ? 0 : -7);
	ck_assert_str_eq(got.name, "oak");
	ck_assert_str_eq(got.motto, "steady");
	ck_assert_mem_eq(got.bytes, tree.bytes, 4);
	ck_assert(got.rings[0] == 0 && got.rings[2] == UINT64_MAX);
	ck_assert_uint_eq(got.year_count, 2);
	ck_assert_uint_eq(got.years[1], 2000);
	ck_assert_int_eq(credential_cmp(&got.owner, &tree.owner), 0);
	ck_assert_uint_eq(got.sap.len, 6);
	ck_assert_int_eq(got.fd, -1);
	ck_assert_int_eq(got.inner.degrees, -3);
	ck_assert_str_eq(got.inner.note, "");
	ck_assert_ptr_nonnull(got.other);
	ck_assert_ptr_null(got.other->note);
	ck_assert_str_eq(TAILQ_FIRST(&got.leaves)->text, "one");
	ck_assert_str_eq(TAILQ_LAST(&got.leaves, leaves_head)->text, "two");
	ck_assert_str_eq(LIST_FIRST(&got.twigs)->name, "a");
	ck_assert_str_eq(LIST_NEXT(LIST_FIRST(&got.twigs), entry)->name, "b");
	ck_assert_uint_eq(got.hidden, 5);
	fields_put(&again, &tree_fields, &got);
	ck_assert_uint_eq(again.data.len, out.data.len);
	ck_assert_mem_eq(again.data.data, out.data.data, out.data.len);

	tree_init(&moved);
	fields_move(&tree_fields, &moved, &got);
	ck_assert_str_eq(moved.motto, "steady");
	ck_assert_ptr_null(got.motto);
	ck_assert_uint_eq(moved.year_count, 2);
	ck_assert_str_eq(moved.inner.note, "");
	ck_assert(TAILQ_EMPTY(&moved.leaves));
	tree_free(&tree);
	tree_free(&got);
	tree_free(&moved);
	fields_out_fini(&out);
	fields_out_fini(&again);
}
END_TEST

/* Nothing but what is needed. */
START_TEST(test_zero)
{
	struct fields_out out = { .use = FIELDS_HANDOFF, .clock = &then };
	struct tree tree, got;
	char *error;

	tree_init(&tree);
	fields_put(&out, &tree_fields, &tree);
	/* The name, the rings, and what has a function. */
	ck_assert_uint_eq(out.data.len,
	    TLV_HEADER + (TLV_HEADER + 24) + (TLV_HEADER + 8));
	ck_assert(get(FIELDS_HANDOFF, &out.data, &got, &error));
	ck_assert_str_eq(got.name, "");
	ck_assert_ptr_null(got.motto);
	tree_free(&got);
	fields_out_fini(&out);
}
END_TEST

static const struct {
	enum fields_use use;
	uint16_t tag;
	const char *text; /* or NULL: the number */
	uint64_t number;
	const char *error; /* NULL: it is read */
} faults[] = {
	{ FIELDS_DISK, 1000, "from the future", 0, NULL },
	{ FIELDS_DISK, 4, NULL, 1, NULL }, /* of a hand-over */
	{ FIELDS_DISK, 1, NULL, 255, NULL },
	{ FIELDS_DISK, 1, NULL, 256, "a tree: small is malformed" },
	{ FIELDS_DISK, 1, "1", 0, "a tree: small is malformed" },
	{ FIELDS_DISK, 2, NULL, 2, "a tree: is_tall is malformed" },
	{ FIELDS_DISK, 5, "elm", 0, "a tree: name is there twice" },
	{ FIELDS_HANDOFF, 6, "steadier", 0, NULL },
	{ FIELDS_DISK, 6, "steadiest", 0, NULL },
	{ FIELDS_HANDOFF, 6, "steadiest", 0, "a tree: motto is malformed" },
	{ FIELDS_HANDOFF, 6, "Steady", 0, "a tree: motto is malformed" },
	{ FIELDS_DISK, 7, "12345", 0, "a tree: bytes is malformed" },
	{ FIELDS_DISK, 8, "12345678", 0, "a tree: rings is malformed" },
	{ FIELDS_DISK, 9, "12345678", 0, NULL },
	{ FIELDS_DISK, 9, "123456789", 0, "a tree: years is malformed" },
	{ FIELDS_DISK, 9, "1234567812345678123456781234567812345678", 0,
	    "a tree: years is malformed" },
	{ FIELDS_DISK, 10,
	    "\3"
	    "0123456789abcdef",
	    0, "a tree: owner is malformed" },
	{ FIELDS_HANDOFF, 12, NULL, 0, "a descriptor is not in the table" },
	{ FIELDS_DISK, 13, "\1\0\1\0\0\0x", 0, "a knot is cut off" },
	{ FIELDS_DISK, 15, "x", 0, NULL },
	{ FIELDS_HANDOFF, 15, "x", 0, "a leaf is cut off" },
	{ FIELDS_HANDOFF, 15, "", 0, "a leaf: text is missing" },
	{ FIELDS_DISK, 16, "", 0, "a twig: name is missing" },
	{ FIELDS_DISK, 17, NULL, 8, "a tree: hidden is malformed" },
};

START_TEST(test_fault)
{
	struct buf out = BUF_INITIALIZER;
	struct tree got;
	char *error;

	tlv_put_str(&out, 5, "ash");
	if (faults[_i].text != NULL)
		tlv_put_str(&out, faults[_i].tag, faults[_i].text);
	else
		tlv_put_u64(&out, faults[_i].tag, faults[_i].number);
	(void)get(faults[_i].use, &out, &got, &error);
	if (faults[_i].error == NULL)
		ck_assert_msg(error == NULL, "%s", error);
	else {
		ck_assert_ptr_nonnull(error);
		ck_assert_str_eq(error, faults[_i].error);
	}
	free(error);
	tree_free(&got);
	buf_fini(&out);
}
END_TEST

START_TEST(test_missing)
{
	struct buf out = BUF_INITIALIZER;
	struct tree got;
	char *error;

	ck_assert(!get(FIELDS_DISK, &out, &got, &error));
	ck_assert_str_eq(error, "a tree: name is missing");
	free(error);
	tlv_put_str(&out, 5, "Ash");
	ck_assert(!get(FIELDS_DISK, &out, &got, &error));
	ck_assert_str_eq(error, "a tree: name is malformed");
	free(error);
	buf_fini(&out);
}
END_TEST

/* An element that its owner does not want. */
START_TEST(test_unwanted)
{
	struct fields_out out = { .use = FIELDS_HANDOFF, .clock = &then };
	struct tree tree, got;
	char *error;

	tree_fill(&tree);
	tree_add_leaf(&tree, 13, "bad");
	tree_add_leaf(&tree, 14, "a fourth");
	fields_put(&out, &tree_fields, &tree);
	ck_assert(!get(FIELDS_HANDOFF, &out.data, &got, &error));
	ck_assert_str_eq(error, "a tree: leaves is malformed");
	free(error);
	tree_free(&got);
	/* On the disk it is passed over, and nothing comes after the third. */
	ck_assert(get(FIELDS_DISK, &out.data, &got, &error));
	ck_assert_str_eq(TAILQ_LAST(&got.leaves, leaves_head)->text,
	    "a fourth");
	tree_free(&got);
	buf_reset(&out.data);
	out.use = FIELDS_DISK;
	fields_put(&out, &tree_fields, &tree);
	ck_assert(get(FIELDS_DISK, &out.data, &got, &error));
	ck_assert_str_eq(TAILQ_LAST(&got.leaves, leaves_head)->text, "two");
	tree_free(&got);
	tree_free(&tree);
	fields_out_fini(&out);
}
END_TEST

/* hostile 12: each bit, each length. */
START_TEST(test_garbled)
{
	static const enum fields_use uses[] = { FIELDS_DISK, FIELDS_HANDOFF };
	struct fields_out out = { .use = uses[_i], .clock = &then };
	struct tree tree, got;
	size_t i, len, refused = 0;
	char *error;

	tree_fill(&tree);
	fields_put(&out, &tree_fields, &tree);
	len = out.data.len;
	for (i = 0; i < 8 * len; i++) {
		out.data.data[i / 8] ^= (char)(1 << i % 8);
		refused += !get(uses[_i], &out.data, &got, &error);
		ck_assert_uint_le(got.year_count, 4);
		free(error);
		tree_free(&got);
		out.data.data[i / 8] ^= (char)(1 << i % 8);
	}
	ck_assert_uint_gt(refused, len);
	for (out.data.len = 0; out.data.len < len; out.data.len++) {
		(void)get(uses[_i], &out.data, &got, &error);
		free(error);
		tree_free(&got);
	}
	tree_free(&tree);
	fields_out_fini(&out);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "all", NULL, NULL);

	tcase_add_loop_test(tc, test_same, 0, 2);
	tcase_add_test(tc, test_zero);
	tcase_add_loop_test(tc, test_fault, 0, NITEMS(faults));
	tcase_add_test(tc, test_missing);
	tcase_add_test(tc, test_unwanted);
	tcase_add_loop_test(tc, test_garbled, 0, 2);
}

/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#include "config.h"

#include <check.h>

#include "base/tlv.h"
#include "unit.h"

enum { TAG_NUMBER = 1, TAG_SIGNED, TAG_TEXT, TAG_INNER, TAG_BYTES = 0xffff };

START_TEST(test_roundtrip)
{
	struct buf out = BUF_INITIALIZER;
	struct tlv_reader r, inner;
	struct tlv item;
	char text[8];
	uint64_t u;
	int64_t i;
	size_t mark;

	tlv_put_u64(&out, TAG_NUMBER, UINT64_MAX);
	tlv_put_i64(&out, TAG_SIGNED, INT64_MIN);
	mark = tlv_open(&out, TAG_INNER);
	tlv_put_str(&out, TAG_TEXT, "abc");
	tlv_close(&out, mark);
	tlv_put_bytes(&out, TAG_BYTES, NULL, 0);

	tlv_init(&r, out.data, out.len);
	ck_assert(tlv_next(&r, &item));
	ck_assert_uint_eq(item.tag, TAG_NUMBER);
	ck_assert(!tlv_get_u64(&item, UINT64_MAX - 1, &u));
	ck_assert(tlv_get_u64(&item, UINT64_MAX, &u));
	ck_assert(u == UINT64_MAX);
	ck_assert(tlv_next(&r, &item));
	ck_assert(tlv_get_i64(&item, &i));
	ck_assert(i == INT64_MIN);
	ck_assert(tlv_next(&r, &item));
	ck_assert_uint_eq(item.tag, TAG_INNER);
	tlv_enter(&item, &inner);
	ck_assert(tlv_next(&inner, &item));
	ck_assert(!tlv_get_str(&item, text, 3));
	ck_assert(tlv_get_str(&item, text, 4));
	ck_assert_str_eq(text, "abc");
	ck_assert(!tlv_get_i64(&item, &i));
	ck_assert(!tlv_next(&inner, &item));
	ck_assert(!inner.is_bad);
	ck_assert(tlv_next(&r, &item));
	ck_assert_uint_eq(item.tag, TAG_BYTES);
	ck_assert_uint_eq(item.len, 0);
	ck_assert(!tlv_next(&r, &item));
	ck_assert(!r.is_bad);
	buf_fini(&out);
}
END_TEST

START_TEST(test_bytes)
{
	static const unsigned char expected[] = { 0x02, 0x01, 8, 0, 0, 0, 8, 7,
		6, 5, 4, 3, 2, 1 };
	struct buf out = BUF_INITIALIZER;

	tlv_put_u64(&out, 0x0102, 0x0102030405060708);
	ck_assert_uint_eq(out.len, sizeof(expected));
	ck_assert_mem_eq(out.data, expected, sizeof(expected));
	buf_fini(&out);
}
END_TEST

/* hostile 12: whatever a length claims. */
START_TEST(test_garbled)
{
	static const unsigned char claims[] = { 1, 0, 0xff, 0xff, 0xff, 0xff,
		0 };
	struct buf out = BUF_INITIALIZER;
	struct tlv_reader r;
	struct tlv item;
	size_t len, items;

	tlv_init(&r, claims, sizeof(claims));
	ck_assert(!tlv_next(&r, &item));
	ck_assert(r.is_bad);
	ck_assert(!tlv_next(&r, &item));

	tlv_put_u64(&out, 1, 1);
	tlv_put_str(&out, 2, "two");
	for (len = 0; len < out.len; len++) {
		tlv_init(&r, out.data, len);
		for (items = 0; tlv_next(&r, &item); items++)
			continue;
		ck_assert_uint_eq(items, len >= 14);
		ck_assert_int_eq(r.is_bad, len != 0 && len != 14);
	}
	buf_fini(&out);
}
END_TEST

START_TEST(test_nul_in_string)
{
	struct buf out = BUF_INITIALIZER;
	struct tlv_reader r;
	struct tlv item;
	char text[8] = "same";

	tlv_put_bytes(&out, 1, "a\0b", 3);
	tlv_init(&r, out.data, out.len);
	ck_assert(tlv_next(&r, &item));
	ck_assert(!tlv_get_str(&item, text, sizeof(text)));
	ck_assert_str_eq(text, "same");
	buf_fini(&out);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "tlv", NULL, NULL);

	tcase_add_test(tc, test_roundtrip);
	tcase_add_test(tc, test_bytes);
	tcase_add_test(tc, test_garbled);
	tcase_add_test(tc, test_nul_in_string);
}

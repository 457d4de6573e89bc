/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Files that are no certificate, or not the key of one: each has an error that
 * says which and why, and nothing waits. hostile 74, 86
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

#ifndef HAVE_OPENSSL

void
unit_tests(Suite *s)
{
	(void)s;
	printf("skipped: built without OpenSSL\n");
	exit(77);
}

#else

#include <sys/stat.h>

#include <string.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "base/util.h"
#include "certificate.h"
#include "net/tls-context.h"
#include "options/options.h"

static char *dir, *path, *key_path;
static struct options o;

static void
setup(void)
{
	struct certificate c;

	dir = unit_dir_new();
	path = xasprintf("%s/certificate", dir);
	key_path = xasprintf("%s/key", dir);
	options_init(&o);
	free(o.tls_certificate);
	free(o.tls_key);
	o.tls_certificate = xstrdup(path);
	o.tls_key = xstrdup(key_path);
	certificate_init(&c, "chat.example", 3600);
	ck_assert_int_eq(certificate_write(&c, path, key_path), 0);
	certificate_fini(&c);
}

static void
teardown(void)
{
	options_fini(&o);
	unit_dir_free(dir);
	free(path);
	free(key_path);
}

static void
check_good(const char *names)
{
	struct tls_context *context;
	char *error = NULL;

	ck_assert_msg(tls_context_new(&o, &context, &error) == 0, "%s", error);
	ck_assert_str_eq(tls_context_names(context), names);
	tls_context_free(context);
}

/* The error is this, with the file between. */
static void
check_bad(const char *what, const char *file, const char *why)
{
	struct tls_context *context;
	char *error = NULL, *expected = xasprintf("%s '%s'%s", what, file, why);

	ck_assert_int_eq(tls_context_new(&o, &context, &error), -1);
	ck_assert_ptr_null(context);
	ck_assert_msg(strstr(error, expected) != NULL, "%s: %s", expected,
	    error);
	free(error);
	free(expected);
}

static void
write_file(const char *to, const char *text)
{
	FILE *f = fopen(to, "w");

	ck_assert_ptr_nonnull(f);
	(void)fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

static void
append_file(const char *to, const char *from)
{
	FILE *in = fopen(from, "r"), *out = fopen(to, "a");
	int c;

	ck_assert(in != NULL && out != NULL);
	while ((c = getc(in)) != EOF)
		(void)putc(c, out);
	ck_assert_int_eq(fclose(in), 0);
	ck_assert_int_eq(fclose(out), 0);
}

START_TEST(what_is_no_file)
{
	check_good("chat.example");
	ck_assert_int_eq(unlink(path), 0);
	check_bad("cannot read tls-certificate", path, ": No such file");
	ck_assert_int_eq(mkdir(path, 0700), 0);
	check_bad("cannot read tls-certificate", path, ": it is not a file");
	ck_assert_int_eq(rmdir(path), 0);
	/* Nobody writes to it, and it is not waited for. */
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	check_bad("cannot read tls-certificate", path, ": it is not a file");
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("certificate", path), 0);
	check_bad("cannot read tls-certificate", path, ": ");
	ck_assert_int_eq(unlink(path), 0);
	write_file(path, "");
	check_bad("cannot read tls-certificate", path, ": ");
}
END_TEST

START_TEST(what_cannot_be_read)
{
	ck_assert_int_eq(chmod(key_path, 0), 0);
	if (access(key_path, R_OK) == 0)
		return; /* root can read everything */
	check_bad("cannot read tls-key", key_path,
	    ": Permission denied (chgrp");
	ck_assert_int_eq(chmod(path, 0), 0);
	check_bad("cannot read tls-certificate", path, ": Permission denied");
}
END_TEST

/* Swapped, or one of them renewed and the other not yet. */
START_TEST(what_does_not_fit)
{
	struct certificate c;
	char *other = xasprintf("%s/other", dir);

	certificate_init(&c, "new.example", 3600);
	ck_assert_int_eq(certificate_write(&c, path, other), 0);
	check_bad("tls-key", key_path, " is not the key of tls-certificate");
	ck_assert_int_eq(certificate_write(&c, other, key_path), 0);
	check_good("new.example");
	certificate_fini(&c);
	free(o.tls_key);
	o.tls_key = xstrdup(path);
	check_bad("cannot read tls-key", path, ": ");
	free(o.tls_certificate);
	o.tls_certificate = xstrdup(key_path);
	check_bad("cannot read tls-certificate", key_path, ": ");
	free(other);
}
END_TEST

/* Another kind of key. */
START_TEST(what_is_of_another_kind)
{
	struct certificate c;
	char *other = xasprintf("%s/other", dir);

	certificate_init_for(&c, "new.example", 3600,
	    EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
	ck_assert_int_eq(certificate_write(&c, other, key_path), 0);
	check_bad("tls-key", key_path, " is not the key of tls-certificate");
	ck_assert_int_eq(certificate_write(&c, path, key_path), 0);
	check_good("new.example");
	certificate_fini(&c);
	free(other);
}
END_TEST

/* One file with both; and without the key's. */
START_TEST(what_is_in_one_file)
{
	free(o.tls_key);
	o.tls_key = xstrdup("");
	check_bad("cannot read tls-key", path, ": ");
	append_file(path, key_path);
	check_good("chat.example");
}
END_TEST

/* Nobody is there to type the password. */
START_TEST(what_has_a_password)
{
	struct certificate c;
	FILE *f;

	certificate_init(&c, "new.example", 3600);
	ck_assert_int_eq(certificate_write(&c, path, key_path), 0);
	f = fopen(key_path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(PEM_write_PrivateKey(f, c.key, EVP_aes_256_cbc(),
			     (const unsigned char *)"secret", 6, NULL, NULL),
	    1);
	ck_assert_int_eq(fclose(f), 0);
	check_bad("cannot read tls-key", key_path, ": ");
	certificate_fini(&c);
}
END_TEST

/* Cut off at each byte: never good, and never anything but an error. */
START_TEST(what_is_half_written)
{
	struct stat st;
	off_t len;
	char *copy = xasprintf("%s/copy", dir);

	write_file(copy, "");
	append_file(copy, _i == 0 ? path : key_path);
	ck_assert_int_eq(stat(copy, &st), 0);
	/* The last line's end is of no meaning. */
	for (len = st.st_size - 2; len >= 0; len -= 7) {
		write_file(_i == 0 ? path : key_path, "");
		append_file(_i == 0 ? path : key_path, copy);
		ck_assert_int_eq(truncate(_i == 0 ? path : key_path, len), 0);
		check_bad(_i == 0 ? "cannot read tls-certificate" :
				    "cannot read tls-key",
		    _i == 0 ? path : key_path, ": ");
	}
	free(copy);
}
END_TEST

START_TEST(what_is_not_now)
{
	struct certificate c;

	certificate_init(&c, "chat.example", -10);
	ck_assert_int_eq(certificate_write(&c, path, key_path), 0);
	check_bad("tls-certificate", path, " has expired on ");
	ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notAfter(c.x509),
	    9000));
	ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notBefore(c.x509),
	    3600));
	ck_assert_int_eq(certificate_write(&c, path, key_path), 0);
	check_bad("tls-certificate", path, " is not valid yet");
	certificate_fini(&c);
}
END_TEST

/* What stands in a certificate may not get into a log as it is. */
START_TEST(names_of_every_kind)
{
	struct certificate c;

	certificate_init(&c, "a\x1b[31m b.example", 3600);
	ck_assert_int_eq(certificate_write(&c, path, key_path), 0);
	check_good("a?[31m?b.example");
	certificate_fini(&c);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "files", setup, teardown);

	tcase_add_test(tc, what_is_no_file);
	tcase_add_test(tc, what_cannot_be_read);
	tcase_add_test(tc, what_does_not_fit);
	tcase_add_test(tc, what_is_of_another_kind);
	tcase_add_test(tc, what_is_in_one_file);
	tcase_add_test(tc, what_has_a_password);
	tcase_add_loop_test(tc, what_is_half_written, 0, 2);
	tcase_add_test(tc, what_is_not_now);
	tcase_add_test(tc, names_of_every_kind);
}

#endif

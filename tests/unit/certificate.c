/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/util.h"
#include "certificate.h"

static void
must(bool is_done)
{
	if (!is_done)
		abort();
}

void
certificate_init(struct certificate *c, const char *name, long seconds)
{
	certificate_init_for(c, name, seconds, EVP_EC_gen("P-256"));
}

void
certificate_init_for(struct certificate *c, const char *name, long seconds,
    EVP_PKEY *key)
{
	X509_NAME *subject = X509_NAME_new();
	X509_EXTENSION *names;
	char *text = xasprintf("DNS:%s", name);

	c->key = key;
	c->x509 = X509_new();
	must(c->key != NULL && c->x509 != NULL && subject != NULL);
	must(X509_set_version(c->x509, X509_VERSION_3));
	must(ASN1_INTEGER_set(X509_get_serialNumber(c->x509), rand() + 1L));
	/* Even one that is over began before. */
	must(X509_gmtime_adj(X509_getm_notBefore(c->x509), -86400) != NULL);
	must(X509_gmtime_adj(X509_getm_notAfter(c->x509), seconds) != NULL);
	must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
	    (const unsigned char *)name, -1, -1, 0));
	must(X509_set_subject_name(c->x509, subject));
	must(X509_set_issuer_name(c->x509, subject));
	names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, text);
	must(names != NULL && X509_add_ext(c->x509, names, -1));
	must(X509_set_pubkey(c->x509, c->key));
	/* Edwards curves have a hash of their own. */
	must(X509_sign(c->x509, c->key,
		 EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448") ?
		     NULL :
		     EVP_sha256()) > 0);
	X509_EXTENSION_free(names);
	X509_NAME_free(subject);
	free(text);
}

void
certificate_fini(struct certificate *c)
{
	X509_free(c->x509);
	EVP_PKEY_free(c->key);
	memset(c, 0, sizeof(*c));
}

int
certificate_write(const struct certificate *c, const char *path,
    const char *key_path)
{
	FILE *f = fopen(path, "w");
	int is_good;

	if (f == NULL)
		return -1;
	is_good = PEM_write_X509(f, c->x509);
	if (fclose(f) != 0 || !is_good || (f = fopen(key_path, "w")) == NULL)
		return -1;
	is_good = PEM_write_PrivateKey(f, c->key, NULL, NULL, 0, NULL, NULL);
	return fclose(f) == 0 && is_good ? 0 : -1;
}

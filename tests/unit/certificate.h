/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CERTIFICATE_H
#define CERTIFICATE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

/* Certificates for tests, signed by themselves, with keys of P-256. */
struct certificate {
	EVP_PKEY *key;
	X509 *x509;
};

/* Makes one for the host `name`, valid until so many seconds from now. */
void certificate_init(struct certificate *c, const char *name, long seconds);
/* The same, for a key that becomes the certificate's. */
void certificate_init_for(struct certificate *c, const char *name, long seconds,
    EVP_PKEY *key);
void certificate_fini(struct certificate *c);
/* Writes it, and its key, into two files in PEM; returns 0, or -1. */
int certificate_write(const struct certificate *c, const char *path,
    const char *key_path);

#endif

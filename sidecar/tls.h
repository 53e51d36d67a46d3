/*
 * TLS as a client of upstreams, by OpenSSL: the certificate is verified against a file of
 * certificate authorities where there is one, else not at all, as the kubelet does. (Database
 * sessions have libpq's own.) One thread at a time.
 */
#ifndef SCHEMALATCH_TLS_H
#define SCHEMALATCH_TLS_H

#include <openssl/types.h>

#include "../probes/error.h"

struct tls;

/* Copies ca_file, which may be NULL. Costs nothing until the first session. */
struct tls *tls_create(const char *ca_file);
void tls_free(struct tls *tls);

/* A session to that host, name or address; SSL_free releases it. The file is read anew when it has
 * changed. May block (files). NULL with err, which names no path. */
SSL *tls_session(struct tls *tls, const char *host, struct error *err);

/* Why a session's handshake failed, where it was for the certificate; else NULL. Static text. */
const char *tls_distrust(const SSL *session);

/* What OpenSSL calls an error number of its queue; static text. */
const char *tls_reason(unsigned long number);

#endif

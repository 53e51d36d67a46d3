#include "tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../probes/xalloc.h"

/* HTTP/1.1 is all that we speak. */
static const unsigned char protocols[] = "\x08http/1.1";

struct tls {
	char *ca_file;
	SSL_CTX *context;   /* NULL: not needed yet */
	struct stat loaded; /* the file as it was then */
};

struct tls *tls_create(const char *ca_file)
{
	struct tls *tls = xcalloc(1, sizeof(*tls));

	tls->ca_file = xstrdup(ca_file);
	return tls;
}

void tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	SSL_CTX_free(tls->context);
	free(tls->ca_file);
	free(tls);
}

const char *tls_reason(unsigned long number)
{
	const char *reason = ERR_reason_error_string(number);

	return reason != NULL ? reason : "unknown error";
}

/* Adds the file's certificates. Returns 0, or -1 with err. */
static int load_authorities(
    SSL_CTX *context, const char *file, struct stat *loaded, struct error *err)
{
	ERR_clear_error();
	if (stat(file, loaded) != 0)
		return error_set(err, "cannot be read: %s", strerror(errno));
	if (SSL_CTX_load_verify_file(context, file) != 1)
		return error_set(err, "holds no certificates that can be read: %s",
		    tls_reason(ERR_peek_last_error()));
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	return 0;
}

static SSL_CTX *new_context(const char *ca_file, struct stat *loaded, struct error *err)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (context == NULL) {
		error_set(err, "cannot be prepared: %s", tls_reason(ERR_peek_last_error()));
		return NULL;
	}
	SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_alpn_protos(context, protocols, sizeof(protocols) - 1);
	if (ca_file == NULL) {
		/* What is not verified need not have a strong key either. */
		SSL_CTX_set_security_level(context, 1);
	} else if (load_authorities(context, ca_file, loaded, err) != 0) {
		SSL_CTX_free(context);
		return NULL;
	}
	return context;
}

static bool is_current(const struct tls *tls)
{
	struct stat now;

	if (tls->ca_file == NULL)
		return true;
	return stat(tls->ca_file, &now) == 0 && now.st_ino == tls->loaded.st_ino &&
	       now.st_dev == tls->loaded.st_dev && now.st_size == tls->loaded.st_size &&
	       now.st_mtim.tv_sec == tls->loaded.st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == tls->loaded.st_mtim.tv_nsec;
}

/* Whom the certificate must be for, which names are told at the start of the handshake. */
static bool expect_host(SSL *session, const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];
	char *name;
	bool done;

	if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host) == 1;
	name = xstrdup(host); /* the macro wants a text that it might change, and copies it */
	done = SSL_set1_host(session, host) == 1 && SSL_set_tlsext_host_name(session, name) == 1;
	free(name);
	return done;
}

SSL *tls_session(struct tls *tls, const char *host, struct error *err)
{
	SSL *session;

	if (tls->context != NULL && !is_current(tls)) {
		SSL_CTX_free(tls->context);
		tls->context = NULL;
	}
	if (tls->context == NULL)
		tls->context = new_context(tls->ca_file, &tls->loaded, err);
	if (tls->context == NULL)
		return NULL;
	session = SSL_new(tls->context);
	if (session == NULL || !expect_host(session, host)) {
		error_set(err, "cannot be prepared: %s", tls_reason(ERR_peek_last_error()));
		SSL_free(session);
		return NULL;
	}
	return session;
}

const char *tls_distrust(const SSL *session)
{
	long result = SSL_get_verify_result(session);

	if (result == X509_V_OK || SSL_get_verify_mode(session) == SSL_VERIFY_NONE)
		return NULL;
	return X509_verify_cert_error_string(result);
}

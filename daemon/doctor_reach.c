/* The way to DCT: name, connection, certificate.
 *
 * libcurl goes it once, with the settings and the proxy of every later request,
 * and sends nothing: what is told here is what dctd itself will meet. Where the
 * certificate is refused it is fetched once more without being believed, to say
 * what is wrong with it. */
#include <curl/curl.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/app.h"
#include "daemon/doctor_parts.h"
#include "reconciler/plan_render.h"

enum {
    EXPIRES_SOON = 30, /* days */
    UNJUDGED = 1,      /* libcurl's mark where OpenSSL had nothing against a certificate's chain */
};

static const msec DAY = 86400000;

static bool is_https(const struct doctor *d)
{
    return strncasecmp(d->config->dct.url, "https://", 8) == 0;
}

/* "dct.example.com" of the configured URL; owned. */
static char *host_of(const struct doctor *d)
{
    const char *host = strstr(d->config->dct.url, "://") + 3;
    size_t n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");

    return xstrndup(host, n);
}

static CURL *open_way(const struct doctor *d, bool trusting, char *error)
{
    CURL *e = curl_easy_init();

    if (!e)
        abort();
    (void)curl_easy_setopt(e, CURLOPT_URL, d->config->dct.url);
    (void)curl_easy_setopt(e, CURLOPT_CONNECT_ONLY, 1L);
    (void)curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
    (void)curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)DOCTOR_PATIENCE);
    (void)curl_easy_setopt(e, CURLOPT_ERRORBUFFER, error);
    (void)curl_easy_setopt(e, CURLOPT_CERTINFO, 1L);
    (void)curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, trusting ? 0L : 1L);
    (void)curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, trusting ? 0L : 2L);
    if (d->config->dct.ca_file)
        (void)curl_easy_setopt(e, CURLOPT_CAINFO, d->config->dct.ca_file);
    return e;
}

static msec date_of(const char *text)
{
    time_t t = curl_getdate(text, NULL);

    return t == -1 ? 0 : (msec)t * 1000;
}

static void keep(char **to, const char *text)
{
    free(*to);
    *to = xstrdup(text);
}

/* Facts of the server's own certificate, the first of the chain. */
static void read_certificate(CURL *e, struct reach *r)
{
    struct curl_certinfo *all = NULL;

    (void)curl_easy_getinfo(e, CURLINFO_CERTINFO, &all);
    if (!all || all->num_of_certs < 1)
        return;
    r->certificate.known = true;
    for (const struct curl_slist *f = all->certinfo[0]; f; f = f->next) {
        const char *value = strchr(f->data, ':');
        if (!value)
            continue;
        value++;
        if (starts_with(f->data, "Subject:"))
            keep(&r->certificate.subject, value);
        else if (starts_with(f->data, "Issuer:"))
            keep(&r->certificate.issuer, value);
        else if (starts_with(f->data, "X509v3 Subject Alternative Name:"))
            keep(&r->certificate.names, value);
        else if (starts_with(f->data, "Start date:"))
            r->certificate.from = date_of(value);
        else if (starts_with(f->data, "Expire date:"))
            r->certificate.until = date_of(value);
    }
}

/* How far it led. libcurl knows an address once it is connected. */
static void judge_way(CURL *e, CURLcode code, struct reach *r)
{
    char *ip = NULL;

    (void)curl_easy_getinfo(e, CURLINFO_NAMELOOKUP_TIME, &r->lookup);
    (void)curl_easy_getinfo(e, CURLINFO_PRIMARY_IP, &ip);
    (void)curl_easy_getinfo(e, CURLINFO_PRIMARY_PORT, &r->port);
    (void)curl_easy_getinfo(e, CURLINFO_SSL_VERIFYRESULT, &r->verify);
    r->address = ip && *ip ? xstrdup(ip) : NULL;
    r->proxy = code == CURLE_COULDNT_RESOLVE_PROXY;
    r->untrusted = code == CURLE_PEER_FAILED_VERIFICATION;
    bool late = code == CURLE_OPERATION_TIMEDOUT;
    if (code == CURLE_OK)
        r->state = REACH_GOOD;
    else if (code == CURLE_COULDNT_RESOLVE_HOST || r->proxy || (late && r->lookup <= 0))
        r->state = REACH_NO_NAME;
    else if (code == CURLE_COULDNT_CONNECT || (late && !r->address))
        r->state = REACH_NO_CONNECTION;
    else
        r->state = REACH_NO_TLS;
}

/* What the server shows, whether it is believed or not. */
static void look_at_certificate(const struct doctor *d, struct reach *r)
{
    char error[CURL_ERROR_SIZE] = "";
    CURL *e = open_way(d, true, error);

    if (curl_easy_perform(e) == CURLE_OK)
        read_certificate(e, r);
    curl_easy_cleanup(e);
}

static const struct reach *reach(struct doctor *d)
{
    struct reach *r = &d->reach;
    char error[CURL_ERROR_SIZE] = "";

    if (r->state != REACH_NOT_TRIED)
        return r;
    CURL *e = open_way(d, d->config->dct.insecure, error);
    CURLcode code = curl_easy_perform(e);
    judge_way(e, code, r);
    if (code != CURLE_OK)
        r->why = xstrdup(error[0] ? error : curl_easy_strerror(code));
    else
        read_certificate(e, r);
    curl_easy_cleanup(e);
    if (r->state == REACH_NO_TLS)
        look_at_certificate(d, r);
    return r;
}

void reach_clear(struct reach *r)
{
    free(r->why);
    free(r->address);
    free(r->certificate.subject);
    free(r->certificate.issuer);
    free(r->certificate.names);
}

void check_dns(struct doctor *d)
{
    const struct reach *r = reach(d);
    char *host = host_of(d);

    if (r->state == REACH_NO_NAME) {
        doctor_say(d, VERDICT_FAIL, "%s: %s", host, r->why);
        if (r->proxy)
            doctor_next(d, "correct the proxy in the environment ($https_proxy, $http_proxy)");
        else
            doctor_next(d,
                        "correct the host name in dct.url, or this host's name server: "
                        "`getent hosts %s` must find it",
                        host);
    } else {
        doctor_say(d, VERDICT_OK, "%s is found, in %.0f ms", host, r->lookup * 1000);
    }
    free(host);
}

void check_tcp(struct doctor *d)
{
    const struct reach *r = reach(d);

    if (r->state == REACH_NO_CONNECTION) {
        doctor_say(d, VERDICT_FAIL, "%s: %s", d->config->dct.url, r->why);
        doctor_next(d, "is DCT up, is the port in dct.url right, does a firewall stand between?");
    } else {
        doctor_say(d, VERDICT_OK, "connected to %s port %ld", r->address ? r->address : "it",
                   r->port);
    }
}

/* "2026-11-22", owned. */
static char *day_of(msec at)
{
    struct buf b = BUF_WITH_LIMIT(64);

    render_moment(at, &b);
    char *text = buf_take(&b);
    text[10] = '\0';
    return text;
}

/* What OpenSSL calls it, what it means, what to do. */
/* clang-format off */
static const struct {
    long code;
    const char *text, *next;
} objections[] = {
    { X509_V_ERR_CERT_HAS_EXPIRED, "the certificate has expired",
      "have DCT's certificate renewed" },
    { X509_V_ERR_CERT_NOT_YET_VALID, "the certificate is not valid yet",
      "is this host's clock right? else have DCT's certificate replaced" },
    { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "the certificate is signed by a CA that is "
      "not trusted here", "set dct.caFile to a PEM file of that CA's certificate" },
    { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "the CA's own certificate is signed by one that is "
      "not trusted here", "set dct.caFile to a PEM file that holds the whole chain up to the root" },
    { X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "the certificate is signed by nobody but itself",
      "if it is DCT's, set dct.caFile to a PEM file of it" },
    { X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "the root CA of the certificate is not trusted here",
      "set dct.caFile to a PEM file of that root's certificate" },
    { X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "the server leaves out the certificate of the "
      "CA between", "put it into the PEM file that dct.caFile names, or have DCT send it" },
    { X509_V_ERR_CERT_REVOKED, "the certificate has been revoked",
      "have DCT's certificate replaced" },
};
/* clang-format on */

/* Whom the certificate is for, in words; owned. */
static char *names_of(const struct reach *r)
{
    const char *names = r->certificate.names ? r->certificate.names : r->certificate.subject;

    return xasprintf("%.500s", names ? names : "nobody");
}

static void say_refused(struct doctor *d, const struct reach *r)
{
    char *host = host_of(d), *names = names_of(r);
    struct buf now = BUF_WITH_LIMIT(64);

    render_moment(app_now(), &now);
    for (size_t i = 0; i < ARRAY_LEN(objections); i++) {
        if (objections[i].code != r->verify)
            continue;
        char *until = day_of(r->certificate.until);
        doctor_say(d, VERDICT_FAIL,
                   "%s: %s (for %s, issued by %s, valid until %s; it is %s by this host's clock)",
                   host, objections[i].text, names,
                   r->certificate.issuer ? r->certificate.issuer : "somebody", until,
                   buf_text(&now));
        doctor_next(d, "%s", objections[i].next);
        free(until);
    }
    if (!d->finding.open && r->certificate.known && r->untrusted && r->verify <= UNJUDGED) {
        doctor_say(d, VERDICT_FAIL, "the certificate is not for %s but for %s", host, names);
        doctor_next(d, "use a name of the certificate in dct.url, or have it issued for %s", host);
    } else if (!d->finding.open) {
        doctor_say(d, VERDICT_FAIL, "%s: %s", host, r->why);
        doctor_next(d, r->certificate.known
                           ? "set dct.caFile to the CA that signed DCT's certificate"
                           : "does dct.url name an https port that speaks TLS 1.2 or newer?");
    }
    buf_clear(&now);
    free(names);
    free(host);
}

static void say_expiry(struct doctor *d, const struct reach *r, bool believed)
{
    msec left = (r->certificate.until - app_now()) / DAY;
    char *names = names_of(r), *until = day_of(r->certificate.until);

    if (believed && left >= EXPIRES_SOON) {
        doctor_say(d, VERDICT_OK, "the certificate for %s is good until %s, %lld days from now",
                   names, until, (long long)left);
    } else if (believed) {
        doctor_say(d, VERDICT_WARN,
                   "the certificate for %s is good until %s only, %lld day%s from "
                   "now",
                   names, until, (long long)left, left == 1 ? "" : "s");
        doctor_next(d, "have DCT's certificate renewed before that");
    } else {
        doctor_say(d, VERDICT_WARN,
                   "dct.insecureSkipVerify: the certificate for %s (until %s) is "
                   "not checked; anyone can pose as DCT and get the API key",
                   names, until);
        doctor_next(d, "set dct.caFile to the CA of DCT's certificate and take "
                       "insecureSkipVerify out");
    }
    free(until);
    free(names);
}

void check_tls(struct doctor *d)
{
    const struct reach *r = reach(d);

    if (r->state == REACH_NO_TLS)
        say_refused(d, r);
    else if (is_https(d) && r->certificate.known && r->certificate.until)
        say_expiry(d, r, !d->config->dct.insecure);
    else if (is_https(d))
        doctor_say(d, VERDICT_OK, "the certificate is accepted; how long it is good is unknown");
    else
        doctor_say(d, VERDICT_OK, "not used: dct.url begins with http://");
}

/* What the files of the doctor share; nobody else includes this. */
#ifndef DAEMON_DOCTOR_PARTS_H
#define DAEMON_DOCTOR_PARTS_H

#include <uv.h>

#include "daemon/config.h"
#include "daemon/doctor.h"
#include "daemon/git_now.h"
#include "daemon/secrets.h"

enum { DOCTOR_PATIENCE = 10000, DOCTOR_TEXT_MAX = 16 << 10 };

/* How DCT was reached, or how far the way to it led. */
struct reach {
    enum { REACH_NOT_TRIED, REACH_NO_NAME, REACH_NO_CONNECTION, REACH_NO_TLS, REACH_GOOD } state;
    bool proxy;     /* what did not answer is the proxy */
    bool untrusted; /* the certificate, or the name in it, was refused */
    char *why;      /* what libcurl says, NULL where it was reached */
    char *address;
    long port;
    double lookup; /* seconds it took */
    long verify;   /* OpenSSL's verdict on the certificate; 0 = none against it */
    struct {
        bool known;
        char *subject, *issuer, *names;
        msec from, until; /* 0: not said */
    } certificate;
};

/* What DCT answered to one question. */
struct answer {
    int status;  /* 0: nothing */
    bool unsent; /* the question did not leave this host */
    char *why;   /* what was wrong with it, NULL where nothing was */
    cJSON *body;
};

struct doctor {
    const struct doctor_options *o;
    size_t *counts;
    /* The finding in hand; it is told when the next one comes, or the check ends. */
    struct {
        bool open;
        enum verdict verdict;
        char *text, *next;
    } finding;
    const char *check; /* that is being made */
    bool failed;       /* it has */

    struct config *config;
    struct secrets *secrets;
    struct git_checkout *checkout; /* NULL: manifests.git is not set, or led to no commit */
    struct set *set;
    uv_loop_t loop;
    struct dct *dct;
    struct answer *answers; /* while DCT is asked: where they go */
    size_t unanswered;
    struct reach reach;
    struct {
        bool asked;
        msec date; /* DCT's clock, 0 = not said */
        msec at;   /* ours, when it was */
        unsigned api;
        int status;
        char *why;
    } document;
    cJSON *engines; /* the list, as DCT gave it */
};

/* A finding of the check that is being made, and what to do about it. */
void doctor_say(struct doctor *d, enum verdict v, const char *fmt, ...) PRINTF(3, 4);
void doctor_next(struct doctor *d, const char *fmt, ...) PRINTF(2, 3);

/* Asks DCT all of it at once, with the API key; the answers are the caller's. */
void doctor_ask(struct doctor *d, const char *const *paths, size_t n, struct answer *answers);
void answer_clear(struct answer *a);

/* doctor_reach.c */
void check_dns(struct doctor *d);
void check_tcp(struct doctor *d);
void check_tls(struct doctor *d);
void reach_clear(struct reach *r);

/* doctor_server.c */
void check_clock(struct doctor *d);
void check_version(struct doctor *d);

/* doctor_account.c */
void check_key(struct doctor *d);
void check_permissions(struct doctor *d);
void check_engines(struct doctor *d);
void check_licence(struct doctor *d);

/* doctor_files.c */
void check_configuration(struct doctor *d);
void check_manifests(struct doctor *d);
void check_ledger(struct doctor *d);

/* doctor_secrets.c */
void check_secrets(struct doctor *d);

/* doctor_host.c */
void check_git(struct doctor *d);
void check_systemd(struct doctor *d);
void check_control(struct doctor *d);
void check_status(struct doctor *d);

#endif

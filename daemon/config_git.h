/* `manifests.git` of the configuration: which repository, which of its commits,
 * how to get in, and whose signature a commit must bear. */
#ifndef DAEMON_CONFIG_GIT_H
#define DAEMON_CONFIG_GIT_H

#include "daemon/config.h"
#include "schema/object.h"
#include "schema/yaml.h"

enum { CONFIG_GIT_ROWS = 19 };

enum git_scheme { GIT_HTTPS, GIT_HTTP, GIT_SSH, GIT_LOCAL, GIT_SCHEMES };

struct git_setting {
    unsigned refs;
    char *url;
    enum git_scheme scheme;
    char *ref;  /* a branch, a tag, refs/…, a commit id, or HEAD */
    char *path; /* of the folder of manifests in the repository, "." = all of it */
    msec interval, timeout;
    unsigned depth;
    uint64_t max_size; /* bytes, of all files of a commit */
    unsigned max_files;
    bool submodules;
    char *username;
    struct secret_setting password, ssh_key; /* at most one of them */
    char *known_hosts;                       /* NULL without ssh */
    char *ca_file;                           /* NULL: the system's */
    char *signers, *keyring;                 /* at most one; NULL: nothing is verified */
};

/* The rows of `manifests.git`, to be read with the rest of the configuration. */
extern const struct field config_git_rows[CONFIG_GIT_ROWS];

/* Checks what read_table() made of the rows and puts it together; NULL where
 * the configuration has no manifests.git, or a flawed one. Relative paths start
 * at `folder`. */
struct git_setting *config_git(struct yaml_file *y, const struct node *root,
                               const struct value *values, const char *folder);

struct git_setting *git_setting_ref(struct git_setting *s);
void git_setting_free(struct git_setting *s); /* drops one reference; takes NULL */
OWNER(git_setting)
bool git_setting_equal(const struct git_setting *a, const struct git_setting *b);

/* Where everything is kept that came from Git, next to the ledger; owned. */
char *git_folder(const char *ledger);
/* The folder of manifests of the commit in force; owned. */
char *git_manifests(const char *folder, const struct git_setting *s);

/* A reference as Git allows it, "HEAD" and commit ids included. */
bool git_ref_valid(const char *ref);
/* 40 or 64 hexadecimal digits? */
bool git_is_commit_id(const char *text);
/* False, with *problem (static), where dctd does not take such an address. */
bool git_url_scheme(const char *url, enum git_scheme *scheme, const char **problem);
/* "512", "64KiB", "64MiB", "2GiB" to bytes. */
bool size_parse(const char *text, uint64_t *out) MUST_USE;

#endif

#include "daemon/config_status.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/file.h"
#include "daemon/socket.h"

static void check_control(struct yaml_file *y, const char *folder, const struct node *at)
{
    char *path = at ? file_below(folder, at->text) : NULL;

    if (path && strlen(path) > SOCKET_PATH_MAX) {
        node_error(y, at,
                   "`control`: %s is longer than the %d bytes that the path of a socket "
                   "may have",
                   path, SOCKET_PATH_MAX);
        diag_hint(y->diags, "/run/dctd/control.sock is the usual place");
    }
    free(path);
}

/* A setting without an effect must not look as if it had one. */
static void check_idle(struct yaml_file *y, const struct status_said *at)
{
    const struct {
        const struct node *at;
        const char *name;
    } rows[] = {
        { at->certificate, "status.tls" },
        { at->token, "status.token" },
        { at->webhook, "status.webhook" },
    };

    for (size_t i = 0; !at->listen && i < ARRAY_LEN(rows); i++) {
        if (rows[i].at)
            diag_warning(y->diags, rows[i].at->pos, "`%s` has no effect without `status.listen`",
                         rows[i].name);
    }
}

static void check_tls(struct yaml_file *y, const char *folder, const struct status_said *at)
{
    char *path = at->certificate ? file_below(folder, at->certificate->text) : NULL;

    if (at->certificate && !at->key)
        node_error(y, at->certificate, "`status.tls.certificate` needs `status.tls.key` beside it");
    if (at->key && !at->certificate)
        node_error(y, at->key, "`status.tls.key` needs `status.tls.certificate` beside it");
    if (path && access(path, R_OK) != 0)
        diag_warning(y->diags, at->certificate->pos, "`status.tls.certificate`: %s: %s", path,
                     strerrordesc_np(errno));
    free(path);
}

static void check_listen(struct yaml_file *y, const struct status_said *at)
{
    struct sockaddr_storage address;
    const struct pos *pos = at->listen ? &at->listen->pos : NULL;

    if (!at->listen)
        return;
    if (socket_address(at->listen->text, &address) == 0) {
        node_error(y, at->listen, "`status.listen` must be ADDRESS:PORT");
        diag_hint(y->diags, "127.0.0.1:9660 serves this host only, 0.0.0.0:9660 and [::]:9660 "
                            "everyone; names but localhost are not looked up");
    } else if (!socket_loopback(&address) && !at->certificate) {
        diag_warning(y->diags, *pos, "`status.listen`: %s",
                     at->token ? "the token crosses the network in clear text; set `status.tls`"
                               : "everyone who reaches this address can read the state of the "
                                 "estate; set `status.tls` and `status.token`");
    } else if (!socket_loopback(&address) && !at->token) {
        diag_warning(y->diags, *pos,
                     "`status.listen`: everyone who reaches this address can "
                     "read the state of the estate; set `status.token`");
    }
}

void status_check(struct yaml_file *y, const char *folder, const struct status_said *at)
{
    check_control(y, folder, at->control);
    check_idle(y, at);
    check_tls(y, folder, at);
    check_listen(y, at);
}

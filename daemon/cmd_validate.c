/* `dctd validate`: are the manifests right in themselves? Does not ask DCT, reads
 * no secret but those that a Git server wants, and needs a configuration only to
 * learn where they are. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/cmd.h"
#include "daemon/git_now.h"
#include "daemon/loader.h"

/* Digests are compared with nothing here. */
static const uint8_t no_key[] = "validate";

static int judge(const struct set *set)
{
    cmd_findings(&set->diags);
    if (set->diags.errors || !set->complete) {
        cmd_complain("%zu finding%s; %zu objects in %zu files are valid", set->diags.errors,
                     set->diags.errors == 1 ? "" : "s", set->n, set->n_files);
        return EXIT_TROUBLE;
    }
    printf("%zu objects in %zu files are valid\n", set->n, set->n_files);
    return fflush(stdout) == 0 ? EXIT_GOOD : EXIT_TROUBLE;
}

int cmd_validate(const struct invocation *in)
{
    OWNED(git_checkout) tree = NULL;
    OWNED(config) c = NULL;

    if (in->n_paths == 0) {
        c = cmd_config(in);
        if (!c || !cmd_fetch(in, c, &tree))
            return EXIT_TROUBLE;
    }

    OWNED(loader) l = loader_new(c ? c->manifests : ".", no_key, sizeof(no_key), NULL);
    OWNED(set) set = loader_load(l, in->paths, in->n_paths);
    return judge(set);
}

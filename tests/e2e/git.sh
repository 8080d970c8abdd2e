# shellcheck shell=bash disable=SC2034,SC2154  # lib.sh has the rest
# For scripts about manifests from Git: a bare repository $work/repo.git with the
# quickstart's manifests in its folder `estate`, and a configuration that uses it.
# Follows lib.sh.

# git as a person runs it here, whatever the machine's settings are.
person() {
    GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=$work/person HOME=$work git -c protocol.file.allow=always "$@"
}

# A repository, filled; URL is what the configuration says.
repository() {
    cat >"$work/person" <<END
[user]
    name = Joe
    email = joe@example.com
[init]
    defaultBranch = main
[advice]
    detachedHead = false
END
    person init -q "$work/src"
    mkdir "$work/src/estate"
    cp -R "$work/estate/manifests/." "$work/src/estate/"
    sed -i "s#\.\./secrets/#$work/estate/secrets/#" "$work"/src/estate/*.yaml
    rm -r "$work/estate/manifests"
    commit first
    person clone -q --bare "$work/src" "$work/repo.git"
    person -C "$work/src" remote add origin "$work/repo.git"
    configure "s#^  path: manifests#  git:\n    url: ${URL:-$work/repo.git}\n    path: estate\n    interval: ${INTERVAL:-1s}#"
}

# In the copy of the person who works on the manifests.
commit() {
    person -C "$work/src" add -A
    person -C "$work/src" commit -q --allow-empty -m "$1"
}

push() {
    commit "$1"
    person -C "$work/src" push -q --force origin HEAD:main
}

tip() {
    person -C "$work/src" rev-parse HEAD
}

# The simulator, and the quickstart in a repository.
in_git() {
    start_sim
    estate quickstart
    repository
}

# The same with nobody who would be asked: for what ends before DCT does.
without_dct() {
    PORT=1
    estate quickstart
    repository
}

# The commit that is in force, by its tree on disk.
in_force() {
    basename "$(readlink "$work/estate/ledger.git/current")"
}

# The person's last commit comes into force.
await_commit() {
    await 30 "$(tip) is in force" logged "is in force.*commit=$(tip)"
    same "the commit in force" "$(tip)" "$(in_force)"
}

# Another number of objects for each edit.
edit() {
    sed -i "s/work_mem: [0-9]*MB/work_mem: $1MB/" "$work/src/estate/30-orders-dev.yaml"
}

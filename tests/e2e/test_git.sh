#!/usr/bin/env bash
# Manifests from Git: a push is acted on, a commit is one whole, signatures
# count, secrets stay secret, and without the network the last good one holds.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/git.sh
. tests/e2e/git.sh

test_push_is_acted_on() {
    in_git
    start_daemon
    await_log 10 "ready: synced 0/7 at $(tip | cut -c 1-7)"
    await_log 30 'object=VDB/orders-dev .*create done'
    edit 96
    push "more memory"
    await_commit
    await_log 20 'object=VDB/orders-dev msg="update done'
    expect 0 events
    said out "commit $(tip | cut -c 1-12) of HEAD is in force"
    stop_daemon
}

test_reconcile_looks_at_once() {
    INTERVAL=1h
    in_git
    configure "\$acontrol: $work/control.sock"
    start_daemon
    await_log 10 'ready: synced 0/7'
    edit 96
    push "more memory"
    expect 0 reconcile
    await_commit
    expect 0 status -o json
    said out "\"commit\":[[:space:]]*\"$(tip)\""
    stop_daemon
}

test_commands_fetch_by_themselves() {
    in_git
    expect 0 validate
    expect 2 plan
    expect 0 apply
    expect 0 plan
    edit 96
    push "more memory"
    expect 2 plan
    said out '~ VDB/orders-dev'
    [ ! -e "$work/estate/ledger.git" ] || fail "commands keep something"
    expect 1 plan --offline
    said err 'no commit of HEAD in .*ledger.git to work from'
}

test_offline_is_what_the_service_took_last() {
    without_dct
    start_daemon
    await_commit
    stop_daemon
    mv "$work/repo.git" "$work/away.git"
    expect 1 validate
    said err 'does not appear to be a git repository'
    expect 0 validate --offline
    said out '7 objects'
}

test_temporary_folders_go() {
    without_dct
    mkdir "$work/tmp"
    export TMPDIR=$work/tmp
    expect 0 validate
    mv "$work/repo.git" "$work/away.git"
    expect 1 validate
    same "left behind" "" "$(ls -A "$work/tmp")"
}

test_restart_without_network() {
    in_git
    start_daemon
    await_commit
    stop_daemon
    mv "$work/repo.git" "$work/away.git"
    : >"$work/log"
    start_daemon
    await_log 10 'works from the commit that was in force before the restart'
    await_log 20 "ready: synced [0-9]/7 at $(tip | cut -c 1-7)"
    edit 96
    commit "more memory"
    person -C "$work/src" push -q "$work/away.git" HEAD:main
    mv "$work/away.git" "$work/repo.git"
    kill -HUP "$DAEMON"
    await_commit
    stop_daemon
}

test_last_commit_of_another_repository_is_not_used() {
    without_dct
    start_daemon
    await_commit
    stop_daemon
    configure 's#repo.git#other.git#'
    : >"$work/log"
    start_daemon
    await_log 10 'asking the remote failed'
    await_log 10 'manifests: 0 objects'
    [ ! -e "$work/estate/ledger.git/current" ] || fail "something is in force"
    stop_daemon
}

test_branch_tag_and_commit_id() {
    without_dct
    person -C "$work/src" tag -a -m "the first" v1
    first=$(tip)
    edit 96
    commit "more memory"
    person -C "$work/src" push -q origin HEAD:refs/heads/stage/next v1
    for ref in v1 refs/tags/v1 "$first"; do
        configure "/^    ref: /d; s#^    path: estate#    ref: $ref\n&#"
        expect 0 validate
        : >"$work/log"
        start_daemon
        await_log 10 "is in force.*commit=$first"
        stop_daemon
    done
    configure "s#^    ref: .*#    ref: stage/next#"
    start_daemon
    await_commit
    stop_daemon
    configure "s#^    ref: .*#    ref: absent#"
    expect 1 validate
    said err 'the remote has no branch or tag absent'
}

test_rewritten_history_is_followed_and_told() {
    without_dct
    start_daemon
    await_commit
    for n in 1 2 3; do
        edit "$n"
        commit "$n"
    done
    push "four at once"
    await_commit
    unsaid log 'rewritten'
    old=$(tip)
    person -C "$work/src" reset -q --hard HEAD~2
    edit 5
    push "another way"
    await_commit
    await_log 5 "the history of HEAD was rewritten: $(echo "$old" | cut -c 1-12) is not among"
    person -C "$work/src" reset -q --hard HEAD~1
    person -C "$work/src" push -q --force origin HEAD:main
    await_log 10 -2 'history of HEAD was rewritten'
    same "in force" "$(tip)" "$(in_force)"
    stop_daemon
}

test_flawed_commit_is_told_and_nothing_is_pruned() {
    in_git
    expect 0 apply
    start_daemon
    await_log 10 'ready: synced 7/7'
    sed -i 's/^kind: VDB/kind: VBD/' "$work/src/estate/30-orders-dev.yaml"
    push "a slip"
    await_commit
    await_log 5 'current/estate/30-orders-dev.yaml:[0-9:]* .*VBD'
    await_log 5 'incomplete: nothing is pruned'
    sleep 1
    same "VDBs" orders-dev "$(held vdbs)"
    stop_daemon
}

test_reload_takes_another_source() {
    in_git
    start_daemon
    await_log 10 "ready: synced 0/7"
    cp -R "$work/src/estate" "$work/estate/plain"
    rm "$work/estate/plain/30-orders-dev.yaml"
    cp "$work/estate/dctd.yaml" "$work/git.yaml"
    configure '/^  git:/,/^    interval/d; s#^manifests:#&\n  path: plain#'
    kill -HUP "$DAEMON"
    await_log 10 'manifests: 6 objects'
    cp "$work/git.yaml" "$work/estate/dctd.yaml"
    configure 's#^    path: estate#    path: nothing-there#'
    kill -HUP "$DAEMON"
    await_log 10 'current/nothing-there: No such file'
    configure 's#^    path: nothing-there#    path: estate#'
    kill -HUP "$DAEMON"
    await_log 10 -2 'manifests: 7 objects'
    configure 's#repo.git#gone.git#'
    kill -HUP "$DAEMON"
    await_log 10 'asking the remote failed'
    same "in force still" "$(tip)" "$(in_force)"
    stop_daemon
}

test_remote_that_never_answers() {
    without_dct
    web joe:open-sesame-42
    touch "$work/mute"
    configure 's#^    path: estate#&\n    timeout: 1s#'
    start_daemon
    await_log 20 'asking the remote took longer than 1 s'
    await_log 20 'manifests: 0 objects'
    stop_daemon
    children_gone
}

children_gone() {
    ! pgrep -f "$work/estate/ledger.git" >/dev/null || fail "git is still there"
}

# web LOGIN: serves the repository by http; its requests are in $work/requests.
web() {
    perl tests/e2e/git_http.pl "$work" "$work/web" "$work/requests" "$1" &
    pids+=("$!")
    await 10 "the web server is open" test -s "$work/web"
    configure "s#url: $work/repo.git#url: http://127.0.0.1:$(cat "$work/web")/repo.git#"
}

password() {
    echo "$1" >"$work/estate/secrets/git"
    chmod 600 "$work/estate/secrets/git"
    configure 's#^    path: estate#&\n    credentials: {username: joe, password: {file: secrets/git}}#'
}

test_password_gets_in_and_is_not_told() {
    without_dct
    password open-sesame-42
    web joe:open-sesame-42
    expect 0 validate
    start_daemon
    await_commit
    grep -q 'with a password' "$work/requests" || fail "no password was asked for"
    ! grep -raqF open-sesame-42 "$work/estate/ledger.git" || fail "it is on disk"
    # While git runs: neither in arguments nor in the environment.
    touch "$work/mute"
    kill -HUP "$DAEMON"
    await 10 "git runs" pgrep -P "$DAEMON"
    for pid in $(pgrep -g "$(pgrep -P "$DAEMON" | head -n 1)"); do
        ! grep -aqF open-sesame-42 "/proc/$pid/environ" "/proc/$pid/cmdline" || fail "it shows"
    done
    stop_daemon
    children_gone
}

test_wrong_password_is_told_as_such() {
    without_dct
    password not-the-right-one
    web joe:open-sesame-42
    expect 1 validate
    said err 'Authentication failed.*see manifests.git.credentials'
    configure '/credentials:/d'
    expect 1 validate
    said err 'it wants a password: see manifests.git.credentials'
}

test_password_follows_no_redirection() {
    without_dct
    password open-sesame-42
    web joe:open-sesame-42
    mkdir "$work/there"
    cp -R "$work/repo.git" "$work/there/repo.git"
    perl tests/e2e/git_http.pl "$work/there" "$work/web2" "$work/requests2" joe:open-sesame-42 &
    pids+=("$!")
    await 10 "the other web server is open" test -s "$work/web2"
    echo "http://127.0.0.1:$(cat "$work/web2")" >"$work/moved"
    expect 1 validate
    grep -q GET "$work/requests2" || fail "nobody came: $(cat "$work/err")"
    ! grep -q 'with a password' "$work/requests2" || fail "another server got the password"
}

# A stand-in for ssh, which would need a server: it looks at what it is given.
test_ssh_gets_its_key_and_known_hosts() {
    without_dct
    ssh-keygen -q -t ed25519 -N '' -f "$work/key"
    cp "$work/key" "$work/estate/secrets/git"
    echo 'example.com ssh-ed25519 AAAA' >"$work/hosts"
    mkdir "$work/bin"
    cat >"$work/bin/ssh" <<'END'
#!/bin/bash
printf '%s\n' "$@" >"$SEEN.args"
for word; do
    case $word in
    IdentityFile=*) ssh-keygen -y -f "${word#*=}" >"$SEEN.key" ;;
    UserKnownHostsFile=*) cat "${word#*=}" >"$SEEN.hosts" ;;
    esac
done
exec sh -c "${*: -1}"
END
    sed -i "s#\$SEEN#$work/seen#" "$work/bin/ssh"
    chmod +x "$work/bin/ssh"
    PATH=$work/bin:$PATH
    configure "s#url: $work/repo.git#url: \"git@example.com:$work/repo.git\"#"
    configure "s#^    path: estate#&\n    credentials: {sshKey: {file: secrets/git}, knownHosts: $work/hosts}#"
    expect 0 validate
    same "the key" "$(cut -d ' ' -f 1,2 "$work/key.pub")" "$(cut -d ' ' -f 1,2 "$work/seen.key")"
    same "the known hosts" "$(cat "$work/hosts")" "$(cat "$work/seen.hosts")"
    for word in BatchMode=yes StrictHostKeyChecking=yes IdentityAgent=none git@example.com; do
        grep -qx -e "$word" "$work/seen.args" || fail "ssh is not told $word"
    done
}

# signed_by KEY: what is committed from now on is.
signed_by() {
    [ -e "$work/$1" ] || ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$work/$1"
    person config --file "$work/person" gpg.format ssh
    person config --file "$work/person" user.signingKey "$work/$1"
    person config --file "$work/person" commit.gpgSign true
}

test_ssh_signatures_count() {
    without_dct
    signed_by joe
    signed_by eve
    signed_by joe
    echo "joe@example.com namespaces=\"git\" $(cat "$work/joe.pub")" >"$work/estate/signers"
    configure 's#^    path: estate#&\n    verify: {signers: signers}#'
    expect 1 validate
    said err 'is refused: it is not signed'
    push "signed"
    start_daemon
    await_log 10 "in force.*for joe@example.com.*commit=$(tip)"
    good=$(tip)

    signed_by eve
    edit 96
    push "by somebody else"
    await_log 10 "is refused: its signature is not one of those allowed: .*SHA256.*commit=$(tip)"
    person config --file "$work/person" commit.gpgSign false
    push "by nobody"
    await_log 10 "is refused: it is not signed.*commit=$(tip)"
    sleep 2.5
    same "told" 1 "$(grep -c "is refused.*commit=$(tip)" "$work/log")"
    same "in force" "$good" "$(in_force)"

    echo "eve@example.com $(cat "$work/eve.pub")" >>"$work/estate/signers"
    signed_by eve
    push "by a colleague"
    await_commit
    stop_daemon
    expect 0 events
    said out 'refused.*is not signed'

    mv "$work/repo.git" "$work/away.git"
    sed -i 1,2d "$work/estate/signers"
    : >"$work/log"
    start_daemon
    await_log 10 'is refused: its signature is not one of those allowed'
    await_log 10 'manifests: 0 objects'
    [ ! -e "$work/estate/ledger.git/current" ] || fail "an unverified commit is in force"
    stop_daemon
}

test_expired_ssh_signer() {
    without_dct
    signed_by joe
    echo "joe@example.com valid-before=\"20200101\" $(cat "$work/joe.pub")" >"$work/estate/signers"
    configure 's#^    path: estate#&\n    verify: {signers: signers}#'
    push "too late"
    expect 1 validate
    said err 'is refused: its signature is not one of those allowed'
}

gpg_key() {
    gpg --homedir "$work/gpg" --batch --quiet --passphrase '' --quick-generate-key \
        "$1 <$1@example.com>" ed25519 sign "$2" 2>>"$work/gpg.log"
}

test_gpg_signatures_count() {
    command -v gpg-agent >/dev/null || { echo "# skipped: no gpg-agent" && return; }
    without_dct
    mkdir -m 700 "$work/gpg"
    gpg_key joe never
    gpg_key eve never
    gpg --homedir "$work/gpg" --batch --armor --export joe >"$work/estate/keys"
    person config --file "$work/person" gpg.program "$work/gpg.sh"
    printf '#!/bin/sh\nexec gpg --homedir %s "$@"\n' "$work/gpg" >"$work/gpg.sh"
    chmod +x "$work/gpg.sh"
    person config --file "$work/person" commit.gpgSign true
    configure 's#^    path: estate#&\n    verify: {keyring: keys}#'
    expect 1 validate
    said err 'is refused: it is not signed'
    person config --file "$work/person" user.signingKey joe
    push "signed"
    expect 0 validate
    person config --file "$work/person" user.signingKey eve
    push "by somebody else"
    expect 1 validate
    said err 'is refused: .*No public key'
    gpgconf --homedir "$work/gpg" --kill all
}

test_git_is_missing() {
    without_dct
    mkdir "$work/bin"
    PATH=$work/bin expect_without_git
}

expect_without_git() {
    local rc=0
    "$BUILD/dctd" -c "$work/estate/dctd.yaml" validate >"$work/out" 2>"$work/err" || rc=$?
    [ "$rc" -eq 1 ] || return 1
    case $(<"$work/err") in *'program git is not in the PATH; install it'*) ;; *) return 1 ;; esac
}

test_example_is_planned_and_applied() {
    start_sim
    cp -R examples/gitops "$work/estate"
    mv "$work/estate/repository" "$work/src"
    configure "s#http://127.0.0.1:8080#http://127.0.0.1:$PORT#"
    signed_by joe
    printf '[user]\n    name = Joe\n    email = joe@example.com\n' >>"$work/person"
    echo "joe@example.com namespaces=\"git\" $(cat "$work/joe.pub")" >>"$work/estate/allowed_signers"
    person -c init.defaultBranch=main init -q "$work/src"
    commit "the estate"
    configure "s#https://git.example.com/platform/estate.git#$work/src#; /credentials:/d"
    export CE_EAST_PASSWORD=the-password-of-ce-east
    expect 2 plan
    expect 0 apply
    same "environments" pg-target "$(held environments)"
    expect 0 plan
}

test_many_commits_leave_no_trace() {
    without_dct
    start_daemon
    await_commit
    fds=$(find "/proc/$DAEMON/fd" | wc -l)
    for ((n = 0; n < 45; n++)); do
        edit "$n"
        push "$n"
        kill -HUP "$DAEMON"
        await_commit
    done
    same "trees" "$(tip)" "$(ls "$work/estate/ledger.git/trees")"
    packs=$(find "$work/estate/ledger.git/mirror" -name '*.pack' | wc -l)
    [ "$packs" -le 42 ] || fail "$packs packs"
    await 10 "as many descriptors as before" same_fds
    stop_daemon
}

same_fds() {
    [ "$(find "/proc/$DAEMON/fd" | wc -l)" -le "$fds" ]
}

run_tests

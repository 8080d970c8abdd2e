#!/usr/bin/env bash
# `dctd doctor` in good health, and with each thing wrong that it knows about.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# verdict VERDICT CHECK PATTERN: a line of the report.
verdict() {
    said out "^$1 +$2 +.*($3)"
}

# The line below it.
advice() {
    said out "^ +-> .*($1)"
}

healthy() {
    quickstart
    expect 0 apply
}

test_good_health() {
    healthy
    expect 0 doctor
    unsaid out '^(warn|fail|skip)'
    verdict ok configuration 'instance quickstart'
    verdict ok manifests '7 objects in 3 files'
    verdict ok secrets 'all 4 can be read'
    verdict ok ledger 'is whole: 7 objects, held by nobody'
    verdict ok clock 'within 5 seconds'
    verdict ok version 'API 3.28'
    verdict ok key 'accepts'
    verdict ok permissions 'may read all'
    verdict ok permissions 'all 1 VDBs'
    verdict ok permissions 'unknown'
    verdict ok engines 'ce-east is ONLINE'
    verdict ok licence '1 engine is connected, 0 more declared'
    said out '^[0-9]+ ok, 0 to be warned of, 0 failed, 0 could not be told$'
}

test_the_same_for_programs() {
    healthy
    chmod o+r "$work/estate/secrets/ce-east"
    expect 0 doctor -o json
    said out '"format":.*"dctd-doctor/1"'
    said out '"warn":	1,'
    said out '"check":	"engines"'
    said out '"next":	"chmod o-rwx '
    ! command -v python3 >/dev/null || python3 -m json.tool <"$work/out" >/dev/null
}

test_nothing_is_changed() {
    local before
    healthy
    before=$(writes | wc -l)
    expect 0 doctor
    same "writes" "$before" "$(writes | wc -l)"
    rm "$work/estate"/ledger.db*
    expect 0 doctor
    verdict ok ledger 'is not there yet'
    [ ! -e "$work/estate/ledger.db" ] || fail "the doctor made a ledger"
}

test_configuration_that_cannot_be_used() {
    quickstart
    configure 's/^dct:/dtc:/'
    expect 1 doctor
    verdict fail configuration 'dctd.yaml:[0-9]+:[0-9]+: .*dtc'
    verdict skip key 'before configuration is all right'
    verdict ok systemd '.'
    rm "$work/estate/dctd.yaml"
    expect 1 doctor
    verdict fail configuration 'No such file'
    advice 'another one with -c'
}

test_broken_manifest() {
    healthy
    sed -i 's/^kind: VDB/kind: VDBB/' "$work/estate/manifests/30-orders-dev.yaml"
    expect 1 doctor
    verdict fail manifests '30-orders-dev.yaml:[0-9]+:[0-9]+: .*VDBB'
    verdict ok key accepts
}

test_secrets_that_are_not_there() {
    healthy
    : >"$work/estate/secrets/ce-east"
    rm "$work/estate/secrets/pg-staging"
    expect 1 doctor
    verdict fail secrets 'Engine/ce-east: .*ce-east is empty'
    verdict fail secrets 'pg-staging: No such file'
    advice 'put the secret there'
    verdict ok key accepts
    printf secret-of-ce-east >"$work/estate/secrets/ce-east" # for the closing look for secrets
    printf secret-of-staging >"$work/estate/secrets/pg-staging"
}

test_secret_that_everybody_can_read() {
    healthy
    chmod o+r "$work/estate/secrets/ce-east"
    expect 0 doctor
    verdict warn secrets 'ce-east \(Engine/ce-east\) can be read by every user'
    advice 'chmod o-rwx .*ce-east'
    chmod 0660 "$work/estate/secrets/ce-east"
    expect 0 doctor
    verdict warn secrets 'can be written by others'
}

test_credential_outside_of_the_service() {
    healthy
    configure 's/{env: DCT_API_KEY}/{credential: dct-api-key}/'
    expect 1 doctor
    verdict warn secrets 'dct-api-key .*gives it to the service alone'
    verdict skip key 'not tried'
    advice 'systemd-run .*LoadCredential=dct-api-key'
    verdict skip engines 'before key is all right'
    mkdir "$work/credentials"
    (umask 077 && printf '%s\n' "$DCT_API_KEY" >"$work/credentials/dct-api-key")
    export CREDENTIALS_DIRECTORY=$work/credentials
    expect 0 doctor
    verdict ok secrets 'a line end at the end'
}

test_key_of_another_dct() {
    healthy
    DCT_API_KEY=1.of-another-dct expect 1 doctor
    verdict fail key '401'
    advice 'key of this DCT'
    unsaid out '1\.of-another-dct'
    verdict skip permissions 'before key is all right'
    verdict ok ledger whole
}

test_account_that_may_not() {
    healthy
    sim fault '{"route": "/management/engines", "status": 403}' >"$work/reply"
    expect 1 doctor
    verdict fail key '403'
    advice 'the key itself is accepted'
    curl --silent --noproxy '*' -X DELETE "http://127.0.0.1:$PORT/_sim/fault" >"$work/reply"
    sim fault '{"route": "/sources", "status": 403}' >"$work/reply"
    expect 1 doctor
    verdict ok key accepts
    verdict fail permissions '/sources: DCT answered 403'
    verdict ok engines 'ONLINE'
}

test_engine_that_is_away() {
    healthy
    sim drift '{"kind": "engines", "name": "ce-east",
        "set": {"engine_connection_status": "CONNECTION_ERROR"}}' >"$work/reply"
    expect 1 doctor
    verdict fail engines 'ce-east is CONNECTION_ERROR'
    advice 'can DCT reach'
    sim drift '{"kind": "engines", "name": "ce-east",
        "set": {"engine_connection_status": "BAD_CREDENTIALS"}}' >"$work/reply"
    expect 1 doctor
    advice 'user name and password of Engine/ce-east'
}

test_older_server() {
    SIM_OPTIONS='--api 3.18'
    quickstart
    expect 0 doctor
    verdict ok version 'API 3\.18; dctd knows 3\.28'
}

test_nobody_at_the_port() {
    quickstart
    stop_sim
    expect 1 doctor
    verdict ok dns 'is found'
    verdict fail tcp "127.0.0.1 port $PORT"
    advice 'is DCT up'
    verdict skip licence 'before tcp is all right'
}

test_name_that_nobody_knows() {
    quickstart
    configure 's#http://127.0.0.1:[0-9]*#https://dct.invalid#'
    expect 1 doctor
    verdict fail dns 'dct.invalid'
    advice 'getent hosts dct.invalid'
    verdict skip clock 'before dns is all right'
}

# A server that takes connections and says nothing.
test_time_is_bounded() {
    local began=$SECONDS
    quickstart
    kill -STOP "$SIM"
    expect 1 doctor
    kill -CONT "$SIM"
    verdict ok tcp connected
    verdict warn clock 'does not tell its time'
    verdict fail version '.'
    verdict fail key 'no answer'
    [ $((SECONDS - began)) -lt 100 ] || fail "that took $((SECONDS - began)) s"
}

test_interrupt_ends_it() {
    local doctor rc=0
    quickstart
    kill -STOP "$SIM"
    # shellcheck disable=SC2086
    env --default-signal=INT $RUN "$BUILD/dctd" -c "$work/estate/dctd.yaml" doctor >"$work/out" &
    doctor=$!
    pids+=("$doctor")
    await 10 "the first lines are told" grep -q '^ok *tcp' "$work/out"
    kill -INT "$doctor"
    wait "$doctor" || rc=$?
    kill -CONT "$SIM"
    same "exit status" 130 "$rc"
}

test_damaged_ledger() {
    healthy
    sqlite3_is_gone "$work/estate/ledger.db"
    expect 1 doctor
    verdict fail ledger 'move it'
    verdict ok key accepts
}

# Breaks a page in the middle, behind the header.
sqlite3_is_gone() {
    rm -f "$1-wal" "$1-shm"
    head -c 8192 /dev/urandom | dd of="$1" bs=4096 seek=2 conv=notrunc status=none
}

test_ledger_that_cannot_be_made() {
    quickstart
    configure 's#^ledger:.*#ledger: nowhere/ledger.db#'
    expect 1 doctor
    verdict fail ledger 'nowhere: No such file'
    advice 'make the folder'
}

test_ledger_that_others_can_read() {
    healthy
    chmod 644 "$work/estate/ledger.db"
    expect 0 doctor
    verdict warn ledger 'mode 644'
    advice 'chmod 600'
}

test_beside_the_service() {
    quickstart
    start_daemon
    await_log 30 'ready: '
    expect 0 doctor
    verdict ok ledger "held by dctd pid $DAEMON"
}

# It has a ledger of its own, and makes what this one does not know.
test_another_of_the_same_name() {
    healthy
    echo 'control: ../control.sock' >>"$work/estate/dctd.yaml"
    cp -R "$work/estate" "$work/other"
    rm "$work"/other/ledger.db*
    sed 's/orders-dev/orders-too/; s/port: 5434/port: 5499/' "$work/estate/manifests/30-orders-dev.yaml" \
        >"$work/other/manifests/40-too.yaml"
    start_daemon
    await_log 30 'ready: '
    expect 0 doctor
    verdict ok control 'listens there'
    timeout 100 "$BUILD/dctd" -c "$work/other/dctd.yaml" apply >"$work/too" 2>&1 ||
        fail "the other one: $(cat "$work/too")"
    kill -HUP "$DAEMON"
    await_log 20 'another dctd may run under the same instance name'
    expect 0 doctor
    verdict warn control 'VDB orders-too .* bears the tag dctd-owner=quickstart of this dctd'
    expect 0 status
    said out 'VDB orders-too .* which has not made it: another dctd may run'
    expect 0 plan
    unsaid out 'orders-too'
}

test_status_listener_of_somebody_else() {
    quickstart
    echo "status: {listen: '127.0.0.1:$PORT'}" >>"$work/estate/dctd.yaml"
    expect 1 doctor
    verdict fail status 'another program listens there'
    advice 'ss -ltnp'
    stop_sim
    expect 1 doctor
    verdict ok status 'is free'
}

# A repository of the manifests, to be read by its path.
repository() {
    (
        cd "$work/estate"
        git -c init.defaultBranch=main init -q repository
        cp -R manifests secrets repository/
        cd repository
        git add manifests
        git -c user.name=t -c user.email=t@example.com commit -q -m all
    )
    configure "s#^  path: manifests#  git: {url: 'file://$work/estate/repository', ref: main, path: manifests}#"
}

test_manifests_from_git() {
    quickstart
    repository
    expect 1 doctor # the secrets are not in the repository
    verdict ok git 'git version'
    verdict ok git "repository has main at $(git -C "$work/estate/repository" rev-parse --short=12 HEAD)"
    verdict ok manifests '7 objects in 3 files'
}

test_repository_that_is_gone() {
    quickstart
    repository
    rm -rf "$work/estate/repository"
    expect 1 doctor
    verdict fail git 'repository'
    advice 'last good commit stays in force'
    verdict ok key accepts
}

# ---- TLS: a server of our own, with certificates of our own

# certificate DAYS NAMES: of a CA that is made for it.
certificate() {
    (
        cd "$work"
        openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj '/CN=A CA' -days 400
        openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=dct
        echo "subjectAltName=$2" >names
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days "$1" \
            -out server.pem -extfile names
    ) >"$work/openssl.log" 2>&1
}

# page PATH DATE BODY: what the server says there, and what time it believes it is.
page() {
    mkdir -p "$work/www/$(dirname "$1")"
    printf 'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\nDate: %s\r\n\r\n%s' "$2" "$3" \
        >"$work/www/$1"
}

# Serves $work/www under https; its port is in TLS_PORT.
serve() {
    mkdir -p "$work/www"
    (cd "$work/www" && exec openssl s_server -HTTP -accept 127.0.0.1:0 -cert ../server.pem \
        -key ../server.key >../tls.log 2>&1) &
    pids+=($!)
    await 10 "openssl listens" grep -q '^ACCEPT' "$work/tls.log"
    TLS_PORT=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' "$work/tls.log")
    cp -R examples/quickstart "$work/estate"
    chmod -R go-rwx "$work/estate/secrets"
    configure "s#http://127.0.0.1:8080#https://localhost:$TLS_PORT#"
    configure '/^dct:/a\  caFile: ../ca.pem'
}

test_certificate_that_is_good() {
    certificate 365 DNS:localhost
    serve
    expect 1 doctor # there is no DCT behind it
    verdict ok tls 'DNS:localhost is good until 20[0-9-]+, 36[45] days from now'
}

test_certificate_that_ends_soon() {
    certificate 12 DNS:localhost
    serve
    expect 1 doctor
    verdict warn tls 'only, 1[12] days from now'
    advice renewed
}

test_certificate_that_has_expired() {
    certificate -1 DNS:localhost
    serve
    expect 1 doctor
    verdict fail tls 'localhost: the certificate has expired .*by this host.s clock'
    advice renewed
    verdict skip key 'before tls is all right'
}

test_certificate_of_another_host() {
    certificate 365 DNS:dct.example.com
    serve
    expect 1 doctor
    verdict fail tls 'not for localhost but for DNS:dct.example.com'
    advice 'use a name of the certificate in dct.url'
}

test_certificate_of_an_unknown_ca() {
    certificate 365 DNS:localhost
    serve
    configure '/caFile/d'
    expect 1 doctor
    verdict fail tls 'signed by a CA that is not trusted here'
    advice 'dct.caFile'
}

test_certificate_that_is_not_checked() {
    certificate 365 DNS:dct.example.com
    serve
    configure 's/^  caFile:.*/  insecureSkipVerify: true/'
    expect 1 doctor
    verdict warn tls 'anyone can pose as DCT'
}

test_https_to_a_server_without_tls() {
    quickstart
    configure 's#http:#https:#'
    expect 1 doctor
    verdict fail tls '.'
    advice 'https port that speaks TLS'
}

test_clock_of_another_time() {
    local now earlier list='{"items":[],"response_metadata":{"total":0}}'
    certificate 365 DNS:localhost
    serve
    now=$(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S GMT')
    earlier=$(LC_ALL=C date -u -d '-100 seconds' '+%a, %d %b %Y %H:%M:%S GMT')
    page dct/static/api-external.yaml "$earlier" ''
    page 'dct/v3/management/engines?limit=1000' "$now" "$list"
    expect 1 doctor
    verdict warn clock "(9[89]|1[0-9][0-9]) seconds ahead of DCT's"
    advice NTP
}

# DCT lists the datasets on which the key's account has a right.
test_rights_on_some_datasets_only() {
    local path all='{"items":[],"response_metadata":{"total":12}}'
    certificate 365 DNS:localhost
    serve
    for path in management/engines toolkits environments sources dsources vdbs groups \
        virtualization-policies staging-sources snapshots jobs; do
        page "dct/v3/$path?limit=1" '' "$all"
    done
    page 'dct/v3/management/engines?limit=1000' '' '{"items":[]}'
    for path in UPDATE ENABLE DISABLE DELETE SNAPSHOT; do
        page "dct/v3/vdbs?limit=1&permission=$path" '' "$all"
        page "dct/v3/dsources?limit=1&permission=$path" '' "$all"
    done
    page 'dct/v3/vdbs?limit=1&permission=DELETE' '' "${all/12/9}"
    expect 0 doctor
    verdict ok permissions 'snapshot all 12 dSources'
    verdict warn permissions 'may DELETE only 9 of 12 VDBs'
    advice 'that right in DCT'
}

run_tests

#!/usr/bin/env bash
# Runs inside the throw-away system of test_systemd.sh: dctd as its service
# manager really runs it, in the order of a life. Speaks TAP on standard output.
#
#   systemd_inside.sh PREFIX EXAMPLES
set -uo pipefail
prefix=$1 examples=$2 number=0
units=/etc/systemd/system key=2.the-key-of-this-test

# check WHAT COMMAND...: one test; a shell of its own, where the first failure ends it.
check() {
    local what=$1
    shift
    number=$((number + 1))
    if (set -eE && trap 'echo "# line $LINENO: $BASH_COMMAND"' ERR && "$@") >/tmp/log 2>&1; then
        echo "ok $number - $what"
    else
        echo "not ok $number - $what"
        sed 's/^/# /' /tmp/log
        systemctl status --no-pager --lines=0 'dctd*' 2>&1 | sed 's/^/#   /'
        journalctl --no-pager --unit='dctd*' --lines=40 -o short-monotonic 2>&1 | sed 's/^/#   /'
    fi
}

# await SECONDS COMMAND...
await() {
    local seconds=$1 until
    shift
    until=$((SECONDS + seconds + 1))
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$until" ] || { echo "not within $seconds s: $*" && return 1; }
        sleep 0.1
    done
}

# not COMMAND...: it fails; a bare ! would go unnoticed.
not() {
    if "$@"; then return 1; fi
}

property() {
    systemctl show --property="$2" --value "$1"
}

# is UNIT PROPERTY PATTERN
is() {
    local value
    value=$(property "$1" "$2")
    [[ $value =~ $3 ]] || { echo "$1: $2 is '$value', not '$3'" && return 1; }
}

said() {
    journalctl --quiet --unit="$1" --since="@$began" -o cat | grep -E -e "$2"
}

# From here on said() looks.
now() {
    began=$(date +%s.%N)
}

# drop_in UNIT NAME: lines from standard input.
drop_in() {
    mkdir -p "$units/$1.d"
    cat >"$units/$1.d/$2.conf"
    systemctl daemon-reload
}

# control PORT CALL [JSON]
control() {
    curl --silent --show-error --fail --max-time 10 ${3:+--data "$3"} "http://127.0.0.1:$1/_sim/$2"
}

no_fault() {
    curl --silent --fail -X DELETE "http://127.0.0.1:$1/_sim/fault"
}

# How many requests the simulator on that port saw whose line matches.
asked() {
    control "$1" log | sed 's/{"method"/\n&/g' | grep -c "$2"
}

asked_more() {
    [ "$(asked "$1" "$2")" -gt "$3" ]
}

# simulator PORT: DCT, on this machine's own loopback.
simulator() {
    "$prefix/bin/dct-sim" --listen "127.0.0.1:$1" --port-file "/run/sim.$1" --strict --quiet \
        --api-key "$key" --speed 500 >/dev/null 2>&1 &
    await 10 test -s "/run/sim.$1"
}

# estate FOLDER PORT INSTANCE: the quickstart as a person would set it up.
estate() {
    mkdir -p "$1/credentials"
    cp -R "$examples/quickstart/manifests" "$1/"
    sed -e "s/:8080/:$2/; s/^instance: .*/instance: $3/; s/{env: DCT_API_KEY}/{credential: dct-api-key}/" \
        -e '/^ledger:/d' -e 's/interval: 30s/interval: 1h/' "$examples/quickstart/dctd.yaml" >"$1/dctd.yaml"
    sed -i 's|{file: ../secrets/\([a-z-]*\)}|{credential: \1}|' "$1"/manifests/*.yaml
    printf '%s\n' "$key" >"$1/credentials/dct-api-key"
    cp "$examples"/quickstart/secrets/* "$1/credentials/"
    chmod -R go= "$1/credentials"
}

credentials_of() {
    local name
    echo '[Service]'
    for name in ce-east pg-staging orders-db; do
        echo "LoadCredential=$name:$1/credentials/$name"
    done
}

settle() {
    await 60 is "$1" StatusText '^synced 7/7( at [0-9a-f]+)?$'
}

starts_when_observed() {
    # One list takes longer than the unit allows: what was read before it counts.
    printf '[Service]\nTimeoutStartSec=4\nRestartSec=1\n' | drop_in dctd.service test
    control 8080 fault '{"route": "/vdbs", "method": "GET", "delay_ms": 7000, "times": 1}'
    systemctl start --no-block dctd
    await 10 is dctd StatusText '^observing DCT: [0-9]+ of [0-9]+ lists, [0-9]+ pages?$'
    is dctd ActiveState '^activating$'
    await 20 is dctd ActiveState '^active$'
    is dctd NRestarts '^0$'
    settle dctd
}

is_not_root() {
    local pid status
    pid=$(property dctd MainPID)
    status=/proc/$pid/status
    [ "$(stat -c %U "/proc/$pid")" = dctd ]
    grep -qP '^CapEff:\t0+$' "$status"
    grep -qP '^CapBnd:\t0+$' "$status"
    grep -qP '^NoNewPrivs:\t1$' "$status"
    grep -qP '^Seccomp:\t2$' "$status"
    [ "$(stat -c '%U %a' /var/lib/dctd)" = 'dctd 700' ]
    [ "$(stat -c '%U %a' /var/lib/dctd/ledger.db)" = 'dctd 600' ]
}

keeps_credentials() {
    local pid
    pid=$(property dctd MainPID)
    # Its own, and of nobody else; and no trace where others may look.
    nsenter -t "$pid" -m test -r /run/credentials/dctd.service/dct-api-key
    not setpriv --reuid=65534 --regid=65534 --clear-groups cat /run/credentials/dctd.service/dct-api-key
    not grep -aF "$key" "/proc/$pid/environ" <(journalctl --quiet -o export) /var/lib/dctd/*
}

# ExecStartPost= runs under the same rules as dctd itself.
sandbox_holds() {
    install -d -m 1777 /var/open
    cat >/opt/probe.sh <<'PROBE'
echo "uid $(id -u)"
# What only the read-only file system, and only the filter, forbid.
! touch /var/open/probe 2>/dev/null || echo "wrote where everybody may"
! chown "$(id -u)" "$STATE_DIRECTORY/ledger.db" 2>/dev/null || echo "made a privileged call"
for path in /usr/bin /etc/dctd /etc /opt "$PREFIX" /var /sys/kernel /proc/sys/kernel; do
    ! touch "$path/probe" 2>/dev/null || echo "wrote $path"
done
[ ! -w /home ] || echo "home is open"
[ ! -e /proc/1 ] || echo "sees the processes of others"
! unshare --user true 2>/dev/null || echo "made a namespace"
! chown 0 "$STATE_DIRECTORY/ledger.db" 2>/dev/null || echo "gave a file away"
! mount -t tmpfs none /tmp 2>/dev/null || echo "mounted"
! chmod u+s "$STATE_DIRECTORY/ledger.db" 2>/dev/null || echo "made setuid"
! dmesg >/dev/null 2>&1 || echo "read the kernel log"
[ -z "$(find /dev -type b)" ] || echo "has disks"
touch "$STATE_DIRECTORY/own" "$RUNTIME_DIRECTORY/own" /tmp/own && echo "wrote its own"
rm -f "$STATE_DIRECTORY/own" "$RUNTIME_DIRECTORY/own"
PROBE
    # shellcheck disable=SC2016  # systemd's and the inner shell's
    printf '[Service]\nEnvironment=PREFIX=%s\nExecStartPost=/bin/sh -c "exec /bin/sh /opt/probe.sh >$STATE_DIRECTORY/probe 2>&1"\n' \
        "$prefix" | drop_in dctd.service probe
    systemctl restart dctd
    cat /var/lib/dctd/probe
    [ "$(cat /var/lib/dctd/probe)" = "uid $(id -u dctd)
wrote its own" ]
}

git_runs() {
    git init -q -b main /opt/repository
    git -C /opt/repository -c user.name=t -c user.email=t@example.com commit -q --allow-empty -m one
    cat >/opt/probe.sh <<'PROBE'
export HOME=$STATE_DIRECTORY GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
rm -rf "$STATE_DIRECTORY/clone"
git clone -q --depth=1 file:///opt/repository "$STATE_DIRECTORY/clone" && git -C "$STATE_DIRECTORY/clone" log --format=%s
rm -rf "$STATE_DIRECTORY/clone"
! command -v ssh >/dev/null || { ssh -V 2>&1 | grep -q OpenSSH && ssh -o ConnectTimeout=2 git@127.0.0.1 2>&1 | grep -q refused && echo ssh runs; }
PROBE
    systemctl restart dctd
    cat /var/lib/dctd/probe
    head -n 1 /var/lib/dctd/probe | grep -qx one
    if command -v ssh; then grep -qx 'ssh runs' /var/lib/dctd/probe; fi
    rm "$units/dctd.service.d/probe.conf" /var/lib/dctd/probe
    systemctl daemon-reload
    systemctl restart dctd
}

reloads() {
    now
    sed -i 's/interval: 1h/interval: 2h/' /etc/dctd/dctd.yaml
    sed -i 's/work_mem: 8MB/work_mem: 16MB/' /etc/dctd/manifests/30-orders-dev.yaml
    systemctl reload dctd
    await 10 said dctd 'reloading'
    await 20 said dctd '^update done'
    is dctd ActiveState '^active$'
    settle dctd
}

refuses_a_bad_configuration() {
    now
    sed -i 's/^reconcile:/reconsile:/' /etc/dctd/dctd.yaml
    systemctl reload dctd
    await 10 said dctd 'not reloaded, the old one stays in force'
    said dctd 'dctd.yaml:[0-9]+:[0-9]+'
    await 10 is dctd ActiveState '^active$'
    settle dctd
    sed -i 's/^reconsile:/reconcile:/' /etc/dctd/dctd.yaml
    systemctl reload dctd
    settle dctd
}

is_killed_when_stuck() {
    local before
    printf '[Service]\nWatchdogSec=2\n' | drop_in dctd.service watchdog
    systemctl restart dctd
    now
    before=$(property dctd MainPID)
    control 8080 drift '{"kind": "vdbs", "name": "orders-dev", "set": {"description": "by hand"}}'
    kill -STOP "$before"
    await 15 is dctd NRestarts '^1$'
    await 10 is dctd ActiveState '^active$'
    journalctl --quiet --unit=dctd --since="@$began" | grep -q 'Watchdog timeout'
    [ "$(property dctd MainPID)" -ne "$before" ]
    await 20 said dctd '^update done'
    settle dctd
    rm "$units/dctd.service.d/watchdog.conf"
    systemctl daemon-reload
    systemctl restart dctd
}

# A change is under way: its answer is awaited, its job is left to DCT and found again.
stops_in_order() {
    local writes
    settle dctd
    writes=$(asked 8080 'PATCH.*/vdbs/')
    control 8080 fault '{"route": "/vdbs/*", "method": "PATCH", "delay_ms": 2000, "times": 1}'
    sed -i 's/work_mem: 16MB/work_mem: 32MB/' /etc/dctd/manifests/30-orders-dev.yaml
    await 20 asked_more 8080 'PATCH.*/vdbs/' "$writes"
    now
    systemctl stop dctd
    is dctd Result '^success$'
    said dctd '^stopping'
    said dctd '^stopped$'
    systemctl start dctd
    settle dctd
    no_fault 8080
    control 8080 state | grep -q '"propertyName":"work_mem","value":"32MB"'
    [ "$(asked 8080 'PATCH.*/vdbs/')" -eq $((writes + 1)) ]
}

commit() {
    git -C /opt/estate add .
    git -C /opt/estate -c user.name=t -c user.email=t@example.com commit -q -m "$1"
    git -C /opt/estate rev-parse --short=7 HEAD
}

runs_twice_and_from_git() {
    simulator 8081
    estate /etc/dctd/second 8081 second
    git init -q -b main /opt/estate
    mv /etc/dctd/second/manifests /opt/estate/
    commit one
    sed -i 's|^  path: manifests|  git: {url: "file:///opt/estate", ref: main, path: manifests, interval: 5s}|' \
        /etc/dctd/second/dctd.yaml
    credentials_of /etc/dctd/second | drop_in dctd@second.service credentials
    systemctl start dctd@second
    settle dctd@second
    is dctd ActiveState '^active$'
    test -s /var/lib/dctd/second/ledger.db
    sed -i 's/work_mem: 8MB/work_mem: 16MB/' /opt/estate/manifests/30-orders-dev.yaml
    await 30 is dctd@second StatusText "^synced 7/7 at $(commit two)$"
    is dctd@second ActiveState '^active$'
    systemctl stop dctd@second
    is dctd@second Result '^success$'
    is dctd ActiveState '^active$'
}

is_started_by_its_socket() {
    local pid
    systemctl stop dctd
    systemctl start dctd.socket
    [ "$(stat -c '%U:%G %a' /run/dctd/control.sock)" = 'dctd:dctd 660' ]
    not setpriv --reuid=65534 --regid=65534 --clear-groups \
        curl --silent --unix-socket /run/dctd/control.sock http://dctd/
    is dctd ActiveState '^inactive$'
    # A member of the group may ask.
    setpriv --reuid=65534 --regid=65534 --groups="$(id -g dctd)" \
        curl --silent --max-time 1 --unix-socket /run/dctd/control.sock http://dctd/ || true
    await 20 is dctd ActiveState '^active$'
    pid=$(property dctd MainPID)
    tr '\0' '\n' <"/proc/$pid/environ" | grep -qx 'LISTEN_FDNAMES=control'
    settle dctd
    answers_on_its_socket
    systemctl stop dctd.socket dctd
    test ! -e /run/dctd/control.sock
    systemctl start dctd
}

# ask GROUP COMMAND...: dctd as somebody who is in that group and no more.
ask() {
    local group=$1
    shift
    setpriv --reuid=65534 --regid=65534 --groups="$(getent group "$group" | cut -d : -f 3)" \
        "$prefix/bin/dctd" --socket=/run/dctd/control.sock "$@"
}

# With its own socket and with systemd's: the group may ask, root may also tell.
answers_on_its_socket() {
    [ "$(stat -c '%G %a' /run/dctd/control.sock)" = 'dctd 660' ]
    "$prefix/bin/dctd" --socket=/run/dctd/control.sock status | grep 'orders-dev\|7'
    "$prefix/bin/dctd" --socket=/run/dctd/control.sock reconcile --wait
    ask dctd status
    not ask dctd reconcile
    not ask nogroup status
}

tells_what_is_missing() {
    now
    mv /etc/dctd/credentials/dct-api-key /etc/dctd/key
    not systemctl restart dctd
    said dctd 'no key for DCT: credential dct-api-key is empty'
    mv /etc/dctd/key /etc/dctd/credentials/dct-api-key
    systemctl reset-failed dctd
    systemctl restart dctd
    settle dctd
}

# doctor OUTPUT-PATTERN: what it says of systemd, as root.
doctor_says() {
    "$prefix/bin/dctd" --no-color -c /etc/dctd/dctd.yaml doctor >/tmp/doctor 2>&1 || true
    grep -E "^[a-z]+ +systemd +$1" /tmp/doctor || { cat /tmp/doctor && return 1; }
}

# The one who is asked is a real service manager.
doctor_asks_systemd() {
    doctor_says 'dctd\.service is active \(running\), with a watchdog of [0-9]+ s'
    printf '[Service]\nWatchdogSec=0\n' | drop_in dctd.service unwatched
    systemctl restart dctd
    settle dctd
    doctor_says 'dctd\.service is active \(running\), but nobody notices if it hangs'
    rm "$units/dctd.service.d/unwatched.conf"
    systemctl daemon-reload
    systemctl stop dctd
    doctor_says 'dctd\.service is not running'
    printf '[Service]\nExecStart=\nExecStart=/bin/false\nRestart=no\n' | drop_in dctd.service broken
    not systemctl start dctd
    doctor_says 'dctd\.service has failed'
    rm "$units/dctd.service.d/broken.conf"
    systemctl reset-failed dctd
    mv "$units/dctd.service" /tmp/
    systemctl daemon-reload
    doctor_says 'there is no unit dctd\.service on this host'
    mv /tmp/dctd.service "$units/"
    systemctl daemon-reload
    systemctl start dctd
    settle dctd
    systemctl stop dbus.socket dbus.service 2>/dev/null || true
    doctor_says 'dctd\.service is active \(running\), with a watchdog of [0-9]+ s'
}

# Fields that one can ask for, not only text.
fields_in_the_journal() {
    journalctl --quiet --unit=dctd -o json OBJECT=VDB/orders-dev | grep -q '"JOB_ID":"'
    journalctl --quiet --unit=dctd -o json | grep '"COMMIT":"' | grep -q '"PRIORITY":"6"'
    not grep '^level=' <(journalctl --quiet --unit=dctd -o cat)
}

cp "$prefix"/lib/systemd/system/dctd* "$units/"
systemd-sysusers "$prefix/lib/sysusers.d/dctd.conf"
systemctl daemon-reload
simulator 8080
estate /etc/dctd 8080 first
credentials_of /etc/dctd | drop_in dctd.service credentials
now

check "ready after the first observation, however long it takes" starts_when_observed
check "runs as its own user, without capabilities, behind a filter" is_not_root
check "credentials are nobody else's" keeps_credentials
check "the sandbox holds" sandbox_holds
check "git and ssh run inside the sandbox" git_runs
check "a reload takes configuration and manifests" reloads
check "a bad configuration is refused, and the old one stays" refuses_a_bad_configuration
check "a stuck loop is killed, started again, and converges" is_killed_when_stuck
check "a stop awaits what is under way, and the next start finds it" stops_in_order
check "a second instance beside the first, its manifests from Git" runs_twice_and_from_git
check "its socket starts it" is_started_by_its_socket
check "its own socket answers whom it may" answers_on_its_socket
check "a missing key is told at once" tells_what_is_missing
check "the journal has fields" fields_in_the_journal
check "doctor asks systemd" doctor_asks_systemd
echo "1..$number"

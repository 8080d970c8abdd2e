#!/usr/bin/env bash
# Runs inside the bare Debian of test_bare.sh, in the order of a package's life.
# Speaks TAP on standard output.
set -uo pipefail
export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root
number=0

check() {
    local what=$1
    shift
    number=$((number + 1))
    if (set -eE && trap 'echo "# line $LINENO: $BASH_COMMAND"' ERR && "$@") >/opt/out/log 2>&1; then
        echo "ok $number - $what"
    else
        echo "not ok $number - $what"
        sed 's/^/# /' /opt/out/log
        journalctl --no-pager --unit='dctd*' --lines=20 -o cat 2>&1 | sed 's/^/#   /'
    fi
}

await() {
    local until=$((SECONDS + 60))
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$until" ] || { echo "not within a minute: $*" && return 1; }
        sleep 0.1
    done
}

property() {
    systemctl show dctd --property="$1" --value
}

synced() {
    [[ $(property StatusText) == "synced 7/7"* ]]
}

# Every path that belongs to nobody's running system.
everything() {
    find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /dev -o -path /tmp -o -path /var/tmp \
        -o -path /var/log -o -path /opt -o -path /root -o -path /var/cache -o -path /var/lib/dpkg/triggers \) \
        -prune -o -print | grep -vE '^/etc/(passwd|group|shadow|gshadow|subuid|subgid)-$|^/etc/\.pwd\.lock$|-old$' |
        grep -vE '^/var/lib/systemd/|^/etc/(machine-id|mtab|resolv.conf)$|__pycache__' | sort
    # Whose account there is.
    cut -d : -f 1 /etc/passwd /etc/group | sed 's/^/account /' | sort
    find /run -maxdepth 2 -name '*dctd*' ! -path '/run/systemd/*'
    systemctl list-units --all --plain --no-legend 'dctd*' | sed 's/^/unit /'
    find /var/lib/systemd -name '*dctd*'
}

installs() {
    dpkg --install /opt/dctd.deb
    dpkg --status dctd | grep -q '^Status: install ok installed$'
    # What it is for was not begun without being asked.
    [ "$(systemctl is-enabled dctd)" = disabled ]
    [ "$(systemctl is-active dctd)" = inactive ]
    getent passwd dctd | grep -q ':/var/lib/dctd:/usr/sbin/nologin$'
    [ "$(stat -c %a /etc/dctd/credentials)" = 700 ]
}

# As the manual says to set it up.
runs_the_estate() {
    local name
    dct-sim --listen 127.0.0.1:8080 --port-file /opt/out/port --speed 500 --api-key 1.bare --quiet >/dev/null 2>&1 &
    await test -s /opt/out/port
    cp -R /usr/share/doc/dctd/examples/quickstart/manifests /etc/dctd/
    sed -i 's|{file: ../secrets/\([a-z-]*\)}|{credential: \1}|' /etc/dctd/manifests/*.yaml
    install -m 600 /usr/share/doc/dctd/examples/quickstart/secrets/* /etc/dctd/credentials/
    echo 1.bare >/etc/dctd/credentials/dct-api-key
    chmod 600 /etc/dctd/credentials/*
    sed -i 's|https://dct.example.com|http://127.0.0.1:8080|' /etc/dctd/dctd.yaml
    mkdir -p /etc/systemd/system/dctd.service.d
    {
        echo '[Service]'
        for name in ce-east pg-staging orders-db; do
            echo "LoadCredential=$name:/etc/dctd/credentials/$name"
        done
    } >/etc/systemd/system/dctd.service.d/credentials.conf
    systemctl daemon-reload
    systemctl enable --now dctd
    await synced
    [ "$(stat -c %U "/proc/$(property MainPID)")" = dctd ]
}

# The same package again: an upgrade as dpkg does it.
upgrades() {
    local before
    before=$(property MainPID)
    dpkg --install /opt/dctd.deb
    [ "$(property MainPID)" -ne "$before" ]
    [ "$(systemctl is-active dctd)" = active ]
    await synced
    grep -q 127.0.0.1 /etc/dctd/dctd.yaml
}

# The administrator's files and the ledger are still needed by a next installation.
is_removed() {
    dpkg --remove dctd
    not pgrep_dctd
    test -s /etc/dctd/dctd.yaml
    test -s /var/lib/dctd/ledger.db
    test ! -e /usr/bin/dctd
    dpkg --install /opt/dctd.deb
    systemctl start dctd
    await synced
}

pgrep_dctd() {
    grep -lx dctd /proc/[0-9]*/comm
}

not() {
    if "$@"; then return 1; fi
}

is_purged() {
    dpkg --purge dctd
    not pgrep_dctd
    # A drop-in is the administrator's own; he made it, he takes it away.
    rm -r /etc/systemd/system/dctd.service.d
    systemctl daemon-reload
    systemctl reset-failed
    everything >/opt/out/after
    diff /opt/out/before /opt/out/after
}

everything >/opt/out/before
check "the package installs, and starts nothing" installs
check "its own test passes" sh /opt/estate
check "the service keeps the quickstart" runs_the_estate
check "an upgrade restarts it and leaves the configuration alone" upgrades
check "removing stops it and keeps what is the administrator's" is_removed
check "purging leaves nothing" is_purged
echo "1..$number"

#!/usr/bin/env bash
# What the shells offer. Each is asked for real: an interactive one on a terminal of
# its own, keys pressed; what arrives at the command is what counts.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# An estate without a daemon and without DCT: names come from the manifests.
offline() {
    cp -R examples/quickstart "$work/estate"
    sed 's/orders-dev/orders copy/' "$work/estate/manifests/30-orders-dev.yaml" \
        >"$work/estate/manifests/40-copy.yaml"
    sed -i 's/5434/5444/; s#/mnt/delphix/orders copy#/mnt/delphix/copy#' "$work/estate/manifests/40-copy.yaml"
    export DCTD_CONFIG=$work/estate/dctd.yaml PROGRAM=$BUILD/dctd
}

# The program for the shells: completes, and otherwise shows what it was given.
stand_in() {
    cat <<'END'
dctd() {
    if [ "$1" = __complete ]; then "$PROGRAM" "$@"; else printf 'GIVEN'; printf '<%s>' "$@"; echo .; fi
}
echo REA''DY
END
}

# press KEYS WANTED: the line, tabs and all, gives the command these arguments.
press() {
    local line
    printf '%b\n' "$1" >&"${SHELL_PROCESS[1]}"
    while IFS= read -r -t 60 line <&"${SHELL_PROCESS[0]}"; do
        case $line in
        *GIVEN\<*)
            line=${line##*GIVEN}
            same "$1" "$2" "${line%.*}"
            return
            ;;
        esac
    done
    fail "no answer to $1"
}

# begin COMMAND: an interactive shell on a terminal of its own.
begin() {
    local line
    coproc SHELL_PROCESS { TERM=dumb exec script -qfc "$1" /dev/null 2>&1; }
    pids+=("$SHELL_PROCESS_PID")
    while IFS= read -r -t 60 line <&"${SHELL_PROCESS[0]}"; do
        case $line in *READY*) return ;; esac
    done
    fail "the shell did not begin"
}

have() {
    command -v "$1" >/dev/null || { echo "# numbers SKIPPED: $1 is not installed" >&2 && return 1; }
}

press_all() {
    press 'dctd stat\t' '<status>'
    press 'dctd descr\tVDB/orders-\t' '<describe><VDB/orders-dev>'
    press 'dctd describe vdb/orders-\t' '<describe><vdb/orders-dev>'
    press 'dctd describe VDB/orders\\ \t' '<describe><VDB/orders copy>'
    press 'dctd get sour\tor\t' '<get><sourceconfig><orders>'
    press 'dctd get --output=js\t' '<get><--output=json>'
    press 'dctd get -o ya\t' '<get><-o><yaml>'
    press 'dctd describe Connector/postgresql@c\t' '<describe><Connector/postgresql@ce-east>'
    press 'dctd events --object=Conn\t' '<events><--object=Connector/postgresql@ce-east>'
    press 'dctd wait --for=del\t' '<wait><--for=deleted>'
    press 'dctd explain vdb.refr\t' '<explain><vdb.refresh>'
    press 'dctd --config=exam\tquick\tdc\t' '<--config=examples/quickstart/dctd.yaml>'
}

test_bash() {
    have script || return 0
    offline
    {
        echo "PS1=; bind 'set bell-style none'; bind 'set enable-bracketed-paste off'"
        echo ". packaging/completion/dctd.bash"
        stand_in
    } >"$work/rc"
    begin "bash --noprofile --rcfile $work/rc -i"
    press_all
}

test_zsh() {
    have script && have zsh || return 0
    offline
    {
        echo "PS1=; PS2=; unsetopt zle_bracketed_paste prompt_cr prompt_sp beep"
        echo "fpath=(packaging/completion \$fpath); autoload -U compinit; compinit -D -u"
        stand_in
    } >"$work/.zshrc"
    begin "ZDOTDIR=$work zsh -d -i"
    press_all
}

# `make install` puts it where zsh looks, and nothing is put there twice.
test_it_is_installed_where_zsh_looks() {
    local folder
    packaging/install.sh list >"$work/list"
    same "what is listed twice" "" "$(sort "$work/list" | uniq -d)"
    folder=$(sed -n 's|^644 packaging/completion/_dctd \(.*\)/_dctd$|\1|p' "$work/list")
    have zsh || return 0
    zsh -fc 'print -l $fpath' | grep -qxF "$folder" || fail "zsh does not look in $folder"
}

# fish tells what it would offer.
test_fish() {
    have fish || return 0
    offline
    cat >"$work/ask" <<'END'
function dctd
    $PROGRAM $argv
end
source packaging/completion/dctd.fish
complete -C $argv[1]
END
    offered() {
        HOME=$work fish "$work/ask" "$1" | cut -f 1 | sort | tr '\n' ' '
    }
    same status "status " "$(offered 'dctd stat')"
    same keys "VDB/orders copy VDB/orders-dev " "$(offered 'dctd describe VDB/')"
    same names "orders copy orders-dev " "$(offered 'dctd get vdb ')"
    same forms "--output=json " "$(offered 'dctd get --output=js')"
    same connectors "Connector/postgresql@ce-east " "$(offered 'dctd describe Connector/postgresql@c')"
    same files "--config=examples/ " "$(offered 'dctd --config=exam')"
}

offers() {
    "$BUILD/dctd" __complete "$@" 2>"$work/err" | cut -f 1 | tr '\n' ' '
    [ ! -s "$work/err" ] || fail "it is not silent: $(cat "$work/err")"
}

# Nothing to say is nothing said: no configuration, none that can be read, no words.
test_silent_whatever_is_wrong() {
    offline
    same "no configuration" "" "$(offers -c "$work/none.yaml" describe '')"
    echo 'dct: [' >"$work/estate/dctd.yaml"
    same "a broken one" "" "$(offers describe VDB/)"
    same "no such command" "run plan " "$(offers nonsense '' | sed 's/apply .*//')"
    same "no such option" "" "$(offers get --nonsense=)"
    same "no words" run "$("$BUILD/dctd" __complete | head -n 1 | cut -f 1)"
}

test_only_what_the_command_takes() {
    offline
    same "forms of graph" "text json dot svg " "$(offers graph -o '')"
    same "forms of plan" "text json markdown " "$(offers plan --output '')"
    same "options of forget" "--force " "$(offers forget --f)"
    same "one object for describe" "" "$(offers describe VDB/orders-dev '')"
    same "an id is nobody's guess" "" "$(offers adopt VDB/orders-dev '')"
    same "kinds for suspend" "vdb " "$(offers suspend v)"
    same "files for plan" ":files " "$(offers plan '')"
}

# A running dctd tells its own names, and how they are.
test_names_of_the_running_daemon() {
    quickstart
    expect 0 apply
    echo "control: control.sock" >>"$work/estate/dctd.yaml"
    start_daemon
    await_log 20 'ready: synced 7/7'
    rm -r "$work/estate/manifests"
    "$BUILD/dctd" __complete -c "$work/estate/dctd.yaml" describe VDB/ >"$work/out"
    same "its names" "VDB/orders-dev	ready" "$(cat "$work/out")"
    stop_daemon
}

run_tests

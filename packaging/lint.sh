#!/usr/bin/env bash
# The static gates, cheap ones first. One function per gate; each prints what it
# found and returns non-zero, the others still run.
#
#   lint.sh [GATE...]      all gates, or those named; closes with "N passed, N failed"
#   lint.sh reformat       rewrites the sources in the house format
#
# Gates that compile use folders of their own under $BUILD (default: build).
set -euo pipefail
self=$(realpath "$0")
cd "${self%/packaging/*}"

BUILD=${BUILD:-build}
CODE=(schema reconciler daemon)
FILE_MAX=600 FUNCTION_MAX=80 COMPLEXITY_MAX=15 MACROS_MAX=8
gates=(format size macros banned layers spelling shell unit man cppcheck gcc clang tidy analyzer)

# What libc may offer to code that decides: memory, strings, sorting, numbers.
# No clock, file, socket, environment, random number or output stream is here.
PURE='(mem|str|wcs|is|to)[a-z]+|(m|c|re)alloc|reallocarray|free|abort|qsort|bsearch|v?snprintf'
PURE+='|vasprintf|asprintf|sscanf|__isoc99_sscanf|timegm|gmtime_r|l?l?abs|l?l?div'
PURE+='|(floor|ceil|round|trunc|fabs|fmod|pow|l?lround|l?lrint|isnan|isinf|nan)f?'
PURE+='|__[a-z]+_chk|__stack_chk_fail|__assert_fail|__ctype_[a-z_]+|__errno_location|_GLOBAL_OFFSET_TABLE_'
# What those patterns would let through: asking for a terminal, and the twins that
# -D_FORTIFY_SOURCE makes of impure calls.
IMPURE='isatty|__(v?f?printf|v?dprintf|fgets|fread|read|pread|recv|recvfrom|poll|open|syslog|vsyslog|getcwd|realpath|gethostname|fdelt)_chk'

# These do not exist here: schema/base.h has what replaces them.
BANNED='strcpy|strcat|v?sprintf|strtok|ato(i|l|ll|f)|strto(l|ll|ul|ull)|gets|system|popen|localtime'
BANNED+='|gmtime|rand|alloca'

tool() {
    command -v "$1-14" || command -v "$1" || {
        echo "$1 is not installed: packaging/install-deps.sh --lint" >&2
        return 1
    }
}

sources() {
    find schema reconciler daemon tests -name '*.[ch]' | sort
}

scripts() {
    find packaging tests .ci examples -name '*.sh' -o -path .ci/run \
        -o -path 'packaging/deb/dctd.p*' -o -path packaging/deb/tests/estate | sort
}

# grep, for which finding nothing is no failure but a missing file is.
search() {
    grep "$@" || [ $? -eq 1 ]
}

# Prints the offending lines it is given and fails when there are any.
none() {
    local found
    found=$(cat)
    [ -z "$found" ] || { printf '%s\n' "$found" && return 1; }
}

gate_format() {
    sources | xargs -r "$(tool clang-format)" --dry-run -Werror
}

reformat() {
    sources | xargs -r "$(tool clang-format)" -i
}

gate_size() {
    local measured=0
    { sources && scripts; } | xargs wc -l |
        awk -v max="$FILE_MAX" '$2 != "total" && $1 > max { print $2 ": " $1 " lines, at most " max }' |
        none || measured=1
    # pmccabe's words about what it cannot parse count too: it skips such functions.
    { sources | grep '\.c$' | xargs pmccabe 2>&1; } |
        awk -v lines="$FUNCTION_MAX" -v complexity="$COMPLEXITY_MAX" -F '\t' '
            NF < 6 { print; next }
            $5 > lines { print $6 ": " $5 " lines, at most " lines }
            $1 > complexity { print $6 ": complexity " $1 ", at most " complexity }' |
        none || measured=1
    return "$measured"
}

gate_macros() {
    local macros
    macros=$(search -rnE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*define[[:space:]]+[A-Za-z_0-9]+\(' \
        "${CODE[@]}" tests)
    printf '%s\n' "$macros" | search -vE '^(schema/base|tests/lib/test)\.h:|^$' | none ||
        { echo "function-like macros live in schema/base.h and tests/lib/test.h" && return 1; }
    if [ "$(printf '%s\n' "$macros" | wc -l)" -gt "$MACROS_MAX" ]; then
        printf '%s\nat most %s function-like macros\n' "$macros" "$MACROS_MAX"
        return 1
    fi
}

gate_banned() {
    search -rnE --include='*.[ch]' "(^|[^A-Za-z0-9_>.])($BANNED)\(" "${CODE[@]}" tests |
        search -v '^schema/base\.c:' | none
}

# Undefined symbols of archive $1 that neither the archives $3... define nor the
# pattern $2 allows.
foreign_symbols() {
    local archive=$1 allowed=$2
    shift 2
    [ -n "$(nm --defined-only -P "$archive")" ] || echo "$archive defines nothing"
    nm -P -A --undefined-only "$archive" |
        awk -v known="$(nm --defined-only -P "$@" | awk 'NF >= 3 { print $1 }' | tr '\n' ' ')" '
            BEGIN { n = split(known, names, " "); for (i = 1; i <= n; i++) defined[names[i]] = 1 }
            !($2 in defined) { print $1, $2 }' |
        awk -v allowed="^($allowed)$" -v impure="^($IMPURE)$" \
            '$2 !~ allowed || $2 ~ impure { print $1 " calls " $2 ", which is not pure" }'
}

gate_layers() {
    local schema=$BUILD/libschema.a reconciler=$BUILD/libreconciler.a failed=0
    search -nE '#include "(reconciler|daemon|tests)/' schema/*.[ch] | none || failed=1
    search -nE '#include ("(daemon|tests)/|<(uv|curl|systemd|yaml|unistd|time|fcntl|sys|sqlite3|microhttpd|openssl)\b)' \
        reconciler/*.[ch] | none || failed=1
    search -nE '#include "tests/' daemon/*.[ch] | none || failed=1
    search -nE '#include "(schema|reconciler|daemon)/' tests/sim/*.[ch] |
        search -v '"schema/base.h"' | none || failed=1
    [ "$failed" -eq 0 ] || return 1
    make -s BUILD="$BUILD" "$schema" "$reconciler"
    foreign_symbols "$schema" "$PURE|cJSON_[A-Za-z]+|yaml_[a-z_]+|reg(comp|exec|free|error)" "$schema" | none || failed=1
    foreign_symbols "$reconciler" "$PURE|cJSON_[A-Za-z]+" "$reconciler" "$schema" | none || failed=1
    return "$failed"
}

gate_spelling() {
    codespell --ignore-words=packaging/codespell-ignore --skip='*.json,./build,*/golden/findings/*' \
        Makefile ./*.md schema reconciler daemon tests packaging examples .ci
}

gate_shell() {
    scripts | xargs shellcheck
}

# What makes a unit its template.
templated() {
    sed 's|^Description=.*[^)]$|& (%i)|; s|/etc/dctd/|&%i/|; s|Directory=dctd$|&/%i|; s|/run/dctd/|&%i/|
        s|edit dctd\.|edit dctd@NAME.|; s|dctd\.socket|dctd@.socket|' "$1"
}

# The shipped units, with the program's path bent to one that exists.
gate_unit() {
    local unit work failed=0
    work=$(mktemp -d)
    for unit in service socket; do
        templated packaging/systemd/dctd.$unit | diff - packaging/systemd/dctd@.$unit || failed=1
    done
    for unit in packaging/systemd/*.service packaging/systemd/*.socket; do
        sed 's|^ExecStart=[^ ]*|ExecStart=/bin/true|' "$unit" >"$work/${unit##*/}"
    done
    for unit in "$work"/*; do
        systemd-analyze verify --man=no --recursive-errors=no "$unit" 2>&1 | none || failed=1
    done
    for unit in "$work"/*.service; do
        systemd-analyze security --offline=yes --no-pager --threshold=15 "$unit" | tail -n 1
        [ "${PIPESTATUS[0]}" -eq 0 ] || failed=1
    done
    rm -rf "$work"
    return "$failed"
}

# What a man page may not have; mandoc's list, but for style.
gate_man() {
    mandoc -T lint -W warning packaging/man/*.[1-8] | none
}

gate_cppcheck() {
    cppcheck --quiet --std=c11 --enable=warning,performance,portability --error-exitcode=1 \
        --inline-suppr --suppress=unusedStructMember --suppress=missingIncludeSystem \
        -D_GNU_SOURCE -DDCTD_VERSION='""' --include=packaging/cppcheck.h \
        -I. -j2 "${CODE[@]}" tests
}

build_all() {
    make -k -s -j2 WERROR=1 all tests "$@"
}

gate_gcc() {
    build_all CC=gcc BUILD="$BUILD"
}

gate_clang() {
    build_all CC="$(tool clang)" BUILD="$BUILD/clang"
}

# Its counts of warnings in other people's headers go nowhere.
tidy_files() {
    local tidy flags
    tidy=$(tool clang-tidy)
    mapfile -t flags < <(make -s flags)
    "$tidy" --quiet "$@" -- "${flags[@]}" 2> >(grep -vE '^[0-9]+ warnings? (generated|treated)' >&2)
}

gate_tidy() {
    sources | grep '\.c$' | xargs -P 2 -n 4 bash "$self" --tidy
}

# Leaks are LeakSanitizer's business; the analyzer sees some that are none.
gate_analyzer() {
    local b=$BUILD/analyzer
    make -k -s -j2 CC=gcc WERROR=1 BUILD="$b" EXTRA_CFLAGS='-fanalyzer -Wno-analyzer-malloc-leak' \
        "$b/libschema.a" "$b/libreconciler.a" "$b/libdaemon.a" "$b/daemon/main.o"
}

run_gates() {
    local gate passed=0 failed=0 log
    log=$(mktemp)
    for gate in "$@"; do
        # A child of its own, since `set -e` sleeps inside a condition.
        if bash "$self" --one "$gate" >"$log" 2>&1; then
            echo "PASS $gate"
            passed=$((passed + 1))
        else
            echo "FAIL $gate"
            head -n 200 "$log" | sed 's/^/    /'
            failed=$((failed + 1))
        fi
    done
    rm -f "$log"
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}

case ${1-} in
--one) "gate_$2" ;;
--tidy) shift && tidy_files "$@" ;;
reformat) reformat ;;
'') run_gates "${gates[@]}" ;;
*) run_gates "$@" ;;
esac

#!/usr/bin/env bash
# The Debian package that `make deb` left in $BUILD/deb: what lintian says, and
# that it holds what `make install` lays out.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

package() {
    echo "$BUILD"/deb/dctd_*.deb
}

# "MODE PATH" of what `make install` lays out in Debian's places; documents as Debian names them.
laid_out() {
    local -a places
    read -ra places < <(sed -n 's/^PLACES = //p' packaging/deb/rules)
    make -s BUILD="$BUILD" install DESTDIR="$work/tree" "${places[@]}" >/dev/null
    find "$work/tree" \( -type f -o -type d -path '*/etc/dctd*' \) -printf '%m /%P\n' |
        grep -vE ' /usr/share/doc/dctd/(LICENSE|CHANGELOG\.md)$'
}

# The same of the package, unpacked, without what every Debian package has.
packaged() {
    dpkg-deb -x "$(package)" "$work/unpacked"
    find "$work/unpacked" \( -type f -o -type d -path '*/etc/dctd*' \) -printf '%m /%P\n' |
        grep -vE ' /usr/share/(doc/dctd/(changelog(\.Debian)?\.gz|copyright)|lintian/overrides/dctd)$' |
        sed -E '/\/(man|doc)\//s/\.gz$//'
}

test_lintian_is_content() {
    command -v lintian >/dev/null || fail "lintian is missing: packaging/install-deps.sh --package"
    lintian --allow-root --fail-on error,warning "$BUILD"/deb/*.changes
}

test_the_layout_is_that_of_make_install() {
    laid_out | LC_ALL=C sort >"$work/one"
    packaged | LC_ALL=C sort >"$work/two"
    diff "$work/one" "$work/two"
    # The same bytes, where Debian strips and packs nothing.
    (cd "$work/tree" && find etc lib usr/lib -type f -exec cmp {} "$work/unpacked/{}" \;)
}

test_the_configuration_is_the_administrators() {
    dpkg-deb -e "$(package)" "$work/control"
    same "conffiles" /etc/dctd/dctd.yaml "$(cat "$work/control/conffiles")"
}

# What keeps the program hard to abuse survives the packaging.
test_the_programs_are_hardened() {
    local program
    dpkg-deb -x "$(package)" "$work/unpacked"
    for program in "$work"/unpacked/usr/bin/*; do
        readelf -W --file-header --dynamic --program-headers --dyn-syms "$program" >"$work/elf"
        said elf 'Type: +DYN'
        said elf '\(FLAGS(_1)?\).*NOW'
        said elf 'GNU_RELRO'
        said elf 'GNU_STACK .* RW '
        said elf ' __stack_chk_fail@'
        said elf '_chk@'
    done
}

run_tests

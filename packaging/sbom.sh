#!/usr/bin/env bash
# Prints what the built programs are made of and need, as an SPDX 2.3 document
# (tag-value): themselves, every library that they load and the package it is
# from, and the compiler. What is the same gives the same document.
#
#   sbom.sh BUILD VERSION
set -euo pipefail
export LC_ALL=C
build=$1 version=$2
programs=(dctd dct-sim)
declare -A seen

identifier() {
    printf 'SPDXRef-Package-%s' "$(printf '%s' "$1" | tr -c 'A-Za-z0-9.-' -)"
}

# "NAME VERSION ARCHITECTURE" of the package that brings this file.
package_of() {
    local path name
    path=$(realpath "$1")
    if command -v dpkg-query >/dev/null; then
        # The file may be known by the name that it had before /lib became /usr/lib.
        name=$(dpkg-query -S "$path" "${path#/usr}" "/usr$path" 2>/dev/null | head -n 1 | cut -d : -f 1 || true)
        [ -z "$name" ] || dpkg-query -W -f '${Package} ${Version} ${Architecture}\n' "$name" | head -n 1
    elif command -v rpm >/dev/null; then
        rpm -qf --qf '%{NAME} %{VERSION}-%{RELEASE} %{ARCH}\n' "$path" 2>/dev/null || true
    fi
}

kind_of_host() {
    if command -v dpkg-query >/dev/null; then echo deb; else echo rpm; fi
}

# The vendor's own words; purl wants + and the like in hexadecimal.
purl() {
    local vendor
    vendor=$(sed -n 's/^ID=//p' /etc/os-release | tr -d '"')
    printf 'pkg:%s/%s/%s@%s?arch=%s' "$(kind_of_host)" "$vendor" "$1" "$2" "$3" |
        sed 's/+/%2B/g; s/~/%7E/g; s/:\([0-9]\)/%3A\1/g'
}

# describe NAME VERSION ARCHITECTURE WHAT: one package; nothing the second time.
describe() {
    [ -z "${seen[$1]-}" ] || return 0
    seen[$1]=1
    cat <<TAGS

PackageName: $1
SPDXID: $(identifier "$1")
PackageVersion: $2
PackageDownloadLocation: NOASSERTION
FilesAnalyzed: false
PackageLicenseConcluded: NOASSERTION
PackageLicenseDeclared: NOASSERTION
PackageCopyrightText: NOASSERTION
PackageComment: <text>$4</text>
ExternalRef: PACKAGE-MANAGER purl $(purl "$1" "$2" "$3")
TAGS
}

itself() {
    cat <<TAGS

PackageName: dctd
SPDXID: SPDXRef-Package-itself
PackageVersion: $version
PackageDownloadLocation: NOASSERTION
FilesAnalyzed: false
PackageLicenseConcluded: Apache-2.0
PackageLicenseDeclared: Apache-2.0
PackageCopyrightText: <text>2026 the authors of dctd</text>
PrimaryPackagePurpose: APPLICATION
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-Package-itself
TAGS
}

# Files come before the packages that do not hold them.
programs() {
    local program file
    for program in "${programs[@]}"; do
        file=$build/$program
        cat <<TAGS

FileName: ./$program
SPDXID: SPDXRef-File-$program
FileType: BINARY
FileChecksum: SHA1: $(sha1sum "$file" | cut -d ' ' -f 1)
FileChecksum: SHA256: $(sha256sum "$file" | cut -d ' ' -f 1)
LicenseConcluded: Apache-2.0
LicenseInfoInFile: NOASSERTION
FileCopyrightText: <text>2026 the authors of dctd</text>
Relationship: SPDXRef-Package-itself CONTAINS SPDXRef-File-$program
TAGS
    done
}

# "SONAME PATH" of everything that the programs load, once each.
loaded() {
    ldd "${programs[@]/#/$build/}" | awk '$2 == "=>" && $3 ~ "^/" { print $1, $3 }
        $1 ~ "^/.*ld-.*\\.so" { print $1, $1 }' | sort -u
}

linked() {
    readelf -d "${programs[@]/#/$build/}" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p' | sort -u
}

libraries() {
    local soname path name number architecture how directly
    directly=$(linked)
    while read -r soname path; do
        read -r name number architecture < <(package_of "$path") || {
            echo "sbom.sh: no package brings $path" >&2
            exit 1
        }
        how=DEPENDS_ON
        ! grep -qxF "$soname" <<<"$directly" || how=DYNAMIC_LINK
        describe "$name" "$number" "$architecture" "$soname"
        echo "Relationship: SPDXRef-Package-itself $how $(identifier "$name")"
    done < <(loaded) | awk '!/^Relationship/ || !told[$0]++'
}

compiler() {
    local cc name number architecture
    cc=$(command -v "${CC:-gcc}" || true)
    [ -n "$cc" ] || return 0
    read -r name number architecture < <(package_of "$cc") || return 0
    describe "$name" "$number" "$architecture" "the compiler"
    echo "Relationship: $(identifier "$name") BUILD_TOOL_OF SPDXRef-Package-itself"
}

body=$(itself && programs && libraries && compiler)
created=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
cat <<TAGS
SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
DocumentName: dctd-$version
DocumentNamespace: https://spdx.org/spdxdocs/dctd-$version-$(printf '%s' "$body" | sha256sum | cut -c 1-32)
Creator: Tool: dctd-sbom
Created: $(date -u -d "@$created" +%Y-%m-%dT%H:%M:%SZ)
$body
TAGS

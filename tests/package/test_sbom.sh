#!/usr/bin/env bash
# The list of what dctd is made of is a valid SPDX document, is complete, and is
# the same when nothing changed.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

sbom() {
    local version
    version=$(sed -n 's/^VERSION *= *//p' Makefile)
    packaging/sbom.sh "$BUILD" "$version" >"$work/$1"
}

# What the specification of SPDX 2.3 demands of a tag-value document that has
# packages, files and relationships: tags, their values and what must be there.
spdx_faults() {
    awk '
        function need(tags, what, n, list, i) {
            n = split(tags, list, " ")
            for (i = 1; i <= n; i++)
                if (!(list[i] in has)) print "line " NR ": " what " lacks " list[i]
        }
        function end_of_part() {
            if (part == "document") need("SPDXVersion DataLicense SPDXID DocumentName DocumentNamespace Creator Created", "the document")
            if (part == "package") need("SPDXID PackageVersion PackageDownloadLocation FilesAnalyzed PackageLicenseConcluded PackageCopyrightText", "package " name)
            if (part == "file") need("SPDXID FileChecksum LicenseConcluded FileCopyrightText", "file " name)
            delete has
        }
        function value(pattern) { if ($0 !~ "^" tag ": " pattern "$") print "line " NR ": not a legal value: " $0 }
        BEGIN { part = "document" }
        /^$/ { next }
        {
            tag = $1; sub(/:$/, "", tag)
            if ($1 !~ /^[A-Za-z]+:$/ || NF < 2) { print "line " NR ": not a tag and its value: " $0; next }
            if (tag == "PackageName" || tag == "FileName") {
                end_of_part(); part = tag == "FileName" ? "file" : "package"; name = $2
            }
            if ((tag in has) && tag !~ /^(Relationship|FileChecksum|ExternalRef|Creator)$/) print "line " NR ": a second " tag
            has[tag] = 1
        }
        tag == "SPDXVersion" { value("SPDX-2\\.3") }
        tag == "DataLicense" { value("CC0-1\\.0") }
        tag == "DocumentNamespace" { value("https?://[^# ]+") }
        tag == "Creator" { value("(Person|Organization|Tool): .+") }
        tag == "Created" { value("[0-9]+-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z") }
        tag == "FilesAnalyzed" { value("(true|false)") }
        tag == "FileName" { value("\\./.+") }
        tag == "FileChecksum" { value("SHA(1|256): [0-9a-f]+"); if (length($3) != ($2 == "SHA1:" ? 40 : 64)) print "line " NR ": not a checksum: " $0 }
        tag == "ExternalRef" { value("PACKAGE-MANAGER purl pkg:(deb|rpm)/[a-z]+/[^ @]+@[^ ?]+\\?arch=[a-z0-9_]+") }
        tag ~ /License(Concluded|Declared)$/ { value("(NOASSERTION|NONE|Apache-2\\.0)") }
        tag ~ /Text$/ { value("(NOASSERTION|NONE|<text>.*</text>)") }
        tag == "SPDXID" {
            value("SPDXRef-[A-Za-z0-9.-]+")
            if (known[$2]++) print "line " NR ": " $2 " stands for two things"
        }
        tag == "Relationship" {
            value("SPDXRef-[^ ]+ (DESCRIBES|CONTAINS|DYNAMIC_LINK|DEPENDS_ON|BUILD_TOOL_OF) SPDXRef-[^ ]+")
            used[$2] = used[$4] = NR
            if ($3 == "DESCRIBES") described = 1
        }
        tag !~ /^(SPDXVersion|DataLicense|SPDXID|DocumentName|DocumentNamespace|Creator|Created|PackageName|PackageVersion|PackageDownloadLocation|FilesAnalyzed|PackageLicense(Concluded|Declared)|PackageCopyrightText|PackageComment|PrimaryPackagePurpose|ExternalRef|FileName|FileType|FileChecksum|LicenseConcluded|LicenseInfoInFile|FileCopyrightText|Relationship)$/ {
            print "line " NR ": unknown tag " tag
        }
        END {
            end_of_part()
            if (!described) print "the document describes nothing"
            for (id in used) if (!(id in known)) print "line " used[id] ": " id " is not in the document"
            for (id in known) if (!(id in used)) print id " is related to nothing"
        }' "$1"
}

test_the_document_is_valid() {
    sbom spdx
    spdx_faults "$work/spdx" >"$work/faults"
    same "faults" "" "$(cat "$work/faults")"
    # That this would be noticed.
    sed 's/^PackageVersion: .*//; s/DYNAMIC_LINK/LINKS/; s/^Created: .*/Created: today/' "$work/spdx" >"$work/broken"
    spdx_faults "$work/broken" >"$work/faults"
    said faults 'lacks PackageVersion'
    said faults 'not a legal value: Created'
    said faults 'not a legal value: Relationship'
}

test_every_library_is_listed() {
    local library
    sbom spdx
    for library in $(readelf -d "$BUILD/dctd" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p'); do
        awk -v wanted="$(dpkg -S "$(ldd "$BUILD/dctd" | awk -v l="$library" '$1 == l { print $3 }' | xargs realpath)" 2>/dev/null | cut -d : -f 1)" \
            '$1 == "PackageName:" && $2 == wanted { found = 1 } END { exit !found && wanted != "" }' "$work/spdx" ||
            fail "$library is not in it"
    done
    same "itself" "$(sha256sum <"$BUILD/dctd" | cut -d ' ' -f 1)" \
        "$(sed -n '/^FileName: .\/dctd$/,/^$/s/^FileChecksum: SHA256: //p' "$work/spdx")"
}

test_the_same_is_the_same() {
    export SOURCE_DATE_EPOCH=1700000000
    sbom one
    sbom two
    cmp "$work/one" "$work/two"
    said one '^Created: 2023-11-14T22:13:20Z$'
}

run_tests

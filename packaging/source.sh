#!/usr/bin/env bash
# Copies the sources of this tree, and nothing that was built, to a new folder:
# what Git knows or would take, else everything but build folders. All of it is
# as old as SOURCE_DATE_EPOCH says.
#
#   source.sh FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."
to=$1
umask 022

names() {
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files -z --cached --others --exclude-standard
    else
        find . -name build -prune -o -type f -print0
    fi
}

mkdir -p "$to"
# A file that is about to be deleted is still known to Git.
names | while IFS= read -r -d '' name; do
    [ ! -f "$name" ] || printf '%s\0' "$name"
done | tar --create --null --files-from=- --mode=u=rwX,go=rX \
    --mtime="@${SOURCE_DATE_EPOCH:-0}" | tar --extract --directory="$to" \
    --no-same-owner --preserve-permissions

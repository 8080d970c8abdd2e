#!/usr/bin/env bash
# Builds the container image with what is here of podman, buildah and docker.
# Where none of them works, the steps of the Containerfile that make the image are
# done on this machine, and the root file system is left in $BUILD/container.
set -euo pipefail
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build}
version=$(sed -n 's/^VERSION *= *//p' Makefile)

for builder in podman buildah docker; do
    if command -v "$builder" >/dev/null && "$builder" info >/dev/null 2>&1; then
        exec "$builder" build -f packaging/container/Containerfile -t "dctd:$version" .
    fi
done
echo "container: neither podman, buildah nor docker works here: only the image's root file system is made"
root=$BUILD/container
rm -rf "$root"
mkdir -p "$root"
for program in dctd dct-sim; do
    strip -o "$root/$program" "$BUILD/$program"
done
packaging/container/rootfs.sh "$root/root" "$root/dctd" "$root/dct-sim" git
rm "$root/dctd" "$root/dct-sim"
du -sh "$root/root"

#!/bin/sh
# Build the Debian package into dist/, for the Debian release and the architecture of this machine:
# `make deb`. Needs no root, and Debian's own python3. Usage: deb.sh [VERSION]
set -eu
umask 022
cd "$(dirname "$0")/.."

sources=systemd/debian
build=build/deb
root=$PWD/$build/root
home=/usr/lib/keepcool
libraries=$root$home/lib
doc=$root/usr/share/doc/keepcool
python=/usr/bin/python3

fail() {
    printf 'keepcool: %s\n' "$*" >&2
    exit 1
}

check_machine() {
    command -v dpkg-deb >/dev/null || fail "make deb builds a package for Debian or Raspberry Pi OS, on such a machine"
    [ -x "$python" ] || fail "the package runs on Debian's own python3: sudo apt-get install python3"
    # shellcheck source=/dev/null
    . /etc/os-release
    release=$ID${VERSION_ID:-}
    architecture=$(dpkg --print-architecture)
    python_minor=$("$python" -c 'import sys; print(sys.version_info.minor)')
}

# The same commit gives the same version and the same bytes; a later one is an upgrade for apt.
find_version() { # [VERSION]
    if seconds=$(git log -1 --format=%ct 2>/dev/null) && [ -z "$(git status --porcelain)" ]; then
        SOURCE_DATE_EPOCH=$seconds
    else
        SOURCE_DATE_EPOCH=$(date +%s)
    fi
    export SOURCE_DATE_EPOCH
    upstream=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
    version=${1:-$upstream~$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S)+$release}
}

pip() { "$root$home/bin/python" -m pip --disable-pip-version-check --no-input "$@"; }
uninstall() { pip uninstall --quiet --yes --root-user-action=ignore "$@"; }
named() { sed -n 's/^\([a-z0-9.-]*\)==.*/\1/p' "$1"; } # LOCK
keep_what_runs() { # in the environment: nothing that only builds, and no path of the build
    # shellcheck disable=SC2046
    uninstall setuptools $(named requirements-build.lock | grep -vxF "pip
$(named requirements.lock)")
    missing=$(pip check) || fail "the package would lack libraries: $missing"
    uninstall pip
    find "$root$home/bin" -type f ! -name keepcool -delete
    find "$libraries" -type d -name __pycache__ -prune -exec rm -rf {} +
    find "$libraries" \( -path '*.dist-info/RECORD' -o -path '*.dist-info/direct_url.json' \) -delete
    # By content, not by time: dpkg sets the times, and the service may not write.
    PYTHONHASHSEED=0 "$python" -m compileall -qq -s "$root" -p / --invalidation-mode checked-hash "$libraries"
}

put_documents() {
    gzip -9n "$root/usr/share/man/man1/keepcool.1"
    install -m 644 "$sources/copyright" "$doc/copyright"
    ln -sf ../../common-licenses/GPL-3 "$doc/LICENSE"
    ln -sfn "../${home#/usr/}/bin/keepcool" "$root/usr/bin/keepcool"
    mkdir "$doc/examples"
    ln -s ../../../keepcool/example.toml "$doc/examples/keepcool.toml"
    gzip -9n >"$doc/changelog.gz" <<TEXT
keepcool ($version) unstable; urgency=medium

  * What changed for people who use keepcool: CHANGELOG.md beside this file.

 -- $(sed -n 's/^Maintainer: //p' $sources/control)  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")
TEXT
}

# What the compiled modules are linked with, as the packages of this machine; of this release's age.
needed_packages() {
    libc=$(dpkg-query --show --showformat '${Version}' "libc6:$architecture" | sed 's/-.*//')
    echo "python3 (>= 3.$python_minor), python3 (<< 3.$((python_minor + 1))), ca-certificates, passwd, systemd"
    echo "libc6 (>= $libc)"
    find "$libraries" -name '*.so*' -type f -exec ldd {} + | sed -n 's/.* => \(\/[^ ]*\) (.*/\1/p' |
        grep -v "^$root" | sed 's|.*/||' | sort -u | while read -r library; do
        dpkg-query --search "*/$library" | sed -n "s/^\([a-z0-9.+-]*\):$architecture: .*/\1/p"
    done | sort -u | grep -v '^libc6$'
}

write_control() {
    control=$root/DEBIAN
    mkdir "$control"
    install -m 755 "$sources/preinst" "$sources/postinst" "$sources/prerm" "$sources/postrm" "$control"
    depends=$(needed_packages | paste -sd, | sed 's/,\([^ ]\)/, \1/g')
    size_kib=$(find "$root/usr" -type f -printf '%s\n' | awk '{ n += int(($1 + 1023) / 1024) } END { print n }')
    sed "s/@VERSION@/$version/; s/@ARCHITECTURE@/$architecture/; s/@SIZE_KIB@/$size_kib/; s/@DEPENDS@/$depends/" \
        "$sources/control" >"$control/control"
    (cd "$root" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$control/md5sums"
}

check_machine
find_version "$@"
rm -rf "$build"
mkdir -p "$root" dist
trap 'rm -rf "$build"' EXIT
PIP_COMPILE=no DESTDIR=$root PREFIX=/usr PYTHON=$python systemd/install.sh install
keep_what_runs
put_documents
write_control
find "$root" -type d -exec chmod 0755 {} + # a clone in a folder with setgid hands that down
! grep -rlF "$PWD" "$root" || fail "the files above name the folder of the build, which the package must not"
rm -f dist/keepcool_*.deb # one alone, so that its name need not be typed
package=dist/keepcool_${version}_$architecture.deb
# Quickly rather than smallest: it stays in the house.
dpkg-deb --root-owner-group -z1 --build "$root" "$package" >/dev/null
echo "Install it with: sudo apt install ./$package"

#!/bin/sh
# Put keepcool on this machine as a service, or take it away again: `make install`, `make uninstall`.
# Usage: install.sh install|uninstall, with PYTHON, PREFIX, DESTDIR, MOSQUITTO, PURGE as make has them.
# A package is built with DESTDIR: then nobody is created, nothing is asked of systemd, and settings
# are left to the package.
set -eu
umask 022
cd "$(dirname "$0")/.."

action=$1
root=${DESTDIR:-}
prefix=${PREFIX:-/usr/local}
python=${PYTHON:-python3}
# A package's files lie in /usr.
[ "$prefix" = /usr ] && home=/usr/lib/keepcool || home=/opt/keepcool
etc=$root/etc/keepcool
broker=$root/etc/mosquitto
share=$root$prefix/share
link=$root$prefix/bin/keepcool
unit=$root$prefix/lib/systemd/system/keepcool.service
sysusers=$root$prefix/lib/sysusers.d/keepcool.conf
manual=$share/man/man1/keepcool.1
bash=$share/bash-completion/completions/keepcool
zsh=$share/zsh/site-functions/_keepcool
# fish looks for a vendor's completions where it was built for, and there only.
[ "$prefix" = /usr ] && fish=$share/fish/vendor_completions.d || fish=$root/etc/fish/completions
fish=$fish/keepcool.fish

say() { printf '%s\n' "$*"; }
fail() {
    printf 'keepcool: %s\n' "$*" >&2
    exit 1
}
is_live() { [ -z "$root" ]; }
has_systemd() { is_live && [ -d /run/systemd/system ]; }
is_there() { [ -e "$1" ] || [ -L "$1" ]; }
is_packaged() { dpkg-query -W -f '${db:Status-Abbrev}' keepcool 2>/dev/null | grep -q '^.[^nc]'; }

check_place() {
    ! is_live || [ "$(id -u)" -eq 0 ] || fail "only root can do this: sudo make $action"
    if is_live && is_packaged; then
        fail "the package keepcool is installed, and make $action would get in its way. One or the other:" \
            "first sudo apt-get remove keepcool (settings and data stay)"
    fi
    if is_there "$root$home" && [ ! -f "$root$home/pyvenv.cfg" ]; then
        fail "$root$home holds something else: move it away first"
    fi
    if is_there "$link" && [ "$(readlink "$link")" != "$home/bin/keepcool" ]; then
        fail "$link is not keepcool's: move it away first"
    fi
}

check_python() {
    case $(readlink -f "$(command -v "$python" || true)") in
        /root/* | /home/*)
            fail "the service cannot see $(command -v "$python") in somebody's home:" \
                "make install PYTHON=/usr/bin/python3"
            ;;
    esac
}

check_broker() {
    [ -d "$broker/conf.d" ] || fail "MOSQUITTO=1: there is no mosquitto: apt-get install mosquitto"
    ours=$(sed -n 's/^\([a-z_]*\) .*/\1/p' systemd/mosquitto/keepcool.conf | tr '\n' '|')
    others=$(find "$broker" -name '*.conf' ! -path "$broker/conf.d/keepcool.conf" -exec \
        grep -lE "^[[:space:]]*(${ours}port|plugin|auth_plugin|per_listener_settings)[[:space:]]" {} +) || true
    [ -z "$others" ] || fail "MOSQUITTO=1: your broker has rules of its own in $(echo $others):" \
        "nothing was changed; systemd/README.md says how to bring them together"
}

runs() { has_systemd && systemctl --quiet is-active keepcool.service; }

accept_settings() { # a daemon that runs must not be replaced by one that would not start
    runs || return 0
    refused=0
    said=$("$new/bin/python" -m daemon.cli check 2>&1) || refused=$?
    [ "$refused" -ne 2 ] || fail "nothing was changed: the new version refuses your settings.
$said"
}

build_environment() { # beside the one in use, and put in its place when it is whole
    new=$root$home.new
    rm -rf "$new"
    trap 'rm -rf "$new"' EXIT
    mkdir -p "$(dirname "$new")"
    .ci/ensure-venv "$python" "$new" exact
    .ci/install-locked "$new" requirements.lock
    grep -rlI --null keepcool.new "$new/bin" "$new/pyvenv.cfg" |
        xargs -0 sed -i "s|$new|$home|g; s|keepcool\.new|keepcool|g"
    accept_settings
    rm -rf "$root$home.old"
    ! is_there "$root$home" || mv "$root$home" "$root$home.old"
    mv "$new" "$root$home"
    rm -rf "$root$home.old"
}

make_user() {
    if getent passwd keepcool >/dev/null && getent group keepcool >/dev/null; then
        return
    elif command -v systemd-sysusers >/dev/null 2>&1; then
        systemd-sysusers "$sysusers"
    elif command -v useradd >/dev/null 2>&1; then
        getent group keepcool >/dev/null || groupadd --system keepcool
        useradd --system --gid keepcool --home-dir /var/lib/keepcool --no-create-home \
            --shell /usr/sbin/nologin --comment "keepcool daemon" keepcool
    else
        fail "cannot create the user keepcool: neither systemd-sysusers nor useradd is here"
    fi
}

put() { install -D -m "$1" "$2" "$3"; } # MODE SOURCE TARGET
put_text() { # MODE SOURCE TARGET, with this machine's paths
    put "$1" "$2" "$3"
    sed -i "s|/usr/local/|$prefix/|g; s|/opt/keepcool|$home|g" "$3"
}
keepcool() { "$root$home/bin/python" -c "from daemon.cli import main; main(prog_name='keepcool')" "$@"; }
written() { # TARGET: write what comes in
    mkdir -p "$(dirname "$1")"
    cat >"$1"
}

put_files() {
    put_text 644 systemd/keepcool.service "$unit"
    put 644 systemd/keepcool.sysusers "$sysusers"
    put_text 644 config/example.toml "$share/keepcool/example.toml"
    put 644 systemd/mosquitto/keepcool.conf "$share/keepcool/mosquitto/keepcool.conf"
    put 644 systemd/mosquitto/keepcool.acl "$share/keepcool/mosquitto/keepcool.acl"
    rm -rf "$share/keepcool/home_assistant" "$share/doc/keepcool"
    find config/home_assistant -name '*.yaml' | while read -r file; do
        put 644 "$file" "$share/keepcool/${file#config/}"
    done
    find README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md LICENSE systemd/README.md docs -type f |
        while read -r file; do
            case $file in *.md) put=put_text ;; *) put=put ;; esac
            "$put" 644 "$file" "$share/doc/keepcool/$file"
        done
    keepcool schema | written "$share/keepcool/keepcool.schema.json"
    "$root$home/bin/python" -m daemon.cli_man | written "$manual"
    _KEEPCOOL_COMPLETE=bash_source keepcool | written "$bash"
    _KEEPCOOL_COMPLETE=zsh_source keepcool | written "$zsh"
    _KEEPCOOL_COMPLETE=fish_source keepcool | written "$fish"
    mkdir -p "$(dirname "$link")"
    ln -sfn "$home/bin/keepcool" "$link"
}

put_settings() {
    install -d -m 750 -o root -g keepcool "$etc" "$etc/secrets"
}

put_broker() { # never over a file that is there
    is_there "$broker/keepcool.acl" ||
        install -m 640 -o root -g mosquitto systemd/mosquitto/keepcool.acl "$broker/keepcool.acl"
    if ! is_there "$broker/keepcool.passwd"; then
        secret=$etc/secrets/mqtt_password
        is_there "$secret" ||
            head -c 18 /dev/urandom | base64 | install -m 640 -o root -g keepcool /dev/stdin "$secret"
        printf 'keepcool:%s\n' "$(cat "$secret")" |
            install -m 640 -o root -g mosquitto /dev/stdin "$broker/keepcool.passwd"
        mosquitto_passwd -U "$broker/keepcool.passwd"
    fi
    is_there "$broker/conf.d/keepcool.conf" ||
        install -m 644 systemd/mosquitto/keepcool.conf "$broker/conf.d/keepcool.conf"
    say "The broker knows keepcool by a password now, and will ask everybody else for one. Give yours" \
        "to Home Assistant and the sensors, then restart it:"
    say "    mosquitto_passwd $broker/keepcool.passwd homeassistant"
    say "    mosquitto_passwd $broker/keepcool.passwd sensors"
    say "    systemctl restart mosquitto"
}

tell_service() {
    systemctl daemon-reload
    if is_there /etc/systemd/system/keepcool.service; then
        say "Note: /etc/systemd/system/keepcool.service hides the unit that was installed."
    fi
    if runs; then
        systemctl restart keepcool.service
        say "keepcool was running, and runs the new version now."
    fi
}

tell_next_steps() {
    cat <<TEXT
keepcool is installed, and not started. Next:
  1. Make the settings: it looks at what is there, asks a few questions, checks and tries them:
         sudo keepcool init
  2. Start it:
         sudo systemctl enable --now keepcool
TEXT
}

install_all() {
    check_place
    check_python
    [ -z "${MOSQUITTO:-}" ] || check_broker
    build_environment
    put_files
    if is_live; then
        make_user
        put_settings
        [ -z "${MOSQUITTO:-}" ] || put_broker
    fi
    ! has_systemd || tell_service
    ! is_live || runs || tell_next_steps
}

uninstall_all() {
    check_place
    if has_systemd && [ -e "$unit" ]; then
        systemctl --quiet disable --now keepcool.service || true
    fi
    rm -rf "$root$home" "$root$home.new" "$root$home.old" "$share/keepcool" "$share/doc/keepcool"
    rm -f "$link" "$unit" "$sysusers" "$manual" "$bash" "$zsh" "$fish"
    ! has_systemd || systemctl daemon-reload
    if is_there "$broker/keepcool.acl"; then
        say "mosquitto keeps the passwords and rules of the home: $broker/keepcool.*," \
            "$broker/conf.d/keepcool.conf."
    fi
    if [ -z "${PURGE:-}" ]; then
        say "keepcool is gone. Settings, secrets and data stay in /etc/keepcool and /var/lib/keepcool;" \
            "make uninstall PURGE=1 removes them too."
        return
    fi
    rm -rf "$etc" "$root/var/lib/keepcool" "$root/run/keepcool"
    if is_live && getent passwd keepcool >/dev/null; then
        userdel keepcool 2>/dev/null || fail "cannot remove the user keepcool"
        ! getent group keepcool >/dev/null || groupdel keepcool
    fi
    say "keepcool is gone, with its settings, secrets, data and user."
}

case $action in
    install) install_all ;;
    uninstall) uninstall_all ;;
    *) fail "install or uninstall?" ;;
esac

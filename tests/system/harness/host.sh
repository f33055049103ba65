# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A booted systemd with the built package. The file system is an overlay over a cached tree (base-tree), the network has
# a loopback device only, and everything happens inside the namespaces that story.sh made.

packages_dir=${PROVISOR_PACKAGES:-$build/packages}
host_tree=''    # the host's root folder as seen from here
host_nspawn=''  # process id of systemd-nspawn
host_control_group=provisor-$story-$(od -An -N4 -tx4 /dev/urandom | tr -d ' ')
host_leader=''  # process id (seen from here) of the host's PID 1

# The one deb that was built for this run.
built_deb() {
    local deb
    deb=$(find "$packages_dir" -maxdepth 1 -name 'provisor_*.deb' 2>/dev/null | sort | tail -n 1)
    [ -n "$deb" ] || fails "no provisor_*.deb in $packages_dir; build it with: packaging/build-deb --output $packages_dir"
    printf '%s\n' "$deb"
}

# A program of the build folder, by name.
built_program() {
    local program
    program=$(find "$build" -path "$build/system" -prune -o -type f -name "$1" -perm -u+x -print -quit)
    [ -n "$program" ] || fails "$1 was not built in $build"
    printf '%s\n' "$program"
}

# Packages that the tree has: an init system, and what the built package depends on.
host_packages() {
    printf '%s\n' systemd systemd-sysv dbus ca-certificates
    # debootstrap knows no virtual packages (libspdlog1.10-fmt9 is one). Who provides one is installed here: it was linked to.
    dpkg-deb --field "$(built_deb)" Depends | tr ',' '\n' | sed -E 's/^ *([a-z0-9.+-]+).*/\1/' | while read -r package; do
        if [ -n "$(dpkg-query -W -f='${Version}' "$package" 2>/dev/null)" ]; then
            printf '%s\n' "$package"
        else
            dpkg-query -W -f='${Package} ${Provides}\n' | tr -d , | awk -v wanted="$package" 'index(" " $0 " ", " " wanted " ") && !found++ { print $1 }'
        fi
    done
}

# host_prepare: the tree without booting it. Called by host_boot when there is none yet.
host_prepare() {
    local base packages scratch=$work/host
    mapfile -t packages < <(host_packages)
    base=$("$harness/base-tree" "${packages[@]}")
    mkdir -p "$scratch"
    host_tree=$scratch/root
    mkdir -p "$scratch/upper" "$scratch/work" "$host_tree"
    if ! mount -t overlay overlay -o "lowerdir=$base,upperdir=$scratch/upper,workdir=$scratch/work" "$host_tree" 2>/dev/null; then
        # An overlay cannot lie on another overlay (containers): use memory.
        mount -t tmpfs tmpfs "$scratch" || skip "no right to mount"
        mkdir -p "$scratch/upper" "$scratch/work" "$host_tree"
        mount -t overlay overlay -o "lowerdir=$base,upperdir=$scratch/upper,workdir=$scratch/work" "$host_tree" ||
            skip "no overlay file system"
    fi
    finally "umount -R '$host_tree' 2>/dev/null; umount '$scratch' 2>/dev/null; [ \$status != 0 ] || rm -rf --one-file-system '$scratch'"
}

# host_boot: boots (or boots again, after host_stop or host_crash) and waits until systemd is up.
host_boot() {
    [ -n "$host_tree" ] || host_prepare
    (
        host_enter_control_group
        SYSTEMD_NSPAWN_TMPFS_TMP=0 exec systemd-nspawn -D "$host_tree" --boot --register=no --keep-unit --quiet \
            --private-network --resolv-conf=off --timezone=off --link-journal=no --console=pipe
    ) </dev/null >>"$work/console.log" 2>&1 &
    host_nspawn=$!
    finally host_remove_control_group
    finally host_crash
    eventually 60 host_find_leader || fails "systemd-nspawn started no system; see $work/console.log"
    eventually 60 host_is_up || fails "the test host did not come up; see $work/console.log"
}

# Puts this shell into a control group of the story. With --keep-unit, systemd-nspawn makes its groups below the one that it is
# started in, always with the same names: two hosts that run at the same time would share the groups of their units, and the
# service manager of one removes those that the other is about to use.
host_enter_control_group() {
    local controllers path mount
    while IFS=: read -r _ controllers path; do
        case $controllers in
        '') mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts) ;;
        name=systemd) mount=$(awk '$3 == "cgroup" && $4 ~ /(^|,)name=systemd(,|$)/ { print $2; exit }' /proc/self/mounts) ;;
        *) continue ;;
        esac
        mkdir -p "$mount$path/$host_control_group"
        echo 0 >"$mount$path/$host_control_group/cgroup.procs"
    done </proc/self/cgroup
}

# When nothing runs there any more, which after a kill takes a moment.
host_remove_control_group() {
    host_control_group_is_gone() {
        find /sys/fs/cgroup -depth -type d -path "*/$host_control_group*" -exec rmdir {} + 2>/dev/null
        [ -z "$(find /sys/fs/cgroup -type d -name "$host_control_group")" ]
    }
    eventually 5 host_control_group_is_gone || printf 'control groups of %s are left\n' "$host_control_group" >&2
}

host_find_leader() {
    local child
    for child in $(cat "/proc/$host_nspawn/task/$host_nspawn/children"); do
        if [ "$(cat "/proc/$child/comm")" = systemd ]; then
            host_leader=$child
            return 0
        fi
    done
    return 1
}

host_is_up() {
    case $(host_run systemctl is-system-running 2>/dev/null) in running | degraded) return 0 ;; *) return 1 ;; esac
}

# Runs a command in the host, as root, outside of any unit.
host_run() {
    nsenter -t "$host_leader" -m -u -i -n -p -r -w \
        env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin HOME=/root LC_ALL=C.UTF-8 "$@"
}

# host_kill SIGNAL PID: a process of the host, by its id there.
host_kill() { host_run sh -c 'kill -s "$1" "$2"' sh "$1" "$2"; }

# host_write PATH: standard input becomes a file of the host, at once whole (rename).
host_write() {
    host_run sh -c 'mkdir -p "$(dirname "$1")" && cat >"$1.new~" && mv "$1.new~" "$1"' sh "$1"
}

# host_install_deb [FILE]: with dpkg, as an administrator would.
host_install_deb() {
    local deb=${1:-$(built_deb)}
    cp "$deb" "$host_tree/root/"
    host_run dpkg --install "/root/$(basename "$deb")" >>"$work/dpkg.log" 2>&1 ||
        fails "dpkg --install $(basename "$deb"): $(tail -n 5 "$work/dpkg.log")"
}

# host_journal ARGS...: journalctl in the host.
host_journal() { host_run journalctl --no-pager --quiet "$@"; }

# Powers the host off.
host_stop() {
    [ -n "$host_leader" ] || return 0
    kill -s RTMIN+4 "$host_leader" 2>/dev/null || true
    wait "$host_nspawn" 2>/dev/null || true
    host_leader='' host_nspawn=''
}

# As when the power goes: nothing is told.
host_crash() {
    [ -n "$host_nspawn" ] || return 0
    [ -z "$host_leader" ] || kill -KILL "$host_leader" 2>/dev/null || true
    kill -KILL "$host_nspawn" 2>/dev/null || true
    wait "$host_nspawn" 2>/dev/null || true
    host_leader='' host_nspawn=''
}

# Called when a story fails.
host_dump() {
    [ -n "$host_leader" ] || return 0
    host_journal -b >"$work/journal.log" 2>&1
    host_journal -b -o json --all >"$work/journal.json" 2>&1
    grep -E 'provisor|app' "$work/journal.log" | tail -n 60
    [ ! -s "$work/pass.err" ] || { echo "-- stderr of the last pass"; tail -n 20 "$work/pass.err"; }
    [ ! -s "$work/pass.json" ] || { echo "-- the last pass"; cat "$work/pass.json"; }
}

# ---- provisor in the host -------------------------------------------------------------------------------------------

# manifest FILE: standard input becomes /etc/provisor/components.d/FILE.yaml.
manifest() { host_write "/etc/provisor/components.d/$1.yaml"; }

# apply ARGS...: one pass; its document is in $work/pass.json, its exit status in $status.
apply() {
    status=0
    host_run provisor --json apply "$@" >"$work/pass.json" 2>"$work/pass.err" || status=$?
}

# pass_value FILTER: a value of the last pass, by jq.
pass_value() { jq -r "$1" "$work/pass.json"; }

# decision [NAME]: what the last pass decided.
decision() { pass_value ".components[] | select(.name == \"${1:-app}\") | .decision"; }

# Stops the daemon for stories that make their passes by hand.
daemon_off() { host_run systemctl disable --now --quiet provisor.service; }

# host_listing PATH...: everything that a write would change below these paths, ctime included (nobody can set that back).
host_listing() {
    host_run find "$@" -printf '%p type=%y mode=%m owner=%U:%G size=%s inode=%i mtime=%T@ ctime=%C@\n' | sort
}

# ---- the service that the stories keep up to date ---------------------------------------------------------------------

# The program tests/system/programs/service.cpp in one version; all versions have the same size to the byte.
service_program() { built_program "service-$1"; }

# How often app.service was started since boot, by systemd's own entries ("Started ...", systemd's message catalog).
service_starts() {
    host_run journalctl --sync
    host_journal -b -o cat --output-fields=MESSAGE MESSAGE_ID=39f53479d3a045ac8e11786248231fbf UNIT="${1:-app.service}" | wc -l
}

# The version that is running now, by asking the process's own file.
service_running() {
    local pid
    pid=$(host_run systemctl show -P MainPID "${1:-app.service}")
    [ "$pid" != 0 ] || { echo none; return; }
    host_run "/proc/$pid/exe" --version 2>/dev/null | sed 's/.* //'
}

# app_manifest [PATH-OF-URL [LINE...]]: a manifest that keeps app.service up to date; further lines go to the component.
app_manifest() {
    local path=${1:-/app}
    [ $# = 0 ] || shift
    cat <<YAML
components:
  app:
    url: http://127.0.0.1:8000$path
    path: /usr/local/bin/app
    mode: "0755"
    health: { settle: 200ms, timeout: 10s }
    units:
      - name: app.service
        on_change: restart
        enable: true
        file: |
          [Unit]
          Description=The service of the stories
          [Service]
          ExecStart=/usr/local/bin/app
          [Install]
          WantedBy=multi-user.target
YAML
    [ $# = 0 ] || printf '    %s\n' "$@"
}

# The invocation id of app.service: a new one for each start.
invocation() { host_run systemctl show -P InvocationID "${1:-app.service}"; }

# expect_pass WHAT EXIT-STATUS DECISION [NAME]: how the last pass ended for a component.
expect_pass() {
    expect_eq "$1: exit status" "$2" "$status"
    expect_eq "$1: decision for ${4:-app}" "$3" "$(decision "${4:-app}")"
}

# Everything that provisor may write: its state, where it may install, and its run-time files.
provisor_places=(/var/lib/provisor /run/provisor /etc/provisor /usr/local /etc/systemd/system /opt)

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# provisor --user: the files and the service of an ordinary user, by the user's own service manager.
. "$(dirname "$0")/../harness/story.sh"

host_and_origin_with_app

step "a user with a service manager and no bus"
host_run useradd --create-home --uid 1234 someone
host_run install -d -o someone -g someone -m 0700 /run/user/1234
host_run systemd-run --quiet --unit=manager-of-someone --uid=someone --gid=someone --property=Delegate=yes \
    --setenv=HOME=/home/someone --setenv=XDG_RUNTIME_DIR=/run/user/1234 /lib/systemd/systemd --user
as_user() {
    host_run setpriv --reuid=someone --regid=someone --init-groups --no-new-privs \
        env HOME=/home/someone XDG_RUNTIME_DIR=/run/user/1234 "$@"
}
manager_is_up() { as_user systemctl --user is-system-running | grep -qE '^(running|degraded)$'; }
eventually 60 manager_is_up || fails "the user's manager did not come up: $(host_journal -u manager-of-someone | tail -n 20)"

step "provisor --user apply"
app_manifest | sed 's|/usr/local/bin/app|/home/someone/bin/app|' |
    as_user sh -c 'mkdir -p ~/.config/provisor/components.d && cat >~/.config/provisor/components.d/app.yaml'
status=0
as_user provisor --user --json apply >"$work/pass.json" 2>"$work/pass.err" || status=$?
expect_eq "exit status" 0 $status
expect_eq "decision" install "$(decision)"
property() { as_user systemctl --user show -P "$1" app.service; }
expect_eq "service in the user's manager" active "$(property ActiveState)"
expect_eq "its unit file" /home/someone/.config/systemd/user/app.service "$(property FragmentPath)"
expect_eq "it is enabled" enabled "$(as_user systemctl --user is-enabled app.service)"
expect_eq "version that it runs" 1.0.0 "$(host_run "/proc/$(property MainPID)/exe" --version | sed 's/.* //')"
expect_eq "owner of program and marker" "someone someone" \
    "$(host_run stat -c %U /home/someone/bin/app /home/someone/.local/state/provisor/components/app/.installed | xargs)"
started=$(property InvocationID)

step "nothing of it concerns the system"
expect_eq "the system's manager" not-found "$(host_run systemctl show -P LoadState app.service)"
expect_eq "components of the system" "" "$(host_run sh -c 'ls /var/lib/provisor/components 2>/dev/null || true')"
expect_eq "files of provisor in the system's unit directory" "" "$(host_run find /etc/systemd/system -name 'app.service*')"

step "unchanged, then new content"
as_user provisor --user --json apply >"$work/pass.json" 2>"$work/pass.err"
expect_eq "decision" unchanged "$(decision)"
expect_eq "invocation" "$started" "$(property InvocationID)"
publish "$(service_program 1.1.0)" app
as_user provisor --user --json apply >"$work/pass.json" 2>"$work/pass.err"
expect_eq "decision" update "$(decision)"
expect_eq "version that it runs" 1.1.0 "$(host_run "/proc/$(property MainPID)/exe" --version | sed 's/.* //')"
[ "$(property InvocationID)" != "$started" ] || fails "the service was not restarted"
expect_eq "bodies sent" 2 "$(requests /app 200)"

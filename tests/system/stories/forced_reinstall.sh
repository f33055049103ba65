#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An agent that is told 100 times to install the same thing: one body, 99 answers 304, no restart, nothing written.
#
# How "nothing written" is counted: (1) every file below the state folder, the install folders and /run/provisor is listed
# with inode, size, mode, owner, mtime and ctime before and after 99 passes, and nobody can set a ctime back; (2) strace
# follows one pass and all its children and counts calls that change or sync a file. One thing may change: the time of
# the empty /run/provisor/last-pass, in memory, which tells `status` and max_age when the last pass was.
. "$(dirname "$0")/../harness/story.sh"

host_and_origin_with_app
app_manifest | manifest app

step "the first pass installs"
apply --force
expect_pass "first pass" 0 install
expect_eq "running version" 1.0.0 "$(service_running)"
started=$(invocation)
last_pass=/run/provisor/last-pass
listing() { host_listing "${provisor_places[@]}" | sed -E "s|^($last_pass .*) mtime=.*|\1|"; }
before=$(listing)
logged=$(host_journal -o cat SYSLOG_IDENTIFIER=provisor | wc -l)

step "99 forced passes"
unchanged=0
for ((i = 0; i < 99; i++)); do
    apply --force
    [ "$status $(decision)" = "0 unchanged" ] && unchanged=$((unchanged + 1))
done
expect_eq "passes that ended as unchanged" 99 "$unchanged"
expect_eq "requests" 100 "$(requests)"
expect_eq "bodies sent" 1 "$(requests /app 200)"
expect_eq "answers 304" 99 "$(requests /app 304)"
expect_eq "body bytes sent" "$(stat -c %s "$(service_program 1.0.0)")" "$(body_bytes)"
expect_eq "restarts" 0 "$(($(service_starts) - 1))"
expect_eq "invocation of the service" "$started" "$(invocation)"
after=$(listing)
expect_eq "files that differ in anything, ctime included" "" "$(diff <(echo "$before") <(echo "$after"))"
host_run journalctl --sync
expect_eq "journal lines for 99 passes" 99 "$(($(host_journal -o cat SYSLOG_IDENTIFIER=provisor | wc -l) - logged))"

step "passes under strace"
# traced NAME: a forced pass; $changes, $opened and $written are what it did to files.
traced() {
    strace -f -qq -y -o "$work/$1.strace" \
        -e trace=file,desc,ftruncate,truncate,fsync,fdatasync,sync_file_range,syncfs \
        nsenter -t "$host_leader" -m -u -i -n -p -r -w /usr/bin/provisor --json apply --force | cat >"$work/pass.json"
    local calls='rename|renameat|renameat2|unlink|unlinkat|mkdir|mkdirat|rmdir|link|linkat|symlink|symlinkat|mknod|mknodat'
    calls+='|truncate|ftruncate|fallocate|chmod|fchmod|fchmodat|chown|fchown|lchown|fchownat|utime|utimes|utimensat'
    calls+='|futimesat|setxattr|fsetxattr|lsetxattr|fsync|fdatasync|sync_file_range|syncfs'
    changes=$(grep -E "^[0-9]+ +($calls)\(" "$work/$1.strace" | grep -vE ' = -1 E' || true)
    opened=$(grep -E '^[0-9]+ +open(at)?\(' "$work/$1.strace" | grep -E 'O_WRONLY|O_RDWR' | grep -vE ' = -1 E|"/dev/' |
        sed -E 's/^[^"]*"([^"]*)".*/\1/' | sort -u)
    written=$(grep -E '^[0-9]+ +(write|pwrite64|writev|pwritev|copy_file_range)\([0-9]+<(/var|/run|/usr|/etc|/opt|/tmp)' \
        "$work/$1.strace" || true)
}
traced unchanged
expect_eq "decision" unchanged "$(decision)"
expect_eq "calls that change or sync a file" "utimensat(AT_FDCWD, \"$last_pass\", NULL, AT_SYMLINK_NOFOLLOW) = 0" \
    "$(sed -E 's/^[0-9]+ +//' <<<"$changes" | sed -E 's/AT_FDCWD<[^>]*>/AT_FDCWD/')"
expect_eq "files opened for writing (the lock, which stays empty)" /run/provisor/lock "$opened"
expect_eq "writes to files" "" "$written"

publish "$(service_program 1.1.0)" app
traced update
expect_eq "decision" update "$(decision)"
for seen in "$changes" "$opened" "$written"; do
    [ "$(wc -l <<<"$seen")" -ge 3 ] || fails "the same measure does not see what an update does: $seen"
done
holds "the same measure sees what an update does: $(wc -l <<<"$changes") changing calls, $(wc -l <<<"$written") writes"

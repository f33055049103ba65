# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Whether built programs have what packaging/hardening.cmake asks for, as binutils see it. For the checks of the packages; comes behind
# check.sh.

# has_start_files FEATURE: whether what the compiler links into each program has that note ("IBT", "BTI"). The linker keeps the
# note of a program only if all of its parts have it, and Debian 12's C library has not.
has_start_files() {
    local file
    for file in Scrt1.o crti.o; do
        readelf -nW "$("${CXX:-c++}" -print-file-name=$file)" 2>/dev/null | grep -qw "$1" || return 1
    done
}

# expect_branch_protection PROGRAM: on x86 and arm64, whose indirect branches may only go where the compiler says so.
expect_branch_protection() {
    local landing feature
    case $(readelf -hW "$1" | sed -n 's/^ *Machine: *//p') in
    *X86-64*) landing=endbr64 feature=IBT ;;
    AArch64*) landing='(bti|paciasp)' feature=BTI ;;
    *) return ;;
    esac
    [ "$(objdump -d --no-show-raw-insn "$1" | grep -cEw "$landing")" -ge 20 ] || fails "$1: indirect branches may go anywhere (no $landing)"
    if has_start_files $feature; then
        readelf -nW "$1" | grep -qw $feature || fails "$1: its note lacks $feature"
    fi
}

# probes_stack PROGRAM: whether large frames are touched page by page on x86-64, so that they cannot reach over the guard page.
probes_stack() { objdump -d --no-show-raw-insn "$1" | grep -cE 'orq? +\$0x0,\(%rsp\)' >/dev/null; }

# expect_hardened WHAT PROGRAM...: at least one of the programs has a large frame.
expect_hardened() {
    local what=$1 program header segments dynamic imports loaded probed=no
    shift
    [ $# -gt 0 ] || fails "$what: no programs"
    for program in "$@"; do
        header=$(readelf -hW "$program") segments=$(readelf -lW "$program")
        dynamic=$(readelf -dW "$program") imports=$(readelf --dyn-syms -W "$program" | awk '$7 == "UND" { sub(/@.*/, "", $8); print $8 }')
        grep -q 'Type: *DYN ' <<<"$header" || fails "$program: not position independent (ET_DYN)"
        grep -q 'FLAGS_1.* PIE' <<<"$dynamic" || fails "$program: not marked as PIE"
        grep -qE '^ *GNU_STACK .* RW +0x' <<<"$segments" || fails "$program: its stack may be executed"
        grep -q '^ *GNU_RELRO ' <<<"$segments" || fails "$program: no RELRO"
        grep -qE 'FLAGS\) .*BIND_NOW|FLAGS_1.* NOW' <<<"$dynamic" || fails "$program: symbols are bound late (no BIND_NOW)"
        # Code in pages of its own: neither the headers nor what may be written are executed (separate-code).
        loaded=$(awk '$1 == "LOAD" { flags = ""; for (i = 7; i < NF; i++) flags = flags $i; print flags }' <<<"$segments" | xargs)
        case " $loaded " in *" RWE "* | " RE "* | *" E "*) fails "$program: its segments are $loaded" ;; esac
        ! grep -qE 'TEXTREL|RPATH|RUNPATH' <<<"$dynamic" || fails "$program: text relocations or a search path for libraries"
        grep -qx __stack_chk_fail <<<"$imports" || fails "$program: no stack protector"
        grep -qE '^__[a-z]+_chk$' <<<"$imports" || fails "$program: no checked functions (_FORTIFY_SOURCE)"
        grep -q glibcxx_assert_fail <<<"$imports" || fails "$program: no assertions of the C++ library"
        expect_branch_protection "$program"
        case $header in *X86-64*) ! probes_stack "$program" || probed=yes ;; *) probed=yes ;; esac
    done
    [ $probed = yes ] || fails "$what: no large frame is probed (-fstack-clash-protection)"
    holds "$what: PIE, RELRO, BIND_NOW, separate code, no executable stack, _FORTIFY_SOURCE, library assertions, and protection of" \
        "stack, stack clash and branches"
}

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The manual pages and completions: no warning, and every command and option that the program knows is in them.
. "$(dirname "$0")/../harness/check.sh"
dpkg-deb --extract "$(the_deb)" "$scratch/tree"
share=$scratch/tree/usr/share
program=$scratch/tree/usr/bin/provisor

for page in man8/provisor.8 man5/provisor-manifest.5 man5/provisor-agent.yaml.5 man7/provisor-origin.7; do
    said=$(MANROFFSEQ='' MANWIDTH=80 man --warnings --encoding=UTF-8 --local-file "$share/man/$page.gz" 2>&1 >"$scratch/page")
    expect_eq "what man says of $page" "" "$said"
done
MANWIDTH=200 man --encoding=UTF-8 --local-file "$share/man/man8/provisor.8.gz" 2>/dev/null | col -b >"$scratch/provisor.8"

# "  --exit-code   Exit with 3 ..." of the program's own help
options_of() { "$program" "$@" --help | grep -oE '(^|[ ,])--[a-z][a-z-]+' | tr -d ' ,' | sort -u | sed '/^--help$/d'; }
commands=$("$program" --help | sed -n '/^Subcommands:/,$p' | awk 'NR > 1 && NF { print $1 }')
[ "$(wc -l <<<"$commands")" -ge 8 ] || fails "the program's help lists only: $commands"
for command in "" $commands; do
    for word in $command $(options_of $command); do
        grep -qE -- "(^|[^a-z-])$word([^a-z-]|\$)" "$scratch/provisor.8" || fails "provisor(8) does not tell of '$command $word'"
        for completion in bash-completion/completions/provisor zsh/vendor-completions/_provisor \
            fish/vendor_completions.d/provisor.fish; do
            grep -qE -- "(^|[^a-z])${word#--}([^a-z-]|\$)" "$share/$completion" ||
                fails "$completion does not know '$command $word'"
        done
    done
done
holds "every command and option is in the manual page and in the completions"

bash -n "$share/bash-completion/completions/provisor"
if command -v zsh >/dev/null; then zsh -n "$share/zsh/vendor-completions/_provisor"; fi
if command -v fish >/dev/null; then fish --no-execute "$share/fish/vendor_completions.d/provisor.fish"; fi
holds "the completions are well-formed"

# Completion as bash does it.
complete_words() {
    bash -c 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; _provisor; printf "%s\n" "${COMPREPLY[@]}"' \
        bash "$share/bash-completion/completions/provisor" "$@" | sort | paste -sd' '
}
expect_eq "provisor pr<Tab>" prune "$(complete_words provisor pr)"
expect_eq "provisor apply --n<Tab>" --no-units "$(complete_words provisor apply --n)"

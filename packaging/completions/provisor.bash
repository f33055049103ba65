# SPDX-License-Identifier: Apache-2.0
# bash completion for provisor(8)

_provisor_components() {
    provisor "${roots[@]}" status 2>/dev/null | sed -n '2,/^$/s/ .*//p'
}

_provisor() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command= word i
    local global="--config --root --user --json --quiet --verbose --color --help --version"
    local -a roots=()
    COMPREPLY=()
    case $previous in
    --config) COMPREPLY=($(compgen -f -- "$current")) && return ;;
    --root) COMPREPLY=($(compgen -d -- "$current")) && return ;;
    --color) COMPREPLY=($(compgen -W "auto always never" -- "$current")) && return ;;
    esac
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
        --root) roots=(--root "${COMP_WORDS[++i]}") ;;
        --config | --color) i=$((i + 1)) ;;
        -*) ;;
        *) command=$word && break ;;
        esac
    done
    local options=
    case $command in
    "") COMPREPLY=($(compgen -W "apply plan status show history rollback hold release remove check verify prune doctor agent $global" -- "$current")) && return ;;
    apply) options="--force --no-units --dry-run --wait --offline" ;;
    rollback) options="--to" ;;
    hold) options="--reason" ;;
    plan) options="--exit-code --offline" ;;
    status) options="--exit-code" ;;
    verify) options="--repair" ;;
    esac
    case $current in
    -*) COMPREPLY=($(compgen -W "$options $global" -- "$current")) ;;
    *)
        case $command in
        apply | plan | status | show | history | rollback | hold | release | remove | verify) COMPREPLY=($(compgen -W "$(_provisor_components)" -- "$current")) ;;
        check) COMPREPLY=($(compgen -f -X '!*.yaml' -- "$current") $(compgen -d -- "$current")) ;;
        esac
        ;;
    esac
}

complete -F _provisor provisor

# SPDX-License-Identifier: Apache-2.0
# fish completion for provisor(8)

function __provisor_components
    provisor status 2>/dev/null | sed -n '2,/^$/s/ .*//p'
end

set -l commands apply plan status show history rollback hold release remove check verify prune doctor agent
complete -c provisor -f
complete -c provisor -l config -r -F -d 'Read this configuration'
complete -c provisor -l root -x -a '(__fish_complete_directories)' -d 'Work on the system below this directory'
complete -c provisor -l user -d 'Work for this user'
complete -c provisor -l json -d 'Print one JSON document'
complete -c provisor -s q -l quiet -d 'Print only what changed or failed'
complete -c provisor -s v -l verbose -d 'Print diagnostics, too'
complete -c provisor -l color -x -a 'auto always never' -d 'Use colour'
complete -c provisor -l help -d 'Show help'
complete -c provisor -l version -d 'Show the version'

complete -c provisor -n "not __fish_seen_subcommand_from $commands" -a apply -d 'One pass now'
complete -c provisor -n "not __fish_seen_subcommand_from $commands" -a plan -d 'What apply would do, and why'
complete -c provisor -n "not __fish_seen_subcommand_from $commands" -a status -d 'A table of the components'
complete -c provisor -n "not __fish_seen_subcommand_from $commands" -a show -d 'All that is known of one component'
complete -c provisor -n "not __fish_seen_subcommand_from $commands" -a history -d 'What was installed when, and from where'
complete -c provisor -n "not __fish_seen_subcommand_from $commands" -a rollback -d 'Go back to what was installed before'
complete -c provisor -n "not __fish_seen_subcommand_from $commands" -a hold -d 'Leave a component as it is'
complete -c provisor -n "not __fish_seen_subcommand_from $commands" -a release -d 'End a hold, a quarantine, or a wait'
complete -c provisor -n "not __fish_seen_subcommand_from $commands" -a remove -d 'Take a component from the machine'
complete -c provisor -n "not __fish_seen_subcommand_from $commands" -a check -d 'Validate configuration and manifests'
complete -c provisor -n "not __fish_seen_subcommand_from $commands" -a verify -d 'Hash installed files and cache against the records'
complete -c provisor -n "not __fish_seen_subcommand_from $commands" -a prune -d 'Drop what the cache may drop'
complete -c provisor -n "not __fish_seen_subcommand_from $commands" -a doctor -d 'What would stop a pass here, and the remedy'
complete -c provisor -n "not __fish_seen_subcommand_from $commands" -a agent -d 'The daemon that provisor.service starts'

complete -c provisor -n '__fish_seen_subcommand_from apply plan status show history rollback hold release remove verify' -a '(__provisor_components)'
complete -c provisor -n '__fish_seen_subcommand_from check' -F
complete -c provisor -n '__fish_seen_subcommand_from apply' -l force -d 'Ask every origin and hash every file'
complete -c provisor -n '__fish_seen_subcommand_from apply' -l no-units -d 'Leave units alone'
complete -c provisor -n '__fish_seen_subcommand_from apply' -l dry-run -d 'Decide and report only'
complete -c provisor -n '__fish_seen_subcommand_from apply' -l wait -d 'Wait for another pass'
complete -c provisor -n '__fish_seen_subcommand_from apply' -l offline -d 'Ask no origin'
complete -c provisor -n '__fish_seen_subcommand_from rollback' -l to -x -d 'Version or digest to go back to'
complete -c provisor -n '__fish_seen_subcommand_from hold' -l reason -x -d 'Why'
complete -c provisor -n '__fish_seen_subcommand_from plan' -l exit-code -d 'Exit with 3 when changes are pending'
complete -c provisor -n '__fish_seen_subcommand_from plan' -l offline -d 'Ask no origin'
complete -c provisor -n '__fish_seen_subcommand_from status' -l exit-code -d 'Exit with 1 when a component failed'
complete -c provisor -n '__fish_seen_subcommand_from verify' -l repair -d 'Put right what was found'

# SPDX-License-Identifier: MIT
# fish completion for weft(1)

set -l verbs record view export convert info check
set -l themes "light dark classic safe"
set -l axes "auto wall order squeezed"

complete -c weft -n "not __fish_seen_subcommand_from $verbs" -f
complete -c weft -n "not __fish_seen_subcommand_from $verbs" -l version -d "the version"
complete -c weft -n "not __fish_seen_subcommand_from $verbs" -a record -d "run a weft program and record it"
complete -c weft -n "not __fish_seen_subcommand_from $verbs" -a view -d "play a trace in a window"
complete -c weft -n "not __fish_seen_subcommand_from $verbs" -a export -d "make a picture or an animation"
complete -c weft -n "not __fish_seen_subcommand_from $verbs" -a convert -d "write a trace in another format"
complete -c weft -n "not __fish_seen_subcommand_from $verbs" -a info -d "who was left waiting, where the time went"
complete -c weft -n "not __fish_seen_subcommand_from $verbs" -a check -d "is a trace sound?"
complete -c weft -l help -s h -d "a summary"

complete -c weft -n "__fish_seen_subcommand_from record export convert" -s o -l output -r -d "what to write"

complete -c weft -n "__fish_seen_subcommand_from view export" -l theme -x -a $themes -d "colours"
complete -c weft -n "__fish_seen_subcommand_from view export" -l axis -x -a $axes -d "how time becomes height"
complete -c weft -n "__fish_seen_subcommand_from view export" -l size -x -d "WxH"
complete -c weft -n "__fish_seen_subcommand_from view export" -l scale -x -d "of the picture"
complete -c weft -n "__fish_seen_subcommand_from view" -l speed -x -d "of playing"
complete -c weft -n "__fish_seen_subcommand_from view" -l paused -d "wait at the start"

complete -c weft -n "__fish_seen_subcommand_from export" -l at -x -d "a picture of this moment"
complete -c weft -n "__fish_seen_subcommand_from export" -l duration -x -d "of an animation"
complete -c weft -n "__fish_seen_subcommand_from export" -l fps -x -d "frames a second"
complete -c weft -n "__fish_seen_subcommand_from export" -l no-labels -d "no values"

complete -c weft -n "__fish_seen_subcommand_from check" -l format -x -a "text json" -d "of the output"
complete -c weft -n "__fish_seen_subcommand_from info" -l format -x -a "text json csv" -d "of the output"
complete -c weft -n "__fish_seen_subcommand_from info check" -l color -x -a "auto yes no" -d "when"
complete -c weft -n "__fish_seen_subcommand_from info" -l all -d "all rows"
complete -c weft -n "__fish_seen_subcommand_from info" -l top -x -d "rows of each table"
complete -c weft -n "__fish_seen_subcommand_from info" -l table -x -a "threads channels locks pairs waits messages left held lost parallelism" -d "that csv prints"
complete -c weft -n "__fish_seen_subcommand_from info" -l thread -x -d "only threads of such a name"
complete -c weft -n "__fish_seen_subcommand_from info" -l channel -x -d "only channels of such a name"
complete -c weft -n "__fish_seen_subcommand_from info" -l from -x -d "only from this time on"
complete -c weft -n "__fish_seen_subcommand_from info" -l to -x -d "only before this time"
complete -c weft -n "__fish_seen_subcommand_from check" -l strict -d "warnings count"

complete -c weft -n "__fish_seen_subcommand_from convert" -l from -x -a "weft gotrace chrome" -d "of the input"
complete -c weft -n "__fish_seen_subcommand_from convert" -l to -x -a "chrome mermaid csv sqlite shiviz weft" -d "of the output"
complete -c weft -n "__fish_seen_subcommand_from convert" -l limit -x -d "messages at most"

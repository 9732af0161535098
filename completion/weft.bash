# SPDX-License-Identifier: MIT
# bash completion for weft(1)

_weft_traces() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -X '!*.json*' -- "$1"; compgen -d -- "$1")
}

_weft_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

_weft_words() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

# Where the program of "weft record" stands, or 0: not there yet.
_weft_program() {
	local i
	for ((i = 2; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-o | --output) ((i++)) ;;
		--) echo $((i + 1)); return ;;
		-*) ;;
		*) echo "$i"; return ;;
		esac
	done
	echo 0
}

_weft() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]}
	local program

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		_weft_words "record view export convert info check --help --version" "$cur"
		return
	fi
	if [[ $verb == record ]]; then
		program=$(_weft_program)
		if ((program)) && declare -F _command_offset >/dev/null; then
			_command_offset "$program"
			return
		fi
	fi
	case $prev in
	--theme) _weft_words "light dark classic safe" "$cur"; return ;;
	--axis) _weft_words "auto wall order squeezed" "$cur"; return ;;
	--format)
		if [[ $verb == info ]]; then
			_weft_words "text json csv" "$cur"
		else
			_weft_words "text json" "$cur"
		fi
		return ;;
	--from)
		[[ $verb == convert ]] && _weft_words "weft gotrace chrome" "$cur"
		return ;;
	--to)
		[[ $verb == convert ]] && _weft_words "chrome mermaid csv sqlite shiviz weft" "$cur"
		return ;;
	--table) _weft_words "threads channels locks pairs waits messages left held lost parallelism" "$cur"
		return ;;
	--color) _weft_words "auto yes no" "$cur"; return ;;
	-o | --output) _weft_files "$cur"; return ;;
	--at | --duration | --fps | --size | --scale | --speed | --limit | --top | --thread | --channel)
		return ;;
	esac
	if [[ $cur == -* ]]; then
		case $verb in
		record) _weft_words "-o --output --help" "$cur" ;;
		view) _weft_words "--theme --axis --speed --size --scale --paused --help" "$cur" ;;
		export) _weft_words "-o --output --at --duration --fps --size --scale --theme \
			--axis --no-labels --help" "$cur" ;;
		convert) _weft_words "-o --output --from --to --limit --help" "$cur" ;;
		info) _weft_words "--format --table --top --all --thread --channel --from --to --color \
			--help" "$cur" ;;
		check) _weft_words "--strict --format --color --help" "$cur" ;;
		esac
		return
	fi
	case $verb in
	record) compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -c -- "$cur"; compgen -f -- "$cur") ;;
	view | export | convert | info | check) _weft_traces "$cur" ;;
	esac
}

complete -F _weft weft

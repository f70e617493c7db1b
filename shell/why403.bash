# shellcheck shell=bash
#
# why403 for bash: a refused S3 command is explained under its error.
#
#     eval "$(why403 init bash)"          in ~/.bashrc, or
#     source /path/to/why403.bash         with why403 on PATH
#
# It defines `aws`, which runs the AWS CLI through why403, and `why403`, which adds `why403 off` and `why403 on` for this
# shell and leaves everything else to the program. Where why403 is gone, `aws` is the real one. `command aws` always is.
#
# Starting a shell starts no program here, so that it costs next to nothing; the one exception is at its place. The
# code keeps to bash 3.2, which macOS has.

# `why403 init` assigns these before this file; alone, the file finds the program on PATH.
: "${__why403_bin:=why403}"
: "${__why403_cmd:=aws}"
: "${__why403_key:=${WHY403_KEY-}}"
: "${__why403_state:=on}"

# Looks for a program along PATH. `type -P` and `hash` would believe the shell's hash table, which also holds what has
# been removed since.
function __why403_find {
    \builtin local rest="${PATH-}:" folder
    while [[ -n ${rest} ]]; do
        folder="${rest%%:*}"
        rest="${rest#*:}"
        __why403_found="${folder:-.}/$1"
        if [[ -f ${__why403_found} && -x ${__why403_found} ]]; then
            \builtin return 0
        fi
    done
    __why403_found=''
    \builtin return 1
}

# Finds why403 itself: where it was at the start, or, when an upgrade has moved it, on PATH.
function __why403_locate {
    if [[ ${__why403_bin} == */* && -f ${__why403_bin} && -x ${__why403_bin} ]]; then
        __why403_found="${__why403_bin}"
        \builtin return 0
    fi
    __why403_find "${__why403_bin##*/}"
}

# `|| return`, here and below, where the last status would do: an ERR trap with `set -E` then fires once, as it does for
# a program.
function __why403_aws {
    if [[ ${__why403_state} == on ]] && __why403_locate; then
        "${__why403_found}" aws "$@" || \builtin return "$?"
    else
        \command aws "$@" || \builtin return "$?"
    fi
}

function why403 {
    case "$#:${1-}" in
    1:off)
        __why403_state=off
        ;;
    1:on)
        __why403_state=on
        if [[ ${__why403_function-} != "${__why403_cmd}" ]]; then
            \builtin printf "why403: \`%s\` was a function already, and is left as it was\n" "${__why403_cmd}" >&2
            \builtin return 1
        fi
        ;;
    *)
        if __why403_locate; then
            "${__why403_found}" "$@" || \builtin return "$?"
        else
            \command why403 "$@" || \builtin return "$?"
        fi
        ;;
    esac
}

# A function of that name that is not ours does something that its owner needs (`docker run amazon/aws-cli`, say).
if [[ ${__why403_function-} == "${__why403_cmd}" ]] || ! \builtin declare -F "${__why403_cmd}" >/dev/null; then
    __why403_function="${__why403_cmd}"
    # `function NAME`, because an alias of that name would be expanded before `NAME ()`.
    \builtin eval "function ${__why403_cmd} { __why403_aws \"\$@\" || \\builtin return \"\$?\"; }"
fi

# Whether the bash-completion package will load a file for `aws` at the first TAB.
function __why403_has_lazy_completion {
    \builtin declare -F _completion_loader >/dev/null || \builtin declare -F _comp_complete_load >/dev/null ||
        \builtin return 1
    \builtin local own="${BASH_COMPLETION_USER_DIR:-${XDG_DATA_HOME:-${HOME-}/.local/share}/bash-completion}" folder
    for folder in "${own}" /usr/local/share/bash-completion /opt/homebrew/share/bash-completion \
        /usr/share/bash-completion; do
        if [[ -r ${folder}/completions/aws || -r ${folder}/completions/aws.bash ]]; then
            \builtin return 0
        fi
    done
    \builtin return 1
}

# The AWS CLI's own completer: on PATH, or beside the real `aws`.
function __why403_find_completer {
    __why403_find aws_completer && \builtin return 0
    __why403_find aws || \builtin return 1
    \builtin local aws="${__why403_found}" link
    # The one place where a program is started, and only where no completer is on PATH.
    if [[ -L ${aws} ]] && link="$(\command readlink "${aws}")"; then
        [[ ${link} == /* ]] || link="${aws%/*}/${link}"
    else
        link="${aws}"
    fi
    for __why403_found in "${link%/*}/aws_completer" "${aws%/*}/../libexec/aws_completer" /usr/libexec/aws_completer; do
        if [[ -x ${__why403_found} ]]; then
            \builtin return 0
        fi
    done
    \builtin return 1
}

# A completion that is there already stays.
function __why403_completion {
    \builtin local specification
    if \builtin complete -p "${__why403_cmd}" >/dev/null 2>&1; then
        \builtin return 0
    fi
    if [[ ${__why403_cmd} == aws ]]; then
        if __why403_has_lazy_completion; then
            \builtin return 0
        fi
    elif specification="$(\builtin complete -p aws 2>/dev/null)"; then
        # `complete -p` writes a command that can be read back, with the name at its end.
        \builtin eval "${specification% aws} ${__why403_cmd}"
        \builtin return 0
    fi
    if __why403_find_completer; then
        # bash reads the command as a line of shell.
        \builtin printf -v specification '%q' "${__why403_found}"
        \builtin complete -C "${specification}" "${__why403_cmd}"
    fi
}

# The key, if one is wanted: `alt-w`, `ctrl-g`, or anything that readline reads.
function __why403_bind {
    \builtin local keys="${__why403_key}"
    case "${keys}" in
    alt-?) keys="\\e${keys#alt-}" ;;
    ctrl-?) keys="\\C-${keys#ctrl-}" ;;
    *) ;;
    esac
    \builtin bind -x "\"${keys}\": why403 last"
}

if [[ $- == *i* ]]; then
    __why403_completion
    # Without line editing there are no keys, and `bind` would complain.
    if [[ -n ${__why403_key} && :${SHELLOPTS}: =~ :(emacs|vi): ]]; then
        __why403_bind
    fi
fi

# Nothing found so far is of use to anybody; and reading this file again leaves everything as it is.
__why403_found=''

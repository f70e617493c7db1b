# why403 for zsh: a refused S3 command is explained under its error.
#
#     eval "$(why403 init zsh)"                in ~/.zshrc, or
#     source /path/to/why403.plugin.zsh        with why403 on PATH, or as a plugin:
#
#     oh-my-zsh   link this file's folder as $ZSH_CUSTOM/plugins/why403, and add why403 to plugins=(…)
#     antidote    why403/why403 path:shell
#     zinit       zinit ice pick"shell/why403.plugin.zsh"; zinit light why403/why403
#
# It defines `aws`, which runs the AWS CLI through why403, and `why403`, which adds `why403 off` and `why403 on` for this
# shell and leaves everything else to the program. Where why403 is gone, `aws` is the real one. `command aws` always is.
#
# Starting a shell starts no program here, so that it costs next to nothing.

# `why403 init` assigns these before this file; alone, the file finds the program on PATH. A plugin manager may source it
# in a function, hence -g.
\builtin typeset -g __why403_bin="${__why403_bin:-why403}"
\builtin typeset -g __why403_cmd="${__why403_cmd:-aws}"
\builtin typeset -g __why403_key="${__why403_key:-${WHY403_KEY-}}"
\builtin typeset -g __why403_state="${__why403_state:-on}"
\builtin typeset -g __why403_function="${__why403_function-}"
\builtin typeset -g __why403_found=''

# Looks for a program along PATH. `$commands` would read every folder of it, and also holds what has been removed since.
function __why403_find {
    \builtin local folder
    for folder in "${path[@]}"; do
        __why403_found="${folder:-.}/$1"
        if [[ -f $__why403_found && -x $__why403_found ]]; then
            \builtin return 0
        fi
    done
    __why403_found=''
    \builtin return 1
}

# Finds why403 itself: where it was at the start, or, when an upgrade has moved it, on PATH.
function __why403_locate {
    if [[ $__why403_bin == */* && -f $__why403_bin && -x $__why403_bin ]]; then
        __why403_found=$__why403_bin
        \builtin return 0
    fi
    __why403_find "${__why403_bin##*/}"
}

# `|| return`, here and below, where the last status would do: a ZERR trap then fires once, as it does for a program.
function __why403_aws {
    if [[ $__why403_state == on ]] && __why403_locate; then
        "$__why403_found" aws "$@" || \builtin return "$?"
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
        if [[ $__why403_function != "$__why403_cmd" ]]; then
            \builtin printf 'why403: `%s` was a function already, and is left as it was\n' "$__why403_cmd" >&2
            \builtin return 1
        fi
        ;;
    *)
        if __why403_locate; then
            "$__why403_found" "$@" || \builtin return "$?"
        else
            \command why403 "$@" || \builtin return "$?"
        fi
        ;;
    esac
}

# A function of that name that is not ours does something that its owner needs (`docker run amazon/aws-cli`, say).
if [[ $__why403_function == "$__why403_cmd" ]] || (( ! ${+functions[$__why403_cmd]} )); then
    __why403_function=$__why403_cmd
    # `function NAME`, because an alias of that name would be expanded before `NAME ()`.
    \builtin eval "function $__why403_cmd { __why403_aws \"\$@\" || \\builtin return \"\$?\" }"
fi

# The AWS CLI's own completer: on PATH, or beside the real `aws`.
function __why403_find_completer {
    __why403_find aws_completer && \builtin return 0
    __why403_find aws || \builtin return 1
    \builtin local aws=$__why403_found
    for __why403_found in "${aws:A:h}/aws_completer" "${aws:h}/../libexec/aws_completer" /usr/libexec/aws_completer; do
        if [[ -x $__why403_found ]]; then
            \builtin return 0
        fi
    done
    \builtin return 1
}

# Completes as `complete -C aws_completer aws` does, but looks for the completer and loads bashcompinit at the first TAB.
function __why403_complete {
    __why403_find_completer || { _default; \builtin return }
    (( ${+functions[_bash_complete]} )) || { \builtin autoload -Uz +X bashcompinit && bashcompinit }
    # bashcompinit reads the command as a line of shell.
    _bash_complete -C "${(q)__why403_found}"
}

# A completion of `aws` that is there already stays; without compinit there is nothing to add to. One of another name is
# that of the program which now stands behind ours (`w` has one).
function __why403_completion {
    \builtin emulate -L zsh
    (( ${+functions[compdef]} && ${+_comps} )) || \builtin return 0
    if [[ -z ${_comps[aws]-} ]]; then
        compdef __why403_complete "$__why403_cmd"
    elif [[ $__why403_cmd != aws ]]; then
        compdef "$__why403_cmd=aws"
    fi
}

# Looks again when all of .zshrc has been read: compinit may come after this file, and forgets what came before it.
function __why403_first_prompt {
    \builtin emulate -L zsh
    precmd_functions=("${(@)precmd_functions:#__why403_first_prompt}")
    __why403_completion
}

function __why403_last {
    \builtin zle -I
    why403 last
}

# The key, if one is wanted: `alt-w`, `ctrl-g`, or anything that bindkey reads.
function __why403_bind {
    \builtin emulate -L zsh
    \builtin local keys=$__why403_key
    case $keys in
    alt-?) keys="\\e${keys#alt-}" ;;
    ctrl-?) keys="^${keys#ctrl-}" ;;
    esac
    \builtin zle -N __why403_last
    \builtin bindkey -- "$keys" __why403_last
}

if [[ -o interactive ]]; then
    __why403_completion
    \builtin typeset -ga precmd_functions
    precmd_functions=("${(@)precmd_functions:#__why403_first_prompt}" __why403_first_prompt)
    if [[ -n $__why403_key && -o zle ]]; then
        __why403_bind
    fi
fi

# Nothing found so far is of use to anybody; and reading this file again leaves everything as it is.
__why403_found=''

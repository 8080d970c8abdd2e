# bash completion for dctd: it is asked itself, so that what is offered is what it takes.

# Words are those of the command line: bash would cut them at = : and @, too.
__dctd_words() {
    local rest=${COMP_LINE:0:COMP_POINT} i word
    words=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        [ "$i" -lt "$COMP_CWORD" ] || word=${rest#"${rest%%[![:blank:]]*}"}
        if [ "$i" -eq 0 ] || [[ $rest == [[:blank:]]* ]] || [ -z "$rest" ]; then
            words+=("$word")
        else
            words[${#words[@]} - 1]+=$word
        fi
        rest=${rest#"${rest%%[![:blank:]]*}"}
        rest=${rest#"$word"}
    done
}

_dctd() {
    local words cur cut line
    COMPREPLY=()
    __dctd_words
    words=("${words[@]//\\/}")
    cur=${words[${#words[@]} - 1]}
    # What bash has cut off before the cursor stays where it is; an @ it gives back.
    cut=''
    [[ $COMP_WORDBREAKS != *=* ]] || [[ $cur != *=* ]] || cut=${cur%"${cur##*=}"}
    [[ $COMP_WORDBREAKS != *@* ]] || [[ ${cur#"$cut"} != *@* ]] || cut=${cur%"@${cur##*@}"}
    [[ $COMP_WORDBREAKS != *:* ]] || [[ ${cur#"$cut"} != *:* ]] || cut=${cur%"${cur##*:}"}
    while IFS= read -r line; do
        line=${line%%$'\t'*}
        if [ "$line" = :files ]; then
            compopt -o filenames 2>/dev/null
            while IFS= read -r line; do
                COMPREPLY+=("$line")
            done < <(compgen -f -- "${cur##*=}")
            return
        fi
        line=${line#"$cut"}
        printf -v line %q "$line"
        COMPREPLY+=("$line")
    done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
}

complete -F _dctd dctd

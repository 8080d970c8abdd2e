# fish completion for dctd: it is asked itself, so that what is offered is what it takes.

function __dctd_offers
    set -l words (commandline -opc)
    set -l program $words[1]
    set -l token (commandline -ct)
    set -e words[1]
    set -l offers ($program __complete $words $token 2>/dev/null)
    if test "$offers" = :files
        set -l option (string match -r '^--[^=]*=' -- $token)
        for path in (__fish_complete_path (string replace -r '^--[^=]*=' '' -- $token))
            echo $option$path
        end
    else
        string join \n -- $offers
    end
end

complete -c dctd -f -a '(__dctd_offers)'

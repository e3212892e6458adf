env | cut -d= -f1 | grep -vE "^(PATH|HOME|LANG|PWD|SHLVL|_|MYSQL_[A-Z_]*)$" && exit 1
[ "$(stat -c %a "$MYSQL_DEFAULTS_FILE")" = 600 ] || exit 2
[ ! -e "$HOME/.ssh" ]

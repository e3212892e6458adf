echo "up on $MYSQL_DATABASE of $MYSQL_HOST:$MYSQL_PORT"
exec mariadb --defaults-file="$MYSQL_DEFAULTS_FILE" "$MYSQL_DATABASE" <db/up.sql

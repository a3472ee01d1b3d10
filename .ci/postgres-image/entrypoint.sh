#!/bin/sh
# Does what the official image's entry point does with the variables that
# testcontainers sets: POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB, and
# POSTGRES_INITDB_ARGS, PGDATA.
set -eu

# Options only: they are for the server.
case "${1:-}" in
    "" | -*) set -- postgres "$@" ;;
esac
if [ "$1" != postgres ]; then
    exec "$@"
fi

user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}
if [ -z "${POSTGRES_PASSWORD:-}" ]; then
    echo "POSTGRES_PASSWORD must be set." >&2
    exit 1
fi

if [ "$(id -u)" = 0 ]; then
    install -d -o postgres -g postgres -m 0700 "$PGDATA"
    install -d -o postgres -g postgres -m 2775 /var/run/postgresql
    # Under the parent's process id, so that signals reach the server.
    exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$0" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    passwords=$(mktemp)
    printf '%s\n' "$POSTGRES_PASSWORD" >"$passwords"
    # Several options in one variable: split on purpose.
    # shellcheck disable=SC2086
    initdb --username="$user" --pwfile="$passwords" --auth-local=trust \
        --auth-host=scram-sha-256 ${POSTGRES_INITDB_ARGS:-}
    rm -f "$passwords"
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    if [ "$database" != postgres ]; then
        # On no port yet: who can connect finds a server that is ready for good.
        pg_ctl -w -o "-c listen_addresses=''" start
        createdb --username="$user" --maintenance-db=postgres "$database"
        pg_ctl -w -m fast stop
    fi
fi

shift
exec postgres -c "listen_addresses=*" "$@"

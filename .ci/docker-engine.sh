#!/usr/bin/env bash
# docker-engine.sh start|stop DIRECTORY: a Docker engine for one CI run.
#
# Does nothing where an engine answers already. Otherwise, on Debian as root, it
# installs one, starts it on a socket of its own and loads a Postgres image that is
# made from the machine's own package sources. All of the engine's state lies in
# DIRECTORY; `source DIRECTORY/environment` tells clients where it is.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")

answers() {
    command -v docker >/dev/null && timeout 10 docker version >/dev/null 2>&1
}

# Package mirrors fail now and then.
retry() {
    local attempt
    for attempt in 1 2 3 4; do
        "$@" && return
        echo "Attempt $attempt of 4 failed: $*" >&2
        sleep $((attempt * 5))
    done
    "$@"
}

install_packages() {
    export DEBIAN_FRONTEND=noninteractive
    retry apt-get -qq update
    # runlevel 1: the package must not start an engine of its own.
    RUNLEVEL=1 retry apt-get -qq -o Dpkg::Use-Pty=0 install -y \
        --no-install-recommends docker.io iptables cgroupfs-mount debootstrap
    # Newer Debian releases keep the client apart.
    command -v docker >/dev/null || retry apt-get -qq -o Dpkg::Use-Pty=0 \
        install -y --no-install-recommends docker-cli
}

start_daemon() {
    local directory=$1
    mountpoint -q /sys/fs/cgroup || cgroupfs-mount
    # Ports are published on loopback through docker-proxy; containers get no way
    # out, and the machine's packet filter stays as it is.
    setsid dockerd \
        --host "unix://$directory/docker.sock" \
        --data-root "$directory/data" \
        --exec-root "$directory/exec" \
        --pidfile "$directory/dockerd.pid" \
        --ip 127.0.0.1 \
        --iptables=false --ip-masq=false --ip-forward=false \
        >"$directory/dockerd.log" 2>&1 </dev/null &
    local pid=$! deadline=$((SECONDS + 90))
    export DOCKER_HOST="unix://$directory/docker.sock"
    until answers; do
        if ((SECONDS > deadline)) || ! kill -0 "$pid" 2>/dev/null; then
            echo "The Docker engine did not start:" >&2
            tail -n 30 "$directory/dockerd.log" >&2
            return 1
        fi
        sleep 0.5
    done
}

start() {
    local directory=$1 image=postgres:debian
    : >"$directory/environment"
    if answers; then
        echo "A Docker engine answers; using it."
        return
    fi
    if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
        echo "No Docker engine answers, and none can be installed here:" \
            "that takes root and apt." >&2
        return 1
    fi
    install_packages
    if answers; then
        echo "The package started its own Docker engine." >&2
    else
        start_daemon "$directory"
    fi
    bash "$here/postgres-image/build.sh" "$image" "$directory"
    # By published port also when this runs inside a container itself.
    # No reaper: its image would have to come from a registry.
    cat >"$directory/environment" <<EXPORTS
${DOCKER_HOST:+export DOCKER_HOST=$DOCKER_HOST}
export HARNESS_POSTGRES_IMAGE=$image
export TESTCONTAINERS_CONNECTION_MODE=docker_host
export TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1
export TESTCONTAINERS_RYUK_DISABLED=true
EXPORTS
    echo "A Docker engine runs${DOCKER_HOST:+ on $DOCKER_HOST}, with the image $image."
}

stop() {
    local directory=$1 pid
    [[ -s $directory/dockerd.pid ]] || return 0
    pid=$(<"$directory/dockerd.pid")
    kill "$pid" 2>/dev/null || return 0
    # It ends its containers first, each within ten seconds.
    for _ in {1..80}; do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.5
    done
    kill -KILL "$pid" 2>/dev/null || true
}

case "${1:-} ${2:-}" in
    "start "?*) start "$2" ;;
    "stop "?*) stop "$2" ;;
    *)
        echo "usage: $0 start|stop DIRECTORY" >&2
        exit 2
        ;;
esac

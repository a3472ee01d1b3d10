#!/usr/bin/env bash
# build.sh IMAGE DIRECTORY: makes a Postgres image under the name IMAGE from the
# package sources that this Debian machine is set up with, working in DIRECTORY.
# It stands in for the official image where no registry can be reached.
set -euo pipefail
image=$1 root=$2/postgres-root log=$2/debootstrap.log
here=$(dirname "${BASH_SOURCE[0]}")

# shellcheck source=/dev/null
suite=$(source /etc/os-release && echo "$VERSION_CODENAME")
# shellcheck disable=SC2016  # apt expands these
source=$(apt-get indextargets --format '$(REPO_URI) $(SIGNED_BY)' \
    "Created-By: Packages" "Codename: $suite" "Component: main" | head -n 1)
if [[ -z $source ]]; then
    echo "apt has no source for the suite $suite; run 'apt-get update'?" >&2
    exit 1
fi
read -r mirror keyring <<<"$source"
# Signed-By may also hold a fingerprint or be empty.
[[ -f $keyring ]] || keyring=/usr/share/keyrings/debian-archive-keyring.gpg

bootstrap() {
    rm -rf -- "$root"
    debootstrap --variant=minbase --keyring="$keyring" --include=postgresql \
        "$suite" "$root" "$mirror" >"$log" 2>&1
}

# Package mirrors fail now and then.
for attempt in 1 2 3; do
    if bootstrap; then
        break
    fi
    echo "debootstrap failed, attempt $attempt of 3:" >&2
    tail -n 20 "$log" >&2
    ((attempt < 3)) || exit 1
    sleep $((attempt * 10))
done
rm -rf -- "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* \
    "$root"/var/lib/postgresql/* "$root"/usr/share/{doc,locale,man}
install -m 0755 "$here/entrypoint.sh" "$root/usr/local/bin/docker-entrypoint.sh"

binaries=$(cd "$root" && echo usr/lib/postgresql/*/bin)
tar -C "$root" --numeric-owner -c . | docker import \
    --change "ENV PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:/$binaries" \
    --change "ENV LANG=C.UTF-8" \
    --change "ENV PGDATA=/var/lib/postgresql/data" \
    --change 'ENTRYPOINT ["docker-entrypoint.sh"]' \
    --change 'CMD ["postgres"]' \
    --change "EXPOSE 5432" \
    - "$image" >/dev/null
rm -rf -- "$root"

"""A data directory for one run, copied from one that was prepared before."""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from harness.environment.account import Account
from harness.environment.binaries import Binaries
from harness.environment.exhaustion import full_disk, noticed, says_full
from harness.environment.place import Place, remove
from harness.environment.process import run
from harness.errors import PostgresError

SUPERUSER = "postgres"

# Text behaves the same on every machine, and as Unicode wants it.
_INITDB = (
    f"--username={SUPERUSER}",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-sync",
    "--no-instructions",
)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A data directory that no server runs on yet.

    Attributes:
        data: The directory, owned by the server's user.
        password: Of the superuser, until the server gives it a new one.
    """

    data: Path
    password: str


async def new_cluster(
    directory: Path, *, binaries: Binaries, account: Account, place: Place
) -> Cluster:
    """Make a data directory in `directory`, by a copy where one can be had.

    Raises:
        ResourceError: The disk is full.
        PostgresError: initdb failed; with what it said.
    """
    room = fresh_room(directory, account=account)
    prepared = _prepared(binaries, account, place)
    if not prepared.exists():
        await _prepare(prepared, directory, binaries=binaries, account=account)
    data = room / "data"
    await checked_run(
        ["/bin/cp", "-pR", prepared / "data", data],
        account=account,
        directory=directory,
    )
    return Cluster(data, (prepared / "password").read_text())


def fresh_room(directory: Path, *, account: Account) -> Path:
    """Make the directory of the account's own in which a data directory goes.

    Raises:
        ResourceError: The disk is full.
    """
    with noticed(directory):
        # An attempt before this one may have failed half-way.
        remove(directory / "server")
        remove(directory / "prepared")
        return make_room(directory / "server", account)


def discard_prepared(*, binaries: Binaries, account: Account, place: Place) -> None:
    """Forget the cluster that copies are made of."""
    remove(_prepared(binaries, account, place))


def cluster_options() -> tuple[str, ...]:
    """Return what clusters are made with."""
    return _INITDB


def _prepared(binaries: Binaries, account: Account, place: Place) -> Path:
    options = hashlib.sha256(repr((_INITDB, account.uid)).encode()).hexdigest()[:8]
    return place.cache / f"cluster-{binaries.key}-{options}"


async def _prepare(
    prepared: Path, directory: Path, *, binaries: Binaries, account: Account
) -> None:
    """Run initdb in the run's own directory and move the result to the cache."""
    build = directory / "prepared"
    password = secrets.token_urlsafe(24)
    with noticed(directory):
        build.mkdir()
        build.chmod(0o711)
        room = make_room(build / "room", account)
        for path, owner in ((room / "password", account), (build / "password", None)):
            path.touch(mode=0o600)
            path.write_text(password)
            if owner and owner.switch:
                os.chown(path, owner.uid, owner.gid)
    command: list[str | Path] = [binaries.initdb, *_INITDB]
    command += [f"--pwfile={room / 'password'}", f"--pgdata={room / 'data'}"]
    await checked_run(command, account=account, directory=directory)
    with noticed(directory):
        (room / "data").rename(build / "data")
        remove(room)
        try:
            build.rename(prepared)
        except OSError:
            # Another run was first.
            if not prepared.exists():
                raise
            remove(build)


def make_room(path: Path, account: Account) -> Path:
    """Make a directory of the account's own."""
    path.mkdir(mode=0o700)
    if account.switch:
        os.chown(path, account.uid, account.gid)
    return path


async def checked_run(
    command: list[str | Path], *, account: Account, directory: Path
) -> None:
    """Run one of the programs to its end.

    Raises:
        ResourceError: The disk is full.
        PostgresError: It failed; with what it said.
    """
    output = directory / "prepare.log"
    with noticed(directory):
        code = await run(command, account=account, cwd=directory, output=output)
    if code == 0:
        return
    said = output.read_text(errors="replace")
    if says_full(said):
        raise full_disk(directory)
    tail = "\n".join(said.splitlines()[-10:])
    raise PostgresError(f"{Path(command[0]).name} failed with code {code}:\n{tail}")

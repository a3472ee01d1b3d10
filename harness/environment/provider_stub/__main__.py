"""The provider alone, for people who try their app by hand."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys

from harness.environment.provider_stub.calls import Call
from harness.environment.provider_stub.keys import AnyKeys
from harness.environment.provider_stub.limits import Limits
from harness.environment.provider_stub.stub import provider_stub
from harness.errors import HarnessError


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m harness.environment.provider_stub", description=__doc__
    )
    parser.add_argument("--port", type=int, default=0, help="0 for any free port")
    parser.add_argument(
        "--requests", type=int, default=Limits().requests, help="per key and minute"
    )
    parser.add_argument("--refuse", type=int, metavar="STATUS", help="429, 529, …")
    parser.add_argument("--hang", action="store_true", help="answer nothing")
    return parser.parse_args()


def _show(call: Call) -> None:
    request = call.request
    text = request.body.decode("utf-8", "replace")
    sys.stdout.write(f"{request.method} {request.target} {text}\n")
    sys.stdout.flush()


async def _serve(arguments: argparse.Namespace) -> None:
    keys = AnyKeys(Limits(requests=arguments.requests))
    async with provider_stub(keys, _show, port=arguments.port, keep=False) as stub:
        if arguments.refuse:
            stub.control.refuse(arguments.refuse)
        if arguments.hang:
            stub.control.hang()
        sys.stdout.write(f"Provider at {stub.url}, any key; Ctrl-C ends it\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> int:
    """Serve until interrupted."""
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_serve(_arguments()))
    except HarnessError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())

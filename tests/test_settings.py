from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError

from harness.environment.postgres import DEFAULT_IMAGE
from harness.errors import SettingsError
from harness.model.event import Channel
from harness.model.finding import Severity
from harness.settings import LoadedSettings, Settings, load_settings


def load(
    directory: Path,
    table: str = "",
    variables: Mapping[str, str] | None = None,
    **flags: object,
) -> LoadedSettings:
    (directory / "pyproject.toml").write_text(f"[tool.harness]\n{table}\n")
    return load_settings(flags, cwd=directory, environ=variables or {})


def refusal(
    directory: Path,
    table: str = "",
    variables: Mapping[str, str] | None = None,
    **flags: object,
) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        load(directory, table, variables, **flags)
    assert "\n" not in caught.value.message
    return caught.value


def test_without_any_source_there_are_defaults(tmp_path: Path) -> None:
    loaded = load_settings({}, cwd=tmp_path / "nowhere", environ={"PATH": "/bin"})

    assert loaded.settings == Settings()
    assert loaded.settings.seed == 0
    assert loaded.settings.tenants == 4
    assert loaded.settings.fail_on is Severity.MINOR
    assert loaded.settings.floor_channels == (Channel.BODY, Channel.LOG)
    assert loaded.settings.postgres_image == DEFAULT_IMAGE
    assert loaded.pyproject is None


def test_a_variable_wins_over_the_file_and_a_flag_over_both(tmp_path: Path) -> None:
    table = "seed = 1\ntenants = 5\nsteps = 6"
    variables = {"HARNESS_TENANTS": "7", "HARNESS_STEPS": "8"}

    loaded = load(tmp_path, table, variables, steps=9)

    assert loaded.settings.seed == 1
    assert loaded.settings.tenants == 7
    assert loaded.settings.steps == 9
    assert loaded.origins == {
        "seed": f"seed in [tool.harness] of {tmp_path / 'pyproject.toml'}",
        "tenants": "HARNESS_TENANTS",
        "steps": "--steps",
    }


def test_a_flag_that_is_not_given_changes_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, "sweep = false", sweep=None).settings.sweep is False


def test_the_nearest_file_upwards_is_read_and_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.harness]\nseed = 1\n")
    inner = tmp_path / "service"
    (inner / "src").mkdir(parents=True)
    (inner / "pyproject.toml").write_text("[tool.harness]\nseed = 2\n")

    loaded = load_settings({}, cwd=inner / "src", environ={})

    assert loaded.settings.seed == 2
    assert loaded.pyproject == inner / "pyproject.toml"


def test_a_file_without_our_table_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")

    loaded = load_settings({}, cwd=tmp_path, environ={})

    assert loaded.pyproject is None


def test_paths_in_the_file_are_relative_to_it(tmp_path: Path) -> None:
    loaded = load(tmp_path, "runs = 'out'\njunit = 'x.xml'", {"HARNESS_JUNIT": "y.xml"})

    assert loaded.settings.runs == tmp_path / "out"
    assert loaded.settings.junit == Path("y.xml")


def test_lists_are_separated_by_commas_in_a_variable(tmp_path: Path) -> None:
    variables = {"HARNESS_FLOOR_CHANNELS": "body, header"}

    loaded = load(tmp_path, "floor_channels = ['log']", variables)

    assert loaded.settings.floor_channels == (Channel.BODY, Channel.HEADER)


def test_an_empty_variable_counts_as_unset(tmp_path: Path) -> None:
    assert load(tmp_path, "seed = 3", {"HARNESS_SEED": ""}).settings.seed == 3


def test_a_variable_between_a_run_and_its_children_is_no_setting(
    tmp_path: Path,
) -> None:
    assert load(tmp_path, "", {"HARNESS_WORLD": "world.json"}).origins == {}


def test_an_unknown_key_is_refused_and_the_nearest_one_named(tmp_path: Path) -> None:
    error = refusal(tmp_path, "tenents = 3")

    assert error.message.startswith("tenents in [tool.harness] of ")
    assert error.message.endswith("is not a setting; the nearest one is tenants.")


def test_an_unknown_table_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, "[tool.harness.startup]\nseed = 1")

    assert "startup in [tool.harness]" in error.message


def test_an_unknown_variable_is_refused_and_the_nearest_one_named(
    tmp_path: Path,
) -> None:
    error = refusal(tmp_path, "", {"HARNESS_FAILON": "minor"})

    assert error.message == (
        "The variable HARNESS_FAILON is not a setting; "
        "the nearest one is HARNESS_FAIL_ON."
    )


def test_another_programs_variable_is_left_alone(tmp_path: Path) -> None:
    assert load(tmp_path, "", {"HARNESSES": "2", "SEED": "9"}).settings.seed == 0


@pytest.mark.parametrize(
    ("table", "variables", "flags", "says"),
    [
        ("seed = 'x'", {}, {}, "seed in [tool.harness] of "),
        ("seed = 1", {"HARNESS_SEED": "x"}, {}, "HARNESS_SEED is 'x': "),
        ("", {"HARNESS_SEED": "1"}, {"seed": "x"}, "--seed is 'x': "),
        ("", {}, {"fail_on": "x"}, "--fail-on is 'x': input should be 'critical'"),
        ("", {}, {"tenants": 1}, "--tenants is 1: "),
        ("", {}, {"tenants": 100_001}, "--tenants is 100001: "),
        ("", {}, {"floor_operations": 1.1}, "--floor-operations is 1.1: "),
        ("", {}, {"floor_channels": "body,x"}, "--floor-channels is 'body,x': "),
        ("", {}, {"target": "package.module"}, "--target is 'package.module': "),
    ],
)
def test_a_bad_value_is_refused_with_the_place_it_came_from(
    tmp_path: Path,
    table: str,
    variables: dict[str, str],
    flags: dict[str, object],
    says: str,
) -> None:
    assert refusal(tmp_path, table, variables, **flags).message.startswith(says)


def test_settings_that_contradict_one_another_are_refused(tmp_path: Path) -> None:
    no_dsn = refusal(tmp_path, "", {"HARNESS_POSTGRES": "dsn"})
    nothing = refusal(tmp_path, "sweep = false", machine=False)

    assert no_dsn.message == "postgres is 'dsn', but no dsn is set (HARNESS_POSTGRES)."
    assert nothing.message.startswith("sweep and machine are both off")
    assert "--machine" in nothing.message


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    loaded = load(tmp_path, "", {"HARNESS_DSN": "postgresql://u:hunter2@h/d"})
    error = refusal(tmp_path, "[tool.harness.dsn]\npassword = 'hunter2'")

    assert loaded.settings.dsn is not None
    assert loaded.settings.dsn.get_secret_value().endswith("@h/d")
    assert "hunter2" not in f"{loaded!r} {loaded.settings.model_dump_json()} {error}"


@pytest.mark.parametrize("content", ["[tool.harness", "tool.harness = 1", "\x00"])
def test_a_broken_file_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(content)

    with pytest.raises(SettingsError, match=r"pyproject\.toml"):
        load_settings({}, cwd=tmp_path, environ={})


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings().seed = 1


def test_settings_made_in_code_do_not_look_at_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HARNESS_SEED", "9")
    monkeypatch.setenv("SEED", "9")

    assert Settings().seed == 0


@pytest.mark.parametrize(
    ("dsn", "problem"),
    [
        ("mysql://me:hidden@host/shop", "not postgresql://"),
        ("host/shop", "not postgresql://"),
        ("postgresql://me:hidden@host:port/shop", "the port is not a number"),
    ],
)
def test_a_dsn_that_no_driver_takes_is_refused_without_showing_it(
    tmp_path: Path, dsn: str, problem: str
) -> None:
    error = refusal(tmp_path, "", {"HARNESS_DSN": dsn})

    assert "HARNESS_DSN" in error.message
    assert problem in error.message
    assert "hidden" not in str(error)


@pytest.mark.parametrize("dsn", ["postgresql://h/d", "postgresql+asyncpg://h:1/d"])
def test_a_dsn_of_any_driver_is_taken(tmp_path: Path, dsn: str) -> None:
    loaded = load(tmp_path, "", {"HARNESS_DSN": dsn})

    assert loaded.settings.dsn is not None
    assert loaded.settings.dsn.get_secret_value() == dsn

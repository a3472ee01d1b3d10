"""Checks of a target: each field has the form that it needs."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from harness.errors import TargetError
from harness.target.generations import READS, WRITES
from harness.target.hooks import refuse_unless_async
from harness.target.operation import WEBSOCKET, Operation, socket_operation
from harness.target.socket import Socket
from harness.target.start import check_start
from harness.target.variant import Variant

if TYPE_CHECKING:
    from harness.target.target import Target

ENVIRONMENT: Final = (
    "dsn",
    "host",
    "port",
    "user",
    "password",
    "database",
    "provider_url",
    "sink_url",
)
"""What the variables of an app may name."""
EXERCISES: Final = ("isolation", "startup", "races", "swarm")
FRESH: Final = ("template", "delete", "keep")
METHODS: Final = frozenset(
    {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}
)
_NAMED: Final = METHODS | {WEBSOCKET}
_TEXTS: Final = ("databases", "labelled_loggers", "operator_fields", "reimport")
_PATTERNS: Final = ("public", "shared", "operator", "skip")
_IMPORT: Final = 'Write it as "package.module:attribute", such as "shop.main:app".'


def _hooks(target: Target) -> None:
    refuse_unless_async("Target.provision", target.provision, "tools", "tenant")
    if target.provision_many is not None:
        many: Any = target.provision_many
        refuse_unless_async("Target.provision_many", many, "tools", "tenants")
    for name, action in target.actions.items():
        refuse_unless_async(f"Target.actions[{name!r}]", action, "tools", "tenant")
    for name, one in target.generations.items():
        place = f"Target.generations[{name!r}]"
        refuse_unless_async(f"{place}.write", one.write, *WRITES)
        refuse_unless_async(f"{place}.read", one.read, *READS)


def check(target: Target) -> None:
    """Refuse a target that cannot work.

    Raises:
        TargetError: The message says which field is wrong and what to write.
    """
    _app(target)
    _environment("Target.environment", target.environment)
    _hooks(target)
    _part("selector", target.selector, "select", "HostSelector()")
    if target.login is not None:
        _part("login", target.login, "log_in", 'FormLogin(path="/token")')
        _path("The login's path", getattr(target.login, "path", "/"))
    _domain(target.domain)
    for name in (*_PATTERNS, *_TEXTS):
        _texts(name, getattr(target, name))
    for name in _PATTERNS:
        for pattern in getattr(target, name):
            _pattern(name, pattern)
    if not isinstance(target.openapi, str):
        hint = 'Set it to a path such as "/openapi.json", to a file, or to "".'
        raise _wrong("openapi", "a string", target.openapi, hint)
    _operations(target.operations)
    _sockets(target.sockets)
    _metrics(target)
    _fresh(target)
    for name in ("startup_timeout", "shutdown_timeout"):
        _seconds(name, getattr(target, name))
    if not isinstance(target.hostile_names, bool):
        raise _wrong("hostile_names", "True or False", target.hostile_names)
    _variants(target.variants)
    check_start(target)
    for name, variables in target.strategies.items():
        _environment(f"The environment of the strategy {name!r}", variables)
    _environment("Target.idle", target.idle)


def _wrong(field: str, wanted: str, value: object, hint: str = "") -> TargetError:
    kind = type(value).__name__
    message = f"Target.{field} must be {wanted}, but is of type {kind}."
    return TargetError(message, hint=hint)


def _app(target: Target) -> None:
    for name in ("app", "url"):
        if not isinstance(getattr(target, name), str):
            raise _wrong(name, "a string", getattr(target, name), _IMPORT)
    if target.app and target.url:
        message = "A target names either an `app` to start or a `url`, not both."
        raise TargetError(message)
    if not target.app and not target.url:
        message = "A target names an `app` to start, or the `url` of one that runs."
        raise TargetError(message, hint=_IMPORT)
    if target.app:
        _import_string("Target.app", target.app)
        return
    parts = urlsplit(target.url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        message = f"Target.url is {target.url!r}, which is no URL of an app."
        raise TargetError(message, hint='Write it as "http://host:port".')


def _import_string(what: str, text: object) -> None:
    parts = text.split(":") if isinstance(text, str) else []
    if len(parts) != 2 or not all(parts):
        raise TargetError(f"{what} is {text!r}, no import string.", hint=_IMPORT)


def _environment(what: str, variables: object) -> None:
    if not isinstance(variables, Mapping):
        kind = type(variables).__name__
        message = f"{what} must map names to strings, but is of type {kind}."
        raise TargetError(message, hint='Write {"DATABASE_URL": "{dsn}"}.')
    known = ", ".join(f"{{{name}}}" for name in ENVIRONMENT)
    for name, template in variables.items():
        if not isinstance(name, str) or not isinstance(template, str):
            message = f"{what}[{name!r}] must be a string."
            raise TargetError(message, hint="Variables are texts; put it in quotes.")
        try:
            template.format_map(dict.fromkeys(ENVIRONMENT, ""))
        except (KeyError, ValueError, IndexError, AttributeError, TypeError) as error:
            # The value may hold a secret: it is not shown.
            message = f"{what}[{name!r}] cannot be filled: {_reason(error)}."
            hint = f"It may use {known}; write a literal brace twice."
            raise TargetError(message, hint=hint) from None


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error} is not known"
    return "its braces do not name a value"


def _part(field: str, value: object, method: str, example: str) -> None:
    hint = f"Write for instance {field}={example}."
    if isinstance(value, type):
        message = f"Target.{field} is the class {value.__name__}, not one of its kind."
        raise TargetError(message, hint=f"Call it: {field}={value.__name__}(…).")
    if not callable(getattr(value, method, None)):
        raise _wrong(field, f"something with the method `{method}`", value, hint)
    if field == "selector" and not hasattr(value, "separable"):
        message = "Target.selector does not say whether it is `separable`."
        hint = "Give it `separable = True`, or False if only the credential selects."
        raise TargetError(message, hint=hint)


def _path(what: str, path: object) -> None:
    if not isinstance(path, str) or not path.startswith("/"):
        raise TargetError(f"{what} is {path!r}.", hint='It must begin with "/".')


def _domain(template: object) -> None:
    hint = 'Write it as "{slug}.example.com"; only {slug} is known yet.'
    if not isinstance(template, str):
        raise _wrong("domain", "a string", template, hint)
    try:
        one, other = template.format(slug="a"), template.format(slug="b")
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        message = f"Target.domain is {template!r}, which cannot be filled: {error}."
        raise TargetError(message, hint=hint) from None
    if one == other:
        message = f"Target.domain is {template!r}, the same for each tenant."
        raise TargetError(message, hint=hint)


def _texts(field: str, values: object) -> None:
    hint = f'Write {field}=("…",) with the comma.'
    if isinstance(values, str):
        message = f"Target.{field} is a string; it must be a tuple of strings."
        raise TargetError(message, hint=hint)
    if not isinstance(values, Collection):
        raise _wrong(field, "a tuple of strings", values, hint)
    for value in values:
        if not isinstance(value, str):
            raise TargetError(f"Target.{field} holds {value!r}, no string.", hint=hint)


def _pattern(field: str, pattern: str) -> None:
    head, _, path = pattern.strip().rpartition(" ")
    hint = 'Write it as "/health", "/admin/*" or "GET /plans".'
    if not path.startswith(("/", "*")):
        message = f"Target.{field} holds {pattern!r}, which names no path."
        raise TargetError(message, hint=hint)
    method = head.strip().upper()
    if method and method not in _NAMED:
        message = f"Target.{field} holds {pattern!r}: {method} is no method."
        raise TargetError(message, hint=hint)


def _operations(operations: object) -> None:
    hint = 'Write operations=(Operation(method="GET", path="/items"),).'
    if not isinstance(operations, Collection) or isinstance(operations, str):
        raise _wrong("operations", "a tuple of operations", operations, hint)
    seen = set()
    for operation in operations:
        if not isinstance(operation, Operation):
            message = f"Target.operations holds {operation!r}, no Operation."
            raise TargetError(message, hint=hint)
        _operation(operation)
        if operation.key in seen:
            raise TargetError(f"Target.operations holds {operation.key!r} twice.")
        seen.add(operation.key)


def _operation(operation: Operation) -> None:
    method, path = operation.method, operation.path
    if method not in METHODS:
        near = difflib.get_close_matches(str(method).upper(), METHODS, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else "Write it in upper case."
        message = f"The operation {method} {path} has no known method."
        raise TargetError(message, hint=hint)
    _path(f"The path of the operation {operation.key!r}", path)
    if "?" in path:
        message = f"The path of the operation {operation.key!r} has a query."
        raise TargetError(message, hint='Write it as query={"name": "value"}.')
    _braces(operation)


def _braces(operation: Operation) -> None:
    path, count = operation.path, len(operation.parameters)
    if {path.count("{"), path.count("}")} != {count}:
        message = f"The path of the operation {operation.key!r} has stray braces."
        raise TargetError(message, hint='Write parameters as "/items/{item_id}".')


def _sockets(sockets: object) -> None:
    hint = 'Write sockets=(Socket("/socket"),), with the comma.'
    if not isinstance(sockets, Collection) or isinstance(sockets, str):
        raise _wrong("sockets", "a tuple of sockets", sockets, hint)
    seen = set()
    for socket in sockets:
        if not isinstance(socket, Socket):
            message = f"Target.sockets holds {socket!r}, no Socket."
            raise TargetError(message, hint=hint)
        _path("The path of a socket", socket.path)
        _braces(socket_operation(socket))
        if not isinstance(socket.sends, list | tuple):
            message = f"The socket {socket.path} must say a tuple of messages."
            raise TargetError(message, hint='Write sends=({"text": "{canary}"},).')
        if socket.path in seen:
            raise TargetError(f"Target.sockets holds {socket.path!r} twice.")
        seen.add(socket.path)


def _metrics(target: Target) -> None:
    if not isinstance(target.metrics, str):
        raise _wrong("metrics", "a string", target.metrics, 'Write "/metrics".')
    if target.metrics:
        _path("Target.metrics", target.metrics)
    headers: Any = target.metrics_headers
    texts = isinstance(headers, Mapping) and all(
        isinstance(part, str) for pair in headers.items() for part in pair
    )
    if not texts:
        message = "Target.metrics_headers must map names of headers to strings."
        raise TargetError(message, hint='Write {"authorization": "Bearer …"}.')


def _fresh(target: Target) -> None:
    fresh: Any = target.fresh
    if isinstance(fresh, str):
        if fresh not in FRESH:
            near = difflib.get_close_matches(fresh, FRESH, n=1)
            guess = f" Did you mean {near[0]!r}?" if near else ""
            message = f"Target.fresh is {fresh!r}, which is no strategy.{guess}"
            hint = f"Known are {', '.join(FRESH)}, and a hook of your own."
            raise TargetError(message, hint=hint)
    else:
        refuse_unless_async("Target.fresh", fresh, "dsn")
    if target.url and fresh in {"template", "delete"}:
        message = "A target with a `url` cannot have its database set back."
        hint = 'Set fresh="keep", or give a hook that sets the state back.'
        raise TargetError(message, hint=hint)


def _seconds(field: str, value: object) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number:
        raise _wrong(field, "a number of seconds", value)
    if not 0 < float(str(value)) < float("inf"):
        raise TargetError(f"Target.{field} is {value}; it must be more than 0 seconds.")


def _variants(variants: object) -> None:
    hint = 'Write variants={"name": Variant(app="package.module:attribute")}.'
    if not isinstance(variants, Mapping):
        raise _wrong("variants", "a mapping of names", variants, hint)
    for name, variant in variants.items():
        if not isinstance(variant, Variant):
            message = f"Target.variants[{name!r}] is {variant!r}, no Variant."
            raise TargetError(message, hint=hint)
        _import_string(f"The app of the variant {name!r}", variant.app)
        if variant.exercise not in EXERCISES:
            message = f"The variant {name!r} is of the exercise {variant.exercise!r}."
            raise TargetError(message, hint=f"Known are {', '.join(EXERCISES)}.")
        if variant.scenarios and variant.exercise != "races":
            message = f"The variant {name!r} of {variant.exercise} names scenarios."
            raise TargetError(message, hint='Only exercise="races" explores scenarios.')
        what = f"The environment of the variant {name!r}"
        _environment(what, variant.environment)

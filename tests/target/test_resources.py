"""Operations are linked by the objects that they need, yield and list."""

from __future__ import annotations

from typing import Any

import pytest

from harness.target.operation import Operation
from harness.target.resources import Resources

KEYS = """
    POST /projects
    GET /projects
    GET /projects/{project_id}
    PATCH /projects/{project_id}
    DELETE /projects/{project_id}
    POST /projects/{project_id}/tasks/
    GET /projects/{project_id}/tasks/
    GET /projects/{project_id}/tasks/{task_id}
    POST /projects/{project_id}/tasks/{task_id}/done
    PUT /projects/{project_id}/members/{user_id}
    POST /users
    GET /users/{user_id}
    PUT /settings/{name}
    GET /settings/{name}
    POST /search
    GET /reports/{day}
    POST /companies
    GET /companies/{id}
    POST /statuses
    GET /statuses/{id}
    POST /boxes/create
    GET /boxes/{box_id}
    PUT /companies/{id}
    DELETE /companies/{id}
"""


def operation(key: str, **more: Any) -> Operation:
    method, path = key.split()
    schemas = {"day": {"type": "string", "format": "date"}}
    return Operation(method=method, path=path, path_schemas=schemas, **more)


def linked(keys: str = KEYS) -> tuple[dict[str, Operation], Resources]:
    found = {key: operation(key) for key in map(str.strip, keys.splitlines()) if key}
    return found, Resources(found.values())


OPERATIONS, RESOURCES = linked()


@pytest.mark.parametrize(
    ("key", "needs"),
    [
        ("POST /projects", ()),
        ("GET /projects/{project_id}", ("/projects",)),
        (
            "GET /projects/{project_id}/tasks/{task_id}",
            ("/projects", "/projects/{}/tasks"),
        ),
        (
            "POST /projects/{project_id}/tasks/{task_id}/done",
            ("/projects", "/projects/{}/tasks"),
        ),
        ("POST /projects/{project_id}/tasks/", ("/projects",)),
        ("PUT /settings/{name}", ()),
        ("GET /settings/{name}", ("/settings",)),
        ("GET /reports/{day}", ()),
        ("PUT /companies/{id}", ("/companies",)),
        ("PUT /projects/{project_id}/members/{user_id}", ("/projects",)),
    ],
)
def test_an_operation_needs_the_objects_that_its_path_names(
    key: str, needs: tuple[str, ...]
) -> None:
    assert RESOURCES.needs(OPERATIONS[key]) == needs


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("POST /projects", "/projects"),
        ("POST /projects/{project_id}/tasks/", "/projects/{}/tasks"),
        ("PUT /settings/{name}", "/settings"),
        ("POST /boxes/create", "/boxes"),
        ("PUT /companies/{id}", ""),
        ("POST /search", ""),
        ("POST /projects/{project_id}/tasks/{task_id}/done", ""),
        ("GET /projects", ""),
    ],
)
def test_what_creates_an_object_yields_its_kind(key: str, kind: str) -> None:
    assert RESOURCES.yields(OPERATIONS[key]) == kind


def test_each_kind_knows_what_creates_reads_lists_and_deletes_it() -> None:
    def key(found: Operation | None) -> str:
        return found.key if found else ""

    assert key(RESOURCES.creator("/projects")) == "POST /projects"
    assert key(RESOURCES.lister("/projects")) == "GET /projects"
    assert key(RESOURCES.reader("/projects")) == "GET /projects/{project_id}"
    assert key(RESOURCES.deleter("/projects")) == "DELETE /projects/{project_id}"
    assert key(RESOURCES.creator("/settings")) == "PUT /settings/{name}"
    assert RESOURCES.deleter("/settings") is None
    assert RESOURCES.lister("/statuses") is None


def test_a_singular_item_path_belongs_to_the_plural_collection() -> None:
    found, resources = linked("POST /items\nGET /items\nGET /item/{item_id}")

    assert resources.yields(found["POST /items"]) == "/item"
    assert resources.lists(found["GET /items"]) == "/item"


def test_a_parameter_that_names_the_tenant_is_no_object() -> None:
    found, resources = linked("""
        POST /{tenant}/documents
        GET /{tenant}/documents/{id}
        GET /api/v1/{org_slug}/notes
        GET /organizations/{org_id}
    """)
    read = found["GET /{tenant}/documents/{id}"]

    assert resources.tenant_parameters(read) == ("tenant",)
    assert resources.needs(read) == ("/{}/documents",)
    assert resources.path_values(read, ("7",)) == {"id": "7"}
    notes = found["GET /api/v1/{org_slug}/notes"]
    assert resources.tenant_parameters(notes) == ("org_slug",)
    organisation = found["GET /organizations/{org_id}"]
    assert resources.tenant_parameters(organisation) == ()


def test_the_user_can_name_further_tenant_parameters() -> None:
    found = operation("GET /firms/{firm}/notes")

    resources = Resources([found], tenant_parameters=["firm"])

    assert resources.tenant_parameters(found) == ("firm",)
    assert resources.needs(found) == ()


def test_the_keys_of_the_last_object_fill_the_whole_path() -> None:
    read = OPERATIONS["GET /projects/{project_id}/tasks/{task_id}"]

    values = RESOURCES.path_values(read, ("p1", "t1"))

    assert values == {"project_id": "p1", "task_id": "t1"}


UUID = "6fa459ea-ee8a-3ca4-894e-db77e160355e"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"id": 5, "title": "x"}, ["5"]),
        ({"id": 0, "title": "x"}, ["0"]),
        ({"task_id": "t", "id": "other"}, ["t"]),
        ({"taskId": "t"}, ["t"]),
        ({"data": {"id": "d"}}, ["d"]),
        ({"data": {"type": "tasks", "id": "d", "attributes": {"name": "n"}}}, ["d"]),
        ({"task": {"uuid": "u", "name": "n"}}, ["u"]),
        ({"status": "ok", "name": "made", "result": {"id": 4}}, ["4"]),
        ({"id": 1, "items": [{"id": 7}]}, ["1"]),
        ({"tasks": [{"id": 1}, {"id": 2}]}, ["1", "2"]),
        ({"slug": "s"}, ["s"]),
        (UUID, [UUID]),
        (12, ["12"]),
        ("created", []),
        ({"ok": True}, []),
        ({"id": None}, []),
        (None, []),
    ],
)
def test_the_key_of_a_created_object_is_found_in_the_answer(
    body: Any, expected: list[str]
) -> None:
    made = OPERATIONS["POST /projects/{project_id}/tasks/"]

    found = RESOURCES.object_keys(made, {"project_id": "p"}, status=201, body=body)

    assert found == [("p", key) for key in expected]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ([{"id": 1}, {"id": 2}], ["1", "2"]),
        ({"items": [{"id": 1}], "total": 1}, ["1"]),
        ({"projects": [{"project_id": "a"}], "id": "page"}, ["a"]),
        ({"data": {"projects": [{"id": 3}]}}, ["3"]),
        ({"items": []}, []),
        ([UUID], [UUID]),
        ({"total": 3}, []),
    ],
)
def test_the_keys_of_listed_objects_are_found_in_the_answer(
    body: Any, expected: list[str]
) -> None:
    listing = OPERATIONS["GET /projects"]

    found = RESOURCES.object_keys(listing, {}, status=200, body=body)

    assert found == [(key,) for key in expected]


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/projects/p/tasks/t%201", [("p", "t 1")]),
        ("https://a.example.com/root/projects/p/tasks/9?x=1", [("p", "9")]),
        ("/login", [("p", "1")]),
    ],
)
def test_a_location_that_leads_to_the_object_goes_before_the_body(
    location: str, expected: list[tuple[str, str]]
) -> None:
    made = OPERATIONS["POST /projects/{project_id}/tasks/"]

    found = RESOURCES.object_keys(
        made,
        {"project_id": "p"},
        status=201,
        headers=[("Location", location)],
        body={"id": 1},
    )

    assert found == expected


def test_a_failure_holds_no_keys() -> None:
    made = OPERATIONS["POST /projects"]

    assert RESOURCES.object_keys(made, {}, status=409, body={"id": 1}) == []
    assert RESOURCES.object_keys(made, {}, status=302, body={"id": 1}) == []


def test_a_put_that_creates_yields_the_key_it_was_sent_to() -> None:
    put = OPERATIONS["PUT /settings/{name}"]

    found = RESOURCES.object_keys(put, {"name": "theme"}, status=204)

    assert found == [("theme",)]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("project_id", "/projects"),
        ("projectId", "/projects"),
        ("project_ids", "/projects"),
        ("project", "/projects"),
        ("parent_project_id", "/projects"),
        ("company_id", "/companies"),
        ("status_id", "/statuses"),
        ("box_uuid", "/boxes"),
        ("task_id", "/projects/{}/tasks"),
        ("title", ""),
        ("external_id", ""),
        ("project_name", ""),
        ("id", ""),
    ],
)
def test_a_property_refers_to_the_collection_that_its_name_is_from(
    name: str, kind: str
) -> None:
    assert RESOURCES.reference(name) == kind

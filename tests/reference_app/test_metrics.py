"""Metrics by tenant and route, from a bounded set of labels."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from tests.reference_app.running import OPERATOR, RunningApp, running
from tests.reference_app.serving import serving

Labels = dict[str, str]


def samples(page: str, name: str) -> list[tuple[Labels, float]]:
    """Return the samples of one series on a page of metrics."""
    return [
        (sample.labels, sample.value)
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == name
    ]


def requests(page: str) -> dict[tuple[str, str, str, str], float]:
    """Return how many requests were counted, by all labels."""
    return {
        (x["tenant"], x["method"], x["route"], x["status"]): count
        for x, count in samples(page, "reference_app_request_seconds_count")
    }


async def scrape(app: RunningApp) -> str:
    answer = await app.send("GET", "/metrics", token=OPERATOR, host="10.0.0.1:9100")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return answer.text


async def test_requests_count_under_their_tenant_and_route(dsn: str) -> None:
    async with running(dsn) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        for _ in range(2):
            await a.get("/documents/7")
        await b.write("x")
        await b.get("/no/such/place")
        await app.send("GET", "/livez")

        counted = requests(await scrape(app))

        assert counted["a", "GET", "/documents/{document_id}", "4xx"] == 2
        assert counted["b", "POST", "/documents", "2xx"] == 1
        assert counted["b", "GET", "unmatched", "4xx"] == 1
        assert counted["_none", "GET", "/livez", "2xx"] == 1
        assert ("a", "POST", "/documents", "2xx") not in counted


async def test_nothing_that_a_client_has_written_becomes_a_label(dsn: str) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a", name="Private & Sons")
        await a.write("a private title")
        await a.get("/private/path?private=query")
        await a.get("/documents/search?q=private")
        await a.send("PRIVATE", "/documents")
        await app.send("GET", "/documents", host="private.localhost")

        page = await scrape(app)

        assert "private" not in page.lower()
        assert requests(page)["a", "_other", "/documents", "4xx"] == 1


async def test_tenants_beyond_the_bound_share_a_label(dsn: str) -> None:
    async with running(dsn, metrics_tenants=2) as app:
        for slug in ("a", "b", "c", "d"):
            await app.tenant(slug)

        counted = requests(await scrape(app))

        named = {labels[0] for labels in counted}
        assert named == {"a", "b", "_other", "_none"}
        assert counted["_other", "POST", "/token", "2xx"] == 2


async def test_refusals_are_counted_by_reason(dsn: str) -> None:
    async with running(dsn) as app:
        for _ in range(3):
            await app.send("GET", "/documents", host="nobody.localhost")

        page = await scrape(app)

        assert samples(page, "reference_app_refused_total") == [
            ({"reason": "tenant-unknown"}, 3)
        ]


async def test_what_is_open_is_told(dsn: str) -> None:
    async with serving(dsn, metrics_public=True) as app:
        a, _ = await app.tenant("a"), await app.tenant("b")
        async with a.listening(), a.socket():
            page = (await app.client.get("/metrics")).text

        assert samples(page, "reference_app_tenants_open") == [({}, 2)]
        assert samples(page, "reference_app_listeners") == [({}, 2)]
        pools = samples(page, "reference_app_pool_connections")
        assert {labels["pool"] for labels, _ in pools} >= {"control"}
        assert sum(count for _, count in pools) >= 1
        counted = requests(page)
        assert counted["a", "GET", "/events", "2xx"] == 1
        assert counted["a", "WEBSOCKET", "/socket", "1xx"] == 1


async def test_connections_are_told_by_storage_and_not_by_tenant(
    dsn: str, storage: str
) -> None:
    async with running(dsn, storage=storage) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        for client in (a, b):
            await client.get("/documents")
        current = app.state["resources"].tenants.states()[0][0]
        async with (
            app.state["resources"].tenants.lease(current) as runtime,
            runtime.store.session(),
        ):
            page = await scrape(app)

        pools = {
            (labels["pool"], labels["state"]): count
            for labels, count in samples(page, "reference_app_pool_connections")
        }
        own_pools = storage in {"schema_per_tenant", "database_per_tenant"}
        assert {pool for pool, _ in pools} == {"control", storage}
        assert pools[storage, "busy"] == 1
        assert pools[storage, "idle"] >= (1 if own_pools else 0)


async def test_metrics_take_the_admin_token_unless_they_are_public(dsn: str) -> None:
    async with running(dsn) as guarded, running(dsn, metrics_public=True) as public:
        a = await guarded.tenant("a")

        refused = [
            await guarded.send("GET", "/metrics", token=t) for t in (None, a.token)
        ]
        let_in = await public.send("GET", "/metrics")

        assert [answer.status_code for answer in refused] == [401, 401]
        assert let_in.status_code == 200


async def test_without_an_admin_token_there_are_no_metrics_unless_public(
    dsn: str,
) -> None:
    async with running(dsn, admin_token=None) as none:
        answer = await none.send("GET", "/metrics")
        assert answer.status_code == 404


async def test_apps_in_one_process_count_apart(dsn: str) -> None:
    async with running(dsn) as one, running(dsn) as other:
        await one.tenant("a")

        assert ("a", "POST", "/token", "2xx") in requests(await scrape(one))
        assert ("a", "POST", "/token", "2xx") not in requests(await scrape(other))

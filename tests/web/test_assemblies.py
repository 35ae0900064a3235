"""Assemblies over the API: once for each key, rehearsed, refused with field and fix, and not for everybody."""

from stocktower import access, catalog
from stocktower.exchange import ProductDocument
from tests.web.conftest import Site

PRODUCTS = (
    ProductDocument("WICK", "Wick", cost_minor=10, currency="USD"),
    ProductDocument("CANDLE", "Candle", materials=(("WICK", 2),)),
)


def test_assemblies(site: Site) -> None:
    with site.tower.transaction("tester") as tx:
        catalog.take_products(tx, PRODUCTS)
    body = {"reference": "W-77", "site": "EAST", "sku": "CANDLE", "quantity": 2}
    with site.with_token() as api:
        receipt = {"reference": "D-77", "site": "EAST", "lines": [{"sku": "WICK", "quantity": 9}]}
        assert api.post("/api/v1/receipts", json=receipt).status_code == 201
        rehearsed = api.post("/api/v1/assemblies", json={**body, "dry_run": True})
        assert (rehearsed.status_code, rehearsed.json()["state"]) == (200, "made")
        headers = {"Idempotency-Key": "w-77"}
        first = api.post("/api/v1/assemblies", json=body, headers=headers)
        assert first.status_code == 201
        assert first.json()["state"] == "made"
        assert first.json()["lines"][-1] == {"sku": "CANDLE", "lot": "", "units": 2}
        assert api.post("/api/v1/assemblies", json=body, headers=headers).headers["idempotent-replayed"] == "true"
        assert api.post("/api/v1/assemblies", json=body).json()["state"] == "repeated"
        problem = api.post("/api/v1/assemblies", json={**body, "reference": "W-78", "quantity": 999}).json()
        assert problem["field"] == "quantity"
        assert "EAST lacks" in problem["title"]
        apart = {**body, "reference": "W-79", "disassemble": True}
        assert api.post("/api/v1/assemblies", json=apart).json()["units"] == -2
    with site.with_token(access.Role.AUDITOR) as api:
        assert api.post("/api/v1/assemblies", json={**body, "reference": "W-80"}).status_code == 403

"""The publication monitor and its API: what was told against what is true, acknowledged, told again."""

import contextlib

from stocktower import access
from tests.web.conftest import Site


def test_the_monitor_says_how_channels_keep_up(site: Site) -> None:
    client = site.signed_in()
    with contextlib.closing(client):
        page = client.get("/publication")
        assert page.status_code == 200
        assert "Web shop" in page.text
        one = client.get("/publication", params={"q": "channel:web"})
        assert one.status_code == 200
        assert "Tell it everything again" in one.text
        assert client.get("/publication", params={"q": "channel:nobody"}).status_code == 200


def test_it_is_told_again_after_a_dry_run(site: Site) -> None:
    client = site.signed_in()
    with contextlib.closing(client):
        text = client.get("/publication", params={"q": "channel:web"}).text
        token = text.split('name="form_token" value="')[1].split('"')[0]
        dry = client.post("/publication/resend", data={"form_token": token, "channel": "web", "go": "no"})
        assert (dry.status_code, "this would happen" in dry.text) == (200, True)
        assert client.get("/api/v1/publication?channel=web").json()["channels"][0]["backlog"] == 0
        done = client.post("/publication/resend", data={"form_token": token, "channel": "web", "go": "yes"})
        assert (done.status_code, "done" in done.text) == (200, True)
        wrong = client.post("/publication/resend", data={"form_token": token, "channel": "shop", "go": "yes"})
        assert (wrong.status_code, "shop is not a channel" in wrong.text) == (422, True)


def test_a_channel_acknowledges_over_the_api(site: Site) -> None:
    with site.with_token() as client:
        (last, *_) = client.get("/api/v1/publications?channel=web").json()["publications"]
        address = f"/api/v1/publications/{last['publication_id']}/acknowledgement"
        first = client.post(address)
        assert (first.status_code, first.json()["listings"]) == (200, last["listings"])
        assert client.post(address).json()["repeated"] is True
        assert client.post("/api/v1/publications/1/acknowledgement").status_code == 404


def test_velocity_and_resend_over_the_api_name_what_is_wrong(site: Site) -> None:
    with site.with_token() as client:
        sku = client.get("/api/v1/stock").json()["skus"][0]["sku"]
        address = "/api/v1/channels/web/velocity"
        assert client.put(address, params={"sku": sku}, json={"velocity": "fast"}).json()["velocity"] == "fast"
        assert client.put(address, params={"sku": "NONE"}, json={"velocity": "fast"}).status_code == 422
        assert client.put(address, params={"sku": sku}, json={"velocity": "auto"}).json()["set_by"] == ""
        assert client.post("/api/v1/channels/web/resend", json={"skus": [sku]}).json()["listings"] == 1
        refused = client.post("/api/v1/channels/web/resend", json={"skus": ["NONE"]})
        assert (refused.status_code, refused.json()["field"]) == (422, "skus[0]")


def test_who_may_not_is_refused(site: Site) -> None:
    with site.with_token(access.Role.AUDITOR) as client:
        assert client.get("/api/v1/publication").status_code == 200
        assert client.post("/api/v1/channels/web/resend", json={}).status_code == 403

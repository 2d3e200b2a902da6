"""/api/feeds: prices as files."""

from tests.integration.recording.asking import Api

PRICES = "/api/feeds/prices.csv"
GOOGLE = ("/api/feeds/google.tsv", "/api/feeds/google.xml")


def script(api: Api) -> None:
    api.get(PRICES)
    api.get(PRICES, query={"since": "2099-01-01T00:00:00Z"})
    api.refused("GET", PRICES, role="viewer", queries=({"since": "yesterday"}, {"limit": 5}))
    for path in GOOGLE:
        api.get(path)
        api.refused("GET", path, role="viewer", queries=({"since": "2025-01-01T00:00:00Z"},))

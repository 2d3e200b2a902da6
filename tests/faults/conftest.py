from collections.abc import Iterator

import pytest

from tests.e2e.conftest import without_extra  # noqa: F401
from tests.faults.site import Site


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each fault as often as `--fault-repetitions` says."""
    if "repetition" in metafunc.fixturenames:
        wanted = metafunc.config.getoption("--fault-repetitions")
        metafunc.parametrize("repetition", range(wanted or 2))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without `--fault-repetitions` only the quick faults: the others take minutes."""
    if config.getoption("--fault-repetitions"):
        return
    for item in items:
        if item.get_closest_marker("by_hand"):
            item.add_marker(pytest.mark.skip(reason="takes minutes: give --fault-repetitions"))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One installation for all faults: what one of them breaks for good, the next one finds."""
    with Site(tmp_path_factory.mktemp("site")) as site:
        yield site

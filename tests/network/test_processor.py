import pytest

from vcnode.network import processor
from vcnode.network.processor import multiplies_slowly


@pytest.fixture
def cpuinfo(monkeypatch, tmp_path):
    monkeypatch.setattr(processor, "Path", lambda name: tmp_path / "cpuinfo")
    return tmp_path / "cpuinfo"


@pytest.mark.parametrize(
    ("told", "slow"),
    [
        ("Intel64 Family 6 Model 143 Stepping 8, GenuineIntel", False),
        ("AMD64 Family 25 Model 97 Stepping 2, AuthenticAMD", True),
        ("arm", False),
        ("", False),  # nothing is known, so nothing is assumed
    ],
)
def test_products_are_slow_where_the_library_is_not_of_the_processors_maker(cpuinfo, monkeypatch, told, slow):
    monkeypatch.setattr(processor.platform, "processor", lambda: told)
    assert multiplies_slowly.__wrapped__() is slow


@pytest.mark.parametrize(("maker", "slow"), [("AuthenticAMD", True), ("GenuineIntel", False)])
def test_linux_says_it_in_a_file(cpuinfo, maker, slow):
    cpuinfo.write_text(f"processor\t: 0\nvendor_id\t: {maker}\n")
    assert multiplies_slowly.__wrapped__() is slow

import pytest


@pytest.fixture
def core():
    """The core, with its settings as they were afterwards."""
    import vapoursynth as vs

    threads, size = vs.core.num_threads, vs.core.max_cache_size
    yield vs.core
    vs.core.num_threads, vs.core.max_cache_size = threads, size


@pytest.fixture(autouse=True)
def _empty_caches():
    yield
    import vapoursynth as vs

    vs.core.clear_cache()

import threading
from functools import partial

import pytest

from vcnode import Reference
from vcnode.errors import Cancelled, MediaError
from vcnode.media import ImageSequenceReader
from vcnode.rendering import RenderJob, render
from vcnode.rendering.overlap import WriteBehind, read_ahead

from .films import luma, same_film, write_film


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_items_come_in_order_and_failures_after_what_was_before_them(depth):
    def items():
        yield from range(5)
        raise MediaError("it breaks off")

    run = read_ahead(items(), depth)
    assert [next(run) for _ in range(5)] == list(range(5))
    with pytest.raises(MediaError, match="breaks off"):
        next(run)


@pytest.mark.parametrize("depth", [1, 3])
def test_no_more_is_fetched_than_may_wait_and_closing_ends_the_thread(depth):
    fetched = []

    def items():
        for number in range(1000):
            fetched.append(number)
            yield number

    before = threading.active_count()
    run = read_ahead(items(), depth)
    assert next(run) == 0
    run.close()
    assert threading.active_count() == before
    assert len(fetched) <= depth + 3


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_work_is_done_in_order_and_told_by_the_caller(depth):
    worked, told, threads = [], [], set()

    def work(number):
        threads.add(threading.current_thread())
        worked.append(number)

    with WriteBehind(depth) as behind:
        for number in range(7):
            behind.submit(partial(work, number), partial(told.append, number))
            assert told == list(range(len(told)))
            assert len(told) >= number - depth
    assert worked == told == list(range(7))
    assert (threading.current_thread() in threads) == (depth == 0)


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_a_failure_of_work_ends_it(depth):
    told = []

    def fail():
        raise MediaError("the disk is full")

    def run():
        with WriteBehind(depth) as behind:
            behind.submit(lambda: None, partial(told.append, 0))
            behind.submit(fail, partial(told.append, 1))
            for number in range(2, 9):
                behind.submit(partial(done.append, number), partial(told.append, number))

    done = []
    with pytest.raises(MediaError, match="disk is full"):
        run()
    assert told == [0]
    assert not done


def test_what_was_handed_over_is_finished_when_the_caller_fails():
    told = []

    def run():
        with WriteBehind(3) as behind:
            for number in range(3):
                behind.submit(lambda: None, partial(told.append, number))
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        run()
    assert told == [0, 1, 2]


@pytest.fixture
def job(tiny_model, tmp_path, reference):
    def make(name, **options):
        source = tmp_path / "film.mkv"
        if not source.exists():
            write_film(source, luma(9))
        return RenderJob(source, tmp_path / name, (Reference(reference),), model=tiny_model, **options)

    return make


@pytest.mark.parametrize("name", ["out.mkv", "out.####.png"])
def test_a_render_is_the_same_with_threads(job, name, tmp_path):
    seen = []
    render(job(f"plain_{name}"))
    result = render(job(f"threads_{name}", overlap=2), on_frame=lambda frame: seen.append(frame.colored.number))
    assert seen == list(range(9))
    assert result.rendered == 9
    if name.endswith("mkv"):
        assert same_film(tmp_path / f"plain_{name}", tmp_path / f"threads_{name}")
    else:
        plain, threads = (ImageSequenceReader(tmp_path / f"{kind}_{name}") for kind in ("plain", "threads"))
        assert all((plain.frame(n).rgb == threads.frame(n).rgb).all() for n in range(9))


@pytest.mark.parametrize("stop", [1, 4])
def test_a_stopped_render_with_threads_goes_on(job, stop, tmp_path):
    seen = []
    with pytest.raises(Cancelled):
        render(
            job("out.mkv", overlap=2, segment_frames=2),
            on_frame=lambda frame: seen.append(frame.colored.number),
            cancelled=lambda: len(seen) >= stop,
        )
    assert seen == list(range(len(seen)))
    result = render(job("out.mkv", overlap=2, segment_frames=2))
    assert result.frames == 9
    assert result.rendered == 9 - len(seen) // 2 * 2  # a segment that was stopped inside is encoded anew
    render(job("whole.mkv"))
    assert same_film(tmp_path / "out.mkv", tmp_path / "whole.mkv")

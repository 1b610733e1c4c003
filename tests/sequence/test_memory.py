import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vcnode.errors import DeviceError
from vcnode.sequence.memory import is_out_of_memory, out_of_memory, requested_bytes, size_that_fits

CPU_MESSAGE = (
    "[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate memory: "
    "you tried to allocate 8000000000 bytes. Error code 12 (Cannot allocate memory)"
)
CUDA_MESSAGE = "CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 7.79 GiB of which ..."


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(CPU_MESSAGE),
        torch.OutOfMemoryError(CUDA_MESSAGE),
        MemoryError(),
        RuntimeError("CUDA out of memory"),
    ],
)
def test_running_out_of_memory_is_recognised(error: Exception) -> None:
    assert is_out_of_memory(error)
    told = out_of_memory(error, 512, torch.device("cpu"))
    assert isinstance(told, DeviceError)
    assert "--size 320" in str(told)


@pytest.mark.parametrize("error", [RuntimeError("mat1 and mat2 shapes cannot be multiplied"), ValueError("memory")])
def test_other_failures_are_not_taken_for_it(error: Exception) -> None:
    assert not is_out_of_memory(error)


def test_a_real_allocation_that_cannot_succeed_is_recognised() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)


def test_what_was_asked_for_is_read_from_the_message() -> None:
    assert requested_bytes(RuntimeError(CPU_MESSAGE)) == 8_000_000_000
    assert requested_bytes(RuntimeError(CUDA_MESSAGE)) == 2.5 * 2**30
    assert requested_bytes(MemoryError()) is None


@given(st.integers(64, 4096), st.integers(1, 2**40), st.integers(1, 2**40))
def test_the_size_named_fits_by_the_linear_rule(working_size: int, available: int, needed: int) -> None:
    fitting = size_that_fits(working_size, available, needed)
    if fitting is not None:
        assert 64 <= fitting < working_size
        assert fitting % 8 == 0
        if needed > available:
            assert needed * (fitting / working_size) ** 2 <= available


def test_where_nothing_smaller_exists_other_ways_are_named() -> None:
    assert size_that_fits(64, None, None) is None
    assert "--look-ahead" not in str(out_of_memory(MemoryError(), 64, torch.device("cpu")))
    assert "smaller look-ahead" in str(out_of_memory(MemoryError(), 64, torch.device("cpu")))


def test_on_a_gpu_the_size_follows_from_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (2 * 2**30, 8 * 2**30))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 4 * 2**30)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 4 * 2**30)
    told = str(out_of_memory(torch.OutOfMemoryError(CUDA_MESSAGE), 512, torch.device("cuda")))
    assert "The device cuda ran out of memory when 2560 MiB more were needed at the working size 512" in told
    assert "--size 432" in told  # 512 * sqrt(0.8 * 6 / 6.5), rounded down to a multiple of 8

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from vcnode.errors import InputError
from vcnode.network.matching import match, matching_kernel

triton = pytest.importorskip("triton", reason="Triton is not installed, so its matching kernels are not tested")

HERE = Path(__file__).parent
KIB = 1024
on_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="the kernels run compiled only on a CUDA GPU")


def test_the_kernels_are_right_in_the_interpreter():
    tests = HERE / "interpreted_matching.py"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)],
        cwd=HERE.parents[1],
        env=os.environ | {"TRITON_INTERPRET": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_cpu_has_no_kernels_outside_the_interpreter():
    query = torch.ones(1, 4, 5)
    assert matching_kernel(query.device, 4) == "reference"
    with pytest.raises(InputError, match="none for the device 'cpu'"):
        match(query, query, query[:, :2], 0.01, kernel="triton")


def compiled(kernel, capability, half, channels):
    """A kernel as it is for a GPU that need not be here; the widest of its kind."""
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from vcnode.network import matching_fused, matching_triton

    task = matching_fused.Task(torch.device("cpu"), channels, 3, half, biased=True, learning=True)
    forward = kernel == "match_forward"
    tiles = matching_fused.forward_tiles(task, capability) if forward else matching_fused.backward_tiles(task)
    function = getattr(matching_triton, kernel)
    constants = {"SOFT": True, "BIASED": True, "SPLIT": not half, "DEPTH": channels, "COLUMNS": 3}
    constants |= {"ROWS": tiles.rows, "TILE": tiles.keys}
    kinds = {"query": "*fp16", "key": "*fp16", "index": "*i64", "nearest": "*i64", "scale": "fp32"}
    numbers = ("queries", "keys", "query_step", "key_step", "value_step", "shift_step")
    kinds |= dict.fromkeys(numbers, "i32") | dict.fromkeys(constants, "constexpr")
    signature = {name: kinds.get(name, "*fp32") for name in function.arg_names}
    places = {name: (number,) for number, name in enumerate(signature)}
    source = ASTSource(
        function,
        signature,
        {places[name]: value for name, value in constants.items() if name in places},
        {places[name]: [["tt.divisibility", 16]] for name, kind in signature.items() if kind.startswith("*")},
    )
    options = {"num_warps": tiles.warps, "num_stages": tiles.stages, "enable_fp_fusion": True}
    return triton.compile(source, GPUTarget("cuda", 10 * capability[0] + capability[1], 32), options)


@pytest.mark.skipif(
    tuple(map(int, triton.__version__.split(".")[:2])) < (3, 9),
    reason="compiling without a GPU goes by the inner ways of Triton 3.9",
)
@pytest.mark.parametrize(
    ("kernel", "capability", "half", "room"),
    [
        ("match_forward", (8, 6), True, 99),
        ("match_forward", (8, 6), False, 99),
        ("match_forward", (9, 0), True, 227),
        ("match_forward", (9, 0), False, 227),
        ("match_query_gradient", (8, 6), False, 99),
        ("match_key_gradient", (8, 6), False, 99),
    ],
)
def test_the_kernels_compile_and_fit_on_the_chip(kernel, capability, half, room, tmp_path, monkeypatch):
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    assert 0 < compiled(kernel, capability, half, 256).metadata.shared <= room * KIB


def scene(dtype, positions=144, channels=256):
    """Descriptors that vary smoothly as those of pictures do; a reference that is the frame, moved and noisy."""
    generator = torch.Generator().manual_seed(0)

    def smooth(count, coarse):
        drawn = torch.randn(1, count, coarse, coarse, generator=generator)
        return F.interpolate(drawn, (positions, positions), mode="bilinear").flatten(2)

    def noise():
        return torch.randn(1, channels, positions**2, generator=generator)

    content = smooth(channels, 36) + 0.1 * noise()
    query = F.normalize(content, dim=1)
    key = F.normalize(content.roll(1000, dims=2) + 0.1 * noise(), dim=1)
    return [x.to("cuda", dtype) for x in (query, key)] + [40 * smooth(2, 18).cuda()]


@on_cuda
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize("temperature", [None, 0.01])
def test_equals_the_reference_on_a_gpu(dtype, temperature):
    query, key, value = scene(dtype)
    assert query.shape[2] == 20736
    found = match(query, key, value, temperature, kernel="triton")
    wanted = match(query.double(), key.double(), value.double(), temperature, rows=1024)
    difference = (found.confidence - wanted.confidence).abs().max()
    assert difference < 5e-6
    chosen = (query.double() * key.double().gather(2, found.index[:, None].expand(-1, 256, -1))).sum(dim=1)
    assert (wanted.confidence[:, 0] - chosen).max() < 1e-5
    same = found.index == wanted.index
    assert same.double().mean() > 0.99
    if temperature is None:
        assert torch.equal(found.warped, value.gather(2, found.index[:, None].expand(-1, 2, -1)))
    else:
        assert (found.warped - wanted.warped).abs().max() < 0.1
    again = match(query, key, value, temperature, kernel="triton")
    assert torch.equal(again.warped, found.warped)
    assert torch.equal(again.index, found.index)


@on_cuda
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize("channels", [128, 256])
def test_gradients_equal_those_of_the_reference_on_a_gpu(dtype, channels):
    tensors = scene(dtype, 72, channels)
    generator = torch.Generator(device="cuda").manual_seed(1)
    count = tensors[0].shape[2]
    slopes = [torch.randn(1, n, count, device="cuda", generator=generator) for n in (2, 1)]

    def gradients(kernel, wide):
        inputs = [x.to(torch.promote_types(x.dtype, wide)).requires_grad_() for x in tensors]
        found = match(*inputs, 0.01, kernel=kernel)
        ends = (found.warped, found.confidence)
        return torch.autograd.grad(ends, inputs, [x.to(y) for x, y in zip(slopes, ends, strict=True)])

    found, again = gradients("triton", torch.float16), gradients("triton", torch.float16)
    for one, other, wanted in zip(found, again, gradients("reference", torch.float64), strict=True):
        assert (one - wanted).norm() < 5e-3 * wanted.norm()
        assert torch.equal(one, other)


@on_cuda
def test_a_temperature_that_only_rounding_resolves_has_finite_gradients_on_a_gpu():
    inputs = [x.requires_grad_() for x in scene(torch.float32, 36)]
    found = match(*inputs, 1e-10, kernel="triton")
    (found.warped.sum() + found.confidence.sum()).backward()
    assert all(x.grad.isfinite().all() for x in inputs)


@on_cuda
def test_a_gpu_takes_the_kernels_by_itself():
    if torch.cuda.get_device_capability() < (8, 0):
        pytest.skip("this GPU is older than Triton's kernels need")
    for half in (False, True):
        assert matching_kernel(torch.device("cuda"), 256, half=half).startswith("triton")

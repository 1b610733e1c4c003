"""IMAGE batches: the core's pixels, however a clip is cut."""

from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rendering.films import luma, write_film
from sequence.clips import clip, picture
from torch._subclasses.fake_tensor import FakeTensorMode

from comfyvcnode import coloring, components, films, progress, references, rendering, states
from comfyvcnode import settings as widgets
from tests.hosts.comfyui.conftest import Stop, as_images
from vcnode import ClipState, MemoryStateCache, Reference, Settings, colorize
from vcnode.errors import InputError
from vcnode.network import Model, State

FRAMES = 6


@pytest.fixture(scope="module")
def images():
    return as_images(clip(FRAMES, seed=1))


@pytest.fixture(scope="module")
def how():
    plan = references.reference_plan(torch.from_numpy(picture(1))[None])
    return coloring.Coloring(plan, Settings(working_size=64))


@pytest.fixture(scope="module")
def color(tiny_model, how):
    def run(images, how=how, **options):
        with torch.inference_mode():  # as ComfyUI runs nodes
            return coloring.color_batch(lambda height, width: tiny_model, images, how, **options)

    return run


@pytest.fixture(scope="module")
def whole(color, images):
    return color(images)


def test_the_pixels_are_the_cores(whole, images, tiny_model):
    frames = colorize(images.numpy(), [Reference(picture(1))], model=tiny_model, settings=Settings(working_size=64))
    for image, mask, frame in zip(whole.images, whole.confidence, frames, strict=True):
        assert torch.equal(image, frame.rgb().permute(1, 2, 0))
        assert torch.equal(mask, frame.confidence[0, 0].clamp(0, 1))
    assert sorted(whole.means) == list(range(FRAMES))
    assert whole.state.number == FRAMES


def test_luma_is_kept(whole, images):
    luma = whole.images @ torch.tensor([0.2126, 0.7152, 0.0722])
    assert float((luma - images[..., 0]).abs().max()) < 0.5 / 255
    assert float((whole.images.amax(-1) - whole.images.amin(-1)).mean()) > 0.01


@settings(max_examples=6, deadline=None)
@given(cuts=st.sets(st.integers(1, FRAMES - 1)), saved=st.booleans())
def test_pieces_are_the_whole(color, images, whole, cuts, saved):
    state, done = None, []
    for first, last in zip([0, *sorted(cuts)], [*sorted(cuts), FRAMES], strict=True):
        piece = color(images[first:last], state=state)
        state = ClipState.from_bytes(piece.state.to_bytes()) if saved else piece.state
        done.append(piece)
    assert torch.equal(torch.cat([piece.images for piece in done]), whole.images)
    assert torch.equal(torch.cat([piece.confidence for piece in done]), whole.confidence)


def test_transparency_and_images_that_are_not_contiguous(color, images, whole):
    clear = torch.cat([images, torch.rand_like(images[..., :1])], dim=-1)
    strided = images.permute(3, 0, 1, 2).contiguous().permute(1, 2, 3, 0)
    assert torch.equal(color(clear).images, whole.images)
    assert torch.equal(color(strided).images, whole.images)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_floats(color, images, dtype):
    half = images[:2].to(dtype)
    done = color(half).images
    assert done.dtype == torch.float32
    assert torch.equal(done, color(half.float()).images)


def test_a_wrong_state_is_refused(color, images, how, whole):
    other = coloring.Coloring(how.references, Settings(working_size=72))
    with pytest.raises(InputError, match="working_size 64"):
        color(images, other, state=whole.state)
    with pytest.raises(InputError, match="frame size"):
        color(images[:, :-8], state=whole.state)


def test_frame_numbers_count_from_the_first(color, images, tiny_model):
    plan = references.ReferencePlan(references.pictures(torch.from_numpy(picture(1))[None], [12]))
    how = coloring.Coloring(plan, Settings(working_size=64))
    begun = color(images[2:4], how, first=12)
    assert sorted(begun.means) == [12, 13]
    assert not torch.equal(begun.images, color(images[2:4], how).images)


def test_a_scene_cut_begins_anew(color, how):
    negative = [1 - frame for frame in clip(2, seed=9)]
    images = as_images([*clip(2, seed=1), *negative])
    cutting = coloring.Coloring(how.references, how.settings, 0.3)
    assert torch.equal(color(images, cutting).images[2:], color(as_images(negative), cutting).images)


def test_frames_are_finished_where_the_model_is(tiny_model, images, how, whole, monkeypatch):
    """And results go where they are wanted. A device without values stands for a GPU."""
    devices = []

    def colorize_here(*args, model, device, **options):
        devices.append((next(model.parameters()).device, device))
        return colorize(*args, model=tiny_model, **options)

    monkeypatch.setattr(coloring, "colorize", colorize_here)
    elsewhere = deepcopy(tiny_model).to("meta")
    done = coloring.color_batch(lambda height, width: elsewhere, images, how)
    assert devices == [(torch.device("meta"), torch.device("meta"))]
    assert torch.equal(done.images, whole.images)


def test_states_leave_the_gpu(whole):
    """Found out without one: tensors that have a device but no values."""
    with FakeTensorMode():
        fake = State(*(torch.rand(1, channels, 8, 8, device="cuda") for channels in (1, 2, 1)))
        moved = states.in_main_memory(replace(whole.state, shot=replace(whole.state.shot, state=fake)))
    assert all(tensor.device.type == "cpu" for tensor in moved.shot.state.state_dict().values())
    between = replace(whole.state, shot=None)
    assert states.in_main_memory(between).number == FRAMES


@pytest.mark.parametrize("returns", ["batch", "film"])
def test_states_that_are_returned_have_left_the_gpu(tiny_model, images, how, tmp_path, monkeypatch, returns):
    moved = []
    for module in (coloring, rendering):
        monkeypatch.setattr(module, "in_main_memory", lambda state: moved.append(state) or state)
    if returns == "batch":
        done = coloring.color_batch(lambda *size: tiny_model, images[:2], how)
    else:
        part = films.FilmPart(write_film(tmp_path / "film.mkv", luma(2)))
        done = rendering.color_film(lambda *size: tiny_model, part, how, tmp_path, quality="medium")
    assert moved == [done.state]


def test_confidence_may_be_left_out(color, images, whole):
    done = color(images[:1], confidence=False)
    assert done.confidence is None
    assert torch.equal(done.images, whole.images[:1])


def test_nothing_is_loaded_for_what_cannot_be_coloured(how):
    def load(height, width):
        raise AssertionError("a network was asked for")

    with pytest.raises(InputError):
        coloring.color_batch(load, torch.rand(0, 8, 8, 3), how)
    with pytest.raises(InputError):
        coloring.color_batch(load, torch.rand(1, 8, 8, 3), coloring.Coloring(references.ReferencePlan(), how.settings))


def test_another_saturation_needs_no_network(color, images, how, whole, tiny_model, monkeypatch):
    how = replace(how, states=MemoryStateCache())
    assert torch.equal(color(images, how).images, whole.images)
    monkeypatch.setattr(Model, "prepare", None)
    less = replace(how, settings=replace(how.settings, saturation=0.5, upsampling="bilinear"))
    done = color(images, less)
    monkeypatch.undo()
    assert torch.equal(done.images, color(images, replace(less, states=None)).images)


def test_a_stop_takes_effect_within_a_frame(color, images):
    told = []

    def stop():
        if told and told[-1] == 2:
            raise Stop

    with pytest.raises(Stop):
        color(images, progress=progress.Progress(lambda done, total, shown: told.append(done), stop))
    assert told == [1, 2]


def test_widgets_are_checked(images):
    class Model:
        precision, states = "float32", None

    def understand(**changes):
        chosen = {"working_size": 0, "saturation": 1.0, "scene_cut": 0.0, "look_ahead": 0, "upsampling": "adaptive"}
        chosen["direction"] = "forward"
        return widgets.coloring(Model(), torch.from_numpy(picture(1))[None], **chosen | changes)

    assert understand().settings == Settings(precision="float32")
    assert understand(look_ahead=3).settings.look_ahead == 3
    assert understand().scene_cut is None
    assert understand(scene_cut=0.4, working_size=128).scene_cut == 0.4
    assert understand(direction="both").settings.direction == "both"
    wrong = ({"working_size": 8}, {"upsampling": "nearest"}, {"scene_cut": 1.0}, {"saturation": -1.0})
    for changes in (*wrong, {"direction": "up"}):
        with pytest.raises(InputError):
            understand(**changes)


class Video:
    def __init__(self, images, audio=None, frame_rate=25):
        self.images, self.audio, self.frame_rate = images, audio, frame_rate


@pytest.fixture
def color_video(tiny_model, how):
    return lambda video, **options: components.color_components(lambda *size: tiny_model, video, how, **options)


def test_a_video_in_memory(color_video, images, whole):
    sound = {"waveform": torch.rand(1, 2, 48000), "sample_rate": 48000}
    done = color_video(Video(images, sound))
    assert torch.equal(done.images, whole.images)
    assert done.audio is sound
    assert done.report.startswith(f"Frames: {FRAMES} (0 to {FRAMES - 1})\nMean confidence: 0.")


def test_a_stretch_of_a_video_in_memory_has_its_sound(color_video, images, whole):
    sound = {"waveform": torch.arange(2 * 48000.0).reshape(1, 2, -1), "sample_rate": 48000}
    first = color_video(Video(images, sound), count=2)
    rest = color_video(Video(images, sound), start=2, count=3, state=first.state)
    assert torch.equal(torch.cat([first.images, rest.images]), whole.images[:5])
    assert torch.equal(rest.audio["waveform"], sound["waveform"][..., 3840:9600])
    assert sound["waveform"].shape[-1] == 48000
    with pytest.raises(InputError, match="frames 0 to 5"):
        color_video(Video(images), start=FRAMES)

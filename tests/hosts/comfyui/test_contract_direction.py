"""The widget `direction` of the colouring nodes, and workflows that were saved before it was there."""

import json

import pytest
import torch

from tests.hosts.comfyui.conftest import PACK, SIZE, colored_clip, gray_clip
from tests.hosts.comfyui.stub.host import InterruptProcessingException
from tests.hosts.comfyui.stub.running import run_graph, run_node, with_defaults
from tests.hosts.comfyui.test_contract_state import BatchManager
from tests.hosts.comfyui.test_contract_video import films, frames_of, write

SHARED = ["working_size", "saturation", "scene_cut", "start_frame", "look_ahead", "upsampling"]
WIDGETS = {
    "VCNode_Colorize": [*SHARED, "direction"],
    "VCNode_ColorizeVideo": [*SHARED, "quality", "frame_count", "direction"],
}
COUNT = 6


@pytest.fixture(params=WIDGETS)
def schema(request, pack):
    return pack.nodes[request.param].GET_SCHEMA()


@pytest.fixture
def images():
    return gray_clip(COUNT)


@pytest.fixture
def references(pack):
    """Of frames 1 and 4, in different colours."""
    clip = colored_clip(COUNT)
    return pack.references(clip[4:5].flip(-1), frame=4, references=pack.references(clip[1:2], frame=1))


@pytest.fixture
def run_film(pack, references, tmp_path):
    from comfy_api.latest import InputImpl

    source = InputImpl.VideoFromFile(str(write(tmp_path / "film.mkv", count=COUNT)))

    def colorize(video=source, **inputs):
        inputs = {"model": pack.model, "references": references, "working_size": SIZE, "quality": "lossless"} | inputs
        return pack.run("VCNode_ColorizeVideo", video=video, **inputs)

    return colorize


def test_workflows_store_widgets_by_place(schema):
    """What is new comes last, whatever it is."""
    assert [one.id for one in schema.ordered_inputs() if one.is_widget] == WIDGETS[schema.node_id]
    assert schema.inputs[-1].id == "direction"  # links of saved workflows count sockets by place, too


def test_the_choices_are_the_cores(schema):
    from typing import get_args

    from vcnode.sequence import Direction, Settings

    widget = schema.inputs[-1]
    assert tuple(widget.options) == get_args(Direction.__value__)
    assert widget.default == Settings().direction == "forward"


class TestBefore:
    """Workflows that were saved without a direction."""

    @pytest.fixture(params=["film", "keyframes", "one_reference", "resume"])
    def saved(self, request):
        """One of the examples without the widget."""
        workflow = json.loads((PACK / "example_workflows" / f"{request.param}.json").read_text(encoding="utf-8"))
        for node in workflow["nodes"]:
            if node["type"] in WIDGETS:
                assert node["inputs"].pop()["name"] == "direction"
                assert node["widgets_values"].pop() == "forward"
        return workflow

    def test_every_value_is_at_its_place(self, saved, pack):
        for node in saved["nodes"]:
            if node["type"] in WIDGETS:
                widgets = [one for one in pack.nodes[node["type"]].GET_SCHEMA().ordered_inputs() if one.is_widget]
                names = [one["name"] for one in node["inputs"] if one.get("widget")]
                assert [one.id for one in widgets][: len(node["widgets_values"])] == names
                assert widgets[len(names)].default == "forward"

    def test_images(self, pack, references, images):
        given = {"images": images, "model": pack.model, "references": references, "working_size": SIZE}
        given = with_defaults(pack.nodes["VCNode_Colorize"], given)
        without = {name: value for name, value in given.items() if name != "direction"}
        assert len(without) == len(given) - 1
        expected = pack.colorize(images, references, direction="forward")["images"]
        assert torch.equal(run_node(pack.nodes["VCNode_Colorize"], without)[0], expected)

    def test_a_film(self, pack, references, run_film, tmp_path):
        """As a prompt in API format, which is refused where a required input is missing."""
        from comfy_api.latest import InputImpl

        node = pack.nodes["VCNode_ColorizeVideo"]
        video = InputImpl.VideoFromFile(str(tmp_path / "film.mkv"))
        given = {"video": video, "model": pack.model, "references": references}
        inputs = with_defaults(node, given | {"working_size": SIZE, "quality": "lossless"})
        del inputs["direction"]
        prompt = {"1": {"class_type": "VCNode_ColorizeVideo", "inputs": inputs}}
        done = run_graph(pack.nodes, prompt)["1"][0]
        assert torch.equal(frames_of(done), frames_of(run_film(direction="forward")["video"]))


@pytest.mark.parametrize("direction", ["backward", "both"])
class TestWays:
    def test_images_and_films_agree(self, pack, references, images, run_film, direction):
        colored = pack.colorize(images, references, direction=direction)["images"]
        film = frames_of(run_film(direction=direction)["video"])
        forward = pack.colorize(images, references)["images"]
        assert (film - colored).abs().mean() < 0.01
        assert not torch.equal(colored[:1], forward[:1])
        assert torch.equal(colored[4:], forward[4:]) == (direction == "both")

    def test_luma_stays(self, pack, references, images, direction):
        colored = pack.colorize(images, references, direction=direction)["images"]
        weights = torch.tensor([0.2126, 0.7152, 0.0722])
        assert (colored @ weights - images @ weights).abs().max() < 1 / 255

    def test_a_film_in_memory(self, pack, references, images, run_film, direction):
        from fractions import Fraction

        from comfy_api.latest import InputImpl, Types

        video = InputImpl.VideoFromComponents(Types.VideoComponents(images, Fraction(12)))
        part = run_film(video, direction=direction, start_frame=1, frame_count=3)
        whole = pack.colorize(images, references, direction=direction)["images"]
        rest = run_film(video, direction=direction, state=part["state"])
        # Frame 1 is a keyframe, so a run that begins there misses nothing.
        assert torch.equal(torch.cat([frames_of(part["video"]), frames_of(rest["video"])]), whole[1:])

    @pytest.mark.parametrize("given", ["state", "start_frame", "meta_batch"])
    def test_pieces_of_a_clip_are_refused(self, pack, references, images, direction, given):
        piece = {"start_frame": 3, "meta_batch": BatchManager()}
        if given == "state":
            piece["state"] = pack.colorize(images[:2], references)["state"]
        with pytest.raises(ValueError, match="whole clip as one batch, or use Colorize Video") as refused:
            pack.colorize(images[2:], references, direction=direction, **{given: piece[given]})
        assert "\n" not in str(refused.value)
        assert len(str(refused.value)) < 300

    def test_stopped_before_anything_comes_out(self, pack, images, run_film, comfy, direction):
        late = pack.references(colored_clip(1), frame=5)

        def stop(value):
            comfy.interrupted = value == 3

        for run in (lambda **way: pack.colorize(images, late, **way), lambda **way: run_film(references=late, **way)):
            comfy.progress.clear()
            comfy.on_progress = stop
            with pytest.raises(InterruptProcessingException):
                run(direction=direction)
            assert [(value, total) for value, total, _ in comfy.progress] == [(n, COUNT + n) for n in (1, 2, 3)]
            assert not films(comfy)
        comfy.on_progress = None
        again = [frames_of(run_film(references=late, direction=direction)["video"]) for _ in range(2)]
        assert torch.equal(*again)


def test_a_choice_that_is_gone(pack, references, images):
    """ComfyUI lets values of choices through that are not offered."""
    inputs = with_defaults(pack.nodes["VCNode_Colorize"], {"images": images, "references": references})
    with pytest.raises(ValueError, match=r"'sideways'.*forward, backward or both"):
        run_node(
            pack.nodes["VCNode_Colorize"], inputs | {"model": pack.model, "direction": "sideways"}, validated=False
        )

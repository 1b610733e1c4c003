"""The stand-in itself: it must refuse what ComfyUI refuses, or the other tests prove nothing."""

import sys

import pytest
import torch

from tests.hosts.comfyui.stub import ContractError, Source, run_graph, run_node, with_defaults


def node_of(body, hidden=None, outputs=("IMAGE",), **widgets):
    from comfy_api.latest import io

    class Toy(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            amount = io.Int.Input("amount", default=2, min=1, max=9, **widgets)
            choice = io.Combo.Input("choice", options=["a", "b"], default="a", optional=True)
            inputs = [io.Image.Input("images"), choice, amount]
            return io.Schema("Toy", inputs=inputs, outputs=[io.Custom(one).Output() for one in outputs], hidden=hidden)

        @classmethod
        def execute(cls, **inputs):
            return body(cls, **inputs)

    return Toy


def image(value=0.5):
    return torch.full((1, 2, 2, 3), value)


def result(*values):
    from comfy_api.latest import io

    return io.NodeOutput(*values)


@pytest.mark.usefixtures("comfy")
class TestRefusals:
    def test_a_good_node_runs_in_inference_mode(self):
        node = node_of(lambda cls, images, **rest: result(images * 1.0))
        (given,) = run_node(node, with_defaults(node, {"images": image()}))
        assert given.is_inference()

    @pytest.mark.parametrize(
        "body",
        [
            lambda cls, images, **rest: images,
            lambda cls, images, **rest: (images,),
            lambda cls, images, **rest: {"result": (images,)},
            lambda cls, images, **rest: result(images, images),
            lambda cls, images, **rest: result(images.half()),
            lambda cls, images, **rest: result(images + 1),
            lambda cls, images, **rest: result(images[0]),
            lambda cls, images, **rest: result(images.mul_(0.5)),
            lambda cls, images, **rest: result(images / 0),
        ],
    )
    def test_bad_results_and_changed_inputs(self, body):
        node = node_of(body)
        with pytest.raises(ContractError, match="Toy"):
            run_node(node, with_defaults(node, {"images": image()}))

    def test_state_on_the_class(self):
        def keep(cls, images, **rest):
            cls.cache = images

        node = node_of(keep)
        with pytest.raises(AttributeError, match="no state"):
            run_node(node, with_defaults(node, {"images": image()}))

    def test_state_on_the_class_by_its_own_name(self):
        def keep(cls, images, **rest):
            node.cache = images
            return result(images)

        node = node_of(keep)
        with pytest.raises(ContractError, match="keeps state"):
            run_node(node, with_defaults(node, {"images": image()}))

    def test_hidden_values_only_where_declared(self):
        seen = []

        def look(cls, images, **rest):
            seen.append((cls.hidden.unique_id, cls.hidden.prompt))
            return result(images)

        from comfy_api.latest import io

        for node in (node_of(look), node_of(look, hidden=[io.Hidden.unique_id])):
            run_node(node, with_defaults(node, {"images": image()}), unique_id="7")
        assert seen == [(None, None), ("7", None)]

    @pytest.mark.parametrize("wrong", [{"amount": 0}, {"amount": 10}, {"amount": "3"}, {"choice": "c"}, {"unknown": 1}])
    def test_widget_values(self, wrong):
        node = node_of(lambda cls, images, **rest: result(images))
        with pytest.raises(ContractError, match=next(iter(wrong))):
            run_node(node, with_defaults(node, {"images": image()}) | wrong)

    def test_missing_inputs(self):
        node = node_of(lambda cls, images, **rest: result(images))
        with pytest.raises(ContractError, match="missing: images"):
            run_node(node, with_defaults(node, {}))

    def test_keywords_of_newer_versions(self):
        with pytest.raises(TypeError, match="advanced"):
            node_of(None, advanced=True).GET_SCHEMA()

    def test_ids_shared_by_inputs_and_outputs(self):
        from comfy_api.latest import io

        schema = io.Schema("Toy", inputs=[io.Image.Input("images")], outputs=[io.Image.Output("images")])
        with pytest.raises(ValueError, match="must differ"):
            schema.finished()

    def test_links_of_another_type(self):
        node = node_of(lambda cls, images, **rest: result(images))
        prompt = {"2": {"class_type": "Toy", "inputs": {"images": ["1", 0], "amount": 1}}}
        with pytest.raises(ContractError, match="takes IMAGE, not MASK"):
            run_graph({"Toy": node}, prompt, {"1": (Source(image(), "MASK"),)})
        assert torch.equal(run_graph({"Toy": node}, prompt, {"1": (Source(image(), "IMAGE"),)})["2"][0], image())

    def test_files_outside_the_output_folder(self):
        import folder_paths

        with pytest.raises(Exception, match="outside the output folder"):
            folder_paths.get_save_image_path("../../stolen", folder_paths.get_output_directory())


def test_nothing_is_left_behind(comfy):
    assert "comfy_api.latest" in sys.modules
    assert not hasattr(sys.modules["comfy_api.latest"], "ComfyAPISync")


def test_nothing_was_left_behind():
    assert not {"comfy", "comfy_api", "comfy_api.latest", "folder_paths"} & set(sys.modules)

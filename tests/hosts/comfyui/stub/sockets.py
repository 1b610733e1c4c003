"""Inputs, outputs and their types: the part of `comfy_api.latest.io` that schemas are written with."""


class Input:
    io_type = ""
    is_widget = False

    def __init__(self, id, display_name=None, optional=False, tooltip=None, lazy=None, extra_dict=None):
        self.id, self.display_name, self.optional, self.tooltip = id, display_name, optional, tooltip
        self.lazy, self.extra_dict = lazy, extra_dict or {}

    def accepts(self, received):
        """Whether a link of this type may end here; several types are separated by commas."""
        return "*" in (received, self.io_type) or bool(set(received.split(",")) & set(self.io_type.split(",")))


class Widget(Input):
    is_widget = True

    def __init__(
        self, id, display_name, optional, tooltip, lazy, default, socketless, force_input=None, extra_dict=None
    ):
        super().__init__(id, display_name, optional, tooltip, lazy, extra_dict)
        self.default, self.socketless, self.force_input = default, socketless, force_input


class Output:
    io_type = ""

    def __init__(self, id=None, display_name=None, tooltip=None, is_output_list=False):
        self.id, self.display_name, self.tooltip, self.is_output_list = id, display_name, tooltip, is_output_list


def _type(name, input_class=Input):
    members = {"io_type": name}
    made = type(name, (), members)
    made.Input = type("Input", (input_class,), members)
    made.Output = type("Output", (Output,), members)
    return made


class _Int(Widget):
    def __init__(
        self, id, display_name=None, optional=False, tooltip=None, lazy=None, default=None, min=None, max=None,
        step=None, control_after_generate=None, display_mode=None, socketless=None, force_input=None,
    ):  # fmt: skip
        super().__init__(id, display_name, optional, tooltip, lazy, default, socketless, force_input)
        self.min, self.max, self.step, self.control_after_generate = min, max, step, control_after_generate


class _Float(Widget):
    def __init__(
        self, id, display_name=None, optional=False, tooltip=None, lazy=None, default=None, min=None, max=None,
        step=None, round=None, display_mode=None, socketless=None, force_input=None,
    ):  # fmt: skip
        super().__init__(id, display_name, optional, tooltip, lazy, default, socketless, force_input)
        self.min, self.max, self.step, self.round = min, max, step, round


class _String(Widget):
    def __init__(
        self, id, display_name=None, optional=False, tooltip=None, lazy=None, multiline=False, placeholder=None,
        default=None, dynamic_prompts=None, socketless=None, force_input=None,
    ):  # fmt: skip
        super().__init__(id, display_name, optional, tooltip, lazy, default, socketless, force_input)
        self.multiline, self.placeholder = multiline, placeholder


class _Combo(Widget):
    def __init__(
        self, id, options=None, display_name=None, optional=False, tooltip=None, lazy=None, default=None,
        control_after_generate=None, upload=None, image_folder=None, remote=None, socketless=None,
    ):  # fmt: skip
        super().__init__(id, display_name, optional, tooltip, lazy, default, socketless)
        self.options, self.upload = options, upload


class _Multi(Input):
    """One socket for several types. An input with a widget in place of the id is not offered: nothing here needs it."""

    def __init__(self, id, types, display_name=None, optional=False, tooltip=None, lazy=None, extra_dict=None):
        if not isinstance(id, str):
            raise TypeError("The stand-in knows MultiType inputs without a widget only.")
        super().__init__(id, display_name, optional, tooltip, lazy, extra_dict)
        self.io_type = ",".join(dict.fromkeys(one.io_type for one in types))


class MultiType:
    Input = _Multi


Int = _type("INT", _Int)
Float = _type("FLOAT", _Float)
String = _type("STRING", _String)
Combo = _type("COMBO", _Combo)
Image, Mask, Video = (_type(name) for name in ("IMAGE", "MASK", "VIDEO"))


def Custom(io_type):
    return _type(io_type)

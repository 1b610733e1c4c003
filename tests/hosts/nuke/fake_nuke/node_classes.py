"""Node classes and the knobs of theirs that are used here, as saved scripts of Nuke 11 to 15 have them."""

from .knobs import (
    BBox_Knob,
    Boolean_Knob,
    Channel_Knob,
    Double_Knob,
    Enumeration_Knob,
    EvalString_Knob,
    File_Knob,
    Int_Knob,
    PyScript_Knob,
    String_Knob,
)

_TEXT, _NUMBER, _WHOLE, _SWITCH, _CHANNELS = String_Knob, Double_Knob, Int_Knob, Boolean_Knob, Channel_Knob

COMMON = {
    "name": (_TEXT, ""),
    "label": (EvalString_Knob, ""),
    "help": (_TEXT, ""),
    "knobChanged": (_TEXT, ""),
    "onCreate": (_TEXT, ""),
    "autolabel": (_TEXT, ""),
    "tile_color": (_TEXT, "0"),
    "xpos": (_WHOLE, 0),
    "ypos": (_WHOLE, 0),
    "selected": (_SWITCH, False),
    "disable": (_SWITCH, False),
    "postage_stamp": (_SWITCH, False),
    "hide_input": (_SWITCH, False),
}

_BBOX = (Enumeration_Knob, "union", ["union", "intersection", "A", "B"])
_OCIO = (Enumeration_Knob, "scene_linear", None)
_NUKE_SPACE = (Enumeration_Knob, "Linear", ["Linear", "sRGB", "rec709", "HSV", "YCbCr"])
_MASK = {"inject": (_SWITCH, False), "invert_mask": (_SWITCH, False), "fringe": (_SWITCH, False), "mix": (_NUMBER, 1.0)}
_EXPRESSION = {f"{kind}{number}": (_TEXT, "") for kind in ("temp_name", "temp_expr", "expr") for number in range(4)}
_EXPRESSION |= {
    "channel0": (_CHANNELS, "rgba.red"),
    "channel1": (_CHANNELS, "rgba.green"),
    "channel2": (_CHANNELS, "rgba.blue"),
    "channel3": (_CHANNELS, "rgba.alpha"),
}
_EXR = {
    "datatype": (Enumeration_Knob, "16 bit half", ["16 bit half", "32 bit float"]),
    "compression": (Enumeration_Knob, "Zip (1 scanline)", ["none", "Zip (1 scanline)", "Zip (16 scanlines)", "DWAA"]),
    "metadata": (Enumeration_Knob, "default metadata", ["no metadata", "default metadata", "all metadata"]),
}

#: Class: (least inputs, knobs).
CLASSES = {
    "Input": (0, {"number": (_WHOLE, 0)}),
    "Output": (1, {}),
    "Dot": (1, {}),
    "NoOp": (1, {}),
    "Group": (0, {}),
    "BackdropNode": (
        0,
        {"note_font_size": (_WHOLE, 11), "bdwidth": (_WHOLE, 80), "bdheight": (_WHOLE, 45), "z_order": (_WHOLE, 0)},
    ),
    "Root": (
        0,
        {
            "first_frame": (_WHOLE, 1),
            "last_frame": (_WHOLE, 100),
            "frame": (_WHOLE, 1),
            "proxy": (_SWITCH, False),
            "colorManagement": (Enumeration_Knob, "Nuke", ["Nuke", "OCIO"]),
            "OCIO_config": (Enumeration_Knob, "nuke-default", None),
            "workingSpaceLUT": (Enumeration_Knob, "linear", None),
        },
    ),
    "Read": (
        0,
        {
            "file": (File_Knob, ""),
            "first": (_WHOLE, 1),
            "last": (_WHOLE, 1),
            "origfirst": (_WHOLE, 1),
            "origlast": (_WHOLE, 1),
            "origset": (_SWITCH, False),
            "raw": (_SWITCH, False),
            "on_error": (Enumeration_Knob, "error", ["error", "black", "checkerboard", "nearest frame"]),
            "reload": (PyScript_Knob, ""),
        },
    ),
    "Write": (
        1,
        {
            "file": (File_Knob, ""),
            "channels": (_CHANNELS, "rgb"),
            "raw": (_SWITCH, False),
            "create_directories": (_SWITCH, False),
            "file_type": (Enumeration_Knob, "", ["", "exr", "png", "dpx"]),
        },
    ),
    "CheckerBoard2": (0, {"boxsize": (_NUMBER, 64.0)}),
    "Grade": (1, {"multiply": (_NUMBER, 1.0)}),
    "FrameHold": (1, {"first_frame": (_WHOLE, 0)}),
    "Colorspace": (1, {"colorspace_in": _NUKE_SPACE, "colorspace_out": _NUKE_SPACE}),
    "OCIOColorSpace": (1, {"in_colorspace": _OCIO, "out_colorspace": _OCIO}),
    "BlackOutside": (1, {}),
    "Crop": (1, {"box": (BBox_Knob, (0, 0, 0, 0)), "crop": (_SWITCH, True), "reformat": (_SWITCH, False)}),
    "Switch": (1, {"which": (_NUMBER, 0.0)}),
    "MergeExpression": (2, {**_EXPRESSION, "mix": (_NUMBER, 1.0)}),
    "Expression": (1, {**_EXPRESSION, "mix": (_NUMBER, 1.0)}),
    "Copy": (2, {"from0": (_CHANNELS, ""), "to0": (_CHANNELS, ""), "bbox": _BBOX}),
    "Merge2": (
        2,
        {
            "operation": (Enumeration_Knob, "over", ["over", "copy", "plus", "mask"]),
            "bbox": _BBOX,
            "Achannels": (_CHANNELS, "rgba"),
            "Bchannels": (_CHANNELS, "rgba"),
            "output": (_CHANNELS, "rgba"),
            "also_merge": (_CHANNELS, "none"),
            "maskChannelInput": (_CHANNELS, "none"),
            "maskChannelMask": (_CHANNELS, "rgba.alpha"),
            **_MASK,
        },
    ),
}

#: Knobs that come with a Write's file type.
OF_FILE_TYPE = {"exr": _EXR}

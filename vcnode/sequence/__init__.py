"""The frame-sequence API: references, shots, states, and the engine that walks frames."""

from vcnode.sequence.clip_state import ClipState
from vcnode.sequence.colorize import colorize
from vcnode.sequence.cuts import CUT_THRESHOLD, find_cuts
from vcnode.sequence.frame import ColoredFrame
from vcnode.sequence.keyframe_picking import even_keyframes, scene_keyframes
from vcnode.sequence.loading import choose_device, load
from vcnode.sequence.reference import Reference
from vcnode.sequence.reference_files import parse_reference_argument, references_in_folder
from vcnode.sequence.sequence import Sequence
from vcnode.sequence.settings import Direction, Precision, Settings
from vcnode.sequence.shots import Shot, shots_from_cuts, whole_clip
from vcnode.sequence.shots_file import load_shots, save_shots
from vcnode.sequence.state_cache import StateCache
from vcnode.sequence.state_memory import MemoryStateCache
from vcnode.sequence.state_store import CacheInfo, StateStore

__all__ = [
    "CUT_THRESHOLD",
    "CacheInfo",
    "ClipState",
    "ColoredFrame",
    "Direction",
    "MemoryStateCache",
    "Precision",
    "Reference",
    "Sequence",
    "Settings",
    "Shot",
    "StateCache",
    "StateStore",
    "choose_device",
    "colorize",
    "even_keyframes",
    "find_cuts",
    "load",
    "load_shots",
    "parse_reference_argument",
    "references_in_folder",
    "save_shots",
    "scene_keyframes",
    "shots_from_cuts",
    "whole_clip",
]

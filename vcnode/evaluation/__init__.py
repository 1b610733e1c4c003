"""How good a model is: protocols on clips whose colours are known, metrics, baselines, reports.

>>> from vcnode.evaluation import evaluate
>>> evaluate("clips", vcnode.load("lite")).summary["ab_psnr"]
"""

from vcnode.evaluation.clips import Clip, LeftOut, find_clips
from vcnode.evaluation.evaluation import Evaluation, write_json
from vcnode.evaluation.options import GRAYS, PROTOCOLS, SIZES, EvaluationOptions, Gray, Protocol, Size
from vcnode.evaluation.protocols import ClipScore
from vcnode.evaluation.run import evaluate
from vcnode.evaluation.watch import Progress, Watch

__all__ = [
    "GRAYS",
    "PROTOCOLS",
    "SIZES",
    "Clip",
    "ClipScore",
    "Evaluation",
    "EvaluationOptions",
    "Gray",
    "LeftOut",
    "Progress",
    "Protocol",
    "Size",
    "Watch",
    "evaluate",
    "find_clips",
    "write_json",
]

"""What the editor's lists offer. Imports nothing: the editor asks for them before anything is used."""

EMBEDDED = "lite (embedded)"
PRECISIONS = ("auto", "fp32", "fp16")
UPSAMPLINGS = ("adaptive", "bilateral", "bicubic", "guided", "bilinear")
DIRECTIONS = ("forward", "backward", "both")
QUALITIES = ("high", "medium", "lossless")
PICKING = ("scene cuts", "even")
STATE_SUFFIX = ".vcnode.safetensors"
MODEL_SUFFIX = ".safetensors"

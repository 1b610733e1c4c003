"""Which codecs vcnode writes, at which depths, into which containers, with which settings."""

from dataclasses import dataclass, field
from pathlib import Path

from av.codec import Codec
from av.codec.codec import UnknownCodecError

from vcnode.errors import InputError, MediaError
from vcnode.media.pixel_layout import planar_name

CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}


@dataclass(frozen=True)
class _Family:
    encoder: str
    suffixes: tuple[str, ...]
    depths: tuple[int, ...]
    subsamplings: tuple[str, ...]
    quality: int | None = None
    options: dict[str, str] = field(default_factory=dict)
    limited: bool = False


_FAMILIES = {
    "h264": _Family("libx264", (".mp4", ".m4v", ".mov", ".mkv"), (8, 10), ("420", "422", "444"), 16),
    "hevc": _Family("libx265", (".mp4", ".m4v", ".mov", ".mkv"), (8, 10, 12), ("420", "422", "444"), 18),
    # Key frames only and a checksum a slice: what archives ask of FFV1.
    "ffv1": _Family(
        "ffv1",
        (".mkv",),
        (8, 10, 12, 14, 16),
        ("420", "422", "444"),
        None,
        {"level": "3", "slicecrc": "1", "g": "1"},
    ),
    "prores": _Family("prores_ks", (".mov", ".mkv"), (10,), ("422", "444"), None, {"vendor": "apl0"}, limited=True),
}


@dataclass(frozen=True)
class EncoderSettings:
    """How a video is encoded; checked on creation.

    Attributes:
        codec: "h264", "hevc", "ffv1" (lossless) or "prores".
        depth: Bits per code.
        subsampling: "420", "422" or "444".
        quality: Constant rate factor of h264 and hevc, 0 (lossless) to 51; None is visually lossless.
        preset: Speed of h264 and hevc, "ultrafast" to "veryslow".

    Raises:
        InputError: When the codec does not know the depth, subsampling or quality.
        MediaError: When this FFmpeg was built without the codec.
    """

    codec: str = "h264"
    depth: int = 8
    subsampling: str = "420"
    quality: int | None = None
    preset: str = "medium"

    def __post_init__(self) -> None:
        family = _FAMILIES.get(self.codec)
        if family is None:
            raise InputError(f"the codec is {self.codec!r}; choose one of {', '.join(_FAMILIES)}")
        if self.depth not in family.depths:
            raise InputError(
                f"{self.codec} cannot hold {self.depth}-bit codes, only {_listed(family.depths)}; "
                "ffv1 holds 8 to 16 bits without loss"
            )
        if self.subsampling not in family.subsamplings:
            raise InputError(f"{self.codec} takes chroma {_listed(family.subsamplings)}, not {self.subsampling!r}")
        if self.quality is not None and (family.quality is None or not 0 <= self.quality <= 51):
            raise InputError(
                f"quality is {self.quality}; it is 0 (lossless) to 51 for h264 and hevc, and absent for ffv1 and prores"
            )
        try:
            Codec(family.encoder, "w")
        except UnknownCodecError as error:
            raise MediaError(f"this PyAV has no {family.encoder} encoder, so {self.codec} cannot be written") from error

    @property
    def encoder(self) -> str:
        """FFmpeg's name of the encoder."""
        return _FAMILIES[self.codec].encoder

    @property
    def pixel_format(self) -> str:
        """FFmpeg's name of the pixel format."""
        return planar_name(self.subsampling, self.depth)

    def range_for(self, source: str) -> str:
        """The range of codes, "limited" or "full", for a source of the given one: ProRes has no full range."""
        return "limited" if _FAMILIES[self.codec].limited else source

    def options(self) -> dict[str, str]:
        """Encoder options; every segment opens with a key frame that nothing before it is needed for."""
        options = dict(_FAMILIES[self.codec].options)
        quality = self.quality if self.quality is not None else _FAMILIES[self.codec].quality
        if self.codec == "h264":
            options |= {"preset": self.preset, "flags": "+cgop"}
            options |= {"qp": "0"} if quality == 0 else {"crf": str(quality)}
        elif self.codec == "hevc":
            rate = "lossless=1" if quality == 0 else f"crf={quality}"
            options |= {"preset": self.preset, "x265-params": f"open-gop=0:log-level=none:{rate}"}
        elif self.codec == "prores":
            options["profile"] = "4444" if self.subsampling == "444" else "hq"
        return options

    def container_for(self, path: Path) -> str:
        """FFmpeg's name of the container that `path` asks for.

        Raises:
            InputError: When the suffix is unknown or its container cannot hold the codec.
        """
        suffixes = _FAMILIES[self.codec].suffixes
        if path.suffix.lower() not in suffixes:
            raise InputError(f"{self.codec} is written to {_listed(suffixes)}, not {path.name!r}; change the ending")
        return CONTAINERS[path.suffix.lower()]

    def check_size(self, width: int, height: int) -> None:
        """Refuse odd sizes where chroma is subsampled, as these encoders do.

        Raises:
            InputError: For a size that the encoder cannot take.
        """
        odd = (self.subsampling != "444" and width % 2) or (self.subsampling == "420" and height % 2)
        if odd and self.codec != "ffv1":
            raise InputError(
                f"{self.codec} with chroma {self.subsampling} cannot hold the odd size {width}x{height}; "
                "use 444 or ffv1"
            )


def codec_depths(codec: str) -> tuple[int, ...]:
    """Bits per code that a codec can hold, in ascending order; empty for an unknown one."""
    return _FAMILIES[codec].depths if codec in _FAMILIES else ()


def _listed(values: tuple[object, ...]) -> str:
    *before, last = map(str, values)
    return f"{', '.join(before)} or {last}" if before else last

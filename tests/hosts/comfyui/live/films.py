"""A film for Load Video."""

from fractions import Fraction

import av
import numpy as np
from av.video.reformatter import Colorspace

RATE = 12
SAMPLES = 8000  # of sound, a second


def write_film(path, images, sound=True):
    """Write images `(B, H, W, 3)`, 0..1, as H.264 in MP4 with a tone."""
    with av.open(str(path), "w") as file:
        video = file.add_stream("libx264", rate=RATE, options={"crf": "10"})
        video.width, video.height, video.pix_fmt = images.shape[2], images.shape[1], "yuv420p"
        video.codec_context.colorspace = Colorspace.ITU709  # the luma that images are taken to have, too
        audio = file.add_stream("aac", rate=SAMPLES, layout="mono") if sound else None
        for image in (np.asarray(images) * 255).round().astype(np.uint8):
            file.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        file.mux(video.encode())
        if audio is not None:
            wave = 0.2 * np.sin(np.arange(SAMPLES * len(images) // RATE) / 5)
            for start in range(0, len(wave), 1024):
                part = av.AudioFrame.from_ndarray(wave[None, start : start + 1024].astype(np.float32), "fltp", "mono")
                part.sample_rate, part.pts, part.time_base = SAMPLES, start, Fraction(1, SAMPLES)
                file.mux(audio.encode(part))
            file.mux(audio.encode())
    return path

"""One job, from handing it over to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable

from vcnode_client.messages import Message
from vcnode_client.problems import Cancelled, ClientError, from_worker
from vcnode_client.worker import Worker


@dataclass(frozen=True)
class Coloured:
    """What came of a job.

    Attributes:
        frames: Frames in the result.
        rendered: Those that this run made; fewer when it went on from an earlier one.
        fps: Frames a second.
        confidence: Mean, 0..1; None where it is not known.
        weak_frames: Where a further reference would help most.
    """

    frames: int
    rendered: int
    fps: float
    confidence: float | None
    weak_frames: tuple[int, ...]


def colour(
    worker: Worker,
    identity: str,
    job: dict[str, Any],
    progress: Callable[[float, str], None],
    is_cancelled: Callable[[], bool],
) -> Coloured:
    """Have a job done, and wait for it.

    Args:
        worker: Who does it.
        identity: A name for it, new for every job of a worker.
        job: See `vcnode_client.job.build`.
        progress: Told how far it is, 0..1, and a line about it.
        is_cancelled: Asked a few times a second.

    Raises:
        Cancelled: The artist asked to stop, and the worker has stopped.
        WorkerLost: The worker is gone.
        ClientError: The job was rejected, with every reason, or failed.
    """
    worker.send({"type": "job", "id": identity, "job": job})
    cancelling = False
    progress(0.0, "waiting for the worker")
    while True:
        if not cancelling and is_cancelled():
            cancelling = True
            worker.send({"type": "cancel", "id": identity})
            progress(0.0, "stopping")
        message = worker.receive()
        if message is None or message.get("id", identity) != identity:
            continue
        kind = message["type"]
        if kind == "accepted":
            progress(0.0, f"loading the model {message.get('model')} on {message.get('device')}")
        elif kind == "progress" and not cancelling:
            progress(_fraction(message), line(message))
        elif kind == "done":
            return _coloured(message)
        elif kind == "cancelled":
            raise Cancelled(int(message.get("kept", 0)))
        elif kind == "rejected":
            raise ClientError(*[from_worker(each) for each in message.get("problems") or [{}]])
        elif kind in ("failed", "error"):
            raise ClientError(str(message.get("problem", "The worker failed without a reason.")))


def line(message: Message) -> str:
    """A progress message in words: "frame 1024, 24 of 120, 1.7 fps, 0:56 left"."""
    parts = [f"frame {message.get('frame')}", f"{message.get('done')} of {message.get('total')}"]
    if message.get("backward"):
        parts[0] = f"backward, {parts[0]}"
    if message.get("fps"):
        parts.append(f"{message['fps']:.1f} fps")
    if message.get("seconds_left") is not None:
        seconds = int(message["seconds_left"])
        parts.append(f"{seconds // 60}:{seconds % 60:02d} left")
    return ", ".join(parts)


def _fraction(message: Message) -> float:
    total = float(message.get("total") or 0)
    return min(1.0, float(message.get("done") or 0) / total) if total else 0.0


def _coloured(message: Message) -> Coloured:
    confidence = message.get("confidence")
    return Coloured(
        frames=int(message.get("frames", 0)),
        rendered=int(message.get("rendered", 0)),
        fps=float(message.get("fps") or 0),
        confidence=None if confidence is None else float(confidence),
        weak_frames=tuple(int(each) for each in message.get("weak_frames") or ()),
    )

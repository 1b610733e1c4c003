"""VideoHelperSuite's meta-batches: a run that is queued again for each batch of frames goes on with one state."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from vcnode.errors import InputError
from vcnode.sequence import ClipState


@dataclass(frozen=True)
class _Left:
    """What a node left after a batch: the batch's number in the run, and the state."""

    batch: int
    state: ClipState


# By manager and node: nodes cannot keep anything themselves, and a manager lives as long as its run is queued again.
_states: WeakKeyDictionary[Any, dict[str, _Left]] = WeakKeyDictionary()


@dataclass(frozen=True)
class MetaBatch:
    """One batch of a run, as one node sees it.

    Attributes:
        manager: VideoHelperSuite's own object, or None where no manager is connected.
        node: Id of the node.
        number: Of the batch, counted from 0.
    """

    manager: Any
    node: str
    number: int

    @classmethod
    def of(cls, manager: Any, node: str | None, prompt: Mapping[str, Any] | None) -> "MetaBatch":
        """Find out which batch it is; the manager writes its count into the prompt when it queues it again."""
        if manager is None:
            return cls(None, "", 0)
        own = (prompt or {}).get(str(getattr(manager, "unique_id", "")), {})
        return cls(manager, str(node), int(own.get("inputs", {}).get("requeue", 0)))

    def state(self, given: ClipState | None) -> ClipState | None:
        """The state to begin with.

        Args:
            given: What is connected to the node; counts for the first batch.

        Raises:
            InputError: The batch before was not coloured by this node.
        """
        if self.manager is None or self.number == 0:
            return given
        left = _states.get(self.manager, {}).get(self.node)
        if left is None or left.batch != self.number - 1:
            raise InputError(
                f"This is batch {self.number + 1} of a meta batch, but the batch before it was not coloured here: "
                "queue the workflow again, so that it begins with the first batch."
            )
        return left.state

    def keep(self, state: ClipState) -> None:
        """Remember the state for the next batch."""
        if self.manager is not None:
            _states.setdefault(self.manager, {})[self.node] = _Left(self.number, state)

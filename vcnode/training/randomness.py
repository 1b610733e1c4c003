"""Random numbers that derive from what they are for, so that nothing about them has to be remembered."""

import hashlib

import torch


def generator_for(*purpose: object, device: torch.device | str = "cpu") -> torch.Generator:
    """Return a generator that is the same for the same purpose, such as `(seed, step, "history")`."""
    return torch.Generator(device).manual_seed(seed_for(*purpose))


def seed_for(*purpose: object) -> int:
    """Return a seed of 63 bits for a purpose."""
    digest = hashlib.blake2b("/".join(map(str, purpose)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1

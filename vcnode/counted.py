"""Numbers of things in sentences."""


def counted(number: int, thing: str) -> str:
    """Say how many there are: "1 frame", "2 frames".

    Args:
        number: How many.
        thing: The word for one.
    """
    return f"{number} {thing}{'' if number == 1 else 's'}"

"""Run by Natron when it starts, with and without a user."""

import inspect

if not hasattr(inspect, "getargspec"):
    # Natron up to 2.6 asks for it before every callback; Python 3.11 no longer has it. Without, no button works.
    inspect.getargspec = inspect.getfullargspec

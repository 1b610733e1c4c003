import os
import sys
import time

import pytest

from vcnode.bench.child import run_child
from vcnode.bench.memory import peak_memory
from vcnode.errors import Cancelled, InputError

MEGABYTES = 200
posix = pytest.mark.skipif(os.name == "nt", reason="Windows does not tell it")


def python(code):
    return [sys.executable, "-c", code]


def test_time_and_memory_of_a_program_are_its_own():
    code = f"import time; kept = bytearray(b'1') * {MEGABYTES * 2**20}; time.sleep(0.3)"
    run = run_child(python(code), {})
    idle = run_child(python("import time; time.sleep(0.3)"), {})
    assert run.seconds >= 0.3
    if peak_memory() is None:
        pytest.skip("this system tells no process's memory")
    assert run.memory - idle.memory == pytest.approx(MEGABYTES * 2**20, rel=0.1)


@posix
def test_processor_time_is_not_the_time_spent_waiting():
    run = run_child(python("import time; time.sleep(1)"), {})
    assert run.cpu_seconds < run.seconds


def test_the_environment_is_added_to():
    run_child(
        python("import os; assert os.environ['VCNODE_TEST'] == 'yes' and os.environ['PATH']"), {"VCNODE_TEST": "yes"}
    )


def test_a_program_that_fails_is_quoted():
    with pytest.raises(InputError, match=r"failed with code 3 and said last: first / no weights"):
        run_child(python("import sys; print('first'); print('no weights', file=sys.stderr); sys.exit(3)"), {})


def test_a_program_that_is_not_there_is_named():
    with pytest.raises(InputError, match="no-such-program cannot be started"):
        run_child(["no-such-program"], {})


def test_a_program_ends_when_asked():
    began = time.monotonic()
    with pytest.raises(Cancelled):
        run_child(python("import time; time.sleep(60)"), {}, lambda: time.monotonic() > began + 0.2)
    assert time.monotonic() < began + 30

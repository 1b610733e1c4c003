"""The job on this machine, run by Open Job Description's own command line."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from rendering.films import read_pictures

import vcnode
from vcnode.farm import write_farm_job
from vcnode.rendering import RenderJob, render

pytest.importorskip("openjd.cli", reason="the job is run with openjd-cli, which is not installed")

REPOSITORY = Path(__file__).parents[2]


def test_a_farm_makes_the_frames_of_one_machine(job, film):
    template = write_farm_job(replace(job, python=sys.executable), film / "job")
    paths = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
    threads = str(torch.get_num_threads())  # sums are cut into as many parts
    ended = subprocess.run(
        [sys.executable, "-m", "openjd", "run", str(template), "--job-param", f"file://{film / 'job/parameters.yaml'}"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": threads},
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.count("openjd_progress: 100.0") == 2
    render(RenderJob(job.source, film / "alone" / "out.####.png", shots=vcnode.load_shots(job.shots), device="cpu"))
    farmed, alone = read_pictures(film / "out", "out"), read_pictures(film / "alone", "out")
    assert len(farmed) == len(alone) == 7
    assert all(np.array_equal(one, other) for one, other in zip(farmed, alone, strict=True))

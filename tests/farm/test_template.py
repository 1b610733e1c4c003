import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from rendering.films import luma, write_film

from vcnode.cli import main
from vcnode.errors import InputError, MediaError
from vcnode.farm import FarmJob, write_farm_job


def written(path):
    return yaml.safe_load(path.read_text("utf-8"))


def test_there_is_a_task_for_each_shot(job, film):
    template = written(write_farm_job(job, film / "job"))
    assert template["specificationVersion"] == "jobtemplate-2023-09"
    (step,) = template["steps"]
    assert step["parameterSpace"]["taskParameterDefinitions"] == [{"name": "Shot", "type": "INT", "range": "1-2"}]
    assert "hostRequirements" not in step


def test_no_action_imports_from_the_folder_that_it_runs_in(job, film):
    (step,) = written(write_farm_job(job, film / "job"))["steps"]
    (environment,) = step["stepEnvironments"]
    assert environment["variables"] == {"PYTHONSAFEPATH": "1"}


def test_a_job_for_gpus_asks_for_machines_with_one(film):
    job = FarmJob(film / "shots.yaml", film / "in" / "in.####.png", film / "out.####.png", device="cuda")
    (step,) = written(write_farm_job(job, film / "job"))["steps"]
    assert step["hostRequirements"] == {"amounts": [{"name": "amount.worker.gpu", "min": 1}]}


def test_every_parameter_has_a_value_and_a_use(job, film):
    template = written(write_farm_job(job, film / "job"))
    names = [parameter["name"] for parameter in template["parameterDefinitions"]]
    defaults = {each["name"] for each in template["parameterDefinitions"] if "default" in each}
    assert set(written(film / "job" / "parameters.yaml")) == set(names) - defaults
    steps = str(template["steps"])
    assert all(f"{{{{Param.{name}}}}}" in steps for name in names)


def test_paths_hold_on_any_machine_but_the_template_holds_none(job, film):
    template = write_farm_job(job, film / "job").read_text("utf-8")
    assert str(film) not in template
    assert written(film / "job" / "parameters.yaml") == {
        "Shots": str(film / "shots.yaml"),
        "SourceFolder": str(film / "in"),
        "TargetFolder": str(film / "out"),
    }


def test_paths_that_climb_are_written_as_they_lead(job, film, monkeypatch):
    monkeypatch.chdir(film / "in")
    climbing = FarmJob(Path("../shots.yaml"), Path("../in/in.####.png"), Path("../out/out.####.png"))
    write_farm_job(climbing, film / "job")
    assert written(film / "job" / "parameters.yaml") == {
        "Shots": str(film / "shots.yaml"),
        "SourceFolder": str(film / "in"),
        "TargetFolder": str(film / "out"),
    }


def test_names_of_any_alphabet_are_written_in_ascii(job, film):
    """Open Job Description's command line reads parameters in the system's encoding, on Windows seldom UTF-8."""
    folder = film / "Überblende 映画"
    (film / "in").rename(folder)
    write_farm_job(FarmJob(job.shots, folder / "in.####.png", folder / "ü.####.png"), film / "job")
    values = yaml.safe_load((film / "job" / "parameters.yaml").read_text("ascii"))
    assert values["SourceFolder"] == values["TargetFolder"] == str(folder)
    assert "ü.####.png" in str(written(film / "job" / "template.yaml"))


def test_a_plan_that_does_not_fit_the_film_is_refused(job, film):
    (film / "in" / "in.1007.png").unlink()
    (film / "shots.yaml").write_text(job.shots.read_text().replace("first: 4", "first: 4, last: 6"))
    with pytest.raises(InputError, match="beyond the clip"):
        write_farm_job(job, film / "job")
    assert not (film / "job").exists()


def test_a_keyframe_beyond_the_film_is_refused(job, film):
    (film / "shots.yaml").write_text(job.shots.read_text().replace("frame: 5", "frame: 7"))
    with pytest.raises(InputError, match="is for frame 7, but the clip's 7 frames end at 6"):
        write_farm_job(job, film / "job")
    assert not (film / "job").exists()


def test_a_target_without_numbers_and_a_folder_that_is_a_file_are_refused(job, film):
    with pytest.raises(InputError, match="place for the frames"):
        write_farm_job(FarmJob(job.shots, job.source, film / "out.mkv"), film / "job")
    with pytest.raises(InputError, match="place for the frames"):
        write_farm_job(FarmJob(job.shots, write_film(film / "film.mkv", luma(7)), film / "out.gif"), film / "job")
    with pytest.raises(MediaError, match="another folder"):
        write_farm_job(job, film / "r.png")


def test_the_command_prints_the_template(film, capsys, monkeypatch):
    monkeypatch.chdir(film)
    arguments = ["farm", "shots.yaml", "--source", "in/in.####.png", "--target", "out/out.####.png", "-o", "job"]
    assert main([*arguments, "--device", "cpu", "--confidence", "--direction", "both"]) == 0
    assert "job" in capsys.readouterr().out
    template = written(film / "job" / "template.yaml")
    defaults = {each["name"]: each.get("default") for each in template["parameterDefinitions"]}
    assert defaults["Confidence"] == "yes"
    assert defaults["Encoding"] == "default"
    assert defaults["Direction"] == "both"
    assert written(film / "job" / "parameters.yaml")["Shots"] == str(film / "shots.yaml")
    assert main(["farm", "absent.yaml", "--source", "in/in.####.png", "--target", "out.####.png", "-o", "job"]) == 1
    assert "absent.yaml" in capsys.readouterr().err


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_open_job_descriptions_own_check_passes(film, device):
    pytest.importorskip("openjd.cli", reason="the template is checked with openjd-cli, which is not installed")
    job = FarmJob(film / "shots.yaml", film / "in" / "in.####.png", film / "out.####.png", device=device)
    template = write_farm_job(job, film / "job")
    checked = subprocess.run(
        [sys.executable, "-m", "openjd", "check", str(template)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr

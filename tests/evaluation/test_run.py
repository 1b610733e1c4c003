"""A whole run on small clips."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from evaluation.conftest import frames, write_frames
from vcnode.errors import Cancelled, InputError, ModelError
from vcnode.evaluation import Evaluation, EvaluationOptions, Watch, evaluate, find_clips, write_json

pytest.importorskip("cv2", reason="flow needs the extra 'evaluate'")

BASELINES = {"gray", "reinhard", "matching alone", "optical flow", "untrained composition", "per frame"}


class Recorder(Watch):
    """Notes what it is told; may ask to stop."""

    def __init__(self, stop_in_clip=None):
        self.left, self.steps, self.evaluations, self._stop = [], [], [], stop_in_clip

    def left_out(self, left_out):
        self.left.append((left_out.clip, left_out.protocol))

    def progress(self, progress):
        self.steps.append(progress)

    def finished(self, evaluation):
        self.evaluations.append(evaluation)

    def cancelled(self):
        return bool(self.steps) and self.steps[-1].clip_number == self._stop


def of(evaluation, clip, protocol="first-frame"):
    return next(each for each in evaluation.clips if (each.clip, each.protocol) == (clip, protocol))


def test_every_clip_is_scored_under_every_protocol_it_can_be(evaluation):
    assert [(clip.clip, clip.protocol) for clip in evaluation.clips] == [
        ("moving", "first-frame"),
        ("still", "first-frame"),
        ("moving", "other-scene"),
        ("old", "other-scene"),
        ("still", "other-scene"),
    ]
    assert [(each.clip, each.protocol) for each in evaluation.left_out] == [("old", "first-frame")]
    assert "gray" in evaluation.left_out[0].reason
    assert evaluation.status == "complete"
    assert of(evaluation, "still", "other-scene").reference == "the first frame of moving"
    assert of(evaluation, "old", "other-scene").reference == "0000.png"


def test_the_reference_frame_is_not_scored_and_all_methods_see_the_same_frames(evaluation):
    moving = of(evaluation, "moving")
    assert moving.frames == 13
    assert set(moving.ab_psnr_by_distance) == {"vcnode", *BASELINES}
    assert all(len(curve) == 13 for curve in moving.ab_psnr_by_distance.values())
    assert of(evaluation, "old", "other-scene").frames == 5


def test_known_baselines_score_what_they_must(evaluation):
    still, moving = of(evaluation, "still"), of(evaluation, "moving")
    assert still.scores["optical flow"]["ab_psnr"] > 60  # nothing moves, so nothing is lost
    assert still.ab_psnr_by_distance["gray"] == pytest.approx([still.ab_psnr_by_distance["gray"][0]] * 5)
    assert still.scores["truth"]["warp_error"] < 1e-5
    assert moving.scores["untrained composition"]["ab_psnr"] > moving.scores["reinhard"]["ab_psnr"]
    assert moving.scores["gray"]["colourfulness"] < 1 < moving.scores["truth"]["colourfulness"]


def test_a_clip_without_colour_is_looked_at_without_a_ratio_of_colour(evaluation):
    old = of(evaluation, "old", "other-scene")
    assert old.ratio("colourfulness") is None
    assert old.scores["vcnode"]["colourfulness"] > 0
    assert not old.ab_psnr_by_distance


def test_the_file_has_the_figures_and_what_they_depend_on(evaluation, tmp_path):
    path = tmp_path / "deep" / "figures.json"
    write_json(evaluation, path)
    figures = json.loads(path.read_text(encoding="utf-8"))
    summary = figures["summary"]
    assert figures["status"] == "complete"
    assert set(summary["ab_psnr"]) == {"vcnode", *BASELINES}
    assert list(summary["ab_psnr_by_distance"]) == [str(distance) for distance in range(1, 14)]
    assert isinstance(summary["beats_baselines_beyond_10"], bool)
    assert summary["margin_beyond_10"]["distance"] > 10
    wanted = "behind_flow_up_to_10 flicker_ratio colourfulness_ratio cdc versions model settings device options"
    assert all(summary[key] is not None for key in wanted.split())
    assert summary["fid"] is None
    assert "frames" in summary["unavailable"]["fid"] or "weights" in summary["unavailable"]["fid"]
    rows = {(row["clip"], row["protocol"]): row for row in figures["clips"]}
    assert len(rows[("moving", "first-frame")]["ab_psnr_by_distance"]["vcnode"]) == 13
    assert (
        rows[("moving", "first-frame")]["ab_psnr"]["gray"]
        == rows[("moving", "first-frame")]["scores"]["gray"]["ab_psnr"]
    )
    metrics = "rgb_psnr colormnet_script_psnr ssim ciede2000_mean ciede2000_p95 colourfulness_difference warp_error cdc"
    assert set(metrics.split()) <= set(rows[("still", "first-frame")]["scores"]["vcnode"])
    assert figures["left_out"][0]["clip"] == "old"
    assert list(path.parent.iterdir()) == [path]


def test_a_quick_run_has_the_curve_flicker_and_colourfulness_alone(clips_folder, tiny_model):
    clips = find_clips(clips_folder, ["still"])
    scores = evaluate(clips, tiny_model, EvaluationOptions(quick=True, frames=3)).clips[0].scores
    assert set(scores["optical flow"]) == {"ab_psnr"}
    assert {"ab_psnr", "warp_error", "colourfulness"} <= set(scores["vcnode"])
    assert not {"ssim", "rgb_psnr", "ciede2000_mean"} & set(scores["vcnode"])


def test_quick_and_full_runs_agree(evaluation, clips_folder, tiny_model):
    clips = find_clips(clips_folder, ["still"])
    quick = evaluate(clips, tiny_model, EvaluationOptions(quick=True)).clips[0]
    assert quick.ab_psnr_by_distance == of(evaluation, "still").ab_psnr_by_distance


def test_without_baselines_only_the_network_runs(clips_folder, tiny_model):
    clips = find_clips(clips_folder, ["still"])
    result = evaluate(clips, tiny_model, EvaluationOptions(quick=True, baselines=False, frames=2))
    assert set(result.clips[0].scores) == {"vcnode", "truth"}
    assert result.summary["beats_baselines_beyond_10"] is None


def test_clips_can_be_scored_at_the_networks_size(tmp_path, tiny_model):
    write_frames(tmp_path / "large", frames(2, height=240, width=300))
    options = EvaluationOptions(size="working", quick=True, baselines=False)
    score = evaluate(tmp_path, tiny_model, options).clips[0]
    side = tiny_model.config.working_size
    assert (score.width, score.height) == (side * 300 // 240, side)


def test_luma_is_given_to_all_methods_and_scored_like_lightness(clips_folder, tiny_model):
    clips = find_clips(clips_folder, ["moving"])
    given = {
        gray: evaluate(clips, tiny_model, EvaluationOptions(quick=True, frames=4, gray=gray)).clips[0].scores
        for gray in ("lightness", "luma")
    }
    assert given["lightness"]["gray"]["ab_psnr"] == given["luma"]["gray"]["ab_psnr"]
    assert given["lightness"]["truth"]["colourfulness"] == given["luma"]["truth"]["colourfulness"]
    for method in ("vcnode", "per frame", "matching alone", "reinhard", "optical flow", "untrained composition"):
        assert given["lightness"][method]["ab_psnr"] != given["luma"][method]["ab_psnr"]


def test_a_stopped_run_keeps_what_was_finished_and_says_so(clips_folder, tiny_model):
    watch = Recorder(stop_in_clip=2)
    with pytest.raises(Cancelled, match="finished before"):
        evaluate(clips_folder, tiny_model, EvaluationOptions(quick=True, baselines=False), watch)
    assert [each.status for each in watch.evaluations] == ["running", "interrupted"]
    assert [clip.clip for clip in watch.evaluations[-1].clips] == ["moving"]
    assert watch.left == [("old", "first-frame")]


def test_progress_counts_every_frame_once(clips_folder, tiny_model):
    watch = Recorder()
    evaluate(clips_folder, tiny_model, EvaluationOptions(quick=True, baselines=False, frames=3), watch)
    assert [step.done for step in watch.steps] == list(range(6))
    assert {(step.clips, step.total, step.frames) for step in watch.steps} == {(2, 6, 3)}


def test_clips_that_fail_are_named_and_the_others_are_scored(tmp_path, tiny_model):
    write_frames(tmp_path / "good", frames(3))
    write_frames(tmp_path / "single", frames(1))
    write_frames(tmp_path / "black_start", [np.zeros_like(frames(1)[0]), *frames(3)])
    (tmp_path / "broken.mp4").write_bytes(b"no film")
    watch = Recorder()
    result = evaluate(tmp_path, tiny_model, EvaluationOptions(quick=True, baselines=False), watch)
    assert [clip.clip for clip in result.clips] == ["good"]
    reasons = {each.clip: each.reason for each in result.left_out}
    assert set(reasons) == {"single", "black_start", "broken"}
    assert "two or more" in reasons["single"]
    assert "gray" in reasons["black_start"]
    assert "broken.mp4" in reasons["broken"]


def test_without_opencv_that_is_said_before_any_clip_is_looked_through(clips_folder, tiny_model, monkeypatch):
    monkeypatch.setattr("vcnode.training.optical_flow.find_spec", lambda name: None)
    looked = []
    monkeypatch.setattr("vcnode.evaluation.run.look_through", lambda clip, *rest: looked.append(clip))
    with pytest.raises(ModelError, match=r"vcnode\[evaluate\]"):
        evaluate(clips_folder, tiny_model, EvaluationOptions(quick=True))
    assert not looked


def test_no_usable_clip_is_one_sentence_with_all_reasons(tmp_path, tiny_model):
    write_frames(tmp_path / "gray", frames(3, color=False))
    write_frames(tmp_path / "single", frames(1))
    with pytest.raises(InputError, match=r"No clip can be scored \(single: .*gray: .*\): give"):
        evaluate(tmp_path, tiny_model, EvaluationOptions(quick=True))


def test_a_lone_clip_has_no_other_scene(tmp_path, tiny_model):
    write_frames(tmp_path / "lone", frames(2))
    with pytest.raises(InputError, match="no other clip in colour"):
        evaluate(tmp_path, tiny_model, EvaluationOptions(protocols=("other-scene",)))


@pytest.mark.parametrize("wrong", [{"protocols": ()}, {"protocols": ("last-frame",)}, {"frames": 1}, {"size": "half"}])
def test_options_out_of_range_are_refused(wrong):
    with pytest.raises(InputError, match="give"):
        EvaluationOptions(**wrong)


def test_stills_are_small_pictures_of_every_method(evaluation):
    stills = of(evaluation, "moving").stills
    assert [still.number for still in stills] == [1, 7, 13]
    assert {"truth", "gray input", "confidence", "vcnode", *BASELINES} <= set(stills[0].pictures)
    for data in stills[0].pictures.values():
        with Image.open(io.BytesIO(data)) as image:
            assert image.size == (96, 64)


def test_an_evaluation_without_clips_has_a_summary_too():
    assert Evaluation("interrupted", {}).to_dict()["clips"] == []

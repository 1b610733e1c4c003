from vcnode.training.smoke import smoke


def test_every_part_of_training_runs(tmp_path):
    said = []
    smoke(tmp_path, "cpu", said.append)
    told = " | ".join(said)
    for part in ("index: 6 photos and 1 clip", "contextual", "adversarial", "temporal", "matching", "discriminator"):
        assert part in told
    assert "gone on with: the same weights" in told
    assert "narrow devc: 1 step" in told
    assert "fine-tuned on a film" in told

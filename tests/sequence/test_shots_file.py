import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vcnode.errors import InputError
from vcnode.sequence.reference import Reference
from vcnode.sequence.shots import Shot
from vcnode.sequence.shots_file import load_shots, save_shots

IMAGES = ("a.png", "b.png", "mask.png", "folder/c d.png", "123", "~", "ünï - #1 [ö].png")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shots")
    (folder / "folder").mkdir()
    for name in IMAGES:
        (folder / name).write_bytes(b"")
    return folder


@pytest.fixture
def load(folder):
    def load_text(text):
        path = folder / "shots.yaml"
        path.write_text(text, encoding="utf-8")
        return load_shots(path)

    return load_text


def one_shot(line):
    return f"version: 1\nshots:\n- first: 0\n  references: [a.png]\n- first: 50\n  last: 99\n{line}"


def test_reads_every_field_and_counts_paths_from_the_folder_of_the_file(load, folder):
    shots = load(
        """
        version: 1
        shots:
          - first: 0
            last: 119
            references: [a.png, {image: b.png, frame: 60, weight: 0.5, mask: mask.png}]
          - first: 000120      # decimal, though YAML 1.1 would read 80
            references:
              - folder/c d.png
              - 123
        """
    )
    assert shots == (
        Shot(
            0,
            119,
            (Reference(folder / "a.png"), Reference(folder / "b.png", 60, 0.5, folder / "mask.png")),
        ),
        Shot(120, None, (Reference(folder / "folder/c d.png"), Reference(folder / "123"))),
    )


def test_an_optional_field_left_empty_counts_as_left_out(load, folder):
    (shot,) = load("{version: 1, shots: [{first: 3, last: , references: [{image: a.png, frame: , mask: null}]}]}")
    assert shot == Shot(3, None, (Reference(folder / "a.png"),))


def test_absolute_paths_stay(load, folder, tmp_path):
    (tmp_path / "elsewhere.png").write_bytes(b"")
    (shot,) = load(f"version: 1\nshots: [{{first: 0, references: ['{tmp_path / 'elsewhere.png'}']}}]")
    assert shot.references[0].path == tmp_path / "elsewhere.png"


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("version: 1\nshots: [", 2, "not valid YAML"),
        ("version: 1\n\tshots: []", 2, "not valid YAML"),
        ("- first: 0", 1, "here belong fields"),
        ("version: 1", 1, "'shots' is missing"),
        ("shots: []", 1, "'version' is missing"),
        ("version: 2\nshots: []", 1, "version is 2"),
        ("version: one\nshots: []", 1, "whole number"),
        ("version: 1\nshots: []", 2, "empty"),
        ("version: 1\nshots: all", 2, "list"),
        ("version: 1\nshots:\n- first: 0", 3, "'references' is missing"),
        (one_shot("  references: a.png"), 7, "list"),
        (one_shot("  references: []"), 5, "no reference"),
        (one_shot("  references: [[a.png]]"), 7, "here belong fields"),
        (one_shot("  references:\n  - a.png\n  - none.png"), 9, "there is no file"),
        (one_shot("  references:\n  - folder"), 8, "there is no file"),
        (one_shot("  references:\n  - "), 8, "path of an image"),
        (one_shot("  references:\n  - {image: a.png, mask: none.png}"), 8, "there is no file"),
        (one_shot("  references:\n  - image: a.png\n    wait: 2"), 9, "unknown field 'wait'.*weight"),
        (one_shot("  references:\n  - frame: 60"), 8, "'image' is missing"),
        (one_shot("  references:\n  - {image: a.png, frame: 1:30}"), 8, "whole number.*'1:30'"),
        (one_shot("  references:\n  - {image: a.png, frame: -3}"), 8, "whole number.*'-3'"),
        (one_shot("  references:\n  - {image: a.png, frame: 10}"), 5, "outside its shot"),
        (one_shot("  references:\n  - {image: a.png, weight: heavy}"), 8, "number.*'heavy'"),
        (one_shot("  references:\n  - {image: a.png, weight: .nan}"), 8, "number"),
        (one_shot("  references:\n  - {image: a.png, weight: 0}"), 8, "above 0"),
        (one_shot("  references: [a.png]\n  first: 50"), 8, "appears twice"),
        (one_shot("  references: [a.png]\n- first: 99\n  references: [a.png]"), 3, "overlap"),
        (one_shot("  references: [a.png]").replace("last: 99", "last: 5.5"), 6, "whole number"),
        (one_shot("  references: [a.png]").replace("last: 99", "last: [1]"), 6, "a list or fields"),
        (one_shot("  references: [a.png]").replace("first: 50", "first: " + "9" * 5000), 5, "whole number"),
    ],
)
def test_every_complaint_names_the_line(load, text, line, problem):
    with pytest.raises(InputError, match=rf"(?s)shots\.yaml, line {line}\b.*{problem}"):
        load(text)


def test_missing_empty_and_undecodable_files_are_refused(tmp_path):
    path = tmp_path / "shots.yaml"
    for content, problem in (
        (None, "cannot be read"),
        (b"", "is empty"),
        (b"\xff\xfe\xff", "not valid YAML"),
    ):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(InputError, match=problem):
            load_shots(path)
    with pytest.raises(InputError, match="cannot be read"):
        load_shots(tmp_path)


def test_bottomless_nesting_is_refused(load):
    with pytest.raises(InputError, match="nests too deeply"):
        load("[" * 20000)


TOKENS = """
version:_1 shots: -_ first:_ last:_9 references:_ a.png {image:_ } [ ] !!python/name:os.system &x_ *x __
:_ 0 -1 null <<:_ ' "\\ weight:_.inf mask:_ %_ ?_
"""
pieces = st.sampled_from(["\n", *(token.replace("_", " ") for token in TOKENS.split())])


@settings(max_examples=300)
@given(st.lists(pieces, max_size=25).map("".join) | st.text(max_size=40) | st.binary(max_size=40))
def test_any_content_is_either_read_or_refused_with_a_sentence(folder, content):
    path = folder / "any.yaml"
    path.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
    try:
        shots = load_shots(path)
    except InputError as refusal:
        shots, sentence = None, str(refusal)
    assert shots or "any.yaml" in sentence


@st.composite
def plans(draw):
    """Ranges of frames with the names of images, their frames, weights and masks."""
    bounds = sorted(draw(st.sets(st.integers(0, 10**6), min_size=2, max_size=8)))
    ranges = list(zip(bounds[::2], bounds[1::2], strict=False))
    if draw(st.booleans()):
        ranges.append((bounds[-1] + 1, None))
    return [
        (
            first,
            last,
            draw(
                st.lists(
                    st.tuples(
                        st.sampled_from(IMAGES),
                        st.none() | st.integers(first, first + 50 if last is None else last),
                        st.floats(1e-6, 1e6),
                        st.none() | st.sampled_from(IMAGES),
                    ),
                    min_size=1,
                    max_size=3,
                )
            ),
        )
        for first, last in ranges
    ]


@given(plans())
def test_what_is_saved_is_loaded_again(folder, plan):
    shots = tuple(
        Shot(
            first,
            last,
            tuple(
                Reference(folder / name, frame, weight, None if mask is None else folder / mask)
                for name, frame, weight, mask in references
            ),
        )
        for first, last, references in plan
    )
    save_shots(shots, folder / "saved.yaml")
    assert load_shots(folder / "saved.yaml") == shots


def test_saved_folder_can_be_moved(tmp_path):
    here = tmp_path / "here"
    here.mkdir()
    (here / "a.png").write_bytes(b"")
    (tmp_path / "outside.png").write_bytes(b"")
    save_shots(
        [Shot(0, None, (Reference(here / "a.png"), Reference(tmp_path / "outside.png")))],
        here / "shots.yaml",
    )
    there = here.rename(tmp_path / "there")
    (shot,) = load_shots(there / "shots.yaml")
    assert [reference.path for reference in shot.references] == [there / "a.png", tmp_path / "outside.png"]


def test_relative_paths_are_saved_from_the_current_folder(tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    save_shots([Shot(0, None, (Reference(Path("a.png")),))], "shots.yaml")
    assert load_shots("shots.yaml")[0].references[0].path == tmp_path / "a.png"


def test_saving_refuses_overlap_and_keeps_the_old_file(tmp_path):
    path = tmp_path / "shots.yaml"
    path.write_text("old")
    reference = Reference(tmp_path / "a.png")
    with pytest.raises(InputError, match="overlap"):
        save_shots([Shot(0, 9, (reference,)), Shot(9, None, (reference,))], path)
    assert path.read_text() == "old"
    assert [child.name for child in tmp_path.iterdir()] == ["shots.yaml"]


def test_saving_to_a_folder_that_does_not_exist_is_refused():
    with tempfile.TemporaryDirectory() as folder, pytest.raises(InputError, match="cannot be written"):
        save_shots([Shot(0, None, (Reference(Path("a.png")),))], Path(folder) / "none" / "shots.yaml")

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcnode.errors import InputError
from vcnode.sequence.reference_files import parse_reference_argument, references_in_folder


def make_files(folder, *names):
    for name in names:
        (folder / name).write_bytes(b"")


def test_plain_path_is_for_no_particular_frame(tmp_path):
    make_files(tmp_path, "ref.png")
    reference = parse_reference_argument(str(tmp_path / "ref.png"))
    assert (reference.path, reference.frame) == (tmp_path / "ref.png", None)
    assert (reference.weight, reference.mask) == (1.0, None)


@given(st.integers(0, 10**9))
def test_number_behind_the_last_at_sign_is_the_frame(tmp_path_factory, frame):
    folder = tmp_path_factory.getbasetemp()
    make_files(folder, "me@home.png")
    reference = parse_reference_argument(f"{folder / 'me@home.png'}@{frame}")
    assert (reference.path, reference.frame) == (folder / "me@home.png", frame)


def test_at_sign_without_number_belongs_to_the_path(tmp_path):
    make_files(tmp_path, "me@home.png")
    reference = parse_reference_argument(str(tmp_path / "me@home.png"))
    assert (reference.path.name, reference.frame) == ("me@home.png", None)


def test_a_file_of_exactly_that_name_wins(tmp_path):
    make_files(tmp_path, "still", "still@12")
    argument = str(tmp_path / "still@12")
    assert parse_reference_argument(argument).path.name == "still@12"
    assert parse_reference_argument(argument).frame is None
    assert parse_reference_argument(f"{argument}@7").frame == 7
    (tmp_path / "still@12").unlink()
    assert (parse_reference_argument(argument).path.name, parse_reference_argument(argument).frame) == (
        "still",
        12,
    )


@pytest.mark.parametrize("argument", ["", "@5", "none.png", "none.png@5", "none.png@", "none.png@-1", "a\0b@3"])
def test_missing_file_is_named(argument):
    with pytest.raises(InputError, match="does not exist"):
        parse_reference_argument(argument)


def test_folder_is_not_an_image(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        parse_reference_argument(f"{tmp_path}@3")


def test_folder_gives_references_in_the_order_of_their_frames(tmp_path):
    make_files(tmp_path, "ref_000120.png", "ref_000000.jpg", "ref_1000000.jpeg", "REF_000007.PNG", "notes.txt")
    (tmp_path / "ref_000001.png").mkdir()
    references = references_in_folder(tmp_path)
    assert [(reference.frame, reference.path.name) for reference in references] == [
        (0, "ref_000000.jpg"),
        (7, "REF_000007.PNG"),
        (120, "ref_000120.png"),
        (1000000, "ref_1000000.jpeg"),
    ]
    assert all(reference.path.parent == tmp_path for reference in references)


def test_file_that_looks_like_a_reference_but_is_none_is_reported(tmp_path, caplog):
    make_files(tmp_path, "ref_000001.png", "ref_000002.tif", "other.png")
    assert len(references_in_folder(tmp_path)) == 1
    (record,) = caplog.records
    assert "ref_000002.tif" in record.getMessage()


def test_two_files_for_one_frame_are_refused_by_name(tmp_path):
    make_files(tmp_path, "ref_000012.png", "ref_000012.jpg")
    with pytest.raises(InputError, match=r"ref_000012\.jpg and ref_000012\.png"):
        references_in_folder(tmp_path)


def test_folder_without_references_is_refused(tmp_path):
    make_files(tmp_path, "image.png")
    with pytest.raises(InputError, match="ref_000123"):
        references_in_folder(tmp_path)


def test_missing_folder_and_file_instead_of_folder_are_refused(tmp_path):
    make_files(tmp_path, "file")
    for path in (tmp_path / "none", tmp_path / "file"):
        with pytest.raises(InputError, match="cannot be read"):
            references_in_folder(path)

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from doublure.document import Document, close, read
from doublure.errors import SettingsError


class Lamp(BaseModel):
    model_config = ConfigDict(extra="forbid")

    watts: int = Field(ge=1, le=100)
    colour: str = "white"


class Stage(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)
    lamps: tuple[Lamp, ...] = ()
    by_place: dict[str, Lamp] = {}


def fails(tmp_path: Path, text: str | bytes) -> SettingsError:
    file = tmp_path / "stage.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingsError) as caught:
        read(file, Stage)
    return caught.value


def line_of(error: SettingsError) -> int:
    return int(error.where.rpartition(":")[2])


def test_a_good_file_becomes_the_model(tmp_path: Path) -> None:
    file = tmp_path / "stage.yaml"
    file.write_text("name: left\nlamps:\n  - watts: 5\n  - {watts: 7, colour: red}\n")
    assert read(file, Stage) == Stage(name="left", lamps=(Lamp(watts=5), Lamp(watts=7, colour="red")))


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "stage.yaml"
    file.write_bytes(b"\xef\xbb\xbfname: left\n")
    assert read(file, Stage).name == "left"


def test_an_unknown_key_is_named_with_its_line_and_the_like_one(tmp_path: Path) -> None:
    error = fails(tmp_path, "name: left\nlamps:\n  - watts: 5\n    color: red\n")
    assert line_of(error) == 4
    assert error.what == "unknown key `color`"
    assert error.remedy == "did you mean `colour`?"


def test_an_unknown_key_in_a_mapping_of_blocks(tmp_path: Path) -> None:
    error = fails(tmp_path, "name: left\nby_place:\n  door:\n    watts: 5\n    wats: 6\n")
    assert line_of(error) == 5
    assert error.remedy == "did you mean `watts`?"


def test_a_key_like_no_other_lists_what_there_is(tmp_path: Path) -> None:
    assert fails(tmp_path, "name: left\nzzz: 1\n").remedy == "there are: name, lamps, by_place"


def test_a_missing_key_points_at_the_block_that_lacks_it(tmp_path: Path) -> None:
    error = fails(tmp_path, "name: left\nlamps:\n  - watts: 5\n  - colour: red\n")
    assert line_of(error) == 4
    assert error.what == "`watts` is missing"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("watts: bright", "`watts` must be a whole number, not `bright`"),
        ("watts: 0", "`watts` must be at least 1, not `0`"),
        ("watts: 500", "`watts` must be at most 100, not `500`"),
        ("watts: [1]", "`watts` must be a whole number, not a list"),
        ("watts: ", "`watts` must be a whole number, not nothing"),
        ("{watts: 5, colour: 7}", "`colour` must be text, not the number `7`"),
    ],
)
def test_a_wrong_value_says_what_it_must_be(tmp_path: Path, text: str, what: str) -> None:
    error = fails(tmp_path, f"name: left\nlamps:\n  - {text}\n")
    assert line_of(error) == 3
    assert error.what == what


def test_a_number_for_a_text_is_told_to_take_quotes(tmp_path: Path) -> None:
    assert fails(tmp_path, "name: 12\n").remedy == 'put it in quotes: "12"'


def test_a_long_wrong_value_is_cut(tmp_path: Path) -> None:
    assert len(fails(tmp_path, f"name: left\nlamps: {'x' * 500}\n").what) < 120


def test_further_problems_are_listed_by_line(tmp_path: Path) -> None:
    error = fails(tmp_path, "nam: left\nlamps:\n  - watts: 0\n  - watts: a\n")
    assert line_of(error) == 1
    assert "line 3: `watts` must be at least 1" in error.remedy
    assert "line 4: `watts` must be a whole number" in error.remedy


def test_many_further_problems_are_counted(tmp_path: Path) -> None:
    lamps = "".join(f"  - watts: {-n}\n" for n in range(20))
    assert fails(tmp_path, f"name: left\nlamps:\n{lamps}").remedy.endswith("and 13 more")


def test_broken_yaml_names_the_line(tmp_path: Path) -> None:
    error = fails(tmp_path, "name: left\nlamps: [1, 2\nother: 3\n")
    assert line_of(error) == 3
    assert error.what.startswith("this is not valid YAML")


def test_tabs_and_forbidden_characters_are_errors_too(tmp_path: Path) -> None:
    assert line_of(fails(tmp_path, "name: left\n\tlamps: []\n")) == 2
    assert "not valid YAML" in fails(tmp_path, b"name: le\x00ft\n").what


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("lamps: [Is it on?, Off?]", "question mark"),
        ("{name: why?, lamps: []}", "question mark"),
        ("name: left: right", "needs quotes"),
        ("name: @left", "quotes"),
    ],
)
def test_what_people_run_into_in_yaml_is_explained(tmp_path: Path, text: str, remedy: str) -> None:
    assert remedy in fails(tmp_path, text + "\n").remedy


def test_a_key_given_twice_is_refused(tmp_path: Path) -> None:
    error = fails(tmp_path, "name: left\nlamps:\n  - watts: 5\n    watts: 6\n")
    assert line_of(error) == 4
    assert "line 3" in error.remedy


def test_tags_make_nothing(tmp_path: Path) -> None:
    assert "not valid YAML" in fails(tmp_path, "name: !!python/object/apply:os.getcwd []\n").what


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n"])
def test_an_empty_file(tmp_path: Path, text: str) -> None:
    error = fails(tmp_path, text)
    assert "empty" in error.what or "nothing" in error.what


def test_a_list_where_a_block_belongs(tmp_path: Path) -> None:
    assert "must be a block of keys, not a list" in fails(tmp_path, "- name: left\n").what


def test_a_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    error = fails(tmp_path, "name: left\n# 中文\n".encode("gb18030"))
    assert line_of(error) == 2
    assert error.remedy == "save the file as UTF-8"


def test_a_missing_file_names_the_like_one(tmp_path: Path) -> None:
    (tmp_path / "catalog.yaml").write_text("a: 1")
    with pytest.raises(SettingsError) as caught:
        read(tmp_path / "catalogue.yaml", Stage)
    assert caught.value.remedy == "did you mean `catalog.yaml`?"
    with pytest.raises(SettingsError, match="folder"):
        read(tmp_path, Stage)
    with pytest.raises(SettingsError, match="does not exist either"):
        read(tmp_path / "nowhere" / "x.yaml", Stage)


def test_the_line_of_what_is_not_there_is_its_holders(tmp_path: Path) -> None:
    file = tmp_path / "stage.yaml"
    file.write_text("name: left\nlamps:\n  - watts: 5\n")
    document = Document(file)
    assert document.line(("lamps", 0, "watts")) == 3
    assert document.line(("lamps", 0, "nothing")) == 3
    assert document.line(("lamps", 7)) == 2
    assert document.line(()) == 1


def test_close_matches() -> None:
    assert close("tothbrush", ["toothbrush", "cup"]) == "did you mean `toothbrush`?"
    assert close("xyz", ["cup"]) == "there are: cup"


# ---- untrusted files -------------------------------------------------------------------------------


def test_aliases_are_refused_before_they_grow(tmp_path: Path) -> None:
    rows = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 20)]
    laughs = fails(tmp_path, "\n".join(["l0: &l0 [lol]", *rows]))
    assert line_of(laughs) == 2
    assert laughs.what == "this is not valid YAML: the alias `*l0` is not allowed"
    assert laughs.remedy == "write the value itself in its place"
    assert "alias" in fails(tmp_path, "name: &a [*a]\n").what
    assert "alias" in fails(tmp_path, "a: &a {watts: 1}\nb: {<<: *a}\n").what


@pytest.mark.parametrize(
    "text", ["[" * 20_000, "{a: " * 20_000, "? " * 5_000, "- " * 5_000, "[" * 30 + "]" * 30]
)
def test_deep_files_are_refused(tmp_path: Path, text: str) -> None:
    error = fails(tmp_path, f"name: left\nlamps:\n  {text}\n")
    assert "more than 24 levels" in error.what
    assert line_of(error) == 3


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("2026-02-30", "`2026-02-30` is no timestamp"),
        ("9" * 5_000, "is no int"),
        ("!!bool perhaps", "`perhaps` is no bool"),
        ("!!int ''", "is no int"),
        ("!!timestamp soon", "`soon` is no timestamp"),
        ("0x" + "f" * 5_000, "is no int"),
        ("!!float x", "`x` is no float"),
    ],
)
def test_what_pythons_own_types_refuse_is_named_with_its_line(tmp_path: Path, value: str, what: str) -> None:
    error = fails(tmp_path, f"colour: red\nname: {value}\n")
    assert what in error.what
    assert line_of(error) == 2
    assert "in quotes" in error.remedy


def test_large_files_are_refused_unread(tmp_path: Path) -> None:
    assert fails(tmp_path, b"name: left\n" + b"# \n" * 1_400_000).what == "the file is larger than 4 MB"

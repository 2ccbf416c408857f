import pytest

from unmask.data.archives.names import is_left_behind, name_problem, shown


@pytest.mark.parametrize(
    "name",
    [
        "real/1.jpg",
        "./real//1.jpg",
        "real/..jpg",
        "real/a..b/...jpg",
        "real/\u00e4 \u7b11\u9854.jpg",
        "real/\u00a0\u202f\U0001f469\u200d\U0001f52c.jpg",  # spaces and joiners, which isprintable() refuses
        "r" * 996 + "/1.j",
    ],
)
def test_a_plain_name_is_taken(name):
    assert name_problem(name) == ""


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("../real/1.jpg", "climbs"),
        ("real/../../1.jpg", "climbs"),
        ("real/..", "climbs"),
        ("/real/1.jpg", "absolute"),
        ("C:/real/1.jpg", "absolute"),
        ("c:real/1.jpg", "absolute"),
        ("C:\\real\\1.jpg", "backslash"),
        ("real\\..\\1.jpg", "backslash"),
        ("\\\\server\\real\\1.jpg", "backslash"),
        ("real/1\n2.jpg", "control characters"),
        ("real/\x1b[2J.jpg", "control characters"),
        ("real/\x00.jpg", "control characters"),
        ("real/\x9b31m.jpg", "control characters"),
        ("real/\u202egpj.exe", "control characters"),
        ("real/\u2028.jpg", "control characters"),
        ("a/" * 10_000 + "real/1.jpg", "longer than the 1000 characters allowed: 20010"),
        ("x" * 65_535, "longer than the 1000 characters allowed: 65535"),
    ],
)
def test_a_name_that_could_do_harm_is_refused(name, problem):
    assert problem in name_problem(name)


def test_a_name_is_shown_on_one_line_and_escaped():
    assert shown("real/\u00e4\n\x1b[2J\u202e.jpg") == "real/\u00e4\\n\\x1b[2J\\u202e.jpg"


def test_a_long_name_is_shown_by_its_ends():
    assert shown("a" * 500 + "b" * 600) == "a" * 60 + "..." + "b" * 60


@pytest.mark.parametrize(
    "name", ["__MACOSX/real/._1.jpg", "real/.DS_Store", "real/Thumbs.db", ".git/real/1.jpg", "a/DESKTOP.INI", ".x/../a"]
)
def test_what_operating_systems_leave_behind_is_known(name):
    assert is_left_behind(name)


@pytest.mark.parametrize("name", ["real/1.jpg", "./real/1.jpg", "../real/1.jpg", "real/my_thumbs.db.jpg", "a.b/c"])
def test_other_names_are_not_left_behind(name):
    assert not is_left_behind(name)

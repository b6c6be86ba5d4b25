"""The house style check on texts made for it."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import tap  # noqa: E402
import check_style  # noqa: E402


def _function(name, lines):
    return f"static int {name}(int a,\n    int b)\n{{\n" + "    step();\n" * (lines - 2) + "}\n"


def finds_marks_of_unfinished_work():
    for mark in ("TO" + "DO", "FIX" + "ME", "XX" + "X"):
        assert list(check_style.check_text("a.c", f"/* {mark}: later */\n"))
    assert not list(check_style.check_text("a.sh", "mktemp -d /tmp/a.XXXXXX\n"))


def finds_paths_of_one_machine():
    for path in ("work", "root", "home"):
        assert list(check_style.check_text("a.c", f'open("/{path}/me/data")\n'))
    for text in ("src/work/a.c", "$root/tools", "namespace /home", "../work/a", "https://a.example/home/b"):
        assert not list(check_style.check_text("a.md", text + "\n")), text


def finds_functions_that_are_too_long():
    assert not list(check_style.check_size("src/a.c", _function("fits", 80)))
    found = list(check_style.check_size("src/a.c", _function("fits", 80) + _function("grew", 81)))
    assert found == ["src/a.c:85: error: grew has 81 lines, over 80"]


def finds_files_that_are_too_long():
    assert not list(check_style.check_size("protocol/a.h", "\n" * 600))
    assert "error" in list(check_style.check_size("protocol/a.h", "\n" * 601))[0]


def only_notes_what_is_long_in_tests():
    assert "note" in list(check_style.check_size("tests/unit/a_test.c", _function("long_case", 200)))[0]


if __name__ == "__main__":
    tap.run(globals())

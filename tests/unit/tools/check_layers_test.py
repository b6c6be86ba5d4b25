"""The layer check on small trees made for it."""
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import tap  # noqa: E402
import check_layers  # noqa: E402


def _found(name, text):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, name)
        path.parent.mkdir(parents=True)
        path.write_text(text)
        return check_layers.check(pathlib.Path(folder))


def allows_includes_downward():
    assert not _found("src/engine/a.c", '#include <string.h>\n#include "src/base/frame.h"\n#include "protocol/bytes.h"\n')


def refuses_an_include_upward():
    assert "may not include src/socket" in _found("src/engine/a.c", '#include "src/socket/rooms.h"\n')[0]


def keeps_the_fixture_and_the_examples_on_the_public_api():
    for folder in ("tests/fixture", "tools/examples"):
        assert not _found(f"{folder}/a.c", '#include "src/api/rookery.h"\n')
        assert len(_found(f"{folder}/a.c", '#include "src/base/map.h"\n#include "protocol/bytes.h"\n')) == 2


def keeps_the_public_api_alone():
    assert _found("src/api/rookery.h", '#include "protocol/bytes.h"\n')


def keeps_a_library_in_its_file():
    assert not _found("src/store/store_sqlite_read.c", "#include <sqlite3.h>\n")
    assert "belongs only in src/store/sqlite_, src/store/store_sqlite" in _found("src/journal/journal_direct.c", "#include <sqlite3.h>\n")[0]
    assert _found("src/engine/session.c", "#include <event2/event.h>\n")


def keeps_clocks_and_threads_out_of_what_is_simulated():
    assert _found("src/socket/rooms.c", "#include <pthread.h>\n")
    assert not _found("src/net/loop.c", "#include <pthread.h>\n")


def keeps_the_codecs_pure():
    assert _found("protocol/a.c", "#include <unistd.h>\n")
    assert _found("protocol/a.c", "#include <zlib.h>\n")


def wants_paths_from_the_root_and_known_folders():
    assert "from the repository root" in _found("src/engine/a.c", '#include "session.h"\n')[0]
    assert "not in the layer table" in _found("src/misc/a.c", "\n")[0]


if __name__ == "__main__":
    tap.run(globals())

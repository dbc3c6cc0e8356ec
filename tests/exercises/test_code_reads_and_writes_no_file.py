"""Code from strangers sees no file of ours and no environment, and writes nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from exercises.sandbox import Runner
from tests.exercises.attacks import LOOT, attack, both

SECRET = "hunter2-93ab"


@pytest.fixture
def secret() -> Iterator[Path]:
    """A file that anybody on this machine may read, below DATA_DIR."""
    path = Path(settings.DATA_DIR) / "secrets" / "for-the-attack.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SECRET)
    path.chmod(0o644)
    yield path
    path.unlink()


READERS = {
    "open": "return open({path!r}).read()",
    "io": "import io\n    return io.open({path!r}).read()",
    "os": "import os\n    return os.read(os.open({path!r}, os.O_RDONLY), 100).decode()",
    "pathlib": "from pathlib import Path\n    return Path({path!r}).read_text()",
    "codecs": "import codecs\n    return codecs.open({path!r}).read()",
    "linecache": "import linecache\n    return linecache.getline({path!r}, 1)",
    "fileinput": "import fileinput\n    return ''.join(fileinput.input({path!r}))",
    "symlink": "import os\n    os.symlink({path!r}, 'x')\n    return open('x').read()",
    "dots": "return open('../' * 40 + {path!r}[1:]).read()",
    "root of process 1": "return open('/proc/1/root' + {path!r}).read()",
    "working folder of the parent": "return open('/proc/self/cwd/../..' + {path!r}).read()",
    "exec loader": "import runpy\n    return str(runpy.run_path({path!r}))",
    "import": "import sys\n    sys.path.insert(0, {path!r}.rpartition('/')[0])\n"
    "    return __import__('for-the-attack')",
    "descriptors": "import os\n"
    "    return str([os.read(n, 99) for n in range(5, 64) if os.path.exists(f'/dev/fd/{{n}}')])",
    "pickle": "import pickle\n"
    "    return pickle.loads(b'cbuiltins\\nopen\\n(V' + {path!r}.encode() + b'\\ntR.').read()",
    "mmap": "import mmap, os\n    n = os.open({path!r}, 0)\n    return mmap.mmap(n, 0, prot=1)[:]",
    "ctypes": "import ctypes\n    c = ctypes.CDLL(None)\n    b = ctypes.create_string_buffer(99)\n"
    "    n = c.open({path!r}.encode(), 0)\n    c.read(n, b, 99)\n    return b.value.decode()",
    "eval": "return eval('o' + 'pen')({path!r}).read()",
    "subclasses": "for c in ().__class__.__mro__[1].__subclasses__():\n"
    "        if c.__name__ == '_wrap_close':\n"
    "            return c.__init__.__globals__['popen']('cat ' + {path!r}).read()",
    "loader": "for c in ().__class__.__base__.__subclasses__():\n"
    "        if c.__name__ == 'FileLoader':\n"
    "            return c('a', {path!r}).get_data({path!r}).decode()",
    "frames": "import sys\n    f = sys._getframe()\n    while f.f_back:\n        f = f.f_back\n"
    "    return f.f_builtins['open']({path!r}).read()",
}


@both
@pytest.mark.parametrize("way", READERS)
def test_a_secret_below_the_data_folder(runner: Runner, way: str, secret: Path) -> None:
    code = f"def attack():\n    {READERS[way].format(path=str(secret))}"
    run = attack(runner, code)
    assert SECRET not in repr(run)


@both
@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd", "/etc/hostname", "/proc/self/environ", "/proc/1/environ", "/proc/self/maps",
        "/proc/self/cmdline", "/proc/meminfo", "/sys/kernel/notes", "/dev/mem",
        str(Path(settings.BASE_DIR) / "manage.py"),
        str(Path(settings.BASE_DIR) / "exercises" / "content.py"),
    ],
)  # fmt: skip
def test_no_file_of_the_system_or_the_project(runner: Runner, path: str) -> None:
    code = f"def attack():\n    open({path!r}, 'rb').read(10)\n    return {LOOT!r}"
    attack(runner, code)


@both
def test_the_environment_is_empty(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_PASSWORD", SECRET)
    code = "import os\ndef attack():\n    return str(dict(os.environ)) + str(os.getenv('HOME'))"
    run = attack(runner, code)
    assert SECRET not in repr(run)
    assert "HOME" not in repr(run) or run.cases[0].got is None


@both
@pytest.mark.parametrize("folder", ["", "/", "/tmp/", "/dev/shm/", "/var/tmp/", "/usr/lib/"])
@pytest.mark.parametrize(
    "how",
    [
        "open(path, 'w').write('x')",
        "__import__('os').mkdir(path)",
        "__import__('os').mkfifo(path)",
        "__import__('tempfile').mkstemp(dir=path.rpartition('/')[0] or None)",
        "__import__('sqlite3').connect(path).execute('create table t(a)')",
    ],
)
def test_nothing_is_written(runner: Runner, folder: str, how: str) -> None:
    path = f"{folder}written-by-the-attack"
    code = f"def attack():\n    path = {path!r}\n    {how}\n    return {LOOT!r}"
    attack(runner, code)
    assert not Path(path).exists()


@both
def test_the_root_holds_only_the_library(runner: Runner) -> None:
    code = "import os\ndef attack():\n    return ' '.join(os.listdir('/')) + str(os.walk('/home'))"
    run = attack(runner, code)
    assert "etc" not in (run.cases[0].got or "")

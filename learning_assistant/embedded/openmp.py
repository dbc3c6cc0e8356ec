"""GNU OpenMP (`libgomp.so.1`), which llama.cpp's wheel expects the system to have.

A bare Debian lacks it and an ordinary user can't install it. Many wheels carry a copy under a name
of their own, in a folder the loader doesn't search: where the system has none, `provide` links such
a copy under the name that llama.cpp asks for, inside the virtual environment, and the inference
process finds it through `LD_LIBRARY_PATH` (see `inference.launch`).
"""

import ctypes
import os
import sys
from importlib import metadata
from pathlib import Path

LIBRARY = "libgomp.so.1"
CARRIER = "pykdtree"  # 0.5 MB, kept by the Pytroll project; of its files only the library is used


class OpenMPMissing(Exception):
    """Neither the system nor an installed wheel has the library; says what to type."""


def folder() -> Path:
    """Where `provide` puts its link."""
    return Path(sys.prefix) / "share" / "learning-assistant" / "lib"


def system_has_it() -> bool:
    """Whether the loader finds the library by itself. Only Linux wheels need it."""
    if sys.platform != "linux":
        return True
    try:
        ctypes.CDLL(LIBRARY)
    except OSError:
        return False
    return True


def provide() -> Path | None:
    """Make sure that the inference process can load the library.

    Returns the folder to put on `LD_LIBRARY_PATH`, or None where the system has the library.
    Raises `OpenMPMissing`.
    """
    return None if system_has_it() else link_carried()


def link_carried() -> Path:
    """Link the library that comes in a wheel; returns the folder. Raises `OpenMPMissing`."""
    link, carried = folder() / LIBRARY, _carried()
    if not (link.is_symlink() and Path(os.readlink(link)) == carried):
        link.parent.mkdir(parents=True, exist_ok=True)
        fresh = link.with_name(f"{LIBRARY}.{os.getpid()}")
        fresh.symlink_to(carried)
        fresh.replace(link)
    return folder()


def _carried() -> Path:
    try:
        files = metadata.files(CARRIER) or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.parent.name == f"{CARRIER}.libs" and file.name.startswith("libgomp"):
            library = Path(str(file.locate())).resolve()
            if library.exists():
                return library
    raise OpenMPMissing(
        f"The system has no {LIBRARY} (GNU OpenMP), which the embedded model server needs, and no "
        f"{CARRIER} wheel for this platform that carries it. Type `make setup` (it comes with "
        "requirements-embedded-nodeps.txt, on Linux with CPython), or as root "
        "`apt-get install libgomp1`."
    )

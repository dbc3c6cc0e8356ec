"""`make bench-retrieval`: how well the search finds, and what else was tried; writes JSON.

make bench-retrieval                      the project's own judged questions
make bench-retrieval COLLECTION=scifact   a folder with corpus.jsonl, queries.jsonl and qrels

The collection is loaded into an index of its own (DATA_DIR/bench/…) through the product's own code.
Vectors are kept, so that a second run is quick. "ours" is what a learner gets: `ranking.search` on
the query with its typing errors mended.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from zlib import crc32

PROJECT = Path(__file__).resolve().parent.parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-retrieval", description=__doc__)
    parser.add_argument("collection", type=Path, nargs="?")
    parser.add_argument("--json", type=Path, default=Path("bench-retrieval.json"))
    options = parser.parse_args()
    folder = options.collection
    if folder and not folder.is_dir():
        parser.error(f"{folder} is no folder")
    data_dir = Path(os.environ.get("DATA_DIR") or PROJECT / ".data").absolute()
    name = f"{crc32(str(folder.resolve()).encode()):08x}" if folder else "judged"
    scratch = data_dir / "bench" / name
    # Nothing of the operator's is touched: another database, another broker.
    own = {"DATA_DIR": str(scratch), "DATABASE_URL": "", "REDIS_URL": "", "LOG_LEVEL": "WARNING"}
    own["DJANGO_SETTINGS_MODULE"] = "learning_assistant.settings"
    command = [sys.executable, "-m", "tests.load.finding", str(options.json.absolute())]
    command += [str(folder.resolve())] if folder else []
    return subprocess.run(command, cwd=PROJECT, env=os.environ | own, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

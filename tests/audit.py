"""Known vulnerabilities of the packages in requirement files: `make audit`.

pip-audit asks PyPI about each of them. A vulnerability is a failure; no network, or a package index
that knows no advisories, is not: it is told how many packages were not looked up.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SECONDS = 60


def main(files: list[str], seconds: float = SECONDS) -> int:
    """The exit status."""
    command = [
        str(Path(sys.executable).parent / "pip-audit"), "--format", "json", "--no-deps",
        "--disable-pip", "--progress-spinner", "off", "--timeout", "10",
        *(word for file in files for word in ("-r", file)),
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return _not_done(f"no answer within {seconds} s")
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        lines = done.stderr.strip().splitlines() or ["pip-audit said nothing"]
        return _not_done(lines[-1][:300])
    return _report(packages)


def _report(packages: list[dict[str, Any]]) -> int:
    found = [(p, v) for p in packages for v in p.get("vulns", [])]
    for package, vulnerability in found:
        fixed = ", ".join(vulnerability["fix_versions"]) or "no version yet"
        print(f"{package['name']} {package['version']}: {vulnerability['id']}, fixed in {fixed}")
    unknown = sum("skip_reason" in package for package in packages)
    print(
        f"audit: {len(packages) - unknown} packages looked up, {len(found)} known vulnerabilities"
        + (f"; {unknown} not looked up: the index has no advisories for them" if unknown else "")
    )
    return 1 if found else 0


def _not_done(why: str) -> int:
    print(f"audit: nothing was looked up ({why}); it needs https://pypi.org")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

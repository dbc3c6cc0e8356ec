"""`.env.example` and compose.yaml speak of the variables that the settings read, and no others."""

import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings

PROJECT = Path(settings.BASE_DIR)
READ = re.compile(r"^[A-Z_]+ = read\(\"([A-Z_]+)\"", re.M)
LISTED = re.compile(r"^#([A-Z_]+)=(.*)$", re.M)
# Stated as an example of what to write, since their default is an embedded service or made.
EXAMPLES = {"DATABASE_URL", "REDIS_URL", "OLLAMA_HOST", "SECRET_KEY", "DATA_DIR"}


def read_by_settings() -> list[str]:
    return READ.findall((PROJECT / "learning_assistant" / "settings.py").read_text())


def listed() -> dict[str, str]:
    return dict(LISTED.findall((PROJECT / ".env.example").read_text()))


def test_the_same_variables_in_both() -> None:
    assert len(read_by_settings()) > 20
    assert sorted(read_by_settings()) == sorted(listed())


def test_no_variable_is_read_anywhere_else() -> None:
    packages = ("learning_assistant", "sessions", "resources", "exercises")
    for path in (p for name in packages for p in (PROJECT / name).rglob("*.py")):
        text = path.read_text()
        if "embedded" in path.parts:  # knows nothing of settings; its own door reads DATA_DIR
            continue
        assert not re.search(r"os\.(getenv|environ\[|environ\.get)", text), path


@pytest.mark.parametrize("name", sorted(set(listed()) - EXAMPLES))
def test_the_stated_default_is_the_real_one(name: str) -> None:
    source = (PROJECT / "learning_assistant" / "settings.py").read_text()
    found = re.search(rf'read\("{name}", .*?, (\[.*\]|[^,\[]+)\)$', source, re.M)
    assert found, f"{name} is not read in one line"
    default = {"True": "true", "False": "false", "_NONE": "[]"}.get(found[1], found[1])
    stated = listed()[name]
    if default.startswith("["):
        assert re.findall(r"\"([^\"]+)\"", default) == [w for w in stated.split(",") if w]
    else:
        assert default.strip('"') == stated


def variables_of_compose() -> set[str]:
    document = yaml.safe_load((PROJECT / "compose.yaml").read_text())
    ours = [s for s in document["services"].values() if s.get("image") == "learning-assistant"]
    assert len(ours) >= 4
    return {name for service in ours for name in service["environment"]}


def test_compose_sets_only_what_the_settings_read() -> None:
    assert variables_of_compose() <= set(read_by_settings())


def test_compose_asks_only_for_what_can_be_set() -> None:
    used = set(re.findall(r"\$\{([A-Z_]+)", (PROJECT / "compose.yaml").read_text()))
    assert used <= {*read_by_settings(), "POSTGRES_PASSWORD", "RAG_READER_PASSWORD"}

"""What this app adds to the whole when Django starts: lines in `doctor`."""

from collections.abc import Iterator

from django.conf import settings

from exercises.sandbox import Runner, fenced, monty
from learning_assistant import parts
from learning_assistant.parts import Line, State

MEND_FENCE = (
    "run as root, allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, "
    "kernel.apparmor_restrict_unprivileged_userns=0), or apt install bubblewrap"
)
MEND_MONTY = "make setup, or set CODE_SANDBOX=fenced"


def register_all() -> None:
    parts.register(code_sandbox)


def code_sandbox() -> Iterator[Line]:
    """Which runners of learners' code work here. What can't be run counts neither way."""
    part, wanted = "code sandbox", Runner(settings.CODE_SANDBOX)
    if wanted is Runner.OFF:
        yield Line(part, State.WARN, "off", "set CODE_SANDBOX=auto", blocks=False)
        return
    works, troubles, mend = [], [], ""
    if wanted is not Runner.FENCED:
        trouble = monty.trouble()
        works += [] if trouble else ["monty"]
        troubles += [f"monty: {trouble}"] if trouble else []
        mend = MEND_MONTY if trouble else ""
    if wanted is not Runner.MONTY:
        fence = fenced.fence()
        works += [] if fence.trouble else [f"fenced CPython ({', '.join(fence.layers)})"]
        troubles += [f"no fence, {fence.trouble}"] if fence.trouble else []
        mend = MEND_FENCE if fence.trouble and not mend else mend
    state = State.OK if not troubles else State.WARN if works else State.FAIL
    yield Line(part, state, "; ".join([*works, *troubles]), mend, blocks=False)

"""Which user a service runs as, and how it is tied to its keeper.

Every service is started through util-linux's `setpriv`, which asks the kernel to send it a
signal when its parent dies: a keeper killed with -9 takes its service along.

PostgreSQL refuses to run as root, so root runs it as the system user `learning-assistant`. A
clone under /root is closed to that user. Opening the folders above to everybody is not an
answer, so there (and only there) the process keeps one capability, to pass and read what it
doesn't own; it can't regain any other.
"""

import grp
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from learning_assistant.embedded.errors import ServiceError

USER = "learning-assistant"
# Tried in this order. Docker's default set lacks the second and has the third.
CAPABILITIES = ("", "dac_read_search", "dac_override")


@dataclass(frozen=True)
class Account:
    """A user that isn't the one running now, with at most one capability."""

    uid: int
    gid: int
    capability: str = ""

    def options(self) -> list[str]:
        """What to tell setpriv to become this user for good."""
        options = [f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"]
        kept = f"-all,+{self.capability}" if self.capability else "-all"
        options += [f"--inh-caps={kept}", f"--ambient-caps={kept}", "--no-new-privs"]
        if self.capability:
            # Without this access(2), by which PostgreSQL looks for its own parts, ignores the
            # capability of a process whose real user isn't root (fs/open.c).
            options.append("--securebits=+no_setuid_fixup,+no_setuid_fixup_locked")
        return options

    def give(self, path: Path) -> None:
        """Make *path* this user's."""
        os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def give_tree(self, top: Path) -> None:
        """Make *top* and all in it this user's, unless *top* is already."""
        if top.stat().st_uid == self.uid:
            return
        for folder, folders, files in os.walk(top, topdown=False):
            for name in [*folders, *files]:
                self.give(Path(folder, name))
        self.give(top)  # last: a run that was cut short starts over

    def let_pass(self, folder: Path) -> None:
        """Let this user through our private *folder*, without a look at what is in it."""
        found = folder.stat()
        # A folder that others may pass needs nothing, one shared with a group is left to it.
        if found.st_mode & 0o071 == 0:
            os.chown(folder, -1, self.gid)
            folder.chmod(0o710)


def tied(command: list[str], signal_name: str, account: Account | None = None) -> list[str]:
    """*command*, to be sent *signal_name* ("INT", "TERM") when its parent dies."""
    options = account.options() if account else []
    # The order counts to the kernel: a change of user forgets the signal. setpriv knows.
    return [setpriv(), *options, f"--pdeathsig={signal_name}", "--", *command]


def setpriv() -> str:
    found = shutil.which("setpriv")
    if found is None:
        raise ServiceError(
            "The program setpriv is missing: type `apt-get install util-linux` as root "
            "(version 2.33 or newer)."
        )
    return found


def account_for(
    folders: Sequence[Path], above: Sequence[Path], program: Path, data: Path
) -> Account | None:
    """The user to run PostgreSQL as: None for ourselves, another one where we are root.

    It gets *folders* for its own and may pass through our folders *above* them; *program* must
    be runnable and *data* readable for it.
    Raises ServiceError when no such user can be had.
    """
    if os.geteuid() != 0:
        return None
    entry = _system_user()
    plain = Account(entry.pw_uid, entry.pw_gid)
    for folder in folders:
        plain.give(folder)
    for folder in above:
        plain.let_pass(folder)
    complaint = ""
    for capability in CAPABILITIES:
        account = Account(entry.pw_uid, entry.pw_gid, capability)
        tried = _try(account, folders, program, data)
        if tried.returncode == 0:
            return account
        complaint = tried.stderr.strip() or complaint
    raise ServiceError(
        f"PostgreSQL does not run as root, and the user {USER} can't reach {folders[0]} "
        f"or {program} ({complaint.splitlines()[-1] if complaint else 'permission denied'}): move "
        "the project to a folder others may enter (for example /opt), or run it as an ordinary "
        "user."
    )


def _try(
    account: Account, folders: Sequence[Path], program: Path, data: Path
) -> subprocess.CompletedProcess[str]:
    """Whether *account* can work with these paths; what it complains of is in stderr."""
    script = 'test -x "$1" && test -r "$2" && shift 2 && for f; do test -w "$f" || exit 1; done'
    shell = ["sh", "-c", script, "sh", str(program), str(data), *map(str, folders)]
    return subprocess.run(
        tied(shell, "KILL", account),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def _system_user() -> pwd.struct_passwd:
    """The system user, made on first use."""
    for _ in range(3):  # another copy may be making it at this moment
        try:
            return pwd.getpwnam(USER)
        except KeyError:
            failure = _add_user()
            time.sleep(0.2)
    raise ServiceError(
        f"PostgreSQL does not run as root, and its user can't be made ({failure}): "
        f"type `useradd --system {USER}`, or run the project as an ordinary user."
    )


def _add_user() -> str:
    program = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if program is None:
        return "there is no useradd"
    group = ["--gid", USER] if _has_group() else ["--user-group"]
    options = ["--system", "--no-create-home", "--home-dir", "/nonexistent"]
    done = subprocess.run(
        [program, *options, *group, "--shell", "/usr/sbin/nologin", USER],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.stderr.strip() or f"useradd ended with {done.returncode}"


def _has_group() -> bool:
    try:
        grp.getgrnam(USER)
    except KeyError:
        return False
    return True

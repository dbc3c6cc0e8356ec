"""The process that speaks Ollama's protocol, as a service to keep."""

import os
import signal

from learning_assistant.embedded.account import tied
from learning_assistant.embedded.errors import ServiceError
from learning_assistant.embedded.inference.launch import command, environment
from learning_assistant.embedded.openmp import OpenMPMissing
from learning_assistant.embedded.paths import Paths
from learning_assistant.embedded.running import Launch


def launch(paths: Paths, lock: int) -> Launch:
    """How to start it. *lock*, the server lock, is held by the caller.

    Raises ServiceError.
    """
    socket = paths.inference_socket
    for leftover in socket.parent.glob(f"{socket.stem}*.sock"):  # it makes two more beside it
        leftover.unlink(missing_ok=True)
    try:
        added = environment()
    except OpenMPMissing as error:
        raise ServiceError(str(error)) from error
    return Launch(
        tied(command(socket), "TERM"),
        stop=((signal.SIGTERM, 5),),
        environment={**os.environ, **added},
    )

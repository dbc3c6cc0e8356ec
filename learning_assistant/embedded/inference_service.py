"""The process that speaks Ollama's protocol, as a service to keep."""

import os
import signal

from learning_assistant.embedded.account import tied
from learning_assistant.embedded.inference import launch as inference
from learning_assistant.embedded.paths import Paths
from learning_assistant.embedded.running import Launch


def launch(paths: Paths, lock: int) -> Launch:
    """How to start it. *lock*, the server lock, is held by the caller."""
    paths.inference_socket.unlink(missing_ok=True)
    return Launch(
        tied(inference.command(paths.inference_socket), "TERM"),
        stop=((signal.SIGTERM, 5),),
        environment={**os.environ, **inference.environment()},
    )

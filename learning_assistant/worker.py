"""What every worker does beside its tasks: warm up, then say every few seconds that it is there.

The interactive ones also keep their lane from filling up.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable
from typing import Any

import redis
from celery import bootsteps
from celery.platforms import EX_FAILURE
from django.db import DatabaseError, close_old_connections

from learning_assistant import lanes
from learning_assistant.ollama import ModelUnavailable

logger = logging.getLogger(__name__)
RETRY_S = 2.0


class Heartbeat(bootsteps.StartStopStep):
    """Warms the worker's lanes in a thread of its own, then keeps their heartbeat."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **kwargs: Any) -> None:
        super().__init__(worker, **kwargs)
        self._stop = threading.Event()
        self._name = f"{socket.gethostname()}-{os.getpid()}"

    def start(self, worker: Any) -> None:
        queues = set(worker.app.amqp.queues.consume_from)
        self._lanes = [lane for lane in lanes.LANES if lane in queues]
        threading.Thread(target=self._run, name="heartbeat", daemon=True).start()

    def close(self, worker: Any) -> None:
        """Called first of all when the worker ends, for whatever reason.

        A broker that dies under running tasks ends a worker by an error of kombu's ("'NoneType'
        object has no attribute 'hostname'"). It would then wait for its tasks, minutes for a batch
        of vectors, and take no others. They are all asked for again by id, so a new one is better.
        """
        if worker.exitcode == EX_FAILURE:
            self.stop(worker)
            logging.shutdown()
            os._exit(EX_FAILURE)

    def stop(self, worker: Any) -> None:
        self._stop.set()
        for lane in self._lanes:
            try:
                lanes.beat(lane, self._name, gone=True)
            except redis.exceptions.RedisError:
                return  # it expires by itself

    def terminate(self, worker: Any) -> None:
        self.stop(worker)

    def _run(self) -> None:
        self._shed()
        for lane in self._lanes:
            for warm in lanes.warmers(lane):
                self._until_done(warm)
        while not self._stop.is_set():
            try:
                for lane in self._lanes:
                    lanes.beat(lane, self._name)
            except redis.exceptions.RedisError as error:
                logger.warning("no heartbeat: %s", error)
            self._shed()
            self._stop.wait(lanes.HEARTBEAT_S)

    def _shed(self) -> None:
        if lanes.INTERACTIVE not in self._lanes:
            return
        try:
            lanes.shed_backlog()
        except redis.exceptions.RedisError as error:
            logger.warning("the backlog is not looked at: %s", error)

    def _until_done(self, warm: Callable[[], None]) -> None:
        told = ""
        while not self._stop.is_set():
            try:
                close_old_connections()
                warm()
                return
            except (ModelUnavailable, DatabaseError) as error:
                if str(error) != told:
                    logger.warning("not warm yet: %s", error)
                    told = str(error)
                self._stop.wait(RETRY_S)

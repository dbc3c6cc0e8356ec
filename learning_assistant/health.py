"""Is the process alive; is the whole ready to answer."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from learning_assistant import parts
from learning_assistant.parts import State


class Liveness(serializers.Serializer[Any]):
    status = serializers.CharField()


class Readiness(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=["ready", "waiting"])
    waiting_for = serializers.ListField(
        child=serializers.CharField(), help_text="The parts that are missing."
    )
    reasons = serializers.DictField(
        child=serializers.CharField(), help_text="What is wrong with each of them."
    )


class Live(APIView):
    """Answers as long as the process does; looks at nothing else."""

    @extend_schema(operation_id="live", summary="Is the web process alive", responses=Liveness)
    def get(self, request: Request) -> Response:
        return Response({"status": "alive"})


class Ready(APIView):
    """Ready once every part is there and warm."""

    @extend_schema(
        operation_id="ready",
        summary="Is everything ready to answer",
        responses={200: Readiness, 503: Readiness},
    )
    def get(self, request: Request) -> Response:
        # Addresses and error texts are for `doctor` to show.
        reasons = {p.part: p.reason for p in parts.lines() if p.blocks and p.state != State.OK}
        waiting = list(reasons)
        return Response(
            {
                "status": "waiting" if waiting else "ready",
                "waiting_for": waiting,
                "reasons": reasons,
            },
            status=status.HTTP_503_SERVICE_UNAVAILABLE if waiting else status.HTTP_200_OK,
        )

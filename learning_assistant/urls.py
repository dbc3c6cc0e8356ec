from collections.abc import Sequence

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularJSONAPIView

from exercises.urls import urlpatterns as exercises
from learning_assistant import health
from learning_assistant.scraping import MetricsView
from resources.urls import urlpatterns as resources
from sessions.urls import urlpatterns as sessions


def either_way(patterns: Sequence[URLPattern]) -> list[URLPattern]:
    """*patterns* with and without a slash at the end, with no redirect from one to the other."""
    return [
        *patterns,
        *(path(f"{p.pattern}/", p.callback, p.default_args) for p in patterns),
    ]


api = [
    *resources,
    *exercises,
    *sessions,
    path("health/live", health.Live.as_view(), name="live"),
    path("health/ready", health.Ready.as_view(), name="ready"),
    path("schema", SpectacularJSONAPIView.as_view(), name="schema"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/learning/", include(either_way(api))),
    *either_way([path("metrics", MetricsView.as_view(), name="metrics")]),
    path(settings.ADMIN_PATH, admin.site.urls),
]

admin.site.site_header = admin.site.site_title = "Learning Assistant"
admin.site.site_url = None  # there is no page at / yet

handler400 = "learning_assistant.problems.bad_request"
handler404 = "learning_assistant.problems.not_found"
handler500 = "learning_assistant.problems.server_error"

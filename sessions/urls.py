from django.urls import path

from sessions.views import ProgressView, SessionsView, SessionView

urlpatterns = [
    path("sessions", SessionsView.as_view(), name="sessions"),
    path("sessions/<str:session_id>", SessionView.as_view(), name="session"),
    path("sessions/<str:session_id>/progress", ProgressView.as_view(), name="progress"),
]

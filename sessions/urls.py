from django.urls import path

from sessions.views import ProgressView, SessionsView

urlpatterns = [
    path("sessions", SessionsView.as_view(), name="sessions"),
    path("sessions/<str:session_id>/progress", ProgressView.as_view(), name="progress"),
]

from django.urls import path

from exercises.views import AttemptsView, AttemptView, ExercisesView, HintsView, SolutionView

urlpatterns = [
    path("exercises", ExercisesView.as_view(), name="exercises"),
    path("exercises/<int:exercise_id>/attempts", AttemptsView.as_view(), name="attempts"),
    path(
        "exercises/<int:exercise_id>/attempts/<uuid:attempt_id>",
        AttemptView.as_view(),
        name="attempt",
    ),
    path("exercises/<int:exercise_id>/hints", HintsView.as_view(), name="hints"),
    path("exercises/<int:exercise_id>/solution", SolutionView.as_view(), name="solution"),
]

from django.urls import path

from resources.views import ResourcesView

urlpatterns = [path("resources", ResourcesView.as_view(), name="resources")]

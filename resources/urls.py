from django.urls import path

from resources.views import ResourcesView, SearchView

urlpatterns = [
    path("resources", ResourcesView.as_view(), name="resources"),
    path("search", SearchView.as_view(), name="search"),
]

"""Which address leads where."""

from django.contrib import admin
from django.urls import path

from berths import views

urlpatterns = [
    path("", views.index),
    path("admin/", admin.site.urls),
]

"""What people see of the berths."""

from django.http import HttpResponse


def index(request):
    """Say how many are free."""
    return HttpResponse("7 free")

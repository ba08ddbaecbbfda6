"""The berths answer."""

from django.test import TestCase


class BerthsTest(TestCase):
    """What people see."""

    def test_the_index_says_how_many_are_free(self):
        """The front page is that of the berths."""
        self.assertContains(self.client.get("/"), "7 free")

from ferry import index


def test_it_goes_at_noon():
    assert index() == "at noon"

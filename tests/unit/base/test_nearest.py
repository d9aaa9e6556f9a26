from ivr.base.nearest import nearest


def test_the_nearest_name_follows_what_does_not_exist():
    assert nearest("verfiy", ("main", "verify", "amount")) == ", the nearest is verify"
    assert nearest("x", ("main",)) == ", the nearest is main"
    assert (nearest("x", ()), nearest("", ("main",))) == ("", "")

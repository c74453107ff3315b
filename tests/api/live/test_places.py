"""Places of live clients: shares of an organisation and of a key."""

import pytest

from api.live.places import MOST_CLIENTS, MOST_OF_ORGANISATION, MOST_OF_OWNER, FeedFullError, LivePlaces


def fill(places: LivePlaces, organisation: str, owner: str) -> int:
    """Take places until none is left; return how many there were."""
    taken = 0
    while True:
        try:
            places.take(organisation, owner)
        except FeedFullError:
            return taken
        taken += 1


def test_a_thousand_pages_of_one_organisation_leave_places_to_others() -> None:
    places = LivePlaces()
    assert [fill(places, "own", key) for key in "abcde"] == [MOST_OF_OWNER] * 4 + [0]
    assert fill(places, "other", "f") == MOST_OF_OWNER
    assert fill(places, "other", "g") == MOST_CLIENTS - MOST_OF_ORGANISATION - MOST_OF_OWNER


def test_a_place_that_is_left_is_free_and_each_refusal_names_its_remedy() -> None:
    places = LivePlaces(3, 2, 1)
    places.take("own", "a")
    with pytest.raises(FeedFullError, match=r"This key has 1 live clients, .* use another key"):
        places.take("own", "a")
    places.take("own", "b")
    with pytest.raises(FeedFullError, match="This organisation has 2 live clients, its share: close other pages"):
        places.take("own", "c")
    places.take("other", "d")
    with pytest.raises(FeedFullError, match="This station has 3 live clients, its maximum: connect again later"):
        places.take("another", "e")
    places.leave("own", "a")
    places.take("own", "c")


def test_where_few_connections_are_allowed_all_shares_are_smaller() -> None:
    places = LivePlaces()
    places.bound(210)
    assert fill(places, "own", "a") == 25
    places.bound(2000)
    assert fill(places, "other", "a") == 25

"""What the API server makes of a built-in object's quantities."""

from __future__ import annotations

import pytest

from krayne.sandbox.apiserver.structural import normalise

SCHEMA = {"properties": {"memory": {"x-quantity": True}}}


@pytest.mark.parametrize(("given_", "stored"), [("1024Mi", "1Gi"), (" 1000m ", "1"), (1, "1"), (0.5, "500m")])
def test_a_quantity_is_stored_in_its_canonical_form(given_: object, stored: str) -> None:
    """Blanks around it do not count."""
    assert normalise({"memory": given_}, SCHEMA) == {"memory": stored}


@pytest.mark.parametrize("text", ["", "1Gx", "x", "1 Gi", "--1", True, [], "1mi"])
def test_what_is_no_quantity_is_refused(text: object) -> None:
    """In the server's words."""
    with pytest.raises(ValueError, match="quantities must match the regular expression"):
        normalise({"memory": text}, SCHEMA)

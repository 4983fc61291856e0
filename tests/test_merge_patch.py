"""JSON merge patch: the user's overrides, and what the sandbox's API server is sent."""

from __future__ import annotations

from krayne.merge_patch import merge_patch


def test_maps_are_merged_null_removes_and_lists_are_replaced() -> None:
    """RFC 7396."""
    target = {"a": {"b": 1, "c": 2}, "l": [1, 2]}
    assert merge_patch(target, {"a": {"b": None}, "l": [3]}) == {"a": {"c": 2}, "l": [3]}
    assert target == {"a": {"b": 1, "c": 2}, "l": [1, 2]}


def test_a_patch_that_is_no_map_takes_the_place_of_all() -> None:
    """As does a map in the place of what is none."""
    assert merge_patch({"a": 1}, [2]) == [2]
    assert merge_patch({"a": 1}, {"a": {"b": 2, "c": None}}) == {"a": {"b": 2}}

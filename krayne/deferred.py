"""Leaves modules out that other people's packages import and krayne's own process never uses."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

# Only krayne's own process (krayne.__main__) says so: a program that uses the SDK may need these packages whole.
allowed = False


class Deferred:
    """While in the block, importing ``name`` gives a stand-in that knows ``known``.

    The real module is loaded at the first use of anything else, in the block or after it. A module that is loaded
    already is left as it is, and so is every module where it is not ``allowed``.
    """

    def __init__(self, name: str, **known: Any) -> None:
        self._stand_in = _StandIn(name)
        self._stand_in.__dict__.update(known)
        self._parent, _, self._attribute = name.rpartition(".")

    def __enter__(self) -> None:
        name = self._stand_in.__name__
        if allowed and name not in sys.modules:
            sys.modules[name] = self._stand_in
            if self._parent:
                __import__(self._parent)
                setattr(sys.modules[self._parent], self._attribute, self._stand_in)

    def __exit__(self, *_: object) -> None:
        name = self._stand_in.__name__
        if sys.modules.get(name) is self._stand_in:
            del sys.modules[name]
            if self._parent:
                delattr(sys.modules[self._parent], self._attribute)


class _StandIn(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        from importlib import import_module

        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)

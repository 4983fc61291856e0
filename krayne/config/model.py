"""ClusterConfig, the frozen configuration of one cluster. Its fields and their types stand in model.pyi."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from krayne.config import schema
from krayne.config.defaults import complete
from krayne.config.problems import lines, refusal
from krayne.config.sections import Section, freeze
from krayne.config.values import plain

if TYPE_CHECKING:
    from inspect import Signature


class _Fields:
    """The signature with every field as a keyword, for help(); made of the schema where it is asked for."""

    def __get__(self, _instance: object, _owner: type) -> Signature:
        from inspect import Parameter, Signature

        required = schema.root()["required"]
        defaults = {name: Parameter.empty if name in required else None for name in schema.fields(schema.root())}
        return Signature([Parameter(name, Parameter.KEYWORD_ONLY, default=each) for name, each in defaults.items()])


class ClusterConfig(Section):
    """A Ray cluster as its user describes it. Frozen; equal and hashed by what was said.

    The fields are those of the schema (docs/configuration.md); only ``name`` is required. Nested fields are
    given as dicts and lists, and read as attributes. None means: not given.

    Raises ConfigValidationError with every problem.
    """

    __slots__ = ("_given",)
    __signature__ = _Fields()
    _given: dict[str, Any]

    def __init__(self, **fields: Any) -> None:
        given, problems = plain(fields)
        if not problems:
            from krayne.config.validation import problems_of, without_nulls

            given = without_nulls(given)
            problems = problems_of(given, {})
        if problems:
            raise refusal(lines(problems, {}))
        self._set(given)

    def _set(self, given: dict[str, Any]) -> None:
        frozen = freeze(complete(given), schema.root())
        super().__init__(frozen._title, frozen._fields)
        object.__setattr__(self, "_given", given)

    @classmethod
    def _of_valid(cls, given: dict[str, Any]) -> ClusterConfig:
        """From what is valid already; for unpickling and load_configs."""
        config = cls.__new__(cls)
        config._set(given)
        return config

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self)._of_valid, (self.given,)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ClusterConfig):
            return NotImplemented
        return self._given == other._given

    def __hash__(self) -> int:
        return hash(freeze(self._given, {}))

    def __repr__(self) -> str:
        return f"ClusterConfig({', '.join(f'{key}={value!r}' for key, value in self._given.items())})"

    @property
    def given(self) -> dict[str, Any]:
        """Only what the user said, without defaults; a fresh plain dict."""
        copied: dict[str, Any] = plain(self._given)[0]
        return copied

    def replace(self, **fields: Any) -> ClusterConfig:
        """A configuration with these fields instead, each as a whole; None takes a field back to its default."""
        return ClusterConfig(**{**self._given, **fields})

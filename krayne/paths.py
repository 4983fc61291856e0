"""Where templates/ and schemas/ are: inside an installed package, beside it in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_ROOT = _PACKAGE if (_PACKAGE / "schemas").is_dir() else _PACKAGE.parent

TEMPLATES = _ROOT / "templates"
SCHEMAS = _ROOT / "schemas"

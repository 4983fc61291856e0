"""What can go wrong, in the user's words. Each error's text says what failed, why, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from krayne.cluster import ClusterInfo


class KrayneError(Exception):
    """Anything krayne reports rather than crashes on.

    ``str(error)`` is one or more sentences for the user: what failed, on which object, why (kubectl's own
    words kept), and what to do next. ``exit_code`` is what the command line exits with.
    """

    exit_code: ClassVar[int] = 1


class UsageError(KrayneError):
    """The request contradicts itself or misses something, before anything was sent."""

    exit_code = 2


class ConfigValidationError(KrayneError):
    """A configuration is invalid. ``problems`` holds every one of them, a line each."""

    exit_code = 2

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class TemplateError(KrayneError):
    """A template cannot be read, cannot be rendered, or does not give a RayCluster."""

    exit_code = 2


class ClusterNotFoundError(KrayneError):
    """No RayCluster of that name in that namespace. ``found``: those of the names asked for that are there."""

    def __init__(self, message: str, found: Sequence[ClusterInfo] = ()) -> None:
        super().__init__(message)
        self.found = tuple(found)


class ClusterAlreadyExistsError(KrayneError):
    """A RayCluster of that name is there already."""


class ClusterNotReadyError(KrayneError):
    """The wait ended without what was waited for. ``cluster`` is its last known state, if any was seen."""

    exit_code = 3

    def __init__(self, message: str, cluster: ClusterInfo | None = None) -> None:
        super().__init__(message)
        self.cluster = cluster


class ClusterTimeoutError(ClusterNotReadyError):
    """The wait's time ran out."""


class ClusterFailedError(ClusterNotReadyError):
    """The cluster cannot get there by itself: a bad image, a crash loop, a refusal."""


class ConflictError(KrayneError):
    """Someone else owns, or has just changed, what was to be changed."""


class KubectlError(KrayneError):
    """kubectl failed in a way that has no error of its own here; its words are in the text."""


class KubectlNotFoundError(KubectlError):
    """There is no kubectl to run, or it cannot be run."""


class KubeConnectionError(KubectlError):
    """The cluster cannot be reached, or did not answer in time, or refused the login."""


class KubeRayNotInstalledError(KubectlError):
    """The cluster knows no RayCluster: KubeRay is not installed."""


class KubeRayTooOldError(KubectlError):
    """The cluster's KubeRay lacks a field that was asked for."""


class NamespaceNotFoundError(KubectlError):
    """The namespace does not exist."""


class PermissionDeniedError(KubectlError):
    """The user may not do that."""

"""Requests beyond a limit, as answers."""

from __future__ import annotations

from reference_app.limits.bucket import Standing
from reference_app.limits.rate_limits import LimitReached, RateLimits
from reference_app.problems import ProblemError


def count(limits: RateLimits, member_id: int | None) -> None:
    """Count a request of a member, or of somebody who is not logged in.

    Raises:
        ProblemError: There were too many.
    """
    try:
        limits.take(member_id)
    except LimitReached as reached:
        raise ProblemError(
            429,
            "too-many-requests",
            "Wait as long as Retry-After says.",
            headers=headers(reached.standing),
        ) from None


def headers(standing: Standing) -> dict[str, str]:
    """Return the headers of draft-ietf-httpapi-ratelimit-headers-07, and Retry-After.

    Later drafts have one structured header; these are what clients read today.
    """
    return {
        "RateLimit-Limit": str(standing.limit),
        "RateLimit-Remaining": str(standing.remaining),
        "RateLimit-Reset": str(standing.reset),
        "Retry-After": str(max(1, standing.retry_after)),
    }

"""How many examples hypothesis tries: few and always the same ones in `make test`, many and new
ones in `make fuzz`, whose profile prints how to repeat what failed."""

from hypothesis import HealthCheck, settings

# Fixtures make what all examples of a test are tried on; nothing has to be as new for each.
_SHARED = HealthCheck.function_scoped_fixture
# 100 is what a test's own number is meant for.
settings.register_profile(
    "test", max_examples=100, derandomize=True, deadline=None, database=None,
    suppress_health_check=[_SHARED],
)  # fmt: skip
settings.register_profile(
    "fuzz", max_examples=2_000, deadline=None, print_blob=True,
    suppress_health_check=[_SHARED, HealthCheck.too_slow],
)  # fmt: skip


def examples(number: int) -> settings:
    """*number* of examples in `make test`, and as many times more as the profile says."""
    return settings(max_examples=max(1, number * settings.default.max_examples // 100))

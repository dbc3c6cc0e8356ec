"""However callers of the gate come and go, a place that is left is there for the next."""

import asyncio

import pytest

from learning_assistant.embedded.inference.gate import Gate


async def hold(gate: Gate, release: asyncio.Event) -> None:
    async with gate.entered():
        await release.wait()


async def let_run() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.mark.parametrize("waiting", [1, 3])
def test_a_caller_that_goes_in_the_moment_its_turn_comes(waiting: int) -> None:
    async def scene() -> None:
        gate, release = Gate(places=1, waiting=8), asyncio.Event()
        first = asyncio.create_task(hold(gate, release))
        await let_run()
        others = [asyncio.create_task(hold(gate, release)) for _ in range(waiting)]
        await let_run()
        release.set()  # the first leaves …
        others[0].cancel()  # … in the same moment as the next one gives up
        await asyncio.gather(first, *others, return_exceptions=True)
        assert others[0].cancelled()
        async with asyncio.timeout(1), gate.entered():
            pass

    asyncio.run(scene())


def test_a_cancelled_caller_is_passed_over_before_it_has_run() -> None:
    async def scene() -> None:
        gate, never = Gate(places=1, waiting=8), asyncio.Event()
        async with gate.entered():
            waiter = asyncio.create_task(hold(gate, never))
            await let_run()
            waiter.cancel()
            # The place is left before the waiter has had its turn to notice.
        with pytest.raises(asyncio.CancelledError):
            await waiter
        async with asyncio.timeout(1), gate.entered():
            pass

    asyncio.run(scene())


@pytest.mark.parametrize(("patience", "first"), [(60.0, "hasty"), (0.01, "patient")])
def test_who_can_wait_lets_others_pass_for_a_while(patience: float, first: str) -> None:
    async def scene() -> list[str]:
        gate, order, release = Gate(places=1, waiting=8), [], asyncio.Event()

        async def enter(name: str, patience: float) -> None:
            async with gate.entered(patience):
                order.append(name)

        async with asyncio.TaskGroup() as group:
            group.create_task(hold(gate, release))
            await let_run()
            group.create_task(enter("patient", patience))
            await asyncio.sleep(0.05)
            group.create_task(enter("hasty", 0.0))
            await let_run()
            release.set()
        return order

    assert asyncio.run(scene())[0] == first

"""Steps with which tests see what runs at the same time, and how often."""

STEPS = '''
import time
from pathlib import Path
from aetherflow.kernel.api import NothingDone, Rerun, Skip, StepContext, StepError, StepOutputs, register_step


class Out(StepOutputs):
    value: object = None
    text: str = ""


@register_step("meet", rerun=Rerun.SAFE)
def meet(context: StepContext, name: str, others: list[str]) -> Out:
    """Done when the others are there as well: at the same time, or never."""
    (context.project / name).touch()
    until = time.monotonic() + 60
    while not all((context.project / other).exists() for other in others):
        if time.monotonic() > until or context.cancelled.is_set():
            raise StepError("nobody came")
        time.sleep(0.01)
    return Out(value=name)


@register_step("count_up", rerun=Rerun.SAFE)
def count_up(context: StepContext, file: str, fails: int = 0, kind: str = "step", value: object = None) -> Out:
    """Fail the first so many times that it is called; a line for each."""
    with (context.project / file).open("a") as lines:
        lines.write(f"{context.attempt} {context.idempotency_key} {value}\\n")
    if len((context.project / file).read_text().splitlines()) <= fails:
        if kind == "nothing":
            raise NothingDone("nothing was done", code="AF-BUSY")
        raise StepError("not yet", code="AF-NOT-NOW")
    return Out(value=value, text=f"<{value}>")


@register_step("once_more")
def once_more(context: StepContext, file: str, fails: int = 0, kind: str = "step") -> Out:
    """The same, for a step that may run once only."""
    return count_up(context, file, fails, kind)


@register_step("keyed", rerun=Rerun.KEYED)
def keyed(context: StepContext, file: str, value: object = None) -> Out:
    """The same, under an idempotency key."""
    return count_up(context, file, value=value)


@register_step("deaf", rerun=Rerun.SAFE)
def deaf(context: StepContext, seconds: float, file: str = "published") -> Out:
    """Not to be stopped; publishes at its end."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.02)
    with context.publish(context.project / file) as temporary:
        temporary.write_text("too late")
    return Out()


@register_step("maybe", rerun=Rerun.SAFE)
def maybe(context: StepContext, value: int) -> Out | Skip:
    """Odd values have nothing to do."""
    return Skip("odd") if value % 2 else Out(value=value)
'''

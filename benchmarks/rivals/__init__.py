"""Who takes part.

Each module here writes the workloads as the users of its library would: one function per workload, which takes the
workload's numbers and returns a step.  A step does the work once and returns what is to be compared: the loss, or a
value with its gradient.  `LEFT_OUT` says why a workload that could be expected is missing, `NOTES` what a reader should
know.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rival:
    """One library: the package that must be installed, and the module here that uses it."""

    name: str
    package: str
    module: str
    #: What `import` measures.
    imports: str


#: We come first: everybody else is a multiple of us.
RIVALS = {
    rival.name: rival
    for rival in (
        Rival("autodiff", "autodiff", "ours", "autodiff, nn"),
        Rival("torch", "torch", "pytorch", "torch"),
        Rival("jax", "jax", "jax_", "jax"),
        Rival("autograd", "autograd", "hips", "autograd.numpy"),
        Rival("mygrad", "mygrad", "mygrad_", "mygrad"),
        Rival("micrograd", "micrograd", "micrograd_", "micrograd.engine, micrograd.nn"),
    )
}

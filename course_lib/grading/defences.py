"""What stands between a submission and marks that it has not earned: named, so that tests can fail.

A test switches one off and shows that the attack then succeeds. `course grade` always uses `ALL`:
no option, file or variable reaches these switches.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Defences:
    """One switch for each defence that is not a matter of how things are built.

    Args:
        hidden_cases: marks need cases that nobody has seen; off, the visible ones suffice.
        master_cells: setup and given cells come from the master; off, from the submission.
        sources: forbidden names are looked for in the source; off, the child alone watches.
        mounts: an allow-list; off, the whole disk is there, for writing too.
        nonces: a reply repeats the nonce of its request.
        reply_size: of the largest reply.
        deadlines: the marker's clock ends a request; off, only that of the whole submission.
        memory_limit: of a submission.
        process_limit: of a submission.
        kills: when a session closes, everything in it ends.
        gradients: those that are not sent count as missing.
        restarts: what ends its process costs one exercise, not those after it.
    """

    hidden_cases: bool = True
    master_cells: bool = True
    sources: bool = True
    mounts: bool = True
    nonces: bool = True
    reply_size: bool = True
    deadlines: bool = True
    memory_limit: bool = True
    process_limit: bool = True
    kills: bool = True
    gradients: bool = True
    restarts: bool = True

    def without(self, *names: str) -> "Defences":
        """Return a copy with these switched off."""
        return replace(self, **dict.fromkeys(names, False))


ALL = Defences()

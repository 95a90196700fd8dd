"""What stands between a submission and marks that it has not earned: named, so that tests can fail.

Each defence can be switched off by a test, which then shows that an attack succeeds. `course grade`
always uses `ALL`.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Defences:
    """One switch for each defence.

    Args:
        judge_outside: results are compared by the marker; off, the child's own word counts.
        hidden_cases: marks need cases that nobody has seen; off, the visible ones suffice.
        plain_python: cells run as plain Python; off, through an IPython shell.
        master_cells: setup and given cells come from the master; off, from the submission.
        mounts: the allow-list; off, the whole disk is there, for writing too.
        own_process: every submission runs in a fork of its own; off, in one process.
        nonces: a reply repeats the nonce of its request.
        reply_size: the largest reply.
        raw_arrays: replies hold numbers; off, pickles are loaded.
        plain_values: bytes of tensors are sent; off, objects travel as they are.
        deadlines: the marker's clock ends a session; off, the child watches itself.
        memory_limit: of a submission.
        process_limit: of a submission.
        output_limit: what is printed goes nowhere, or is cut.
        kills: when a session closes, everything in it ends.
        file_reading: files are read in a limited child; off, in the marker.
        archive_limits: paths and sizes of archives.
        folder_identity: learners are told apart by folder or roster; off, by metadata.
    """

    judge_outside: bool = True
    hidden_cases: bool = True
    plain_python: bool = True
    master_cells: bool = True
    mounts: bool = True
    own_process: bool = True
    nonces: bool = True
    reply_size: bool = True
    raw_arrays: bool = True
    plain_values: bool = True
    deadlines: bool = True
    memory_limit: bool = True
    process_limit: bool = True
    output_limit: bool = True
    kills: bool = True
    file_reading: bool = True
    archive_limits: bool = True
    folder_identity: bool = True

    def without(self, *names: str) -> "Defences":
        """Return a copy with these switched off."""
        return replace(self, **dict.fromkeys(names, False))


ALL = Defences()

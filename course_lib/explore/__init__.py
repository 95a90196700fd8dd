"""Interactive explorers: each draws what the learner's own function computes.

Example:
    >>> from course_lib.explore import temperature
    >>> temperature(lesson.pair("softmax"))  # doctest: +SKIP
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from course_lib.explore.alignment import alignment as alignment
    from course_lib.explore.cross_attention import cross_attention as cross_attention
    from course_lib.explore.decoding_stepper import decoding_stepper as decoding_stepper
    from course_lib.explore.glimpse_player import glimpse_player as glimpse_player
    from course_lib.explore.head_browser import head_browser as head_browser
    from course_lib.explore.mask_painter import mask_painter as mask_painter
    from course_lib.explore.nearest_sentences import nearest_sentences as nearest_sentences
    from course_lib.explore.patch_clicker import patch_clicker as patch_clicker
    from course_lib.explore.patch_explorer import patch_explorer as patch_explorer
    from course_lib.explore.positions import positions as positions
    from course_lib.explore.soft_lookup import soft_lookup as soft_lookup
    from course_lib.explore.temperature import temperature as temperature
    from course_lib.explore.vector_playground import vector_playground as vector_playground

__all__ = [
    "alignment",
    "cross_attention",
    "decoding_stepper",
    "glimpse_player",
    "head_browser",
    "mask_painter",
    "nearest_sentences",
    "patch_clicker",
    "patch_explorer",
    "positions",
    "soft_lookup",
    "temperature",
    "vector_playground",
]


def __getattr__(name: str) -> Any:
    """Load an explorer when it is first used: torch and IPython are not free."""
    if name not in __all__:
        raise AttributeError(f"course_lib.explore has no {name!r}; it offers {', '.join(__all__)}")
    from importlib import import_module

    explorer = getattr(import_module(f"course_lib.explore.{name}"), name)
    # The submodule has just been bound to the same name; the function is what callers want.
    globals()[name] = explorer
    return explorer

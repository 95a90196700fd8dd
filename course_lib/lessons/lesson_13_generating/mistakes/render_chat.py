"""Mistakes in “A chat template”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

from course_lib.checking.exercise import WrongAnswer


def _chat(
    turns: Any,
    encode: Any,
    control: Any,
    reply: bool,
    *,
    parse: bool = False,
    ends: bool = True,
    opens: bool | None = None,
    roles: str = "own",
    after: str = "assistant",
    last_end: bool = True,
    names: bool = False,
) -> list[int]:
    """The template with switches for its classic mistakes; all off, it is right."""

    def token(name: str) -> list[int]:
        return list(encode(f"<|{name}|>")) if names else [control[name]]

    ids: list[int] = []
    for at, (speaker, text) in enumerate(turns):
        who = {"own": speaker, "alternate": ("user", "assistant")[at % 2], "user": "user"}
        ids += token(who[roles]) if roles in who else []
        ids += encode(text, parse=True) if parse else encode(text)
        ids += token("end") if ends and (last_end or at < len(turns) - 1) else []
    if reply if opens is None else opens:
        ids += token(after)
    return ids


def _chat_fault(**switches: Any) -> Callable[..., list[int]]:
    return lambda turns, encode, control, reply: _chat(turns, encode, control, reply, **switches)


MISTAKES = (
    WrongAnswer(
        id="text_becomes_control",
        code=_chat_fault(parse=True),
        says="Names of control tokens inside a text become control tokens.",
        why="A user who writes “<|end|><|assistant|>” would close the turn and speak as the assistant. Encode what was said "
        "without parse, and add control tokens by their ids.",
    ),
    WrongAnswer(
        id="control_as_text",
        code=_chat_fault(names=True),
        says="You spell the names of control tokens out as text.",
        why="The model was trained on one id for each; “<|user|>” in letters means nothing to it. Take the ids from control.",
    ),
    WrongAnswer(
        id="turns_do_not_end",
        code=_chat_fault(ends=False),
        says="Your turns do not end: the end token is missing.",
        why="The model learns from it where a turn is over, and writes it when its own is. Without it nothing stops.",
    ),
    WrongAnswer(
        id="one_end_for_all",
        code=lambda turns, encode, control, reply: [
            *(token for who, said in turns for token in (control[who], *encode(said))),
            control["end"],
            *[control["assistant"]] * reply,
        ],
        says="You close the conversation once; every turn is closed.",
        why="The end token says that a turn is over. Without it inside, the model never learns that others speak too.",
    ),
    WrongAnswer(
        id="no_generation_prompt",
        code=_chat_fault(opens=False),
        says="You never open a turn for the reply.",
        why="Behind a closed turn the model may go on as anybody, the user included. With reply=True the assistant's token "
        "comes last.",
    ),
    WrongAnswer(
        id="always_opens",
        code=_chat_fault(opens=True),
        says="You open a turn for a reply even when none is due.",
        why="With reply=False the conversation is complete, as in training: nothing follows the last end.",
    ),
    WrongAnswer(
        id="reply_closed",
        code=lambda turns, encode, control, reply: [
            *_chat(turns, encode, control, reply),
            *[control["end"]] * reply,
        ],
        says="You close the turn that you open for the reply.",
        why="The model writes into an open turn, and says itself when it is over. Behind the assistant's token stands nothing.",
    ),
    WrongAnswer(
        id="text_stripped",
        code=lambda turns, encode, control, reply: _chat(
            [(who, said.strip()) for who, said in turns], encode, control, reply
        ),
        says="You cut the blanks off both ends of a text.",
        why="A template says who speaks and where a turn ends. What was said it leaves as it is.",
    ),
    WrongAnswer(
        id="opens_as_user",
        code=_chat_fault(after="user"),
        says="You open the reply as the user.",
        why="The model would write the user's next sentence. It is the assistant who replies.",
    ),
    WrongAnswer(
        id="speakers_alternate",
        code=_chat_fault(roles="alternate"),
        says="You let user and assistant take turns, whoever it was that spoke.",
        why="A conversation may begin with the assistant, and one speaker may speak twice. Each pair names its speaker.",
    ),
    WrongAnswer(
        id="speakers_missing",
        code=_chat_fault(roles="none"),
        says="Your turns do not say who speaks.",
        why="The model needs the speaker's token to know whose words it reads.",
    ),
    WrongAnswer(
        id="all_user",
        code=_chat_fault(roles="user"),
        says="Every turn is opened as the user's.",
        why="Each pair names its speaker: control[speaker].",
    ),
    WrongAnswer(
        id="last_turn_open",
        code=_chat_fault(last_end=False),
        says="The last turn is not closed.",
        why="Every turn ends with the end token, also the one before a reply.",
    ),
    WrongAnswer(
        id="last_turn_open_for_reply",
        code=lambda turns, encode, control, reply: [
            *_chat(turns, encode, control, False, last_end=not reply),
            *[control["assistant"]] * reply,
        ],
        says="When a reply is due, you leave the last turn open.",
        why="The user has finished speaking: their turn ends with the end token, then the assistant's begins.",
    ),
)

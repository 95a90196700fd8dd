"""The learner's side of a board: join, tell what happened, ask for help, leave.

`invitation` reads an address, `wire` carries JSON to it, `outbox` keeps what waits on disk,
`sender` empties the outbox in the background, `sharing` is what a lesson calls.
"""

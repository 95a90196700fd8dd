"""`course board`: learners join a room, and what happens in it is on the wall.

`catalogue` is what is known of lessons, `told` reads what a learner sends, `store` keeps it,
`room` adds it up, `polls` and `pace` add what their names say, `desk` has all of it in hand,
`server` and the handlers put it on the web, `run` starts it. No lesson imports any of this; a
learner's side is `course_lib.workbook.sharing`.
"""

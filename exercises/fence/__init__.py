"""The fenced CPython: what runs on the other side of the fence.

`python -I -S exercises/fence/child.py` closes the doors behind itself (`walls`, `landlock`,
`seccomp`) and then runs what it is told (`serving`). Only the standard library is imported here,
and little of that: it starts anew for every answer.
"""

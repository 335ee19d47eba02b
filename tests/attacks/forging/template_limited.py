"""Lowers the limits, the priority and the processors of the template.

start: challenge
deserves: full
flag: yes
"""

# %%
import os
import resource

template = os.getppid()
for limit in (
    resource.RLIMIT_NPROC,
    resource.RLIMIT_NOFILE,
    resource.RLIMIT_AS,
    resource.RLIMIT_CPU,
):
    try:
        print("limited:", resource.prlimit(template, limit, (1, 1)))
    except OSError as error:
        print(error)
for change in (
    lambda: os.setpriority(os.PRIO_PROCESS, template, 19),
    lambda: os.sched_setscheduler(template, os.SCHED_IDLE, os.sched_param(0)),
    lambda: os.sched_setaffinity(template, {0}),
):
    try:
        change()
        print("changed")
    except OSError as error:
        print(error)

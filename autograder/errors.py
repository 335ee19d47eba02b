"""The ways in which grading ends without a score."""


class UsageError(Exception):
    """The user asked for something that is not there; one sentence says what to do. Exit 2."""


class MachineFault(Exception):
    """The machine or the database does not do what grading needs; one sentence says what. Exit 3.

    What was done until then stays; the same command goes on.
    """


class NotGraded(Exception):
    """A submission could not be graded; one sentence says why. It is tried again next time.

    Args:
        reason: The sentence.
        conduct: What the submission did that no honest one does, in a clause for the instructor.
    """

    def __init__(self, reason: str, conduct: str = ""):
        super().__init__(reason)
        self.conduct = [conduct] if conduct else []

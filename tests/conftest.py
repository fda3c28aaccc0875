"""Made-up inputs are the same in every run, so that a change is judged by itself; `make test-random` looks further."""

from hypothesis import settings

settings.register_profile("random", deadline=None, print_blob=True)
settings.register_profile("same", settings.get_profile("random"), derandomize=True)
settings.load_profile("same")

from django.contrib.auth.hashers import Argon2PasswordHasher


class SmallArgon2(Argon2PasswordHasher):
    """For no setting of Django's: who wants another memory writes a class."""

    memory_cost = 16_384
    parallelism = 1

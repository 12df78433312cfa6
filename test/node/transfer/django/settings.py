"""The original's, as far as its data goes. Without Pillow, which only says how large pictures are."""
import os

SECRET_KEY = "of-a-test"
USE_TZ = True
TIME_ZONE = "Europe/Dublin"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DJANGO_DATABASE"]}
}
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "profiles",
    "posts",
    "comments",
    "likes",
    "followers",
    "messaging",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
]
SILENCED_SYSTEM_CHECKS = ["fields.E210"]

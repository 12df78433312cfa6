"""Reads pairs of names and passwords from its input, and prints the names that may sign in with them."""
import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from django.contrib.auth.hashers import check_password  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402

hashes = dict(User.objects.values_list("username", "password"))
print(json.dumps([name for name, word in json.load(sys.stdin).items() if check_password(word, hashes[name])]))

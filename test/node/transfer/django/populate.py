"""Fills the database with something of everything, and prints everybody's password."""
import json
import os
from datetime import datetime, timedelta, timezone

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from comments.models import Comment  # noqa: E402
from django.contrib.auth.hashers import make_password  # noqa: E402
from django.contrib.auth.models import Group, User  # noqa: E402
from followers.models import Follower  # noqa: E402
from likes.models import Like  # noqa: E402
from messaging.models import Message  # noqa: E402
from posts.models import FILTERS, Post  # noqa: E402
from profiles.models import Profile  # noqa: E402

ODD = [
    "plain",
    "Ünïcödé «ñandú» ﷺ",
    "👩‍👩‍👧 \u200d\u202e",
    "quote \" and \\ and \n line\ttab",
    '{"not": [an object]',
    "\u2028\u2029",
    "日本語 العربية Ζωή",
    "x" * 255,
]
NAMES = "ada Zoë user.3@+- gone bob CAROL dora émile frank grace heidi ivan".split()
SUMMER = datetime(2024, 3, 31, 0, 59, 30, 123456, timezone.utc)
ZONES = [timezone.utc, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-3, minutes=-30))]


def at(n):
    """Over a change to summer time, in zones of all kinds, to the microsecond."""
    return (SUMMER + timedelta(seconds=37 * n, microseconds=n)).astimezone(ZONES[n % len(ZONES)])


def set_times(row, **times):
    """Behind `auto_now`."""
    type(row).objects.filter(pk=row.pk).update(**times)


passwords = {}
for n, name in enumerate(NAMES):
    passwords[name] = f"Zx9!kkqw-{n}-ñ"
    user = User.objects.create_user(
        name, f"{n}.Person@Example.COM" if n % 4 else "", passwords[name], first_name=ODD[n % 3][:20]
    )
    set_times(user, date_joined=at(n), last_login=at(n + 5) if n % 2 else None)
    Profile.objects.filter(owner=user).update(
        name=ODD[n % len(ODD)],
        content="" if n % 3 else ODD[-n % len(ODD)],
        created_at=at(n),
        updated_at=at(n + 1),
        **({"image": f"images/face_{n % 9}.gif"} if n % 2 else {}),
    )
# So that ids have gaps, and profiles others than their users.
Profile.objects.filter(owner__username="dora").delete()
dora = Profile.objects.create(owner=User.objects.get(username="dora"), name="Dora")
set_times(dora, created_at=at(6), updated_at=at(7))
User.objects.get(username="gone").delete()
del passwords["gone"]


def change(name, **fields):
    User.objects.filter(username=name).update(**fields)


change("émile", is_active=False)
change("ada", is_staff=True, is_superuser=True)
User.objects.get(username="ada").groups.add(Group.objects.create(name="staff"))
for name, hasher in [("frank", "argon2"), ("heidi", "bcrypt_sha256")]:
    change(name, password=make_password(passwords[name], hasher=hasher))
from hashers import SmallArgon2  # noqa: E402

change("grace", password=SmallArgon2().encode(passwords["grace"], "saltsaltsaltsalt"))
change("ivan", password=make_password(None))

people = list(User.objects.order_by("id"))
posts = []
for n in range(60):
    post = Post.objects.create(
        owner=people[n * 7 % len(people)],
        title=(f"{n} " + ODD[n % len(ODD)])[:255],
        content=ODD[(n + 3) % len(ODD)] * (n % 4),
        image_filter=FILTERS[n % len(FILTERS)],
        **({"image": f"media/images/view_{n % 9}"} if n % 3 else {}),
    )
    set_times(post, created_at=at(100 + n), updated_at=at(200 + n))
    posts.append(post)
posts.pop(10).delete()
for n in range(80):
    comment = Comment.objects.create(
        owner=people[n % len(people)], post=posts[n * 3 % 20], content=ODD[n % len(ODD)]
    )
    set_times(comment, created_at=at(300 + n), updated_at=at(301 + n))
for n in range(90):
    like = Like.objects.create(owner=people[n % 9], post=posts[(n * 5 + n // 9) % len(posts)])
    set_times(like, created_at=at(400 + n))
for n in range(30):
    owner, followed = people[n % len(people)], people[(n + 1 + n // len(people)) % len(people)]
    follow = Follower.objects.create(owner=owner, followed=followed)
    set_times(follow, created_at=at(500 + n))
for n in range(120):
    a, b = people[n // 10 % 5], people[n // 10 % 5 + 1]
    message = Message.objects.create(
        sender=a if n % 3 else b,
        recipient=b if n % 3 else a,
        content=ODD[n % len(ODD)] if n % 7 else "",
        image=f"image/upload/v17{n}/seen_{n % 9}.gif" if n % 7 == 0 else None,
        read=n < 100,
    )
    set_times(message, timestamp=at(600 + n))

print(json.dumps(passwords))

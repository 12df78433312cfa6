"""Prints the lists of the original, in the order of its own queries: ids, and usernames for people."""
import json
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from comments.models import Comment  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.db.models import Count, Max, Q  # noqa: E402
from followers.models import Follower  # noqa: E402
from likes.models import Like  # noqa: E402
from messaging.models import Message  # noqa: E402
from posts.models import Post  # noqa: E402
from profiles.models import Profile  # noqa: E402


def ids(rows):
    return [row.pk for row in rows]


def names(profiles):
    return [profile.owner.username for profile in profiles]


posts = Post.objects.annotate(
    likes_count=Count("likes", distinct=True), comments_count=Count("comment", distinct=True)
)
profiles = Profile.objects.annotate(
    posts_count=Count("owner__post", distinct=True), followers_count=Count("owner__followed", distinct=True)
)
ada = User.objects.get(username="ada")
mine = Message.objects.filter(Q(sender=ada) | Q(recipient=ada))
others = User.objects.filter(Q(sent_messages__recipient=ada) | Q(received_messages__sender=ada))
newest = {
    other: mine.filter(Q(sender=other) | Q(recipient=other)).aggregate(at=Max("timestamp"))["at"]
    for other in others.distinct()
}
print(
    json.dumps(
        {
            "ada": ada.pk,
            "posts": {
                "": ids(posts.order_by("-created_at")),
                "ordering=-likes_count": ids(posts.order_by("-likes_count", "-created_at")),
                "ordering=comments_count": ids(posts.order_by("comments_count", "-created_at")),
                "search=日本": ids(
                    posts.filter(title__icontains="日本").order_by("-created_at")
                ),
                f"owner__followed__owner__profile={ada.pk}": ids(
                    posts.filter(owner__followed__owner=ada).order_by("-created_at")
                ),
                f"likes__owner__profile={ada.pk}": ids(
                    posts.filter(likes__owner=ada).order_by("-created_at")
                ),
                f"owner__profile={ada.pk}": ids(posts.filter(owner=ada).order_by("-created_at")),
            },
            "profiles": {
                "": names(profiles.order_by("-created_at")),
                "ordering=-posts_count": names(profiles.order_by("-posts_count", "-created_at")),
                "ordering=-followers_count": names(profiles.order_by("-followers_count", "-created_at")),
            },
            "comments": {
                "": ids(Comment.objects.all()),
                "post=1": ids(Comment.objects.filter(post=1)),
            },
            "likes": {"": ids(Like.objects.all())},
            "followers": {"": ids(Follower.objects.all())},
            "conversations": ids(sorted(newest, key=newest.get, reverse=True)),
            "threads": {
                other.pk: ids(mine.filter(Q(sender=other) | Q(recipient=other))) for other in newest
            },
        }
    )
)

import argparse
from typing import Any

from django.core.management.base import CommandError

from learning_assistant import api_keys
from learning_assistant.commands import TeachingCommand
from learning_assistant.models import ApiKey, KeyScope

NAME_LENGTH = 50  # the library's
LONGEST_DAYS = 3650
GRACE_DAYS = 7
ROW = "{:<10}{:<24}{:<20}{:<12}{:<12}{}"

HELP = """Keys with which other programs use the API: `Authorization: Api-Key KEY`.

  manage.py api_key create "Meeting Room" --scope search --days 365
  manage.py api_key create "The website" --scope website
  manage.py api_key list
  manage.py api_key rotate PREFIX --grace-days 7
  manage.py api_key revoke PREFIX

The key goes to standard output, once: only its hash is stored.
"""


class Command(TeachingCommand):
    help = HELP

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="make a key and show it")
        create.add_argument("name", metavar="NAME", help="of the program, to know it by")
        create.add_argument(
            "--scope", action="append", required=True, choices=KeyScope.values,
            help="what it opens; may be given more than once",
        )  # fmt: skip
        create.add_argument(
            "--days", type=int, metavar="N", help="until it expires (default: never)"
        )
        actions.add_parser("list", help="every key: prefix, name, scopes, state")
        rotate = actions.add_parser("rotate", help="make a key's successor; the old one ends soon")
        rotate.add_argument("prefix", metavar="PREFIX", help="the old key's first eight characters")
        rotate.add_argument(
            "--grace-days", type=int, metavar="N", default=GRACE_DAYS,
            help="days for which both are valid (default: %(default)s)",
        )  # fmt: skip
        revoke = actions.add_parser("revoke", help="close a key for ever")
        revoke.add_argument("prefix", metavar="PREFIX", help="the key's first eight characters")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        if action == "create":
            self._create(options["name"].strip(), options["scope"], options["days"])
        elif action == "list":
            self._list()
        elif action == "rotate":
            self._rotate(self._known(options["prefix"]), options["grace_days"])
        else:
            self._revoke(self._known(options["prefix"]))

    def _create(self, name: str, scopes: list[str], days: int | None) -> None:
        if not 1 <= len(name) <= NAME_LENGTH:
            raise CommandError(
                f"NAME must have 1 to {NAME_LENGTH} characters, {len(name)} were given"
            )
        if not name.isprintable():
            raise CommandError("NAME must not hold control characters")
        if days is not None and not 1 <= days <= LONGEST_DAYS:
            raise CommandError(f"--days must be from 1 to {LONGEST_DAYS}, {days} was given")
        self._show(*api_keys.create(name, sorted(set(scopes)), days))

    def _show(self, stored: ApiKey, key: str) -> None:
        until = f"until {stored.expiry_date:%Y-%m-%d}" if stored.expiry_date else "until revoked"
        self.stdout.write(key)
        self.stderr.write(f"Shown this once: keep it. It opens {', '.join(stored.scopes)} {until}.")

    def _list(self) -> None:
        self.stdout.write(ROW.format("prefix", "name", "scopes", "made", "expires", "state"))
        for key in ApiKey.objects.order_by("created"):
            expires = f"{key.expiry_date:%Y-%m-%d}" if key.expiry_date else "never"
            made = f"{key.created:%Y-%m-%d}"
            scopes = ", ".join(key.scopes)
            self.stdout.write(
                ROW.format(key.prefix, key.name[:22], scopes, made, expires, key.state)
            )

    def _known(self, prefix: str) -> ApiKey:
        """The key of this prefix, which is not revoked."""
        key: ApiKey | None = ApiKey.objects.filter(prefix=prefix.partition(".")[0]).first()
        if key is None:
            raise CommandError(f"PREFIX: there is no key {prefix[:8]!r}; `api_key list` shows all")
        if key.revoked:
            raise CommandError(f"PREFIX: {key.name!r} is revoked already")
        return key

    def _rotate(self, old: ApiKey, grace_days: int) -> None:
        if not 0 <= grace_days <= LONGEST_DAYS:
            raise CommandError(
                f"--grace-days must be from 0 to {LONGEST_DAYS}, {grace_days} was given"
            )
        if old.has_expired:
            raise CommandError(
                f"PREFIX: {old.name!r} expired on {old.expiry_date:%Y-%m-%d}; `api_key create` "
                "makes a new one"
            )
        self._show(*api_keys.rotate(old, grace_days))
        self.stderr.write(f"The old key {old.prefix} is valid until {old.expiry_date:%Y-%m-%d}.")

    def _revoke(self, key: ApiKey) -> None:
        key.revoked = True
        key.save(update_fields=["revoked"])
        self.stdout.write(f"{key.name!r} is revoked: whoever uses it gets 401 from now on.")

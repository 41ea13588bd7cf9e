"""The scenarios, as a table. README.md says what each one does."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    # What the raw client calls it, and what the answers of the empty service
    # are recorded from.
    parts: tuple = ()
    peers: bool = True          # whether a peer must have its routes
    wrk: bool = True            # else by a client of ours; then no limit
    hot: bool = False           # all want the same SKUs
    many: bool = False          # measured with 256 connections too


ALL = [
    Scenario("create", ("create",), many=True),
    Scenario("list", ("list",), many=True),
    Scenario("detail", ("detail",)),
    Scenario("mix", ("create", "list", "detail")),
    Scenario("hot", ("create",), hot=True),
    Scenario("cart", ("add", "cart"), peers=False),
    Scenario("login", peers=False, wrk=False),
]
MANY = 256                      # connections


def find(names):
    """The scenarios with these names; a ValueError names one that is not."""
    known = {s.name: s for s in ALL}
    wrong = [name for name in names if name not in known]
    if wrong:
        raise ValueError(f"there is no scenario {wrong[0]!r}; there are "
                         f"{', '.join(known)}")
    return [known[name] for name in names]

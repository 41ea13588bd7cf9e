"""A worker remembers SKUs; nobody can tell, but by the round trips."""
import pytest

from harness import Statements, at_once

# More than any worker has, so that each has had some.
MANY = 64


def warm(shop, *skus):
    """So that every worker knows these."""
    at_once([lambda: shop.buyer("us").ordered(*skus)] * MANY, 16)


def lines_of(answers):
    return [a.json["items"][0] for a in answers]


# What is changed by SQL, and what the line of an order says then.
CHANGES = {
    "the price": ("UPDATE skus SET price_minor = 501 WHERE id = {id}",
                  {"unit_price": "5.01"}),
    "the title": ("UPDATE products SET title = 'Other' WHERE id = {id}",
                  {"product_name": "Other"}),
    "only the case of the title": (
        "UPDATE products SET title = 'plain shirt' WHERE id = {id}",
        {"product_name": "plain shirt"}),
    "only a blank behind the title": (
        "UPDATE products SET title = 'Plain Shirt ' WHERE id = {id}",
        {"product_name": "Plain Shirt "}),
    "the code": ("UPDATE skus SET sku_code = 'NEW-{id}' WHERE id = {id}",
                 {"sku_code": "NEW-{id}"}),
    "the size": ("UPDATE skus SET size = 'm' WHERE id = {id}", {"size": "m"}),
    "the colour": ("UPDATE skus SET color = 'Bläck' WHERE id = {id}",
                   {"color": "Bläck"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_next_order_has_what_was_changed_whatever_worker_makes_it(
        shop, change):
    sku = shop.sku("us", stock=1000, title="Plain Shirt")
    sql, said = CHANGES[change]
    warm(shop, sku)
    shop.sql("us", sql.format(id=sku.id))
    answers = at_once([lambda: shop.buyer("us").order(sku)] * MANY, 16)
    for line in lines_of(answers):
        for name, value in said.items():
            assert str(line[name]) == value.format(id=sku.id), line
    assert shop.stock(sku) == 1000 - 2 * MANY


def test_an_order_from_the_cart_has_what_was_changed_too(shop):
    sku = shop.sku("us", stock=1000)
    warm(shop, sku)
    buyers = [shop.buyer("us") for _ in range(MANY)]
    for b in buyers:
        shop.put_in_cart(b, (sku, 2))
    shop.sql("us", f"UPDATE skus SET price_minor = 501 WHERE id = {sku.id}")
    answers = at_once([lambda b=b: b.order(items=...) for b in buyers], 16)
    assert {(str(l["unit_price"]), l["quantity"])
            for l in lines_of(answers)} == {("5.01", 2)}
    assert not [b for b in buyers if shop.cart(b)]
    assert shop.stock(sku) == 1000 - 3 * MANY


def test_markets_with_the_same_ids_do_not_mix(shop):
    us = shop.sku("us", price=1234, title="Ours")
    shop.insert("kg", "products", id=us.id, title="Theirs")
    shop.insert("kg", "skus", id=us.id, product_id=us.id, sku_code="KG",
                price_minor=99900, stock=1000)
    jobs = [lambda m=m: shop.buyer(m).ordered(us)["items"][0]
            for m in ("us", "kg") * MANY]
    said = {(l["product_name"], str(l["unit_price"]))
            for l in at_once(jobs, 16)}
    assert said == {("Ours", "12.34"), ("Theirs", "999.00")}


def test_a_sku_of_another_product_has_that_ones_title(shop):
    sku, other = shop.sku("us", title="One"), shop.sku("us", title="Two")
    warm(shop, sku)
    shop.sql("us", f"UPDATE skus SET product_id = {other.id} "
             f"WHERE id = {sku.id}")
    answers = at_once([lambda: shop.buyer("us").order(sku)] * MANY, 16)
    assert {l["product_name"] for l in lines_of(answers)} == {"Two"}


@pytest.mark.parametrize("sql", [
    "UPDATE skus SET is_active = 0 WHERE id = {id}",
    "UPDATE products SET is_active = 0 WHERE id = {id}",
    "DELETE FROM skus WHERE id = {id}"])
def test_what_is_not_for_sale_any_more_is_refused_at_once(shop, sql):
    sku, other = shop.sku("us", stock=1000), shop.sku("us", stock=1000)
    warm(shop, sku, other)
    shop.sql("us", sql.format(id=sku.id))
    buyers = [shop.buyer("us") for _ in range(MANY)]
    with shop.unchanged():
        answers = at_once([lambda b=b: b.order((other, 2), (sku, 3))
                           for b in buyers], 16)
    assert {(a.status, a.json["error"]) for a in answers} == {
        (404, "sku_not_found")}


def test_a_shortage_of_what_is_remembered_is_told_as_ever(shop):
    sku = shop.sku("us", stock=MANY + 5)
    warm(shop, sku)
    buyers = [shop.buyer("us") for _ in range(MANY)]
    with shop.unchanged():
        answers = at_once([lambda b=b: b.order((sku, 6)) for b in buyers], 16)
    for a in answers:
        assert (a.status, a.json["error"]) == (400, "out_of_stock"), a
        assert a.json["shortages"][0]["available"] == 5, a
    shop.buyer("us").ordered((sku, 5))
    assert shop.stock(sku) == 0


def sent_by_an_order(statements, request):
    """The round trips of an order whose worker knows the SKUs, which all soon
    do."""
    for _ in range(60):
        sent = [text for _, text in statements.of(request)]
        if not sent[0].startswith("SELECT s.id"):
            return sent
    raise AssertionError(f"no worker remembers: {sent}")


@pytest.mark.parametrize("title", [
    "Plain", "Рубашка “Классика” 😀", "trailing ", "x" * 180, "ß" * 100,
    "it's", "back\\slash"])
def test_skus_that_are_remembered_are_not_read_whatever_their_texts(
        shop, us, title):
    skus = [shop.sku("us", title=title, size="ö", color="é") for _ in range(3)]
    with Statements(shop, "us") as statements:
        sent = sent_by_an_order(statements, lambda: us.order(*skus))
    assert len(sent) == 4, sent
    assert "UPDATE skus" in sent[2] and sent[3].upper() == "COMMIT", sent


def test_titles_that_are_too_long_to_be_kept_are_read_each_time(shop, us):
    sku = shop.sku("us", title="я" * 255)
    with Statements(shop, "us") as statements:
        for _ in range(10):
            sent = [text for _, text in statements.of(lambda: us.order(sku))]
            assert len(sent) == 5 and sent[0].startswith("SELECT s.id"), sent

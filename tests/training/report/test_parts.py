from aezoo.plots.markup import text_of
from aezoo.training.report.parts import cells, facts, section, table


def test_tables_have_headings_of_both_kinds():
    found = text_of(table(("a", "b", "c"), [("x", [1, 2]), ("y", [3])]))
    assert found == (
        '<table><thead><tr><th scope="col">a</th><th scope="col">b</th><th scope="col">c</th></tr>'
        '</thead><tbody><tr><th scope="row">x</th><td>1</td><td>2</td></tr>'
        '<tr><th scope="row">y</th><td>3</td><td></td></tr></tbody></table>'
    )
    assert len(cells("td", ["a"], 3)) == 3


def test_facts_that_are_there():
    found = text_of(facts([("a", 1234), ("b", None), ("c", ""), ("d", 0), ("e", "<")]))
    assert "<dd>1,234</dd>" in found
    assert "<dt>b" not in found
    assert "<dt>c" not in found
    assert "<dd>0</dd>" in found
    assert "<dd>&lt;</dd>" in found
    assert text_of(section("A", "b")) == "<section><h2>A</h2>b</section>"

"""Short names in the page's program: each case by hand, and the program itself, which a browser reads in the live tests."""

from __future__ import annotations

import pytest

from featurelens.reports.html.program import compact
from featurelens.reports.html.short_names import with_short_names


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("const total=1;f(total,...total)", "const $a=1;f($a,...$a)"),
        ("let total=1;g=a?total:b;[total]", "let $a=1;g=a?$a:b;[$a]"),
        ("const total=1;x.total+total", "const total=1;x.total+total"),
        ("const total=1;f({total:2})", "const total=1;f({total:2})"),
        ("const total=1;f({one,total})", "const total=1;f({one,total})"),
        ("const total=1;f({one:total})", "const $a=1;f({one:$a})"),
        ("const f=()=>{const total=1;return total}", "const f=()=>{const total=1;return total}"),
        ('const total=1;f("total",`total ${total} ${`${total}`}`)', 'const $a=1;f("total",`total ${$a} ${`${$a}`}`)'),
        ("const total=1;f(/total[}]/,total)", "const $a=1;f(/total[}]/,$a)"),
        ("const total=$a=>$a+total", "const $b=$a=>$a+$b"),
    ],
)
def test_a_name_is_short_where_it_means_nothing_outside(text, short):
    assert with_short_names(text) == short


def test_signs_that_would_become_one_stay_apart():
    assert compact('return "a" - b / 2 - -c / /d e/.test(f)') == 'return"a"-b/2- -c/ /d e/.test(f)'

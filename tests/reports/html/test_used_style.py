"""What a page carries of the style sheet: rule by rule, and on a page of its own beside the whole sheet."""

from __future__ import annotations

import pytest

from featurelens.reports.html.used_style import used_style

PAGE = '<p id="one" class="shown"></p><script>x.className = "made"; y.className = `scale-${kind}`;</script>'


@pytest.mark.parametrize(
    ("sheet", "kept"),
    [
        (".shown{x:1}#one{x:2}p{x:3}", ".shown{x:1}#one{x:2}p{x:3}"),
        (".made a,.gone a{x:1}", ".made a{x:1}"),
        (".gone{x:1}#gone b{x:2}", ""),
        (".scale-contrast{x:1}.score-contrast{x:2}", ".scale-contrast{x:1}"),
        (":is(.gone,a:not(.b)) .shown,i:has(.gone){x:1}", ":is(.gone,a:not(.b)) .shown,i:has(.gone){x:1}"),
        ("@media print{.gone{x:1}.shown{x:2}}", "@media print{.shown{x:2}}"),
    ],
)
def test_a_rule_stays_where_the_page_names_what_it_asks_for(sheet, kept):
    assert used_style(sheet, PAGE) == kept

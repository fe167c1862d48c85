"""A page walked by the Tab key: which controls are reached how often, in which order, and whether one sees where one is."""

from __future__ import annotations

from typing import Any

_SCRIPT = """
const controls = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';
const seen = [];
const asked = (where) => [...document.querySelectorAll(controls)].filter((each) =>
  each.checkVisibility({ visibilityProperty: true }) && !each.disabled && !each.closest('[inert]') && each.closest(where));
const nameOf = (each) => (each.ariaLabel || each.labels?.[0]?.textContent || each.textContent || each.title || '').trim();
const told = (each) => `${each.tagName} ${nameOf(each).slice(0, 40)}`;
const blocks = 'nav, form, table, .tiles, .lc, .ans, .findings, .walk, .maps, .cams, .near, #card, section, details';
const blockOf = (each) => each.closest(blocks);
const scrolled = (each) => (each ? each.scrollTop + scrolled(each.parentElement) : 0);
addEventListener('focusin', ({ target }) => {
  const box = target.getBoundingClientRect(), style = getComputedStyle(target);
  const above = target.closest('main') ? document.querySelector('.bar').getBoundingClientRect().bottom : 0;
  seen.push({ target, left: box.left, right: box.right, top: box.top + scrolled(target.parentElement), height: box.height,
    outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1,
    hidden: box.bottom <= above || box.top >= innerHeight });
});
const inOrder = (one, next) => next.top >= one.top + Math.min(one.height, next.height) / 2 || next.left >= one.right - 1
  || one.target.contains(next.target) || (Math.abs(next.top - one.top) < one.height && next.left > one.left);
window.walk = {
  start: (where) => { seen.length = 0; return asked(where).length; },
  faults: (where) => {
    const some = seen.filter((each) => each.target.closest(where)), faults = [];
    for (const each of asked(where)) {
      const times = some.filter(({ target }) => target === each).length;
      if (times !== 1) faults.push(`reached ${times} times: ${told(each)}`);
    }
    some.forEach((each, at) => {
      const { target } = each, before = some[at - 1];
      if (!nameOf(target)) faults.push(`no name: ${target.outerHTML.slice(0, 80)}`);
      if (!each.outlined) faults.push(`no outline: ${told(target)}`);
      if (each.hidden) faults.push(`out of sight: ${told(target)}`);
      if (!before || blockOf(before.target) !== blockOf(target) || inOrder(before, each)) return;
      faults.push(`${told(target)} after ${told(before.target)}, which stands below`);
    });
    return faults;
  },
};
"""


def walked(page: Any, *, where: str = "body", first: str | None = None) -> list[str]:
    """What is wrong with the order of the Tab key among the controls that are shown.

    Args:
        page: From `opened` with `bypass_csp`.
        where: The element whose controls are asked about.
        first: The control that the focus is set to before the first key; None: the key begins where the focus is.
    """
    if not page.evaluate("!!window.walk"):
        page.evaluate(_SCRIPT)
    count = page.evaluate("where => walk.start(where)", where)
    if first is not None:
        page.locator(first).focus()
    for _ in range(count - (first is not None)):
        page.keyboard.press("Tab")
    return page.evaluate("where => walk.faults(where)", where)

"""Drawing around points by hand: what is drawn inside is the answer, and nothing else."""

DRAWN_INSIDE = """([left, top, right, bottom]) => {
  const { scene, project } = window.__gapsphere;
  let inside = 0;
  for (let i = 0; i < scene.count; i++) {
    const at = project(i);
    if (at.visible && at.x > left && at.x < right && at.y > top && at.y < bottom) inside++;
  }
  return inside;
}"""


def draw(panel, half=90):
    """A square around the middle, by mouse; the same as a box."""
    x, y = panel.middle()
    box = [x - half, y - half, x + half, y + half]
    corners = [(box[0], box[1]), (box[2], box[1]), (box[2], box[3]), (box[0], box[3])]
    mouse = panel.page.mouse
    mouse.move(*corners[0])
    mouse.down()
    for corner in corners[1:]:
        mouse.move(*corner, steps=4)
    panel.page.locator(".gs-lasso polygon").wait_for()
    mouse.up()
    return box


def test_a_lasso_is_answered_tagged_and_gathered(panel, own, shot):
    panel.open(own)
    page = panel.page
    page.mouse.move(*panel.middle())
    page.keyboard.press("l")
    panel.wait_state("s.choices.mode === 'lasso'")
    inside = page.evaluate(DRAWN_INSIDE, draw(panel))
    answer = panel.answer("lasso")
    assert answer["total"] == inside > 8
    panel.count(inside)
    page.get_by_role("heading", name=f"A lasso: {inside} images").wait_for()
    assert panel.state("highlighted") == inside
    shot(page, "panel-lasso")
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_role("textbox", name="Tag", exact=True).fill("from the lasso")
    page.get_by_role("button", name="Add tag").click()
    page.wait_for_selector("text=tagged “from the lasso”")
    assert len(own.match_tags("from the lasso")) == inside

    # What the panel hides is not inside, though it lies there.
    panel.radio("Show", "Candidates")
    panel.wait_state("s.drawn === s.run.U")
    draw(panel)
    panel.wait_state(f"!s.busy && s.answer.query.kind === 'lasso' && s.answer.total < {inside}")
    fewer = panel.state("answer")["total"]
    assert fewer == len(own.match_tags("from the lasso").match_tags("U"))
    page.get_by_role("button", name="Add to Visual Spec", exact=True).click()
    page.wait_for_selector(f"text={fewer} added.")

    page.mouse.move(*panel.middle())
    page.keyboard.press("l")
    panel.wait_state("s.choices.mode === 'point'")
